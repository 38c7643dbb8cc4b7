//! One cluster for a whole test run.

use std::env;
use std::str::FromStr;
use std::sync::OnceLock;

use super::{Cluster, Options};
use crate::Error;

/// The variable through which a test run hands its cluster to the tests.
const VARIABLE: &str = "TIDEGATE_CLUSTER";

/// Where a cluster is. As text (and in `TIDEGATE_CLUSTER`): the bootstrap servers, a blank, and ZooKeeper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// Kafka's bootstrap servers, separated by commas.
    pub bootstrap: String,
    /// ZooKeeper's `host:port`.
    pub zookeeper: String,
}

impl std::fmt::Display for Addresses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.bootstrap, self.zookeeper)
    }
}

impl FromStr for Addresses {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            [bootstrap, zookeeper] => {
                Ok(Self { bootstrap: (*bootstrap).to_owned(), zookeeper: (*zookeeper).to_owned() })
            }
            _ => Err(Error::Usage(format!("{VARIABLE} is '{text}', not 'BROKER[,BROKER]... ZOOKEEPER'"))),
        }
    }
}

/// The cluster that the tests of a run share: the one that `TIDEGATE_CLUSTER` names (`cargo xtask test` sets it), else one
/// with one broker that the first caller starts and that lives as long as the process. Others use it at the same time:
/// take topics and paths of your own, and pause or kill nothing.
///
/// # Errors
/// As [`Cluster::start`]; each caller gets the same.
pub fn shared() -> Result<Addresses, Error> {
    static SHARED: OnceLock<Result<(Addresses, Option<Cluster>), String>> = OnceLock::new();
    let shared = SHARED.get_or_init(|| find().map_err(|error| error.to_string()));
    shared.as_ref().map(|(addresses, _)| addresses.clone()).map_err(|error| Error::Usage(error.clone()))
}

fn find() -> Result<(Addresses, Option<Cluster>), Error> {
    if let Some(text) = env::var_os(VARIABLE).filter(|text| !text.is_empty()) {
        return Ok((text.to_string_lossy().parse()?, None));
    }
    let cluster = Cluster::start(&Options::default())?;
    Ok((cluster.addresses(), Some(cluster)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_back() {
        let addresses = Addresses { bootstrap: "a:1,b:2".to_owned(), zookeeper: "c:3".to_owned() };
        assert_eq!(addresses.to_string().parse::<Addresses>().unwrap(), addresses);
        assert!("a:1".parse::<Addresses>().is_err());
    }
}
