//! What an operator sees and may do while engines fail over: over HTTP, and in the log.

use std::thread;
use std::time::{Duration, Instant};

use tidegate_failover_tests::group::active;
use tidegate_failover_tests::{Group, Tail, readings, write};
use tidegate_harness::{PATIENCE, request};

use crate::cluster;

/// Engine time and values of the attributes are those of the records; names are those of design.md 7.
#[test]
fn roles_are_shown_over_http_and_nothing_may_be_injected() {
    let (cluster, folder) = (cluster(), tempfile::tempdir().unwrap());
    let group = Group::new(&cluster, "shown", "transactions", folder.path()).unwrap();
    write(cluster.bootstrap(), &group.input, &readings(0, 40)).unwrap();
    let a = group.empty("A").unwrap();
    let sums = Tail::start(cluster.bootstrap(), &group.sums).unwrap();
    sums.wait_for(39, PATIENCE).map_err(|error| a.with_log(&error)).unwrap();
    let b = group.empty("B").unwrap();
    assert_eq!(active(&[&a, &b]).unwrap(), 0);
    let all_is_written = |answer: &tidegate_harness::Answer| {
        answer.body.matches(" gate=\"0\"").count() == 2 && answer.body.contains(":39:0:0\"")
    };
    for (member, role, primary) in [(&a, "active", "true"), (&b, "standby", "false")] {
        let shown =
            member.engine.wait_for_answer("server?config=true", PATIENCE, all_is_written).unwrap().body;
        assert_eq!(shown.matches(&format!(" role=\"{role}\"")).count(), 2, "{shown}");
        for text in [
            format!("primary-server=\"{primary}\""),
            " group=\"shown\"".to_owned(),
            " lag=\"0\"".to_owned(),
            " in-sync=\"true\"".to_owned(),
            " lease-ms=\"".to_owned(),
        ] {
            assert!(shown.contains(&text), "{text} in {shown}");
        }
        let address = format!("http://{}/metrics", member.address());
        let metrics = request("GET", &address, "").unwrap();
        assert_eq!(metrics.status, 200);
        let lines: Vec<&str> = metrics.body.lines().filter(|line| line.contains("shown")).collect();
        for name in ["role", "lag", "in_sync", "gate", "lease"] {
            assert!(lines.iter().any(|line| line.contains(name)), "{name} in {lines:#?}");
        }
    }
    for member in [&a, &b] {
        let path = "windows/failover/readings/Readings/state?value=injected";
        let events = "<events><event><opcode>insert</opcode></event></events>";
        let refused = member.engine.request("PUT", path, events).unwrap();
        assert_eq!(refused.status, 409, "{refused:?}");
        assert_eq!(member.count_lines("panicked"), 0);
    }
}

/// Brokers and ZooKeeper away at once: for 60 s with `TIDEGATE_STORY=long`, else for 8 s.
#[test]
fn an_outage_of_everything_is_said_once_and_ends_by_itself() {
    let cluster = cluster();
    let folder = tempfile::tempdir().unwrap();
    let long = std::env::var("TIDEGATE_STORY").is_ok_and(|size| size == "long");
    let length = Duration::from_secs(if long { 60 } else { 8 });
    let group = Group::new(&cluster, "outage", "transactions", folder.path()).unwrap();
    write(cluster.bootstrap(), &group.input, &readings(0, 40)).unwrap();
    let members = [group.empty("A").unwrap(), group.empty("B").unwrap()];
    active(&[&members[0], &members[1]]).unwrap();
    let sums = Tail::start(cluster.bootstrap(), &group.sums).unwrap();
    sums.wait_for(39, PATIENCE).unwrap();
    let before = members.each_ref().map(|member| member.engine.lines().len());
    thread::scope(|scope| {
        // At once: one after the other, the last broker may be found to answer again.
        for server in cluster.brokers().iter().chain([cluster.zookeeper_server()]) {
            scope.spawn(|| server.kill().unwrap());
        }
    });
    let start = Instant::now();
    while start.elapsed() < length {
        for member in &members {
            assert!(member.engine.runs().unwrap());
        }
        thread::sleep(Duration::from_millis(200));
    }
    cluster.bring_back().unwrap();
    cluster.wait_in_sync(&group.input).unwrap();
    write(cluster.bootstrap(), &group.input, &readings(40, 10)).unwrap();
    sums.wait_for(49, PATIENCE).map_err(|error| members[0].with_log(&error)).unwrap();
    active(&[&members[0], &members[1]]).unwrap();
    for (member, before) in members.iter().zip(before) {
        let lines = member.engine.lines();
        let since = &lines[before..];
        for connector in ["in", "statistics", "sums"] {
            let name = format!("connector = {connector},");
            let said =
                since.iter().filter(|line| line.contains("Connectors0095") && line.contains(&name)).count();
            assert!(said <= 2, "{connector}: {since:#?}");
        }
        let unreachable = since.iter().filter(|line| line.contains("Tidegate0036")).count();
        assert!(unreachable <= 1, "{since:#?}");
        assert!(since.iter().all(|line| !line.contains("new state: failed")), "{since:#?}");
    }
}
