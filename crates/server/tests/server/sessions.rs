//! The two sessions of the published article on persist and restore (failover-and-server 2.1 and 2.2), word for word.

use std::path::Path;

use crate::support::Server;

/// Retention, aggregates, automatic keys and an expression variable: all kinds of state of the core.
const MODEL: &str = r#"<project name="dstat" threads="1" pubsub="auto"><contqueries><contquery name="cq"><windows>
  <window-source name="in" index="pi_EMPTY" insert-only="true" autogen-key="true">
    <schema-string>id*:int64,sensor:string,value:double</schema-string></window-source>
  <window-compute name="numbered" index="pi_EMPTY">
    <expr-initialize><initializer type="int32">integer n n=0</initializer></expr-initialize>
    <schema-string>id*:int64,sensor:string,value:double,number:int32</schema-string>
    <output><field-expr>sensor</field-expr><field-expr>value</field-expr>
    <field-expr>n=n+1 return n</field-expr></output></window-compute>
  <window-copy name="recent"><retention type="bycount_sliding">5</retention></window-copy>
  <window-aggregate name="bySensor"><schema-string>sensor*:string,n:int64,total:double,top:double,first:int32</schema-string>
    <output><field-expr>ESP_aCount()</field-expr><field-expr>ESP_aSum(value)</field-expr>
    <field-expr>ESP_aMax(value)</field-expr><field-expr>ESP_aFirst(number)</field-expr></output></window-aggregate>
</windows><edges><edge source="in" target="numbered"/><edge source="numbered" target="recent"/>
  <edge source="recent" target="bySensor"/></edges></contquery></contqueries></project>"#;

const FIRST: &str = "i,n,,a,1\ni,n,,b,2.5\ni,n,,a,7\ni,n,,b,3\n";
const SECOND: &str = "i,n,,a,4\ni,n,,c,9\ni,n,,b,0.5\n";

fn write_inputs(folder: &Path) {
    for (name, text) in [("model.xml", MODEL), ("first.csv", FIRST), ("second.csv", SECOND)] {
        std::fs::write(folder.join(name), text).expect("the folder of the test can be written");
    }
}

fn inject(server: &Server, folder: &Path, file: &str) {
    let path = folder.join(file);
    let request =
        format!("windows/dstat/cq/in/state?value=injected&quiesce=true&eventUrl=file://{}", path.display());
    let (code, text) = server.client(&request, &["-put"]);
    assert_eq!(code, 0, "{text}");
}

/// The content of all windows that have one.
fn content(server: &Server) -> String {
    ["recent", "bySensor"].map(|window| server.client(&format!("events/dstat/cq/{window}"), &[]).1).concat()
}

fn answers(server: &Server, path: &str, arguments: &[&str], expected: &str) {
    let (code, text) = server.client(path, arguments);
    assert_eq!((code, text.as_str()), (0, expected), "{path}");
}

/// Persist on one server, kill it, restore on another with other ports in another folder, and go on as if nothing
/// had happened.
#[test]
fn persist_then_restore_elsewhere() {
    let (here, there, saved) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_inputs(here.path());
    let directory = format!("{}/failover/", saved.path().display());

    // The undisturbed run.
    let undisturbed = Server::start(here.path(), &["-model", "file://model.xml"]);
    inject(&undisturbed, here.path(), "first.csv");
    inject(&undisturbed, here.path(), "second.csv");
    let expected = content(&undisturbed);
    assert!(expected.contains("<sensor>c</sensor>"), "{expected}");
    assert_eq!(undisturbed.terminate().code(), Some(0));

    let server = Server::start(here.path(), &[]);
    // A client reads a relative file from its own folder: give it the whole path.
    let body = format!("file://{}", here.path().join("model.xml").display());
    answers(&server, "projects/dstat", &["-put", &body], "<message>load project dstat succeeded</message>\n");
    inject(&server, here.path(), "first.csv");
    let state = "projects/dstat/state?value=";
    answers(
        &server,
        &format!("{state}stopped"),
        &["-put"],
        "<response>\n<message>project dstat successfully stopped</message>\n</response>\n",
    );
    answers(
        &server,
        &format!("{state}persisted&path={directory}"),
        &["-put"],
        &format!(
            "<response>\n<message>\n<response>\n<message>project dstat successfully saved to {directory}</message>\n\
             </response>\n</message>\n</response>\n"
        ),
    );
    answers(
        &server,
        &format!("{state}running"),
        &["-put"],
        "<response>\n<message>project dstat successfully started</message>\n</response>\n",
    );
    answers(
        &server,
        &format!("{state}connectorsStarted"),
        &["-put"],
        "<response>\n<message>connectors started for project 'dstat'</message>\n</response>\n",
    );
    assert!(saved.path().join("failover/project.state").is_file());
    assert!(saved.path().join("failover/queries").is_dir());
    server.kill();

    let server = Server::start(there.path(), &[]);
    let body = format!("file://{}", here.path().join("model.xml").display());
    answers(
        &server,
        "projects/dstat?start=false",
        &["-put", &body],
        "<message>load project dstat succeeded</message>\n",
    );
    answers(
        &server,
        &format!("{state}restored&path={directory}"),
        &["-put"],
        &format!(
            "<response>\n<message>project 'dstat' successfully restored from '{directory}'</message>\n</response>\n"
        ),
    );
    answers(
        &server,
        &format!("{state}running"),
        &["-put"],
        "<response>\n<message>project dstat successfully started</message>\n</response>\n",
    );
    answers(
        &server,
        &format!("{state}connectorsStarted"),
        &["-put"],
        "<response>\n<message>connectors started for project 'dstat'</message>\n</response>\n",
    );
    inject(&server, here.path(), "second.csv");
    assert_eq!(content(&server), expected);
    assert_eq!(server.terminate().code(), Some(0));
}

/// What failover-and-server 2.6 says of requests that cannot be met; the project stays as it was.
#[test]
fn a_restore_that_cannot_be_met_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    write_inputs(folder.path());
    let server = Server::start(folder.path(), &["-model", "file://model.xml"]);
    inject(&server, folder.path(), "first.csv");
    let before = content(&server);
    let state = "projects/dstat/state?value=";
    let refused = |path: &str, message: &str| {
        let (code, text) = server.client(path, &["-put"]);
        assert_eq!(code, 2, "{path}: {text}");
        assert!(text.contains(&format!("<message>{message}</message>")), "{path}: {text}");
    };
    refused("projects/other/state?value=persisted&path=x", "project 'other' does not exist");
    refused(&format!("{state}persisted"), "path is required for value 'persisted'");
    refused(&format!("{state}melted"), "invalid state value 'melted'");
    refused(&format!("{state}restored&path=nothing"), "project dstat must be stopped");
    assert_eq!(server.client(&format!("{state}stopped"), &["-put"]).0, 0);
    refused(&format!("{state}restored&path=nothing"), "no persisted project in 'nothing'");
    let directory = format!("{}/snap", folder.path().display());
    assert_eq!(server.client(&format!("{state}persisted&path={directory}"), &["-put"]).0, 0);
    let manifest = Path::new(&directory).join("project.state");
    let mut bytes = std::fs::read(&manifest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&manifest, bytes).unwrap();
    let (code, text) = server.client(&format!("{state}restored&path={directory}"), &["-put"]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("project.state"), "{text}");
    assert_eq!(server.client(&format!("{state}running"), &["-put"]).0, 0);
    assert_eq!(content(&server), before);
}
