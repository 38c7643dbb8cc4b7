//! What can go wrong with Kafka.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// A client could not be made, or a request was answered with an error.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{what}: {cause}")]
pub struct KafkaFailure {
    /// What was to be done.
    pub what: String,
    /// What librdkafka says.
    pub cause: String,
    /// Whether the same call may succeed later: a broker was away, or the time ran out.
    pub temporary: bool,
}

impl KafkaFailure {
    pub(crate) fn new(what: impl Into<String>, cause: &KafkaError) -> Self {
        let temporary = cause.rdkafka_error_code().is_some_and(is_temporary);
        Self { what: what.into(), cause: words(cause), temporary }
    }
}

/// Reading a partition cannot go on.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// The offset that was asked for is not, or no longer, in the partition.
    #[error("offset {offset} of topic '{topic}' partition {partition} is out of range")]
    OffsetOutOfRange {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The offset that was to be read next.
        offset: i64,
    },
    /// The time that the caller gave has run out.
    #[error("topic '{topic}' partition {partition} was not read to offset {offset} in time")]
    TooSlow {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// Where reading was to end.
        offset: i64,
    },
    /// Anything else that does not pass by waiting.
    #[error(transparent)]
    Failed(#[from] KafkaFailure),
}

/// A record was not taken.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SendError {
    /// The producer's queue is full: poll, and try again.
    #[error("the producer's queue is full")]
    QueueFull,
    /// The producer can write no more.
    #[error("the producer can write no more: {0}")]
    Fatal(String),
    /// A newer producer with the same transactional id exists.
    #[error("a newer producer has taken over: {0}")]
    Fenced(String),
    /// This record cannot be written, such as one that is too large.
    #[error("{0}")]
    Refused(String),
}

/// How a call of a transactional producer failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TransactionError {
    /// A newer producer with the same transactional id exists; this one can write no more.
    #[error("a newer producer has taken over: {0}")]
    Fenced(String),
    /// The outcome is not known yet. The same call may be made again; no other.
    #[error("not decided yet: {0}")]
    Undecided(String),
    /// The transaction must be aborted; none of it becomes visible.
    #[error("the transaction must be aborted: {0}")]
    MustAbort(String),
    /// The producer can be used no more. The outcome of an open commit is unknown.
    #[error("the producer can be used no more: {0}")]
    Fatal(String),
}

/// The error in librdkafka's words.
pub(crate) fn words(error: &KafkaError) -> String {
    match error {
        KafkaError::Transaction(error) => error.string(),
        KafkaError::ClientConfig(_, words, key, value) => format!("{key}={value}: {words}"),
        KafkaError::ClientCreation(words) => words.clone(),
        error => error.rdkafka_error_code().map_or_else(|| error.to_string(), |code| code.to_string()),
    }
}

/// Whether an error passes when brokers, leaders or topics come back. A client that gave up a broker, because that has got another
/// number or name meanwhile, says so with errors of its own (`DestroyBroker`).
pub(crate) const fn is_temporary(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        code,
        Code::BrokerTransportFailure
            | Code::AllBrokersDown
            | Code::OperationTimedOut
            | Code::Resolve
            | Code::UnknownTopic
            | Code::UnknownPartition
            | Code::UnknownTopicOrPartition
            | Code::LeaderNotAvailable
            | Code::NotLeaderForPartition
            | Code::RequestTimedOut
            | Code::NetworkException
            | Code::CoordinatorLoadInProgress
            | Code::CoordinatorNotAvailable
            | Code::NotCoordinator
            | Code::NotEnoughReplicas
            | Code::ReplicaNotAvailable
            | Code::BrokerNotAvailable
            | Code::WaitingForCoordinator
            | Code::KafkaStorageError
            | Code::OffsetNotAvailable
            | Code::UnknownBroker
            | Code::TimedOutQueue
            | Code::ISRInsufficient
            | Code::NotEnoughReplicasAfterAppend
            | Code::DestroyBroker
            | Code::BrokerDestroy
            | Code::NodeUpdate
            | Code::WaitCache
            | Code::Retry
            | Code::InProgress
            | Code::PreviousInProgress
            | Code::Outdated
            | Code::State
            | Code::StaleControllerEpoch
            | Code::NotController
            | Code::FencedLeaderEpoch
            | Code::UnknownLeaderEpoch
            | Code::StaleBrokerEpoch
            | Code::FetchSessionIdNotFound
            | Code::InvalidFetchSessionEpoch
            | Code::ListenerNotFound
            | Code::UnknownTopicId
            | Code::PreferredLeaderNotAvailable
            | Code::EligibleLeadersNotAvailable
            | Code::ConcurrentTransactions
            | Code::ThrottlingQuotaExceeded
            | Code::RebootstrapRequired
    )
}

/// Whether a newer producer with the same id exists.
pub(crate) const fn is_fence(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(code, Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch)
}
