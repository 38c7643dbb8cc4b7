//! Numbers: integers as long as they fit, else doubles.

use std::fmt::Write;

use tidegate_expr::FaultKind;

/// A number. Integers stay exact; what does not fit 64 bits, or has a fraction, is a double.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// A whole number.
    Int(i64),
    /// Any other.
    Double(f64),
}

impl Number {
    /// Reads a decimal number: sign, digits, fraction, exponent, with blanks around it. Names such as `inf` are no numbers.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let mut digits = false;
        for byte in text.bytes() {
            match byte {
                b'0'..=b'9' => digits = true,
                b'+' | b'-' | b'.' | b'e' | b'E' => {}
                _ => return None,
            }
        }
        if !digits {
            return None;
        }
        if let Ok(whole) = text.parse::<i64>() {
            return Some(Self::Int(whole));
        }
        text.parse::<f64>().ok().filter(|value| value.is_finite()).map(Self::Double)
    }

    /// The number as a double.
    pub const fn double(self) -> f64 {
        match self {
            Self::Int(value) => value as f64,
            Self::Double(value) => value,
        }
    }

    /// The number without its fraction.
    ///
    /// # Errors
    /// When it does not fit 64 bits.
    pub fn truncated(self) -> Result<i64, FaultKind> {
        match self {
            Self::Int(value) => Ok(value),
            Self::Double(value) => whole(value.trunc()).ok_or(FaultKind::FailedCast),
        }
    }

    /// A double as a number: whole when it is and fits.
    pub fn of_whole(value: f64) -> Self {
        whole(value).map_or(Self::Double(value), Self::Int)
    }

    /// Compares by value.
    pub fn order(self, other: Self) -> std::cmp::Ordering {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a.cmp(&b),
            (a, b) => (a.double() + 0.0).total_cmp(&(b.double() + 0.0)),
        }
    }

    /// Appends the number as decimal text: the shortest that reads back the same, without the noise that adding decimals as binary
    /// numbers leaves in the last digits (889.20 + 1716.90 is 2606.1).
    pub fn write(self, out: &mut String) {
        match self {
            Self::Int(value) => out.push_str(itoa::Buffer::new().format(value)),
            Self::Double(value) => {
                let value = value + 0.0;
                write!(out, "{}", without_noise(value).unwrap_or(value))
                    .expect("writing to a string does not fail");
            }
        }
    }
}

/// Digits that every decimal keeps as a double.
const SAFE_DIGITS: usize = 15;
/// A double is taken for a decimal of at most this many digits when it differs from it only behind the safe ones.
const PLAIN_DIGITS: usize = 12;

/// The short decimal that a double is but for its last digits, if there is one.
fn without_noise(value: f64) -> Option<f64> {
    let mut text = String::new();
    write!(text, "{:.*e}", SAFE_DIGITS - 1, value).ok()?;
    let (digits, _) = text.split_once('e')?;
    let significant = digits.trim_end_matches('0').bytes().filter(u8::is_ascii_digit).count();
    if significant <= PLAIN_DIGITS { text.parse().ok() } else { None }
}

/// A double without a fraction as an integer, when it fits.
fn whole(value: f64) -> Option<i64> {
    // 2^63 is exact as a double; the range's end is not part of it.
    let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value);
    (fits && value.fract() == 0.0).then_some(value as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_from_text() {
        assert_eq!(Number::parse(" 42 "), Some(Number::Int(42)));
        assert_eq!(Number::parse("-.10"), Some(Number::Double(-0.1)));
        assert_eq!(Number::parse("1e3"), Some(Number::Double(1000.0)));
        assert_eq!(Number::parse("9223372036854775808"), Some(Number::Double(9_223_372_036_854_775_808.0)));
        for text in ["", " ", "inf", "nan", "1,5", "e", "-", "12a", "0x10", "1 2", "1e999"] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }

    #[test]
    fn decimals_are_written_without_noise() {
        let text = |value: f64| {
            let mut out = String::new();
            Number::Double(value).write(&mut out);
            out
        };
        assert_eq!(text(889.2 + 1716.9), "2606.1");
        assert_eq!(text(0.1 + 0.2), "0.3");
        assert_eq!(text(1.0 / 3.0), "0.3333333333333333");
        assert_eq!(text(38.907_192_312_345_68), "38.90719231234568");
        assert_eq!(text(-0.0), "0");
        assert_eq!(text(1e21), "1000000000000000000000");
        assert_eq!(text(5e-324), "0.".to_owned() + &"0".repeat(323) + "5");
    }

    #[test]
    fn truncation_keeps_to_the_range() {
        assert_eq!(Number::Double(-1.9).truncated(), Ok(-1));
        assert_eq!(Number::Double(1e19).truncated(), Err(FaultKind::FailedCast));
        assert_eq!(Number::Double(f64::NAN).truncated(), Err(FaultKind::FailedCast));
    }
}
