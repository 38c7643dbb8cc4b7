//! Kafka: how clients are set up, how their errors are told, reading one partition or as one of a group, writing with and without
//! transactions, asking for topics.
//!
//! Nothing here knows of engines, windows or connectors; a client is told in whose name it speaks by a [`Place`].
//! All calls that wait take the time that they may wait. Nothing gives up when brokers or topics are away: a reader
//! and a producer go on by themselves when they are back, and say each change once (see [`Events`]).

mod error;
mod events;
mod group;
mod outage;
mod reader;
mod settings;
mod topic;
mod transactions;
mod writer;

pub use error::{KafkaFailure, ReadError, SendError, TransactionError};
pub use events::{Events, Place};
pub use group::{GroupOptions, GroupReader};
pub use reader::{OwnedRecord, PartitionReader, Polled, ReaderOptions, Record, StartOffset, Watermarks};
pub use settings::{Settings, SettingsError};
pub use topic::{TopicSettings, Topics};
pub use transactions::{TransactionOptions, TransactionalProducer};
pub use writer::{Delivered, Delivery, OutRecord, PlainOptions, PlainProducer};
