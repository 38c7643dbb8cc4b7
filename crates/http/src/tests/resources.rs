//! The tree of resources in process: paths, methods, formats, errors. Expected bodies are the texts of rest-api and
//! failover-and-server.

use std::sync::atomic::Ordering;

use super::harness::Server;

const UP: &str = "<response code=\"200\">\n<message>esp server up and running</message>\n</response>\n";

#[test]
fn the_roots_answer_with_and_without_a_slash() {
    let server = Server::new();
    for root in [
        "/SASESP",
        "/SASESP/",
        "/eventStreamProcessing/v1",
        "/eventStreamProcessing/v1/",
        "/eventStreamProcessing/v2/",
    ] {
        server.get(root).is(200, UP);
        let head = server.request("HEAD", root, &[], "");
        assert_eq!((head.status, head.header("content-length")), (200, Some(UP.len().to_string().as_str())));
    }
    server
        .get_json("/SASESP")
        .is(200, r#"{"response":[{"attributes":{"code":"200"}},{"message":"esp server up and running"}]}"#);
}

/// rest-api 3.2.
#[test]
fn the_server_describes_itself() {
    let server = Server::new();
    let plain = "<esp-server version=\"5.2\" engine=\"esp\" analytics-license=\"true\" primary-server=\"true\" pubsub=\"8611\"/>\n";
    server.get("/SASESP/server").is(200, plain);
    server.get("/eventStreamProcessing/v1/server?config=false").is(200, plain);
    let config = "<esp-server version=\"5.2\" engine=\"esp\" analytics-license=\"true\" primary-server=\"true\" pubsub=\"8611\">\n  \
                  <property name=\"pubsub\">8611</property>\n  <property name=\"http\">8610</property>\n</esp-server>\n";
    server.get("/SASESP/server?config=true").is(200, config);
    server.get("/SASESP/server/?config=true&format=xml").is(200, config);
    server
        .get("/SASESP/server?config=yes")
        .is_error(400, "parameter 'config' is 'yes', expected 'true' or 'false'");
    server
        .get("/SASESP/server?format=yaml")
        .is_error(400, "parameter 'format' is 'yaml', expected 'xml' or 'json'");
}

/// rest-api 2.4: errors for unknown paths are XML too, whatever is accepted.
#[test]
fn unknown_paths_and_wrong_methods() {
    let server = Server::new();
    server.get("/SASESP/nonsense").is_error(404, "'/SASESP/nonsense' does not exist");
    server.get("/nonsense/").is_error(404, "'/nonsense/' does not exist");
    server.get("/").is_error(404, "'/' does not exist");
    server.get_json("/SASESP/nonsense").is_error(404, "'/SASESP/nonsense' does not exist");
    server.get("/SASESP/windows/a/b/c/d").is_error(404, "'/SASESP/windows/a/b/c/d' does not exist");
    server.put("/SASESP/projects", "").is_error(405, "method PUT is not allowed for '/SASESP/projects'");
    server.delete("/SASESP/server").is_error(405, "method DELETE is not allowed for '/SASESP/server'");
    server
        .request("PATCH", "/SASESP/projects/P/", &[], "")
        .is_error(405, "method PATCH is not allowed for '/SASESP/projects/P/'");
    server.get("/SASESP/projects/%ff").is_error(400, "the path is not UTF-8");
    server.get("/SASESP/projects?name=%ff").is_error(400, "query parameter 'name' is not UTF-8");
}

#[test]
fn what_is_not_there_yet_says_so() {
    let server = Server::new();
    server.get("/SASESP/routers").is_error(400, "GET routers is not implemented yet");
    server
        .put("/eventStreamProcessing/v1/eventGenerators/G/state?value=started", "")
        .is_error(400, "PUT eventGenerators is not implemented yet");
    server
        .get("/SASESP/algorithms/train?properties=true")
        .is_error(400, "GET algorithms is not implemented yet");
    server
        .put("/SASESP/server/state?value=reloaded", "")
        .is(500, "<response>\n<message>esp server could not be reloaded</message>\n<details>\n<detail>the server was started without a way back</detail>\n</details>\n</response>\n");
}

/// rest-api 2.7.
#[test]
fn browsers_of_other_origins() {
    let server = Server::new();
    let headers = [("Origin", "http://h:1"), ("Access-Control-Request-Headers", "content-type,x-own")];
    for path in ["/SASESP/projects/P", "/SASESP/nonsense", "/"] {
        let options = server.request("OPTIONS", path, &headers, "");
        assert_eq!(options.status, 200);
        assert_eq!(
            options.header("access-control-allow-methods"),
            Some("GET, HEAD, PUT, POST, DELETE, OPTIONS")
        );
        assert_eq!(options.header("access-control-allow-headers"), Some("content-type,x-own"));
        assert_eq!(options.header("access-control-allow-origin"), Some("http://h:1"));
    }
    for path in ["/SASESP", "/SASESP/nonsense"] {
        let answer = server.request("GET", path, &headers[..1], "");
        assert_eq!(answer.header("access-control-allow-origin"), Some("http://h:1"));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        assert_eq!(answer.header("access-control-expose-headers"), Some("WWW-Authenticate"));
    }
    assert_eq!(server.get("/SASESP").header("access-control-allow-origin"), None);
}

#[test]
fn health() {
    let server = Server::new();
    for path in ["/internal/ready", "/readyz", "/healthz"] {
        assert_eq!(server.get(path).status, 200);
    }
    server.state.set_ready(false);
    server.get("/internal/ready").is_error(503, "esp server is not ready");
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn the_server_is_stopped() {
    let server = Server::new();
    server.put("/SASESP/server/state", "").is_error(400, "value is required");
    server.put("/SASESP/server/state?value=x", "").is_error(400, "invalid state value 'x'");
    server
        .put("/SASESP/server/state?value=persisted", "")
        .is_error(400, "path is required for value 'persisted'");
    assert!(!server.stopped.load(Ordering::SeqCst));
    let body = "<response>\n<message>esp server stopped</message>\n</response>\n";
    server.put("/SASESP/server/state?value=stopped", "").is(200, body);
    assert!(server.stopped.load(Ordering::SeqCst));
}

/// rest-api 2.5: what is an empty list, and what is an error.
#[test]
fn nothing_is_there() {
    let server = Server::new();
    server.get("/SASESP/projects").is(200, "<projects/>\n");
    server.get("/SASESP/projects?name=X").is(200, "<projects/>\n");
    server.get("/SASESP/projectXml?name=X").is(200, "<projects/>\n");
    server.get("/SASESP/runningProjects?name=X&schema=false").is(200, "<projects/>\n");
    server.get("/SASESP/stoppedProjects?name=X").is(200, "<projects/>\n");
    server.get("/SASESP/windowXml?name=X").is(200, "<windows/>\n");
    server.get("/SASESP/windows?count=true").is(200, "<windows/>\n");
    server.get("/SASESP/events").is(200, "<events count=\"0\"/>\n");
    assert_eq!(server.delete("/SASESP/projects?name=&filter=match(name, '^.*UnitTest.*$')").status, 200);
    assert_eq!(server.post("/SASESP/runningProjects?filter=match(name,\"X\")", "").status, 200);
    let unknown = "project 'X' does not exist";
    server.get("/SASESP/projects/X").is_error(404, unknown);
    server.delete("/SASESP/projects/X").is_error(404, unknown);
    server.put("/SASESP/projects/X/state?value=running", "").is_error(404, unknown);
    server.put("/SASESP/projects/X/state?value=persisted&path=/d", "").is_error(404, unknown);
    server.get("/SASESP/projects/X/state").is_error(404, unknown);
    server.post("/SASESP/runningProjects/X?name=X", "").is_error(404, unknown);
    server.get("/SASESP/windows/X").is_error(404, unknown);
    server.get("/SASESP/windows/X/CQ/W").is_error(404, unknown);
    server.get("/SASESP/events/X/CQ/W").is_error(404, unknown);
    server.put("/SASESP/windows/X/CQ/W/state?value=injected", "i,n,1").is_error(404, unknown);
}

#[test]
fn wrong_values() {
    let server = Server::new();
    server.put("/SASESP/projects/X/state", "").is_error(400, "value is required");
    server.put("/SASESP/projects/X/state?value=x", "").is_error(400, "invalid state value 'x'");
    server
        .put("/SASESP/projects/X/state?value=modified", "")
        .is_error(400, "project state 'modified' is not implemented yet");
    server
        .get("/SASESP/projects/X/state?value=running")
        .is_error(405, "method GET is not allowed for '/SASESP/projects/X/state'");
    server.put("/SASESP/windows/X/CQ/W/state?value=x", "").is_error(400, "invalid state value 'x'");
    server
        .put("/SASESP/windows/X/CQ/W/state?value=tracingOn", "")
        .is_error(400, "window state 'tracingOn' is not implemented yet");
    server.put("/SASESP/projects/X", "").is_error(400, "the body holds no model");
    server
        .put("/SASESP/projects/X?projectUrl=http://user@h/m.xml", "")
        .is_error(400, "'http://user@h/m.xml' names no host");
    server
        .get("/SASESP/projects?filter=name")
        .is_error(400, "filter, character 1: expected a function call, found 'n'");
}

/// Rest-api 3.5: the names and value codes of the dashboards.
#[test]
fn metrics_are_gauges_in_text_form() {
    let server = Server::new();
    let primary = "# TYPE esp_primary_server gauge\nesp_primary_server 1\n";
    server.get("/metrics").is(200, primary);
    let model = "<project name=\"p\" threads=\"1\" pubsub=\"auto\"><contqueries><contquery name=\"cq\"><windows>\
                 <window-source name=\"s\"><schema-string>k*:int64</schema-string></window-source>\
                 </windows></contquery></contqueries></project>";
    assert_eq!(server.put("/SASESP/projects/p", model).status, 200);
    let with_project =
        format!("{primary}# TYPE esp_project_state gauge\nesp_project_state{{project_name=\"p\"}} 1\n");
    server.get("/SASESP/metrics").is(200, &with_project);
}

#[test]
fn loggers_and_their_levels() {
    let server = Server::new();
    let all = server.get("/SASESP/loggers");
    assert_eq!(all.status, 200);
    for name in ["esp", "esp.http", "esp.server", "esp.windows"] {
        assert!(all.body.contains(&format!("  <logger name=\"{name}\" level=\"info\"/>\n")), "{}", all.body);
    }
    for level in ["trace", "debug", "info", "warn", "error", "fatal", "off"] {
        assert_eq!(server.put(&format!("/SASESP/loggers/esp.http/level?value={level}"), "").status, 200);
        let expected = format!("<loggers>\n  <logger name=\"esp.http\" level=\"{level}\"/>\n</loggers>\n");
        server.get("/SASESP/loggers/esp.http/").is(200, &expected);
    }
    server
        .get_json("/SASESP/loggers/esp.http")
        .is(200, r#"{"loggers":[{"logger":{"attributes":{"name":"esp.http","level":"off"}}}]}"#);
    server.get("/SASESP/loggers/nope").is_error(404, "logger 'nope' not found");
    server.put("/SASESP/loggers/nope/level?value=info", "").is_error(404, "logger 'nope' not found");
    server.put("/SASESP/loggers/esp/level", "").is_error(400, "value is required");
    let wrong = "'loud' is no level, expected trace, debug, info, warn, error, fatal or off";
    server.put("/SASESP/loggers/esp/level?value=loud", "").is_error(400, wrong);
    assert_eq!(server.delete("/SASESP/loggers/esp").status, 405);
}

#[test]
fn captured_log_lines() {
    let server = Server::new();
    server.get("/SASESP/logCapture").is(200, "<log-capture logcapture=\"off\"/>\n");
    server.get("/SASESP/logs").is(200, "\n");
    assert_eq!(server.put("/SASESP/logCapture/state?value=on", "").status, 200);
    server.get("/SASESP/logCapture").is(200, "<log-capture logcapture=\"on\"/>\n");
    server.state.loggers.capture("one");
    server.state.loggers.capture("two; <three>");
    assert_eq!(server.put("/SASESP/logCapture/state?value=off", "").status, 200);
    server.get("/SASESP/logs").is(200, "one\ntwo; <three>\n");
    server.put("/SASESP/logCapture/state?value=maybe", "").is_error(400, "invalid state value 'maybe'");
}
