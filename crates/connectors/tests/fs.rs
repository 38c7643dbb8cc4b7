//! Class `fs` in whole projects, over real files and sockets.
#![expect(clippy::unwrap_used, reason = "a test stops at what it cannot do")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_host::{
    BadEvents, Clock, ConnectorState, Host, HostConfig, ManualClock, Project, Registry, SystemClock,
};

fn host() -> Host {
    host_with(Arc::new(SystemClock), BadEvents::nowhere())
}

fn host_with(clock: Arc<dyn Clock>, bad_events: BadEvents) -> Host {
    Host::new(HostConfig {
        registry: Registry {
            engine: tidegate_engine::Registry::ENGINE,
            connectors: tidegate_connectors::CLASSES,
        },
        tokens: tidegate_model::Tokens::default(),
        clock,
        bad_events,
        queue_blocks: 64,
        allow_unsupported: false,
        date_format: None,
    })
}

fn properties(list: &[(&str, &str)]) -> String {
    list.iter().map(|(name, value)| format!("<property name='{name}'>{value}</property>")).collect()
}

fn load(host: &Host, publisher: &[(&str, &str)], subscriber: &[(&str, &str)]) -> Arc<Project> {
    let (publisher, subscriber) = (properties(publisher), properties(subscriber));
    let model = format!(
        "<project name='p' threads='1' pubsub='auto'><contqueries><contquery name='cq'><windows>
           <window-source name='in' index='pi_HASH'><schema><fields>
             <field name='id' type='int64' key='true'/><field name='s' type='string'/></fields></schema>
             <connectors>
               <connector class='fs' name='sub'><properties><property name='type'>sub</property>{subscriber}</properties></connector>
               <connector class='fs' name='pub'><properties><property name='type'>pub</property>{publisher}</properties></connector>
             </connectors></window-source>
         </windows></contquery></contqueries></project>"
    );
    let model = model.replace("<contquery name='cq'>", "<contquery name='cq' include-singletons='true'>");
    host.load(&model, &Default::default()).unwrap()
}

#[track_caller]
fn wait(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < until, "waited in vain for {what}");
        std::thread::yield_now();
    }
}

fn state(project: &Project, name: &str) -> ConnectorState {
    project.connectors().into_iter().find(|c| c.name == name).unwrap().state
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// Reads a file through a project into another.
fn copied(input: &str, more_in: &[(&str, &str)], more_out: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("in"), folder.path().join("out"));
    fs::write(&from, input).unwrap();
    let (from, target) = (text(&from), text(&to));
    let publisher = [&[("fsname", from.as_str())], more_in].concat();
    let subscriber = [&[("fsname", target.as_str())], more_out].concat();
    let host = host();
    let project = load(&host, &publisher, &subscriber);
    wait("the end of the file", || state(&project, "pub") == ConnectorState::Finished);
    host.shutdown();
    fs::read_to_string(&to).unwrap()
}

#[test]
fn xml_is_read_and_written_and_transactions_stay_whole() {
    let input = "<events><event><opcode>i</opcode><id>1</id><s>a&lt;b</s></event><transaction>\
                 <event><id>2</id><s>x</s></event><event><id>3</id></event></transaction></events>";
    // blocksize is 1: the two events of the transaction are one block all the same.
    let expected = "<events>\n<event><opcode>i</opcode><id key=\"true\">1</id><s>a&lt;b</s></event>\n<transaction>\n\
                    <event><opcode>i</opcode><id key=\"true\">2</id><s>x</s></event>\n\
                    <event><opcode>i</opcode><id key=\"true\">3</id></event>\n</transaction>\n</events>\n";
    assert_eq!(copied(input, &[("fstype", "xml")], &[("fstype", "xml")]), expected);
}

#[test]
fn prebuffer_injects_what_was_read_before_maxevents() {
    let input = "i,n,1,a\ni,n,2,b\ni,n,3,c\n";
    let more = [("fstype", "csv"), ("prebuffer", "true"), ("maxevents", "2")];
    assert_eq!(copied(input, &more, &[("fstype", "csv")]), "I,N, 1,a\nI,N, 2,b\n");
}

#[test]
fn maxevents_counts_events_and_not_objects() {
    let input = r#"[{"id":1,"s":"a"},{"id":2,"s":"b"},{"id":3,"s":"c"}]"#;
    let more = [("fstype", "json"), ("blocksize", "8"), ("maxevents", "2")];
    assert_eq!(copied(input, &more, &[("fstype", "csv")]), "I,N, 1,a\nI,N, 2,b\n");
}

/// As in the geofence example of ESP Studio: the lines have the key, which the window does not make.
#[test]
fn lines_lack_no_key_that_the_window_does_not_make() {
    let more = [("fstype", "csv"), ("noautogenfield", "true")];
    assert_eq!(copied("i,n,1,a\ni,n,2,b\n", &more, &[("fstype", "csv")]), "I,N, 1,a\nI,N, 2,b\n");
}

#[test]
fn a_full_file_is_followed_by_another_with_its_own_header() {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("in");
    let out = folder.path().join("out");
    fs::create_dir(&out).unwrap();
    fs::write(&from, "i,n,1,a\ni,n,2,b\ni,n,3,c\n").unwrap();
    let (from, to) = (text(&from), text(&out.join("r.csv")));
    let host = host();
    let publisher = [("fsname", from.as_str()), ("fstype", "csv")];
    let subscriber = [("fsname", to.as_str()), ("fstype", "csv"), ("header", "full"), ("maxfilesize", "27")];
    let project = load(&host, &publisher, &subscriber);
    wait("the end of the file", || state(&project, "pub") == ConnectorState::Finished);
    host.shutdown();
    let mut files: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    // The header has 18 bytes and a line 9: each file is full with its first line.
    let content: Vec<String> = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let expected =
        ["a", "b", "c"].iter().zip(1..).map(|(s, id)| format!("opcode,flags,id,s\nI,N, {id},{s}\n"));
    assert_eq!(content.join(""), expected.clone().collect::<String>());
    assert!(
        files.iter().all(|path| text(path).contains("/r_20") && text(path).ends_with(".csv")),
        "{files:?}"
    );
}

#[test]
fn a_file_is_followed_by_another_when_its_time_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let (from, out) = (folder.path().join("in"), folder.path().join("out"));
    fs::create_dir(&out).unwrap();
    fs::write(&from, "i,n,1,a\n").unwrap();
    // 2025-07-11 15:49:12 UTC, worked out by `date -u -d ... +%s`.
    let began = 1_752_248_952_985_373;
    let clock = Arc::new(ManualClock::new(began));
    let host = host_with(clock.clone(), BadEvents::nowhere());
    let (input, to) = (text(&from), text(&out.join("r.csv")));
    let publisher = [("fsname", input.as_str()), ("fstype", "csv"), ("growinginputfile", "true")];
    load(&host, &publisher, &[("fsname", to.as_str()), ("fstype", "csv"), ("periodicity", "60")]);
    let first = out.join("r_2025_07_11_15_49_12_985373.csv");
    let second = out.join("r_2025_07_11_15_50_12_985373.csv");
    let append = |line: &str| {
        fs::OpenOptions::new().append(true).open(&from).unwrap().write_all(line.as_bytes()).unwrap();
    };
    let holds = |path: &Path, content: &str| fs::read_to_string(path).is_ok_and(|found| found == content);
    wait("the first line", || holds(&first, "I,N, 1,a\n"));
    clock.set(began + 59_999_999);
    append("i,n,2,b\n");
    wait("the second line", || holds(&first, "I,N, 1,a\nI,N, 2,b\n"));
    clock.set(began + 60_000_000);
    append("i,n,3,c\n");
    wait("the third line", || holds(&second, "I,N, 3,c\n"));
    host.shutdown();
    assert!(holds(&first, "I,N, 1,a\nI,N, 2,b\n"));
}

#[test]
fn a_bad_line_is_told_with_its_file_and_place() {
    let folder = tempfile::tempdir().unwrap();
    let (from, bad) = (folder.path().join("in.csv"), folder.path().join("bad"));
    fs::write(&from, "i,n,1,a\ni,n,x,b\n").unwrap();
    let (input, to) = (text(&from), text(&folder.path().join("out")));
    let host = host_with(Arc::new(SystemClock), BadEvents::open(&bad).unwrap());
    let publisher = [("fsname", input.as_str()), ("fstype", "csv")];
    let project = load(&host, &publisher, &[("fsname", to.as_str()), ("fstype", "csv")]);
    wait("the failure", || state(&project, "pub") == ConnectorState::Failed);
    let error = project.connectors().into_iter().find(|c| c.name == "pub").unwrap().error.unwrap();
    host.shutdown();
    for told in [error, fs::read_to_string(&bad).unwrap()] {
        assert!(told.contains(&input) && told.contains("line 2"), "{told}");
    }
    assert_eq!(fs::read_to_string(&to).unwrap(), "I,N, 1,a\n");
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn servers_take_one_peer_after_another_in_both_directions() {
    let (port_in, port_out) = (free_port(), free_port());
    let (name_in, name_out) = (format!(":{port_in}"), format!(":{port_out}"));
    let host = host();
    let publisher = [("fsname", name_in.as_str()), ("fstype", "csv")];
    let project =
        load(&host, &publisher, &[("fsname", name_out.as_str()), ("fstype", "csv"), ("header", "true")]);
    // The first peer leaves without the end of its last line.
    TcpStream::connect(("127.0.0.1", port_in)).unwrap().write_all(b"i,n,1,a").unwrap();
    let mut lines = BufReader::new(TcpStream::connect(("127.0.0.1", port_out)).unwrap());
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    lines.read_line(&mut line).unwrap();
    assert_eq!(line, "id,s\nI,N, 1,a\n");
    TcpStream::connect(("127.0.0.1", port_in)).unwrap().write_all(b"i,n,2,b\n").unwrap();
    line.clear();
    lines.read_line(&mut line).unwrap();
    assert_eq!(line, "I,N, 2,b\n");
    assert_eq!(state(&project, "pub"), ConnectorState::Running);
    host.shutdown();
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

#[test]
fn clients_connect_and_fail_when_their_peer_goes() {
    let (from, to) = (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    let (name_in, name_out) = (from.local_addr().unwrap().to_string(), to.local_addr().unwrap().to_string());
    let host = host();
    let publisher = [("fsname", name_in.as_str()), ("fstype", "csv")];
    let project = load(&host, &publisher, &[("fsname", name_out.as_str()), ("fstype", "csv")]);
    from.accept().unwrap().0.write_all(b"i,n,1,a\n").unwrap();
    let mut line = String::new();
    BufReader::new(to.accept().unwrap().0).read_line(&mut line).unwrap();
    assert_eq!(line, "I,N, 1,a\n");
    wait("the failure", || state(&project, "pub") == ConnectorState::Failed);
    host.shutdown();
}

#[test]
fn a_server_without_a_peer_does_not_hold_up_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("in");
    fs::write(&from, "i,n,1,a\n").unwrap();
    let (from, name_out) = (text(&from), format!(":{}", free_port()));
    let host = host();
    let publisher = [("fsname", from.as_str()), ("fstype", "csv")];
    let project = load(&host, &publisher, &[("fsname", name_out.as_str()), ("fstype", "csv")]);
    wait("the end of the file", || state(&project, "pub") == ConnectorState::Finished);
    project.stop().unwrap();
    // What it could not deliver is an error and not silence.
    let status = project.connectors().into_iter().find(|c| c.name == "sub").unwrap();
    assert_eq!(status.state, ConnectorState::Failed);
    assert!(status.error.unwrap().contains("was not delivered"));
    host.shutdown();
}

/// The first peer takes nothing and goes away while output waits for it. The next one gets whole lines, each once, to
/// the last.
#[test]
fn the_next_peer_goes_on_behind_what_the_first_was_given() {
    const LINES: usize = 400_000;
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("in");
    let input: String =
        (0..LINES).map(|id| format!("i,n,{id},some text to fill the buffers between us\n")).collect();
    fs::write(&from, input).unwrap();
    let (from, port) = (text(&from), free_port());
    let host = host();
    let publisher = [("fsname", from.as_str()), ("fstype", "csv"), ("blocksize", "64")];
    let name_out = format!(":{port}");
    let project = load(&host, &publisher, &[("fsname", name_out.as_str()), ("fstype", "csv")]);
    let mut first = TcpStream::connect(("127.0.0.1", port)).unwrap();
    first.read_exact(&mut [0; 8]).unwrap();
    // The queues between publisher and subscriber are full: so are the buffers of the socket.
    let mut seen = (0, Instant::now());
    wait("output that waits", || {
        let events = project.connectors().into_iter().find(|c| c.name == "pub").unwrap().events;
        if events != seen.0 {
            seen = (events, Instant::now());
        }
        events > 0 && seen.1.elapsed() > Duration::from_millis(500)
    });
    drop(first);
    let lines = BufReader::new(TcpStream::connect(("127.0.0.1", port)).unwrap()).lines();
    let ids = lines.map(|line| {
        let line = line.unwrap();
        let rest = line.strip_prefix("I,N, ").unwrap_or_else(|| panic!("no whole line: {line}"));
        rest.split(',').next().unwrap().parse::<usize>().unwrap()
    });
    let mut next = None;
    for id in ids {
        assert!(next.is_none_or(|next| next == id), "{id} after {next:?}");
        next = Some(id + 1);
        if id + 1 == LINES {
            break;
        }
    }
    assert_eq!(next, Some(LINES));
    host.shutdown();
}
