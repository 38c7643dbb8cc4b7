//! The invocation patterns of failover-and-server 5.5.

use tidegate_host::LogLevel;

use super::{Parsed, parse};

fn run(line: &[&str]) -> Parsed {
    parse(line.iter().map(|&word| word.to_owned()))
}

#[test]
fn s1_s2_ports_in_either_order() {
    let one = run(&["-pubsub", "5555", "-http", "5556", "-badevents", "x.txt"]);
    let other = run(&["-http", "5556", "-badevents", "x.txt", "-pubsub", "5555"]);
    assert_eq!(one, other);
    assert_eq!((one.options.pubsub, one.options.http), (Some(5555), Some(5556)));
    assert_eq!(one.options.badevents.as_deref(), Some("x.txt"));
    assert!(one.warnings.is_empty() && one.errors.is_empty());
}

#[test]
fn s7_s8_old_ports_and_a_missing_dash() {
    let s7 = run(&[
        "-http-admin",
        "61061",
        "-http-pubsub",
        "61062",
        "-pubsub",
        "61063",
        "-messages",
        "m",
        "-loglevel",
        "esp=trace",
    ]);
    assert_eq!((s7.options.http, s7.options.pubsub), (Some(61061), Some(61063)));
    assert_eq!(s7.options.http_pubsub, Some(61062));
    assert_eq!(s7.options.loglevel, [("esp".to_owned(), LogLevel::Trace)]);
    let s8 = run(&["http-admin", "61051", "-d", "%Y-%m-%d", "%H:%M:%S", "-pubsub", "1"]);
    assert_eq!(s8.options.http, None);
    assert_eq!(s8.options.dateformat.as_deref(), Some("%Y-%m-%d"));
    assert_eq!(s8.warnings.len(), 3);
    assert!(s8.warnings.iter().any(|w| w.contains("'%H:%M:%S'")));
}

#[test]
fn s10_levels() {
    let levels = |line: &[&str]| run(line).options.loglevel;
    assert_eq!(levels(&["-loglevel", "trace"]), [("esp".to_owned(), LogLevel::Trace)]);
    let three = levels(&["-loglevel", "esp=error,common.http=debug,esp.windows=trace"]);
    assert_eq!(three.len(), 3);
    assert_eq!(three[1], ("common.http".to_owned(), LogLevel::Debug));
    assert_eq!(run(&["-http", "1", "-loglevel"]).warnings, ["-loglevel has no value and is ignored"]);
}

#[test]
fn s13_s14_joined_values_and_switches() {
    assert_eq!(run(&["-mas-threads=1"]), run(&["-mas-threads", "1"]));
    let s14 = run(&["-exit", "-cleanup", "-model", "file://m.xml", "-messages", "d"]);
    assert!(s14.options.exit);
    assert_eq!(s14.options.model.as_deref(), Some("file://m.xml"));
    assert_eq!(run(&["-model", "file://m.xml", "-exit"]).options.model, s14.options.model);
}

#[test]
fn s15_to_s18_properties_tokens_and_joined_arguments() {
    let s16 = run(&["-C", "server.single_port_mode=true,server.disableTrace=false", "-nocleanup"]);
    assert_eq!(s16.options.properties.len(), 2);
    assert_eq!(s16.options.effective.get("nocleanup").map(String::as_str), Some(""));
    assert_eq!(run(&["-appid", "41aa"]).options.tokens.get("appid").map(String::as_str), Some("41aa"));
    let s18 = run(&["-http", "1", "-pubsub", "2", "", "-model file://a b.xml", "-loglevel debug"]);
    assert_eq!(s18.options.model.as_deref(), Some("file://a b.xml"));
    assert_eq!(s18.options.loglevel, [("esp".to_owned(), LogLevel::Debug)]);
}

#[test]
fn the_last_of_two_wins_and_bad_ports_stop() {
    assert_eq!(run(&["-http", "1", "-http", "2"]).options.http, Some(2));
    assert_eq!(run(&["-http", "abc"]).errors, ["-http: 'abc' is no port (1 to 65535)"]);
    assert_eq!(run(&["-auth", "saslogon://h:1"]).errors.len(), 1);
    assert!(run(&["--help"]).options.help && run(&["-version"]).options.version);
}
