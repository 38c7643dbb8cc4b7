//! The server program as a process: how it starts, stops and refuses (failover-and-server 4.8 and 4.9).

use std::net::TcpListener;
use std::process::Stdio;

use crate::support::{Server, free_port, server_command, wait};

#[test]
fn it_starts_with_esps_lines_and_stops_cleanly() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let (code, text) = server.client("", &[]);
    assert_eq!(code, 0);
    assert!(text.contains("esp server up and running"), "{text}");
    assert_eq!(server.terminate().code(), Some(0));
}

#[test]
fn a_client_can_stop_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path(), &[]);
    assert_eq!(server.client("server/state?value=stopped", &["-put"]).0, 0);
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_port_in_use_is_one_clear_error() {
    let taken = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = server_command().args(["-http", &port]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains(&format!("port {port} (-http) is in use")), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[test]
fn a_model_that_cannot_be_read_or_is_wrong_ends_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let run = |model: &str| {
        let output =
            server_command().args(["-model", model, "-exit"]).current_dir(folder.path()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, text) = run("file://nowhere.xml");
    assert_eq!(code, Some(1));
    assert!(text.contains("nowhere.xml"), "{text}");
    std::fs::write(folder.path().join("m.xml"), "<project name='p' threads='x'>\n<nothing/></project>")
        .unwrap();
    let (code, text) = run("file://m.xml");
    assert_eq!(code, Some(1));
    assert!(text.contains("m.xml:1:19: "), "{text}");
    assert!(text.contains("contqueries"), "{text}");
}

#[test]
fn help_and_version() {
    for (option, expected) in [("--help", "-badevents"), ("-version", "Tidegate")] {
        let output = server_command().arg(option).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert!(String::from_utf8(output.stdout).unwrap().contains(expected));
    }
}

/// A missing input file fails its connector; the others go on and the exit code is 0.
#[test]
fn a_missing_input_file_stops_its_connector_only() {
    let folder = tempfile::tempdir().unwrap();
    let source = |name: &str, file: &str| {
        format!(
            "<window-source name='{name}' index='pi_EMPTY' insert-only='true'><schema-string>k*:int64</schema-string>\
             <connectors><connector class='fs' name='in'><properties><property name='type'>pub</property>\
             <property name='fstype'>csv</property><property name='fsname'>{file}</property></properties></connector>\
             <connector class='fs' name='out'><properties><property name='type'>sub</property>\
             <property name='fstype'>csv</property><property name='snapshot'>true</property>\
             <property name='fsname'>{name}.out</property></properties></connector></connectors></window-source>"
        )
    };
    let model = format!(
        "<project name='p' threads='1' pubsub='auto'><contqueries><contquery name='cq'><windows>{}{}</windows>\
         </contquery></contqueries></project>",
        source("there", "there.csv"),
        source("missing", "missing.csv")
    );
    std::fs::write(folder.path().join("m.xml"), model).unwrap();
    std::fs::write(folder.path().join("there.csv"), "i,n,1\ni,n,2\n").unwrap();
    let child = server_command()
        .args(["-model", "m.xml", "-exit", "-http", &free_port().to_string()])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = child.unwrap();
    assert_eq!(wait(&mut child).code(), Some(0));
    let text = std::io::read_to_string(child.stdout.take().unwrap()).unwrap();
    assert!(text.contains("missing.csv"), "{text}");
    assert_eq!(std::fs::read_to_string(folder.path().join("there.out")).unwrap(), "I,N, 1\nI,N, 2\n");
}
