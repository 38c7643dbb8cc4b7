//! Takes what the engine gives out: to subscribers, to the bad-events file, to the log.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use tidegate_engine::{Notice, Reject, Sink, WindowId};
use tidegate_event::{BlockHeader, EngineTime, EventBlock};

use super::WindowDetails;
use super::subscription::{Delivery, Sent, SubscribeOptions, SubscriberQueue, Subscription};
use crate::bad_events::BadEvents;
use crate::connector::OutputGate;
use crate::messages;

/// The engine's sink.
pub(super) struct Outlet {
    project: String,
    windows: Arc<[WindowDetails]>,
    subscribers: Vec<Vec<SubscriberQueue>>,
    gates: Vec<Vec<Arc<dyn OutputGate>>>,
    next_id: u64,
    bad_events: BadEvents,
    /// What was logged once already.
    told: BTreeSet<(WindowId, Reject)>,
}

impl Outlet {
    pub(super) fn new(project: &str, windows: Arc<[WindowDetails]>, bad_events: BadEvents) -> Self {
        let subscribers = windows.iter().map(|_| Vec::new()).collect();
        let gates = windows.iter().map(|_| Vec::new()).collect();
        Self {
            project: project.to_owned(),
            windows,
            subscribers,
            gates,
            next_id: 0,
            bad_events,
            told: BTreeSet::new(),
        }
    }

    pub(super) fn subscribe(
        &mut self,
        window: WindowId,
        options: SubscribeOptions,
        content: VecDeque<Delivery>,
    ) -> Subscription {
        self.next_id += 1;
        let (queue, subscription) = SubscriberQueue::new(self.next_id, options, content);
        let queues = &mut self.subscribers[window.0 as usize];
        queues.retain(|queue| !queue.is_gone());
        queues.push(queue);
        subscription
    }

    pub(super) fn unsubscribe(&mut self, window: WindowId, id: u64) {
        self.subscribers[window.0 as usize].retain(|queue| queue.id() != id);
    }

    /// Has a gate be given what the window emits.
    pub(super) fn add_gate(&mut self, window: WindowId, gate: Arc<dyn OutputGate>) {
        self.gates[window.0 as usize].push(gate);
    }

    /// Tells the gates that all of a step was emitted.
    pub(super) fn step_ended(&self, input: i64, time: EngineTime) {
        for gate in self.gates.iter().flatten() {
            gate.step_ended(input, time);
        }
    }

    pub(super) fn flush(&self) {
        self.bad_events.flush();
    }

    fn path(&self, window: WindowId) -> String {
        let details = &self.windows[window.0 as usize];
        format!("{}/{}/{}", self.project, details.contquery, details.name)
    }

    pub(super) fn tell(&self, window: WindowId, notice: Notice) {
        let path = self.path(window);
        match notice {
            Notice::Fault(kind) => messages::EXPRESSION_FAULT
                .log(format_args!("{path}: {kind} in an expression; further ones are counted only")),
            Notice::Print(line) => messages::EXPRESSION_PRINT.log(format_args!("{line}")),
            Notice::InvalidGeometry { id, reason } => messages::INVALID_GEOMETRY
                .log(format_args!("{path}: the geometry '{id}' is not used: {reason}")),
            Notice::AdditiveAggregate => messages::ADDITIVE_AGGREGATE.log(format_args!(
                "dfESPwindow_aggregate::postInputFinalizer() for window {}: Aggregate window using additive \
                 optimizations",
                self.windows[window.0 as usize].name
            )),
        }
    }
}

impl Sink for Outlet {
    fn emitted(&mut self, window: WindowId, header: &BlockHeader, block: &Arc<EventBlock>) {
        for gate in &self.gates[window.0 as usize] {
            gate.emitted(header, block);
        }
        let queues = &mut self.subscribers[window.0 as usize];
        if queues.is_empty() {
            return;
        }
        let mut overflowed = 0_usize;
        queues.retain(|queue| {
            let sent = queue.send(Delivery { header: *header, block: Arc::clone(block) });
            overflowed += usize::from(sent == Sent::Overflowed);
            sent == Sent::Taken
        });
        for _ in 0..overflowed {
            let path = self.path(window);
            messages::SUBSCRIBER_TOO_SLOW
                .log(format_args!("{path}: a subscriber did not keep up and was disconnected"));
        }
    }

    fn rejected(
        &mut self,
        window: WindowId,
        _header: &BlockHeader,
        block: &EventBlock,
        position: usize,
        reason: Reject,
    ) {
        let path = self.path(window);
        if self.told.insert((window, reason)) {
            messages::EVENT_REJECTED
                .log(format_args!("{path}: event rejected: {reason}; further ones are counted only"));
        }
        let schema = &self.windows[window.0 as usize].schema;
        self.bad_events.refused(&path, &reason, schema, block, position);
    }

    fn noticed(&mut self, window: WindowId, notice: Notice) {
        self.tell(window, notice);
    }
}
