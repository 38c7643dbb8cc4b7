//! A connector's place and properties.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use tidegate_event::Schema;
use tidegate_model::{ClassSpec, Direction};

use super::error::ConnectorError;
use crate::clock::Clock;

/// What a class builds a connector from.
#[derive(Debug, Clone)]
pub struct ConnectorSetup {
    /// Name of the project.
    pub project: String,
    /// Name of the contquery.
    pub contquery: String,
    /// Name of the window.
    pub window: String,
    /// Name of the connector.
    pub name: String,
    /// Name of its group; `default` outside of all groups.
    pub group: String,
    /// Publisher or subscriber.
    pub direction: Direction,
    /// Schema of the window.
    pub schema: Arc<Schema>,
    /// Whether the window makes its keys itself.
    pub autogen_key: bool,
    /// Whether the log is the project's clock (design.md 6).
    pub log_clock: bool,
    /// Whether a subscriber connector of the project takes part in a failover: it is active and has the property
    /// `hotfailover`.
    pub failover: bool,
    /// Whether message ids are offsets of the log that the project reads.
    pub offset_ids: bool,
    /// The clock of the machine, for connectors that act by the time of day.
    pub clock: Arc<dyn Clock>,
    /// The class's parameters.
    pub spec: &'static ClassSpec,
    /// The properties as given in the model.
    pub properties: BTreeMap<String, String>,
}

impl ConnectorSetup {
    /// `project/contquery/window`, as bad events and messages name it.
    pub fn window_path(&self) -> String {
        format!("{}/{}/{}", self.project, self.contquery, self.window)
    }

    /// The value of a property: what the model says, else the class's default. An empty value counts as none.
    pub fn get(&self, name: &str) -> Option<&str> {
        let given = self.properties.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
        given.or_else(|| {
            let counts = |direction| direction == Direction::Both || direction == self.direction;
            self.spec.params.iter().find(|p| p.name == name && counts(p.direction)).and_then(|p| p.default)
        })
    }

    /// The value of a property that must be there.
    ///
    /// # Errors
    /// When it is absent.
    pub fn required(&self, name: &str) -> Result<&str, ConnectorError> {
        self.get(name).ok_or_else(|| ConnectorError::Missing(name.to_owned()))
    }

    /// A property that is `true` or `false`, in any case; false when absent.
    ///
    /// # Errors
    /// When it is neither.
    pub fn flag(&self, name: &str) -> Result<bool, ConnectorError> {
        match self.get(name) {
            None => Ok(false),
            Some(value) if value.eq_ignore_ascii_case("true") => Ok(true),
            Some(value) if value.eq_ignore_ascii_case("false") => Ok(false),
            Some(value) => Err(self.invalid(name, value, "true or false")),
        }
    }

    /// A property that is a number of at least `least`.
    ///
    /// # Errors
    /// When it is none, or less.
    pub fn number<N>(&self, name: &str, least: N) -> Result<Option<N>, ConnectorError>
    where
        N: FromStr + PartialOrd + std::fmt::Display,
    {
        let Some(value) = self.get(name) else { return Ok(None) };
        match value.parse::<N>() {
            Ok(number) if number >= least => Ok(Some(number)),
            _ => Err(self.invalid(name, value, &format!("a number of at least {least}"))),
        }
    }

    /// The error of a property with a wrong value.
    pub fn invalid(&self, name: &str, value: &str, allowed: &str) -> ConnectorError {
        ConnectorError::InvalidValue {
            name: name.to_owned(),
            value: value.to_owned(),
            allowed: allowed.to_owned(),
        }
    }
}
