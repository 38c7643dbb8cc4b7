//! What must be counted, waited for or refused.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tidegate_failover_tests::group::model;
use tidegate_failover_tests::{Group, Outcome, Tail, readings, write};
use tidegate_harness::{Cluster, PATIENCE, Proxy};

use crate::cluster;

/// The model with the first `from` of its text replaced.
fn changed(folder: &Path, from: &str, to: &str) -> std::path::PathBuf {
    let text = fs::read_to_string(model()).expect("the model can be read");
    assert!(text.contains(from), "{from} is not in the model");
    let file = folder.join("changed.xml");
    fs::write(&file, text.replacen(from, to, 1)).expect("the folder can be written to");
    file
}

fn follow(cluster: &Cluster, group: &Group) -> Outcome<Tail> {
    Tail::start(cluster.bootstrap(), &group.sums)
}

#[test]
fn an_undecodable_record_is_passed_over_alike_everywhere() {
    let (cluster, folder) = (cluster(), tempfile::tempdir().unwrap());
    let group = Group::new(&cluster, "undecodable", "transactions", folder.path()).unwrap();
    let mut records = readings(0, 4);
    records.insert(2, (records[2].0, b"no block at all".to_vec()));
    write(cluster.bootstrap(), &group.input, &records).unwrap();
    let (a, b) = (group.empty("A").unwrap(), group.empty("B").unwrap());
    let sums = follow(&cluster, &group).unwrap();
    sums.wait_for(4, PATIENCE).map_err(|error| a.with_log(&error)).unwrap();
    assert_eq!(sums.records(), 4);
    for member in [&a, &b] {
        member.wait_for_lag(0).unwrap();
        let said = member.bad_events();
        assert_eq!(said.len(), 1, "{said:?}");
        for word in [group.input.as_str(), "partition 0", "offset 2"] {
            assert!(said[0].contains(word), "{word}: {said:?}");
        }
        assert_eq!(said, a.bad_events());
    }
}

/// Each breaks one rule of design.md 7; the connector fails with one line that names the property.
#[test]
fn models_that_cannot_fail_over_are_refused_by_name() {
    let (cluster, folder) = (cluster(), tempfile::tempdir().unwrap());
    let group = Group::new(&cluster, "refused", "transactions", folder.path()).unwrap();
    let second = "<connector class=\"fs\" name=\"file\"><properties><property name=\"type\">pub</property>\
        <property name=\"fstype\">csv</property><property name=\"fsname\">x.csv</property></properties></connector>\n\
        <connector class=\"kafka\" name=\"in\">";
    let setting = |setting: &str| {
        format!("<property name=\"kafkaglobalconfig\">{setting}</property>\n<property name=\"snapshot\">")
    };
    let (acks, idempotence) = (setting("acks=1"), setting("enable.idempotence=false"));
    let cases = [
        ("two", "<connector class=\"kafka\" name=\"in\">", second, "exactly one publisher connector"),
        ("partitions", "\"kafkapartition\">0", "\"kafkapartition\">-1", "kafkapartition"),
        ("largest", "smallest", "largest", "kafkainitialoffset"),
        ("acks", "<property name=\"snapshot\">", &acks, "acks"),
        ("idempotence", "<property name=\"snapshot\">", &idempotence, "enable.idempotence"),
        ("once", "@EXACTLYONCE@", "sometimes", "exactlyonce"),
        ("group", "\"kafkainitialoffset\">smallest", "\"kafkaconsumergroupid\">g", "kafkaconsumergroupid"),
    ];
    for (name, from, to, named) in cases {
        let member = group.engine(name).unwrap();
        let loaded = member.load(&changed(folder.path(), from, to));
        if let Err(error) = loaded {
            assert!(error.to_string().contains(named), "{name}: {error}");
            continue;
        }
        member.put("running").unwrap();
        // Whether this is refused or the connector fails is not what is asked here.
        let _ = member.put("connectorsStarted");
        let failed =
            |connector: &str| format!("Connector {connector} in group default has new state: failed");
        let line = member.engine.wait_for_line("has new state: failed").unwrap();
        assert!(["statistics", "sums", "in"].iter().any(|c| line.contains(&failed(c))), "{line}");
        let lines = member.engine.lines();
        assert!(
            lines.iter().any(|line| line.contains("ERROR") && line.contains(named)),
            "{name}: {lines:#?}"
        );
        assert!(!member.is_active().unwrap(), "{name}");
    }
}

#[test]
fn an_engine_waits_for_zookeeper_and_for_brokers() {
    let (cluster, folder) = (cluster(), tempfile::tempdir().unwrap());
    let mut group = Group::new(&cluster, "waits", "transactions", folder.path()).unwrap();
    let proxy = Proxy::start(cluster.zookeeper()).unwrap();
    proxy.cut();
    group.zookeeper = proxy.address();
    write(cluster.bootstrap(), &group.input, &readings(0, 30)).unwrap();
    let member = group.empty("A").unwrap();
    let sums = follow(&cluster, &group).unwrap();
    member.wait_for_lag(0).unwrap();
    assert!(!member.is_active().unwrap());
    proxy.heal();
    sums.wait_for(29, PATIENCE).map_err(|error| member.with_log(&error)).unwrap();
    assert!(member.is_active().unwrap());
    for broker in cluster.brokers() {
        broker.pause().unwrap();
    }
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(5) {
        assert!(member.engine.runs().unwrap());
        std::thread::sleep(Duration::from_millis(200));
    }
    for broker in cluster.brokers() {
        broker.resume().unwrap();
    }
    write(cluster.bootstrap(), &group.input, &readings(30, 10)).unwrap();
    sums.wait_for(39, PATIENCE).map_err(|error| member.with_log(&error)).unwrap();
    assert_eq!(member.count_lines("new state: failed"), 0);
}

#[test]
fn a_snapshot_older_than_the_inputs_retention_is_refused() {
    let (cluster, folder) = (cluster(), tempfile::tempdir().unwrap());
    let group = Group::new(&cluster, "old", "transactions", folder.path()).unwrap();
    write(cluster.bootstrap(), &group.input, &readings(0, 50)).unwrap();
    let member = group.empty("A").unwrap();
    let sums = follow(&cluster, &group).unwrap();
    sums.wait_for(49, PATIENCE).map_err(|error| member.with_log(&error)).unwrap();
    let snapshot = group.snapshot("A");
    member.persist(&snapshot).unwrap();
    member.engine.terminate().unwrap();
    write(cluster.bootstrap(), &group.input, &readings(50, 50)).unwrap();
    delete_before(&cluster, folder.path(), &group.input, 80);
    let restored = group.restored("B", &snapshot).unwrap();
    let line = restored.engine.wait_for_line("stored offset 50 is before the earliest offset 80").unwrap();
    assert!(line.contains("ERROR"), "{line}");
    restored.engine.wait_for_line("Connector in in group default has new state: failed").unwrap();
    let line = |line: &&String| {
        line.contains("stored offset 50, earliest 80, latest 100")
            && line.contains("restored from a snapshot")
    };
    assert!(restored.engine.lines().iter().any(|l| line(&l)), "{:#?}", restored.engine.lines());
}

/// Deletes the records of partition 0 before `offset`, as retention does, with Kafka's own tool.
fn delete_before(cluster: &Cluster, folder: &Path, topic: &str, offset: i64) {
    let file = folder.join("delete.json");
    let partition = format!("{{\"topic\":\"{topic}\",\"partition\":0,\"offset\":{offset}}}");
    fs::write(&file, format!("{{\"version\":1,\"partitions\":[{partition}]}}"))
        .expect("the folder can be written to");
    let mut java = Command::new("java");
    java.arg("-cp").arg(cluster.jars().class_path()).arg("org.apache.kafka.tools.DeleteRecordsCommand");
    java.args(["--bootstrap-server", cluster.bootstrap(), "--offset-json-file"]).arg(&file);
    let output = java.output().expect("java was found when the cluster started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn an_input_topic_made_anew_is_an_error() {
    let (cluster, folder) = (cluster(), tempfile::tempdir().unwrap());
    let group = Group::new(&cluster, "anew", "transactions", folder.path()).unwrap();
    let records = readings(0, 50);
    write(cluster.bootstrap(), &group.input, &records).unwrap();
    let member = group.empty("A").unwrap();
    let sums = follow(&cluster, &group).unwrap();
    sums.wait_for(49, PATIENCE).map_err(|error| member.with_log(&error)).unwrap();
    member.engine.terminate().unwrap();
    cluster.delete_topic(&group.input).unwrap();
    cluster.create_topic(&group.input, 1, &[]).unwrap();
    // The same records: what tells is the end of the topic alone.
    write(cluster.bootstrap(), &group.input, &records[..20]).unwrap();
    let empty = group.empty("B").unwrap();
    let line = empty.engine.wait_for_line("was made anew").unwrap();
    assert!(line.contains("ERROR"), "{line}");
    assert!(!empty.is_active().unwrap());
    assert_eq!(sums.records(), 50);
}
