//! `dfesp_fs_adapter` as users run it: over a real broker, to and from a real engine.
#![expect(
    clippy::unwrap_used,
    reason = "a test program: its helper functions fail by panicking, like its tests"
)]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tidegate_harness::{Engine, PATIENCE, shared, wait_until};

/// The window's events go out when the price is above 100.
const MODEL: &str = r#"<project name="trades" pubsub="auto" threads="1"><contqueries><contquery name="cq"><windows>
  <window-source name="in" insert-only="true" index="pi_EMPTY">
    <schema><fields><field name="id" type="int64" key="true"/><field name="symbol" type="string"/>
      <field name="price" type="double"/><field name="at" type="date"/></fields></schema>
    <connectors><connector class="kafka" name="k"><properties>
      <property name="type">pub</property><property name="kafkahostport">BROKER</property>
      <property name="kafkatopic">BASE.trades.cq.in.I</property><property name="kafkatype">binary</property>
      <property name="kafkapartition">0</property><property name="urlhostport">URLHOSTPORT</property>
      <property name="useoffsetmsgid">true</property>
    </properties></connector></connectors>
  </window-source>
  <window-filter name="large" index="pi_EMPTY"><expression>price &gt; 100</expression>
    <connectors><connector class="kafka" name="k"><properties>
      <property name="type">sub</property><property name="snapshot">false</property>
      <property name="kafkahostport">BROKER</property><property name="kafkatopic">BASE.trades.cq.large.O</property>
      <property name="kafkatype">binary</property><property name="kafkapartition">0</property>
      <property name="numbufferedmsgs">1000</property><property name="urlhostport">URLHOSTPORT</property>
    </properties></connector></connectors>
  </window-filter>
</windows><edges><edge source="in" target="large"/></edges></contquery></contqueries></project>"#;

const INPUT: &str = "a header line\n\
    i,n,1,IBM,101.45,2020-07-15 18:42:17\n\
    i,n,2,\"A, B\",100.0,2020-07-15 18:42:18\n\
    i,n,3,GE,250,2020-07-15 18:42:19\n\
    i,n,4,,100.5,\n";

/// What the filter lets through of INPUT, in the form of connectors-adapters 4.1.4.
const OUTPUT: &str = "opcode,flags,id,symbol,price,at\n\
    I,N, 1,IBM,101.450000,2020-07-15 18:42:17\n\
    I,N, 3,GE,250.000000,2020-07-15 18:42:19\n\
    I,N, 4,,100.500000,\n";

/// Host and port of the URL; no engine listens there.
const AUTHORITY: &str = "adapter.test:61001";
const BASE: &str = "adapter.test_61001";

fn adapter(folder: &Path, argument: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dfesp_fs_adapter"));
    command.args(["-C", argument]).current_dir(folder).stdin(Stdio::null()).stderr(Stdio::piped());
    command
}

fn publish(folder: &Path, file: &str, more: &str) -> Command {
    let argument = format!(
        "type=pub,url=dfESP://{AUTHORITY}/trades/cq/in,fsname={file},fstype=csv,dateformat=%Y-%m-%d %H:%M:%S,\
         transport=kafka,transportconfigfile=pub.cfg{more}"
    );
    adapter(folder, &argument)
}

/// A child that does not outlive its test.
struct Running(Option<Child>);

impl Running {
    fn start(mut command: Command) -> Self {
        Self(Some(command.spawn().unwrap()))
    }

    fn terminate(mut self) -> Output {
        let child = self.0.take().unwrap();
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        child.wait_with_output().unwrap()
    }

    fn output(mut self) -> Output {
        self.0.take().unwrap().wait_with_output().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _gone = child.kill().and_then(|()| child.wait());
        }
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn events_go_from_a_file_through_an_engine_into_a_file() {
    let broker = shared().unwrap().bootstrap;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let model = MODEL.replace("BROKER", &broker).replace("BASE", BASE).replace("URLHOSTPORT", AUTHORITY);
    fs::write(folder.join("model.xml"), model).unwrap();
    fs::write(folder.join("in.csv"), INPUT).unwrap();
    for name in ["pub", "sub"] {
        let text = format!(
            "kafka\n{{\nhostport = \"{broker}\"\nglobalconfig = \"enable.sparse.connections=false\"\n\
             partition = \"0\"\ninitialoffset = \"smallest\"\nmetatopic=\"adapter.test.replies.{name}\"\n}}\n\
             sas\n{{\nhotfailover=false\n}}\n"
        );
        fs::write(folder.join(format!("{name}.cfg")), text).unwrap();
    }

    // Both adapters wait for an engine.
    let argument = format!(
        "type=sub,url=dfESP://{AUTHORITY}/trades/cq/large?snapshot=false,fsname=out.csv,fstype=csv,header=full,\
         dateformat=%Y-%m-%d %H:%M:%S,transport=kafka,transportconfigfile=sub.cfg"
    );
    let subscriber = Running::start(adapter(folder, &argument));
    let publisher = Running::start(publish(folder, "in.csv", ",header=1,blocksize=3,rate=100"));
    let engine = Engine::start(folder, &["-model", "file://model.xml"]).unwrap();
    let published = publisher.output();
    assert_eq!(published.status.code(), Some(0), "{}", stderr(&published));
    let written = || fs::read_to_string(folder.join("out.csv")).unwrap_or_default();
    wait_until("the output", PATIENCE, || Ok((written().len() >= OUTPUT.len()).then_some(()))).unwrap();
    assert_eq!(written(), OUTPUT);

    // A conversion error ends the adapter, behind what was good before it.
    fs::write(folder.join("bad.csv"), "i,n,5,X,200,\ni,n,6.5,X,200,\ni,n,7,X,200,\n").unwrap();
    let ended = publish(folder, "bad.csv", ",blocksize=10").output().unwrap();
    let text = stderr(&ended);
    assert_eq!(ended.status.code(), Some(1), "{text}");
    assert!(
        text.contains(
            "dfESPevent::dfESPevent(): Conversion of parsed field <6.5> failed for datafield[0] in delimited \
             event <i,n,6.5,X,200,>"
        ),
        "{text}"
    );
    let ignoring = publish(folder, "bad.csv", ",ignorecsvparseerrors=true").output().unwrap();
    assert_eq!(ignoring.status.code(), Some(0), "{}", stderr(&ignoring));
    let more = "I,N, 5,X,200.000000,\nI,N, 5,X,200.000000,\nI,N, 7,X,200.000000,\n";
    let whole = [OUTPUT, more].concat();
    wait_until("the output", PATIENCE, || Ok((written().len() >= whole.len()).then_some(()))).unwrap();
    assert_eq!(written(), whole);

    let ended = subscriber.terminate();
    assert_eq!(ended.status.code(), Some(0), "{}", stderr(&ended));
    assert_eq!(engine.terminate().unwrap().code(), Some(0));
}

#[test]
fn mistakes_end_with_code_1() {
    let folder = tempfile::tempdir().unwrap();
    let mut without = Command::new(env!("CARGO_BIN_EXE_dfesp_fs_adapter"));
    let ended = without.stderr(Stdio::piped()).output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert!(stderr(&ended).starts_with("Usage: dfesp_fs_adapter -C"));
    let ended =
        adapter(folder.path(), "type=pub,url=dfESP://h:1/p/q/w,fsname=x,fstype=csv").output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(
        stderr(&ended),
        "dfesp_fs_adapter: parameter 'transport', value 'native': this transport is not implemented yet; \
         transport=kafka is (INVALID_VALUE)\n"
    );
}

/// No engine answers, with a broker and without one: it is said, and each signal ends the wait.
#[test]
fn an_adapter_that_waits_for_an_engine_says_so_and_stops() {
    let broker = shared().unwrap().bootstrap;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let cases = [
        (broker.as_str(), "no engine answers", Signal::INT),
        (broker.as_str(), "no engine answers", Signal::TERM),
        ("127.0.0.1:1", "no Kafka broker answers", Signal::INT),
    ];
    for (broker, said, signal) in cases {
        let text = format!(
            "kafka\n{{\nhostport = \"{broker}\"\npartition = \"0\"\ninitialoffset = \"smallest\"\n\
             metatopic=\"adapter.waits.replies\"\n}}\nsas\n{{\nhotfailover=false\n}}\n"
        );
        fs::write(folder.join("sub.cfg"), text).unwrap();
        let argument = "type=sub,url=dfESP://adapter.waits:61002/p/q/w?snapshot=false,fsname=out.csv,fstype=csv,\
             transport=kafka,transportconfigfile=sub.cfg";
        let mut adapter = Running::start(adapter(folder, argument));
        let mut log = BufReader::new(adapter.0.as_mut().unwrap().stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains(said) {
            line.clear();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "it ended without '{said}'");
        }
        let mut child = adapter.0.take().unwrap();
        kill_process(Pid::from_child(&child), signal).unwrap();
        let ended = wait_until("the adapter to end", PATIENCE, || Ok(child.try_wait().unwrap())).unwrap();
        assert_eq!(ended.code(), Some(0), "{said}: {signal:?}");
    }
}
