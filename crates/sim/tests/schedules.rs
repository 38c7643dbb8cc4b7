//! 10,000 schedules, each a seed: `cargo xtask sim --seed N --trace` shows what happens in one.

use tidegate_sim::{Canary, Simulation};

/// Schedules in all.
const SCHEDULES: u64 = 10_000;

fn no_schedule_fails(part: u64) {
    let simulation = Simulation::new();
    let failed: Vec<String> = (SCHEDULES / 4 * part..SCHEDULES / 4 * (part + 1))
        .filter_map(|seed| Some(format!("seed {seed}: {}", simulation.run(seed, None, false).violation?)))
        .collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn no_schedule_of_the_first_quarter_fails() {
    no_schedule_fails(0);
}

#[test]
fn no_schedule_of_the_second_quarter_fails() {
    no_schedule_fails(1);
}

#[test]
fn no_schedule_of_the_third_quarter_fails() {
    no_schedule_fails(2);
}

#[test]
fn no_schedule_of_the_last_quarter_fails() {
    no_schedule_fails(3);
}

/// The faults do something: of the outputs of two hundred runs most change hands, many several times.
#[test]
fn roles_change_hands() {
    let simulation = Simulation::new();
    let activations: Vec<u64> = (0..200).map(|seed| simulation.run(seed, None, false).activations).collect();
    assert!(activations.iter().filter(|&&times| times > 2).count() > 80, "{activations:?}");
    assert!(activations.iter().filter(|&&times| times > 4).count() > 15, "{activations:?}");
}

#[test]
fn every_canary_is_found() {
    let simulation = Simulation::new();
    for canary in Canary::ALL {
        let found = (0..SCHEDULES).any(|seed| simulation.run(seed, Some(canary), false).violation.is_some());
        assert!(found, "{canary} lives");
    }
}

#[test]
fn a_seed_is_one_run() {
    let simulation = Simulation::new();
    for seed in 0..20 {
        let (first, second) = (simulation.run(seed, None, true), simulation.run(seed, None, true));
        assert_eq!(first.trace, second.trace, "seed {seed}");
        assert_eq!(first.digest, second.digest, "seed {seed}");
    }
}
