//! Values of events, and when two are close enough.

/// A value that was read by its field's type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// No value.
    Null,
    /// An int32 or int64; a date in seconds, a stamp in microseconds since the epoch.
    Integer(i64),
    /// A double.
    Double(f64),
    /// A string, or a value of a type that is compared as text.
    Text(String),
}

/// The spellings of null, in lower case.
const NULLS: &[&str] = &["", "null", "(null)", "<null>"];

impl Value {
    /// Reads `text` as a value of type `kind`; `dateformat` is that of the output file.
    pub(crate) fn read(text: &str, kind: &str, dateformat: Option<&str>) -> Result<Self, String> {
        let trimmed = text.trim();
        if NULLS.contains(&trimmed.to_lowercase().as_str()) {
            return Ok(Self::Null);
        }
        let value = match kind {
            "int32" | "int64" => trimmed.parse().ok().map(Self::Integer),
            "double" => trimmed.parse().ok().map(Self::Double),
            "date" | "stamp" => match (dateformat, trimmed.parse()) {
                (None, number) => number.ok().map(Self::Integer),
                (Some(_), Ok(number)) => Some(Self::Integer(number)),
                (Some(format), Err(_)) => microseconds(trimmed, format)
                    .map(|micros| Self::Integer(if kind == "date" { micros / 1_000_000 } else { micros })),
            },
            _ => Some(Self::Text(text.to_owned())),
        };
        value.ok_or_else(|| format!("{text:?} is no {kind}"))
    }

    /// Equal, or doubles that differ by at most 1e-6 of the larger one and the last of six decimals.
    pub(crate) fn close(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Double(a), Self::Double(b)) => {
                a == b || (a - b).abs() <= 1e-6 * a.abs().max(b.abs()) + 1.1e-6
            }
            _ => self == other,
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Double(value) => write!(f, "{value}"),
            Self::Text(value) => write!(f, "{value:?}"),
        }
    }
}

/// A time in the `strftime` format `format`, as microseconds since the epoch, UTC. A fraction may follow the seconds.
fn microseconds(text: &str, format: &str) -> Option<i64> {
    let (mut year, mut month, mut day) = (1970, 1, 1);
    let (mut seconds, mut micros) = (0, 0);
    let mut rest = text;
    let mut format = format.chars();
    while let Some(c) = format.next() {
        if c != '%' {
            rest = rest.strip_prefix(c)?;
            continue;
        }
        let (directive, width) = match format.next()? {
            'Y' => ('Y', 4),
            directive => (directive, 2),
        };
        let digits = rest.bytes().take(width).take_while(u8::is_ascii_digit).count();
        let number: i64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        match directive {
            'Y' => year = number,
            'm' => month = number,
            'd' => day = number,
            'H' => seconds += number * 3600,
            'M' => seconds += number * 60,
            'S' => {
                seconds += number;
                if let Some(fraction) = rest.strip_prefix('.') {
                    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
                    micros = format!("{:0<6}", &fraction[..digits]).get(..6)?.parse().ok()?;
                    rest = &fraction[digits..];
                }
            }
            _ => return None,
        }
    }
    rest.is_empty().then(|| (days(year, month, day) * 86_400 + seconds) * 1_000_000 + micros)
}

/// Days from 1970-01-01 to a day of the Gregorian calendar, with years that begin in March.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_nulls() {
        assert_eq!(Value::read("", "int32", None), Ok(Value::Null));
        assert_eq!(Value::read("(null)", "string", None), Ok(Value::Null));
        assert_eq!(Value::read("-3", "int64", None), Ok(Value::Integer(-3)));
        assert_eq!(Value::read("x", "int32", None), Err("\"x\" is no int32".to_owned()));
    }

    #[test]
    fn times_by_format() {
        // 2011-10-31 13:34:39 UTC is 1320068079 by `date -u -d`.
        let format = Some("%Y-%m-%d %H:%M:%S");
        let stamp = Value::read("2011-10-31 13:34:39.1234", "stamp", format);
        assert_eq!(stamp, Ok(Value::Integer(1_320_068_079_123_400)));
        assert_eq!(Value::read("2011-10-31 13:34:39", "date", format), Ok(Value::Integer(1_320_068_079)));
        assert_eq!(Value::read("17", "date", format), Ok(Value::Integer(17)));
    }

    #[test]
    fn doubles_are_close_to_six_decimals() {
        assert!(Value::Double(0.0888171).close(&Value::Double(0.088817)));
        assert!(!Value::Double(0.08882).close(&Value::Double(0.088817)));
        assert!(!Value::Double(1.0).close(&Value::Null));
    }
}
