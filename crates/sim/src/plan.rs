//! What a seed stands for: how a run is set up, its input, and its faults.

use tidegate_event::EngineTime;

use crate::canary::Canary;
use crate::fault::Fault;
use crate::net::Micros;
use crate::project::{InputRecord, OUTPUTS};
use crate::random::Random;

/// When faults begin and end; everything is mended then.
const FAULTS_FROM: Micros = 300_000;
pub(crate) const HEAL: Micros = 6_000_000;

/// How a run is set up.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) engines: usize,
    pub(crate) transactions: bool,
    pub(crate) records_max: usize,
    /// Whether the clocks of processes differ in speed.
    pub(crate) drift: bool,
    /// Whether both outputs are of one project, so that only an engine that runs both connectors is a candidate.
    pub(crate) one_project: bool,
    /// Whether the active reads its own output back.
    pub(crate) tails_own: bool,
    /// Whether a process begins to read outputs at their ends, as they are when it starts.
    pub(crate) tails_from_end: bool,
    /// Whether nodes are deleted by others: then the old active and the new one may overlap, and fencing decides.
    pub(crate) nodes_deleted: bool,
    /// Of a hundred messages, how many take long.
    pub(crate) late_percent: u64,
    pub(crate) canary: Option<Canary>,
    /// When each input record is appended.
    pub(crate) input: Vec<(Micros, InputRecord)>,
    pub(crate) faults: Vec<(Micros, Fault)>,
}

impl Plan {
    pub(crate) fn new(random: &mut Random, canary: Option<Canary>) -> Self {
        let engines = if random.chance(70) { 3 } else { 2 };
        let transactions = random.chance(50) || canary == Some(Canary::LateWarmProducer);
        let faults = faults(random, engines);
        Self {
            engines,
            transactions,
            records_max: [1, 4, 16, 64][random.index(4)],
            drift: random.chance(50),
            one_project: random.chance(75),
            tails_own: random.chance(50),
            tails_from_end: random.chance(50),
            nodes_deleted: faults.iter().any(|&(_, fault)| fault == Fault::DeleteNode),
            late_percent: [1, 1, 5, 25][random.index(4)],
            canary,
            input: input(random),
            faults,
        }
    }
}

/// Records over the time of the faults and, slower, some time beyond.
fn input(random: &mut Random) -> Vec<(Micros, InputRecord)> {
    let mut records = Vec::new();
    let mut at = 50_000;
    let pace = random.within(20_000, 90_000);
    // The input's clock is its own: it begins anywhere, and may run faster than the world's.
    let begin = 1_700_000_000_000_000 + random.within(0, 10_000_000);
    let speed = random.within(1, 4);
    while at < HEAL + 3_500_000 {
        let pace = if at < HEAL { pace } else { 250_000 };
        at += random.within(pace / 4, pace * 7 / 4);
        let time = begin + at * speed - random.within(0, 30_000);
        let time = (!random.chance(4)).then(|| EngineTime::from_micros(time as i64));
        let count = if random.chance(5) { 0 } else { random.within(1, 4) };
        let events = (0..count).map(|_| (random.within(0, 3) as i64, random.within(0, 100) as i64)).collect();
        records.push((at, InputRecord { time, events }));
    }
    records
}

fn faults(random: &mut Random, engines: usize) -> Vec<(Micros, Fault)> {
    let mut faults = Vec::new();
    for _ in 0..random.within(0, 9) {
        let at = random.within(FAULTS_FROM, HEAL);
        let process = random.index(engines);
        let output = random.index(OUTPUTS);
        let brief = at + random.within(20_000, 700_000);
        let long = at + random.within(100_000, 3_500_000);
        match random.within(0, 25) {
            0..5 => {
                faults.push((at, Fault::Kill(process)));
                let from_snapshot = random.chance(60);
                faults.push((long, Fault::Start { process, from_snapshot }));
            }
            5..8 => {
                faults.push((at, Fault::Pause(process)));
                faults.push((long, Fault::Resume(process)));
            }
            8..10 => faults.push((at, Fault::Slow(process, random.within(10_000, 200_000)))),
            10..14 => faults.push((at, Fault::Persist(process))),
            14..17 => {
                faults.push((at, Fault::StopConnector(process, output)));
                if random.chance(40) {
                    faults.push((at + random.within(0, 30_000), Fault::StopConnector(process, 1 - output)));
                }
                faults.push((long, Fault::StartConnector(process, output)));
                faults.push((long + random.within(0, 200_000), Fault::StartConnector(process, 1 - output)));
            }
            17 => {
                faults.push((at, Fault::CutService(process)));
                faults.push((long, Fault::JoinService(process)));
            }
            18 => {
                faults.push((at, Fault::CutLog(process)));
                faults.push((long, Fault::JoinLog(process)));
            }
            19 => faults.push((at, Fault::BreakConnection(process))),
            20 => {
                faults.push((at, Fault::ServiceDown));
                faults.push((long, Fault::ServiceUp));
            }
            21 => {
                faults.push((at, Fault::LogDown));
                faults.push((brief, Fault::LogUp));
            }
            22 => {
                faults.push((at, Fault::LogDown));
                faults.push((long, Fault::LogUp));
            }
            23 => faults.push((at, Fault::DeleteNode)),
            _ => faults.push((at, Fault::Foreign(output))),
        }
    }
    faults.retain(|&(at, _)| at < HEAL);
    faults.push((HEAL, Fault::Heal));
    faults
}
