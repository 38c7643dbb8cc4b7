//! The harness itself: servers start, work, and come back after a kill.

use std::io::Write;
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tidegate_harness::{Cluster, KafkaClient, Options, PATIENCE, Proxy, shared, wait_until};

/// Runs one of Kafka's own tools with `input` and answers what it prints.
fn tool(cluster: &Cluster, main: &str, arguments: &[&str], input: &str) -> String {
    let mut java = Command::new("java");
    java.args(["-XX:TieredStopAtLevel=1", "-cp"]).arg(cluster.jars().class_path()).arg(main).args(arguments);
    java.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut tool = java.spawn().expect("java was found when the cluster started");
    let mut stdin = tool.stdin.take().expect("it has a pipe");
    stdin.write_all(input.as_bytes()).expect("the tool reads its input");
    drop(stdin);
    let output = tool.wait_with_output().expect("the tool ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{main}: {}\n{said}", output.status);
    String::from_utf8(output.stdout).expect("the tool prints text")
}

fn write(cluster: &Cluster, topic: &str, lines: &str) {
    let to = ["--bootstrap-server", cluster.bootstrap(), "--topic", topic, "--producer-property", "acks=all"];
    tool(cluster, "kafka.tools.ConsoleProducer", &to, lines);
}

fn read(cluster: &Cluster, topic: &str, count: usize) -> String {
    let (count, patience) = (count.to_string(), PATIENCE.as_millis().to_string());
    let from = ["--bootstrap-server", cluster.bootstrap(), "--topic", topic, "--from-beginning"];
    let until = ["--max-messages", &count, "--timeout-ms", &patience];
    tool(cluster, "org.apache.kafka.tools.consumer.ConsoleConsumer", &[from.as_slice(), &until].concat(), "")
}

/// What ZooKeeper says to a four-letter word; an error when it cannot be reached or is silent.
fn ask_zookeeper(address: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_millis(200)))?;
    stream.write_all(b"ruok")?;
    std::io::read_to_string(stream)
}

#[test]
fn three_brokers_keep_a_topic_over_the_kill_of_its_leader() {
    let start = Instant::now();
    let cluster = Cluster::start(&Options { brokers: 3, ..Options::default() }).unwrap();
    println!("3 brokers and ZooKeeper ready after {:.2} s", start.elapsed().as_secs_f64());
    cluster.create_topic("t", 1, &[("message.timestamp.type", "LogAppendTime")]).unwrap();
    write(&cluster, "t", "one\ntwo\n");
    let leader = cluster.partition_leader("t").unwrap();
    let killed = cluster.broker(leader).unwrap();
    killed.kill().unwrap();
    assert_eq!(killed.pid(), None);
    let start = Instant::now();
    let follows = || Ok(Some(cluster.partition_leader("t")?).filter(|now| *now != leader));
    wait_until("another leader", PATIENCE, follows).unwrap();
    println!("another broker leads after {:.2} s", start.elapsed().as_secs_f64());
    write(&cluster, "t", "three\n");
    let start = Instant::now();
    killed.restart().unwrap();
    println!("a broker is back after {:.2} s", start.elapsed().as_secs_f64());
    cluster.wait_in_sync("t").unwrap();
    assert_eq!(read(&cluster, "t", 3), "one\ntwo\nthree\n");
    let (names, pids) =
        (cluster.bootstrap().split(',').count(), cluster.brokers().iter().filter_map(|b| b.pid()));
    assert_eq!((names, pids.count()), (3, 3));
    cluster.delete_topic("t").unwrap();
    let folder = cluster.folder().to_owned();
    let start = Instant::now();
    cluster.stop().unwrap();
    println!("stopped after {:.2} s", start.elapsed().as_secs_f64());
    assert!(!folder.exists());
}

#[test]
fn zookeeper_pauses_restarts_and_is_cut_off() {
    let cluster = Cluster::start(&Options::default()).unwrap();
    let zookeeper = cluster.zookeeper_server();
    let proxy = Proxy::start(cluster.zookeeper()).unwrap();
    let well = |address: &str| ask_zookeeper(address).is_ok_and(|answer| answer == "imok");
    assert!(well(cluster.zookeeper()) && well(&proxy.address()));
    for cut in [Proxy::cut_silently, Proxy::cut] {
        cut(&proxy);
        assert!(well(cluster.zookeeper()) && !well(&proxy.address()));
        proxy.heal();
        assert!(well(&proxy.address()));
    }
    zookeeper.pause().unwrap();
    assert!(!well(cluster.zookeeper()));
    zookeeper.resume().unwrap();
    wait_until("ZooKeeper to go on", PATIENCE, || Ok(well(cluster.zookeeper()).then_some(()))).unwrap();
    let address = cluster.zookeeper().to_owned();
    zookeeper.restart().unwrap();
    assert!(address == cluster.zookeeper() && well(&address));
}

/// Tests of one run share servers, and a thread that ends does not take them along.
#[test]
fn the_shared_cluster_outlives_the_test_that_started_it() {
    let first = std::thread::spawn(shared).join().unwrap().unwrap();
    let second = shared().unwrap();
    assert_eq!(first, second);
    let client = KafkaClient::new(&second.bootstrap);
    assert!(!client.brokers().unwrap().is_empty());
    assert_eq!(client.partitions("harness-no-such-topic").unwrap(), None);
    let twice = format!("harness-twice-{}", std::process::id());
    client.create_topic(&twice, 2, 1, &[]).unwrap();
    let error = client.create_topic(&twice, 2, 1, &[]).unwrap_err();
    assert!(error.to_string().contains("already exists"), "{error}");
    assert!(client.topics().unwrap().contains(&twice));
    client.delete_topic(&twice).unwrap();
}

#[test]
fn two_brokers_are_refused() {
    let error = Cluster::start(&Options { brokers: 2, ..Options::default() }).err().unwrap();
    assert_eq!(error.to_string(), "a cluster has 1 or 3 brokers, not 2");
}
