//! Failover with output as text: the ids stand in the header `tidegate-id` alone (spec/README.md, ruling 8).

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use tidegate_failover_tests::group::{active, model};
use tidegate_failover_tests::{Difference, Dump, Group, Isolation, Member, Tail, dropping, write};
use tidegate_harness::PATIENCE;

use crate::cluster;

/// The model with csv coming in, csv as statistics and json as sums.
fn in_text(folder: &Path) -> PathBuf {
    let mut text = fs::read_to_string(model()).expect("the model can be read");
    let binary = |ty: &str| format!("<property name=\"kafkatype\">{ty}</property>");
    for ty in ["csv", "csv", "json"] {
        assert!(text.contains(&binary("binary")));
        text = text.replacen(&binary("binary"), &binary(ty), 1);
    }
    let file = folder.join("text.xml");
    fs::write(&file, text).expect("the folder can be written to");
    file
}

/// Readings `first..last` of three sensors as lines, a second apart from an hour ago on; their counters count them.
fn lines(first: i64, last: i64) -> Vec<(i64, Vec<u8>)> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock stands after 1970");
    let began =
        i64::try_from(now.as_millis()).expect("the clock stands before the year 292277026") - 3_600_000;
    let line = |i: i64| format!("i,n,{i},s{},{i},{i}.5,0\n", i % 3).into_bytes();
    (first..last).map(|i| (began + i * 1000, line(i))).collect()
}

#[test]
fn csv_and_json_fail_over_too() {
    let (cluster, folder) = (cluster(), tempfile::tempdir().unwrap());
    let model = in_text(folder.path());
    let started = |group: &Group, name: &str| -> Member {
        let member = group.engine(name).unwrap();
        member.load(&model).unwrap();
        member.put("running").unwrap();
        member.put("connectorsStarted").unwrap();
        member
    };
    for mode in ["transactions", "ids"] {
        let group = Group::new(&cluster, &format!("text-{mode}"), mode, folder.path()).unwrap();
        let mut members = vec![started(&group, "A"), started(&group, "B")];
        write(cluster.bootstrap(), &group.input, &lines(0, 60)).unwrap();
        let sums = Tail::start(cluster.bootstrap(), &group.sums).unwrap();
        sums.wait_for(59, PATIENCE).map_err(|error| members[0].with_log(&error)).unwrap();
        for connector in ["statistics", "sums"] {
            let said = format!("connector {connector} of failover/readings/");
            let told = members[0].engine.lines();
            let told = told.iter().filter(|line| line.contains(&said) && line.contains("tidegate-id"));
            assert_eq!(told.filter(|line| line.contains("INFO")).count(), 1, "{connector}");
        }
        members.remove(active(&[&members[0], &members[1]]).unwrap()).engine.kill().unwrap();
        write(cluster.bootstrap(), &group.input, &lines(60, 120)).unwrap();
        sums.wait_for(119, PATIENCE).map_err(|error| members[0].with_log(&error)).unwrap();

        let alone = group.undisturbed(&cluster, &format!("text-{mode}-alone")).unwrap();
        let _engine = started(&alone, "C");
        Tail::start(cluster.bootstrap(), &alone.sums).unwrap().wait_for(119, PATIENCE).unwrap();
        let topics = [&group.statistics, &group.sums, &alone.statistics, &alone.sums].map(String::as_str);
        let dumps = Dump::read(&cluster, topics, Isolation::Committed, folder.path()).unwrap();
        let [statistics, sums, statistics_alone, sums_alone] = dumps.map(|dump| dump.records().unwrap());
        let (statistics, sums) = (dropping(statistics), dropping(sums));
        assert_eq!(Difference::between(&statistics, &statistics_alone), Difference::default());
        assert_eq!(Difference::between(&sums, &sums_alone), Difference::default());
        // The sum of the counters 100 to 119, and what it replaced, in the last record.
        let last = sums.last().and_then(|record| record.value.clone()).unwrap();
        for number in ["2190", "2170"] {
            assert!(last.starts_with("[{") && last.contains(number), "{last}");
        }
        assert!(!statistics.is_empty());
    }
}
