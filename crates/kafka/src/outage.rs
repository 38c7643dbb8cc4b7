//! When to say that brokers cannot be reached, and that they are back: one line each, however long it takes.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// What is to be said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// One broker does not answer, others do; the text is librdkafka's.
    Broker(String),
    /// No broker can be reached; the text is librdkafka's.
    Lost(String),
    /// Brokers answer again, after this time.
    Back(Duration),
}

/// How long an error may stand alone before somebody must find out whether brokers answer, and how long after one
/// attempt the next is made.
const DOUBT: Duration = Duration::from_secs(1);

/// How long after everything was away something may still be missing without a line: a cluster comes back one broker
/// after the other, each client waits its own time before it tries again, and `Back` has said so. What stays away goes
/// on giving errors and is said then.
const RECOVERY: Duration = Duration::from_secs(30);

/// What the clients of a connector know of its brokers.
///
/// Only a probe decides whether anything answers: librdkafka may say late, and for one of several clients, that all
/// brokers are down when they are back already.
///
/// ```text
///        error, all down           no answer to a probe (to two, after one broker's error)
///  up ------------------> in doubt ----------------------------------------------------------> down    says Lost
///   ^                        |  answer                                                          |
///   +------------------------+----------------------------- answer -----------------------------+      says Back
/// ```
#[derive(Debug, Default)]
pub(crate) struct Outage {
    state: State,
    /// Who was said to be away while others answered; each is said once until everything was away.
    told: BTreeSet<String>,
    /// When everything that was away answered again.
    back: Option<Instant>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Up,
    InDoubt {
        since: Instant,
        text: String,
        /// What is in doubt: one broker of this name, or all of them.
        broker: Option<String>,
        /// Whether one question more may stay without an answer: it may have met a broker that was just going.
        lenient: bool,
    },
    Down {
        since: Instant,
        asked: Instant,
    },
}

impl Outage {
    /// An error of one broker.
    pub(crate) fn error(&mut self, broker: &str, text: &str, now: Instant) {
        if matches!(self.state, State::Up) {
            let broker = Some(broker.to_owned());
            self.state = State::InDoubt { since: now, text: text.to_owned(), broker, lenient: true };
        }
    }

    /// A client says that all its brokers are down.
    pub(crate) fn all_down(&mut self, text: &str, now: Instant) {
        match &mut self.state {
            State::Up => {
                self.state =
                    State::InDoubt { since: now, text: text.to_owned(), broker: None, lenient: false };
            }
            State::InDoubt { broker, lenient, .. } => (*broker, *lenient) = (None, false),
            State::Down { .. } => {}
        }
    }

    /// Whether somebody should ask a broker for something, and tell what came of it.
    pub(crate) fn wants_probe(&self, now: Instant) -> bool {
        match &self.state {
            State::Up => false,
            State::InDoubt { since, .. } => now.duration_since(*since) >= DOUBT,
            State::Down { asked, .. } => now.duration_since(*asked) >= DOUBT,
        }
    }

    /// A broker has answered a question asked after the last error.
    pub(crate) fn answered(&mut self, now: Instant) -> Option<Line> {
        match std::mem::take(&mut self.state) {
            State::Up => None,
            State::InDoubt { text, broker, .. } => {
                let said = self.recovers(now) || !self.told.insert(broker?);
                (!said).then_some(Line::Broker(text))
            }
            State::Down { since, .. } => {
                self.back = Some(now);
                Some(Line::Back(now.duration_since(since)))
            }
        }
    }

    /// Whether everything was away a short time ago.
    fn recovers(&self, now: Instant) -> bool {
        self.back.is_some_and(|back| now.duration_since(back) < RECOVERY)
    }

    /// A question was not answered in time.
    pub(crate) fn unanswered(&mut self, now: Instant) -> Option<Line> {
        match std::mem::take(&mut self.state) {
            State::Up => None,
            State::InDoubt { text, broker, lenient, .. } if lenient || self.recovers(now) => {
                self.state = State::InDoubt { since: now, text, broker, lenient: false };
                None
            }
            State::InDoubt { text, .. } => {
                self.state = State::Down { since: now, asked: now };
                self.told.clear();
                Some(Line::Lost(text))
            }
            State::Down { since, .. } => {
                self.state = State::Down { since, asked: now };
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(start: Instant) -> impl Fn(u64) -> Instant {
        move |seconds| start + Duration::from_secs(seconds)
    }

    #[test]
    fn an_outage_of_everything_gives_two_lines() {
        let (mut outage, at) = (Outage::default(), seconds(Instant::now()));
        let mut lines = Vec::new();
        outage.error("b1:9092/1:", "b1:9092/1: Disconnected", at(0));
        outage.all_down("3/3 brokers are down", at(0));
        for second in 1..60 {
            outage.error("b2:9092/2:", "b2:9092/2: Connect failed", at(second));
            outage.all_down("3/3 brokers are down", at(second));
            assert!(outage.wants_probe(at(second)));
            lines.extend(outage.unanswered(at(second)));
        }
        lines.extend(outage.answered(at(60)));
        lines.extend(outage.answered(at(61)));
        let lost = Line::Lost("b1:9092/1: Disconnected".to_owned());
        assert_eq!(lines, [lost, Line::Back(Duration::from_secs(59))]);
    }

    #[test]
    fn what_a_second_client_says_late_is_no_second_outage() {
        let (mut outage, at) = (Outage::default(), seconds(Instant::now()));
        outage.all_down("3/3 brokers are down", at(0));
        assert!(!outage.wants_probe(at(0)) && outage.wants_probe(at(1)));
        assert_eq!(outage.unanswered(at(1)), Some(Line::Lost("3/3 brokers are down".to_owned())));
        assert_eq!(outage.answered(at(9)), Some(Line::Back(Duration::from_secs(8))));
        outage.all_down("3/3 brokers are down", at(10));
        assert_eq!(outage.unanswered(at(11)), None, "this client waits before it tries again");
        assert_eq!(outage.answered(at(12)), None);
        outage.error("b3:9092/3:", "b3:9092/3: Connect failed", at(20));
        assert_eq!(outage.answered(at(21)), None, "the third broker is still starting");
        outage.error("b3:9092/3:", "b3:9092/3: Connect failed", at(40));
        assert_eq!(outage.answered(at(41)), Some(Line::Broker("b3:9092/3: Connect failed".to_owned())));
    }

    #[test]
    fn one_question_without_an_answer_is_no_outage() {
        let (mut outage, at) = (Outage::default(), seconds(Instant::now()));
        outage.error("b1:9092/1:", "b1:9092/1: Disconnected", at(0));
        assert_eq!(outage.unanswered(at(1)), None);
        assert!(!outage.wants_probe(at(1)) && outage.wants_probe(at(2)));
        assert_eq!(outage.answered(at(2)), Some(Line::Broker("b1:9092/1: Disconnected".to_owned())));
        outage.error("b2:9092/2:", "b2:9092/2: Disconnected", at(3));
        assert_eq!(outage.unanswered(at(4)), None);
        assert_eq!(outage.unanswered(at(5)), Some(Line::Lost("b2:9092/2: Disconnected".to_owned())));
        assert_eq!(outage.unanswered(at(6)), None);
        assert_eq!(outage.answered(at(9)), Some(Line::Back(Duration::from_secs(4))));
        outage.all_down("3/3 brokers are down", at(20));
        assert_eq!(outage.unanswered(at(21)), None);
        assert_eq!(outage.unanswered(at(39)), Some(Line::Lost("3/3 brokers are down".to_owned())));
    }

    #[test]
    fn one_broker_of_several_is_said_once() {
        let (mut outage, at) = (Outage::default(), seconds(Instant::now()));
        let mut lines = Vec::new();
        for second in 0..100 {
            outage.error("b1:9092/1:", "b1:9092/1: Connect failed", at(2 * second));
            assert!(!outage.wants_probe(at(2 * second)));
            assert!(outage.wants_probe(at(2 * second + 1)));
            lines.extend(outage.answered(at(2 * second + 1)));
        }
        assert_eq!(lines, [Line::Broker("b1:9092/1: Connect failed".to_owned())]);
    }
}
