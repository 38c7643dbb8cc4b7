//! Models with parts that this release does not have, where the server is told to load them all the same.

use std::sync::Arc;
use std::time::Duration;

use tidegate_event::BlockKind;

use super::harness::*;
use crate::*;

/// Windows that do not run, what hangs on their schema, and what does not.
const MODEL: &str = r#"<project name="p" threads="1" pubsub="auto"><contqueries><contquery name="cq"><windows>
  <window-source name="in"><schema-string>id*:int64,v:int64</schema-string><connectors>
    <connector class="nurego" name="c"><properties><property name="type">pub</property></properties></connector>
  </connectors></window-source>
  <window-copy name="kept"/>
  <window-textcategory name="category"/>
  <window-filter name="behind"><expression>score &gt; 1</expression></window-filter>
  <window-copy name="fits"/>
  <window-procedural name="code"><schema-string>id*:int64,w:string</schema-string></window-procedural>
  <window-calculate name="unknown" algorithm="STFT"><schema-string>id*:int64,out:double</schema-string>
    <input-map><properties><property name="input">v</property></properties></input-map></window-calculate>
</windows><edges>
  <edge source="in" target="kept"/><edge source="in" target="category"/><edge source="category" target="behind"/>
  <edge source="category" target="fits"/><edge source="in" target="code"/>
  <edge source="in" target="unknown" role="data"/>
</edges></contquery></contqueries></project>"#;

fn tolerant_host() -> Host {
    let (config, _) = config(BadEvents::nowhere(), 64);
    Host::new(HostConfig { allow_unsupported: true, ..config })
}

#[test]
fn such_windows_are_there_and_emit_nothing() {
    let host = tolerant_host();
    let project = host.load(MODEL, &LoadOptions::default()).unwrap();
    let unsupported: Vec<&str> = project
        .windows()
        .iter()
        .filter(|window| window.unsupported)
        .map(|window| window.name.as_str())
        .collect();
    assert_eq!(unsupported, ["category", "behind", "code", "unknown"]);
    let window = project.window("cq", "in").unwrap();
    let block = Arc::new(row(&window.schema, 1, 7));
    let input = Input { window: window.id, kind: BlockKind::Normal, client: 0, block };
    project.inject(input, Duration::from_secs(60)).unwrap();
    project.quiesce().unwrap();
    let emitted: Vec<(String, u64)> =
        project.stats().unwrap().windows.into_iter().map(|window| (window.window, window.emitted)).collect();
    let expected =
        [("in", 1), ("kept", 1), ("category", 0), ("behind", 0), ("fits", 0), ("code", 0), ("unknown", 0)];
    assert_eq!(emitted, expected.map(|(name, count)| (name.to_owned(), count)));
}

#[test]
fn it_can_be_saved_and_restored() {
    let host = tolerant_host();
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().to_str().unwrap();
    let options = LoadOptions { overwrite: true, ..LoadOptions::default() };
    host.load(MODEL, &options).unwrap().persist(directory).unwrap();
    let options = LoadOptions { start: false, ..options };
    host.load(MODEL, &options).unwrap().restore(directory).unwrap();
}

#[test]
fn without_being_told_the_server_refuses_each_with_its_line() {
    let (host, _) = host();
    let Err(HostError::BadModel(mistakes)) = host.load(MODEL, &LoadOptions::default()) else {
        panic!("it was loaded");
    };
    let lines: Vec<u32> = mistakes.sorted().iter().map(|mistake| mistake.position.line).collect();
    assert_eq!(lines, [3, 6, 9, 10]);
}

#[test]
fn other_mistakes_refuse_a_model_in_any_case() {
    let model = MODEL.replace("v:int64", "v:number");
    assert!(matches!(tolerant_host().load(&model, &LoadOptions::default()), Err(HostError::BadModel(_))));
}
