//! Plays the story on the terminal: `cargo xtask demo failover`.

use std::process::ExitCode;
use std::time::Instant;

use tidegate_failover_tests::{Difference, Error, Outcome, Plan, Verdict, play, tell};
use tidegate_harness::{Cluster, Options};

fn main() -> ExitCode {
    match demo() {
        Ok(Verdict { difference: Difference { lost, doubled, other, first }, wanted, .. }) => {
            if let Some(first) = first {
                tell(&format!("the first difference: {first}"));
            }
            if other > 0 {
                tell(&format!("{other} records differ from those of an undisturbed engine"));
            }
            tell(&format!("{lost} lost, {doubled} doubled"));
            ExitCode::from(u8::from(lost + doubled + other > 0 || wanted == 0))
        }
        Err(error) => {
            tell(&format!("the story failed: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn demo() -> Outcome<Verdict> {
    let start = Instant::now();
    let say = |what: &str| tell(&format!("{:7.2} s  {what}", start.elapsed().as_secs_f64()));
    say("starting ZooKeeper and three brokers");
    let cluster = Cluster::start(&Options { brokers: 3, ..Options::default() })?;
    say(&format!("brokers {}, ZooKeeper {}", cluster.bootstrap(), cluster.zookeeper()));
    let folder = tempfile::tempdir()
        .map_err(|source| Error::Io { what: "creating a folder for the engines".to_owned(), source })?;
    let plan = Plan { events: 60_000, rate: 2000, kills: 3, exactly_once: "transactions" };
    let verdict = play(&cluster, "demo", plan, folder.path(), &say)?;
    cluster.stop()?;
    Ok(verdict)
}
