//! Where a publisher stands in its partitions, and which output of other engines it has seen.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use tidegate_event::{OutputId, StreamId, TaggedId};
use tidegate_host::SourcePosition;

/// Streams that are told apart per partition; records of further ones are never taken for copies.
const STREAMS_MAX: usize = 4096;

/// What the line of the greatest client id begins with.
const CLIENT: &str = "client";

/// What a publisher keeps from record to record, and across a restore.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Places {
    /// The partition's number, or -1 for all.
    pub(super) partition: i32,
    /// The offset to be read next, per partition that was read.
    pub(super) next: BTreeMap<i32, i64>,
    /// Events injected.
    pub(super) events: u64,
    /// Records left out because they had been written before.
    pub(super) dropped: u64,
    /// The last id seen, per partition and stream of another project's output.
    last: BTreeMap<(i32, StreamId), OutputId>,
    /// The greatest client id of a block that was injected, and the one that the snapshot had; with `useclientmsgid`.
    client: Option<i64>,
    restored_client: Option<i64>,
    /// `next` and `last` as text; kept so that a position costs nothing while they do not change.
    more: Option<Arc<[u8]>>,
}

impl Places {
    pub(super) fn new(partition: Option<i32>) -> Self {
        Self { partition: partition.unwrap_or(-1), ..Self::default() }
    }

    /// The record at `offset` is behind us.
    pub(super) fn pass(&mut self, partition: i32, offset: i64) {
        self.next.insert(partition, offset + 1);
        if self.partition < 0 {
            self.more = Some(self.text());
        }
    }

    /// Whether a record with this id was seen before; if not, it is from now on. Ids of a stream rise within a
    /// partition, so one that is not above the last was written a second time by an engine that is no longer active.
    pub(super) fn is_copy(&mut self, partition: i32, tagged: TaggedId) -> bool {
        let key = (partition, tagged.stream);
        if self.last.get(&key).is_some_and(|&last| tagged.id <= last) {
            self.dropped += 1;
            return true;
        }
        if self.last.contains_key(&key) || self.last.len() < STREAMS_MAX {
            self.last.insert(key, tagged.id);
            self.more = Some(self.text());
        }
        false
    }

    /// Whether a block with this client id is in the snapshot that was restored; if not, it counts as injected from now on. A block
    /// without an id (0) is in none.
    pub(super) fn is_restored(&mut self, client: i64) -> bool {
        if client == 0 {
            return false;
        }
        if self.restored_client.is_some_and(|restored| client <= restored) {
            self.dropped += 1;
            return true;
        }
        if self.client.is_none_or(|greatest| greatest < client) {
            self.client = Some(client);
            self.more = Some(self.text());
        }
        false
    }

    /// The position for the host.
    pub(super) fn position(&self) -> SourcePosition {
        let next = self.next.get(&self.partition).copied().unwrap_or(0);
        let numbers =
            [i64::from(self.partition), next, self.events.cast_signed(), self.dropped.cast_signed()];
        SourcePosition { numbers, more: self.more.clone() }
    }

    /// Reads what [`position`](Self::position) gave; none when it is of another partition, or unreadable.
    pub(super) fn restore(position: &SourcePosition, partition: Option<i32>) -> Option<Self> {
        let mut places = Self::new(partition);
        let [saved, next, events, dropped] = position.numbers;
        if saved != i64::from(places.partition) {
            return None;
        }
        places.events = events.cast_unsigned();
        places.dropped = dropped.cast_unsigned();
        if places.partition >= 0 {
            places.next.insert(places.partition, next);
        }
        places.more.clone_from(&position.more);
        for line in std::str::from_utf8(position.more.as_deref().unwrap_or_default()).ok()?.lines() {
            let (partition, value) = line.split_once(' ')?;
            if partition == CLIENT {
                places.client = Some(value.parse().ok()?);
                places.restored_client = places.client;
                continue;
            }
            let partition = partition.parse().ok()?;
            match value.parse::<TaggedId>() {
                Ok(tagged) => {
                    places.last.insert((partition, tagged.stream), tagged.id);
                }
                Err(_) => {
                    places.next.insert(partition, value.parse().ok()?);
                }
            }
        }
        Some(places)
    }

    /// Lines `PARTITION OFFSET` for all partitions, when there are several, `PARTITION STREAM:INPUT:SUB:PART`, and `client ID`.
    fn text(&self) -> Arc<[u8]> {
        let mut text = String::new();
        if self.partition < 0 {
            for (partition, next) in &self.next {
                let _infallible = writeln!(text, "{partition} {next}");
            }
        }
        for (&(partition, stream), &id) in &self.last {
            let _infallible = writeln!(text, "{partition} {}", TaggedId { stream, id });
        }
        if let Some(client) = self.client {
            let _infallible = writeln!(text, "{CLIENT} {client}");
        }
        text.into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(topic: &str, input: i64, sub: u32) -> TaggedId {
        TaggedId { stream: StreamId::new("ESP", topic, ""), id: OutputId { input, sub, part: 0 } }
    }

    #[test]
    fn copies_are_known_per_stream() {
        let mut places = Places::new(Some(0));
        assert!(!places.is_copy(0, tagged("a", 5, 0)));
        assert!(places.is_copy(0, tagged("a", 5, 0)));
        assert!(places.is_copy(0, tagged("a", 4, 9)));
        assert!(!places.is_copy(0, tagged("b", 1, 0)));
        assert!(!places.is_copy(0, tagged("a", 5, 1)));
        assert_eq!(places.dropped, 2);
    }

    /// failover-and-server 2.5 rule 2: not above the greatest of the snapshot is left out, equal too; later ones are not compared.
    #[test]
    fn blocks_of_the_snapshot_are_known_by_their_client_ids() {
        let mut places = Places::new(Some(0));
        for client in [3, 9, 4, 0] {
            assert!(!places.is_restored(client), "nothing was restored");
        }
        places.pass(0, 3);
        let position = SourcePosition::from_bytes(&places.position().to_bytes()).unwrap();
        let mut places = Places::restore(&position, Some(0)).unwrap();
        let left_out: Vec<bool> = [9, 4, 0, 10, 9, 12, 11].map(|client| places.is_restored(client)).into();
        assert_eq!(left_out, [true, true, false, false, true, false, false]);
        assert_eq!(places.dropped, 3);
        let position = SourcePosition::from_bytes(&places.position().to_bytes()).unwrap();
        assert!(Places::restore(&position, Some(0)).unwrap().is_restored(12));
    }

    #[test]
    fn places_read_back_from_their_position() {
        for partition in [Some(3), None] {
            let mut places = Places::new(partition);
            for number in [3, 7] {
                places.is_copy(number, tagged("a", 5, 0));
                if partition.is_none_or(|partition| partition == number) {
                    places.pass(number, 41);
                }
            }
            places.events = 7;
            let position = SourcePosition::from_bytes(&places.position().to_bytes()).unwrap();
            assert_eq!(Places::restore(&position, partition), Some(places));
            assert_eq!(Places::restore(&position, Some(9)), None);
        }
    }
}
