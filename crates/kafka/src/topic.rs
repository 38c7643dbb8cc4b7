//! Asking for topics and making them.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::error::{KafkaFailure, is_temporary};
use crate::events::Events;
use crate::settings::Settings;

/// What matters of a topic's configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopicSettings {
    /// Whether the broker stamps the records (`message.timestamp.type=LogAppendTime`).
    pub log_append_time: bool,
    /// `message.timestamp.after.max.ms`: how far a record's time may lie ahead; none = no limit.
    pub timestamp_after_max_ms: Option<i64>,
    /// `retention.ms`; none = for ever.
    pub retention_ms: Option<i64>,
    /// `retention.bytes`; none = no limit.
    pub retention_bytes: Option<i64>,
    /// Whether older records of a key are removed (`cleanup.policy` has `compact`).
    pub compacted: bool,
}

/// Asks brokers about topics.
pub struct Topics {
    admin: AdminClient<Events>,
}

impl Topics {
    /// A client for it; nothing is waited for.
    ///
    /// # Errors
    /// When librdkafka refuses the settings.
    pub fn new(settings: &Settings, events: Events) -> Result<Self, KafkaFailure> {
        let config = settings.client(&[], &[("allow.auto.create.topics", "false")]);
        let admin = config.create_with_context(events);
        Ok(Self { admin: admin.map_err(|error| KafkaFailure::new("cannot make an admin client", &error))? })
    }

    /// How many partitions a topic has; none when it does not exist. Nothing is created.
    ///
    /// # Errors
    /// When no answer came in `time`, or the broker refuses it.
    pub fn partitions(&self, topic: &str, time: Duration) -> Result<Option<i32>, KafkaFailure> {
        let what = || format!("topic '{topic}' cannot be looked up");
        let metadata = self.admin.inner().fetch_metadata(Some(topic), time);
        let metadata = metadata.map_err(|error| KafkaFailure::new(what(), &error))?;
        let Some(found) = metadata.topics().iter().find(|found| found.name() == topic) else {
            return Ok(None);
        };
        match found.error().map(RDKafkaErrorCode::from) {
            None => {}
            Some(RDKafkaErrorCode::UnknownTopicOrPartition) => return Ok(None),
            Some(code) => {
                return Err(KafkaFailure {
                    what: what(),
                    cause: code.to_string(),
                    temporary: is_temporary(code),
                });
            }
        }
        Ok(Some(i32::try_from(found.partitions().len()).unwrap_or(i32::MAX)).filter(|&count| count > 0))
    }

    /// Creates a topic; one that exists is left as it is. With a `replication` of -1 the broker's default holds.
    ///
    /// # Errors
    /// When the broker refuses it, or does not answer in `time`.
    pub fn create(
        &self,
        topic: &str,
        partitions: i32,
        replication: i32,
        time: Duration,
    ) -> Result<(), KafkaFailure> {
        let what = || format!("topic '{topic}' cannot be created");
        let new = NewTopic::new(topic, partitions, TopicReplication::Fixed(replication));
        let options = AdminOptions::new().request_timeout(Some(time)).operation_timeout(Some(time));
        let results = wait(self.admin.create_topics([&new], &options), time, &what)?;
        for result in results {
            match result {
                Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((_, code)) => {
                    return Err(KafkaFailure {
                        what: what(),
                        cause: code.to_string(),
                        temporary: is_temporary(code),
                    });
                }
            }
        }
        Ok(())
    }

    /// A topic's configuration.
    ///
    /// # Errors
    /// When the broker refuses it, or does not answer in `time`.
    pub fn settings(&self, topic: &str, time: Duration) -> Result<TopicSettings, KafkaFailure> {
        let what = || format!("the configuration of topic '{topic}' cannot be read");
        let options = AdminOptions::new().request_timeout(Some(time));
        let asked = [ResourceSpecifier::Topic(topic)];
        let mut settings = TopicSettings::default();
        for result in wait(self.admin.describe_configs(&asked, &options), time, &what)? {
            let resource = result.map_err(|code| KafkaFailure {
                what: what(),
                cause: code.to_string(),
                temporary: is_temporary(code),
            })?;
            let value = |name: &str| resource.get(name).and_then(|entry| entry.value.clone());
            let limit = |name: &str| {
                let number: Option<i64> = value(name).and_then(|text| text.parse().ok());
                number.filter(|&number| (0..i64::MAX).contains(&number))
            };
            settings = TopicSettings {
                log_append_time: value("message.timestamp.type").as_deref() == Some("LogAppendTime"),
                timestamp_after_max_ms: limit("message.timestamp.after.max.ms"),
                retention_ms: limit("retention.ms"),
                retention_bytes: limit("retention.bytes"),
                compacted: value("cleanup.policy").is_some_and(|policy| policy.contains("compact")),
            };
        }
        Ok(settings)
    }
}

impl fmt::Debug for Topics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Topics").finish_non_exhaustive()
    }
}

/// Wakes a thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for an answer. The client's own thread completes it; a second is given on top of `time`, in which
/// librdkafka itself says that the time has run out.
fn wait<T>(
    answer: impl Future<Output = Result<T, KafkaError>>,
    time: Duration,
    what: &dyn Fn() -> String,
) -> Result<T, KafkaFailure> {
    let deadline = Instant::now() + time + Duration::from_secs(1);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut answer = pin!(answer);
    loop {
        if let Poll::Ready(answer) = answer.as_mut().poll(&mut context) {
            return answer.map_err(|error| KafkaFailure::new(what(), &error));
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(KafkaFailure {
                what: what(),
                cause: "no answer in time".to_owned(),
                temporary: true,
            });
        }
        thread::park_timeout(left);
    }
}
