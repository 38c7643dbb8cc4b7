//! How much later output becomes visible because it is exactly once.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tidegate_harness::PATIENCE;

use crate::Outcome;
use crate::feed::Feed;
use crate::figures::median;
use crate::output::Output;
use crate::rig::{Index, Mode, Rig, Run};

/// Input records a second.
const RATE: u32 = 5000;
/// Not counted: the time until the first output, and this.
const WARM_UP: Duration = Duration::from_secs(3);

/// From the time at which a record was due at the producer to its output at a reader, in microseconds.
struct Latency {
    median: u64,
    p99: u64,
}

/// Measures a mode and `plain` in turn, `pairs` times `seconds` each.
pub fn run(mode: Mode, pairs: usize, seconds: u64, brokers: usize) -> Outcome {
    let rig = Rig::start(brokers)?;
    println!("{}: {pairs} pairs of {seconds} s at {RATE} events/s, {brokers} broker(s)", mode.name());
    let (mut medians, mut p99s) = (Vec::new(), Vec::new());
    for pair in 0..pairs {
        let time = Duration::from_secs(seconds);
        let plain = measure(&rig, Mode::Plain, pair, time)?;
        let ours = measure(&rig, mode, pair, time)?;
        println!(
            "  p50 {} - {} plain, p99 {} - {} plain",
            shown(ours.median.into()),
            shown(plain.median.into()),
            shown(ours.p99.into()),
            shown(plain.p99.into())
        );
        medians.push(i128::from(ours.median) - i128::from(plain.median));
        p99s.push(i128::from(ours.p99) - i128::from(plain.p99));
    }
    println!(
        "added (median of {pairs} pairs): p50 {}, p99 {}",
        shown(median(&medians)),
        shown(median(&p99s))
    );
    Ok(())
}

fn measure(rig: &Rig, mode: Mode, pair: usize, time: Duration) -> Outcome<Latency> {
    let name = format!("latency-{}-{pair}", mode.name());
    let run = Run { input: format!("{name}.I"), name, mode, index: Index::Empty };
    rig.topic(&run.input, &[])?;
    rig.topic(&run.output(), &[])?;
    let engine = rig.engine(&run)?;
    if mode != Mode::Plain {
        engine.wait_for_line("switched to active")?;
    }
    let output = Output::follow(rig.cluster.bootstrap(), &run.output())?;
    let feed = Feed::start(rig.cluster.bootstrap(), &run.input, RATE)?;
    output.next(PATIENCE)?;
    let begin = Instant::now() + WARM_UP;
    let mut histogram = Histogram::<u64>::new(3)?;
    loop {
        let arrival = output.next(PATIENCE)?;
        let due = feed.due(arrival.input);
        if due > begin + time {
            break;
        }
        if due >= begin {
            histogram.record(u64::try_from((arrival.at - due).as_micros())?)?;
        }
    }
    feed.stop()?;
    engine.kill()?;
    let wanted = u64::from(RATE) * time.as_secs();
    if histogram.len() + u64::from(RATE) / 100 < wanted {
        return Err(format!("{} of {wanted} records came out", histogram.len()).into());
    }
    Ok(Latency { median: histogram.value_at_quantile(0.5), p99: histogram.value_at_quantile(0.99) })
}

fn shown(micros: i128) -> String {
    format!("{}.{} ms", micros / 1000, (micros % 1000).abs() / 100)
}
