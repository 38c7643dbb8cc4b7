//! ZooKeeper and Kafka brokers on loopback ports.

mod configuration;
mod janitor;
mod shared;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use crate::{Error, Jars, KafkaClient, PATIENCE, Server, fetch, free_port, wait_until};
use configuration::{BrokerPorts, broker_settings, java_arguments, write_logging, write_zookeeper};
use janitor::Janitor;
pub use shared::{Addresses, shared};

/// How often other ports are tried when one was taken meanwhile.
const ATTEMPTS: usize = 4;

/// What a cluster is made of.
#[derive(Debug, Clone)]
pub struct Options {
    /// Kafka brokers: 1 or 3.
    pub brokers: usize,
    /// Settings of every broker that replace or join those of the harness.
    pub settings: Vec<(String, String)>,
}

impl Default for Options {
    fn default() -> Self {
        Self { brokers: 1, settings: Vec::new() }
    }
}

/// A running ZooKeeper and one or three brokers, with a folder of their own; all gone when dropped.
///
/// Brokers make topics that are asked for (one partition, as many replicas as there are brokers, two of three in sync).
pub struct Cluster {
    zookeeper: Server,
    brokers: Vec<Server>,
    bootstrap: String,
    jars: Jars,
    janitor: Janitor,
    // Last: the folder goes when nothing writes to it any more.
    folder: TempDir,
}

impl Cluster {
    /// Starts all servers together and waits until each is ready and every broker knows all others.
    ///
    /// # Errors
    /// [`Error::Missing`] without Java or Maven; a server that ends or is not ready in time.
    pub fn start(options: &Options) -> Result<Self, Error> {
        if options.brokers != 1 && options.brokers != 3 {
            return Err(Error::Usage(format!("a cluster has 1 or 3 brokers, not {}", options.brokers)));
        }
        let jars = fetch()?;
        let mut attempt = 1;
        loop {
            match Self::start_once(options, &jars) {
                Err(Error::Ended { log, .. }) if attempt < ATTEMPTS && in_use(&log) => attempt += 1,
                outcome => return outcome,
            }
        }
    }

    fn start_once(options: &Options, jars: &Jars) -> Result<Self, Error> {
        let folder = tempfile::Builder::new().prefix("tidegate-servers-").tempdir();
        let folder = folder.map_err(Error::io("creating a temporary folder"))?;
        let janitor = Janitor::hire(folder.path())?;
        write_logging(folder.path())?;
        let zookeeper = zookeeper(folder.path(), jars)?;
        let ports: Vec<BrokerPorts> = (0..options.brokers)
            .map(|_| BrokerPorts { clients: free_port(), controller: free_port() })
            .collect();
        let brokers: Result<Vec<Server>, Error> =
            (0..options.brokers).map(|at| broker(folder.path(), jars, at, &ports, options)).collect();
        let bootstrap: Vec<String> = ports.iter().map(|port| format!("127.0.0.1:{}", port.clients)).collect();
        let bootstrap = bootstrap.join(",");
        let cluster = Self { zookeeper, brokers: brokers?, bootstrap, jars: jars.clone(), janitor, folder };
        for server in cluster.servers() {
            server.start()?;
        }
        for server in cluster.servers() {
            server.wait_until_ready()?;
        }
        Ok(cluster)
    }

    /// Kafka's bootstrap servers, `host:port` separated by commas.
    #[must_use]
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// ZooKeeper's `host:port`.
    #[must_use]
    pub fn zookeeper(&self) -> &str {
        self.zookeeper.address()
    }

    /// What the programs under test connect to.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        Addresses { bootstrap: self.bootstrap.clone(), zookeeper: self.zookeeper().to_owned() }
    }

    /// The broker with an id, counted from 1.
    ///
    /// # Errors
    /// [`Error::Usage`]: there is no such broker.
    pub fn broker(&self, id: i32) -> Result<&Server, Error> {
        let at = usize::try_from(id).ok().and_then(|id| id.checked_sub(1));
        at.and_then(|at| self.brokers.get(at)).ok_or_else(|| Error::Usage(format!("there is no broker {id}")))
    }

    /// All brokers, by id.
    #[must_use]
    pub fn brokers(&self) -> &[Server] {
        &self.brokers
    }

    /// The ZooKeeper server.
    #[must_use]
    pub fn zookeeper_server(&self) -> &Server {
        &self.zookeeper
    }

    /// The id of the broker that leads partition 0 of `topic`; waits for one.
    ///
    /// # Errors
    /// There is no such topic, or no leader in time.
    pub fn partition_leader(&self, topic: &str) -> Result<i32, Error> {
        wait_until(&format!("a leader of {topic}"), PATIENCE, || {
            let partitions = self.ask(|client| client.partitions(topic))?;
            let first = partitions.as_ref().and_then(|partitions| partitions.first());
            Ok(first.and_then(|partition| partition.leader))
        })
    }

    /// Makes a topic with a replica on each broker and waits until all partitions are led and in sync everywhere.
    ///
    /// # Errors
    /// The topic exists, a setting is wrong, or it is not ready in time.
    pub fn create_topic(&self, topic: &str, partitions: i32, settings: &[(&str, &str)]) -> Result<(), Error> {
        let replicas = i16::try_from(self.brokers.len()).expect("there are at most three brokers");
        self.ask(|client| client.create_topic(topic, partitions, replicas, settings))?;
        wait_until(&format!("{topic} to be in sync"), PATIENCE, || self.in_sync(topic))
    }

    /// Deletes a topic and waits until no broker knows it any more.
    ///
    /// # Errors
    /// There is no such topic, or it does not go in time.
    pub fn delete_topic(&self, topic: &str) -> Result<(), Error> {
        self.ask(|client| client.delete_topic(topic))?;
        wait_until(&format!("{topic} to be gone"), PATIENCE, || {
            for broker in self.running() {
                if KafkaClient::new(broker.address()).partitions(topic)?.is_some() {
                    return Ok(None);
                }
            }
            Ok(Some(()))
        })
    }

    /// Waits until all brokers that run hold every partition of `topic` in sync, for instance after a restart.
    ///
    /// # Errors
    /// Not in time.
    pub fn wait_in_sync(&self, topic: &str) -> Result<(), Error> {
        wait_until(&format!("{topic} to be in sync"), PATIENCE, || self.in_sync(topic))
    }

    /// Resumes what was paused and starts what is down, all at once: a broker is ready only when a majority of them is.
    ///
    /// # Errors
    /// One is not ready in time.
    pub fn bring_back(&self) -> Result<(), Error> {
        for server in self.servers() {
            match server.pid() {
                Some(_) => server.resume()?,
                None => server.start()?,
            }
        }
        self.servers().try_for_each(Server::wait_until_ready)
    }

    /// The jars, for Kafka's own tools.
    #[must_use]
    pub fn jars(&self) -> &Jars {
        &self.jars
    }

    /// The folder with the servers' settings, data and logs; gone with the cluster.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ends all servers in order.
    ///
    /// # Errors
    /// One does not end in time; it is killed.
    pub fn stop(self) -> Result<(), Error> {
        // A controller alone waits in vain for the others' votes: all are told before the first is waited for.
        for server in self.servers() {
            server.terminate()?;
        }
        for server in self.servers() {
            server.wait_for_end()?;
        }
        Ok(())
    }

    /// Every broker that runs says the same: each partition has a leader, and all replicas are in sync.
    fn in_sync(&self, topic: &str) -> Result<Option<()>, Error> {
        let running = self.running().count();
        for broker in self.running() {
            let partitions = KafkaClient::new(broker.address()).partitions(topic)?.unwrap_or_default();
            let whole =
                |p: &crate::Partition| p.leader.is_some() && p.in_sync.len() == running.min(p.replicas.len());
            if partitions.is_empty() || !partitions.iter().all(whole) {
                return Ok(None);
            }
        }
        Ok(Some(()))
    }

    /// Asks the brokers that run, one after the other, until one answers.
    fn ask<T>(&self, question: impl Fn(&KafkaClient) -> Result<T, Error>) -> Result<T, Error> {
        let mut last = Error::NotRunning { name: "every broker".to_owned() };
        for broker in self.running() {
            match question(&KafkaClient::new(broker.address())) {
                // A broker that is paused or going down says nothing of the question.
                Err(error @ Error::Io { .. }) => last = error,
                outcome => return outcome,
            }
        }
        Err(last)
    }

    fn running(&self) -> impl Iterator<Item = &Server> {
        self.brokers.iter().filter(|broker| broker.pid().is_some())
    }

    fn servers(&self) -> impl Iterator<Item = &Server> {
        std::iter::once(&self.zookeeper).chain(&self.brokers)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for server in std::iter::once(&self.zookeeper).chain(&self.brokers) {
            // One that cannot be killed dies with this process.
            let _ = server.kill();
        }
        self.janitor.dismiss();
    }
}

fn zookeeper(folder: &Path, jars: &Jars) -> Result<Server, Error> {
    let port = free_port();
    let settings = write_zookeeper(folder, port)?;
    let main = "org.apache.zookeeper.server.quorum.QuorumPeerMain";
    let arguments = java_arguments(folder, jars, "-Xmx128m", main, &settings);
    let address = format!("127.0.0.1:{port}");
    let ready = Box::new({
        let address = address.clone();
        move || is_ok(&address)
    });
    Ok(Server::new("zookeeper".to_owned(), address, folder.to_owned(), arguments, ready))
}

fn broker(
    folder: &Path,
    jars: &Jars,
    at: usize,
    ports: &[BrokerPorts],
    options: &Options,
) -> Result<Server, Error> {
    let name = format!("broker-{}", at + 1);
    let settings = folder.join(format!("{name}.properties"));
    let text = broker_settings(folder, at, ports, &options.settings)?;
    fs::write(&settings, text).map_err(Error::io(format!("writing {}", settings.display())))?;
    let arguments = java_arguments(folder, jars, "-Xmx384m", "kafka.Kafka", &settings);
    let address = format!("127.0.0.1:{}", ports[at].clients);
    let id = i32::try_from(at + 1).expect("there are at most three brokers");
    let ready = Box::new({
        let client = KafkaClient::new(&address);
        let all = options.brokers;
        // The first start waits for all; a restart may come while others are down.
        let once = std::sync::atomic::AtomicBool::new(false);
        move || {
            use std::sync::atomic::Ordering::Relaxed;
            let alive = client.brokers()?;
            let ready = alive.contains(&id) && (once.load(Relaxed) || alive.len() == all);
            once.fetch_or(ready, Relaxed);
            Ok(ready)
        }
    });
    Ok(Server::new(name, address, folder.to_owned(), arguments, ready))
}

/// ZooKeeper's four-letter question whether it is well.
fn is_ok(address: &str) -> Result<bool, Error> {
    let ask = || {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"ruok")?;
        let mut answer = String::new();
        stream.take(16).read_to_string(&mut answer)?;
        Ok(answer == "imok")
    };
    ask().map_err(Error::io(format!("asking {address}")))
}

/// Whether a server ended because another process took its port.
fn in_use(log: &str) -> bool {
    log.contains("Address already in use")
}
