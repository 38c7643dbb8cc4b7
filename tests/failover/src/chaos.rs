//! Random faults on real servers: engines, ZooKeeper and brokers are killed, paused, cut off and brought back at random, drawn from
//! a seed, while events flow. At the end everything is mended, one more active engine is killed, and the output must be that of an
//! engine that was never disturbed.

mod random;
mod schedule;

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use tidegate_harness::{Cluster, Proxy, Server, wait_until};

use crate::group::{Group, Member, SWITCH, active};
use crate::story::{Plan, Stage};
use crate::{Error, Outcome, Verdict};
use schedule::SLOTS;
pub use schedule::{Act, Away, Schedule};

/// How often the roles are looked at between two acts.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// What no engine may say, whatever happens to it.
const NEVER: &[&str] = &["[Tidegate0034]", "[Tidegate0035]", "panicked", "internal error"];

/// Plays a schedule on a group of its own and compares.
///
/// # Errors
/// A step fails, two engines are active at a time, an engine says what it never may, none takes over at the end, or the output does
/// not come. The verdict tells of differences.
pub fn play_schedule(
    cluster: &Cluster,
    schedule: &Schedule,
    plan: Plan,
    folder: &Path,
    say: &dyn Fn(&str),
) -> Outcome<Verdict> {
    let name = format!("chaos-{}", schedule.seed);
    let plan = Plan { exactly_once: schedule.exactly_once, ..plan };
    let stage = Stage::open(cluster, &name, plan, folder, say)?;
    let mut chaos = Chaos::start(cluster, stage.group.clone(), say)?;
    stage.producer.limit(i64::MAX);
    let outcome = chaos.run(schedule).and_then(|()| chaos.settle(&stage));
    // What the engines complain of may be the reason of a failure, so it is told first.
    chaos.complaints()?;
    outcome?;
    // The lines stay until the end.
    let (members, _lines): (Vec<_>, Vec<_>) =
        chaos.slots.into_iter().map(|slot| (slot.member, slot.line)).unzip();
    stage.finish(members.into_iter().flatten().collect())
}

/// The place of an engine and its successors.
struct Slot {
    member: Option<Member>,
    line: Proxy,
    paused: bool,
}

struct Chaos<'a> {
    cluster: &'a Cluster,
    group: Group,
    say: &'a dyn Fn(&str),
    slots: Vec<Slot>,
    /// Engines that were killed or ended; their logs are looked at in the end.
    gone: Vec<Member>,
    snapshots: Vec<PathBuf>,
    born: usize,
}

impl<'a> Chaos<'a> {
    fn start(cluster: &'a Cluster, group: Group, say: &'a dyn Fn(&str)) -> Outcome<Self> {
        let line =
            || Outcome::Ok(Slot { member: None, line: Proxy::start(cluster.zookeeper())?, paused: false });
        let slots = (0..SLOTS).map(|_| line()).collect::<Outcome<_>>()?;
        let mut chaos = Self { cluster, group, say, slots, gone: Vec::new(), snapshots: Vec::new(), born: 0 };
        for slot in 0..SLOTS {
            chaos.begin(slot, None)?;
        }
        active(&chaos.members())?;
        Ok(chaos)
    }

    fn run(&mut self, schedule: &Schedule) -> Outcome {
        let mut start = Instant::now();
        for (at, act) in &schedule.acts {
            while let Some(left) = at.checked_sub(start.elapsed()) {
                thread::sleep(left.min(LOOK_EVERY));
                self.at_most_one_is_active()?;
            }
            // An act that took long moves those after it: what lies between them stays.
            start += start.elapsed().saturating_sub(*at);
            (self.say)(&format!("{act:?}"));
            self.act(*act).map_err(|error| Error::Wrong(format!("{act:?}: {error}")))?;
        }
        Ok(())
    }

    fn act(&mut self, act: Act) -> Outcome {
        match act {
            Act::Kill(slot) => {
                let member = self.take(slot)?;
                member.engine.kill()?;
                self.gone.push(member);
            }
            Act::Terminate(slot) => {
                let member = self.take(slot)?;
                let status = member.engine.terminate().map_err(|error| member.with_log(&error))?;
                if !status.success() {
                    return Err(member.with_log(&format!("it ended with {status}")));
                }
                self.gone.push(member);
            }
            Act::Start { slot, back } => self.begin(slot, back)?,
            Act::Pause(slot) => {
                self.member(slot)?.engine.pause()?;
                self.slots[slot].paused = true;
            }
            Act::Resume(slot) => {
                self.member(slot)?.engine.resume()?;
                self.slots[slot].paused = false;
            }
            Act::Persist(slot) => {
                let snapshot = self.group.snapshot(&self.snapshots.len().to_string());
                let member = self.member(slot)?;
                member.persist(&snapshot).map_err(|error| member.with_log(&error))?;
                self.snapshots.push(snapshot);
            }
            Act::Cut { slot, silent: true } => self.slots[slot].line.cut_silently(),
            Act::Cut { slot, silent: false } => self.slots[slot].line.cut(),
            Act::Join(slot) => self.slots[slot].line.heal(),
            Act::StopConnectors(slot) => self.put(slot, &["connectorsStopped"])?,
            Act::StartConnectors(slot) => self.put(slot, &["connectorsStarted"])?,
            Act::StopProject(slot) => self.put(slot, &["stopped"])?,
            Act::StartProject(slot) => self.put(slot, &["running", "connectorsStarted"])?,
            Act::ZooKeeperAway(how) => send_away(self.cluster.zookeeper_server(), how)?,
            Act::ZooKeeperBack => bring_back(self.cluster.zookeeper_server())?,
            Act::BrokerAway(broker, how) => send_away(&self.cluster.brokers()[broker], how)?,
            Act::BrokerBack(broker) => {
                bring_back(&self.cluster.brokers()[broker])?;
                self.wait_in_sync()?;
            }
            Act::AllAway(how) => {
                for server in self.cluster.brokers().iter().chain([self.cluster.zookeeper_server()]) {
                    // A controller alone waits in vain for the others' votes: in order they cannot end one by one.
                    send_away(server, if how == Away::Stopped { Away::Killed } else { how })?;
                }
            }
            Act::AllBack => {
                self.cluster.bring_back()?;
                self.wait_in_sync()?;
            }
        }
        Ok(())
    }

    fn wait_in_sync(&self) -> Outcome {
        for topic in [&self.group.input, &self.group.statistics, &self.group.sums] {
            self.cluster.wait_in_sync(topic)?;
        }
        Ok(())
    }

    /// A new engine in a slot, from the snapshot taken last but `back`, or empty.
    fn begin(&mut self, slot: usize, back: Option<usize>) -> Outcome {
        let group = Group { zookeeper: self.slots[slot].line.address(), ..self.group.clone() };
        self.born += 1;
        let name = format!("{slot}-{}", self.born);
        let snapshot = back.and_then(|back| self.snapshots.iter().rev().nth(back));
        let member = match snapshot {
            Some(snapshot) => group.restored(&name, snapshot)?,
            None => group.empty(&name)?,
        };
        self.slots[slot].member = Some(member);
        Ok(())
    }

    fn member(&self, slot: usize) -> Outcome<&Member> {
        let member = self.slots[slot].member.as_ref();
        member.ok_or_else(|| Error::Wrong(format!("no engine is in slot {slot}")))
    }

    fn take(&mut self, slot: usize) -> Outcome<Member> {
        let member = self.slots[slot].member.take();
        member.ok_or_else(|| Error::Wrong(format!("no engine is in slot {slot}")))
    }

    fn put(&self, slot: usize, states: &[&str]) -> Outcome {
        let member = self.member(slot)?;
        states.iter().try_for_each(|state| member.put(state).map_err(|error| member.with_log(&error)))
    }

    /// The engines that are there.
    fn members(&self) -> Vec<&Member> {
        self.slots.iter().filter_map(|slot| slot.member.as_ref()).collect()
    }

    /// One that says that it is active before and after another says so was active meanwhile.
    fn at_most_one_is_active(&self) -> Outcome {
        let answering =
            || self.slots.iter().filter(|slot| !slot.paused).filter_map(|slot| slot.member.as_ref());
        for first in answering() {
            if !first.is_active()? {
                continue;
            }
            for second in answering().filter(|second| second.name != first.name) {
                if second.is_active()? && first.is_active()? {
                    let both = format!("{}{}", first.with_log(&""), second.with_log(&""));
                    return Err(Error::Wrong(format!("two engines are active{both}")));
                }
            }
        }
        Ok(())
    }

    /// Everything is mended; each engine in turn must be able to take over, and the last two do.
    fn settle(&mut self, stage: &Stage<'_>) -> Outcome {
        for slot in 0..SLOTS {
            self.slots[slot].line.heal();
        }
        let all = self.members();
        (self.say)(&format!("{} is active", all[active(&all)?].name));
        for _ in 1..SLOTS {
            let all = self.members();
            let victim = all[active(&all)?].name.clone();
            let slot =
                self.slots.iter().position(|slot| slot.member.as_ref().is_some_and(|m| m.name == victim));
            self.act(Act::Kill(slot.unwrap_or(0)))?;
            let start = Instant::now();
            let left = self.members();
            let next = active(&left)?;
            (self.say)(&format!(
                "{} takes over from {victim} after {:.2} s",
                left[next].name,
                start.elapsed().as_secs_f64()
            ));
            let end = stage.producer.end();
            let written = || Ok((stage.written() >= end - 1).then_some(()));
            wait_until("output after a take-over", SWITCH, written)
                .map_err(|error| left[next].with_log(&error))?;
        }
        Ok(())
    }

    /// Fails when an engine said what it never may. All logs are written down, for whoever looks into a failure.
    fn complaints(&self) -> Outcome {
        let mut complaints = String::new();
        for member in self.gone.iter().chain(self.members()) {
            let lines = member.engine.lines();
            let file = member.folder.join("log.txt");
            std::fs::write(&file, lines.join("\n"))
                .map_err(Error::io(format!("writing {}", file.display())))?;
            for line in lines.iter().filter(|line| NEVER.iter().any(|never| line.contains(never))) {
                complaints.push_str(&format!("\nengine {}: {line}", member.name));
            }
        }
        if complaints.is_empty() { Ok(()) } else { Err(Error::Wrong(complaints)) }
    }
}

fn send_away(server: &Server, how: Away) -> Outcome {
    let sent = match how {
        Away::Killed => server.kill(),
        Away::Stopped => server.stop(),
        Away::Paused => server.pause(),
    };
    sent.map_err(Error::from)
}

/// Resumes a server that was paused and starts one that is down.
fn bring_back(server: &Server) -> Outcome {
    let back = if server.pid().is_some() { server.resume() } else { server.restart() };
    back.map_err(Error::from)
}
