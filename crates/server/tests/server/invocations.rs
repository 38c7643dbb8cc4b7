//! S1 to S21 of failover-and-server 5.5: the server started by lines of real scripts, word for word but for the ports.

use std::net::{Ipv4Addr, TcpListener};

use crate::script::{MODEL, Script};

const UP: &str = "esp server up and running";

#[test]
fn s1_ports_in_either_order() {
    for line in
        ["dfesp_xml_server -pubsub $PUBSUB -http $HTTP", "dfesp_xml_server -http $HTTP -pubsub $PUBSUB"]
    {
        let script = Script::new();
        script.start(&format!("{line} > log &"), "log");
        assert!(script.get("").contains(UP));
        let info = script.get("server?config=true");
        for name in ["HTTP", "PUBSUB"] {
            let port = script.variable(name);
            let name = name.to_lowercase();
            assert!(info.contains(&format!("<property name=\"{name}\">{port}</property>")), "{info}");
        }
    }
}

#[test]
fn s2_nohup_bad_events_below_home_and_a_log_with_the_date() {
    let script = Script::new();
    let line = "nohup dfesp_xml_server -pubsub $PUBSUB -http $HTTP -badevents ~/x.txt > log_`date +%d-%m-%y.%H.%M.%S`.log &";
    script.background(line);
    let log = || {
        let entries = std::fs::read_dir(script.path(".")).expect("the folder is there");
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names.into_iter().find(|name| name.starts_with("log_") && name.ends_with(".log"))
    };
    let log =
        tidegate_harness::wait_until("the log", tidegate_harness::PATIENCE, || Ok(log())).expect("a log");
    script.wait_for(&log, "starting HTTP server on port");
    assert!(script.path("x.txt").exists());
    assert!(script.get("").contains(UP));
}

/// The server loads its model and ends, because the model has no publishers.
#[track_caller]
fn runs_model(script: &Script, line: &str) {
    let (text, code) = script.run(line);
    assert_eq!(code, 0, "{line}: {text}");
    assert!(text.contains("starting esp server with 1 project(s)"), "{line}: {text}");
}

#[test]
fn s3_to_s6_models_in_every_spelling() {
    let script = Script::new();
    script.write("sample/x.xml", MODEL);
    script.write("C:\\Users\\me\\model.xml", MODEL);
    for model in [
        "file://$HOME/model.xml",
        "file://model.xml",
        "file://./model.xml",
        "file://sample/x.xml",
        "file:///$HOME/model.xml",
        "file:$HOME/model.xml",
        "'C:\\Users\\me\\model.xml'",
        "model.xml",
        "$HOME/model.xml",
    ] {
        runs_model(&script, &format!("dfesp_xml_server -exit -model {model}"));
    }
}

#[test]
fn s7_the_two_http_ports_of_older_releases() {
    let script = Script::new();
    script.start(
        "dfesp_xml_server -http-admin $HTTP -http-pubsub $OTHER -pubsub $PUBSUB -messages $DFESP_HOME/etc/xml/messages \
         -loglevel esp=trace > log &",
        "log",
    );
    script.wait_for("log", "type=pubsub");
    for port in ["HTTP", "OTHER"] {
        assert!(script.get_on(port, "").expect("an answer").body.contains(UP), "{port}");
    }
    assert!(script.get("server?config=true").contains("<property name=\"http-admin\">"));
}

#[test]
fn s8_a_missing_dash_and_an_unquoted_date_format() {
    let script = Script::new();
    script.start(
        "dfesp_xml_server http-admin 61051 -pubsub $PUBSUB -d %Y-%m-%d %H:%M:%S -http $HTTP > log &",
        "log",
    );
    let log = script.read("log");
    for word in ["http-admin", "61051", "%H:%M:%S"] {
        let line = log.lines().find(|line| line.contains(&format!("'{word}'")));
        assert!(line.is_some_and(|line| line.contains("; WARN ;")), "{word}: {log}");
    }
    assert!(script.get("").contains(UP));
}

#[test]
fn s9_the_command_port_and_bad_events_in_a_directory() {
    let script = Script::new();
    script.write("rejected/old", "");
    script.background(
        "dfesp_xml_server -pubsub $PUBSUB -server $OTHER -loglevel debug -badevents rejected &>> log &",
    );
    script.wait_for("log", "starting XML command server on port");
    assert!(script.path("rejected/badevents.txt").exists());
    let (text, code) = script.run("dfesp_xml_client -server localhost:$OTHER -file model.xml");
    assert_eq!((text.as_str(), code), ("<message>load project p succeeded</message>\n", 0));
}

#[test]
fn s10_levels() {
    let lines = |levels: &str| {
        let script = Script::new();
        let (text, code) = script.run(&format!("dfesp_xml_server -model model.xml -exit -loglevel {levels}"));
        assert_eq!(code, 0, "{text}");
        text
    };
    let quiet = lines("\"esp=error,common.http=debug,esp.windows=trace\"");
    assert!(!quiet.contains("esp engine started"), "{quiet}");
    assert!(lines("trace").contains("esp engine started"));
    let last = lines("");
    assert!(
        last.contains("-loglevel has no value and is ignored") && last.contains("esp engine started"),
        "{last}"
    );
}

#[test]
fn s11_a_log_configuration() {
    let script = Script::new();
    script.write(
        "etc/my-esp-logger.xml",
        "<configuration><logger name='esp'><level value='error'/></logger></configuration>",
    );
    let (text, code) =
        script.run("dfesp_xml_server -logconfig etc/my-esp-logger.xml -model file://model.xml -exit");
    assert_eq!((text.as_str(), code), ("", 0));
    let (text, _) = script.run(
        "dfesp_xml_server -logconfig etc/my-esp-logger.xml -loglevel info -model file://model.xml -exit",
    );
    assert!(text.contains("esp engine started"), "{text}");
    script.write("etc/broken.xml", "<configuration>\n<logger></configuration>");
    let (text, code) = script.run("dfesp_xml_server -logconfig etc/broken.xml -exit");
    assert_eq!(code, 1);
    assert!(text.contains("etc/broken.xml': line 2: "), "{text}");
}

#[test]
fn s12_s13_options_that_change_nothing() {
    let script = Script::new();
    script.write("logs/old", "");
    script.start(
        "dfesp_xml_server -pubsub $PUBSUB -http $HTTP -plugindir $DFESP_HOME/lib/tk -mas-threads 1 > ./logs/x 2>&1 &",
        "logs/x",
    );
    assert!(script.get("").contains(UP));
    for threads in ["-mas-threads 1", "-mas-threads=1"] {
        runs_model(&script, &format!("dfesp_xml_server {threads} -model file://model.xml -exit"));
    }
}

#[test]
fn s14_it_ends_with_the_input() {
    let script = Script::new();
    runs_model(&script, "dfesp_xml_server -model file://model.xml -exit");
    runs_model(
        &script,
        "dfesp_xml_server -exit -cleanup -model file://model.xml -messages $DFESP_HOME/etc/xml/messages",
    );
}

#[test]
fn s15_nothing_but_nocleanup_or_nothing_at_all() {
    for line in ["dfesp_xml_server -nocleanup", "dfesp_xml_server"] {
        let script = Script::new();
        let port = script.variable("HTTP").to_owned();
        script.write(
            "config/esp-properties.yml",
            &format!("server:\n  http: {port}\n  model: file://model.xml\n"),
        );
        script.start(&format!("{line} > log &"), "log");
        assert!(script.get("projects").contains("name=\"p\""));
        let listed = script.get("server?config=true").contains("<property name=\"nocleanup\"/>");
        assert_eq!(listed, line.ends_with("nocleanup"));
    }
    // Without a configuration it runs without ports until it is stopped.
    let script = Script::new();
    let pid = script.background("dfesp_xml_server > log &");
    let log = script.wait_for("log", "starting esp server");
    assert!(!log.contains("HTTP"), "{log}");
    script.run(&format!("kill {pid}"));
    script.wait_for_end(&pid);
}

#[test]
fn s16_properties_on_the_command_line() {
    let script = Script::new();
    script.start(
        "dfesp_xml_server -http $HTTP -pubsub $PUBSUB -C \"server.single_port_mode=true\" -C \"server.disableTrace=false\" > log &",
        "log",
    );
    let port = script.variable("PUBSUB").parse().expect("a port");
    assert!(TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok(), "the port of -pubsub is open");
}

#[test]
fn s17_tokens_of_the_user() {
    let script = Script::new();
    script.write(
        "model.xml",
        &MODEL
            .replace("<window-copy name=\"w\"/>", "<window-copy name=\"w@appid@\"/>")
            .replace("target=\"w\"", "target=\"w@appid@\""),
    );
    script.start("dfesp_xml_server -http $HTTP -model file://model.xml -appid 41aa > log &", "log");
    assert!(script.get("windows").contains("name=\"w41aa\""));
}

#[test]
fn s18_empty_and_joined_arguments() {
    let script = Script::new();
    script.start(
        "dfesp_xml_server -http \"$HTTP\" -pubsub \"$PUBSUB\" \"\" \"-model file://model.xml\" \"-loglevel debug\" > log &",
        "log",
    );
    assert!(script.get("projects").contains("name=\"p\""));
    assert!(
        script.get("loggers").contains("name=\"esp\"") || script.get("server?config=true").contains("debug")
    );
}

#[test]
fn s19_in_a_container_the_environment_says_it_all() {
    let mut script = Script::new();
    let port = script.variable("HTTP").to_owned();
    script.write(
        "data/esp-properties.yml",
        &format!("server:\n  http: {port}\nenv:\n  server.license: ESP_LICENSE\n"),
    );
    let data = script.path("data").display().to_string();
    script.set("DFESP_CONFIG", &data);
    script.set("ESP_LICENSE", "some text");
    script.start("dfesp_xml_server > log &", "log");
    assert!(script.get("").contains(UP));
    assert!(!script.read("log").contains("ESP_LICENSE"));
}

#[test]
fn s20_found_in_the_list_of_processes_and_killed() {
    let script = Script::new();
    for signal in ["kill", "kill -9"] {
        let pid = script.background("dfesp_xml_server -http $HTTP -pubsub $PUBSUB > log &");
        script.wait_for("log", "starting HTTP server on port");
        let (found, _) =
            script.run("ps aux | grep -i dfesp_xml_server | grep $HTTP | grep -v grep | awk '{print $2}'");
        assert_eq!(found.trim(), pid);
        script.run(&format!("{signal} {pid}"));
        script.wait_for_end(&pid);
        script.write("log", "");
    }
}

#[test]
fn s21_a_failing_start_is_visible_in_the_log_only() {
    let script = Script::new();
    let (text, _) = script.run(
        "dfesp_xml_server -model file://nowhere.xml > log &\nif [ $? -eq 0 ]; then echo started; fi\nwait",
    );
    assert_eq!(text, "started\n");
    let log = script.read("log");
    assert!(log.contains("; ERROR; ") && log.contains("nowhere.xml"), "{log}");
}
