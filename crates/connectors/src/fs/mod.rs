//! Class `fs`: files and sockets (connectors-adapters 2.1).
//!
//! A publisher reads a file to its end, perhaps several times, and is then finished; with `growinginputfile` it
//! waits for more. A subscriber creates or truncates its file and writes what the window emits, perhaps into a row of
//! files. A socket `:port` listens and serves one peer after another; `host:port` connects, and fails when the peer
//! goes away. The formats syslog, cef and hdat are refused.
//!
//! Position in a snapshot ([`SourcePosition`](tidegate_host::SourcePosition)): passes that are complete, events
//! taken from the current pass, events in all. A restored publisher reads the file again from its start and leaves
//! out what was injected before.

mod address;
mod messages;
mod options;
mod output;
mod publish;
mod source;
mod subscribe;

use tidegate_host::{Connector, ConnectorClass, ConnectorError, ConnectorSetup};
use tidegate_model::{ClassSpec, Direction};

/// The class.
#[derive(Debug)]
pub struct Fs;

static SPEC: ClassSpec = ClassSpec { name: "fs", params: options::PARAMS };

impl ConnectorClass for Fs {
    fn spec(&self) -> &'static ClassSpec {
        &SPEC
    }

    fn build(&self, setup: &ConnectorSetup) -> Result<Connector, ConnectorError> {
        Ok(match setup.direction {
            Direction::Sub => Connector::Subscriber(Box::new(subscribe::FsSubscriber::new(setup)?)),
            _ => Connector::Publisher(Box::new(publish::FsPublisher::new(setup)?)),
        })
    }
}
