//! Every option: its names, its value, its one line of help, and what it does.

use tidegate_host::LogLevel;

use super::Parsed;
use crate::log::LogFormat;

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
        apply: |p, v| match v {
            "text" => p.options.logformat = LogFormat::Text,
            "json" => p.options.logformat = LogFormat::Json,
            _ => p.errors.push(format!("-logformat: '{v}' is no format (text, json)")),
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
        doc: "pattern of dates where a connector gives none: not applied yet",
        apply: |p, v| {
            p.warnings
                .push(format!("-dateformat {v} is not applied yet: give connectors the property dateformat"));
            p.options.dateformat = Some(v.to_owned());
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
        names: &["messages", "plugindir", "logconfig", "mas-threads", "meteringhost", "meteringport"],
        value: Some("VALUE"),
        doc: "accepted for old scripts and ignored",
        apply: |_, _| {},
    },
    OptionSpec {
        names: &["http-pubsub", "server"],
        value: Some("PORT"),
        doc: "not opened yet",
        apply: |p, v| {
            p.warnings.push(format!("port {v} is not opened: that interface is not implemented yet"))
        },
    },
    OptionSpec {
        names: &["auth"],
        value: Some("SCHEME"),
        doc: "not implemented yet: the server refuses to start with it",
        apply: |p, _| {
            p.errors.push("-auth is not implemented yet: the server would run without it".to_owned())
        },
    },
    OptionSpec {
        names: &["restore"],
        value: Some("DIR"),
        doc: "not implemented yet: restore projects over the admin interface",
        apply: |p, _| p.errors.push("-restore is not implemented yet: use the admin interface".to_owned()),
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
    for item in value.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        let (context, level) = item.split_once('=').unwrap_or(("", item));
        // A level without a logger is that of esp.
        let context = if context.trim().is_empty() { "esp" } else { context.trim() };
        if let Some(level) = LogLevel::parse(level) {
            parsed.options.loglevel.push((context.to_owned(), level));
        } else {
            parsed.warnings.push(format!("-loglevel: '{level}' is no level and ignored"));
        }
    }
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
