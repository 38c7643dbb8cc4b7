//! Class `kafka` in whole projects against a real broker.
#![cfg(feature = "kafka")]
#![expect(clippy::unwrap_used, reason = "a test stops at what it cannot do")]

mod support;

use support::{Topic, host, model, running, wait};

const SOURCE: &str = "id*:int64,name:string";

/// What goes in, and what comes out, of a project that copies one topic to another.
fn copy(
    test: &str,
    properties_in: &str,
    properties_out: &str,
    records: &[&[u8]],
    count: usize,
) -> Vec<Vec<u8>> {
    let (from, to) = (Topic::new(&format!("{test}-in")), Topic::new(&format!("{test}-out")));
    from.create();
    to.create();
    from.write(records);
    let (host, _folder) = host();
    let model = model(test, SOURCE, &from.properties(properties_in), &to.properties(properties_out));
    let project = host.load(&model, &Default::default()).unwrap();
    let found = to.read(count);
    running(&project);
    host.shutdown();
    found
}

const CSV_IN: &str = "<property name='kafkatype'>csv</property>";
const CSV_OUT: &str = "<property name='kafkatype'>CSV</property>";

#[test]
fn csv_comes_in_and_goes_out_one_record_per_event() {
    let records: [&[u8]; 2] = [b"i,n,1,one\ni,n,2,\"two, three\"\n", b"u,n,1,uno"];
    let found = copy("csv", CSV_IN, CSV_OUT, &records, 4);
    let lines: Vec<String> = found.into_iter().map(|line| String::from_utf8(line).unwrap()).collect();
    let expected = ["I,N, 1,one\n", "I,N, 2,\"two, three\"\n", "UB,N, 1,uno\n", "D,N, 1,one\n"];
    assert_eq!(lines, expected);
}

#[test]
fn json_comes_in_and_goes_out_as_arrays() {
    let records: [&[u8]; 2] =
        [br#"[{"id":1,"name":"one"},{"id":2,"name":"two"}]"#, br#"{"id":3,"name":"three"}"#];
    let json = "<property name='kafkatype'>json</property>";
    let found = copy("json", json, json, &records, 2);
    let texts: Vec<String> = found.into_iter().map(|text| String::from_utf8(text).unwrap()).collect();
    let expected = [
        r#"[{"opcode": "i", "id": 1, "name": "one"}, {"opcode": "i", "id": 2, "name": "two"}]"#,
        r#"[{"opcode": "i", "id": 3, "name": "three"}]"#,
    ];
    assert_eq!(texts, expected);
}

#[test]
fn a_field_is_written_alone() {
    let found = copy("field", CSV_IN, "<property name='kafkatype'>name</property>", &[b"i,n,1,one"], 1);
    assert_eq!(found, [b"one"]);
}

#[test]
fn binary_blocks_go_through_two_projects() {
    let (from, middle, to) = (Topic::new("bin-in"), Topic::new("bin-middle"), Topic::new("bin-out"));
    let topics = [&from, &middle, &to];
    topics.iter().for_each(|topic| topic.create());
    from.write(&[b"i,n,1,one\ni,n,2,two"]);
    let (host, _folder) = host();
    let binary = "<property name='kafkatype'>binary</property>";
    let first = model("bin1", SOURCE, &from.properties(CSV_IN), &middle.properties(binary));
    let second = model("bin2", SOURCE, &middle.properties(binary), &to.properties(CSV_OUT));
    host.load(&first, &Default::default()).unwrap();
    host.load(&second, &Default::default()).unwrap();
    assert_eq!(to.read(2), [b"I,N, 1,one\n", b"I,N, 2,two\n"]);
    host.shutdown();
}

#[test]
fn a_record_that_is_no_event_is_written_down_and_passed_over() {
    let (from, to) = (Topic::new("bad-in"), Topic::new("bad-out"));
    from.create();
    to.create();
    from.write(&[b"i,n,1,one", b"i,n,x,none\ni,n,7,seven", b"i,n,2,two"]);
    let (host, folder) = host();
    let model = model("bad", SOURCE, &from.properties(CSV_IN), &to.properties(CSV_OUT));
    let project = host.load(&model, &Default::default()).unwrap();
    assert_eq!(to.read(2), [b"I,N, 1,one\n", b"I,N, 2,two\n"]);
    running(&project);
    host.shutdown();
    let bad = std::fs::read_to_string(folder.path().join("bad")).unwrap();
    assert!(bad.contains("topic bad-in partition 0 offset 1"), "{bad}");
    assert_eq!(bad.lines().count(), 1, "{bad}");
}

#[test]
fn a_restart_goes_on_where_it_ended_and_a_restored_project_too() {
    let (from, to) = (Topic::new("again-in"), Topic::new("again-out"));
    from.create();
    to.create();
    from.write(&[b"i,n,1,one"]);
    let (host, folder) = host();
    let model = model("again", SOURCE, &from.properties(CSV_IN), &to.properties(CSV_OUT));
    let project = host.load(&model, &Default::default()).unwrap();
    assert_eq!(to.read(1), [b"I,N, 1,one\n"]);
    project.stop().unwrap();
    from.write(&[b"i,n,2,two"]);
    project.start().unwrap();
    project.start_connectors().unwrap();
    assert_eq!(to.read(2)[1], b"I,N, 2,two\n");
    project.stop().unwrap();
    let saved = folder.path().join("saved");
    project.persist(saved.to_str().unwrap()).unwrap();
    host.delete("again").unwrap();
    from.write(&[b"i,n,3,three"]);
    let options = tidegate_host::LoadOptions { start: false, ..Default::default() };
    let project = host.load(&model, &options).unwrap();
    project.restore(saved.to_str().unwrap()).unwrap();
    project.start().unwrap();
    project.start_connectors().unwrap();
    assert_eq!(to.read(3)[2], b"I,N, 3,three\n");
    host.shutdown();
}

#[test]
fn a_topic_that_was_created_anew_is_refused_with_both_offsets() {
    let (from, to) = (Topic::new("anew-in"), Topic::new("anew-out"));
    from.create();
    to.create();
    from.write(&[b"i,n,1,one", b"i,n,2,two"]);
    let (host, _folder) = host();
    let model = model("anew", SOURCE, &from.properties(CSV_IN), &to.properties(CSV_OUT));
    let project = host.load(&model, &Default::default()).unwrap();
    assert_eq!(to.read(2).len(), 2);
    project.stop().unwrap();
    from.delete();
    from.create();
    project.start().unwrap();
    project.start_connectors().unwrap();
    wait("the publisher fails", || project.connectors().iter().any(|connector| connector.error.is_some()));
    let error = project.connectors().iter().find_map(|connector| connector.error.clone()).unwrap();
    assert!(error.contains("stored offset 2 is beyond the latest offset 0"), "{error}");
    host.shutdown();
}

#[test]
fn missing_topics_are_created() {
    let (from, to) = (Topic::new("missing-in"), Topic::new("missing-out"));
    let (host, _folder) = host();
    let model = model("missing", SOURCE, &from.properties(CSV_IN), &to.properties(CSV_OUT));
    let project = host.load(&model, &Default::default()).unwrap();
    wait("the topic is there", || from.exists());
    from.write(&[b"i,n,1,one"]);
    assert_eq!(to.read(1), [b"I,N, 1,one\n"]);
    running(&project);
    host.shutdown();
}

#[test]
fn copies_of_another_engines_output_are_left_out() {
    let (from, to) = (Topic::new("copies-in"), Topic::new("copies-out"));
    from.create();
    to.create();
    let id = |input| format!("0123456789abcdef:{input}:0:0");
    for (input, line) in
        [(4, "i,n,1,one"), (5, "i,n,2,two"), (4, "i,n,1,one"), (5, "i,n,2,two"), (6, "i,n,3,three")]
    {
        from.write_tagged(line.as_bytes(), &id(input));
    }
    let (host, _folder) = host();
    let model = model("copies", SOURCE, &from.properties(CSV_IN), &to.properties(CSV_OUT));
    host.load(&model, &Default::default()).unwrap();
    assert_eq!(to.read(3), [&b"I,N, 1,one\n"[..], b"I,N, 2,two\n", b"I,N, 3,three\n"]);
    host.shutdown();
}

#[test]
fn wrong_properties_are_refused_by_name() {
    let (host, _folder) = host();
    for (name, value) in [("kafkatype", "avro"), ("kafkainitialoffset", "soon"), ("protofile", "p")] {
        let topic = Topic::new("refused-in");
        let property = format!("<property name='{name}'>{value}</property>");
        let properties = if name == "kafkatype" { property } else { CSV_IN.to_owned() + &property };
        let model = model("refused", SOURCE, &topic.properties(&properties), &topic.properties(CSV_OUT));
        let project = host.load(&model, &Default::default()).unwrap();
        let error =
            project.connectors().iter().find_map(|connector| connector.error.clone()).unwrap_or_default();
        assert!(error.contains(name) && error.contains(value), "{name}: {error}");
        host.delete("refused").unwrap();
    }
}

const GROUP_IN: &str = "<property name='kafkatype'>csv</property><property name='kafkapartition'>0</property>\
                        <property name='kafkaconsumergroupid'>readers</property>";

#[test]
fn a_member_of_a_group_goes_on_where_the_group_stands() {
    let (from, to) = (Topic::new("group-in"), Topic::new("group-out"));
    from.create();
    to.create();
    from.write(&[b"i,n,1,one", b"i,n,2,two"]);
    let (host, _folder) = host();
    let model = model("group", SOURCE, &from.properties(GROUP_IN), &to.properties(CSV_OUT));
    host.load(&model, &Default::default()).unwrap();
    assert_eq!(to.read(2), [b"I,N, 1,one\n", b"I,N, 2,two\n"]);
    host.delete("group").unwrap();
    from.write(&[b"i,n,3,three"]);
    let project = host.load(&model, &Default::default()).unwrap();
    assert_eq!(to.read(3)[2], b"I,N, 3,three\n");
    running(&project);
    host.shutdown();
}

#[test]
fn members_of_a_group_share_the_partitions_and_take_over_those_of_one_that_leaves() {
    let from = Topic::new("shared-in");
    from.create_with(2);
    let outputs = [Topic::new("shared-out1"), Topic::new("shared-out2")];
    let (host, _folder) = host();
    for (number, to) in outputs.iter().enumerate() {
        to.create();
        let name = format!("shared{number}");
        let model = model(&name, SOURCE, &from.properties(GROUP_IN), &to.properties(CSV_OUT));
        host.load(&model, &Default::default()).unwrap();
    }
    // Until both have their partition, one may have both.
    let mut id = 0;
    let mut write = |partition: i32| {
        id += 1;
        from.write_to(partition, format!("i,n,{id},p{partition}").as_bytes());
    };
    wait("each member has a partition", || {
        (0..2).for_each(&mut write);
        outputs.iter().all(|to| !to.read_all().is_empty())
    });
    host.delete("shared1").unwrap();
    (0..2).for_each(&mut write);
    wait("everything has come out", || {
        outputs.iter().map(|to| to.read_all().len()).sum::<usize>() >= id as usize
    });
    let mut found: Vec<Vec<u8>> = outputs.iter().flat_map(Topic::read_all).collect();
    let total = found.len();
    found.sort();
    found.dedup();
    assert_eq!(found.len(), total, "nothing twice while members come and go in order");
    host.shutdown();
}

#[test]
fn the_key_of_a_record_becomes_the_key_of_its_events() {
    let (from, to) = (Topic::new("keyed-in"), Topic::new("keyed-out"));
    from.create();
    to.create();
    from.write_keyed(b"7", br#"{"name":"seven"}"#);
    from.write(&[br#"{"id":8,"name":"a record without a key"}"#]);
    from.write_keyed(b"nine", br#"{"name":"no number"}"#);
    from.write_keyed(b"10", br#"{"id":1,"name":"ten"}"#);
    let (host, folder) = host();
    let properties =
        "<property name='kafkatype'>json</property><property name='keyfromkafkakey'>true</property>";
    let model = model("keyed", SOURCE, &from.properties(properties), &to.properties(CSV_OUT));
    let project = host.load(&model, &Default::default()).unwrap();
    assert_eq!(to.read(2), [b"I,N, 7,seven\n".as_slice(), b"I,N, 10,ten\n"]);
    running(&project);
    host.shutdown();
    let bad = std::fs::read_to_string(folder.path().join("bad")).unwrap();
    for reason in ["offset 1: expected a key, found", "offset 2: expected a key of type int64 for 'id'"] {
        assert!(bad.contains(reason), "{reason}: {bad}");
    }
}
