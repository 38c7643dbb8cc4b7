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

/// What a client knows of its brokers.
///
/// ```text
///        error                 all down, or no answer to two probes
///  up ---------> in doubt -------------------------------------> down    says Lost
///   ^              |  answer                                       |
///   +--------------+-------------------- answer -------------------+      says Back
/// ```
#[derive(Debug, Default)]
pub(crate) struct Outage {
    state: State,
    /// Who was said to be away while others answered; each is said once until everything was away.
    told: BTreeSet<String>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Up,
    InDoubt {
        since: Instant,
        text: String,
        /// Whether a question was not answered: one may have met a broker that was just going.
        asked: bool,
    },
    Down {
        since: Instant,
        asked: Instant,
    },
}

impl Outage {
    /// An error of one broker.
    pub(crate) fn error(&mut self, text: &str, now: Instant) {
        if matches!(self.state, State::Up) {
            self.state = State::InDoubt { since: now, text: text.to_owned(), asked: false };
        }
    }

    /// All brokers are down.
    pub(crate) fn all_down(&mut self, text: &str, now: Instant) -> Option<Line> {
        let text = match std::mem::take(&mut self.state) {
            State::Down { since, .. } => {
                self.state = State::Down { since, asked: now };
                return None;
            }
            State::InDoubt { text, .. } => text,
            State::Up => text.to_owned(),
        };
        self.state = State::Down { since: now, asked: now };
        self.told.clear();
        Some(Line::Lost(text))
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
            State::InDoubt { text, .. } => {
                let broker: String = text.split_whitespace().next().unwrap_or_default().to_owned();
                self.told.insert(broker).then_some(Line::Broker(text))
            }
            State::Down { since, .. } => Some(Line::Back(now.duration_since(since))),
        }
    }

    /// A question was not answered in time.
    pub(crate) fn unanswered(&mut self, text: &str, now: Instant) -> Option<Line> {
        if let State::InDoubt { since, asked: asked @ false, .. } = &mut self.state {
            (*since, *asked) = (now, true);
            return None;
        }
        self.all_down(text, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_of_everything_gives_two_lines() {
        let (mut outage, start) = (Outage::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut lines = Vec::new();
        outage.error("b1:9092/1: Disconnected", at(0));
        for second in 1..60 {
            outage.error("b2:9092/2: Connect failed", at(second));
            lines.extend(outage.all_down("3/3 brokers are down", at(second)));
            assert!(!outage.wants_probe(at(second)));
            assert!(outage.wants_probe(at(second + 1)));
            lines.extend(outage.unanswered("timed out", at(second)));
        }
        lines.extend(outage.answered(at(60)));
        lines.extend(outage.answered(at(61)));
        let lost = Line::Lost("b1:9092/1: Disconnected".to_owned());
        assert_eq!(lines, [lost, Line::Back(Duration::from_secs(59))]);
    }

    #[test]
    fn one_question_without_an_answer_is_no_outage() {
        let (mut outage, start) = (Outage::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        outage.error("b1:9092/1: Disconnected", at(0));
        assert_eq!(outage.unanswered("timed out", at(1)), None);
        assert!(!outage.wants_probe(at(1)) && outage.wants_probe(at(2)));
        assert_eq!(outage.answered(at(2)), Some(Line::Broker("b1:9092/1: Disconnected".to_owned())));
        outage.error("b2:9092/2: Disconnected", at(3));
        assert_eq!(outage.unanswered("timed out", at(4)), None);
        assert_eq!(
            outage.unanswered("timed out", at(5)),
            Some(Line::Lost("b2:9092/2: Disconnected".to_owned()))
        );
        assert_eq!(outage.unanswered("timed out", at(6)), None);
        assert_eq!(outage.answered(at(9)), Some(Line::Back(Duration::from_secs(4))));
    }

    #[test]
    fn one_broker_of_several_is_said_once() {
        let (mut outage, start) = (Outage::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut lines = Vec::new();
        for second in 0..100 {
            outage.error("b1:9092/1: Connect failed", at(2 * second));
            assert!(!outage.wants_probe(at(2 * second)));
            assert!(outage.wants_probe(at(2 * second + 1)));
            lines.extend(outage.answered(at(2 * second + 1)));
        }
        assert_eq!(lines, [Line::Broker("b1:9092/1: Connect failed".to_owned())]);
    }
}
