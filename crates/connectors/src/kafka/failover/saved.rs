//! A gate's content as a snapshot keeps it.
//!
//! Layout, numbers little-endian: version (1); three optional parts, each a 0 or a 1 followed by the part: low
//! (input id), committed (id, time), complete (input id, time); number of records; each record: id, checksum,
//! time, bytes with their length. An id is input, sub, part; a time is in microseconds. Every number takes 8 bytes.

use tidegate_engine::state::{Frozen, StateError, StateReader, StateWriter};
use tidegate_event::{EngineTime, OutputId};
use tidegate_failover::{GateState, Held};

use super::payload::Payload;

const VERSION: u64 = 1;
/// The longest record that is read, in bytes.
const RECORD_MAX: usize = 1 << 30;

/// A gate as it was between two steps.
pub(super) struct FrozenGate(pub(super) GateState<Payload>);

impl Frozen for FrozenGate {
    fn write(&self, out: &mut dyn StateWriter) -> Result<(), StateError> {
        let Self(state) = self;
        out.put_u64(VERSION)?;
        put_option(out, state.low, |out, low| out.put_i64(low))?;
        put_option(out, state.committed, |out, (id, time)| {
            put_id(out, id)?;
            out.put_i64(time.micros())
        })?;
        put_option(out, state.complete, |out, (input, time)| {
            out.put_i64(input)?;
            out.put_i64(time.micros())
        })?;
        out.put_u64(state.held.len() as u64)?;
        for held in &state.held {
            put_id(out, held.id)?;
            out.put_u64(u64::from(held.checksum))?;
            out.put_i64(held.time.micros())?;
            let bytes = held.record.bytes().map_err(|error| StateError::Medium(Box::new(error)))?;
            out.put_bytes(&bytes)?;
        }
        Ok(())
    }
}

/// Reads what [`FrozenGate`] wrote; `keep` makes the record's bytes a payload.
///
/// # Errors
/// When the state is broken, or `keep` fails.
pub(super) fn read(
    from: &mut dyn StateReader,
    mut keep: impl FnMut(&[u8]) -> Result<Payload, StateError>,
) -> Result<GateState<Payload>, StateError> {
    let version = from.get_u64()?;
    if version != VERSION {
        return Err(StateError::corrupt(format!(
            "an output gate of version {version}, {VERSION} was expected"
        )));
    }
    let low = get_option(from, |from| from.get_i64())?;
    let committed = get_option(from, |from| Ok((get_id(from)?, EngineTime::from_micros(from.get_i64()?))))?;
    let complete = get_option(from, |from| Ok((from.get_i64()?, EngineTime::from_micros(from.get_i64()?))))?;
    let count = from.get_u64()?;
    let mut held: Vec<Held<Payload>> = Vec::new();
    let mut bytes = Vec::new();
    for _ in 0..count {
        let id = get_id(from)?;
        let checksum = get_u32(from)?;
        let time = EngineTime::from_micros(from.get_i64()?);
        from.get_bytes(RECORD_MAX, &mut bytes)?;
        let last = held.last().map(|held| held.id).or(committed.map(|(id, _)| id));
        if last.is_some_and(|last| last >= id) {
            return Err(StateError::corrupt(format!("the output record {id} is out of order")));
        }
        held.push(Held { id, checksum, time, record: keep(&bytes)? });
    }
    Ok(GateState { low, committed, complete, held })
}

fn put_option<T>(
    out: &mut dyn StateWriter,
    value: Option<T>,
    put: impl FnOnce(&mut dyn StateWriter, T) -> Result<(), StateError>,
) -> Result<(), StateError> {
    match value {
        None => out.put_u64(0),
        Some(value) => {
            out.put_u64(1)?;
            put(out, value)
        }
    }
}

fn get_option<T>(
    from: &mut dyn StateReader,
    get: impl FnOnce(&mut dyn StateReader) -> Result<T, StateError>,
) -> Result<Option<T>, StateError> {
    match from.get_u64()? {
        0 => Ok(None),
        1 => get(from).map(Some),
        other => Err(StateError::corrupt(format!("{other} where 0 or 1 was expected"))),
    }
}

fn put_id(out: &mut dyn StateWriter, id: OutputId) -> Result<(), StateError> {
    out.put_i64(id.input)?;
    out.put_u64(u64::from(id.sub))?;
    out.put_u64(u64::from(id.part))
}

fn get_id(from: &mut dyn StateReader) -> Result<OutputId, StateError> {
    Ok(OutputId { input: from.get_i64()?, sub: get_u32(from)?, part: get_u32(from)? })
}

fn get_u32(from: &mut dyn StateReader) -> Result<u32, StateError> {
    let number = from.get_u64()?;
    u32::try_from(number).map_err(|_| StateError::corrupt(format!("{number} is beyond 32 bits")))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn held(input: i64, sub: u32, bytes: &[u8]) -> Held<Payload> {
        Held {
            id: OutputId { input, sub, part: 0 },
            checksum: 7,
            time: EngineTime::from_micros(input * 10),
            record: Payload::Memory(bytes.into()),
        }
    }

    fn written(state: GateState<Payload>) -> Vec<u8> {
        let mut out = Vec::new();
        FrozenGate(state).write(&mut out).unwrap();
        out
    }

    fn back(bytes: &[u8]) -> Result<GateState<Payload>, StateError> {
        let mut from = bytes;
        read(&mut from, |bytes| Ok(Payload::Memory(bytes.into())))
    }

    #[test]
    fn a_gate_reads_back() {
        let id = OutputId { input: 4, sub: 0, part: 2 };
        let state = GateState {
            low: Some(3),
            committed: Some((id, EngineTime::from_micros(40))),
            complete: Some((6, EngineTime::from_micros(60))),
            held: vec![held(5, 0, b"a"), held(5, 1, b""), held(6, 0, b"bc")],
        };
        let bytes = written(state.clone());
        let read = back(&bytes).unwrap();
        assert_eq!((read.low, read.committed, read.complete), (state.low, state.committed, state.complete));
        let content = |state: &GateState<Payload>| -> Vec<_> {
            state.held.iter().map(|h| (h.id, h.checksum, h.time, h.record.bytes().unwrap())).collect()
        };
        assert_eq!(content(&read), content(&state));
    }

    /// A gate as version 1 writes it, put together by hand from the layout above. It must read for ever.
    #[test]
    fn a_gate_of_version_1_reads() {
        let word = |number: i64| number.to_le_bytes().to_vec();
        let numbers = |numbers: &[i64]| numbers.iter().flat_map(|&n| word(n)).collect::<Vec<u8>>();
        let id = |input| OutputId { input, sub: 2, part: 1 };
        let mut bytes = numbers(&[1, 1, 3, 1, 4, 2, 1, 40, 1, 6, 60, 2]);
        bytes.extend(numbers(&[5, 2, 1, 7, 50, 3]));
        bytes.extend(b"abc");
        bytes.extend(numbers(&[6, 2, 1, 0xffff_ffff, -60, 0]));
        let read = back(&bytes).unwrap();
        assert_eq!(read.low, Some(3));
        assert_eq!(read.committed, Some((id(4), EngineTime::from_micros(40))));
        assert_eq!(read.complete, Some((6, EngineTime::from_micros(60))));
        let content: Vec<_> = read
            .held
            .iter()
            .map(|h| (h.id, h.checksum, h.time.micros(), h.record.bytes().unwrap()))
            .collect();
        let want = [(id(5), 7, 50, Arc::from(&b"abc"[..])), (id(6), u32::MAX, -60, Arc::from(&b""[..]))];
        assert_eq!(content, want);
        assert_eq!(written(read), bytes);
    }

    #[test]
    fn a_broken_gate_is_refused() {
        let state = GateState { low: None, committed: None, complete: None, held: vec![held(5, 0, b"a")] };
        let bytes = written(state);
        for end in 0..bytes.len() {
            assert!(back(&bytes[..end]).is_err(), "cut at {end}");
        }
        let mut other = bytes.clone();
        other[0] = 9;
        assert!(back(&other).is_err());
        let state = GateState {
            low: None,
            committed: None,
            complete: None,
            held: vec![held(5, 0, b""), held(5, 0, b"")],
        };
        assert!(back(&written(state)).is_err(), "ids do not rise");
    }
}
