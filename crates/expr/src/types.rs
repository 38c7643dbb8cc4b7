//! The types of the language, and dates.

use std::fmt;

use tidegate_event::{FieldType, calendar};

/// A type of the language (functions.md 1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Type {
    /// The type of `null`, which fits everywhere.
    Null,
    /// 64-bit signed.
    Integer,
    /// IEEE double.
    Real,
    /// UTF-8 text.
    String,
    /// A real number of days; day 0 is 31 December 1999.
    Date,
    /// The result of comparisons.
    Boolean,
}

impl Type {
    /// The type's name in sources and in `typeof()`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Integer => "integer",
            Self::Real => "real",
            Self::String => "string",
            Self::Date => "date",
            Self::Boolean => "boolean",
        }
    }

    /// The type that a field's values have in expressions; blobs and arrays have none.
    pub const fn of_field(ty: FieldType) -> Option<Self> {
        Some(match ty {
            FieldType::Int32 | FieldType::Int64 => Self::Integer,
            FieldType::Double | FieldType::Money => Self::Real,
            FieldType::String | FieldType::RString => Self::String,
            FieldType::Date | FieldType::Stamp => Self::Date,
            FieldType::Blob | FieldType::ArrayI32 | FieldType::ArrayI64 | FieldType::ArrayDouble => {
                return None;
            }
        })
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A date as days; day 0 is 31 December 1999 (functions.md 1.3).
/// As a double it keeps whole microseconds from 1820 to 2179, and fewer digits farther away.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Days(pub f64);

/// Days from 1970-01-01 to day 0.
const DAY_ZERO: i64 = 10_956;
const MICROS_PER_DAY: i64 = 86_400_000_000;
/// Beyond this many days (29 million years) dates are no longer taken apart.
const DAYS_LIMIT: f64 = 1e10;

impl Days {
    /// The date of so many seconds since 1970-01-01 UTC.
    pub fn from_seconds(seconds: i64) -> Self {
        Self(seconds as f64 / 86_400.0 - DAY_ZERO as f64)
    }

    /// The date of so many microseconds since 1970-01-01 UTC.
    pub fn from_micros(micros: i64) -> Self {
        // Whole days and the rest are divided apart: so the fraction keeps its microseconds.
        let (day, rest) = (micros.div_euclid(MICROS_PER_DAY), micros.rem_euclid(MICROS_PER_DAY));
        Self((day - DAY_ZERO) as f64 + rest as f64 / MICROS_PER_DAY as f64)
    }

    /// Seconds since 1970-01-01 UTC, rounded; none when out of range.
    pub fn seconds(self) -> Option<i64> {
        in_range((self.0 + DAY_ZERO as f64) * 86_400.0)
    }

    /// Microseconds since 1970-01-01 UTC, rounded; none when out of range.
    pub fn micros(self) -> Option<i64> {
        let whole = self.0.floor();
        let rest = ((self.0 - whole) * MICROS_PER_DAY as f64).round() as i64;
        let whole = in_range(whole)?;
        whole.checked_add(DAY_ZERO)?.checked_mul(MICROS_PER_DAY)?.checked_add(rest)
    }

    /// The date's parts in UTC, rounded to a millisecond; none when out of range.
    pub(crate) fn civil(self) -> Option<Civil> {
        if self.0.is_nan() || self.0.abs() > DAYS_LIMIT {
            return None;
        }
        let whole = self.0.floor();
        let millis = ((self.0 - whole) * 86_400_000.0).round() as i64;
        let day = whole as i64 + DAY_ZERO + millis.div_euclid(86_400_000);
        let millis = millis.rem_euclid(86_400_000);
        let (year, month, day) = calendar::date_of(day);
        Some(Civil {
            year,
            month,
            day,
            hour: millis / 3_600_000,
            minute: millis / 60_000 % 60,
            second: millis / 1000 % 60,
            milli: millis % 1000,
        })
    }

    /// The date of these parts; none when there is no such day or time.
    pub(crate) fn from_civil(civil: &Civil) -> Option<Self> {
        let &Civil { year, month, day, hour, minute, second, milli } = civil;
        let time_ok = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
        if !time_ok || !(1..=12).contains(&month) || !(1..=31).contains(&day) || !(0..=9999).contains(&year) {
            return None;
        }
        let number = calendar::day_of(year, month, day);
        if calendar::date_of(number) != (year, month, day) {
            return None;
        }
        let millis = ((hour * 60 + minute) * 60 + second) * 1000 + milli;
        Some(Self((number - DAY_ZERO) as f64 + millis as f64 / 86_400_000.0))
    }
}

/// `value` rounded, when it fits 64 bits.
fn in_range(value: f64) -> Option<i64> {
    let value = value.round();
    (-9.2e18..9.2e18).contains(&value).then_some(value as i64)
}

/// The parts of a date in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
    pub(crate) milli: i64,
}

/// Reads the text of a date literal: `2010-02-12` or `12-February-2010` (or `12-Feb-2010`), each optionally followed
/// by `hh:mm` or `hh:mm:ss`.
pub(crate) fn parse_date_literal(text: &str) -> Option<f64> {
    let (date, time) = split_time(text)?;
    let mut parts = date.split('-');
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let (year, month, day) = match month_number(second) {
        Some(month) => (number(third)?, month, number(first)?),
        None => (number(first)?, number(second)?, number(third)?),
    };
    Days::from_civil(&Civil { year, month, day, ..time }).map(|days| days.0)
}

/// Reads a date from text: month/day/year as in en_US (a two-digit year lies in 1970-2069), or a date literal's text.
pub(crate) fn parse_date(text: &str) -> Option<Days> {
    let (date, time) = split_time(text)?;
    if !date.contains('/') {
        return parse_date_literal(text).map(Days);
    }
    let mut parts = date.split('/');
    let (month, day, year) = (number(parts.next()?)?, number(parts.next()?)?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let year = match (number(year)?, year.len()) {
        (year, 1 | 2) => year + if year < 70 { 2000 } else { 1900 },
        (year, _) => year,
    };
    Days::from_civil(&Civil { year, month, day, ..time })
}

fn split_time(text: &str) -> Option<(&str, Civil)> {
    let text = text.trim();
    let Some((date, time)) = text.split_once(' ') else { return Some((text, Civil::default())) };
    let mut parts = time.trim().split(':');
    let hour = number(parts.next()?)?;
    let minute = number(parts.next()?)?;
    let second = parts.next().map_or(Some(0), number)?;
    parts.next().is_none().then_some((date, Civil { hour, minute, second, ..Civil::default() }))
}

fn number(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

fn month_number(text: &str) -> Option<i64> {
    let is = |name: &&str| text.eq_ignore_ascii_case(name) || text.eq_ignore_ascii_case(&name[..3]);
    calendar::MONTHS.iter().position(is).map(|i| i as i64 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_zero_is_the_last_of_1999() {
        // functions.md 1.3: toDate(3750) is 7 April 2010.
        let civil = Days(3750.0).civil().unwrap();
        assert_eq!((civil.year, civil.month, civil.day), (2010, 4, 7));
        assert_eq!(Days::from_seconds(0), Days(-10_956.0));
    }

    #[test]
    fn stamps_keep_their_microseconds() {
        for micros in [0, 1, -1, 1_265_932_800_123_457, 1_784_937_599_999_999, -2_208_988_799_999_999] {
            assert_eq!(Days::from_micros(micros).micros(), Some(micros));
        }
        assert_eq!(Days(f64::NAN).micros(), None);
        assert_eq!(Days(1e300).seconds(), None);
        assert_eq!(Days(f64::INFINITY).civil(), None);
    }

    #[test]
    fn dates_from_text() {
        assert_eq!(parse_date("02/12/2010"), parse_date("2010-02-12"));
        assert_eq!(parse_date("2/12/10 06:00:00"), Some(Days(3696.25)));
        assert_eq!(parse_date("2/30/10"), None);
        assert_eq!(parse_date("nonsense"), None);
        assert_eq!(parse_date("13/1/2010"), None);
    }
}
