//! The gate against a model that keeps the whole output and counts.

use proptest::prelude::*;

use super::*;

fn id(input: i64, part: u32) -> OutputId {
    OutputId { input, sub: 0, part }
}

fn held(input: i64, part: u32) -> Held<u32> {
    let checksum = input as u32 * 10 + part;
    Held { id: id(input, part), checksum, time: EngineTime::from_micros(input), record: checksum }
}

/// What happens to a gate.
#[derive(Debug, Clone, Copy)]
enum Op {
    /// The engine processes its next step.
    Step,
    /// So many more committed records are read in the topic: others have written them.
    Tail(usize),
    /// A writer takes so many records.
    Take(usize),
    /// The first open write is committed.
    Commit,
    /// The writer is gone.
    Untake,
    /// Saved, and restored in another process.
    Save,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        6 => Just(Op::Step),
        2 => (1..5_usize).prop_map(Op::Tail),
        3 => (1..6_usize).prop_map(Op::Take),
        3 => Just(Op::Commit),
        1 => Just(Op::Untake),
        1 => Just(Op::Save),
    ];
    proptest::collection::vec(op, 0..80)
}

/// The model: places in the one sequence that every engine computes.
#[derive(Debug)]
struct Naive {
    output: Vec<Held<u32>>,
    /// The first place that this engine computes.
    begin: usize,
    computed: usize,
    committed: usize,
    taken: usize,
    /// Open writes: the place behind each.
    writes: Vec<usize>,
    /// Whether this gate has seen any step.
    begun: bool,
}

impl Naive {
    /// The records held: computed here, not known to be committed.
    fn held(&self) -> &[Held<u32>] {
        &self.output[self.committed.max(self.begin).min(self.computed)..self.computed]
    }

    fn take(&mut self, max: usize) -> Vec<Held<u32>> {
        let from = self.taken.max(self.committed).max(self.begin).min(self.computed);
        let mut to = from;
        while to < self.computed {
            let begins = to == from || self.output[to].id.input != self.output[to - 1].id.input;
            if begins && to - from >= max {
                break;
            }
            to += 1;
        }
        self.taken = to;
        self.output[from..to].to_vec()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_gate_does_as_the_model(
        sizes in proptest::collection::vec(0..4_u32, 60),
        begin in 0..20_usize,
        ops in ops(),
    ) {
        let records = |step: usize| (0..sizes[step]).map(move |part| held(step as i64, part));
        let output: Vec<Held<u32>> = (0..sizes.len()).flat_map(records).collect();
        let place = |step: usize| sizes[..step].iter().sum::<u32>() as usize;
        let mut naive = Naive {
            begin: place(begin), computed: place(begin), committed: 0, taken: 0, output, writes: Vec::new(), begun: false,
        };
        let mut gate = Gate::default();
        let mut step = begin;
        for op in ops {
            match op {
                Op::Step if step < sizes.len() => {
                    for record in records(step) {
                        prop_assert_eq!(gate.push(record), Ok(()));
                    }
                    gate.complete_step(step as i64, EngineTime::from_micros(step as i64));
                    step += 1;
                    naive.computed = place(step);
                    naive.begun = true;
                }
                Op::Step => {}
                Op::Tail(count) => {
                    let to = (naive.committed + count).min(naive.output.len());
                    for record in &naive.output[naive.committed..to] {
                        prop_assert_eq!(gate.tailed(record.id, record.checksum, record.time), Ok(()));
                    }
                    naive.committed = to;
                }
                Op::Take(max) => {
                    let taken = naive.take(max);
                    prop_assert_eq!(gate.take(max), taken.clone());
                    if !taken.is_empty() {
                        naive.writes.push(naive.taken);
                    }
                }
                Op::Commit => {
                    if !naive.writes.is_empty() {
                        let to = naive.writes.remove(0);
                        let last = &naive.output[to - 1];
                        gate.commit(last.id, last.time);
                        naive.committed = naive.committed.max(to);
                    }
                }
                Op::Untake => {
                    gate.untake();
                    naive.taken = 0;
                    naive.writes.clear();
                }
                Op::Save => {
                    gate = Gate::restore(gate.state());
                    naive.taken = 0;
                    naive.writes.clear();
                }
            }
            prop_assert_eq!(gate.state().held, naive.held().to_vec());
            prop_assert_eq!(gate.len(), naive.held().len());
            let committed = naive.committed.checked_sub(1).map(|at| naive.output[at].id);
            prop_assert_eq!(gate.committed().map(|(id, _)| id), committed);
            // Every output from `low` on is held or committed.
            prop_assert_eq!(gate.low().is_some(), naive.begun);
            if let Some(low) = gate.low() {
                prop_assert!(low >= begin as i64);
                prop_assert!(low == begin as i64 || committed.is_some_and(|id| low <= id.input));
            }
        }
    }

    /// Whichever comes first, the record or what is committed: a difference is found when both are there.
    #[test]
    fn a_difference_is_found(steps in 1..8_i64, wrong in 0..8_i64, ahead in 0..8_i64) {
        let (wrong, ahead) = (wrong % steps, ahead % (steps + 1));
        let mut gate = Gate::default();
        let mut found = Vec::new();
        let tail = |gate: &mut Gate<u32>, step: i64| {
            let Held { id, checksum, time, .. } = held(step, 0);
            gate.tailed(id, checksum + u32::from(step == wrong), time)
        };
        for step in 0..ahead {
            found.extend(tail(&mut gate, step).err());
        }
        for step in 0..steps {
            found.extend(gate.push(held(step, 0)).err());
            gate.complete_step(step, EngineTime::from_micros(step));
        }
        for step in ahead..steps {
            found.extend(tail(&mut gate, step).err());
        }
        let ours = held(wrong, 0).checksum;
        let difference = Difference::Content { ours, theirs: ours + 1 };
        prop_assert_eq!(found, vec![Mismatch { id: id(wrong, 0), difference }]);
    }
}

#[test]
fn what_others_wrote_before_this_engine_began_is_no_difference() {
    let mut gate = Gate::default();
    for step in 0..5 {
        let Held { id, checksum, time, .. } = held(step, 0);
        assert_eq!(gate.tailed(id, checksum, time), Ok(()));
    }
    // The engine's input begins at 3.
    assert_eq!(gate.push(held(3, 0)), Ok(()));
    gate.complete_step(3, EngineTime::from_micros(3));
    assert_eq!(gate.push(held(4, 0)), Ok(()));
    let mut other = held(5, 0);
    let Held { id, checksum, time, .. } = other;
    assert_eq!(gate.tailed(id, checksum, time), Ok(()));
    other.checksum += 1;
    let difference = Difference::Content { ours: other.checksum, theirs: checksum };
    assert_eq!(gate.push(other), Err(Mismatch { id, difference }));
}

#[test]
fn a_committed_record_that_this_engine_leaves_out_is_a_difference() {
    let mut gate = Gate::default();
    assert_eq!(gate.push(held(0, 0)), Ok(()));
    for step in [0, 1, 2] {
        let Held { id, checksum, time, .. } = held(step, 0);
        assert_eq!(gate.tailed(id, checksum, time), Ok(()));
    }
    gate.complete_step(0, EngineTime::from_micros(0));
    gate.complete_step(1, EngineTime::from_micros(1));
    assert_eq!(gate.push(held(2, 0)), Err(Mismatch { id: id(1, 0), difference: Difference::Skipped }));
}

#[test]
fn records_of_a_step_that_has_not_ended_are_not_written() {
    let mut gate = Gate::default();
    gate.push(held(0, 0)).unwrap();
    gate.complete_step(0, EngineTime::from_micros(0));
    gate.push(held(1, 0)).unwrap();
    assert_eq!(gate.take(10), [held(0, 0)]);
    assert_eq!(gate.take(10), []);
    gate.push(held(1, 1)).unwrap();
    gate.complete_step(1, EngineTime::from_micros(1));
    assert_eq!(gate.take(1), [held(1, 0), held(1, 1)], "a step is never split");
}
