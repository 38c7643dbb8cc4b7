//! Writes the output of one failover connector: the part of its connector's thread.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tidegate_event::TaggedId;
use tidegate_failover::{Failure, Held, Input, Outcome, RequestNo};
use tidegate_host::StopWaiter;
use tidegate_kafka::{
    Delivered, Delivery, Events, OutRecord, PlainOptions, PlainProducer, SendError, Settings,
    TransactionError, TransactionOptions, TransactionalProducer,
};

use super::gate::{KafkaGate, timestamp};
use super::group::WriterCommand;
use super::messages;
use super::options::{ExactlyOnce, FailoverOptions};
use super::payload::Payload;

/// How long one call into the client library may take before the thread looks at its commands again.
const SLICE: Duration = Duration::from_millis(100);
/// The same while a fence is new. Each call asks the transaction coordinator again at once; between two calls the
/// library would ask twice a second, and the first question is refused while a dead active's transaction is ended.
const EAGER_SLICE: Duration = Duration::from_millis(10);
/// How long a fence is new.
const EAGER_TIME: Duration = Duration::from_secs(1);
/// How long to wait before looking again.
const POLL: Duration = Duration::from_millis(1);
/// How long a producer that is given up may take to abort what it has open.
const ABORT_TIME: Duration = Duration::from_millis(500);
/// How long what is at hand may go on after the connector was asked to stop.
const STOP_TIME: Duration = Duration::from_secs(2);
/// How often the log tells that a producer cannot be set up.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// The producer at hand.
enum Producer {
    /// Created and connecting; it has called nothing yet.
    Transactions { producer: TransactionalProducer, fenced: bool },
    Ids {
        producer: PlainProducer,
        /// Writes whose records are on their way, in order.
        open: VecDeque<Open>,
        /// Records sent.
        sent: u64,
    },
}

/// A write that is on its way.
struct Open {
    request: RequestNo,
    /// How many records were sent up to its last one.
    end: u64,
    since: Instant,
}

/// How long the broker lets a transaction be open; an active that was stopped for longer is fenced in any case.
const TRANSACTION_TIME: Duration = Duration::from_secs(60);

/// The writer of one output.
pub(super) struct Writer<'a> {
    gate: &'a KafkaGate,
    options: &'a FailoverOptions,
    settings: &'a Settings,
    events: &'a Events,
    /// Whether the producer at hand has failed to write a record.
    failed: Arc<AtomicBool>,
    /// Records that it has written. They land in the order in which they were sent.
    landed: Arc<AtomicU64>,
    producer: Option<Producer>,
    /// A command that came while another was carried out.
    next: Option<WriterCommand>,
    /// How often this writer has given the output up.
    abandoned: u64,
    stop: &'a StopWaiter,
    /// When the command at hand was taken up.
    begun: Instant,
    tell_at: Instant,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        gate: &'a KafkaGate,
        options: &'a FailoverOptions,
        settings: &'a Settings,
        events: &'a Events,
        stop: &'a StopWaiter,
    ) -> Self {
        let abandoned = gate.port.abandoned();
        Self {
            gate,
            options,
            settings,
            events,
            failed: Arc::default(),
            landed: Arc::default(),
            producer: None,
            next: None,
            abandoned,
            stop,
            begun: Instant::now(),
            tell_at: Instant::now(),
        }
    }

    /// Waits for a command, at most `time`, and carries it out. Answers whether the connector was released.
    pub(super) fn work(&mut self, time: Duration) -> bool {
        self.warm();
        let Some(command) = self.command(time) else {
            self.tell_landed();
            return false;
        };
        self.begun = Instant::now();
        match command {
            WriterCommand::Fence(request) => self.fence(request),
            WriterCommand::Write(request, records) => self.write(request, &records),
            WriterCommand::Abandon => {
                self.abandoned += 1;
                self.abandon();
            }
            WriterCommand::Released => return true,
        }
        false
    }

    /// The next command, if one comes in time; with writes on their way, before they may have landed.
    fn command(&mut self, time: Duration) -> Option<WriterCommand> {
        if self.next.is_some() {
            return self.next.take();
        }
        let on_its_way = matches!(&self.producer, Some(Producer::Ids { open, .. }) if !open.is_empty());
        self.gate.port.to_write.recv_timeout(if on_its_way { POLL } else { time }).ok()
    }

    /// Has a producer connect before it is needed. It calls nothing, so it fences nobody.
    fn warm(&mut self) {
        if self.producer.is_some() {
            return;
        }
        (self.failed, self.landed) = (Arc::default(), Arc::default());
        let (failed, landed) = (Arc::clone(&self.failed), Arc::clone(&self.landed));
        let on_delivery = move |delivery: Delivery| match delivery.outcome {
            Delivered::At(_) => {
                landed.fetch_add(1, Ordering::SeqCst);
            }
            _ => failed.store(true, Ordering::SeqCst),
        };
        let made = match self.options.exactly_once {
            ExactlyOnce::Transactions => {
                let options = TransactionOptions {
                    id: self.options.transactional_id(),
                    timeout: TRANSACTION_TIME,
                    linger: Duration::ZERO,
                };
                TransactionalProducer::new(self.settings, &options, self.events.clone(), on_delivery)
                    .map(|producer| Producer::Transactions { producer, fenced: false })
            }
            ExactlyOnce::Ids | ExactlyOnce::None => {
                let options = PlainOptions { gapless: true, linger: Duration::ZERO };
                let producer = PlainProducer::new(self.settings, options, self.events.clone(), on_delivery);
                producer.map(|producer| Producer::Ids { producer, open: VecDeque::new(), sent: 0 })
            }
        };
        match made {
            Ok(producer) => self.producer = Some(producer),
            Err(error) => self.tell(&error),
        }
    }

    fn done(&self, request: RequestNo, outcome: Outcome) {
        self.gate.group.handle(Input::Done { request, outcome });
    }

    /// Answers the writes whose records have landed; when one has not, and cannot any more, all are given up.
    fn tell_landed(&mut self) {
        let (producer, open) = match &mut self.producer {
            Some(Producer::Ids { producer, open, .. }) => (producer, open),
            // What it has to say is taken when it happens, not at the next write.
            Some(Producer::Transactions { producer, .. }) => return producer.poll(Duration::ZERO),
            None => return,
        };
        producer.poll(Duration::ZERO);
        let landed = self.landed.load(Ordering::SeqCst);
        let all = open.iter().take_while(|open| open.end <= landed).count();
        let (done, fatal): (Vec<Open>, _) = (open.drain(..all).collect(), producer.fatal_error());
        let since = open.front().map(|open| open.since);
        for Open { request, .. } in done {
            self.done(request, Outcome::Committed);
        }
        if let Some(since) = since {
            self.begun = since;
            if let Err(failure) = self.go_on(fatal) {
                self.give_up(failure);
            }
        }
    }

    fn tell(&mut self, error: &dyn std::fmt::Display) {
        if Instant::now() >= self.tell_at {
            self.tell_at = Instant::now() + TELL_EVERY;
            let port = &self.gate.port;
            messages::PRODUCER_FAILED.log(format_args!(
                "connector {} of {}: the producer is not ready: {error}; it is tried again",
                port.connector, port.window
            ));
        }
    }

    /// Whether the machine has given the output up meanwhile, its command to do so being in the queue; or the
    /// connector is to stop and has waited long enough for the brokers.
    fn is_given_up(&self) -> bool {
        self.gate.port.abandoned() != self.abandoned
            || (self.stop.is_requested() && self.begun.elapsed() > STOP_TIME)
    }

    fn fence(&mut self, request: RequestNo) {
        loop {
            self.warm();
            let slice = if self.begun.elapsed() < EAGER_TIME { EAGER_SLICE } else { SLICE };
            let outcome = match &mut self.producer {
                Some(Producer::Ids { .. }) => Some(Outcome::Fenced),
                Some(Producer::Transactions { fenced: true, .. }) => {
                    self.producer = None;
                    None
                }
                Some(Producer::Transactions { producer, fenced }) => match producer.init(slice) {
                    Ok(()) => {
                        *fenced = true;
                        Some(Outcome::Fenced)
                    }
                    Err(TransactionError::Undecided(_)) => None,
                    Err(error) => {
                        self.producer = None;
                        self.tell(&error);
                        std::thread::sleep(SLICE);
                        None
                    }
                },
                None => {
                    std::thread::sleep(SLICE);
                    None
                }
            };
            if let Some(outcome) = outcome {
                self.done(request, outcome);
                return;
            }
            if self.is_given_up() {
                self.producer = None;
                self.done(request, Outcome::Failed(Failure::RoleLost));
                return;
            }
        }
    }

    fn write(&mut self, request: RequestNo, records: &[Held<Payload>]) {
        match &mut self.producer {
            Some(Producer::Ids { open, sent, .. }) => {
                *sent += records.len() as u64;
                open.push_back(Open { request, end: *sent, since: self.begun });
                match self.send_all(records) {
                    Ok(()) => self.tell_landed(),
                    Err(failure) => self.give_up(failure),
                }
            }
            _ => {
                let mut requests = vec![request];
                let outcome = match self.transaction(&mut requests, records) {
                    Ok(()) => Outcome::Committed,
                    Err(failure) => {
                        self.give_up(failure);
                        Outcome::Failed(failure)
                    }
                };
                requests.into_iter().for_each(|request| self.done(request, outcome.clone()));
            }
        }
    }

    /// What became of the records only the topic can tell; this producer is done with, and so is all that it has open.
    fn give_up(&mut self, failure: Failure) {
        self.abandon_for(failure);
        self.producer = None;
    }

    fn send_all(&self, records: &[Held<Payload>]) -> Result<(), Failure> {
        match &self.producer {
            Some(Producer::Transactions { producer, fenced: true }) => records.iter().try_for_each(|held| {
                self.send(held, |record| producer.send(record, 0), || producer.poll(POLL))
            }),
            Some(Producer::Ids { producer, .. }) => records.iter().try_for_each(|held| {
                self.send(held, |record| producer.send(record, 0), || producer.poll(POLL))
            }),
            _ => Err(Failure::RoleLost),
        }
    }

    /// Writes records in one transaction, and with them those of further requests that come before the first of all has
    /// landed: the broker lets a transaction wait until the one before has ended, and what comes meanwhile need not wait
    /// for the next.
    fn transaction(
        &mut self,
        requests: &mut Vec<RequestNo>,
        records: &[Held<Payload>],
    ) -> Result<(), Failure> {
        let before = self.landed.load(Ordering::SeqCst);
        self.fenced()?.begin().map_err(|error| self.failure(&error))?;
        self.send_all(records)?;
        while self.landed.load(Ordering::SeqCst) == before && self.next.is_none() {
            match self.gate.port.to_write.try_recv() {
                Ok(WriterCommand::Write(request, more)) => {
                    requests.push(request);
                    self.send_all(&more)?;
                }
                Ok(other) => self.next = Some(other),
                Err(_) => {
                    let producer = self.fenced()?;
                    producer.poll(POLL);
                    self.go_on(producer.fatal_error())?;
                }
            }
        }
        let producer = self.fenced()?;
        while !producer.flush(SLICE) {
            self.go_on(producer.fatal_error())?;
        }
        self.go_on(None)?;
        self.commit(producer)
    }

    fn fenced(&self) -> Result<&TransactionalProducer, Failure> {
        match &self.producer {
            Some(Producer::Transactions { producer, fenced: true }) => Ok(producer),
            _ => Err(Failure::RoleLost),
        }
    }

    fn send(
        &self,
        held: &Held<Payload>,
        send: impl Fn(&OutRecord<'_>) -> Result<(), SendError>,
        poll: impl Fn(),
    ) -> Result<(), Failure> {
        let bytes = held.record.bytes().map_err(|error| {
            messages::SPILL_FAILED
                .log(format_args!("output that was written to a file cannot be read: {error}"));
            Failure::Unknown
        })?;
        let tag = TaggedId { stream: self.gate.port.stream, id: held.id }.to_string();
        let record = OutRecord {
            topic: &self.options.topic,
            partition: Some(self.options.partition),
            key: None,
            payload: &bytes,
            headers: &[(TaggedId::HEADER, tag.as_bytes())],
            timestamp_millis: Some(timestamp(held.time)),
        };
        loop {
            match send(&record) {
                Ok(()) => return Ok(()),
                Err(SendError::QueueFull) => {
                    poll();
                    self.go_on(None)?;
                }
                Err(SendError::Fenced(_)) => return Err(Failure::Fenced),
                Err(error) => return Err(self.told(&error)),
            }
        }
    }

    /// Whether the write at hand may go on.
    fn go_on(&self, fatal: Option<String>) -> Result<(), Failure> {
        if let Some(fatal) = fatal {
            return Err(self.failure(&TransactionError::Fatal(fatal)));
        }
        if self.failed.load(Ordering::SeqCst) {
            return Err(self.told(&"a record was not delivered"));
        }
        if self.is_given_up() { Err(Failure::RoleLost) } else { Ok(()) }
    }

    /// Commits once the lease allows it.
    fn commit(&self, producer: &TransactionalProducer) -> Result<(), Failure> {
        loop {
            if self.is_given_up() {
                return Err(Failure::RoleLost);
            }
            if !self.gate.group.read(|machine, now| machine.may_commit(self.gate.output, now)) {
                std::thread::sleep(POLL);
                continue;
            }
            match producer.commit(SLICE) {
                Ok(()) => return Ok(()),
                Err(TransactionError::Undecided(_)) => {}
                Err(error) => return Err(self.failure(&error)),
            }
        }
    }

    fn failure(&self, error: &TransactionError) -> Failure {
        match error {
            TransactionError::Fenced(_) => Failure::Fenced,
            error => self.told(error),
        }
    }

    fn told(&self, error: &dyn std::fmt::Display) -> Failure {
        let port = &self.gate.port;
        messages::PRODUCER_FAILED.log(format_args!(
            "connector {} of {}: a write has failed: {error}",
            port.connector, port.window
        ));
        Failure::Unknown
    }

    /// Gives the producer up; what it has open is aborted if that is quick, else by whoever fences next.
    pub(super) fn abandon(&mut self) {
        self.abandon_for(Failure::RoleLost);
    }

    fn abandon_for(&mut self, failure: Failure) {
        match self.producer.take() {
            Some(Producer::Transactions { producer, fenced: true }) => {
                // A producer that was fenced cannot abort, and need not.
                let _fenced = producer.abort(ABORT_TIME);
            }
            Some(Producer::Ids { producer, open, .. }) => {
                producer.purge();
                open.into_iter().for_each(|open| self.done(open.request, Outcome::Failed(failure)));
            }
            warm => self.producer = warm,
        }
    }
}
