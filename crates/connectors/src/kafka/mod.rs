//! Class `kafka` (connectors-adapters 2.2): a publisher reads a topic, a subscriber writes one.
//!
//! Position of a publisher in a snapshot ([`SourcePosition`](tidegate_host::SourcePosition)): the partition (-1 =
//! all), the offset to be read next (of one partition), events injected, records dropped as written twice; behind
//! them what [`Places`](position::Places) says, when there is more than one offset.

mod decode;
mod messages;
mod options;
mod position;
mod publish;
mod record;
mod subscribe;

use tidegate_host::{Connector, ConnectorClass, ConnectorError, ConnectorSetup, InputKind};
use tidegate_model::{ClassSpec, Direction};

/// The class.
#[derive(Debug)]
pub struct Kafka;

static SPEC: ClassSpec = ClassSpec { name: "kafka", params: options::PARAMS };

impl ConnectorClass for Kafka {
    fn spec(&self) -> &'static ClassSpec {
        &SPEC
    }

    fn build(&self, setup: &ConnectorSetup) -> Result<Connector, ConnectorError> {
        Ok(match setup.direction {
            Direction::Sub => Connector::Subscriber(Box::new(subscribe::KafkaSubscriber::new(setup)?)),
            _ => Connector::Publisher(Box::new(publish::KafkaPublisher::new(setup)?)),
        })
    }

    fn input_kind(&self, setup: &ConnectorSetup) -> InputKind {
        match options::PublishOptions::new(setup) {
            Ok(options) => options.input_kind(),
            Err(error) => InputKind::Unordered(error.to_string()),
        }
    }
}
