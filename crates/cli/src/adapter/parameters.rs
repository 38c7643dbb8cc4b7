//! Which parameters there are, and their values.

use std::fmt::Display;
use std::str::FromStr;

use super::arguments::Given;
use super::error::{AdapterError, Reason};

/// What a parameter is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Both,
    Publish,
    Subscribe,
    /// It must not be switched on: it is not there. A value of this list leaves it off.
    Refused(&'static [&'static str]),
    /// It stands in the URL.
    InUrl,
    /// It has no effect here, because of this.
    Ignored(&'static str),
}

const OFF: &[&str] = &["", "false", "0"];

/// Every parameter of connectors-adapters 3.2 and of class `fs` (2.1).
const PARAMETERS: &[(&str, Use)] = &[
    ("type", Use::Both),
    ("url", Use::Both),
    ("fsname", Use::Both),
    ("fstype", Use::Both),
    ("dateformat", Use::Both),
    ("loglevel", Use::Both),
    ("transport", Use::Both),
    ("transportconfigfile", Use::Both),
    ("header", Use::Both),
    ("rate", Use::Publish),
    ("blocksize", Use::Publish),
    ("growinginputfile", Use::Publish),
    ("repeatcount", Use::Publish),
    ("maxevents", Use::Publish),
    ("ignorecsvparseerrors", Use::Publish),
    ("ignoreparseerrors", Use::Publish),
    ("csvfielddelimiter", Use::Publish),
    ("noautogenfield", Use::Publish),
    ("addcsvopcode", Use::Publish),
    ("addcsvflags", Use::Publish),
    ("publishwithupsert", Use::Publish),
    ("transactional", Use::Publish),
    ("stripnullsfromcsv", Use::Publish),
    ("doubleprecision", Use::Subscribe),
    ("snapshot", Use::InUrl),
    ("collapse", Use::InUrl),
    ("rmretdel", Use::InUrl),
    ("prebuffer", Use::Refused(OFF)),
    ("periodicity", Use::Refused(OFF)),
    ("maxfilesize", Use::Refused(OFF)),
    ("unbufferedoutputstreams", Use::Refused(OFF)),
    ("quiesceproject", Use::Refused(OFF)),
    ("latencymode", Use::Refused(OFF)),
    ("restartonerror", Use::Refused(OFF)),
    ("gdconfig", Use::Refused(&[""])),
    ("configfilesection", Use::Refused(&[""])),
    ("logconfigfile", Use::Refused(&[""])),
    ("cefsyslogprefix", Use::Refused(OFF)),
    ("tokenlocation", Use::Ignored("with transport=kafka nothing connects to the server")),
    ("token", Use::Ignored("with transport=kafka nothing connects to the server")),
    ("aggrsize", Use::Ignored("there is no latency mode")),
];

/// The parameters of one call.
#[derive(Debug)]
pub(super) struct Parameters(Given);

impl Parameters {
    /// Takes parameters by name. What has no effect is told by the second answer, in one line each.
    ///
    /// # Errors
    /// For names that do not exist, and for those that ask for what is not there.
    pub(super) fn new(given: Given, publishes: bool) -> Result<(Self, Vec<String>), AdapterError> {
        let mut warnings = Vec::new();
        for (key, value) in &given {
            let known = PARAMETERS.iter().find(|(name, _)| name == key);
            let Some((_, its_use)) = known else {
                return Err(AdapterError::parameter(
                    key,
                    value,
                    Reason::InvalidParm,
                    "there is no such parameter",
                ));
            };
            match its_use {
                Use::Publish if !publishes => {
                    warnings.push(format!("parameter '{key}' has no effect with type=sub"));
                }
                Use::Subscribe if publishes => {
                    warnings.push(format!("parameter '{key}' has no effect with type=pub"));
                }
                Use::Both | Use::Publish | Use::Subscribe => {}
                Use::Refused(off) if off.iter().any(|off| off.eq_ignore_ascii_case(value.trim())) => {}
                Use::Refused(_) => {
                    return Err(AdapterError::invalid(key, value, "it is not implemented yet"));
                }
                Use::InUrl => {
                    let text = "it stands in the url: ...?NAME=VALUE";
                    return Err(AdapterError::parameter(key, value, Reason::InvalidParm, text));
                }
                Use::Ignored(why) => warnings.push(format!("parameter '{key}' has no effect: {why}")),
            }
        }
        Ok((Self(given), warnings))
    }

    /// A value as it was given.
    pub(super) fn raw(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// A value without blanks around it; an empty one counts as none.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.raw(key).map(str::trim).filter(|value| !value.is_empty())
    }

    /// A value that must be there.
    pub(super) fn required(&self, key: &str, text: &str) -> Result<&str, AdapterError> {
        self.get(key).ok_or_else(|| AdapterError::missing(key, text))
    }

    /// `true` or `false` in any letter case; false when absent.
    pub(super) fn flag(&self, key: &str) -> Result<bool, AdapterError> {
        self.get(key).map_or(Ok(false), |value| flag(key, value))
    }

    /// A number of at least `least`.
    pub(super) fn number<N: FromStr + PartialOrd + Display>(
        &self,
        key: &str,
        least: N,
    ) -> Result<Option<N>, AdapterError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        match value.parse::<N>() {
            Ok(number) if number >= least => Ok(Some(number)),
            _ => Err(AdapterError::invalid(key, value, &format!("a number of at least {least}"))),
        }
    }
}

/// `true` or `false` in any letter case.
pub(super) fn flag(key: &str, value: &str) -> Result<bool, AdapterError> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(AdapterError::invalid(key, value, "true or false")),
    }
}
