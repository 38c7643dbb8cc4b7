//! H1 to H8 of failover-and-server 5.5: what curl and other HTTP clients send. H2 asks the metering server, which is another program.

use std::path::Path;

use crate::script::Script;

const URL: &str = "http://localhost:$HTTP";

fn server(arguments: &str) -> Script {
    let script = Script::new();
    script.start(&format!("dfesp_xml_server -http $HTTP -model file://model.xml {arguments} > log &"), "log");
    script
}

/// The output of a line that works.
#[track_caller]
fn curl(script: &Script, arguments: &str) -> String {
    let (text, code) = script.run(&format!("curl -sS {arguments}"));
    assert_eq!(code, 0, "{arguments}: {text}");
    text
}

#[test]
fn h1_h8_health_and_what_a_browser_looks_at() {
    let script = server("");
    let health = curl(&script, &format!("{URL}/SASESP"));
    assert!(health.contains("esp server up and running") && health.contains("200"), "{health}");
    assert!(curl(&script, &format!("-I {URL}/SASESP/")).starts_with("HTTP/1.1 200 OK"));
    assert!(
        curl(&script, &format!("{URL}/SASESP/server"))
            .starts_with("<esp-server version=\"5.2\" engine=\"esp\"")
    );
    let counts = curl(&script, &format!("\"{URL}/SASESP/windows?count=true\""));
    assert!(
        counts.contains("<window-source name=\"s\" contquery=\"cq\" project=\"p\" count=\"0\"/>"),
        "{counts}"
    );
}

#[test]
fn h3_h5_a_put_for_each_row_and_raw_parentheses() {
    let script = server("");
    let put = |id: u32| {
        format!(
            "-X PUT -H 'Content-Type: application/xml' -d '<events><event><id>{id}</id><x>{id}.5</x></event></events>' \
             '{}/SASESP/windows/p/cq/s/state?value=injected'",
            URL.replace("$HTTP", script.variable("HTTP"))
        )
    };
    // One process, so one connection.
    let many = (1..=20).map(put).collect::<Vec<_>>().join(" --next ");
    let answers = curl(&script, &many);
    assert_eq!(answers.matches("<message>1 ").count(), 20, "{answers}");
    let found = curl(&script, &format!("-g \"{URL}/SASESP/events/p/cq/s?filter=in(id,7)\""));
    assert!(found.contains("count=\"1\"") && found.contains("<x>7.500000</x>"), "{found}");
}

#[test]
fn h4_json_over_https_with_a_certificate_that_nobody_verifies() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/harness/tls");
    let folder = folder.display();
    let script = server(&format!(
        "-C security.http_ssl_enabled=true -C security.server.server_cert_file={folder}/server.pem \
         -C security.server.server_key_file={folder}/server-key.pem"
    ));
    let url = "https://localhost:$HTTP/SASESP/windows/p/cq/s/state?value=injected";
    let answer = curl(
        &script,
        &format!("-k -X PUT -H 'Content-Type: application/json' -d '{{\"id\":\"1\",\"x\":2.5}}' \"{url}\""),
    );
    assert!(answer.contains("<message>1 "), "{answer}");
}

#[test]
fn h6_a_page_of_another_origin() {
    let script = server("");
    let answer = curl(&script, &format!("-i -H 'Origin: http://page' \"{URL}/SASESP/projects?schema=true\""));
    assert!(answer.contains("Access-Control-Allow-Origin: http://page\r\n"), "{answer}");
    assert!(answer.contains("<field name=\"id\""), "{answer}");
    let asked = "-i -X OPTIONS -H 'Origin: http://page' -H 'Access-Control-Request-Headers: x-mine'";
    let answer = curl(&script, &format!("{asked} {URL}/SASESP/projects"));
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("Access-Control-Allow-Headers: x-mine\r\n"),
        "{answer}"
    );
}

#[test]
fn h7_a_token_for_the_newer_root() {
    let script = Script::new();
    script.write("tokens", "t0ken\n");
    script.start("dfesp_xml_server -http $HTTP -C security.bearer.token_file=tokens > log &", "log");
    let status = "-o /dev/null -w '%{http_code}'";
    let url = format!("{URL}/eventStreamProcessing/v1/");
    assert_eq!(curl(&script, &format!("{status} {url} -H 'Authorization: Bearer t0ken'")), "200");
    assert_eq!(curl(&script, &format!("{status} {url}")), "401");
    assert_eq!(curl(&script, &format!("{status} -I {url}")), "401");
}
