//! Random faults: one short seed always, as many long ones as one likes with `TIDEGATE_CHAOS=FIRST..LAST` (the last is left out).

use std::time::{Duration, Instant};

use tidegate_failover_tests::chaos::{Schedule, play_schedule};
use tidegate_failover_tests::{Plan, tell};

use crate::cluster;

/// The seed of the short form.
const SEEDS: std::ops::Range<u64> = 2..3;

/// A seed that fails leaves its folder, with the logs of all engines; its line says where.
#[test]
fn random_faults_lose_and_double_nothing() {
    let cluster = cluster();
    let wanted = std::env::var("TIDEGATE_CHAOS").ok();
    let seeds = wanted.as_deref().map_or(Some(SEEDS), range).expect("TIDEGATE_CHAOS=FIRST..LAST");
    let (seconds, events) = if wanted.is_some() { (20, 30_000) } else { (6, 8_000) };
    let length = Duration::from_secs(seconds);
    let plan = Plan { events, rate: 800, kills: 0, exactly_once: "" };
    let mut failed = Vec::new();
    for seed in seeds {
        let schedule = Schedule::new(seed, length);
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        let start = Instant::now();
        let say = |what: &str| tell(&format!("chaos-{seed} {:6.2} s: {what}", start.elapsed().as_secs_f64()));
        let verdict = play_schedule(&cluster, &schedule, plan, folder.path(), &say);
        if let Err(error) = verdict.and_then(|verdict| verdict.require()) {
            say(&format!("FAILED, see {}: {error}", folder.keep().display()));
            failed.push(seed);
            cluster.bring_back().expect("servers come back");
        }
    }
    assert!(failed.is_empty(), "seeds {failed:?} failed");
}

fn range(text: &str) -> Option<std::ops::Range<u64>> {
    let (first, last) = text.split_once("..")?;
    Some(first.parse().ok()?..last.parse().ok()?)
}
