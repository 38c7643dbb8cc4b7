//! What a seed stands for: which faults begin and end when.

use std::time::Duration;

use super::random::Random;

/// Engines of a group; each has a slot that its successors take over.
pub(super) const SLOTS: usize = 3;
/// Brokers of the cluster.
const BROKERS: usize = 3;
/// How long no more than one broker is touched after another: until its replicas are in sync again.
const BROKER_REST: u64 = 2_000;

/// How a server is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Away {
    /// As `kill -9`.
    Killed,
    /// In order.
    Stopped,
    /// SIGSTOP: connections stay, nothing answers.
    Paused,
}

/// What is done at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// `kill -9` of the engine in a slot.
    Kill(usize),
    /// SIGTERM.
    Terminate(usize),
    /// A new engine in the slot, from the snapshot taken last but `back` when there is one, else empty.
    Start {
        /// The slot.
        slot: usize,
        /// None: empty in any case.
        back: Option<usize>,
    },
    /// SIGSTOP.
    Pause(usize),
    /// SIGCONT.
    Resume(usize),
    /// Stopped, persisted, started, connectors started.
    Persist(usize),
    /// The engine's line to ZooKeeper is cut, with or without a word.
    Cut {
        /// The slot.
        slot: usize,
        /// Nobody is told.
        silent: bool,
    },
    /// The line is there again.
    Join(usize),
    /// `connectorsStopped`.
    StopConnectors(usize),
    /// `connectorsStarted`.
    StartConnectors(usize),
    /// `stopped`.
    StopProject(usize),
    /// `running`, `connectorsStarted`.
    StartProject(usize),
    /// ZooKeeper goes.
    ZooKeeperAway(Away),
    /// ZooKeeper is there again.
    ZooKeeperBack,
    /// A broker, counted from 0, goes.
    BrokerAway(usize, Away),
    /// It is there again.
    BrokerBack(usize),
    /// All brokers and ZooKeeper go.
    AllAway(Away),
    /// They are there again.
    AllBack,
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The seed.
    pub seed: u64,
    /// The property `exactlyonce`.
    pub exactly_once: &'static str,
    /// What is done, and when after the beginning.
    pub acts: Vec<(Duration, Act)>,
}

impl Schedule {
    /// The schedule of a seed, which lasts about `length`. Odd seeds write transactions, even ones ids.
    #[must_use]
    pub fn new(seed: u64, length: Duration) -> Self {
        let mut random = Random::new(seed);
        let length = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        let mut drawing = Drawing { acts: Vec::new(), slots: [0; SLOTS], zookeeper: 0, brokers: 0 };
        let mut at = random.within(0, 1_500);
        while at < length {
            drawing.draw(&mut random, at);
            at += random.within(20, 1_500);
        }
        let mut acts = drawing.acts;
        acts.sort_by_key(|(at, _)| *at);
        let acts = acts.into_iter().map(|(at, act)| (Duration::from_millis(at), act)).collect();
        Self { seed, exactly_once: if seed % 2 == 1 { "transactions" } else { "ids" }, acts }
    }
}

/// A schedule on its way; each thing has at most one fault at a time.
struct Drawing {
    acts: Vec<(u64, Act)>,
    /// From when on the next fault may come.
    slots: [u64; SLOTS],
    zookeeper: u64,
    brokers: u64,
}

impl Drawing {
    fn draw(&mut self, random: &mut Random, at: u64) {
        let slot = random.index(SLOTS);
        let brief = at + random.within(50, 1_500);
        let long = at + random.within(500, 7_000);
        let kind = random.within(0, 100);
        if kind < 78 {
            if at < self.slots[slot] {
                return;
            }
            self.slots[slot] = self.engine(random, slot, kind, (at, brief, long));
        } else if kind < 87 {
            if at < self.zookeeper {
                return;
            }
            let back = if random.chance(50) { brief } else { long };
            self.acts.push((at, Act::ZooKeeperAway(away(random))));
            self.acts.push((back, Act::ZooKeeperBack));
            self.zookeeper = back + 500;
        } else if kind < 97 {
            if at < self.brokers {
                return;
            }
            let broker = random.index(BROKERS);
            self.acts.push((at, Act::BrokerAway(broker, away(random))));
            self.acts.push((long, Act::BrokerBack(broker)));
            self.brokers = long + BROKER_REST;
        } else {
            if at < self.brokers.max(self.zookeeper) {
                return;
            }
            self.acts.push((at, Act::AllAway(away(random))));
            self.acts.push((long, Act::AllBack));
            (self.brokers, self.zookeeper) = (long + BROKER_REST, long + 500);
        }
    }

    /// A fault of one engine; answers from when on the next may come.
    fn engine(
        &mut self,
        random: &mut Random,
        slot: usize,
        kind: u64,
        (at, brief, long): (u64, u64, u64),
    ) -> u64 {
        let either = if random.chance(50) { brief } else { long };
        let (act, ends) = match kind {
            0..26 => {
                let kill = if random.chance(80) { Act::Kill(slot) } else { Act::Terminate(slot) };
                let back = random.chance(60).then(|| random.index(2));
                (kill, Some((either, Act::Start { slot, back })))
            }
            26..42 => (Act::Pause(slot), Some((either, Act::Resume(slot)))),
            42..56 => (Act::Persist(slot), None),
            56..64 => (Act::Cut { slot, silent: random.chance(50) }, Some((either, Act::Join(slot)))),
            64..73 => (Act::StopConnectors(slot), Some((either, Act::StartConnectors(slot)))),
            _ => (Act::StopProject(slot), Some((either, Act::StartProject(slot)))),
        };
        self.acts.push((at, act));
        let end = ends.map_or(at, |(end, act)| {
            self.acts.push((end, act));
            end
        });
        end + random.within(0, 1_000)
    }
}

fn away(random: &mut Random) -> Away {
    [Away::Killed, Away::Stopped, Away::Paused][random.index(3)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_one_schedule_and_each_fault_ends() {
        let length = Duration::from_secs(30);
        let mut acts = Vec::new();
        for seed in 0..200 {
            let schedule = Schedule::new(seed, length);
            assert_eq!(schedule, Schedule::new(seed, length));
            acts.extend(schedule.acts.into_iter().map(|(_, act)| act));
        }
        let count = |begins: fn(&Act) -> bool| acts.iter().filter(|act| begins(act)).count();
        let pairs: [(usize, usize); 5] = [
            (
                count(|act| matches!(act, Act::Kill(_) | Act::Terminate(_))),
                count(|act| matches!(act, Act::Start { .. })),
            ),
            (count(|act| matches!(act, Act::Pause(_))), count(|act| matches!(act, Act::Resume(_)))),
            (
                count(|act| matches!(act, Act::ZooKeeperAway(_))),
                count(|act| matches!(act, Act::ZooKeeperBack)),
            ),
            (count(|act| matches!(act, Act::BrokerAway(..))), count(|act| matches!(act, Act::BrokerBack(_)))),
            (count(|act| matches!(act, Act::AllAway(_))), count(|act| matches!(act, Act::AllBack))),
        ];
        for (begun, ended) in pairs {
            assert!(begun > 10 && begun == ended, "{begun} faults, {ended} ends");
        }
    }
}
