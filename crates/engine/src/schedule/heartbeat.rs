//! The clock of a project: heartbeats at multiples of the heartbeat interval (design.md 6).

use tidegate_event::{BlockHeader, EngineTime, MessageId};

use super::project::Project;
use super::pulse::Pulse;
use crate::retained::Retained;
use crate::step::{Sink, Step, WindowId};

impl Project {
    /// The next heartbeat at which something is due, if anything waits for the clock.
    pub fn next_heartbeat(&self) -> Option<EngineTime> {
        let due = self.due?;
        let interval = self.heartbeat_micros;
        let multiple = |micros: i64| micros.div_euclid(interval).saturating_mul(interval);
        let first = multiple(due.micros().saturating_add(interval - 1));
        // A heartbeat that has passed cannot be run any more: what it missed waits for the next.
        let next =
            if self.time.is_set() { multiple(self.time.micros()).saturating_add(interval) } else { first };
        let next = if first <= self.time.micros() { next } else { first };
        Some(EngineTime::from_micros(next))
    }

    /// Looks at every window's clock, after changes that came from elsewhere than a block.
    pub(super) fn look_at_clocks(&mut self) {
        for node in &mut self.nodes {
            node.look_at_clock();
        }
        self.find_due();
    }

    /// Finds the earliest time at which a window has something to do. Windows are looked at after each block that they get, so that
    /// a step without such changes costs nothing, however many windows there are.
    pub(super) fn find_due(&mut self) {
        self.due = self.nodes.iter().filter_map(|node| node.due).min();
        self.due_changed = false;
    }

    /// Runs every heartbeat up to `time` at which something is due. What they emit is of their own time, or with the
    /// log as clock of the step's, as all that a record causes.
    pub(super) fn run_heartbeats(&mut self, time: EngineTime, sink: &mut dyn Sink) {
        while let Some(heartbeat) = self.next_heartbeat().filter(|&heartbeat| heartbeat <= time) {
            self.time = heartbeat;
            let stamp = if self.log_clock { time } else { heartbeat };
            for index in 0..self.nodes.len() {
                self.run_heartbeat(WindowId(index as u32), stamp, sink);
            }
            self.run(sink);
        }
    }

    fn run_heartbeat(&mut self, window: WindowId, stamp: EngineTime, sink: &mut dyn Sink) {
        let node = &mut self.nodes[window.0 as usize];
        let due = |at: Option<EngineTime>| at.is_some_and(|at| at <= self.time);
        let (window_due, rows_due) =
            (due(node.window.next_due()), due(node.retained.as_ref().and_then(Retained::next_due)));
        let pulse_due = due(node.pulse.as_ref().and_then(Pulse::next_due));
        if !window_due && !rows_due && !pulse_due {
            return;
        }
        let header =
            BlockHeader { id: MessageId::of_input(self.input), time: stamp, ..BlockHeader::default() };
        self.origin = header;
        let mut step = Step {
            time: self.time,
            header,
            pool: &mut self.pool,
            window,
            stats: &mut self.stats[window.0 as usize],
            sink,
        };
        let from_rows = match &mut node.retained {
            Some(retained) if rows_due => retained.at_heartbeat(&mut step),
            _ => None,
        };
        let from_rows = from_rows.and_then(|out| node.restrict(out, &mut step));
        let from_window = if window_due { node.window.at_heartbeat(&mut step) } else { None };
        let from_window = from_window.and_then(|changes| node.output(changes, header.kind, &mut step));
        let held = if pulse_due { node.end_interval(&mut step) } else { None };
        self.due_changed |= node.look_at_clock();
        for out in [from_rows, from_window, held].into_iter().flatten() {
            self.deliver(window, out, sink);
        }
    }
}
