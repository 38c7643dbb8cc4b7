//! `persist-standby.sh` and `restore.sh` against engines that only answer what a test tells them to.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use tidegate_failover_tests::group::{model, script};

const STANDBY: &str = "<esp-server version=\"6.1\" primary-server=\"false\" pubsub=\"1\"/>";
const ACTIVE: &str = "<esp-server version=\"6.1\" primary-server=\"true\" pubsub=\"1\"/>";
const RUNS: &str = "<projects>\n  <project name=\"failover\"/>\n</projects>";
const DONE: &str = "<response><message>done</message></response>";

/// Something that answers like the admin interface of an engine, and remembers what it was asked to change.
struct Fake {
    address: String,
    changes: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    /// `answers` are by method and path; a list of several is used up in order, the last one stays. A change that is not listed
    /// succeeds.
    fn start(answers: &[(&str, &[(u16, &str)])]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = listener.local_addr().expect("it is bound").to_string();
        let changes = Arc::new(Mutex::new(Vec::new()));
        let mut answers: BTreeMap<String, Vec<(u16, String)>> = answers
            .iter()
            .map(|(what, list)| {
                ((*what).to_owned(), list.iter().map(|(s, body)| (*s, (*body).to_owned())).collect())
            })
            .collect();
        let noted = Arc::clone(&changes);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                answer(stream, &mut answers, &noted);
            }
        });
        Self { address, changes }
    }

    /// A standby that runs the project, with `answers` of its own.
    fn standby(answers: &[(&str, &[(u16, &str)])]) -> Self {
        let usual: [(&str, &[(u16, &str)]); 2] = [
            ("GET /SASESP/server?config=true", &[(200, STANDBY)]),
            ("GET /SASESP/runningProjects", &[(200, RUNS)]),
        ];
        Self::start(&[usual.as_slice(), answers].concat())
    }

    fn active() -> Self {
        Self::start(&[
            ("GET /SASESP/server?config=true", &[(200, ACTIVE)]),
            ("GET /SASESP/runningProjects", &[(200, RUNS)]),
        ])
    }

    fn changes(&self) -> Vec<String> {
        self.changes.lock().expect("no test panics with it").clone()
    }
}

fn answer(
    mut stream: TcpStream,
    answers: &mut BTreeMap<String, Vec<(u16, String)>>,
    changes: &Mutex<Vec<String>>,
) {
    let mut reader = BufReader::new(&mut stream);
    let (mut line, mut length) = (String::new(), 0);
    let _ = reader.read_line(&mut line);
    let what = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header).unwrap_or(0) < 3 {
            break;
        }
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    if !what.starts_with("GET") {
        let body = if body.is_empty() { String::new() } else { " with a body".to_owned() };
        changes.lock().expect("no test panics with it").push(format!("{what}{body}"));
    }
    let (status, body) = match answers.get_mut(&what) {
        Some(list) if list.len() > 1 => list.remove(0),
        Some(list) => list[0].clone(),
        None => (200, DONE.to_owned()),
    };
    let _ = write!(
        stream,
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
}

/// Exit code and standard error of `persist-standby.sh failover "/snap shots/1" ADDRESSES`.
fn persist(engines: &[&Fake]) -> (Option<i32>, String) {
    let mut arguments: Vec<PathBuf> = vec!["failover".into(), "/snap shots/1".into()];
    arguments.extend(engines.iter().map(|engine| PathBuf::from(&engine.address)));
    let output = script("persist-standby.sh", &arguments).expect("it can be started");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

const STATE: &str = "PUT /SASESP/projects/failover/state?value=";

fn states(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| format!("{STATE}{value}")).collect()
}

/// The four requests of the article, in its order.
const FOUR: [&str; 4] = ["stopped", "persisted&path=/snap%20shots/1", "running", "connectorsStarted"];

#[test]
fn the_first_standby_is_persisted_and_nobody_else_is_touched() {
    let (active, first, second) = (Fake::active(), Fake::standby(&[]), Fake::standby(&[]));
    assert_eq!(persist(&[&active, &first, &second]), (Some(0), String::new()));
    assert_eq!(first.changes(), states(&FOUR));
    assert_eq!((active.changes(), second.changes()), (vec![], vec![]));
}

#[test]
fn an_engine_that_is_dead_or_does_not_run_the_project_is_passed_over() {
    let dead = Fake { address: "127.0.0.1:9".to_owned(), changes: Arc::default() };
    let idle = Fake::start(&[
        ("GET /SASESP/server?config=true", &[(200, STANDBY)]),
        ("GET /SASESP/runningProjects", &[(200, "<projects/>")]),
    ]);
    let standby = Fake::standby(&[]);
    let (code, said) = persist(&[&dead, &idle, &standby]);
    assert_eq!(code, Some(0));
    assert!(said.contains("127.0.0.1:9: no answer"), "{said}");
    assert!(said.contains("project failover does not run there"), "{said}");
    assert_eq!((idle.changes(), standby.changes()), (vec![], states(&FOUR)));
}

#[test]
fn without_a_standby_nothing_is_done() {
    let active = Fake::active();
    let (code, said) = persist(&[&active]);
    assert_eq!(code, Some(1));
    assert!(said.contains("no standby runs project failover"), "{said}");
    assert!(active.changes().is_empty());
}

/// An active engine that ZooKeeper does not answer says that it is not primary, and is no standby.
#[test]
fn an_active_engine_that_holds_its_output_is_not_touched() {
    let body =
        "<esp-server primary-server=\"false\">\n  <failover group=\"ESP\" role=\"held\"/>\n</esp-server>";
    let held = Fake::start(&[
        ("GET /SASESP/server?config=true", &[(200, body)]),
        ("GET /SASESP/runningProjects", &[(200, RUNS)]),
    ]);
    let (code, said) = persist(&[&held]);
    assert_eq!(code, Some(1));
    assert!(said.contains("holds its output"), "{said}");
    assert!(held.changes().is_empty());
}

#[test]
fn a_standby_that_becomes_active_meanwhile_is_left_alone() {
    let turned = Fake::start(&[
        ("GET /SASESP/server?config=true", &[(200, STANDBY), (200, ACTIVE)]),
        ("GET /SASESP/runningProjects", &[(200, RUNS)]),
    ]);
    let (code, said) = persist(&[&turned]);
    assert_eq!(code, Some(1));
    assert!(said.contains("is no standby any more (active)"), "{said}");
    assert!(turned.changes().is_empty());
}

#[test]
fn the_project_runs_again_whatever_fails() {
    let refused = "<response code=\"500\"><message>disk full</message></response>";
    for (at, value) in FOUR.iter().enumerate() {
        let request = format!("{STATE}{value}");
        let standby = Fake::standby(&[(&request, &[(500, refused)])]);
        let (code, said) = persist(&[&standby]);
        assert_eq!(code, Some(1), "{value}");
        assert!(said.contains("status 500") && said.contains("disk full"), "{value}: {said}");
        let mut done = FOUR.to_vec();
        if at == 0 {
            // What was not stopped is not persisted.
            done.remove(1);
        }
        assert_eq!(standby.changes(), states(&done));
    }
}

#[test]
fn restore_stops_at_the_first_error() {
    let steps = [
        ("PUT /SASESP/projects/failover?start=false", "not loaded"),
        ("PUT /SASESP/projects/failover/state?value=restored&path=/snap%20shots/1", "not restored"),
        ("PUT /SASESP/projects/failover/state?value=running", "not started"),
        ("PUT /SASESP/projects/failover/state?value=connectorsStarted", "connectors not started"),
    ];
    let mut requests: Vec<String> = steps.iter().map(|(request, _)| (*request).to_owned()).collect();
    requests[0].push_str(" with a body");
    let restore = |engine: &Fake| {
        let arguments = ["failover".into(), model(), "/snap shots/1".into(), PathBuf::from(&engine.address)];
        let output = script("restore.sh", &arguments).unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let engine = Fake::start(&[]);
    assert_eq!(restore(&engine), (Some(0), String::new()));
    assert_eq!(engine.changes(), requests);
    for (at, (request, what)) in steps.iter().enumerate() {
        let engine = Fake::start(&[(request, &[(404, "no such thing")])]);
        let (code, said) = restore(&engine);
        assert_eq!(code, Some(1));
        assert!(said.contains(what) && said.contains("no such thing"), "{said}");
        assert_eq!(engine.changes(), requests[..=at]);
    }
}

#[test]
fn wrong_usage_is_told_from_failure() {
    assert_eq!(script("persist-standby.sh", &["failover".into()]).unwrap().status.code(), Some(2));
    assert_eq!(script("restore.sh", &[]).unwrap().status.code(), Some(2));
}
