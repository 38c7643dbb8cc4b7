//! Opcodes and flags of an event (engine-semantics 1.2 and 1.3).

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

/// What an event asks of a window, or reports from one. The numbers are ESP's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Opcode {
    /// Add a row whose key is absent.
    Insert = 1,
    /// Replace the row with this key.
    Update = 2,
    /// Remove the row with this key.
    Delete = 3,
    /// Replace the row if the key is present, else add it.
    Upsert = 4,
    /// Remove the row if the key is present, else nothing.
    SafeDelete = 5,
    /// The new half of an update pair; the old row follows as a [`Opcode::Delete`]. Made by the engine only.
    UpdateBlock = 6,
}

impl Opcode {
    /// Every opcode, by its number.
    pub const ALL: [Self; 6] =
        [Self::Insert, Self::Update, Self::Delete, Self::Upsert, Self::SafeDelete, Self::UpdateBlock];

    /// The upper-case token of CSV output and of `ESP_OPCODE` (spec/README.md rulings 3 and 4).
    pub const fn token(self) -> &'static str {
        match self {
            Self::Insert => "I",
            Self::Update => "U",
            Self::Delete => "D",
            Self::Upsert => "P",
            Self::SafeDelete => "SD",
            Self::UpdateBlock => "UB",
        }
    }

    /// The word used in JSON, XML and HTTP.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Upsert => "upsert",
            Self::SafeDelete => "safedelete",
            Self::UpdateBlock => "updateblock",
        }
    }

    /// Reads a token or a word in any letter case. `UB` is not publishable, hence not accepted here.
    pub fn parse(text: &str) -> Option<Self> {
        const SPELLINGS: [(&str, Opcode); 11] = [
            ("i", Opcode::Insert),
            ("u", Opcode::Update),
            ("p", Opcode::Upsert),
            ("d", Opcode::Delete),
            ("s", Opcode::SafeDelete),
            ("sd", Opcode::SafeDelete),
            ("insert", Opcode::Insert),
            ("update", Opcode::Update),
            ("upsert", Opcode::Upsert),
            ("delete", Opcode::Delete),
            ("safedelete", Opcode::SafeDelete),
        ];
        SPELLINGS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|&(_, opcode)| opcode)
    }

    /// ESP's number of the opcode.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The opcode with ESP's number `code`.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code).checked_sub(1)?).copied()
    }

    /// Whether the event takes a row away.
    pub const fn is_delete(self) -> bool {
        matches!(self, Self::Delete | Self::SafeDelete)
    }
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.token())
    }
}

/// Flag bits of an event. "Normal" is the absence of the others in our rows; ESP's bit for it is only written
/// in binary blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Flags(u8);

impl Flags {
    /// An ordinary event.
    pub const NORMAL: Self = Self(0);
    /// Fields marked unchanged (or null in CSV) keep the stored value.
    pub const PARTIAL: Self = Self(2);
    /// The change was caused by a retention policy.
    pub const RETENTION: Self = Self(4);

    /// Whether all bits of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// These flags without those of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The bits, for storage.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Flags from stored bits; unknown bits are refused.
    pub const fn from_bits(bits: u8) -> Option<Self> {
        if bits & !6 == 0 { Some(Self(bits)) } else { None }
    }

    /// The letters of the text form: `N`, or `P` and `R` together.
    pub const fn letters(self) -> &'static str {
        match self.0 & 6 {
            2 => "P",
            4 => "R",
            6 => "PR",
            _ => "N",
        }
    }

    /// Reads flag letters in any case, such as `n`, `P` or `NR`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut flags = Self::NORMAL;
        if text.is_empty() {
            return None;
        }
        for letter in text.bytes() {
            match letter.to_ascii_uppercase() {
                b'N' => {}
                b'P' => flags |= Self::PARTIAL,
                b'R' => flags |= Self::RETENTION,
                _ => return None,
            }
        }
        Some(flags)
    }
}

impl BitOr for Flags {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.letters())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opcodes_round_trip() {
        for opcode in Opcode::ALL {
            assert_eq!(Opcode::from_code(opcode.code()), Some(opcode));
        }
        assert_eq!(Opcode::from_code(0), None);
        assert_eq!(Opcode::from_code(7), None);
        assert_eq!(Opcode::parse("Sd"), Some(Opcode::SafeDelete));
        assert_eq!(Opcode::parse("UPSERT"), Some(Opcode::Upsert));
        assert_eq!(Opcode::parse("ub"), None);
    }

    #[test]
    fn flags_round_trip() {
        for bits in [0, 2, 4, 6] {
            let flags = Flags::from_bits(bits).unwrap();
            assert_eq!(Flags::parse(flags.letters()), Some(flags));
        }
        assert_eq!(Flags::parse("npr"), Some(Flags::PARTIAL | Flags::RETENTION));
        assert_eq!(Flags::parse(""), None);
        assert_eq!(Flags::parse("x"), None);
        assert_eq!(Flags::from_bits(1), None);
    }
}
