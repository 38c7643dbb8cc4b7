//! Projects through the interface: load, state, lists, injection, events. Expected bodies are the texts of rest-api and
//! failover-and-server.

use super::harness::{Answer, Server};

/// A source window and a copy of it. `@NOT_SET@` has no value and stays.
const MODEL: &str = r#"<engine>
  <projects>
    <project name="original" threads="1" pubsub="auto">
      <!-- kept -->
      <contqueries>
        <contquery name="CQ">
          <windows>
            <window-source name="data" index="pi_EMPTY" insert-only="true">
              <description><![CDATA[a < b, @NOT_SET@]]></description>
              <schema>
                <fields>
                  <field name="id" type="int64" key="true"/>
                  <field name="symbol" type="string"/>
                  <field name="price" type="double"/>
                </fields>
              </schema>
            </window-source>
            <window-copy name="kept" index="pi_HASH"/>
          </windows>
          <edges>
            <edge source="data" target="kept"/>
          </edges>
        </contquery>
      </contqueries>
    </project>
  </projects>
</engine>
"#;

const LOADED: &str = "<message>load project P succeeded</message>\n";

fn message(text: &str) -> String {
    format!("<response>\n<message>{text}</message>\n</response>\n")
}

fn with_project(parameters: &str) -> Server {
    let server = Server::new();
    server.put(&format!("/SASESP/projects/P{parameters}"), MODEL).is(200, LOADED);
    server
}

fn inject(server: &Server, parameters: &str, media_type: &str, body: &str) -> Answer {
    let path = format!("/SASESP/windows/P/CQ/data/state?value=injected{parameters}");
    server.request("PUT", &path, &[("Content-Type", media_type)], body)
}

/// The ids of the events that a request answers.
fn ids(server: &Server, parameters: &str) -> Vec<String> {
    let answer = server.get(&format!("/SASESP/events/P/CQ/kept{parameters}"));
    assert_eq!(answer.status, 200, "{answer:?}");
    let line = |line: &str| Some(line.trim().strip_prefix("<id>")?.strip_suffix("</id>")?.to_owned());
    answer.body.lines().filter_map(line).collect()
}

/// rest-api 4.2: the name in the path wins; what exists is replaced only with `overwrite=true`.
#[test]
fn load_and_overwrite() {
    let server = with_project("");
    server.put("/SASESP/projects/P/?start=false", MODEL).is_error(400, "project 'P' already exists");
    server
        .put("/SASESP/projects/P/?overwrite=true&connectors=true&start=true&log=true", MODEL)
        .is(200, LOADED);
    server
        .post("/eventStreamProcessing/v1/projects/other", MODEL)
        .is(200, "<message>load project other succeeded</message>\n");
    server
        .get("/SASESP/runningProjects")
        .is(200, "<projects>\n  <project name=\"P\"/>\n  <project name=\"other\"/>\n</projects>\n");
    server.delete("/SASESP/projects/other/").is(200, &message("project other successfully deleted"));
    server.delete("/SASESP/projects/other").is_error(404, "project 'other' does not exist");
    server
        .request("PUT", "/SASESP/projects/P?overwrite=true", &[("Accept", "application/json")], MODEL)
        .is(200, r#"{"message":"load project P succeeded"}"#);
}

/// Every mistake is a detail with its place.
#[test]
fn models_with_mistakes() {
    let server = Server::new();
    let bad = MODEL.replace("window-copy", "window-cop").replace("type=\"double\"", "type=\"doubl\"");
    let answer = server.put("/SASESP/projects/P", &bad);
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("<detail>14:"), "{}", answer.body);
    assert!(answer.body.contains("<detail>18:"), "{}", answer.body);
    server.get("/SASESP/projects").is(200, "<projects/>\n");
    for body in ["<foo/>", "<project", "text", "<engine><projects/></engine>"] {
        let answer = server.put("/SASESP/projects/P", body);
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.body.contains("<detail>"), "{}", answer.body);
    }
}

#[test]
fn a_model_in_a_file() {
    let server = Server::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my model.xml");
    std::fs::write(&path, MODEL).unwrap();
    server.put(&format!("/SASESP/projects/P?projectUrl=file://{}", path.display()), "").is(200, LOADED);
    let missing = server.put("/SASESP/projects/Q?projectUrl=file:///no/such/model.xml", "");
    assert_eq!(missing.status, 400);
    assert!(
        missing.body.contains("<message>'/no/such/model.xml' could not be read</message>"),
        "{}",
        missing.body
    );
}

/// The texts of rest-api 4.4; doing it twice is no error.
#[test]
fn changes_of_state() {
    let server = with_project("?start=false");
    server.get("/SASESP/stoppedProjects").is(200, "<projects>\n  <project name=\"P\"/>\n</projects>\n");
    let change = |value: &str| server.put(&format!("/SASESP/projects/P/state?value={value}"), "");
    for _ in 0..2 {
        change("running").is(200, &message("project P successfully started"));
    }
    change("started").is(200, &message("project P successfully started"));
    server.get("/SASESP/projects/P/state").is(200, "<project-state name=\"P\" state=\"running\"/>\n");
    for _ in 0..2 {
        change("connectorsStarted").is(200, &message("connectors started for project 'P'"));
    }
    change("connectorsStopped").is(200, &message("connectors stopped for project 'P'"));
    for _ in 0..2 {
        change("stopped").is(200, &message("project P successfully stopped"));
    }
    server.get("/SASESP/projects/P/state").is(200, "<project-state name=\"P\" state=\"stopped\"/>\n");
    server
        .post("/SASESP/projects/P/state?value=running", "")
        .is(200, &message("project P successfully started"));
}

/// rest-api 4.5.
#[test]
fn many_projects_at_once() {
    let server = with_project("?start=false");
    server.put("/SASESP/projects/Q?start=false", MODEL);
    server
        .post("/SASESP/runningProjects?filter=match(name,\"^[PQ]$\")", "")
        .is(200, &message("project P successfully started\nproject Q successfully started"));
    server.post("/SASESP/stoppedProjects/Q?name=Q", "").is(200, &message("project Q successfully stopped"));
    server
        .get("/SASESP/stoppedProjects?schema=false")
        .is(200, "<projects>\n  <project name=\"Q\"/>\n</projects>\n");
    server
        .get("/SASESP/runningProjects?name=P|Q")
        .is(200, "<projects>\n  <project name=\"P\"/>\n</projects>\n");
    server
        .delete("/SASESP/projects?name=&filter=match(name, '^[PQ]$')")
        .is(200, &message("project P successfully deleted\nproject Q successfully deleted"));
    server.delete("/SASESP/projects").is(200, &message("no projects deleted"));
}

/// rest-api 4.1.
#[test]
fn projects_with_their_schemas() {
    let server = with_project("");
    let expected = r#"<projects>
  <project name="P" index="pi_HASH" state="running">
    <contqueries>
      <contquery name="CQ">
        <windows>
          <window-source name="data" index="pi_EMPTY">
            <schema>
              <fields>
                <field name="id" type="int64" key="true"/>
                <field name="symbol" type="string"/>
                <field name="price" type="double"/>
              </fields>
            </schema>
          </window-source>
          <window-copy name="kept" index="pi_HASH">
            <schema>
              <fields>
                <field name="id" type="int64" key="true"/>
                <field name="symbol" type="string"/>
                <field name="price" type="double"/>
              </fields>
            </schema>
          </window-copy>
        </windows>
        <edges>
          <edge source="data" target="kept"/>
        </edges>
      </contquery>
    </contqueries>
  </project>
</projects>
"#;
    for path in [
        "/SASESP/projects?schema=true",
        "/SASESP/projects/P?schema=true",
        "/SASESP/runningProjects?schema=true",
    ] {
        server.get(path).is(200, expected);
    }
    assert!(!server.get("/SASESP/projects").body.contains("schema"));
}

/// rest-api 4.6 and 5.2: elements as they were loaded, under the name of the load.
#[test]
fn models_come_back_verbatim() {
    let server = with_project("?start=false");
    let start = MODEL.find("<project name").unwrap();
    let end = MODEL.find("</project>").unwrap() + "</project>".len();
    let project = MODEL[start..end].replace("original", "P");
    server.get("/SASESP/projectXml?name=P").is(200, &format!("<projects>\n{project}\n</projects>\n"));
    server
        .get("/SASESP/projectXml?filter=match(name, \".*P.*\")")
        .is(200, &format!("<projects>\n{project}\n</projects>\n"));
    server.get("/SASESP/projectXml?name=Q").is(200, "<projects/>\n");
    let copy = "<windows>\n<window-copy name=\"kept\" index=\"pi_HASH\" project=\"P\" contquery=\"CQ\"/>\n</windows>\n";
    server.get("/SASESP/windowXml?project=P&contquery=CQ&name=kept").is(200, copy);
    server.get("/SASESP/windowXml?type=window-copy").is(200, copy);
    assert!(server.get("/SASESP/windowXml").body.contains("<window-source name=\"data\""));
}

/// rest-api 5.1.
#[test]
fn windows_with_counts_and_schemas() {
    let server = with_project("");
    assert_eq!(inject(&server, "", "text/csv", "i,n,1,ibm,1.5\ni,n,2,sas,2\n").status, 200);
    let expected = "<windows>\n  <window-source name=\"data\" contquery=\"CQ\" project=\"P\" count=\"0\"/>\n  \
                    <window-copy name=\"kept\" contquery=\"CQ\" project=\"P\" count=\"2\"/>\n</windows>\n";
    for path in
        ["/SASESP/windows?count=true", "/SASESP/windows/P?count=true", "/SASESP/windows/P/CQ/?count=true"]
    {
        server.get(path).is(200, expected);
    }
    let one = "<windows>\n  <window-copy name=\"kept\" contquery=\"CQ\" project=\"P\"/>\n</windows>\n";
    server.get("/SASESP/windows/P/CQ/kept").is(200, one);
    let schema = server.get("/SASESP/windows/P/CQ/kept?schema=true").body;
    assert!(schema.contains("<field name=\"id\" type=\"int64\" key=\"true\"/>"), "{schema}");
    server.get("/SASESP/windows/P/CQ/none").is_error(404, "window 'P/CQ/none' does not exist");
    server.get("/SASESP/windows/P/none").is_error(404, "window 'P/none' does not exist");
}

/// The bodies of rest-api 5.4, read back as in 6.1.
#[test]
fn events_go_in_and_come_out() {
    let server = with_project("");
    let xml = "<events><event><opcode>i</opcode><id key='true'>1</id><symbol>a</symbol><price>1</price></event></events>";
    inject(&server, "", "application/xml", xml).is(200, &message("1 events injected into P/CQ/data"));
    inject(&server, "&blocksize=1&quiesce=false", "application/json", r#"[{"id":"2","symbol":"<b>"}]"#);
    inject(&server, "", "application/json", r#"[[{"id":"3","price":0.25,"unknown":1}],[{"id":4}]]"#)
        .is(200, &message("2 events injected into P/CQ/data"));
    inject(&server, "&quiesce=true", "text/csv", "i,n,5,c,2.5\n");
    let post =
        server.post("/eventStreamProcessing/v1/windows/P/CQ/data/state?value=injected", "{\"id\":\"6\"}");
    assert_eq!(post.status, 200);
    assert_eq!(ids(&server, ""), ["1", "2", "3", "4", "5", "6"]);
    let expected = "<events count=\"2\">\n  <event opcode=\"insert\" window=\"P/CQ/kept\">\n    <id>1</id>\n    \
                    <symbol>a</symbol>\n    <price>1.000000</price>\n  </event>\n  <event opcode=\"insert\" window=\"P/CQ/kept\">\n    \
                    <id>2</id>\n    <symbol>&lt;b&gt;</symbol>\n  </event>\n</events>\n";
    server.get("/SASESP/events/P/CQ/kept/?filter=in(id,1,2)").is(200, expected);
    server.get("/SASESP/events?windowFilter=eq(type,'window-copy')&eventFilter=lte(id,2)").is(200, expected);
    server.get("/SASESP/events/P/CQ/data").is(200, "<events count=\"0\"/>\n");
    server.get_json("/SASESP/events/P/CQ/kept?id=3").is(
        200,
        r#"{"events":[{"attributes":{"count":"1"}},{"event":{"attributes":{"opcode":"insert","window":"P/CQ/kept"},"id":"3","price":"0.250000"}}]}"#,
    );
    assert_eq!(ids(&server, "?sortBy=id:descending&limit=2"), ["6", "5"]);
    assert_eq!(ids(&server, "?sortBy=price:descending&limit=3"), ["5", "1", "3"]);
    server.get("/SASESP/events/P/CQ/none").is_error(404, "window 'P/CQ/none' does not exist");
    assert_eq!(server.get("/SASESP/events/P/CQ/kept?filter=x").status, 400);
}

#[test]
fn events_in_a_file() {
    let server = with_project("");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("input.xml");
    std::fs::write(&path, "<events><event><id>1</id></event><event><id>2</id></event></events>").unwrap();
    let parameters = format!("&blocksize=1&eventUrl=file://{}", path.display());
    inject(&server, &parameters, "text/xml", "").is(200, &message("2 events injected into P/CQ/data"));
    assert_eq!(ids(&server, ""), ["1", "2"]);
    std::fs::write(&path, "<events><event><id>3</id></event><event><id>x</id></event></events>").unwrap();
    let broken = inject(&server, &parameters, "text/xml", "");
    assert_eq!(broken.status, 400);
    assert!(broken.body.contains("<detail>1 events before were injected</detail>"), "{}", broken.body);
    assert_eq!(inject(&server, "&eventUrl=file:///no/such/file.csv", "", "").status, 400);
}

#[test]
fn injection_that_is_refused_injects_nothing() {
    let server = with_project("");
    inject(&server, "", "text/csv", " \n").is_error(400, "the body holds no events");
    for (media_type, body) in [
        ("text/csv", "i,n,1,a,1\ni,n,x,a,1\n"),
        ("application/xml", "<events><event><id>1</id></event><event><id>x</id></event></events>"),
        ("application/xml", "<events><event><id>1</id></event>"),
        ("application/json", "[{\"id\":1},{\"id\":\"x\"}]"),
        ("application/json", "[{\"id\":1}"),
    ] {
        let answer = inject(&server, "", media_type, body);
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.body.contains("<message>the events could not be read</message>"), "{}", answer.body);
    }
    assert_eq!(inject(&server, "&blocksize=0", "text/csv", "i,n,1,a,1").status, 400);
    assert_eq!(ids(&server, ""), Vec::<String>::new());
    let copy = server.put("/SASESP/windows/P/CQ/kept/state?value=injected", "i,n,1,a,1");
    copy.is_error(400, "window 'P/CQ/kept' is no source window");
    server
        .put("/SASESP/windows/P/CQ/none/state?value=injected", "i,n,1")
        .is_error(404, "window 'P/CQ/none' does not exist");
    server.put("/SASESP/projects/P/state?value=stopped", "");
    inject(&server, "", "text/csv", "i,n,1,a,1\n").is_error(400, "project 'P' is not running");
}

/// The session of failover-and-server 2.1, and the errors of 2.6.
#[test]
fn persist_and_restore() {
    let server = with_project("");
    let folder = tempfile::tempdir().unwrap();
    let path = format!("{}/my state/", folder.path().display());
    let change =
        |server: &Server, value: &str| server.put(&format!("/SASESP/projects/P/state?value={value}"), "");
    inject(&server, "", "text/csv", "i,n,1,a,1\ni,n,2,b,2\n");
    change(&server, "stopped").is(200, &message("project P successfully stopped"));
    let saved = format!(
        "<response>\n<message>\n<response>\n<message>project P successfully saved to {path}</message>\n</response>\n</message>\n</response>\n"
    );
    change(&server, &format!("persisted&path={path}")).is(200, &saved);
    change(&server, "running").is(200, &message("project P successfully started"));
    change(&server, "connectorsStarted").is(200, &message("connectors started for project 'P'"));
    assert!(folder.path().join("my state/project.state").is_file());
    assert!(folder.path().join("my state/queries").is_dir());

    let other = with_project("?start=false");
    let restored = message(&format!("project 'P' successfully restored from '{path}'"));
    change(&other, &format!("restored&path={path}")).is(200, &restored);
    change(&other, "running").is(200, &message("project P successfully started"));
    assert_eq!(ids(&other, ""), ["1", "2"]);

    change(&other, &format!("restored&path={path}")).is_error(400, "project P must be stopped");
    // While it runs (esppy, test_save).
    change(&other, &format!("persisted&path={path}")).is(200, &saved);
    change(&other, "persisted").is_error(400, "path is required for value 'persisted'");
    change(&other, "restored&path=").is_error(400, "path is required for value 'restored'");
    change(&other, "stopped");
    change(&other, "restored&path=/no/such/folder")
        .is_error(404, "no persisted project in '/no/such/folder'");
    other.put("/SASESP/projects/Q?start=false", MODEL);
    let mismatch = other.put(&format!("/SASESP/projects/Q/state?value=restored&path={path}"), "");
    mismatch.is_error(400, "persisted project 'P' does not match 'Q'");
    std::fs::write(folder.path().join("file"), "").unwrap();
    let unwritable = change(&other, &format!("persisted&path={}/file", folder.path().display()));
    assert_eq!(unwritable.status, 500);
    assert!(unwritable.body.contains("<message>project P could not be saved to "), "{}", unwritable.body);
    assert!(unwritable.body.contains("<detail>"), "{}", unwritable.body);
}

#[test]
fn the_whole_server_is_persisted() {
    let server = with_project("");
    server.put("/SASESP/projects/Q", MODEL);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display();
    let body = message(&format!("esp server saved to {path}"));
    server.put(&format!("/SASESP/server/state?value=persisted&path={path}"), "").is(200, &body);
    for project in ["P", "Q"] {
        assert!(folder.path().join(project).join("project.state").is_file());
    }
    let models = std::fs::read_to_string(folder.path().join("server.state")).unwrap();
    assert!(models.contains("<project name=\"P\"") && models.contains("<project name=\"Q\""), "{models}");
}

/// rest-api 4.7.
#[test]
fn models_are_validated() {
    let server = Server::new();
    server.post("/SASESP/projectValidationResults", MODEL).is(200, "<schema-validation-success/>\n");
    let bad = server.post("/SASESP/projectValidationResults", "<project><foo /></project>");
    assert_eq!(bad.status, 200);
    assert!(bad.body.starts_with("<schema-validation-failure>\n  <message>"), "{}", bad.body);
    server.get("/SASESP/projects").is(200, "<projects/>\n");
}
