//! Every option: its names, its value, its one line of help, and what it does.

use tidegate_codec::DatePattern;

use super::Parsed;
use crate::log::{LogFormat, parse_levels};

/// One option. Help is made from the table.
pub(crate) struct OptionSpec {
    /// Names without the dash; the first is the one that help shows.
    pub(crate) names: &'static [&'static str],
    /// What the value is called; none for a switch.
    pub(crate) value: Option<&'static str>,
    /// One line of help.
    pub(crate) doc: &'static str,
    /// Notes the option.
    pub(crate) apply: fn(&mut Parsed, &str),
}

/// Every option, in the order of the help text.
pub(crate) static OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        names: &["model"],
        value: Some("URL"),
        doc: "load and run this model: a path, or file: in any spelling",
        apply: |p, v| p.options.model = Some(v.to_owned()),
    },
    OptionSpec {
        names: &["exit"],
        value: None,
        doc: "end when the publishers of the model have finished",
        apply: |p, _| p.options.exit = true,
    },
    OptionSpec {
        names: &["http", "http-admin"],
        value: Some("PORT"),
        doc: "port of the HTTP admin interface; none is opened without it",
        apply: |p, v| p.options.http = port("http", v, p),
    },
    OptionSpec {
        names: &["pubsub"],
        value: Some("PORT"),
        doc: "port for publish/subscribe clients",
        apply: |p, v| p.options.pubsub = port("pubsub", v, p),
    },
    OptionSpec {
        names: &["badevents"],
        value: Some("FILE"),
        doc: "append refused events to this file",
        apply: |p, v| p.options.badevents = Some(v.to_owned()),
    },
    OptionSpec {
        names: &["loglevel"],
        value: Some("LEVELS"),
        doc: "one level, or context=level[,context=level]: trace debug info warn error fatal off",
        apply: loglevel,
    },
    OptionSpec {
        names: &["logformat"],
        value: Some("FORMAT"),
        doc: "what log lines look like: text (default), or json for one object per line",
        apply: |p, v| match LogFormat::parse(v) {
            None => p.errors.push(format!("-logformat: '{v}' is no format (text, json)")),
            format => p.options.logformat = format,
        },
    },
    OptionSpec {
        names: &["allow-unsupported"],
        value: Some("BOOL"),
        doc: "load models without the windows, algorithms and connectors that this release does not have (default false)",
        apply: |p, v| match v {
            "true" => p.options.allow_unsupported = true,
            "false" => p.options.allow_unsupported = false,
            _ => p.errors.push(format!("-allow-unsupported: '{v}' is neither true nor false")),
        },
    },
    OptionSpec {
        names: &["dateformat", "d"],
        value: Some("PATTERN"),
        doc: "pattern of dates in CSV where neither connector nor request gives one",
        apply: |p, v| match DatePattern::new(v) {
            Ok(_) => p.options.dateformat = Some(v.to_owned()),
            Err(error) => p.errors.push(format!("-dateformat: {error}")),
        },
    },
    OptionSpec {
        names: &["C"],
        value: Some("NAME=VALUE,..."),
        doc: "set properties of the configuration",
        apply: properties,
    },
    OptionSpec {
        names: &["cleanup", "nocleanup"],
        value: None,
        doc: "accepted for old scripts; memory is given back in any case",
        apply: |_, _| {},
    },
    OptionSpec {
        names: &["logconfig"],
        value: Some("FILE"),
        doc: "read the levels of loggers from this XML file; -loglevel wins over it",
        apply: |p, v| p.options.logconfig = Some(v.to_owned()),
    },
    OptionSpec {
        names: &["messages", "plugindir", "mas-threads"],
        value: Some("VALUE"),
        doc: "accepted for old scripts and ignored: there is no message catalogue, no native plug-in, no MAS",
        apply: |_, _| {},
    },
    OptionSpec {
        names: &["meteringhost", "meteringport"],
        value: Some("VALUE"),
        doc: "accepted for old scripts with a warning: there is no metering",
        apply: |p, v| {
            p.warnings.push(format!("the metering server {v} is not used: there is no metering"));
        },
    },
    OptionSpec {
        names: &["http-pubsub"],
        value: Some("PORT"),
        doc: "the port of older releases for publish and subscribe over HTTP; it serves the same as -http",
        apply: |p, v| p.options.http_pubsub = port("http-pubsub", v, p),
    },
    OptionSpec {
        names: &["server"],
        value: Some("PORT"),
        doc: "port for XML commands, as in ESP 2.x",
        apply: |p, v| p.options.server = port("server", v, p),
    },
    OptionSpec {
        names: &["auth"],
        value: Some("SCHEME"),
        doc: "none (default); others are refused: passwords and tokens are set up by properties",
        apply: |p, v| {
            if v != "none" {
                p.errors.push(format!(
                    "-auth {v} is not implemented: set security.basic.password_file or security.bearer.token_file"
                ));
            }
        },
    },
    OptionSpec {
        names: &["restore"],
        value: Some("DIR"),
        doc: "start from what PUT server/state?value=persisted has written to this directory",
        apply: |p, v| p.options.restore = Some(v.to_owned()),
    },
    OptionSpec {
        names: &["help", "h"],
        value: None,
        doc: "print this text",
        apply: |p, _| p.options.help = true,
    },
    OptionSpec {
        names: &["version"],
        value: None,
        doc: "print the version",
        apply: |p, _| p.options.version = true,
    },
];

/// The usage text.
pub(crate) fn help() -> String {
    let mut text =
        String::from("Usage: dfesp_xml_server [OPTION]...\n\nRuns event stream processing models.\n\n");
    for option in OPTIONS {
        let names: Vec<String> = option.names.iter().map(|name| format!("-{name}")).collect();
        let value = option.value.map(|value| format!(" {value}")).unwrap_or_default();
        text.push_str(&format!("  {}{value}\n      {}\n", names.join(", "), option.doc));
    }
    text.push_str(
        "\nAny other -NAME VALUE replaces @NAME@ in models. -NAME=VALUE is the same as -NAME VALUE.\n",
    );
    text
}

fn port(option: &str, value: &str, parsed: &mut Parsed) -> Option<u16> {
    let port = value.trim().parse::<u16>().ok().filter(|&port| port != 0);
    if port.is_none() {
        parsed.errors.push(format!("-{option}: '{value}' is no port (1 to 65535)"));
    }
    port
}

fn loglevel(parsed: &mut Parsed, value: &str) {
    let (levels, unknown) = parse_levels(value);
    // Of an option given twice the last holds.
    parsed.options.loglevel = levels;
    let warnings = unknown.iter().map(|level| format!("-loglevel: '{level}' is no level and ignored"));
    parsed.warnings.extend(warnings);
}

fn properties(parsed: &mut Parsed, value: &str) {
    for item in value.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        match item.split_once('=') {
            Some((name, value)) => {
                parsed.options.properties.insert(name.trim().to_owned(), value.trim().to_owned());
            }
            None => parsed.warnings.push(format!("-C: '{item}' is not of the form name=value and ignored")),
        }
    }
}
