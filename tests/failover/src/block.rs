//! Binary blocks of readings, written by hand as docs/binary-block.md says: a second writer beside the codec's.

/// One reading.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reading {
    /// Key, and the counter of the sums.
    pub(crate) id: i64,
    /// Who measured.
    pub(crate) sensor: String,
    /// What, in quarters: sums of quarters are exact.
    pub(crate) quarters: i64,
}

/// Type, key mark and name of the fields, in order.
const FIELDS: &[(u8, u8, &str)] =
    &[(1, 1, "id"), (3, 0, "sensor"), (1, 0, "counter"), (2, 0, "value"), (0, 0, "feed")];
/// The one value of the field `feed`, by which the sums are grouped.
const FEED: i32 = 7;
/// Bytes before the field list.
const HEADER: usize = 68;

/// A normal block of inserts.
pub(crate) fn encode(readings: &[Reading]) -> Vec<u8> {
    let mut list = Vec::new();
    for (ty, key, name) in FIELDS {
        list.extend([*ty, *key]);
        list.extend((name.len() as u16).to_le_bytes());
        list.extend(name.as_bytes());
    }
    let mut events = Vec::new();
    for reading in readings {
        // Insert, normal, nothing unchanged, no nulls.
        events.extend([1, 1, 0, 0]);
        events.extend(reading.id.to_le_bytes());
        events.extend((reading.sensor.len() as u32).to_le_bytes());
        events.extend(reading.sensor.as_bytes());
        events.extend(reading.id.to_le_bytes());
        events.extend((reading.quarters as f64 / 4.0).to_le_bytes());
        events.extend(FEED.to_le_bytes());
    }
    let mut block = Vec::with_capacity(HEADER + list.len() + events.len() + 4);
    block.extend(b"TGEB");
    block.extend(1_u16.to_le_bytes());
    block.extend((HEADER as u16).to_le_bytes());
    block.extend(((HEADER + list.len() + events.len() + 4) as u32).to_le_bytes());
    block.extend([0; 4]);
    // Message id: none of its own; the log's offset counts.
    block.extend([0; 24]);
    block.extend(i64::MIN.to_le_bytes());
    block.extend(fnv1a(&list).to_le_bytes());
    block.extend((FIELDS.len() as u32).to_le_bytes());
    block.extend((list.len() as u32).to_le_bytes());
    block.extend((readings.len() as u32).to_le_bytes());
    block.extend(list);
    block.extend(events);
    let checksum = crc32(&block);
    block.extend(checksum.to_le_bytes());
    block
}

fn fnv1a(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// CRC-32 of IEEE 802.3, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_the_published_ones() {
        // The check value of CRC-32/ISO-HDLC, and a vector of FNV-1a.
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_block_has_the_length_that_it_states() {
        let reading = |id| Reading { id, sensor: "s".to_owned(), quarters: 5 };
        let block = encode(&[reading(1), reading(2)]);
        let list = 5 * 4 + "idsensorcountervaluefeed".len();
        assert_eq!(block.len(), 68 + list + 2 * (4 + 8 + 5 + 8 + 8 + 4) + 4);
        assert_eq!(block[8..12], (block.len() as u32).to_le_bytes());
    }
}
