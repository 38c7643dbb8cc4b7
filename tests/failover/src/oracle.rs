//! The checks: recomputed by a script without any part of Tidegate, and compared with an engine that was never disturbed.

use std::path::Path;
use std::process::Command;

use tidegate_harness::{Cluster, PATIENCE};

use crate::group::{Group, succeeded};
use crate::topic::{Difference, Dump, Isolation, Tail, dropping};
use crate::{Error, Outcome};

/// The output of one engine alone on a group's input.
#[derive(Debug)]
pub struct Undisturbed {
    statistics: String,
    sums: String,
}

impl Undisturbed {
    /// Runs one engine alone over the input of `group`, whose last record is before offset `end`.
    ///
    /// # Errors
    /// It does not come to the end.
    pub fn run(cluster: &Cluster, group: &Group, end: i64) -> Outcome<Self> {
        let alone = group.undisturbed(cluster, &format!("{}.alone", group.group))?;
        let tails = [
            Tail::start(cluster.bootstrap(), &alone.statistics)?,
            Tail::start(cluster.bootstrap(), &alone.sums)?,
        ];
        let member = alone.empty("alone")?;
        for tail in &tails {
            tail.wait_for(end - 1, PATIENCE * 10).map_err(|error| member.with_log(&error))?;
        }
        member.engine.terminate()?;
        Ok(Self { statistics: alone.statistics, sums: alone.sums })
    }
}

/// What a whole story's output was found to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Output records that an undisturbed engine writes.
    pub wanted: usize,
    /// Differences, of both topics together.
    pub difference: Difference,
    /// Duplicates that were in the topics and dropped by the reader; only with `exactlyonce=ids`.
    pub dropped: usize,
    /// What the script said.
    pub recomputed: String,
}

impl Verdict {
    /// Fails unless nothing was lost, doubled or changed.
    ///
    /// # Errors
    /// Something was; the error has the first difference.
    pub fn require(&self) -> Outcome {
        if self.difference == Difference::default() && self.wanted > 0 {
            return Ok(());
        }
        let Difference { lost, doubled, other, first } = &self.difference;
        let first = first.as_deref().unwrap_or("no output at all");
        Err(Error::Wrong(format!("{lost} lost, {doubled} doubled, {other} otherwise wrong; first: {first}")))
    }
}

/// Reads a group's output topics to their end and compares them; the role moved at the input offsets `switches`.
///
/// # Errors
/// The topics cannot be read, or the recomputation finds another result.
pub fn judge(
    cluster: &Cluster,
    group: &Group,
    undisturbed: &Undisturbed,
    switches: &[i64],
) -> Outcome<Verdict> {
    let Undisturbed { statistics, sums } = undisturbed;
    let topics = [group.input.as_str(), &group.statistics, &group.sums, statistics, sums];
    let read = Dump::read(cluster, topics, Isolation::Committed, &group.folder)?;
    let [input, statistics, sums, statistics_wanted, sums_wanted] = read;
    let mut verdict = Verdict::default();
    for (have, want) in [(&statistics, &statistics_wanted), (&sums, &sums_wanted)] {
        let (have, want) = (have.records()?, want.records()?);
        let written = have.len();
        let have = if group.exactly_once == "ids" { dropping(have) } else { have };
        verdict.dropped += written - have.len();
        verdict.wanted += want.len();
        let found = Difference::between(&have, &want);
        verdict.difference.lost += found.lost;
        verdict.difference.doubled += found.doubled;
        verdict.difference.other += found.other;
        verdict.difference.first = verdict.difference.first.or(found.first);
    }
    verdict.recomputed =
        recompute([&input.file, &statistics.file, &sums.file], group.exactly_once, switches)?;
    Ok(verdict)
}

fn recompute(files: [&Path; 3], mode: &str, switches: &[i64]) -> Outcome<String> {
    let mut python = Command::new("python3");
    python.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("oracle.py")).args(files).arg(mode);
    python.args(switches.iter().map(ToString::to_string));
    let output = python.output().map_err(Error::io("starting python3"))?;
    Ok(succeeded("oracle.py", output)?.trim().to_owned())
}
