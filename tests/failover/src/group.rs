//! A failover group: its topics, and the engines that run the model in it.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use tidegate_harness::{Cluster, Engine, wait_until};

use crate::{Error, Outcome};

/// The project that the engines run.
pub const PROJECT: &str = "failover";

/// How long reading all input from its beginning may take, for a long story on a loaded machine.
const CATCH_UP: Duration = Duration::from_secs(600);

/// How often in a row an engine must say that it has caught up: right after its start it does not know the input's end.
const LOOKS: usize = 40;

/// The engines' file of bad events, in their folder.
const BAD_EVENTS: &str = "bad-events.txt";

/// How long a change of roles may take on a loaded machine.
pub const SWITCH: Duration = Duration::from_secs(60);

/// Names of one group, and how it writes.
#[derive(Debug, Clone)]
pub struct Group {
    /// Kafka's bootstrap servers.
    pub kafka: String,
    /// ZooKeeper's address.
    pub zookeeper: String,
    /// The input topic.
    pub input: String,
    /// The topic of the filter's output.
    pub statistics: String,
    /// The topic of the second aggregate's output.
    pub sums: String,
    /// The property `failovergroup`.
    pub group: String,
    /// The property `exactlyonce`.
    pub exactly_once: &'static str,
    /// The folder for the engines' working folders and snapshots.
    pub folder: PathBuf,
}

impl Group {
    /// The group `name`, whose topics are made.
    ///
    /// # Errors
    /// A topic cannot be made.
    pub fn new(cluster: &Cluster, name: &str, exactly_once: &'static str, folder: &Path) -> Outcome<Self> {
        let group = Self { input: format!("{name}.I"), ..Self::beside(cluster, name, exactly_once, folder) };
        cluster.create_topic(&group.input, 1, &[])?;
        group.create_outputs(cluster)?;
        Ok(group)
    }

    /// A group of its own on the input of this one.
    ///
    /// # Errors
    /// A topic cannot be made.
    pub fn undisturbed(&self, cluster: &Cluster, name: &str) -> Outcome<Self> {
        let group = Self {
            input: self.input.clone(),
            ..Self::beside(cluster, name, self.exactly_once, &self.folder)
        };
        group.create_outputs(cluster)?;
        Ok(group)
    }

    fn beside(cluster: &Cluster, name: &str, exactly_once: &'static str, folder: &Path) -> Self {
        Self {
            kafka: cluster.bootstrap().to_owned(),
            zookeeper: cluster.zookeeper().to_owned(),
            input: String::new(),
            statistics: format!("{name}.statistics.O"),
            sums: format!("{name}.sums.O"),
            group: name.to_owned(),
            exactly_once,
            folder: folder.to_owned(),
        }
    }

    fn create_outputs(&self, cluster: &Cluster) -> Outcome {
        // Output carries the log's time, which begins hours ago: no topic of a test may delete by age.
        for topic in [&self.statistics, &self.sums] {
            cluster.create_topic(topic, 1, &[("retention.ms", "-1")])?;
        }
        Ok(())
    }

    /// A new engine in a folder of its own, with nothing loaded.
    ///
    /// # Errors
    /// It does not start.
    pub fn engine(&self, name: &str) -> Outcome<Member> {
        let folder = self.folder.join(&self.group).join(name);
        fs::create_dir_all(&folder).map_err(Error::io(format!("creating {}", folder.display())))?;
        let arguments = [
            ("-KAFKA", self.kafka.as_str()),
            ("-ZOOKEEPER", &self.zookeeper),
            ("-INPUT", &self.input),
            ("-STATISTICS", &self.statistics),
            ("-SUMS", &self.sums),
            ("-GROUP", &self.group),
            ("-EXACTLYONCE", self.exactly_once),
            ("-badevents", BAD_EVENTS),
        ];
        let arguments: Vec<&str> = arguments.iter().flat_map(|(name, value)| [*name, value]).collect();
        let engine = Engine::start(&folder, &arguments)?;
        Ok(Member { name: name.to_owned(), engine, folder })
    }

    /// A new engine that runs the model from an empty state: loaded by the client, started, its connectors started.
    ///
    /// # Errors
    /// A step fails.
    pub fn empty(&self, name: &str) -> Outcome<Member> {
        let member = self.engine(name)?;
        member.load(&model())?;
        member.put("running")?;
        member.put("connectorsStarted")?;
        Ok(member)
    }

    /// A new engine with the state in `snapshot`, brought back by `restore.sh`.
    ///
    /// # Errors
    /// The script fails.
    pub fn restored(&self, name: &str, snapshot: &Path) -> Outcome<Member> {
        let member = self.engine(name)?;
        let arguments = [PROJECT.into(), model(), snapshot.to_owned(), member.address().into()];
        succeeded("restore.sh", script("restore.sh", &arguments)?)?;
        Ok(member)
    }

    /// Where a snapshot called `name` goes.
    #[must_use]
    pub fn snapshot(&self, name: &str) -> PathBuf {
        self.folder.join(&self.group).join(format!("snapshot of {name}"))
    }
}

/// The model file.
#[must_use]
pub fn model() -> PathBuf {
    models().join("model.xml")
}

fn models() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/failover");
    path.canonicalize().unwrap_or(path)
}

/// Runs one of the scripts of `models/failover`.
///
/// # Errors
/// It cannot be started.
pub fn script(name: &str, arguments: &[PathBuf]) -> Outcome<Output> {
    let mut script = Command::new(models().join(name));
    let output = script.args(arguments).output();
    output.map_err(Error::io(format!("starting {name}")))
}

/// What a script printed, unless it failed.
///
/// # Errors
/// It did; the error has what it said.
pub fn succeeded(name: &str, output: Output) -> Outcome<String> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Error::Wrong(format!("{name}: {}: {said}", output.status)))
}

/// An engine of a group.
pub struct Member {
    /// What the story calls it.
    pub name: String,
    /// The engine.
    pub engine: Engine,
    /// Its working folder.
    pub folder: PathBuf,
}

impl Member {
    /// `host:port` of its admin interface.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.engine.http_port())
    }

    /// Loads a model without starting it, with the client program.
    ///
    /// # Errors
    /// The client fails.
    pub fn load(&self, model: &Path) -> Outcome {
        let body = format!("file://{}", model.display());
        let path = format!("projects/{PROJECT}?start=false");
        self.succeeded(&path, self.engine.client(&path, &["-put", &body])?)
    }

    /// `PUT` of the project's state, with the client program.
    ///
    /// # Errors
    /// The client fails.
    pub fn put(&self, state: &str) -> Outcome {
        let path = format!("projects/{PROJECT}/state?value={state}");
        self.succeeded(&path, self.engine.client(&path, &["-put"])?)
    }

    fn succeeded(&self, path: &str, (code, said): (i32, String)) -> Outcome {
        if code == 0 {
            return Ok(());
        }
        Err(Error::Wrong(format!("engine {}: {path}: the client ended with {code}: {said}", self.name)))
    }

    /// Stops, persists, starts, and starts the connectors, request by request.
    ///
    /// # Errors
    /// A request is refused.
    pub fn persist(&self, snapshot: &Path) -> Outcome {
        self.put("stopped")?;
        let path = snapshot.display().to_string().replace(' ', "%20");
        self.put(&format!("persisted&path={path}"))?;
        self.put("running")?;
        self.put("connectorsStarted")
    }

    /// Whether it says that it is the active one.
    ///
    /// # Errors
    /// It does not answer.
    pub fn is_active(&self) -> Result<bool, tidegate_harness::Error> {
        Ok(self.engine.get("server")?.body.contains("primary-server=\"true\""))
    }

    /// A number of each of its failover connectors, as `GET server?config=true` shows it: `lag`, `gate`, `lease-ms`.
    ///
    /// # Errors
    /// It does not answer.
    pub fn numbers(&self, name: &str) -> Result<Vec<i64>, tidegate_harness::Error> {
        Ok(attributes(&self.engine.get("server?config=true")?.body, name))
    }

    /// Waits until it has read all input but at most `records`, and still has a moment later.
    ///
    /// # Errors
    /// Not in time.
    pub fn wait_for_lag(&self, records: i64) -> Outcome {
        let what = format!("engine {} to catch up", self.name);
        let seen = Cell::new(0);
        let caught_up = || {
            let lags = self.numbers("lag")?;
            let near = !lags.is_empty() && lags.iter().all(|lag| *lag <= records);
            seen.set(if near { seen.get() + 1 } else { 0 });
            Ok((seen.get() > LOOKS).then_some(()))
        };
        wait_until(&what, CATCH_UP, caught_up).map_err(|error| self.with_log(&error))
    }

    /// The lines of its file of bad events; none when there is none.
    #[must_use]
    pub fn bad_events(&self) -> Vec<String> {
        let text = fs::read_to_string(self.folder.join(BAD_EVENTS)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The error, and the end of this engine's log.
    #[must_use]
    pub fn with_log(&self, error: &dyn std::fmt::Display) -> Error {
        let lines = self.engine.lines();
        let tail = lines[lines.len().saturating_sub(40)..].join("\n");
        Error::Wrong(format!("{error}\nlog of engine {}:\n{tail}", self.name))
    }

    /// How many lines of its log hold `text`.
    #[must_use]
    pub fn count_lines(&self, text: &str) -> usize {
        self.engine.lines().iter().filter(|line| line.contains(text)).count()
    }
}

/// The numbers called `name` of the `failover` elements.
fn attributes(body: &str, name: &str) -> Vec<i64> {
    let start = format!(" {name}=\"");
    let elements = body.split("<failover ").skip(1);
    elements.filter_map(|element| element.split_once(&start)?.1.split('"').next()?.parse().ok()).collect()
}

/// Waits until exactly one of the engines is active, and answers its place in `members`.
///
/// # Errors
/// Not in time; the error has the engines' logs.
pub fn active(members: &[&Member]) -> Outcome<usize> {
    let one = || {
        let roles: Vec<bool> = members.iter().map(|member| member.is_active()).collect::<Result<_, _>>()?;
        let mut actives = roles.iter().enumerate().filter(|(_, active)| **active);
        Ok(actives.next().map(|(at, _)| at).filter(|_| actives.next().is_none()))
    };
    wait_until("one active engine", SWITCH, one).map_err(|error| {
        let logs = members.iter().map(|member| member.with_log(&"").to_string());
        Error::Wrong(format!("{error}{}", logs.collect::<String>()))
    })
}

/// Runs `persist-standby.sh` over the engines.
///
/// # Errors
/// The script fails.
pub fn persist_standby(members: &[&Member], snapshot: &Path) -> Outcome<String> {
    let mut arguments = vec![PROJECT.into(), snapshot.to_owned()];
    arguments.extend(members.iter().map(|member| PathBuf::from(member.address())));
    succeeded("persist-standby.sh", script("persist-standby.sh", &arguments)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_failover_elements() {
        let body = "<esp-server lag=\"9\">\n  <failover group=\"ESP\" lag=\"3\" gate=\"12\"/>\n  \
                    <failover group=\"ESP\" lag=\"4\" gate=\"13\"/>\n</esp-server>";
        assert_eq!(attributes(body, "lag"), [3, 4]);
        assert!(attributes(body, "lease-ms").is_empty());
    }
}
