//! Spans of time as models write them: `5 seconds`.

use std::fmt;

/// A span of time, more than zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Interval {
    micros: i64,
}

impl Interval {
    /// The units of a model in their singular form, with their length in microseconds.
    pub const UNITS: [(&'static str, i64); 6] = [
        ("microsecond", 1),
        ("millisecond", 1_000),
        ("second", 1_000_000),
        ("minute", 60_000_000),
        ("hour", 3_600_000_000),
        ("day", 86_400_000_000),
    ];

    /// An interval of `micros` microseconds; none unless that is more than zero.
    pub const fn from_micros(micros: i64) -> Option<Self> {
        if micros > 0 { Some(Self { micros }) } else { None }
    }

    /// Its length in microseconds.
    pub const fn micros(self) -> i64 {
        self.micros
    }

    /// Reads `<integer> <unit>` in any letter case, singular or plural (model-xml 0.3, engine-semantics 2). None when the
    /// number is not positive, the unit is missing or unknown, or the span is longer than 64 bits of microseconds.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit())?;
        let unit = Self::unit(text[digits..].trim())?;
        Self::of(text[..digits].parse().ok()?, unit)
    }

    /// As [`parse`](Self::parse), with a bare number as seconds (retention, model-xml 7).
    pub fn parse_or_seconds(text: &str) -> Option<Self> {
        match text.trim().parse::<u64>() {
            Ok(number) => Self::of(i64::try_from(number).ok()?, 1_000_000),
            Err(_) => Self::parse(text),
        }
    }

    /// The length in microseconds of the unit called `name`, singular or plural, in any letter case.
    pub fn unit(name: &str) -> Option<i64> {
        let name = name.trim().to_ascii_lowercase();
        let singular = name.strip_suffix('s').unwrap_or(&name);
        Self::UNITS.iter().find(|(unit, _)| *unit == singular).map(|&(_, micros)| micros)
    }

    fn of(number: i64, unit: i64) -> Option<Self> {
        number.checked_mul(unit).and_then(Self::from_micros)
    }
}

/// In the largest unit that holds it exactly: `5 minutes`.
impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, length) = Self::UNITS
            .iter()
            .rfind(|(_, length)| self.micros % length == 0)
            .copied()
            .unwrap_or(Self::UNITS[0]);
        let number = self.micros / length;
        let plural = if number == 1 { "" } else { "s" };
        write!(f, "{number} {unit}{plural}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        let micros = |text| Interval::parse(text).map(Interval::micros);
        assert_eq!(micros("300 seconds"), Some(300_000_000));
        assert_eq!(micros(" 1\n hours "), Some(3_600_000_000));
        assert_eq!(micros("1 Hour"), Some(3_600_000_000));
        assert_eq!(micros("200 milliseconds"), Some(200_000));
        assert_eq!(micros("4days"), Some(345_600_000_000));
        assert_eq!(micros("7 microsecond"), Some(7));
        for bad in [
            "",
            "10",
            "0 seconds",
            "-1 seconds",
            "5 secs",
            "five seconds",
            "s",
            "9999999999 days",
            "1.5 hours",
        ] {
            assert_eq!(micros(bad), None, "{bad}");
        }
        assert_eq!(Interval::parse_or_seconds("10").map(Interval::micros), Some(10_000_000));
        assert_eq!(Interval::parse_or_seconds("0"), None);
    }

    #[test]
    fn shown_in_the_largest_exact_unit() {
        for text in ["5 minutes", "1 day", "1 second", "90 minutes", "1500 milliseconds", "1 microsecond"] {
            assert_eq!(Interval::parse(text).map(|i| i.to_string()).as_deref(), Some(text));
        }
    }
}
