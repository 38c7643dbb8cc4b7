//! From options and properties to settings.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tidegate_host::LogLevel;
use tidegate_http::MAX_CONNECTIONS;

use super::properties::{Properties, Value};
use crate::log::{LogFormat, parse_levels};
use crate::options::Options;
use crate::version::Version;

/// The model that a server is started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ModelSource {
    /// Where it lies, in any spelling.
    Url(String),
    /// Its text, out of the configuration.
    Text(String),
}

/// Who may use the interface, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Security {
    /// Certificate and private key, where the HTTP ports speak TLS.
    pub(crate) tls: Option<(PathBuf, PathBuf)>,
    /// File of passwords.
    pub(crate) passwords: Option<PathBuf>,
    /// File of tokens.
    pub(crate) tokens: Option<PathBuf>,
    /// File of public keys (JWKS) that sign tokens, and from whom and for whom these must be.
    pub(crate) signed: Option<(PathBuf, Option<String>, Option<String>)>,
    /// Paths that need no authentication.
    pub(crate) open_paths: Vec<String>,
    /// Directories below which requests may name files; without any they may lie anywhere.
    pub(crate) directories: Vec<PathBuf>,
}

impl Security {
    /// Whether clients must show who they are.
    pub(crate) const fn authenticates(&self) -> bool {
        self.passwords.is_some() || self.tokens.is_some() || self.signed.is_some()
    }
}

/// How the server runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    /// The release of ESP that the server passes for.
    pub(crate) version: Version,
    pub(crate) model: Option<ModelSource>,
    /// The address of all ports.
    pub(crate) address: IpAddr,
    pub(crate) http: Option<u16>,
    /// The port of older releases for publish and subscribe over HTTP; it serves what the other one does.
    pub(crate) http_pubsub: Option<u16>,
    pub(crate) pubsub: Option<u16>,
    /// The port for XML commands.
    pub(crate) commands: Option<u16>,
    /// Connections of an HTTP port at a time.
    pub(crate) connections: usize,
    pub(crate) badevents: Option<String>,
    /// Levels by logger, of the property `server.loglevel` or of the command line.
    pub(crate) loglevel: Vec<(String, LogLevel)>,
    pub(crate) logformat: LogFormat,
    pub(crate) dateformat: Option<String>,
    /// Connector classes that models may not use.
    pub(crate) excluded: Vec<String>,
    pub(crate) security: Security,
    /// The options in effect, as `GET server?config=true` lists them.
    pub(crate) effective: Vec<(String, Option<String>)>,
}

/// What is wrong with the configuration, and what of it is ignored.
#[derive(Debug, Default)]
pub(crate) struct Remarks {
    pub(crate) errors: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

/// Properties that are accepted and change nothing, with the reason.
const NO_EFFECT: [(&str, &str); 3] = [
    ("meta.meteringhost", "there is no metering: events are counted by window in the metrics"),
    ("server.store-location", "a persisted project lies where its request says"),
    ("security.oauth2.client_id", "clients log in with passwords or tokens, not with SASLogon"),
];

/// Puts options and properties together.
pub(crate) fn settle(options: &Options, properties: &Properties) -> (Settings, Remarks) {
    let mut of = Reader { properties, remarks: Remarks::default() };
    for (key, reason) in NO_EFFECT {
        if let Some(value) = properties.get(key) {
            of.remarks.warnings.push(format!("{} ({}) has no effect: {reason}", value.key, value.origin));
        }
    }
    let single = of.flag("server.single_port_mode");
    let http = options.http.or_else(|| of.port("server.http"));
    let mut pubsub = options.pubsub.or_else(|| of.port("server.pubsub"));
    if single && http.is_none() {
        let message = "server.single_port_mode needs the port of -http or server.http";
        of.remarks.errors.push(message.to_owned());
    } else if single {
        pubsub = None;
    }
    let loglevel = if options.loglevel.is_empty() { of.levels() } else { options.loglevel.clone() };
    let logformat = options.logformat.or_else(|| of.log_format()).unwrap_or_default();
    let connections = of.number("server.connections").unwrap_or(MAX_CONNECTIONS);
    let address = of.address();
    let model = match &options.model {
        Some(url) => Some(ModelSource::Url(url.clone())),
        None => of.model(),
    };
    let excluded = of.excluded();
    let security = of.security();
    if security.authenticates() && options.server.is_some() {
        of.remarks.errors.push(
            "-server cannot be used with passwords or tokens: the XML command port knows neither".to_owned(),
        );
    }
    let effective = effective(options, &[("http", http), ("pubsub", pubsub)], &model, properties);
    let settings = Settings {
        version: of.version(),
        model,
        address,
        http,
        http_pubsub: options.http_pubsub.filter(|_| !single),
        pubsub,
        commands: options.server,
        connections,
        badevents: options.badevents.clone(),
        loglevel,
        logformat,
        dateformat: options.dateformat.clone(),
        excluded,
        security,
        effective,
    };
    (settings, of.remarks)
}

/// The options of the command line, and those that the configuration gives in their place.
fn effective(
    options: &Options,
    ports: &[(&str, Option<u16>)],
    model: &Option<ModelSource>,
    properties: &Properties,
) -> Vec<(String, Option<String>)> {
    let mut effective: BTreeMap<String, String> =
        options.effective.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let older = effective.contains_key("http-admin");
    for &(name, port) in ports {
        if let Some(port) = port.filter(|_| !(older && name == "http")) {
            effective.insert(name.to_owned(), port.to_string());
        }
    }
    if let Some(ModelSource::Url(url)) = model {
        effective.insert("model".to_owned(), url.clone());
    }
    if let Some(level) = properties.get("server.loglevel") {
        effective.entry("loglevel".to_owned()).or_insert_with(|| level.text.to_owned());
    }
    let value = |value: String| Some(value).filter(|value| !value.is_empty());
    effective.into_iter().map(|(name, text)| (name, value(text))).collect()
}

/// Reads properties, and notes what is wrong with them.
struct Reader<'a> {
    properties: &'a Properties,
    remarks: Remarks,
}

impl Reader<'_> {
    fn wrong(&mut self, value: Value<'_>, expected: &str) {
        let Value { key, text, origin } = value;
        self.remarks.errors.push(format!("{key} ({origin}): '{text}' is {expected}"));
    }

    fn port(&mut self, key: &str) -> Option<u16> {
        let value = self.properties.get(key)?;
        let port = value.text.parse().ok().filter(|&port| port != 0);
        if port.is_none() {
            self.wrong(value, "no port (1 to 65535)");
        }
        port
    }

    fn number(&mut self, key: &str) -> Option<usize> {
        let value = self.properties.get(key)?;
        let number = value.text.parse().ok().filter(|number| (1..=1_000_000).contains(number));
        if number.is_none() {
            self.wrong(value, "no number from 1 to 1000000");
        }
        number
    }

    fn flag(&mut self, key: &str) -> bool {
        let Some(value) = self.properties.get(key) else { return false };
        match value.text.to_ascii_lowercase().as_str() {
            "true" => true,
            "false" => false,
            _ => {
                self.wrong(value, "neither true nor false");
                false
            }
        }
    }

    fn path(&self, key: &str) -> Option<PathBuf> {
        self.properties.get(key).map(|value| PathBuf::from(value.text))
    }

    fn list(&self, key: &str) -> Vec<String> {
        let items = self.properties.get(key).map(|value| value.text).unwrap_or_default();
        items.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    fn levels(&mut self) -> Vec<(String, LogLevel)> {
        let Some(value) = self.properties.get("server.loglevel") else { return Vec::new() };
        let (levels, unknown) = parse_levels(value.text);
        for level in unknown {
            let message = format!("{} ({}): '{level}' is no level and ignored", value.key, value.origin);
            self.remarks.warnings.push(message);
        }
        levels
    }

    fn log_format(&mut self) -> Option<LogFormat> {
        let value = self.properties.get("server.logformat")?;
        let format = LogFormat::parse(value.text);
        if format.is_none() {
            self.wrong(value, "no format of log lines (text, json)");
        }
        format
    }

    fn version(&mut self) -> Version {
        let Some(value) = self.properties.get("server.version") else { return Version::default() };
        Version::parse(value.text).unwrap_or_else(|| {
            self.wrong(value, "no version (5.2 or later, as 6.1 or 2021.1.1(7.13))");
            Version::default()
        })
    }

    fn address(&mut self) -> IpAddr {
        let everywhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let Some(value) = self.properties.get("server.address") else { return everywhere };
        value.text.parse().unwrap_or_else(|_| {
            self.wrong(value, "no IP address");
            everywhere
        })
    }

    fn model(&mut self) -> Option<ModelSource> {
        if let Some(url) = self.properties.get("server.model") {
            return Some(ModelSource::Url(url.text.to_owned()));
        }
        let value = self.properties.get("server.xml")?;
        let text = value.text.trim();
        let Some(encoded) = text.strip_prefix("b64") else {
            return Some(ModelSource::Text(value.text.to_owned()));
        };
        let encoded: String = encoded.trim_start_matches(':').split_whitespace().collect();
        let origin = value.origin;
        let wrong = match STANDARD.decode(encoded) {
            Ok(bytes) if bytes.starts_with(&[0x1f, 0x8b]) => "gzip is not implemented yet",
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => return Some(ModelSource::Text(text)),
                Err(_) => "the model is not UTF-8",
            },
            Err(_) => "what stands behind b64 is not base64",
        };
        self.remarks.errors.push(format!("server.xml ({origin}): {wrong}"));
        None
    }

    fn excluded(&mut self) -> Vec<String> {
        const PREFIX: &str = "connectors.excluded.";
        let mut excluded = Vec::new();
        for value in self.properties.below(PREFIX) {
            match value.text.to_ascii_lowercase().as_str() {
                "true" => excluded.push(value.key[PREFIX.len()..].to_owned()),
                "false" | "" => {}
                _ => self.wrong(value, "neither true nor false"),
            }
        }
        excluded
    }

    fn security(&mut self) -> Security {
        let certificate = self.path("security.server.server_cert_file");
        let key = self.path("security.server.server_key_file");
        let mut tls = None;
        if self.flag("security.http_ssl_enabled") {
            tls = certificate.zip(key);
            if tls.is_none() {
                self.remarks.errors.push(
                    "security.http_ssl_enabled needs security.server.server_cert_file and server_key_file"
                        .to_owned(),
                );
            }
        }
        if self.flag("security.pubsub_ssl_enabled") {
            self.remarks.errors.push(
                "security.pubsub_ssl_enabled is not implemented yet: the publish/subscribe port would be in the clear"
                    .to_owned(),
            );
        }
        let text = |key: &str| self.properties.get(key).map(|value| value.text.to_owned());
        let signed = self
            .path("security.bearer.jwks_file")
            .map(|path| (path, text("security.bearer.issuer"), text("security.bearer.audience")));
        Security {
            tls,
            passwords: self.path("security.basic.password_file"),
            tokens: self.path("security.bearer.token_file"),
            signed,
            open_paths: self.list("security.server.internal_paths"),
            directories: self.list("security.files.directories").into_iter().map(PathBuf::from).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::parse;

    /// Settings of a command line, without files and environment.
    fn settle_line(line: &[&str]) -> (Settings, Remarks) {
        let options = parse(line.iter().map(|&word| word.to_owned())).options;
        let nowhere = BTreeMap::from([("DFESP_CONFIG".to_owned(), "/nowhere/at/all".to_owned())]);
        let properties = Properties::gather(&options.properties, &nowhere, &mut Vec::new()).unwrap();
        settle(&options, &properties)
    }

    fn error(property: &str) -> String {
        settle_line(&["-C", property]).1.errors.join("\n")
    }

    #[test]
    fn options_win_over_properties() {
        let (settings, remarks) = settle_line(&[
            "-http",
            "1",
            "-C",
            "server.http=2,server.pubsub=3,server.model=m.xml,server.loglevel=esp.http=debug",
        ]);
        assert_eq!((settings.http, settings.pubsub), (Some(1), Some(3)));
        assert_eq!(settings.model, Some(ModelSource::Url("m.xml".to_owned())));
        assert_eq!(settings.loglevel, [("esp.http".to_owned(), LogLevel::Debug)]);
        assert!(remarks.errors.is_empty() && remarks.warnings.is_empty());
        let names: Vec<_> = settings.effective.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["C", "http", "loglevel", "model", "pubsub"]);
    }

    #[test]
    fn a_model_in_the_configuration() {
        let text = |property: &str| settle_line(&["-C", property]).0.model;
        let model = Some(ModelSource::Text("<project/>".to_owned()));
        assert_eq!(text("server.xml=<project/>"), model);
        assert_eq!(text("server.xml=b64PHByb2plY3QvPg=="), model);
        assert_eq!(error("server.xml=b64H4sIAAAA"), "server.xml (-C): gzip is not implemented yet");
        assert_eq!(error("server.xml=b64%"), "server.xml (-C): what stands behind b64 is not base64");
    }

    #[test]
    fn one_port_for_everything() {
        let (settings, _) =
            settle_line(&["-http", "1", "-pubsub", "2", "-C", "server.single_port_mode=true"]);
        assert_eq!((settings.http, settings.pubsub), (Some(1), None));
        assert!(error("server.single_port_mode=true").contains("needs the port"));
    }

    #[test]
    fn connector_classes_that_are_shut_out() {
        let line = ["-C", "connectors.excluded.kafka=true,connectors.excluded.fs=false"];
        assert_eq!(settle_line(&line).0.excluded, ["kafka"]);
    }

    #[test]
    fn what_cannot_be_done_stops_the_start() {
        assert_eq!(error("server.http=x"), "server.http (-C): 'x' is no port (1 to 65535)");
        assert!(error("server.version=4").starts_with("server.version (-C): '4' is no version"));
        assert_eq!(error("server.address=here"), "server.address (-C): 'here' is no IP address");
        assert!(error("security.http_ssl_enabled=true").contains("needs security.server.server_cert_file"));
        assert!(error("security.http_ssl_enabled=yes").contains("neither true nor false"));
        assert!(error("security.pubsub_ssl_enabled=true").contains("not implemented yet"));
        let line = ["-server", "1", "-C", "security.bearer.token_file=f"];
        assert!(settle_line(&line).1.errors[0].contains("-server cannot be used"));
        let warnings = settle_line(&["-C", "meta.meteringhost=h"]).1.warnings;
        assert!(warnings[0].contains("there is no metering"), "{warnings:?}");
    }
}
