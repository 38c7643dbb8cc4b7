//! The decoder of binary blocks, on bytes as they come and with the checksum of the first block put right: behind
//! a wrong one nothing would be reached.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate_codec::binary::FORMAT;

/// Where a block's length stands (docs/binary-block.md), behind the two bytes that choose how it is read.
const LENGTH: std::ops::Range<usize> = 10..14;

fuzz_target!(|data: &[u8]| {
    tidegate_fuzz::decode(&FORMAT, data);
    if let Some(mended) = with_checksum(data) {
        tidegate_fuzz::decode(&FORMAT, &mended);
    }
});

fn with_checksum(data: &[u8]) -> Option<Vec<u8>> {
    let length = u32::from_le_bytes(data.get(LENGTH)?.try_into().ok()?);
    let end = usize::try_from(length).ok()?.checked_add(2)?.min(data.len());
    let body = end.checked_sub(4)?;
    let mut mended = data.to_vec();
    let length = u32::try_from(end - 2).ok()?;
    mended[LENGTH].copy_from_slice(&length.to_le_bytes());
    let checksum = crc32fast::hash(mended.get(2..body)?);
    mended[body..end].copy_from_slice(&checksum.to_le_bytes());
    Some(mended)
}
