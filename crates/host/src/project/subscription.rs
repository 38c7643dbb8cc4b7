//! Subscriptions: bounded queues of what a window emits (design.md 3; engine-semantics 6).

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crossbeam_channel::{
    Receiver, RecvTimeoutError, SendTimeoutError, Sender, TrySendError, bounded, unbounded,
};
use tidegate_event::{BlockHeader, EventBlock};

/// What happens when a subscriber's queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenFull {
    /// The project waits.
    Block,
    /// The subscriber loses its subscription, and is told so.
    Disconnect,
}

/// How to subscribe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscribeOptions {
    /// Whether the window's content comes first, as inserts in blocks of the kinds `Snapshot` and, at the end,
    /// `LastSnapshot`; the last one may be empty.
    pub snapshot: bool,
    /// Blocks that the queue holds; at least 1. The content that comes first is not part of it.
    pub blocks_max: usize,
    /// Events that they may hold together before the queue counts as full, where the subscriber is disconnected then;
    /// one block always has room.
    pub events_max: usize,
    /// What happens when it is full.
    pub when_full: WhenFull,
}

/// A block that a window emitted.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Kind, message id and time.
    pub header: BlockHeader,
    /// The events, shared with the engine and other subscribers.
    pub block: Arc<EventBlock>,
}

/// What came next for a subscriber.
#[derive(Debug)]
pub enum Receive {
    /// A block.
    Block(Delivery),
    /// Nothing in the time given.
    Idle,
    /// The subscription has ended: it was closed, or the project is gone.
    Closed,
    /// The subscriber did not keep up; blocks are missing from here on.
    Overflowed,
}

/// The receiving end of a subscription. Dropping it ends the subscription.
pub struct Subscription {
    id: u64,
    content: VecDeque<Delivery>,
    live: Receiver<Delivery>,
    ends: Arc<Ends>,
}

#[derive(Default)]
struct Ends {
    overflowed: AtomicBool,
    gone: AtomicBool,
    /// Events in the queue.
    waiting: AtomicUsize,
    notify: OnceLock<Notify>,
}

/// Called on the project's thread; must return at once.
pub(crate) type Notify = Box<dyn Fn() + Send + Sync>;

impl Ends {
    fn notify(&self) {
        if let Some(notify) = self.notify.get() {
            notify();
        }
    }
}

impl fmt::Debug for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ends").field("overflowed", &self.overflowed).finish_non_exhaustive()
    }
}

impl Subscription {
    /// Waits for the next block, at most `time`.
    pub fn receive(&mut self, time: Duration) -> Receive {
        if let Some(delivery) = self.content.pop_front() {
            return Receive::Block(delivery);
        }
        match self.live.recv_timeout(time) {
            Ok(delivery) => {
                self.ends.waiting.fetch_sub(delivery.block.len(), Ordering::SeqCst);
                Receive::Block(delivery)
            }
            Err(RecvTimeoutError::Timeout) => Receive::Idle,
            Err(RecvTimeoutError::Disconnected) if self.ends.overflowed.load(Ordering::SeqCst) => {
                Receive::Overflowed
            }
            Err(RecvTimeoutError::Disconnected) => Receive::Closed,
        }
    }

    /// The next block if it is there already.
    pub fn try_receive(&mut self) -> Receive {
        self.receive(Duration::ZERO)
    }

    /// Has `notify` called after each block that is put into the queue from now on, and at the end: for a receiver
    /// that does not wait in [`receive`](Self::receive). What came before has to be looked for once. Only the first
    /// call counts.
    pub fn notify_by(&self, notify: Box<dyn Fn() + Send + Sync>) {
        let _first = self.ends.notify.set(notify);
    }

    pub(crate) const fn id(&self) -> u64 {
        self.id
    }

    /// Whether nobody waits any more for what has been received.
    pub(crate) fn is_cut(&self) -> bool {
        self.ends.gone.load(Ordering::SeqCst)
    }

    /// A way to end the subscription from elsewhere, even when its owner has stopped reading.
    pub(crate) fn breaker(&self) -> Breaker {
        Breaker(Arc::clone(&self.ends))
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.ends.gone.store(true, Ordering::SeqCst);
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Ends a subscription whose owner does not read any more.
#[derive(Debug, Clone)]
pub(crate) struct Breaker(Arc<Ends>);

impl Breaker {
    pub(crate) fn cut(&self) {
        self.0.gone.store(true, Ordering::SeqCst);
    }
}

/// The sending end, on the project's thread.
#[derive(Debug)]
pub(super) struct SubscriberQueue {
    id: u64,
    live: Sender<Delivery>,
    options: SubscribeOptions,
    ends: Arc<Ends>,
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// It is in the queue.
    Taken,
    /// Nobody receives any more.
    Gone,
    /// The queue was full and the subscription has ended.
    Overflowed,
}

/// How often a full queue is looked at for whether its subscriber has gone.
const LOOK_UP_EVERY: Duration = Duration::from_millis(20);

impl SubscriberQueue {
    /// A queue and its receiving end, which gives `content` out first.
    pub(super) fn new(
        id: u64,
        options: SubscribeOptions,
        content: VecDeque<Delivery>,
    ) -> (Self, Subscription) {
        // A queue that is never waited for is bounded by what is in it: most of them are empty, and there are many.
        let (sender, live) = match options.when_full {
            WhenFull::Block => bounded(options.blocks_max.max(1)),
            WhenFull::Disconnect => unbounded(),
        };
        let ends = Arc::new(Ends::default());
        let queue = Self { id, live: sender, options, ends: Arc::clone(&ends) };
        (queue, Subscription { id, content, live, ends })
    }

    pub(super) const fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn is_gone(&self) -> bool {
        self.ends.gone.load(Ordering::SeqCst)
    }

    pub(super) fn send(&self, delivery: Delivery) -> Sent {
        let sent = self.try_send(delivery);
        if sent != Sent::Gone {
            self.ends.notify();
        }
        sent
    }

    fn try_send(&self, delivery: Delivery) -> Sent {
        let events = delivery.block.len();
        if self.options.when_full == WhenFull::Disconnect && self.is_full(events) {
            self.ends.overflowed.store(true, Ordering::SeqCst);
            return Sent::Overflowed;
        }
        self.ends.waiting.fetch_add(events, Ordering::SeqCst);
        match self.live.try_send(delivery) {
            Ok(()) => Sent::Taken,
            Err(TrySendError::Disconnected(_)) => Sent::Gone,
            Err(TrySendError::Full(delivery)) => self.send_when_room(delivery),
        }
    }

    fn is_full(&self, events: usize) -> bool {
        let waiting = self.ends.waiting.load(Ordering::SeqCst);
        self.live.len() >= self.options.blocks_max.max(1)
            || (waiting > 0 && waiting.saturating_add(events) > self.options.events_max)
    }

    fn send_when_room(&self, mut delivery: Delivery) -> Sent {
        loop {
            if self.is_gone() {
                return Sent::Gone;
            }
            match self.live.send_timeout(delivery, LOOK_UP_EVERY) {
                Ok(()) => return Sent::Taken,
                Err(SendTimeoutError::Disconnected(_)) => return Sent::Gone,
                Err(SendTimeoutError::Timeout(back)) => delivery = back,
            }
        }
    }
}

impl Drop for SubscriberQueue {
    fn drop(&mut self) {
        // The receiver must see the end before it is told of it.
        let (closed, _) = bounded(1);
        self.live = closed;
        self.ends.notify();
    }
}
