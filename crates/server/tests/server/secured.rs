//! Servers that ask who there is, speak TLS, and bound what requests may name; with the real client on the other side.

use std::path::Path;

use crate::script::Script;

/// Of `ali` with the password `sesame`, by argon2-cffi, which wraps the reference implementation.
const PASSWORDS: &str =
    "ali:$argon2id$v=19$m=8192,t=1,p=1$c29tZXNhbHRzYWx0$pW/+ouLFlZEMilPx4L9dJ9yyXBtK5UtK7C8yXwwTlOU\n";

fn tls(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/harness/tls").join(name).display().to_string()
}

#[test]
fn passwords_and_tokens() {
    let mut script = Script::new();
    script.write("passwords", PASSWORDS);
    script.write("tokens", "t0ken\n");
    script.write(
        "config/security-properties.yml",
        "security:\n  basic:\n    password_file: passwords\n  bearer:\n    token_file: tokens\n  server:\n    internal_paths: metrics\n",
    );
    script.start("dfesp_xml_server -http $HTTP > log &", "log");
    let url = "dfesp_xml_client -url http://localhost:$HTTP/SASESP";
    let (text, code) = script.run(url);
    assert_eq!(
        (text.as_str(), code),
        ("<response scheme=\"Basic\">\n<message>authentication required</message>\n</response>\n", 2)
    );
    let accepted = |script: &Script, line: &str| {
        let (text, code) = script.run(line);
        assert_eq!(code, 0, "{line}: {text}");
    };
    accepted(&script, "dfesp_xml_client -url http://localhost:$HTTP/SASESP/metrics");
    accepted(&script, &format!("{url} -user ali -password sesame"));
    accepted(&script, &format!("{url} -auth-token t0ken"));
    accepted(&script, &format!("{url} -auth-token-file tokens"));
    assert_eq!(script.run(&format!("{url} -user ali -password wrong")).1, 2);
    script.write(
        ".authinfo",
        &format!("host localhost port {} user ali password sesame\n", script.variable("HTTP")),
    );
    accepted(&script, url);
    script.set("ESPUSER", "ali");
    script.set("ESPPASSWORD", "wrong");
    assert_eq!(script.run(url).1, 2, "the environment wins over the file");
}

#[test]
fn tls_on_the_http_port() {
    let mut script = Script::new();
    script.write(
        "config/security-properties.yml",
        &format!(
            "security:\n  http_ssl_enabled: true\n  server:\n    server_cert_file: {}\n    server_key_file: {}\n",
            tls("server.pem"),
            tls("server-key.pem")
        ),
    );
    script.start("dfesp_xml_server -http $HTTP > log &", "log");
    let url = "dfesp_xml_client -url https://localhost:$HTTP/SASESP";
    let (text, code) = script.run(url);
    assert_eq!(code, 1, "nobody vouches for the certificate: {text}");
    assert!(text.contains("TLS: "), "{text}");
    let (text, code) = script.run(&format!("{url} -k"));
    assert_eq!(code, 0, "{text}");
    script.set("SSLCALISTLOC", &tls("ca.pem"));
    let (text, code) = script.run(url);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("esp server up and running"), "{text}");
    assert_eq!(script.run("dfesp_xml_client -url https://127.0.0.1:$HTTP/SASESP").1, 0);
    assert_eq!(script.run("dfesp_xml_client -url http://localhost:$HTTP/SASESP").1, 1);
    // A server that reads a model from that one: what comes back is no model, but it comes.
    let line = "dfesp_xml_server -exit -C security.http_ssl_enabled=false -model https://localhost:$HTTP/SASESP/server";
    let (text, code) = script.run(line);
    assert_eq!(code, 1);
    assert!(text.contains("'esp-server' is no root element of a model"), "{text}");
    let (text, code) = script.run(&format!("SSLCALISTLOC= {line}"));
    assert_eq!(code, 1);
    assert!(text.contains("TLS: "), "{text}");
}

#[test]
fn files_below_directories_only() {
    let script = Script::new();
    script.write("inside/old", "");
    script.start(
        "dfesp_xml_server -http $HTTP -model file://model.xml -C security.files.directories=inside > log &",
        "log",
    );
    let persist = |directory: &str| {
        let url =
            format!("http://localhost:$HTTP/SASESP/projects/p/state?value=persisted&path=$HOME/{directory}");
        script.run(&format!("dfesp_xml_client -url \"{url}\" -put"))
    };
    assert_eq!(persist("inside/p").1, 0);
    let (text, code) = persist("outside/p");
    assert_eq!(code, 2);
    assert!(text.contains("lies outside of the directories"), "{text}");
    assert!(!script.path("outside").exists());
    assert!(!script.read("log").contains("security.files.directories bounds"));
}

#[test]
fn an_open_server_says_so_unless_only_this_machine_reaches_it() {
    let script = Script::new();
    let pid = script.background("dfesp_xml_server -http $HTTP > log &");
    script.wait_for("log", "may name any file of this one");
    script.run(&format!("kill {pid}"));
    script.wait_for_end(&pid);
    let pid = script.background("dfesp_xml_server -http $HTTP -C server.address=127.0.0.1 > local &");
    script.wait_for("local", "starting HTTP server on port");
    script.run(&format!("kill {pid}"));
    script.wait_for_end(&pid);
    assert!(!script.read("local").contains("may name any file"));
}

#[test]
fn what_would_leave_the_server_open_stops_its_start() {
    let script = Script::new();
    script.write("tokens", "t0ken\n");
    script.write("plain", "ali:sesame\n");
    for (line, expected) in [
        ("-auth saslogon://h:80", "-auth saslogon://h:80 is not implemented"),
        ("-C security.pubsub_ssl_enabled=true", "pubsub_ssl_enabled is not implemented yet"),
        ("-C security.http_ssl_enabled=true", "needs security.server.server_cert_file"),
        ("-C security.basic.password_file=nowhere", "'nowhere': cannot be read"),
        ("-C security.basic.password_file=plain", "'plain': line 1: no argon2 hash"),
        (
            "-server $OTHER -C security.bearer.token_file=tokens",
            "-server cannot be used with passwords or tokens",
        ),
        ("-C security.files.directories=nowhere", "security.files.directories: 'nowhere'"),
    ] {
        let (text, code) = script.run(&format!("dfesp_xml_server -http $HTTP {line}"));
        assert_eq!(code, 1, "{line}: {text}");
        assert!(text.contains("; ERROR; ") && text.contains(expected), "{line}: {text}");
        assert!(!text.contains("starting HTTP server"), "{line}: {text}");
    }
}

#[test]
fn signed_tokens() {
    let script = Script::new();
    let made = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../http/src/auth/jwt/tests.json"),
    );
    let made: serde_json::Value = serde_json::from_str(&made.expect("it is there")).expect("it is JSON");
    script.write("keys", &made["jwks"].to_string());
    script.write("token", made["tokens"]["year9999"].as_str().expect("a token"));
    script.start(
        "dfesp_xml_server -http $HTTP -C security.bearer.jwks_file=keys,security.bearer.audience=esp > log &",
        "log",
    );
    let url = "dfesp_xml_client -url http://localhost:$HTTP/SASESP";
    let (text, code) = script.run(&format!("{url} -auth-token-file token"));
    assert_eq!(code, 0, "{text}");
    assert_eq!(script.run(&format!("{url} -auth-token abc.def.ghi")).1, 2);
}
