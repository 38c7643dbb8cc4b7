//! Class `kafka` (connectors-adapters 2.2): a publisher reads a topic, a subscriber writes one.
//!
//! Position of a publisher in a snapshot ([`SourcePosition`](tidegate_host::SourcePosition)): the partition (-1 =
//! all), the offset to be read next (of one partition), events injected, records dropped as written twice; behind
//! them what [`Places`](position::Places) says, when there is more than one offset.

mod decode;
mod failover;
mod input;
mod messages;
pub mod metadata;
mod options;
mod position;
mod publish;
mod record;
mod subscribe;

use std::sync::Arc;

use tidegate_host::{Connector, ConnectorClass, ConnectorError, ConnectorSetup, InputKind, OutputGate};
use tidegate_model::{ClassSpec, Direction};

/// The class.
#[derive(Debug)]
pub struct Kafka;

/// The failover groups of this process: an engine is one candidate in each, however many connectors take part.
static GROUPS: failover::Groups = failover::Groups::new();
/// Where the publishers of this process stand, for the failover connectors of their projects.
static INPUTS: input::Inputs = input::Inputs::new();

static SPEC: ClassSpec = ClassSpec { name: "kafka", params: options::PARAMS };

impl ConnectorClass for Kafka {
    fn spec(&self) -> &'static ClassSpec {
        &SPEC
    }

    fn build(&self, setup: &ConnectorSetup) -> Result<Connector, ConnectorError> {
        Ok(match setup.direction {
            Direction::Sub if failover::is_wanted(setup)? => {
                Connector::Gated(Box::new(failover::FailoverConnector::new(setup)?))
            }
            Direction::Sub => Connector::Subscriber(Box::new(subscribe::KafkaSubscriber::new(setup)?)),
            _ => Connector::Publisher(Box::new(publish::KafkaPublisher::new(setup)?)),
        })
    }

    fn gate(&self, setup: &ConnectorSetup) -> Result<Option<Arc<dyn OutputGate>>, ConnectorError> {
        if setup.direction == Direction::Sub && failover::is_wanted(setup)? {
            return failover::gate(setup, &GROUPS, &INPUTS).map(Some);
        }
        Ok(None)
    }

    fn input_kind(&self, setup: &ConnectorSetup) -> InputKind {
        match options::PublishOptions::new(setup) {
            Ok(options) => options.input_kind(),
            Err(error) => InputKind::Unordered(error.to_string()),
        }
    }
}
