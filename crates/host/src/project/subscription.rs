//! Subscriptions: bounded queues of what a window emits (design.md 3; engine-semantics 6).

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, SendTimeoutError, Sender, TrySendError, bounded};
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

#[derive(Debug, Default)]
struct Ends {
    overflowed: AtomicBool,
    gone: AtomicBool,
}

impl Subscription {
    /// Waits for the next block, at most `time`.
    pub fn receive(&mut self, time: Duration) -> Receive {
        if let Some(delivery) = self.content.pop_front() {
            return Receive::Block(delivery);
        }
        match self.live.recv_timeout(time) {
            Ok(delivery) => Receive::Block(delivery),
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
    when_full: WhenFull,
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
        let (sender, live) = bounded(options.blocks_max.max(1));
        let ends = Arc::new(Ends::default());
        let queue = Self { id, live: sender, when_full: options.when_full, ends: Arc::clone(&ends) };
        (queue, Subscription { id, content, live, ends })
    }

    pub(super) const fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn is_gone(&self) -> bool {
        self.ends.gone.load(Ordering::SeqCst)
    }

    pub(super) fn send(&self, delivery: Delivery) -> Sent {
        match self.live.try_send(delivery) {
            Ok(()) => Sent::Taken,
            Err(TrySendError::Disconnected(_)) => Sent::Gone,
            Err(TrySendError::Full(delivery)) => match self.when_full {
                WhenFull::Block => self.send_when_room(delivery),
                WhenFull::Disconnect => {
                    self.ends.overflowed.store(true, Ordering::SeqCst);
                    Sent::Overflowed
                }
            },
        }
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
