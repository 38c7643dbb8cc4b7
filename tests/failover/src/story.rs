//! The story: what happens while events flow, and the stage on which the variants play too.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use tidegate_harness::{Cluster, PATIENCE, wait_until};

use crate::group::{self, Group, Member, active};
use crate::oracle::{Undisturbed, Verdict, judge};
use crate::producer::{Input, Producer};
use crate::topic::Tail;
use crate::{Error, Outcome};

/// How long output must flow steadily after a take-over.
const STEADY: Duration = Duration::from_secs(3);
/// What an engine says that another producer has fenced.
const FENCED: &str = "a newer active has fenced this one";
/// An engine that lags by no more than this many records has caught up.
const IN_SYNC: i64 = 2000;

/// How large a story is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Events that are produced.
    pub events: i64,
    /// Records a second.
    pub rate: u64,
    /// Engines that are killed, a standby and an active one in turn, then the new active one.
    pub kills: usize,
    /// The property `exactlyonce`.
    pub exactly_once: &'static str,
}

/// A group under load: its producer, and its output as it grows.
pub struct Stage<'a> {
    /// The servers.
    pub cluster: &'a Cluster,
    /// The group.
    pub group: Group,
    /// What is written into the input topic.
    pub producer: Producer,
    statistics: Tail,
    sums: Tail,
    /// Input offsets at which the role moved.
    pub switches: Vec<i64>,
    say: &'a dyn Fn(&str),
}

impl<'a> Stage<'a> {
    /// Makes the group's topics and begins to produce; `say` is told what happens.
    ///
    /// # Errors
    /// A topic or a client cannot be made.
    pub fn open(
        cluster: &'a Cluster,
        name: &str,
        plan: Plan,
        folder: &Path,
        say: &'a dyn Fn(&str),
    ) -> Outcome<Self> {
        let group = Group::new(cluster, name, plan.exactly_once, folder)?;
        let input = Input::new(plan.events);
        let producer = Producer::start(cluster.bootstrap(), &group.input, input, plan.rate)?;
        // Nothing is read that is older than the window before the engines are there.
        producer.limit(plan.events / 100);
        let statistics = Tail::start(cluster.bootstrap(), &group.statistics)?;
        let sums = Tail::start(cluster.bootstrap(), &group.sums)?;
        Ok(Self { cluster, group, producer, statistics, sums, switches: Vec::new(), say })
    }

    /// Tells what happens.
    pub fn say(&self, what: &str) {
        (self.say)(what);
    }

    /// Three engines, each started empty.
    ///
    /// # Errors
    /// One does not start, or none becomes active.
    pub fn three(&self) -> Outcome<[Member; 3]> {
        let a = self.group.empty("A")?;
        active(&[&a])?;
        let (b, c) = (self.group.empty("B")?, self.group.empty("C")?);
        let first = [&a, &b, &c][active(&[&a, &b, &c])?];
        self.say(&format!("engines A, B and C run; {} is active", first.name));
        Ok([a, b, c])
    }

    /// Lets a share of all events flow, and waits until output of nearly all of them is committed.
    ///
    /// # Errors
    /// It does not come.
    pub fn flow_to(&self, percent: i64) -> Outcome {
        let events = self.producer.input().events * percent / 100;
        self.producer.limit(events);
        let reached = || Ok(self.producer.written().map_err(wrong)?.ge(&events).then_some(()));
        wait_until(&format!("{events} events to be produced"), PATIENCE * 5, reached)?;
        self.wait_for_output()
    }

    /// Waits until both topics have output of what was produced up to now.
    ///
    /// # Errors
    /// It does not come.
    pub fn wait_for_output(&self) -> Outcome {
        let end = self.producer.end();
        self.sums.wait_for(end - 1, PATIENCE * 2)?;
        // The filter lets not everything pass.
        self.statistics.wait_for(end - 100, PATIENCE * 2)
    }

    /// The highest input offset that has committed output in both topics, or nearly: the filter lets not everything pass.
    #[must_use]
    pub fn written(&self) -> i64 {
        self.sums.input().min(self.statistics.input() + 100)
    }

    /// Notes that the role moves now, and answers the input offset.
    pub fn switch(&mut self) -> i64 {
        let end = self.producer.end();
        self.switches.push(end);
        end
    }

    /// Kills the active one of the engines; another takes over and writes steadily. Answers the new active's place among those
    /// that are left, which are all others in order.
    ///
    /// # Errors
    /// No other takes over, or it is fenced again.
    pub fn kill_active(&mut self, members: &mut Vec<Member>) -> Outcome<usize> {
        let all: Vec<&Member> = members.iter().collect();
        let victim = members.remove(active(&all)?);
        let offset = self.switch();
        victim.engine.kill()?;
        let start = Instant::now();
        self.say(&format!("kill -9 {} (active) at input {offset}", victim.name));
        self.takes_over(members, start)
    }

    /// Waits until one of the engines is active and writes steadily; answers its place.
    ///
    /// # Errors
    /// None becomes active, or it is fenced again.
    pub fn takes_over(&self, members: &[Member], start: Instant) -> Outcome<usize> {
        let all: Vec<&Member> = members.iter().collect();
        let fences: Vec<usize> = all.iter().map(|member| member.count_lines(FENCED)).collect();
        let next = active(&all)?;
        let seconds = start.elapsed().as_secs_f64();
        self.say(&format!("{} is active after {seconds:.2} s", members[next].name));
        self.writes_steadily(&members[next], fences[next])?;
        Ok(next)
    }

    /// Lets output flow for three seconds after a take-over and checks that no late producer has fenced the engine that took
    /// over: its log tells of no more than the `fences` of earlier. (On a machine that is short of time the role may move for
    /// other reasons.)
    fn writes_steadily(&self, member: &Member, fences: usize) -> Outcome {
        let begin = Instant::now();
        let grows = |than: u64| {
            let grown = || Ok((self.sums.records() > than).then_some(()));
            wait_until("output after a take-over", PATIENCE, grown).map_err(|error| member.with_log(&error))
        };
        grows(self.sums.records())?;
        let until = Instant::now() + STEADY;
        while Instant::now() < until {
            thread::sleep(Duration::from_millis(50));
            if member.count_lines(FENCED) > fences {
                return Err(member.with_log(&"it was fenced after it had taken over"));
            }
        }
        grows(self.sums.records())?;
        let seconds = begin.elapsed().as_secs_f64();
        self.say(&format!("{} writes steadily ({seconds:.1} s)", member.name));
        Ok(())
    }

    /// Produces the rest, waits for its output, ends the engines and checks everything.
    ///
    /// # Errors
    /// The output does not come, or is not what it must be.
    pub fn finish(self, members: Vec<Member>) -> Outcome<Verdict> {
        let end = self.producer.finish()?;
        for tail in [&self.sums, &self.statistics] {
            let all = || members.iter().map(|member| member.with_log(&"").to_string()).collect::<String>();
            tail.wait_for(end - 1, PATIENCE * 3)
                .map_err(|error| Error::Wrong(format!("{error}{}", all())))?;
        }
        (self.say)(&format!(
            "all output of {end} records is committed; now one engine alone on the same input"
        ));
        for member in members {
            member.engine.terminate()?;
        }
        let undisturbed = Undisturbed::run(self.cluster, &self.group, end)?;
        let verdict = judge(self.cluster, &self.group, &undisturbed, &self.switches)?;
        (self.say)(&format!("recomputed: {}", verdict.recomputed));
        (self.say)(&format!(
            "{} records of an undisturbed engine; {} lost, {} doubled, {} otherwise wrong, {} dropped by the reader",
            verdict.wanted,
            verdict.difference.lost,
            verdict.difference.doubled,
            verdict.difference.other,
            verdict.dropped
        ));
        Ok(verdict)
    }
}

fn wrong(error: Error) -> tidegate_harness::Error {
    tidegate_harness::Error::Usage(error.to_string())
}

/// The whole story: a standby is persisted, killed and restored elsewhere; the active is killed and comes back empty; the new
/// active is killed. With more than three kills, again from the beginning.
///
/// # Errors
/// A step fails; the verdict tells of differences.
pub fn play(
    cluster: &Cluster,
    name: &str,
    plan: Plan,
    folder: &Path,
    say: &dyn Fn(&str),
) -> Outcome<Verdict> {
    let mut stage = Stage::open(cluster, name, plan, folder, say)?;
    let mut members = Vec::from(stage.three()?);
    let (mut kills, mut born) = (0, 3);
    // The window fills during the first fifth. What is left is shared by the kills.
    let share = |kill: usize| 22 + i64::try_from(70 * kill / plan.kills.max(1)).unwrap_or(0);
    stage.flow_to(share(0))?;
    while kills < plan.kills {
        let snapshot = stage.group.snapshot(&format!("{born}"));
        let all: Vec<&Member> = members.iter().collect();
        let said = group::persist_standby(&all, &snapshot)?;
        stage.say(said.trim());
        let standby = members.iter().position(|member| said.contains(&format!(" {} ", member.address())));
        let standby = standby.ok_or_else(|| Error::Wrong(format!("which engine is that? {said}")))?;
        stage.flow_to(share(kills) + 2)?;
        let victim = members.remove(standby);
        stage.say(&format!("kill -9 {} (standby)", victim.name));
        victim.engine.kill()?;
        kills += 1;
        stage.flow_to(share(kills))?;
        born += 1;
        let restored = stage.group.restored(&format!("{}-{born}", victim.name), &snapshot)?;
        stage.say(&format!("{} restored on other ports, in another folder", restored.name));
        restored.wait_for_lag(IN_SYNC)?;
        stage.say(&format!("{} has caught up", restored.name));
        members.insert(0, restored);
        for _ in 0..2 {
            if kills == plan.kills {
                break;
            }
            stage.kill_active(&mut members)?;
            kills += 1;
            born += 1;
            let empty = stage.group.empty(&format!("E-{born}"))?;
            stage.say(&format!("{} started empty", empty.name));
            empty.wait_for_lag(IN_SYNC)?;
            members.push(empty);
            stage.flow_to(share(kills))?;
        }
    }
    stage.flow_to(96)?;
    stage.finish(members)
}
