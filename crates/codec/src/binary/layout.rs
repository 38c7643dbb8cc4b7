//! Places and numbers of the layout (docs/binary-block.md).

use tidegate_event::Schema;

pub(super) const MAGIC: [u8; 4] = *b"TGEB";
pub(super) const VERSION: u16 = 1;
pub(super) const HEADER_BYTES: usize = 68;
pub(super) const CHECKSUM_BYTES: usize = 4;
/// ESP's bit of an ordinary event.
pub(super) const FLAG_NORMAL: u8 = 1;
pub(super) const MARK_UNCHANGED: u8 = 1;

/// The field list of a schema.
pub(super) fn field_list(schema: &Schema) -> Vec<u8> {
    let mut list = Vec::new();
    for field in schema.fields() {
        // Names longer than the layout allows are cut: no model can hold them.
        let name = &field.name.as_bytes()[..field.name.len().min(usize::from(u16::MAX))];
        list.push(field.ty.code());
        list.push(u8::from(field.key));
        list.extend((name.len() as u16).to_le_bytes());
        list.extend(name);
    }
    list
}

/// FNV-1a of 64 bits.
pub(super) fn fingerprint(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprint_is_fnv_1a() {
        // Published test vectors of FNV-1a, 64 bits.
        assert_eq!(fingerprint(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fingerprint(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fingerprint(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
