//! What librdkafka tells of itself, in ESP's words (failover-and-server 1.10 and 1.13).

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::error::{is_temporary, words};
use crate::outage::{Line, Outage};

/// In whose name a client speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Name of the connector.
    pub connector: String,
    /// Name of its window.
    pub window: String,
}

/// Takes what the clients of one place tell: librdkafka's own lines go to the log at level debug, and an outage is
/// said once when it begins and once when it has ended, however many clients see it. Clones share what was said.
#[derive(Debug, Clone)]
pub struct Events {
    place: Arc<Place>,
    outage: Arc<Mutex<Outage>>,
    quiet: bool,
}

/// How long a probe may wait for an answer.
pub(crate) const PROBE_TIME: Duration = Duration::from_millis(300);

impl Events {
    /// For the clients of this place.
    pub fn new(place: Place) -> Self {
        Self { place: Arc::new(place), outage: Arc::default(), quiet: false }
    }

    /// For clients beside others with the same brokers, which say what there is to say of outages.
    pub fn quiet(place: Place) -> Self {
        Self { quiet: true, ..Self::new(place) }
    }

    /// Asks any broker with `ask`, whose errors mean that none has answered, when it is in doubt whether brokers answer, and says so when that has changed.
    pub(crate) fn probe(&self, ask: impl FnOnce(Duration) -> Result<(), KafkaError>) {
        if !self.outage.lock().wants_probe(Instant::now()) {
            return;
        }
        let outcome = ask(PROBE_TIME);
        let now = Instant::now();
        let line = match outcome {
            Err(_) => self.outage.lock().unanswered(now),
            Ok(()) => self.outage.lock().answered(now),
        };
        self.say(line);
    }

    /// A broker has done what it was asked for just now.
    pub(crate) fn answered(&self) {
        let line = self.outage.lock().answered(Instant::now());
        self.say(line);
    }

    fn say(&self, line: Option<Line>) {
        let Place { connector, window } = &*self.place;
        match line.filter(|_| !self.quiet) {
            None => {}
            Some(Line::Broker(text)) => tracing::info!(
                id = "Connectors0095",
                logger = "DF.ESP",
                file = "dfESPkafkaConnector.cpp",
                line = 1,
                "dfESPkafkaConnector::event_cb(): RdKafka event callback: type = EVENT_ERROR (non-fatal), message = \
                 {text}, connector = {connector}, window = {window}"
            ),
            Some(Line::Lost(text)) => tracing::warn!(
                id = "Connectors0095",
                logger = "DF.ESP",
                file = "dfESPkafkaConnector.cpp",
                line = 1,
                "dfESPkafkaConnector::event_cb(): RdKafka event callback: type = EVENT_ERROR (non-fatal), message = \
                 {text}, connector = {connector}, window = {window}: no Kafka broker answers; retrying until one does"
            ),
            Some(Line::Back(time)) => tracing::info!(
                id = "Connectors0095",
                logger = "DF.ESP",
                file = "dfESPkafkaConnector.cpp",
                line = 2,
                "dfESPkafkaConnector::event_cb(): Kafka brokers answer again after {} s, connector = {connector}, \
                 window = {window}",
                time.as_secs()
            ),
        }
    }
}

impl ClientContext for Events {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        let Place { connector, window } = &*self.place;
        tracing::debug!(
            id = "Connectors0095",
            logger = "DF.ESP",
            file = "dfESPkafkaConnector.cpp",
            line = 3,
            "dfESPkafkaConnector::event_cb(): RdKafka event callback: type = EVENT_LOG, message = {}-{facility}: \
             {message}, connector = {connector}, window = {window}",
            level as i32
        );
    }

    fn stats_raw(&self, _: &[u8]) {}

    fn error(&self, error: KafkaError, reason: &str) {
        let Place { connector, window } = &*self.place;
        let text = format!("({}): {reason}", words(&error));
        let code = error.rdkafka_error_code();
        if code == Some(RDKafkaErrorCode::Fatal) {
            // What a fatal error means is for the caller whose next call it fails; here it is only told.
            tracing::error!(
                id = "Connectors0095",
                logger = "DF.ESP",
                file = "dfESPkafkaConnector.cpp",
                line = 4,
                "dfESPkafkaConnector::event_cb(): RdKafka event callback: type = EVENT_ERROR (fatal), message = \
                 {text}, connector = {connector}, window = {window}"
            );
            return;
        }
        tracing::debug!(
            id = "Connectors0095",
            logger = "DF.ESP",
            file = "dfESPkafkaConnector.cpp",
            line = 1,
            "dfESPkafkaConnector::event_cb(): RdKafka event callback: type = EVENT_ERROR (non-fatal), message = \
             {text}, connector = {connector}, window = {window}"
        );
        match code {
            Some(RDKafkaErrorCode::AllBrokersDown) => self.outage.lock().all_down(&text, Instant::now()),
            Some(code) if is_temporary(code) => {
                // librdkafka begins the reason with the broker's name.
                let broker = reason.split_whitespace().next().unwrap_or_default();
                self.outage.lock().error(broker, &text, Instant::now());
            }
            _ => {}
        }
    }
}

impl ConsumerContext for Events {}
