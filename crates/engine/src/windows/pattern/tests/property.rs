//! Random patterns and streams, against a matcher that keeps the whole history of each instance and evaluates its
//! logic from scratch with every event: a node's answer is a function of the events since its turn came.

use proptest::prelude::*;

use super::{SECOND, pattern, window};

#[derive(Debug, Clone)]
enum Logic {
    Event(usize),
    Fby(Option<i64>, Vec<Self>),
    And(Vec<Self>),
    Or(Vec<Self>),
    NotOccur(usize),
    Not(usize),
    Is(usize, usize),
}

/// Name, condition, and the same condition again.
type Event = (&'static str, &'static str, fn(i32) -> bool);

const EVENTS: [Event; 5] = [
    ("a", "v==1", |v| v == 1),
    ("b", "v==2", |v| v == 2),
    ("c", "v==3", |v| v == 3),
    ("d", "v &gt; 2", |v| v > 2),
    ("e", "v%2==1", |v| v % 2 == 1),
];

impl Logic {
    fn text(&self) -> String {
        let list = |of: &[Self]| of.iter().map(Self::text).collect::<Vec<_>>().join(", ");
        match self {
            Self::Event(e) => EVENTS[*e].0.to_owned(),
            Self::Fby(None, of) => format!("fby({})", list(of)),
            Self::Fby(Some(limit), of) => format!("fby{{{limit} seconds}}({})", list(of)),
            Self::And(of) => format!("and({})", list(of)),
            Self::Or(of) => format!("or({})", list(of)),
            Self::NotOccur(e) => format!("notoccur({})", EVENTS[*e].0),
            Self::Not(e) => format!("not({})", EVENTS[*e].0),
            Self::Is(n, e) => format!("is:{n}({})", EVENTS[*e].0),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Input {
    id: i32,
    v: i32,
    time: i64,
}

/// What a node has come to, given the events since its turn, and the events that it took: (event, id).
struct Answer {
    /// The position of the event that decided it, with the outcome.
    decided: Option<(usize, bool)>,
    /// The position of its first step.
    first: Option<usize>,
    taken: Vec<(usize, usize, i32)>,
}

fn answer(logic: &Logic, events: &[Input], offset: usize, now: i64) -> Answer {
    let open = |first, taken| Answer { decided: None, first, taken };
    match logic {
        Logic::Event(e) => match events.iter().position(|event| EVENTS[*e].2(event.v)) {
            None => open(None, Vec::new()),
            Some(at) => Answer {
                decided: Some((at, true)),
                first: Some(at),
                taken: vec![(offset + at, *e, events[at].id)],
            },
        },
        Logic::NotOccur(e) => Answer {
            decided: events.iter().position(|event| EVENTS[*e].2(event.v)).map(|at| (at, false)),
            first: None,
            taken: Vec::new(),
        },
        Logic::Not(e) => Answer {
            decided: events.first().map(|event| (0, !EVENTS[*e].2(event.v))),
            first: events.first().filter(|event| !EVENTS[*e].2(event.v)).map(|_| 0),
            taken: Vec::new(),
        },
        Logic::Is(n, e) => {
            let hits = events.iter().take(*n).take_while(|event| EVENTS[*e].2(event.v)).count();
            let taken = (0..hits).map(|at| (offset + at, *e, events[at].id)).collect();
            let decided = match hits == *n {
                true => Some((hits - 1, true)),
                false => (hits < events.len()).then_some((hits, false)),
            };
            Answer { decided, first: (hits > 0).then_some(0), taken }
        }
        Logic::Fby(limit, of) => {
            let (mut at, mut first, mut taken) = (0, None, Vec::new());
            let mut decided = None;
            for (n, operand) in of.iter().enumerate() {
                let part = answer(operand, &events[at..], offset + at, now);
                first = first.or(part.first.map(|first| at + first));
                taken.extend(part.taken);
                match part.decided {
                    None => break,
                    Some((place, outcome)) => {
                        if !outcome || n + 1 == of.len() {
                            decided = Some((at + place, outcome));
                            break;
                        }
                        at += place + 1;
                    }
                }
            }
            // Events behind the limit never come to it.
            if let (Some(limit), Some(first)) = (limit, first) {
                let end = events[first].time + limit * SECOND;
                let late = events.iter().position(|event| event.time > end);
                let in_time = decided.is_some_and(|(at, _)| late.is_none_or(|late| at < late));
                if !in_time && (late.is_some() || now > end) {
                    // Dropped before the late event is offered.
                    let at = late.unwrap_or(events.len());
                    taken.retain(|&(position, ..)| position < offset + at);
                    decided = Some((at, false));
                }
            }
            Answer { decided, first, taken }
        }
        Logic::And(of) => {
            let parts: Vec<Answer> = of.iter().map(|part| answer(part, events, offset, now)).collect();
            let false_at = parts.iter().filter_map(|p| p.decided.filter(|d| !d.1)).map(|d| d.0).min();
            let positive = of.iter().zip(&parts).filter(|(logic, _)| !matches!(logic, Logic::NotOccur(_)));
            let true_at = positive
                .map(|(_, p)| p.decided.filter(|d| d.1).map(|d| d.0))
                .collect::<Option<Vec<_>>>()
                .and_then(|all| all.into_iter().max());
            let decided = match (false_at, true_at) {
                (Some(f), Some(t)) if t < f => Some((t, true)),
                (Some(f), _) => Some((f, false)),
                (None, Some(t)) => Some((t, true)),
                (None, None) => None,
            };
            let first = parts.iter().filter_map(|p| p.first).min();
            // What is broken takes no more; at the event that breaks it, `notoccur` and `not` are asked first.
            let broken = decided.filter(|d| !d.1).map(|d| d.0);
            let rank = |part: &Logic, n: usize| (!matches!(part, Logic::NotOccur(_) | Logic::Not(_)), n);
            let breaker = of
                .iter()
                .zip(&parts)
                .enumerate()
                .filter(|(_, (_, p))| p.decided == broken.map(|at| (at, false)));
            let breaker = breaker.map(|(n, (part, _))| rank(part, n)).min();
            let taken = of
                .iter()
                .zip(parts)
                .enumerate()
                .flat_map(|(n, (part, p))| p.taken.into_iter().map(move |taken| (rank(part, n), taken)))
                .filter(|(rank, taken)| {
                    broken.is_none_or(|at| {
                        taken.0 < offset + at || taken.0 == offset + at && Some(*rank) <= breaker
                    })
                })
                .map(|(_, taken)| taken)
                .collect();
            Answer { decided, first, taken }
        }
        Logic::Or(of) => {
            let parts: Vec<Answer> = of.iter().map(|part| answer(part, events, offset, now)).collect();
            let true_at =
                parts.iter().enumerate().filter_map(|(n, p)| Some((p.decided.filter(|d| d.1)?.0, n))).min();
            let all_false =
                parts.iter().map(|p| p.decided.filter(|d| !d.1).map(|d| d.0)).collect::<Option<Vec<_>>>();
            let decided = match (true_at, all_false) {
                (Some((at, _)), _) => Some((at, true)),
                (None, Some(all)) => all.into_iter().max().map(|at| (at, false)),
                (None, None) => None,
            };
            let first = parts.iter().filter_map(|p| p.first).min();
            // At the event that decides it, operands behind the one that does are not asked.
            let taken = parts
                .into_iter()
                .enumerate()
                .flat_map(|(n, p)| p.taken.into_iter().map(move |taken| (n, taken)))
                .filter(|(n, taken)| {
                    true_at.is_none_or(|(at, by)| taken.0 < offset + at || taken.0 == offset + at && *n <= by)
                })
                .map(|(_, taken)| taken)
                .collect();
            Answer { decided, first, taken }
        }
    }
}

/// The matches, as lines of the output.
fn naive(logic: &Logic, stream: &[Input]) -> Vec<String> {
    let mut open: Vec<usize> = Vec::new();
    let mut out = Vec::new();
    for now in 0..stream.len() {
        open.push(now);
        open.retain(|&start| {
            let events = &stream[start..=now];
            let got = answer(logic, events, 0, stream[now].time);
            match got.decided {
                Some((at, true)) if at == events.len() - 1 => {
                    let mut ids = [None; 5];
                    let mut taken = got.taken;
                    taken.sort_by_key(|taken| taken.0);
                    taken.iter().filter(|t| t.0 <= at).for_each(|&(_, event, id)| ids[event] = Some(id));
                    let ids = ids.map(|id| id.map_or("∅".to_owned(), |id| id.to_string()));
                    out.push(format!("I N {} {}", out.len(), ids.join(" ")));
                    false
                }
                Some(_) => false,
                // An instance begins only with a step.
                None => start < now || got.first == Some(0),
            }
        });
    }
    out
}

fn logic() -> impl Strategy<Value = Logic> {
    let event = (0..5usize).prop_map(Logic::Event);
    let leaf = prop_oneof![
        6 => event.clone(),
        1 => (0..5usize).prop_map(Logic::Not),
        1 => (1..3usize, 0..5usize).prop_map(|(n, e)| Logic::Is(n, e)),
    ];
    let inner = leaf.prop_recursive(3, 10, 3, |inner| {
        let many = prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            4 => (prop::option::of(1..8i64), many.clone()).prop_map(|(limit, of)| Logic::Fby(limit, of)),
            1 => many.clone().prop_map(Logic::And),
            1 => many.prop_map(Logic::Or),
            2 => (inner, 0..5usize).prop_map(|(of, e)| Logic::And(vec![Logic::NotOccur(e), of])),
        ]
    });
    (prop::option::of(1..8i64), event, inner).prop_map(|(limit, a, b)| Logic::Fby(limit, vec![a, b]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn matches_are_those_of_a_matcher_from_scratch(
        logic in logic(),
        values in prop::collection::vec((0..5i32, 0..3i64), 1..40),
        block in 1..7usize,
        save in 1..9usize,
    ) {
        let mut time = 0;
        let stream: Vec<Input> = values
            .iter()
            .enumerate()
            .map(|(n, &(v, seconds))| {
                time += seconds * SECOND;
                Input { id: n as i32, v, time }
            })
            .collect();
        let events = EVENTS.map(|(name, condition, _)| (name, condition));
        let times = "<timefields><timefield source=\"s\" field=\"t\"/></timefields>";
        let mut run = window("", &pattern("", &events, &logic.text(), times));
        let mut out = Vec::new();
        for (n, part) in stream.chunks(block).enumerate() {
            let table: Vec<String> =
                part.iter().map(|event| format!("I N {} x {} {}", event.id, event.v, event.time)).collect();
            out.extend(run.feed(1, "s", &table.join("\n"), "p"));
            if n % save == 0 {
                run.save_and_load();
            }
        }
        prop_assert_eq!(out, naive(&logic, &stream), "{}", logic.text());
    }
}
