//! What else happens to engines and servers while events flow. Each ends with the same check as the story.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tidegate_failover_tests::group::{self, active};
use tidegate_failover_tests::{Group, Member, Outcome, Plan, Stage};
use tidegate_harness::{Cluster, PATIENCE, Proxy, wait_until};

use crate::cluster;

const PLAN: Plan = Plan { events: 20_000, rate: 2000, kills: 0, exactly_once: "transactions" };

/// Plays `scene` on a stage of its own, with the first window full, and checks what came out.
fn play(name: &str, plan: Plan, scene: impl FnOnce(&mut Stage<'_>, &mut Vec<Member>) -> Outcome) -> Outcome {
    play_on(&cluster(), name, plan, three, scene)
}

fn play_on(
    cluster: &Cluster,
    name: &str,
    plan: Plan,
    cast: impl FnOnce(&Stage<'_>) -> Outcome<[Member; 3]>,
    scene: impl FnOnce(&mut Stage<'_>, &mut Vec<Member>) -> Outcome,
) -> Outcome {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let say = told(name);
    let mut stage = Stage::open(cluster, name, plan, folder.path(), &say)?;
    let mut members = Vec::from(cast(&stage)?);
    stage.flow_to(30)?;
    scene(&mut stage, &mut members)?;
    stage.flow_to(90)?;
    stage.finish(members)?.require()
}

fn three(stage: &Stage<'_>) -> Outcome<[Member; 3]> {
    stage.three()
}

/// Lines with the variant's name, shown when its test fails or is run with --nocapture.
fn told(name: &str) -> impl Fn(&str) {
    let (name, start) = (name.to_owned(), Instant::now());
    move |what| {
        tidegate_failover_tests::tell(&format!("{name} {:6.2} s: {what}", start.elapsed().as_secs_f64()))
    }
}

#[test]
fn ids_through_a_reader_that_drops_what_it_knows() {
    let plan = Plan { exactly_once: "ids", ..PLAN };
    play("ids", plan, |stage, members| {
        let all: Vec<&Member> = members.iter().collect();
        let snapshot = stage.group.snapshot("standby");
        group::persist_standby(&all, &snapshot)?;
        stage.kill_active(members)?;
        stage.flow_to(50)?;
        members.push(stage.group.restored("D", &snapshot)?);
        members[2].wait_for_lag(1000)?;
        stage.kill_active(members)?;
        Ok(())
    })
    .unwrap();
}

/// The former active engine wakes up and must not write.
#[test]
fn an_active_engine_is_paused_for_five_seconds() {
    play("pause", PLAN, |stage, members| {
        let paused = members.remove(active(&members.iter().collect::<Vec<_>>())?);
        stage.switch();
        let start = Instant::now();
        paused.engine.pause()?;
        stage.takes_over(members, start)?;
        thread::sleep(Duration::from_secs(5).saturating_sub(start.elapsed()));
        paused.engine.resume()?;
        let standby = || Ok((!paused.is_active()?).then_some(()));
        wait_until("the paused engine to be a standby", PATIENCE, standby)?;
        stage.flow_to(50)?;
        members.push(paused);
        stage.kill_active(members)?;
        Ok(())
    })
    .unwrap();
}

/// The bug of failover-and-server 1.14: a standby that was persisted never became active.
#[test]
fn a_standby_persisted_three_times_takes_over() {
    play("cycles", PLAN, |stage, members| {
        let third = members.pop().expect("there are three");
        third.engine.terminate()?;
        let snapshot = stage.group.snapshot("standby");
        for percent in [32, 34, 36] {
            members[1].persist(&snapshot)?;
            stage.flow_to(percent)?;
        }
        stage.kill_active(members)?;
        Ok(())
    })
    .unwrap();
}

/// The active stands still for 200 ms in every second: standbys lead by a thousand blocks and more.
#[test]
fn a_standby_leads_the_active_by_a_thousand_blocks() {
    let plan = Plan { events: 60_000, rate: 6000, ..PLAN };
    play("lead", plan, |stage, members| {
        let slowed = active(&members.iter().collect::<Vec<_>>())?;
        let ahead = |stage: &Stage<'_>, members: &[Member]| {
            let lead = || {
                let gates: Vec<i64> = members
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| *at != slowed)
                    .map(|(_, member)| Ok(member.numbers("gate")?.iter().sum()))
                    .collect::<Result<_, tidegate_harness::Error>>()?;
                Ok(gates.iter().max().copied().filter(|gate| *gate >= 1000))
            };
            let lead = wait_until("a standby to lead by 1,000 blocks", PATIENCE, lead)?;
            stage.say(&format!("a standby leads by {lead} blocks"));
            Outcome::Ok(())
        };
        let snapshot = stage.group.snapshot("ahead");
        let stop = Arc::new(AtomicBool::new(false));
        thread::scope(|scope| {
            let victim = &members[slowed];
            let slower = Arc::clone(&stop);
            let slowing = scope.spawn(move || {
                while !slower.load(Ordering::SeqCst) {
                    // A pause that fails finds the engine gone: the scene ends with its own error.
                    let _ = victim.engine.pause();
                    thread::sleep(Duration::from_millis(200));
                    let _ = victim.engine.resume();
                    thread::sleep(Duration::from_millis(800));
                }
            });
            let scene = || {
                let limit = |percent| stage.producer.limit(stage.producer.input().events * percent / 100);
                limit(50);
                ahead(stage, members)?;
                // At once; that it is stopped when the persist stops it changes nothing.
                members[2].engine.request("PUT", "projects/failover/state?value=stopped", "")?;
                members[2].persist(&snapshot)?;
                members[2].engine.kill()?;
                limit(75);
                ahead(stage, &members[..2])
            };
            let outcome = scene();
            // Killed as it lies, also within a pause.
            if outcome.is_ok() {
                stage.switches.push(stage.producer.end());
                victim.engine.kill()?;
            }
            stop.store(true, Ordering::SeqCst);
            let _ = slowing.join();
            outcome
        })?;
        let start = Instant::now();
        members.remove(2);
        members.remove(slowed);
        stage.takes_over(members, start)?;
        members.push(stage.group.restored("D", &snapshot)?);
        members[1].wait_for_lag(2000)?;
        stage.flow_to(80)?;
        stage.kill_active(members)?;
        Ok(())
    })
    .unwrap();
}

#[test]
fn zookeeper_is_down_for_ten_seconds() {
    let cluster = cluster();
    let zookeeper = cluster.zookeeper_server();
    play_on(&cluster, "zookeeper-down", PLAN, three, |stage, members| {
        stage.say("ZooKeeper is stopped");
        zookeeper.stop()?;
        let start = Instant::now();
        stage.producer.limit(stage.producer.input().events * 40 / 100);
        while start.elapsed() < Duration::from_secs(10) {
            let actives = members.iter().map(Member::is_active).collect::<Result<Vec<_>, _>>()?;
            assert!(actives.iter().filter(|active| **active).count() <= 1, "two engines say they are active");
            thread::sleep(Duration::from_millis(100));
        }
        zookeeper.restart()?;
        stage.say("ZooKeeper is back");
        stage.takes_over(members, Instant::now())?;
        stage.flow_to(50)?;
        stage.kill_active(members)?;
        Ok(())
    })
    .unwrap();
}

#[test]
fn zookeeper_is_cut_off_from_the_active_alone() {
    let cluster = cluster();
    let proxy = Proxy::start(cluster.zookeeper()).unwrap();
    let cast = |stage: &Stage<'_>| {
        let behind = Group { zookeeper: proxy.address(), ..stage.group.clone() };
        let a = behind.empty("A")?;
        active(&[&a])?;
        let (b, c) = (stage.group.empty("B")?, stage.group.empty("C")?);
        assert_eq!(active(&[&a, &b, &c])?, 0);
        Ok([a, b, c])
    };
    play_on(&cluster, "zookeeper-cut", PLAN, cast, |stage, members| {
        stage.switch();
        proxy.cut_silently();
        let start = Instant::now();
        let lost = || Ok((!members[0].is_active()?).then_some(()));
        wait_until("the engine without ZooKeeper to give up", PATIENCE, lost)?;
        stage.say(&format!("A gave up after {:.2} s", start.elapsed().as_secs_f64()));
        stage.takes_over(members, start)?;
        proxy.heal();
        stage.flow_to(55)?;
        stage.kill_active(members)?;
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_leader_of_an_output_partition_is_killed() {
    let cluster = cluster();
    play_on(&cluster, "leader", PLAN, three, |stage, members| {
        let topic = stage.group.statistics.clone();
        let broker = cluster.broker(cluster.partition_leader(&topic)?)?;
        stage.say(&format!("kill -9 the broker at {}", broker.address()));
        broker.kill()?;
        stage.flow_to(50)?;
        broker.restart()?;
        for topic in [&stage.group.input, &stage.group.statistics, &stage.group.sums] {
            cluster.wait_in_sync(topic)?;
        }
        stage.say("the broker is back");
        stage.kill_active(members)?;
        Ok(())
    })
    .unwrap();
}
