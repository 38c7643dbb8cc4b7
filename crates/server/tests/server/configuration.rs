//! Configuration directory, environment, formats of the log, and what a server starts from.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use crate::script::{MODEL, Script};

#[test]
fn the_command_line_wins_over_properties_over_the_environment_over_files() {
    let mut script = Script::new();
    let (http, other) = (script.variable("HTTP").to_owned(), script.variable("OTHER").to_owned());
    script.write("config/esp-properties.yml", "server:\n  http: 1\n  pubsub: 2\n  loglevel: esp.http=warn\n");
    script.set("ESPENV", &format!("server.http=3,server.pubsub={other}"));
    script.set("ESPENV_server_loglevel", "esp.http=error");
    script.start(&format!("dfesp_xml_server -C server.http={http} > log &"), "log");
    let info = script.get("server?config=true");
    for expected in [
        format!("<property name=\"http\">{http}</property>"),
        format!("<property name=\"pubsub\">{other}</property>"),
        "<property name=\"loglevel\">esp.http=error</property>".to_owned(),
    ] {
        assert!(info.contains(&expected), "{expected}: {info}");
    }
}

#[test]
fn a_broken_file_ends_the_start_with_its_line() {
    let script = Script::new();
    script.write("config/esp-properties.yml", "server:\n  http: 1\n bad: 2\n");
    let (text, code) = script.run("dfesp_xml_server");
    assert_eq!((code, text.lines().count()), (1, 1), "{text}");
    assert!(text.contains("esp-properties.yml', line 3: "), "{text}");
}

#[test]
fn the_ports_of_a_model_count_when_nothing_else_names_any() {
    let script = Script::new();
    let (http, pubsub) = (script.variable("HTTP"), script.variable("PUBSUB"));
    script.write(
        "engine.xml",
        &format!(
            "<engine port='{pubsub}'><http-servers><http-server port='{http}'/></http-servers>\
             <projects>{MODEL}</projects></engine>"
        ),
    );
    script.start("dfesp_xml_server -model file://engine.xml > log &", "log");
    assert!(script.get("server").contains(&format!("pubsub=\"{pubsub}\"")));
}

#[test]
fn a_model_from_another_server() {
    let script = Script::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/m.xml", listener.local_addr().expect("its address"));
    let answer = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().expect("the server asks");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            socket.read_exact(&mut byte).expect("a head");
            head.push(byte[0]);
        }
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{MODEL}", MODEL.len());
        socket.write_all(answer.as_bytes()).expect("it takes the answer");
    });
    let (text, code) = script.run(&format!("dfesp_xml_server -model {url} -exit"));
    answer.join().expect("the model was fetched");
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("starting esp server with 1 project(s)"), "{text}");
}

#[test]
fn log_lines_as_json() {
    let script = Script::new();
    let (text, code) = script.run("dfesp_xml_server -model model.xml -exit -logformat json");
    assert_eq!(code, 0);
    assert!(text.lines().count() > 3, "{text}");
    for line in text.lines() {
        assert!(line.starts_with("{\"_timestamp\":\"") && line.ends_with('}'), "{line}");
    }
    assert!(
        text.contains("\"messageContent\":\"[XMLServer0001] esp engine started, version 5.2, pubsub: none\""),
        "{text}"
    );
    assert_eq!(script.run("dfesp_xml_server -logformat xml").1, 1);
}

#[test]
fn dates_in_csv_by_the_format_of_the_command_line() {
    let script = Script::new();
    script.write("in.csv", "i,n,1,1970-01-02\n");
    let connector = |name: &str, ty: &str, file: &str| {
        format!(
            "<connector class='fs' name='{name}'><properties><property name='type'>{ty}</property><property name='fstype'>csv\
             </property><property name='snapshot'>true</property><property name='fsname'>{file}</property></properties></connector>"
        )
    };
    let model = format!(
        "<project name='p' threads='1' pubsub='auto'><contqueries><contquery name='cq'><windows><window-source name='s'>\
         <schema-string>id*:int32,at:date</schema-string><connectors>{}{}</connectors></window-source></windows></contquery>\
         </contqueries></project>",
        connector("in", "pub", "in.csv").replace("<property name='snapshot'>true</property>", ""),
        connector("out", "sub", "out.csv"),
    );
    script.write("model.xml", &model);
    let (text, code) = script.run("dfesp_xml_server -dateformat %Y-%m-%d -model model.xml -exit");
    assert_eq!((script.read("out.csv").as_str(), code), ("I,N, 1,1970-01-02\n", 0), "{text}");
    let (text, code) = script.run("dfesp_xml_server -dateformat %Q");
    assert_eq!(code, 1);
    assert!(text.contains("-dateformat"), "{text}");
}

#[test]
fn a_server_starts_from_what_another_has_saved() {
    let script = Script::new();
    let first = script.background("dfesp_xml_server -http $HTTP -model file://model.xml > log &");
    script.wait_for("log", "starting HTTP server on port");
    script.write("in.csv", "i,n,1,2.5\n");
    for request in [
        "\"http://localhost:$HTTP/SASESP/windows/p/cq/s/state?value=injected&quiesce=true&eventUrl=file://$HOME/in.csv\" -put",
        "\"http://localhost:$HTTP/SASESP/server/state?value=persisted&path=$HOME/saved\" -put",
    ] {
        let (text, code) = script.run(&format!("dfesp_xml_client -url {request}"));
        assert_eq!(code, 0, "{text}");
    }
    script.run(&format!("kill {first}"));
    script.wait_for_end(&first);
    script.start("dfesp_xml_server -http $HTTP -restore $HOME/saved > second &", "second");
    let events = script.get("events/p/cq/w");
    assert!(events.contains("<x>2.500000</x>"), "{events}");
    let (text, code) = script.run("dfesp_xml_server -restore $HOME/nowhere");
    assert_eq!(code, 1);
    assert!(text.contains("nowhere/server.state"), "{text}");
}

#[test]
fn connector_classes_can_be_shut_out() {
    let script = Script::new();
    let connector = "<connectors><connector class='fs' name='c'><properties><property name='type'>pub</property>\
                     <property name='fstype'>csv</property><property name='fsname'>f</property></properties></connector></connectors>";
    script.write("model.xml", &MODEL.replace("</schema-string>", &format!("</schema-string>{connector}")));
    let (text, code) = script.run("dfesp_xml_server -model model.xml -exit -C connectors.excluded.fs=true");
    assert_eq!(code, 1);
    assert!(text.contains("shut out by the configuration") && text.contains("'fs'"), "{text}");
}

#[test]
fn models_with_unsupported_windows_load_where_that_is_allowed() {
    let script = Script::new();
    script
        .write("model.xml", &MODEL.replace("<window-copy name=\"w\"/>", "<window-textcategory name=\"w\"/>"));
    let (text, code) = script.run("dfesp_xml_server -model model.xml -exit");
    assert_eq!(code, 1, "{text}");
    let (text, code) = script.run("dfesp_xml_server -model model.xml -exit -allow-unsupported true");
    assert_eq!(code, 0, "{text}");
    let line = text.lines().find(|line| line.contains("window-textcategory"));
    assert!(line.is_some_and(|line| line.contains("; ERROR; ") && line.contains("3:3: ")), "{text}");
    script.start("dfesp_xml_server -http $HTTP -model model.xml -allow-unsupported true > log &", "log");
    let windows = script.get("windows");
    assert!(
        windows.contains(
            "<window-textcategory name=\"w\" contquery=\"cq\" project=\"p\" unsupported=\"true\"/>"
        ),
        "{windows}"
    );
    assert_eq!(windows.matches("unsupported").count(), 1, "{windows}");
    assert_eq!(script.get("projects?schema=true").matches("unsupported=\"true\"").count(), 1);
}

/// The lines of failover-and-server 4.8 and the way in which tools take them apart (4.6).
#[test]
fn the_lines_of_a_start_in_their_order() {
    let script = Script::new();
    script.start("dfesp_xml_server -pubsub $PUBSUB -http $HTTP > log &", "log");
    let (http, pubsub) = (script.variable("HTTP"), script.variable("PUBSUB"));
    let log = script.read("log");
    let lines: Vec<Vec<&str>> = log.lines().map(|line| line.split(';').map(str::trim).collect()).collect();
    let expected = [
        (
            "dfESPengine.cpp",
            "[Engine0007] dfESPengine::initialize() dfESPengine version 5.2 completed initialization"
                .to_owned(),
        ),
        ("Esp.cpp", format!("[XMLServer0001] esp engine started, version 5.2, pubsub: {pubsub}")),
        ("Esp.cpp", "[XMLServer0001] starting esp server".to_owned()),
        ("Http.cpp", format!("[XMLServer0001] starting HTTP server on port {http}, type=admin")),
    ];
    for (line, (file, text)) in lines.iter().zip(&expected) {
        assert_eq!(line.len(), 6, "{line:?}");
        assert!(line[0].len() == 23 && line[0].as_bytes()[19] == b',', "{line:?}");
        assert_eq!((line[1], line[2].len(), line[3]), ("INFO", 8, "DF.ESP"));
        assert!(line[4].starts_with(&format!("({file}:")) && line[4].ends_with(')'), "{line:?}");
        assert_eq!(line[5], text);
    }
}

#[test]
fn requests_in_the_log() {
    let script = Script::new();
    script.start("dfesp_xml_server -http $HTTP -logformat json -loglevel common.http=debug > log &", "log");
    script.run("curl -s -X PUT -H 'Authorization: Bearer secret' -d '<project/>' \"http://localhost:$HTTP/SASESP/projects/p?x=1\"");
    let log = script.wait_for("log", "-- end request --");
    let line = log.lines().find(|line| line.contains("-- start request --")).expect("the wait has found it");
    for part in [
        "\"logger\":\"common.http\"",
        "request: /SASESP/projects/p?x=1\\nmethod: PUT\\ntimestamp: ",
        "-- start headers --\\nhost: localhost",
        "-- start data --\\n<project/>\\n-- end data --",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(!log.contains("secret"));
}

#[test]
fn a_client_puts_the_server_back_to_the_model_of_its_start() {
    let script = Script::new();
    script.start("dfesp_xml_server -http $HTTP -model file://model.xml > log &", "log");
    script.write("in.csv", "i,n,1,2.5\n");
    let put = |path: &str| {
        let (text, code) =
            script.run(&format!("dfesp_xml_client -url \"http://localhost:$HTTP/SASESP/{path}\" -put"));
        assert_eq!(code, 0, "{path}: {text}");
        text
    };
    put("windows/p/cq/s/state?value=injected&quiesce=true&eventUrl=file://$HOME/in.csv");
    put("projects/other?projectUrl=file://$HOME/model.xml");
    script.write("model.xml", "no model any more");
    assert_eq!(
        put("server/state?value=reloaded"),
        "<response>\n<message>esp server reloaded</message>\n</response>\n"
    );
    assert!(script.get("runningProjects").contains("name=\"p\""));
    assert!(!script.get("projects").contains("other"));
    assert_eq!(script.get("events/p/cq/w"), "<events count=\"0\"/>\n");
}

#[test]
fn the_server_passes_for_a_later_release() {
    let script = Script::new();
    script.start("dfesp_xml_server -http $HTTP -C server.version=7.1 > log &", "log");
    let info = script.get("server");
    let engine = info.split('"').nth(3).expect("the second attribute").to_owned();
    assert!(info.starts_with("<esp-server version=\"7.1\" engine=\"") && engine.len() == 36, "{info}");
    let log = script.read("log");
    let expected = format!(
        "esp.server; (Esp.cpp:641); {{{engine}}}[XMLServer0001] esp engine started, version 7.1, pubsub: none"
    );
    assert!(log.contains(&expected), "{log}");
}

#[test]
fn levels_change_and_lines_are_captured_while_the_server_runs() {
    let script = Script::new();
    script.start("dfesp_xml_server -http $HTTP > log &", "log");
    let put = |path: &str| {
        let (text, code) =
            script.run(&format!("dfesp_xml_client -url \"http://localhost:$HTTP/SASESP/{path}\" -put"));
        assert_eq!(code, 0, "{path}: {text}");
    };
    put("loggers/common.http/level?value=debug");
    put("logCapture/state?value=on");
    put("projects/p?projectUrl=file://$HOME/model.xml");
    put("loggers/common.http/level?value=warn");
    put("projects/q?projectUrl=file://$HOME/model.xml");
    let lines = script.get("logs");
    assert!(
        lines.contains("request: /SASESP/projects/p?") && !lines.contains("request: /SASESP/projects/q?"),
        "{lines}"
    );
    let log = script.read("log");
    for line in lines.lines() {
        assert!(log.contains(line), "{line}: {log}");
    }
}
