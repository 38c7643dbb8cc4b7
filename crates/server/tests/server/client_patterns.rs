//! C1 to C14 of failover-and-server 5.5: the client in lines of real scripts, word for word but for hosts and ports.

use crate::script::{MODEL, Script};

fn server() -> Script {
    let script = Script::new();
    script.write("lijster.xml", &MODEL.replace("name=\"p\"", "name=\"lijster\""));
    script.start("dfesp_xml_server -http $HTTP -pubsub $PUBSUB -server $OTHER > log &", "log");
    script
}

#[track_caller]
fn check(script: &Script, line: &str, code: i32, expected: &str) {
    let (text, found) = script.run(line);
    assert_eq!((text.as_str(), found), (expected, code), "{line}");
}

const URL: &str = "http://localhost:$HTTP/SASESP";

#[test]
fn c1_to_c5_c7_load_stop_start_and_delete() {
    let script = server();
    check(&script, &format!("dfesp_xml_client -url \"{URL}/projects\""), 0, "<projects/>\n");
    // C3: an unquoted URL, and `file://` before an absolute path.
    let loaded = "<message>load project p succeeded</message>\n";
    check(
        &script,
        &format!(
            "url={URL}/projects/p; abs=$HOME/model.xml; dfesp_xml_client -url ${{url}} -put \"file://${{abs}}\""
        ),
        0,
        loaded,
    );
    // C4: relative, two blanks.
    let loaded = "<message>load project lijster succeeded</message>\n";
    check(
        &script,
        &format!("dfesp_xml_client -url \"{URL}/projects/lijster\" -put  \"file://lijster.xml\""),
        0,
        loaded,
    );
    let names = format!(
        "dfesp_xml_client -url \"{URL}/projects\" | grep \"project name\" | awk -F'\"' '{{print $2}}'"
    );
    check(&script, &names, 0, "p\nlijster\n");
    let (text, code) =
        script.run(&format!("dfesp_xml_client -url \"{URL}/projects/p/state?value=stopped\" -put"));
    assert_eq!(code, 0, "{text}");
    assert!(script.get("stoppedProjects").contains("name=\"p\""));
    // C5: what this release does not have is refused by name, and the client says so with its exit code.
    let (text, code) = script
        .run(&format!("dfesp_xml_client -url \"{URL}/projectResults?windows=w\" -post \"file://model.xml\""));
    assert!(code == 0 || (code == 2 && text.contains("projectResults")), "{code}: {text}");
    // C7: delete, whether it is there or not, then put.
    for expected in [0, 2] {
        assert_eq!(
            script.run(&format!("dfesp_xml_client -url \"{URL}/projects/lijster\" -delete")).1,
            expected
        );
    }
    check(
        &script,
        &format!("dfesp_xml_client -url \"{URL}/projects/lijster\" -put \"file://lijster.xml\""),
        0,
        loaded,
    );
}

#[test]
fn c6_a_blank_in_the_authority() {
    let script = server();
    let (text, code) =
        script.run("dfesp_xml_client -url \"http://localhost :$HTTP/SASESP/stoppedProjects/p\" -post");
    assert_eq!(code, 1);
    assert!(text.contains("URL '") && text.contains("blank in the host or port"), "{text}");
}

#[test]
fn c8_c9_events_from_a_file_and_filters() {
    let script = server();
    script.run(&format!("dfesp_xml_client -url {URL}/projects/p -put file://model.xml"));
    script.write(
        "input.xml",
        "<events><event><opcode>i</opcode><id key='true'>1</id><x>2.5</x></event></events>",
    );
    let inject = format!(
        "dfesp_xml_client -url \"{URL}/windows/p/cq/s/state?value=injected&eventUrl=file://$HOME/input.xml&quiesce=true\" -put"
    );
    let (text, code) = script.run(&inject);
    assert_eq!(code, 0, "{text}");
    let events = |kind: &str| {
        script.run(&format!("dfesp_xml_client -url \"{URL}/events?windowFilter=eq(type,'{kind}')\""))
    };
    let (text, code) = events("window-copy");
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("window=\"p/cq/w\"") && !text.contains("p/cq/s"), "{text}");
    assert_eq!(events("window-aggregate").0, "<events count=\"0\"/>\n");
    // The script that reads counts.
    let counts = format!(
        "dfesp_xml_client -url \"{URL}/windows?count=true\" | awk 'NR>1{{print $2,$4,$5}}' | head -n -1"
    );
    check(
        &script,
        &counts,
        0,
        "name=\"s\" project=\"p\" count=\"1\"/>\nname=\"w\" project=\"p\" count=\"1\"/>\n",
    );
}

#[test]
fn c10_to_c12_both_roots_and_states() {
    let script = server();
    // C10: an unknown generator is an error, over whichever scheme.
    let generator = "eventGenerators/G/state?value=started&events=1000000&blocksize=10&rate=100";
    assert_eq!(script.run(&format!("dfesp_xml_client -url \"{URL}/{generator}\" -put")).1, 2);
    // C11: both roots in one script.
    for root in ["SASESP", "eventStreamProcessing/v1"] {
        let load = format!(
            "dfesp_xml_client -url \"http://localhost:$HTTP/{root}/projects/p?overwrite=true&start=false\" -put \"file://model.xml\""
        );
        assert_eq!(script.run(&load).1, 0);
    }
    // C12: started for running.
    assert_eq!(
        script.run(&format!("dfesp_xml_client -url \"{URL}/projects/p/state?value=started\" -put")).1,
        0
    );
    assert!(script.get("runningProjects").contains("name=\"p\""));
}

/// 2.x: load, start, restore; later persist, stop, remove. Each in the background, one after the other.
#[test]
fn c13_commands_of_2x() {
    let script = server();
    let saved = script.path("saved").display().to_string();
    for (name, text) in [
        ("load", MODEL.to_owned()),
        ("start", "<start project='p'/>".to_owned()),
        ("persist", format!("<persist project='p' path='{saved}'/>")),
        ("restore", format!("<restore project='p' path='{saved}'/>")),
        ("stop", "<stop project='p'/>".to_owned()),
        ("remove", "<remove project='p'/>".to_owned()),
    ] {
        script.write(&format!("p_{name}.xml"), &text);
    }
    let send = |names: &[&str]| {
        let lines = names.iter().map(|name| {
            format!(
                "dfesp_xml_client -server localhost:$OTHER -file p_{name}.xml >> response.out 2>&1 &\nwait\n"
            )
        });
        script.run(&lines.collect::<String>());
    };
    send(&["load", "start"]);
    script.write("in.csv", "i,n,7,1.5\n");
    let inject = format!(
        "dfesp_xml_client -url \"{URL}/windows/p/cq/s/state?value=injected&quiesce=true&eventUrl=file://$HOME/in.csv\" -put"
    );
    assert_eq!(script.run(&inject).1, 0);
    send(&["persist", "stop", "remove"]);
    assert_eq!(script.get("projects"), "<projects/>\n");
    send(&["load", "start", "restore"]);
    assert!(script.get("runningProjects").contains("name=\"p\""), "{}", script.read("response.out"));
    let events = script.get("events/p/cq/w");
    assert!(events.contains("<x>1.500000</x>"), "{events}");
    assert!(script.read("response.out").contains("successfully restored from"));
    assert_eq!(script.run("dfesp_xml_client -server localhost:$OTHER -file nowhere.xml").1, 1);
    assert_eq!(script.run("dfesp_xml_client -server localhost:1 -file p_start.xml").1, 1);
}

#[test]
fn c14_several_clients_at_a_time() {
    let script = server();
    let line = format!(
        "for i in 1 2 3 4 5 6 7 8; do dfesp_xml_client -url {URL}/projects/q$i -put file://model.xml > out$i & done; wait"
    );
    assert_eq!(script.run(&line).1, 0);
    for i in 1..=8 {
        assert_eq!(
            script.read(&format!("out{i}")),
            format!("<message>load project q{i} succeeded</message>\n")
        );
    }
}

/// Command lines pasted out of articles.
#[test]
fn curly_quotes_around_the_url_and_the_body() {
    let script = server();
    let line = format!(
        "dfesp_xml_client -url \u{201c}{URL}/projects/p\u{201d} -put \u{201c}file://model.xml\u{201d}"
    );
    check(&script, &line, 0, "<message>load project p succeeded</message>\n");
    // Its `&path=` is cut off by the shell, and it comes as a GET, which changes nothing.
    let (_, code) =
        script.run(&format!("dfesp_xml_client -url \u{201c}{URL}/projects/p/state?value=persisted"));
    assert_eq!(code, 2);
}
