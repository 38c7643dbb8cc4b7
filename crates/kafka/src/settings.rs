//! The connector properties that reach librdkafka (connectors-adapters 2.2).

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaConfRes;

/// `kafkahostport`, `kafkaglobalconfig` and `kafkatopicconfig`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    brokers: String,
    user: Vec<UserSetting>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct UserSetting {
    property: &'static str,
    key: String,
    value: String,
}

/// A property cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("parameter '{property}' has the invalid value '{value}': {reason}")]
pub struct SettingsError {
    /// The connector's property.
    pub property: &'static str,
    /// The part of its value that is wrong. Of secrets only the key.
    pub value: String,
    /// Why.
    pub reason: String,
}

/// Settings whose values are not shown.
const SECRETS: &[&str] = &["password", "secret", "key.pem", "jaas"];

impl Settings {
    /// Reads the three properties. Keys that librdkafka does not know are left out, with one warning each.
    ///
    /// # Errors
    /// When the broker list is empty, a part is no `key=value`, or librdkafka refuses a value.
    pub fn new(hostport: &str, global: Option<&str>, topic: Option<&str>) -> Result<Self, SettingsError> {
        let brokers: Vec<&str> = hostport.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
        if brokers.is_empty() {
            let reason = "a list of brokers host:port,host:port".to_owned();
            return Err(SettingsError { property: "kafkahostport", value: hostport.to_owned(), reason });
        }
        let mut user = Vec::new();
        for (property, text) in [("kafkaglobalconfig", global), ("kafkatopicconfig", topic)] {
            for (key, value) in pairs(property, text.unwrap_or_default())? {
                if is_known(property, &key, &value)? {
                    user.push(UserSetting { property, key, value });
                }
            }
        }
        Ok(Self { brokers: brokers.join(","), user })
    }

    /// Refuses by name what the user may not set here: `(key, reason)`.
    ///
    /// # Errors
    /// For the first user setting whose key is in the list.
    pub fn refuse(&self, keys: &[(&str, &str)]) -> Result<(), SettingsError> {
        for UserSetting { property, key, value } in &self.user {
            if let Some((_, reason)) = keys.iter().find(|(refused, _)| refused == key) {
                let value = shown(key, value);
                return Err(SettingsError { property, value, reason: (*reason).to_owned() });
            }
        }
        Ok(())
    }

    /// The value that the user gave to a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.user.iter().rev().find(|setting| setting.key == key).map(|setting| setting.value.as_str())
    }

    /// The configuration of a client: `defaults`, over them the user's settings, over them `fixed`.
    pub(crate) fn client(&self, defaults: &[(&str, &str)], fixed: &[(&str, &str)]) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set_log_level(RDKafkaLogLevel::Info);
        config.set("bootstrap.servers", &self.brokers);
        // Brokers that come back are found soon.
        config.set("reconnect.backoff.max.ms", "1000");
        config.set("log.connection.close", "false");
        for (key, value) in defaults {
            config.set(*key, *value);
        }
        for setting in &self.user {
            config.set(&setting.key, &setting.value);
        }
        for (key, value) in fixed {
            config.set(*key, *value);
        }
        config
    }
}

fn shown(key: &str, value: &str) -> String {
    if SECRETS.iter().any(|secret| key.contains(secret)) { key.to_owned() } else { format!("{key}={value}") }
}

fn is_known(property: &'static str, key: &str, value: &str) -> Result<bool, SettingsError> {
    match ClientConfig::new().set(key, value).create_native_config() {
        Ok(_) => Ok(true),
        Err(KafkaError::ClientConfig(RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN, ..)) => {
            tracing::warn!(
                id = "Tidegate0101",
                logger = "DF.ESP",
                file = "settings.rs",
                line = 1,
                "parameter '{property}': librdkafka has no setting '{key}'; it is ignored"
            );
            Ok(false)
        }
        Err(KafkaError::ClientConfig(_, reason, ..)) => {
            Err(SettingsError { property, value: shown(key, value), reason })
        }
        Err(error) => Err(SettingsError { property, value: shown(key, value), reason: error.to_string() }),
    }
}

/// Splits at `;` outside of double quotes. A value in double quotes loses them.
fn pairs(property: &'static str, text: &str) -> Result<Vec<(String, String)>, SettingsError> {
    let mut quoted = false;
    let parts = text.split(|c| {
        quoted ^= c == '"';
        c == ';' && !quoted
    });
    let parts: Vec<&str> = parts.map(str::trim).filter(|part| !part.is_empty()).collect();
    let mut pairs = Vec::new();
    for part in parts {
        let wrong =
            |reason: &str| SettingsError { property, value: part.to_owned(), reason: reason.to_owned() };
        let (key, value) = part.split_once('=').ok_or_else(|| wrong("key=value;key=value"))?;
        let (key, value) = (key.trim(), value.trim());
        if key.is_empty() || key.contains('\0') || value.contains('\0') {
            return Err(wrong("key=value;key=value"));
        }
        let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        pairs.push((key.to_owned(), inner.unwrap_or(value).to_owned()));
    }
    if quoted {
        let reason = "a double quote is not closed".to_owned();
        return Err(SettingsError { property, value: shown("", ""), reason });
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_quotes_may_hold_semicolons() {
        let read = pairs("kafkaglobalconfig", r#" a.b = 1 ;sasl.password="x;y=z"; ;c=2"#).unwrap();
        let expected = [("a.b", "1"), ("sasl.password", "x;y=z"), ("c", "2")];
        assert_eq!(read, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
        assert!(pairs("kafkaglobalconfig", "novalue").is_err());
        assert!(pairs("kafkaglobalconfig", "a=\"b").is_err());
    }

    #[test]
    fn unknown_keys_are_left_out_and_wrong_values_refused_by_name() {
        let settings =
            Settings::new("h:1", Some("enable.sparse.connections=false;no.such.key=1"), Some("acks=1"))
                .unwrap();
        assert_eq!(settings.get("enable.sparse.connections"), Some("false"));
        assert_eq!(settings.get("no.such.key"), None);
        let error = settings.refuse(&[("acks", "exactly-once output needs all")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "parameter 'kafkatopicconfig' has the invalid value 'acks=1': exactly-once output needs all"
        );
        let error = Settings::new("h:1", Some("socket.timeout.ms=soon"), None).unwrap_err();
        assert_eq!((error.property, error.value.as_str()), ("kafkaglobalconfig", "socket.timeout.ms=soon"));
        assert!(Settings::new(" , ", None, None).is_err());
    }
}
