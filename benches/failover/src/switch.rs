//! kill -9 of the active engine to the first output of the next.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tidegate_harness::{Engine, PATIENCE};

use crate::Outcome;
use crate::feed::Feed;
use crate::figures::{median_and_worst, millis};
use crate::output::Output;
use crate::rig::{Index, Mode, Rig, Run};
use crate::zookeeper::Zookeeper;

/// Input records a second.
const RATE: u32 = 1000;
/// How long output flows without a fault before the next kill.
const STEADY: Duration = Duration::from_millis(1500);
/// Kills are spread over ZooKeeper's ticks of 500 ms, and over the transactions of some tens of ms: the one after `n` others waits
/// `n` times so long, modulo a tick.
const SPREAD: Duration = Duration::from_millis(107);
const TICK: Duration = Duration::from_millis(500);
/// Log lines are compared modulo this, whatever the time zone.
const QUARTER: i64 = 15 * 60 * 1000;

/// What one kill has cost.
struct Switch {
    /// Kill to ZooKeeper's word that the node is gone.
    detection: Duration,
    /// From there to the log line of the new active: fenced, and the output topic read to its end.
    ready: Duration,
    /// From ZooKeeper's word to the first output that a reader sees.
    rest: Duration,
}

/// Kills the active of three engines so often, and starts another each time.
pub fn run(mode: Mode, times: usize, brokers: usize) -> Outcome {
    let rig = Rig::start(brokers)?;
    let run = Run { name: "switch".to_owned(), mode, input: "switch.I".to_owned(), index: Index::Empty };
    rig.topic(&run.input, &[])?;
    rig.topic(&run.output(), &[])?;
    let mut engines = vec![rig.engine(&run)?];
    engines[0].wait_for_line("switched to active")?;
    for _ in 0..2 {
        engines.push(standby(&rig, &run)?);
    }
    let feed = Feed::start(rig.cluster.bootstrap(), &run.input, RATE)?;
    let output = Output::follow(rig.cluster.bootstrap(), &run.output())?;
    println!("{}: {times} kills at {RATE} events/s, {brokers} broker(s)", mode.name());
    let mut switches = Vec::new();
    while switches.len() < times {
        flows(&output, STEADY)?;
        let delay = SPREAD * u32::try_from(switches.len())?;
        let delay = Duration::from_nanos(u64::try_from(delay.as_nanos() % TICK.as_nanos())?);
        let switch = switch(&rig, &run, &mut engines, &output, delay);
        let switch = switch.inspect_err(|_| complaints(&engines))?;
        println!(
            "  kill to output {:7.1} ms = detection {:7.1} + rest {:7.1} (of it until the role is taken {:7.1})",
            millis(switch.detection + switch.rest),
            millis(switch.detection),
            millis(switch.rest),
            millis(switch.ready),
        );
        switches.push(switch);
        engines.push(standby(&rig, &run)?);
    }
    feed.stop()?;
    let all =
        |part: fn(&Switch) -> Duration| median_and_worst(&switches.iter().map(part).collect::<Vec<_>>());
    println!("median / worst of {times}:");
    println!("  kill to first output      {}", all(|s| s.detection + s.rest));
    println!("  ZooKeeper's detection     {}", all(|s| s.detection));
    println!("  the rest                  {}", all(|s| s.rest));
    println!("  of it until role is taken {}", all(|s| s.ready));
    Ok(())
}

/// Prints what the engines have warned of, the next in line first.
fn complaints(engines: &[Engine]) {
    for engine in engines {
        let lines = engine.lines();
        let serious = |line: &&String| line.contains("; WARN") || line.contains("; ERROR");
        println!("engine at port {}: {} lines, of them", engine.http_port(), lines.len());
        lines.iter().filter(serious).for_each(|line| println!("  {line}"));
    }
}

/// Another engine, which has joined the group.
fn standby(rig: &Rig, run: &Run) -> Outcome<Engine> {
    let engine = rig.engine(run)?;
    engine.wait_for_line("Watching zookeeper node")?;
    Ok(engine)
}

/// Waits while output flows for `time`.
fn flows(output: &Output, time: Duration) -> Outcome {
    let until = Instant::now() + time;
    while output.next(PATIENCE)?.at <= until {}
    Ok(())
}

fn switch(
    rig: &Rig,
    run: &Run,
    engines: &mut Vec<Engine>,
    output: &Output,
    delay: Duration,
) -> Outcome<Switch> {
    let gone = Zookeeper::new(rig.cluster.zookeeper()).active_gone(&run.name)?;
    thread::sleep(delay);
    let active = engines.remove(0);
    let (killed, clock) = (Instant::now(), clock());
    active.kill()?;
    let gone = gone.recv_timeout(PATIENCE)?;
    let first = loop {
        let arrival = output.next(PATIENCE)?;
        if arrival.at > gone {
            break arrival.at;
        }
    };
    let line = engines[0].wait_for_line("switched to active")?;
    let taken = time_of(&line).ok_or_else(|| format!("no time in '{line}'"))?;
    let taken = Duration::from_millis(u64::try_from((taken - clock).rem_euclid(QUARTER))?);
    let detection = gone - killed;
    Ok(Switch { detection, ready: taken.saturating_sub(detection), rest: first - gone })
}

/// The wall clock in milliseconds.
fn clock() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(0)
}

/// Minutes, seconds and milliseconds of a log line, `2019-01-17T13:22:37,292; ...`, as milliseconds.
fn time_of(line: &str) -> Option<i64> {
    let (_, time) = line.split_once(';')?.0.split_once('T')?;
    let (time, millis) = time.split_once(',')?;
    let mut parts = time.split(':').skip(1);
    let (minutes, seconds): (i64, i64) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some((minutes * 60 + seconds) * 1000 + millis.parse::<i64>().ok()?)
}
