//! The floor: librdkafka's consumer and producer, and nothing between them.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::Outcome;
use crate::output::consumer;

const POLL: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_secs(60);
/// Records in one transaction: as many as a failover connector writes in one.
const TRANSACTION: u64 = 5000;

/// Copies `events` records with their keys and timestamps.
pub fn copy(bootstrap: &str, input: &str, output: &str, events: u64, transactions: bool) -> Outcome {
    let consumer = consumer(bootstrap, input)?;
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap).set("enable.idempotence", "true").set("linger.ms", "1");
    if transactions {
        config.set("transactional.id", output);
    }
    let producer: BaseProducer = config.create()?;
    if transactions {
        producer.init_transactions(PATIENCE)?;
        producer.begin_transaction()?;
    }
    let mut count = 0;
    while count < events {
        producer.poll(Duration::ZERO);
        let Some(record) = consumer.poll(POLL) else { continue };
        let record = record?;
        send(&producer, output, record.payload().unwrap_or_default(), record.timestamp().to_millis())?;
        count += 1;
        if transactions && (count % TRANSACTION == 0 || count == events) {
            // Without this the wrapper's commit waits in slices of 100 ms.
            while producer.in_flight_count() > 0 {
                producer.poll(Duration::from_millis(1));
            }
            producer.commit_transaction(PATIENCE)?;
            if count < events {
                producer.begin_transaction()?;
            }
        }
    }
    Ok(producer.flush(PATIENCE)?)
}

fn send(producer: &BaseProducer, topic: &str, payload: &[u8], timestamp: Option<i64>) -> Outcome {
    loop {
        let mut record: BaseRecord<'_, (), [u8]> = BaseRecord::to(topic).partition(0).payload(payload);
        record.timestamp = timestamp;
        match producer.send(record) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => {
                producer.poll(POLL);
            }
            Err((error, _)) => return Err(error.into()),
        }
    }
}
