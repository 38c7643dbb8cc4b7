//! The servers of a measurement, and engines that run the bench's model on them.

use std::fs;
use std::path::Path;
use std::str::FromStr;

use tempfile::TempDir;
use tidegate_harness::{Cluster, Engine, Options};

use crate::Outcome;

/// How the engines' output connector writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Hot failover, `exactlyonce=transactions`.
    Transactions,
    /// Hot failover, `exactlyonce=ids`.
    Ids,
    /// Hot failover, `exactlyonce=none`.
    None,
    /// No failover.
    Plain,
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "transactions" => Self::Transactions,
            "ids" => Self::Ids,
            "none" => Self::None,
            "plain" => Self::Plain,
            _ => return Err("not transactions, ids, none or plain".to_owned()),
        })
    }
}

impl Mode {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Transactions => "transactions",
            Self::Ids => "ids",
            Self::None => "none",
            Self::Plain => "plain",
        }
    }

    fn exactly_once(self) -> &'static str {
        if self == Self::Plain { "none" } else { self.name() }
    }
}

/// What the source window keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// Nothing.
    Empty,
    /// All rows.
    Hash,
}

/// Real servers, and a folder for the engines.
pub struct Rig {
    pub cluster: Cluster,
    pub folder: TempDir,
}

/// One run of the model: its topics and group are called after it.
#[derive(Debug, Clone)]
pub struct Run {
    pub name: String,
    pub mode: Mode,
    pub input: String,
    pub index: Index,
}

impl Run {
    /// The output topic.
    pub fn output(&self) -> String {
        format!("{}.O", self.name)
    }
}

impl Rig {
    /// Starts ZooKeeper and brokers.
    pub fn start(brokers: usize) -> Outcome<Self> {
        let cluster = Cluster::start(&Options { brokers, ..Options::default() })?;
        let folder = tempfile::Builder::new().prefix("tidegate-bench-").tempdir()?;
        fs::write(folder.path().join("model.xml"), include_str!("../model.xml"))?;
        Ok(Self { cluster, folder })
    }

    /// A topic with one partition.
    pub fn topic(&self, name: &str, settings: &[(&str, &str)]) -> Outcome {
        Ok(self.cluster.create_topic(name, 1, settings)?)
    }

    /// An engine that knows the tokens of a run and has nothing loaded.
    pub fn bare_engine(&self, run: &Run) -> Outcome<Engine> {
        self.start_engine(run, &[])
    }

    /// An engine that runs the model; its connectors are starting.
    pub fn engine(&self, run: &Run) -> Outcome<Engine> {
        let model = format!("file://{}", self.model().display());
        self.start_engine(run, &["-model", &model])
    }

    /// The model's file.
    pub fn model(&self) -> std::path::PathBuf {
        self.folder.path().join("model.xml")
    }

    fn start_engine(&self, run: &Run, more: &[&str]) -> Outcome<Engine> {
        let folder: &Path = self.folder.path();
        let failover = (run.mode != Mode::Plain).to_string();
        let output = run.output();
        let index = match run.index {
            Index::Empty => "pi_EMPTY",
            Index::Hash => "pi_HASH",
        };
        let mut arguments = vec![
            ("-KAFKA", self.cluster.bootstrap()),
            ("-ZOOKEEPER", self.cluster.zookeeper()),
            ("-INPUT", &run.input),
            ("-OUTPUT", &output),
            ("-GROUP", &run.name),
            ("-FAILOVER", &failover),
            ("-INDEX", index),
            ("-EXACTLYONCE", run.mode.exactly_once()),
        ]
        .into_iter()
        .flat_map(|(name, value)| [name, value])
        .collect::<Vec<&str>>();
        arguments.extend(more);
        Ok(Engine::start(folder, &arguments)?)
    }
}
