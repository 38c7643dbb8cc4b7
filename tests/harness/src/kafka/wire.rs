//! Numbers, strings and arrays as Kafka's protocol writes them, in its versions before tagged fields.

/// A request under way.
#[derive(Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(super) fn i8(&mut self, value: i8) {
        self.raw(&value.to_be_bytes());
    }

    pub(super) fn i16(&mut self, value: i16) {
        self.raw(&value.to_be_bytes());
    }

    pub(super) fn i32(&mut self, value: i32) {
        self.raw(&value.to_be_bytes());
    }

    /// A string; names and settings of tests are far shorter than its length field allows, and one that is not is cut.
    pub(super) fn string(&mut self, value: &str) {
        let length = i16::try_from(value.len()).unwrap_or(i16::MAX);
        self.i16(length);
        self.raw(&value.as_bytes()[..length.unsigned_abs() as usize]);
    }

    pub(super) fn array<T>(&mut self, values: &[T], one: impl Fn(&mut Self, &T)) {
        self.i32(i32::try_from(values.len()).unwrap_or(i32::MAX));
        for value in values {
            one(self, value);
        }
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// An answer; every method answers nothing when it is cut short.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn i8(&mut self) -> Option<i8> {
        Some(i8::from_be_bytes(self.take()?))
    }

    pub(super) fn i16(&mut self) -> Option<i16> {
        Some(i16::from_be_bytes(self.take()?))
    }

    pub(super) fn i32(&mut self) -> Option<i32> {
        Some(i32::from_be_bytes(self.take()?))
    }

    /// A string, or `Some(None)` for one that is absent.
    #[expect(clippy::option_option, reason = "cut short and absent are two things")]
    pub(super) fn string(&mut self) -> Option<Option<String>> {
        let length = self.i16()?;
        let Ok(length) = usize::try_from(length) else { return Some(None) };
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(Some(String::from_utf8_lossy(text).into_owned()))
    }

    /// An array; an absent one is empty. No room is set aside for a length that may be wrong.
    pub(super) fn array<T>(&mut self, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let length = self.i32()?;
        let mut values = Vec::new();
        for _ in 0..length {
            values.push(one(self)?);
        }
        Some(values)
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_and_a_cut_answer_is_none() {
        let mut writer = Writer::default();
        writer.i16(-2);
        writer.string("ab");
        writer.i16(-1);
        writer.array(&[7, 8], |w, v| w.i32(*v));
        assert_eq!(writer.bytes()[..6], [0xff, 0xfe, 0, 2, b'a', b'b']);
        let mut reader = Reader::new(writer.bytes());
        assert_eq!(reader.i16(), Some(-2));
        assert_eq!(reader.string(), Some(Some("ab".to_owned())));
        assert_eq!(reader.string(), Some(None));
        assert_eq!(reader.array(Reader::i32), Some(vec![7, 8]));
        assert_eq!(reader.i8(), None);
        assert_eq!(Reader::new(&[0, 0, 0, 9, 1]).array(Reader::i8), None);
    }
}
