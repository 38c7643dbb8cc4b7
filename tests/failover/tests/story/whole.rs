//! The story itself.

use tidegate_failover_tests::{Plan, play};

use crate::cluster;

/// 60,000 events and three kills; with `TIDEGATE_STORY=long` 300,000 and twenty.
#[test]
fn nothing_is_lost_and_nothing_doubled() {
    let cluster = cluster();
    let long = std::env::var("TIDEGATE_STORY").is_ok_and(|size| size == "long");
    let (events, kills) = if long { (300_000, 20) } else { (60_000, 3) };
    let plan = Plan { events, rate: 2000, kills, exactly_once: "transactions" };
    let folder = tempfile::tempdir().unwrap();
    let verdict = play(&cluster, "story", plan, folder.path(), &|what| println!("{what}"));
    verdict.unwrap().require().unwrap();
}
