//! The log: one input partition, output partitions with transactions and idempotent producers.

use std::collections::BTreeMap;

use tidegate_event::OutputId;

use crate::canary::Canary;
use crate::event::{Delivery, Event, LogReply, LogRequest, Tailed};
use crate::net::{Micros, Net};
use crate::project::{InputRecord, OUTPUTS, Record};

/// How long a transaction may be open before the log aborts it.
const TRANSACTION_TIMEOUT: Micros = 5_000_000;

/// Records of one fetch.
const FETCH_MAX: usize = 50;

/// A transaction: the producer's epoch, and its number.
type Transaction = (u64, u64);

/// What lies at an offset.
enum Entry {
    Record {
        of: Option<Transaction>,
        record: Record,
    },
    /// The end of a transaction; or a record of somebody else's.
    Control,
}

/// An output partition.
#[derive(Default)]
pub(crate) struct Partition {
    entries: Vec<Entry>,
    epoch: u64,
    /// Open transactions, each with its first offset and when it began.
    open: BTreeMap<Transaction, (usize, Micros)>,
    /// Ended transactions: whether committed.
    ended: BTreeMap<Transaction, bool>,
    /// Next sequence number of each idempotent producer.
    sequences: BTreeMap<u64, u64>,
    /// Epochs of committed transactions, in order.
    pub(crate) committed_epochs: Vec<u64>,
}

impl Partition {
    /// The offset behind the last that a reader of committed records may see.
    fn stable_end(&self) -> usize {
        self.open.values().map(|&(first, _)| first).min().unwrap_or(self.entries.len())
    }

    fn committed(&self, offset: usize) -> Option<&Record> {
        match &self.entries[offset] {
            Entry::Record { of: None, record } => Some(record),
            Entry::Record { of: Some(of), record } if self.ended.get(of) == Some(&true) => Some(record),
            _ => None,
        }
    }

    /// The committed records, in order; duplicates included.
    pub(crate) fn committed_records(&self) -> impl Iterator<Item = &Record> {
        (0..self.stable_end()).filter_map(|offset| self.committed(offset))
    }

    fn end(&mut self, transaction: Transaction, commit: bool) {
        self.open.remove(&transaction);
        self.ended.insert(transaction, commit);
        self.entries.push(Entry::Control);
        if commit {
            self.committed_epochs.push(transaction.0);
        }
    }

    fn init(&mut self, fences: bool) -> u64 {
        if fences {
            let open: Vec<Transaction> = self.open.keys().copied().collect();
            open.into_iter().for_each(|transaction| self.end(transaction, false));
        }
        self.epoch += 1;
        self.epoch
    }

    fn produce(
        &mut self,
        transaction: Transaction,
        records: Vec<Record>,
        fences: bool,
        now: Micros,
    ) -> LogReply {
        if (fences && transaction.0 != self.epoch) || self.ended.contains_key(&transaction) {
            return LogReply::Fenced;
        }
        if self.open.contains_key(&transaction) {
            return LogReply::Done;
        }
        self.open.insert(transaction, (self.entries.len(), now));
        let of = Some(transaction);
        self.entries.extend(records.into_iter().map(|record| Entry::Record { of, record }));
        LogReply::Done
    }

    fn end_by(&mut self, transaction: Transaction, commit: bool, fences: bool) -> LogReply {
        if fences && transaction.0 != self.epoch {
            return LogReply::Fenced;
        }
        match self.ended.get(&transaction) {
            Some(&ended) if ended == commit => LogReply::Done,
            Some(_) => LogReply::Fenced,
            None => {
                self.end(transaction, commit);
                LogReply::Done
            }
        }
    }

    fn append(&mut self, producer: u64, first: u64, records: Vec<Record>) -> LogReply {
        let next = self.sequences.entry(producer).or_default();
        if first > *next {
            return LogReply::OutOfOrder;
        }
        if first == *next {
            *next += records.len() as u64;
            self.entries.extend(records.into_iter().map(|record| Entry::Record { of: None, record }));
        }
        LogReply::Done
    }

    fn fetch(&self, from: usize) -> LogReply {
        let mut next = from.min(self.stable_end());
        let mut records = Vec::new();
        while next < self.stable_end() && records.len() < FETCH_MAX {
            if let Some(record) = self.committed(next) {
                records.push(Tailed { id: record.id, checksum: record.checksum, time: record.time });
            }
            next += 1;
        }
        LogReply::Records { next, records }
    }

    /// Reads back from the end until a record lies below `low`, or to the beginning: the highest id of all read.
    fn tail(&self, low: Option<i64>, last_only: bool, input_end: i64) -> LogReply {
        let mut highest: Option<&Record> = None;
        for offset in (0..self.stable_end()).rev() {
            if let Some(record) = self.committed(offset) {
                if highest.is_none_or(|highest| highest.id < record.id) {
                    highest = Some(record);
                }
                if low.is_some_and(|low| record.id.input < low) {
                    break;
                }
            }
            if last_only {
                break;
            }
        }
        LogReply::Tail { highest: highest.map(|record| (record.id, record.time)), input_end }
    }
}

/// All partitions.
pub(crate) struct Log {
    /// The input, as far as it is appended.
    pub(crate) input: Vec<InputRecord>,
    pub(crate) outputs: [Partition; OUTPUTS],
    canary: Option<Canary>,
}

impl Log {
    pub(crate) fn new(canary: Option<Canary>) -> Self {
        Self { input: Vec::new(), outputs: Default::default(), canary }
    }

    /// A message arrives, and is replied to unless it or the reply is lost.
    pub(crate) fn receive(
        &mut self,
        (from, life, token): (usize, u32, u64),
        request: LogRequest,
        net: &mut Net,
    ) {
        if net.is_log_away(from) {
            return;
        }
        let fences = self.canary != Some(Canary::NoFencing);
        let input_end = self.input.len() as i64;
        let now = net.now;
        let reply = match request {
            LogRequest::Init { output } => {
                let epoch = self.outputs[output].init(fences);
                net.tell(|| format!("log: output {output}: engine {from} begins epoch {epoch}"));
                LogReply::Epoch(epoch)
            }
            LogRequest::Produce { output, epoch, transaction, records } => {
                self.outputs[output].produce((epoch, transaction), records, fences, now)
            }
            LogRequest::End { output, epoch, transaction, commit } => {
                let reply = self.outputs[output].end_by((epoch, transaction), commit, fences);
                net.tell(|| {
                    let last: Option<OutputId> = self.outputs[output].committed_records().last().map(|r| r.id);
                    format!("log: output {output}: engine {from} ends {epoch}/{transaction}, commit {commit}: {reply:?}, last {last:?}")
                });
                reply
            }
            LogRequest::Append { output, producer, first, records } => {
                net.tell(|| {
                    let ids: Vec<String> = records.iter().map(|record| record.id.to_string()).collect();
                    format!("log: output {output}: engine {from} appends {first}: {ids:?}")
                });
                self.outputs[output].append(producer, first, records)
            }
            LogRequest::Fetch { output, from } => self.outputs[output].fetch(from),
            LogRequest::Tail { output, low } => {
                let last_only = self.canary == Some(Canary::TailIsLastRecord);
                self.outputs[output].tail(low, last_only, input_end)
            }
        };
        // The request has been carried out; its reply may be lost all the same.
        if net.random.within(0, 1_000) < 3 {
            return;
        }
        let at = net.now + net.latency();
        net.schedule(at, Event::Process { to: from, life, delivery: Delivery::Log(token, reply) });
    }

    /// Aborts transactions that are open for too long; their producer is fenced.
    pub(crate) fn abort_old(&mut self, now: Micros) {
        for partition in &mut self.outputs {
            let old = |&(_, begun): &(usize, Micros)| begun + TRANSACTION_TIMEOUT <= now;
            let old: Vec<Transaction> =
                partition.open.iter().filter(|(_, o)| old(o)).map(|(&t, _)| t).collect();
            for transaction in old {
                partition.end(transaction, false);
                partition.epoch += 1;
            }
        }
    }

    /// A record of somebody else's comes to lie at the end of an output.
    pub(crate) fn append_foreign(&mut self, output: usize) {
        self.outputs[output].entries.push(Entry::Control);
    }
}
