//! Kafka -> model -> Kafka beside a loop that does nothing but consume and produce.

mod copy;

use std::fs;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::message::Message;
use tidegate_harness::{PATIENCE, wait_until};

use crate::Outcome;
use crate::feed::fill;
use crate::figures::median;
use crate::output::consumer;
use crate::rig::{Index, Mode, Rig, Run};

/// How long a run may take.
const RUN_TIME: Duration = Duration::from_secs(120);
const ASK: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(50);
/// Ticks of the processor time in `/proc`, which is in hundredths of a second on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// What one run has cost.
#[derive(Debug, Clone, Copy)]
struct Cost {
    /// Between the first and the last output record, by the broker's clock.
    time: Duration,
    /// Processor time of the process.
    cpu: Duration,
}

/// Runs engine and loop in turn over the same input of `events` records.
pub fn run(mode: Mode, events: u64, pairs: usize, brokers: usize) -> Outcome {
    let rig = Rig::start(brokers)?;
    println!("{}: {pairs} pairs of {events} records, {brokers} broker(s)", mode.name());
    let input = "throughput.I";
    rig.topic(input, &[])?;
    fill(rig.cluster.bootstrap(), input, 0, events)?;
    let mut ratios = Vec::new();
    for pair in 0..pairs {
        let engine = engine(&rig, mode, input, events, pair)?;
        let copy = bare(&rig, mode, input, events, pair)?;
        let rate = |cost: Cost| events as f64 / cost.time.as_secs_f64();
        let cpu = |cost: Cost| cost.cpu.as_secs_f64() * 1e6 / events as f64;
        println!(
            "  engine {:8.0} records/s, {:5.2} us of processor each; bare loop {:8.0}, {:5.2}",
            rate(engine),
            cpu(engine),
            rate(copy),
            cpu(copy)
        );
        ratios.push((rate(engine) / rate(copy), cpu(engine) / cpu(copy)));
    }
    let rates: Vec<f64> = ratios.iter().map(|ratio| ratio.0).collect();
    let cpus: Vec<f64> = ratios.iter().map(|ratio| ratio.1).collect();
    println!(
        "median of {pairs} pairs: {:.2} of the loop's rate, {:.2} times its processor time",
        median(&rates),
        median(&cpus)
    );
    Ok(())
}

fn engine(rig: &Rig, mode: Mode, input: &str, events: u64, pair: usize) -> Outcome<Cost> {
    let name = format!("engine-{pair}");
    let run = Run { name, mode, input: input.to_owned(), index: Index::Empty };
    output_topic(rig, &run.output())?;
    let engine = rig.engine(&run)?;
    wait_for_end(rig, &run.output(), events)?;
    let cpu = processor_time(&format!("/proc/{}/stat", engine.pid()))?;
    engine.kill()?;
    Ok(Cost { time: written_in(rig, &run.output(), events)?, cpu })
}

fn bare(rig: &Rig, mode: Mode, input: &str, events: u64, pair: usize) -> Outcome<Cost> {
    let output = format!("copy-{pair}.O");
    output_topic(rig, &output)?;
    let before = processor_time("/proc/self/stat")?;
    copy::copy(rig.cluster.bootstrap(), input, &output, events, mode == Mode::Transactions)?;
    let cpu = processor_time("/proc/self/stat")? - before;
    Ok(Cost { time: written_in(rig, &output, events)?, cpu })
}

/// Its records have the time at which the broker wrote them.
fn output_topic(rig: &Rig, name: &str) -> Outcome {
    rig.topic(name, &[("message.timestamp.type", "LogAppendTime")])
}

/// Waits until so many records are in a topic; nothing but its end is asked for, which costs the run little.
fn wait_for_end(rig: &Rig, topic: &str, events: u64) -> Outcome {
    let consumer = consumer(rig.cluster.bootstrap(), "throughput.I")?;
    consumer.unassign()?;
    let events = i64::try_from(events)?;
    let end = || {
        let marks = consumer.fetch_watermarks(topic, 0, ASK);
        Ok(marks.ok().filter(|(_, high)| *high >= events).map(drop))
    };
    wait_until(&format!("{topic} to hold {events} records"), RUN_TIME, end)?;
    Ok(())
}

/// The time from the first to the last record, once all are committed.
fn written_in(rig: &Rig, topic: &str, events: u64) -> Outcome<Duration> {
    let consumer = consumer(rig.cluster.bootstrap(), topic)?;
    let (mut count, mut first, mut last) = (0, None, 0);
    let begin = Instant::now();
    while count < events {
        if begin.elapsed() > PATIENCE {
            return Err(format!("{topic}: {count} of {events} records are committed").into());
        }
        let Some(record) = consumer.poll(POLL) else { continue };
        let millis = record?.timestamp().to_millis().unwrap_or(0);
        first.get_or_insert(millis);
        last = millis;
        count += 1;
    }
    Ok(Duration::from_millis(u64::try_from(last - first.unwrap_or(0))?))
}

/// User and system time in a process's `stat` file.
fn processor_time(path: &str) -> Outcome<Duration> {
    let text = fs::read_to_string(path)?;
    let (_, fields) = text.rsplit_once(')').ok_or_else(|| format!("{path}: {text}"))?;
    let mut times = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
    let both = times.by_ref().sum::<Result<u32, _>>()?;
    Ok(TICK * both)
}
