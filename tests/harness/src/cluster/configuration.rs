//! Settings of the servers: small, quick to start, and with what failover tests rely on.

use std::ffi::OsString;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::{Error, Jars};

/// Any 22 characters of base64 that decode to 16 bytes.
const CLUSTER_ID: &str = "TidegateTestCluster000";

/// What pays for servers that live for a few minutes: start quickly, stay small.
const JVM: &[&str] = &["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"];

const LOGGING: &str = "\
log4j.rootLogger=INFO, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d{ISO8601} %p %m (%c)%n
";

/// The ports of one broker.
pub(super) struct BrokerPorts {
    pub(super) clients: u16,
    pub(super) controller: u16,
}

/// The logging settings of all servers.
pub(super) fn write_logging(folder: &Path) -> Result<(), Error> {
    write(&folder.join("log4j.properties"), LOGGING)
}

/// ZooKeeper's settings. Ticks of 500 ms allow sessions of 1 s.
pub(super) fn write_zookeeper(folder: &Path, port: u16) -> Result<PathBuf, Error> {
    let data = folder.join("zookeeper");
    fs::create_dir_all(&data).map_err(Error::io(format!("creating {}", data.display())))?;
    let settings = folder.join("zookeeper.cfg");
    let text = format!(
        "tickTime=500\ndataDir={}\nclientPort={port}\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n\
         4lw.commands.whitelist=*\nmaxClientCnxns=0\n",
        data.display()
    );
    write(&settings, &text)?;
    Ok(settings)
}

/// Settings of the broker at `at`, which is a controller too, and its data folder, already formatted: what Kafka's format
/// tool would write in seconds is three lines.
pub(super) fn broker_settings(
    folder: &Path,
    at: usize,
    ports: &[BrokerPorts],
    own: &[(String, String)],
) -> Result<String, Error> {
    let id = at + 1;
    let data = folder.join(format!("broker-{id}"));
    fs::create_dir_all(&data).map_err(Error::io(format!("creating {}", data.display())))?;
    let formatted = format!("version=1\ncluster.id={CLUSTER_ID}\nnode.id={id}\n");
    write(&data.join("meta.properties"), &formatted)?;
    let voters: Vec<String> = ports
        .iter()
        .enumerate()
        .map(|(at, port)| format!("{}@127.0.0.1:{}", at + 1, port.controller))
        .collect();
    let BrokerPorts { clients, controller } = ports[at];
    let replicas = ports.len();
    let in_sync = if replicas == 1 { 1 } else { 2 };
    let mut text = format!(
        "process.roles=broker,controller
node.id={id}
controller.quorum.voters={}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
listeners=PLAINTEXT://127.0.0.1:{clients},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{clients}
inter.broker.listener.name=PLAINTEXT
log.dirs={}
",
        voters.join(","),
        data.display()
    );
    let shared = format!(
        "auto.create.topics.enable=true
num.partitions=1
default.replication.factor={replicas}
min.insync.replicas={in_sync}
offsets.topic.replication.factor={replicas}
offsets.topic.num.partitions=4
transaction.state.log.replication.factor={replicas}
transaction.state.log.min.isr={in_sync}
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
log.retention.ms=-1
log.cleaner.dedupe.buffer.size=8388608
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=4000
controlled.shutdown.enable=true
num.network.threads=2
num.io.threads=4
background.threads=2
"
    );
    // Of a setting that stands twice the last counts; but a reader of the file should see one.
    for line in shared.lines() {
        let name = line.split('=').next().unwrap_or(line);
        if !own.iter().any(|(own, _)| own == name) {
            text.push_str(line);
            text.push('\n');
        }
    }
    for (name, value) in own {
        writeln!(text, "{name}={value}").expect("a string takes what is written to it");
    }
    Ok(text)
}

/// The arguments of `java` that run `main` with its settings.
pub(super) fn java_arguments(
    folder: &Path,
    jars: &Jars,
    heap: &str,
    main: &str,
    settings: &Path,
) -> Vec<OsString> {
    let mut logging = OsString::from("-Dlog4j.configuration=file:");
    logging.push(folder.join("log4j.properties"));
    let mut arguments: Vec<OsString> = JVM.iter().map(OsString::from).collect();
    arguments.extend([heap.into(), logging, "-cp".into(), jars.class_path(), main.into(), settings.into()]);
    arguments
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(Error::io(format!("writing {}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_of_the_caller_replaces_ours() {
        let folder = tempfile::tempdir().unwrap();
        let ports = [
            BrokerPorts { clients: 1, controller: 2 },
            BrokerPorts { clients: 3, controller: 4 },
            BrokerPorts { clients: 5, controller: 6 },
        ];
        let own = [("num.partitions".to_owned(), "7".to_owned()), ("x".to_owned(), "y".to_owned())];
        let text = broker_settings(folder.path(), 1, &ports, &own).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for expected in ["node.id=2", "num.partitions=7", "x=y", "min.insync.replicas=2"] {
            assert_eq!(lines.iter().filter(|line| **line == expected).count(), 1, "{expected} in {text}");
        }
        assert!(lines.contains(&"controller.quorum.voters=1@127.0.0.1:2,2@127.0.0.1:4,3@127.0.0.1:6"));
        assert!(!lines.contains(&"num.partitions=1"));
        assert!(folder.path().join("broker-2/meta.properties").is_file());
    }
}
