//! The properties of a server, from the configuration directory, the environment and `-C` (failover-and-server 4.4, 4.5).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::yaml;

/// Where the files lie when neither `DFESP_CONFIG` nor an option says so.
const DEFAULT_DIRECTORY: &str = "/opt/sas/viya/config/etc/SASEventStreamProcessingEngine/default";
/// The files that are read, the later one winning.
const FILES: [&str; 2] = ["esp-properties.yml", "security-properties.yml"];
/// Longest file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// One property and where it was set.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Property {
    key: String,
    value: String,
    origin: String,
}

/// The properties of one source. Names are compared with `.` and `_` as one character, because variables of the
/// environment have no dots.
type Layer = BTreeMap<String, Property>;

/// All properties, the strongest source first: `-C`, the environment, the files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Properties {
    layers: Vec<Layer>,
}

/// A property's value with the place that set it, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value<'a> {
    pub(crate) key: &'a str,
    pub(crate) text: &'a str,
    /// Such as `-C` or `esp-properties.yml:3`.
    pub(crate) origin: &'a str,
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// A file is there but cannot be read.
    #[error("the configuration file '{path}' cannot be read: {cause}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        cause: std::io::Error,
    },
    /// A file is not YAML, or no list of properties.
    #[error("the configuration file '{path}', line {line}: {reason}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
}

impl Properties {
    /// Reads the files of the configuration directory and the environment, and puts those of the command line above
    /// them. Pairs of `ESPENV` that are none, and variables that a file names and nobody has set, go to `warnings`.
    ///
    /// # Errors
    /// When a file is there and cannot be read, or is no list of properties.
    pub(crate) fn gather(
        command_line: &BTreeMap<String, String>,
        environment: &BTreeMap<String, String>,
        warnings: &mut Vec<String>,
    ) -> Result<Self, ConfigError> {
        let directory = environment.get("DFESP_CONFIG").filter(|directory| !directory.is_empty());
        let directory = Path::new(directory.map_or(DEFAULT_DIRECTORY, String::as_str));
        let mut files = Layer::new();
        for name in FILES {
            for (key, property) in read_file(directory, name)? {
                files.insert(key, property);
            }
        }
        resolve_variables(&mut files, environment, warnings);
        let mut from_environment = Layer::new();
        for item in environment.get("ESPENV").into_iter().flat_map(|list| list.split(',')) {
            match item.split_once('=') {
                Some((key, value)) => insert(&mut from_environment, key.trim(), value.trim(), "ESPENV"),
                None if item.trim().is_empty() => {}
                None => warnings.push(format!("ESPENV: '{item}' is not of the form name=value and ignored")),
            }
        }
        for (name, value) in environment {
            if let Some(key) = name.strip_prefix("ESPENV_") {
                insert(&mut from_environment, key, value, name);
            }
        }
        resolve_variables(&mut from_environment, environment, warnings);
        let mut above = Layer::new();
        for (key, value) in command_line {
            insert(&mut above, key, value, "-C");
        }
        resolve_variables(&mut above, environment, warnings);
        Ok(Self { layers: vec![above, from_environment, files] })
    }

    /// The property called `key`, if it is set to more than nothing.
    pub(crate) fn get(&self, key: &str) -> Option<Value<'_>> {
        let wanted = normal(key);
        let found = self.layers.iter().find_map(|layer| layer.get(&wanted))?;
        Some(Value { key: &found.key, text: &found.value, origin: &found.origin })
            .filter(|value| !value.text.is_empty())
    }

    /// The properties whose names begin with `prefix`, by name, each once with its strongest value.
    pub(crate) fn below(&self, prefix: &str) -> Vec<Value<'_>> {
        let wanted = normal(prefix);
        let mut found: BTreeMap<&str, Value<'_>> = BTreeMap::new();
        for layer in self.layers.iter().rev() {
            for (key, property) in layer.range(wanted.clone()..).take_while(|(k, _)| k.starts_with(&wanted)) {
                let Property { key: name, value, origin } = property;
                found.insert(key, Value { key: name, text: value, origin });
            }
        }
        found.into_values().collect()
    }
}

fn normal(key: &str) -> String {
    key.replace('.', "_")
}

fn insert(layer: &mut Layer, key: &str, value: &str, origin: &str) {
    let property = Property { key: key.to_owned(), value: value.to_owned(), origin: origin.to_owned() };
    layer.insert(normal(key), property);
}

fn read_file(directory: &Path, name: &str) -> Result<Layer, ConfigError> {
    let path = directory.join(name);
    let unreadable = |cause| ConfigError::Unreadable { path: path.clone(), cause };
    let text = match std::fs::metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Layer::new()),
        Err(error) => return Err(unreadable(error)),
        Ok(metadata) if metadata.len() > MAX_FILE_BYTES => {
            let reason = format!("the file has more than {MAX_FILE_BYTES} bytes");
            return Err(ConfigError::Syntax { path, line: 1, reason });
        }
        Ok(_) => std::fs::read_to_string(&path).map_err(unreadable)?,
    };
    let entries = yaml::read(&text).map_err(|error| ConfigError::Syntax {
        path: path.clone(),
        line: error.line,
        reason: error.reason,
    })?;
    let mut layer = Layer::new();
    for yaml::Entry { key, value, line } in entries {
        insert(&mut layer, &key, &value, &format!("{name}:{line}"));
    }
    Ok(layer)
}

/// `env.KEY = NAME`: the variable NAME holds the value of KEY, unless the same source gives KEY itself.
fn resolve_variables(layer: &mut Layer, environment: &BTreeMap<String, String>, warnings: &mut Vec<String>) {
    let named: Vec<Property> = (layer.values())
        .filter(|property| property.key.starts_with("env.") || property.key.starts_with("env_"))
        .cloned()
        .collect();
    for Property { key, value: variable, origin } in named {
        let key = &key["env.".len()..];
        if layer.contains_key(&normal(key)) {
            continue;
        }
        match environment.get(&variable) {
            Some(value) => insert(layer, key, value, &format!("{origin}, {variable}")),
            None => warnings
                .push(format!("{origin}: the variable {variable}, which is to hold {key}, is not set")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn the_command_line_wins_over_the_environment_over_the_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = "server:\n  http: 1\n  pubsub: 2\n  model: a\nsecurity:\n  oauth2:\n    client_id: x\n";
        std::fs::write(folder.path().join(FILES[0]), file).unwrap();
        std::fs::write(folder.path().join(FILES[1]), "server:\n  loglevel: debug\n  model: b\n").unwrap();
        let environment = map(&[
            ("DFESP_CONFIG", folder.path().to_str().unwrap()),
            ("ESPENV", "server.pubsub=20,server.http=10,nothing"),
            ("ESPENV_security_oauth2_client_id", "y"),
        ]);
        let mut warnings = Vec::new();
        let properties =
            Properties::gather(&map(&[("server.http", "100")]), &environment, &mut warnings).unwrap();
        let text = |key| properties.get(key).map(|value| value.text);
        assert_eq!(text("server.http"), Some("100"));
        assert_eq!(text("server.pubsub"), Some("20"));
        assert_eq!(text("server.model"), Some("b"));
        assert_eq!(text("server.loglevel"), Some("debug"));
        assert_eq!(text("security.oauth2.client_id"), Some("y"));
        assert_eq!(text("server.license"), None);
        assert_eq!(properties.get("server.loglevel").unwrap().origin, "security-properties.yml:2");
        assert_eq!(warnings, ["ESPENV: 'nothing' is not of the form name=value and ignored"]);
        let below: Vec<_> = properties.below("server.").iter().map(|value| (value.key, value.text)).collect();
        assert_eq!(
            below,
            [
                ("server.http", "100"),
                ("server.loglevel", "debug"),
                ("server.model", "b"),
                ("server.pubsub", "20")
            ]
        );
    }

    #[test]
    fn values_out_of_variables() {
        let folder = tempfile::tempdir().unwrap();
        let file = "env:\n  server.http: PORT\n  server.license: ESP_LICENSE\n";
        std::fs::write(folder.path().join(FILES[0]), file).unwrap();
        let environment = map(&[("DFESP_CONFIG", folder.path().to_str().unwrap()), ("PORT", "31415")]);
        let mut warnings = Vec::new();
        let properties = Properties::gather(&BTreeMap::new(), &environment, &mut warnings).unwrap();
        assert_eq!(properties.get("server.http").map(|value| value.text), Some("31415"));
        assert_eq!(
            warnings,
            ["esp-properties.yml:3: the variable ESP_LICENSE, which is to hold server.license, is not set"]
        );
    }

    #[test]
    fn a_broken_file_is_an_error_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILES[0]), "server:\n  http: 1\n bad: 2\n").unwrap();
        let environment = map(&[("DFESP_CONFIG", folder.path().to_str().unwrap())]);
        let error = Properties::gather(&BTreeMap::new(), &environment, &mut Vec::new()).unwrap_err();
        assert!(error.to_string().contains("esp-properties.yml', line 3: "), "{error}");
    }
}
