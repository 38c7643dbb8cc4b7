//! Dates and stamps as text: the part of strptime and strftime that `dateformat` uses (connectors-adapters
//! 4.1.2). Always UTC, always English names.
//!
//! Own code instead of a date library: a fraction stands directly after `%S` without being in the pattern,
//! which no library reads, and patterns are compiled once because they run per event.

use tidegate_event::calendar::{MONTHS, date_of, day_of};

use crate::number::write_padded;

/// A pattern that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("dateformat '{pattern}': '%{directive}' is not supported")]
pub struct DatePatternError {
    /// The whole pattern.
    pub pattern: String,
    /// The letter after the percent sign; empty at the end of the pattern.
    pub directive: String,
}

/// A compiled `dateformat`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatePattern {
    items: Vec<Item>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    /// This byte itself.
    Byte(u8),
    /// Any number of blanks.
    Blank,
    Year,
    ShortYear,
    Month,
    MonthName {
        full: bool,
    },
    Day {
        padding: u8,
    },
    DayOfYear,
    WeekdayName {
        full: bool,
    },
    Hour {
        padding: u8,
    },
    Hour12 {
        padding: u8,
    },
    Minute,
    Second,
    Half,
    Epoch,
    Zone,
    Offset,
}

const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const DAY_SECONDS: i64 = 86_400;
const MICROS: i64 = 1_000_000;

/// The fields of a text while it is read.
struct Parts {
    year: i64,
    month: i64,
    day: i64,
    day_of_year: Option<i64>,
    hour: i64,
    hour12: Option<i64>,
    afternoon: Option<bool>,
    minute: i64,
    second: i64,
    micros: i64,
    epoch: Option<i64>,
    offset_seconds: i64,
}

impl DatePattern {
    /// Compiles a pattern such as `%d%b%Y %I:%M:%S %p`.
    ///
    /// # Errors
    /// When it has a directive that is not supported.
    pub fn new(pattern: &str) -> Result<Self, DatePatternError> {
        let mut items = Vec::new();
        let mut chars = pattern.trim_start().chars();
        while let Some(c) = chars.next() {
            if c.is_ascii_whitespace() {
                items.push(Item::Blank);
            } else if c == '%' {
                let directive = chars.next();
                // The fraction behind `%S.` is read and written with the seconds.
                if directive == Some('f') && matches!(items[..], [.., Item::Second, Item::Byte(b'.')]) {
                    items.pop();
                    continue;
                }
                if !Self::directive(directive, &mut items) {
                    let directive = directive.map_or_else(String::new, String::from);
                    return Err(DatePatternError { pattern: pattern.to_owned(), directive });
                }
            } else {
                let mut bytes = [0; 4];
                items.extend(c.encode_utf8(&mut bytes).bytes().map(Item::Byte));
            }
        }
        Ok(Self { items })
    }

    fn directive(letter: Option<char>, items: &mut Vec<Item>) -> bool {
        let mut all = |letters: &str| {
            for c in letters.chars() {
                match c {
                    'A'..='Z' | 'a'..='z' => {
                        Self::directive(Some(c), items);
                    }
                    other => items.push(Item::Byte(other as u8)),
                }
            }
        };
        match letter {
            Some('T') => all("H:M:S"),
            Some('R') => all("H:M"),
            Some('D') => all("m/d/y"),
            Some('F') => all("Y-m-d"),
            _ => {
                items.push(match letter {
                    Some('Y') => Item::Year,
                    Some('y') => Item::ShortYear,
                    Some('m') => Item::Month,
                    Some('b' | 'h') => Item::MonthName { full: false },
                    Some('B') => Item::MonthName { full: true },
                    Some('d') => Item::Day { padding: b'0' },
                    Some('e') => Item::Day { padding: b' ' },
                    Some('j') => Item::DayOfYear,
                    Some('a') => Item::WeekdayName { full: false },
                    Some('A') => Item::WeekdayName { full: true },
                    Some('H') => Item::Hour { padding: b'0' },
                    Some('k') => Item::Hour { padding: b' ' },
                    Some('I') => Item::Hour12 { padding: b'0' },
                    Some('l') => Item::Hour12 { padding: b' ' },
                    Some('M') => Item::Minute,
                    Some('S') => Item::Second,
                    Some('p') => Item::Half,
                    Some('s') => Item::Epoch,
                    Some('Z') => Item::Zone,
                    Some('z') => Item::Offset,
                    Some('n' | 't') => Item::Blank,
                    Some('%') => Item::Byte(b'%'),
                    _ => return false,
                });
            }
        }
        true
    }

    /// The microseconds since 1970-01-01 UTC that `text` says. Blanks at both ends are harmless.
    pub fn parse_micros(&self, text: &str) -> Option<i64> {
        let mut parts = Parts::new();
        let mut rest = text.trim().as_bytes();
        for item in &self.items {
            rest = parts.read(*item, rest)?;
        }
        if !rest.is_empty() {
            return None;
        }
        parts.micros_since_epoch()
    }

    /// Appends the text of a date, without a fraction.
    pub fn write_seconds(&self, out: &mut Vec<u8>, seconds: i64) {
        self.write(out, seconds, None);
    }

    /// Appends the text of a stamp, with `.` and six digits after `%S`.
    pub fn write_micros(&self, out: &mut Vec<u8>, micros: i64) {
        self.write(out, micros.div_euclid(MICROS), Some(micros.rem_euclid(MICROS).unsigned_abs()));
    }

    fn write(&self, out: &mut Vec<u8>, seconds: i64, micros: Option<u64>) {
        let days = seconds.div_euclid(DAY_SECONDS);
        let in_day = seconds.rem_euclid(DAY_SECONDS).unsigned_abs();
        let (year, month, day) = date_of(days);
        let hour = in_day / 3600;
        let hour12 = (hour + 11) % 12 + 1;
        for item in &self.items {
            match *item {
                Item::Byte(byte) => out.push(byte),
                Item::Blank => out.push(b' '),
                Item::Year if year < 0 => {
                    out.push(b'-');
                    write_year(out, year.unsigned_abs());
                }
                Item::Year => write_year(out, year.unsigned_abs()),
                Item::ShortYear => write_padded(out, year.rem_euclid(100).unsigned_abs(), 2),
                Item::Month => write_padded(out, month.unsigned_abs(), 2),
                Item::MonthName { full } => {
                    let name = MONTHS[(month - 1).unsigned_abs() as usize];
                    out.extend_from_slice(&name.as_bytes()[..if full { name.len() } else { 3 }]);
                }
                Item::Day { padding } => write_two(out, day.unsigned_abs(), padding),
                Item::DayOfYear => write_padded(out, (days - day_of(year, 1, 1) + 1).unsigned_abs(), 3),
                Item::WeekdayName { full } => {
                    // 1970-01-01 was a Thursday.
                    let name = WEEKDAYS[(days + 4).rem_euclid(7).unsigned_abs() as usize];
                    out.extend_from_slice(&name.as_bytes()[..if full { name.len() } else { 3 }]);
                }
                Item::Hour { padding } => write_two(out, hour, padding),
                Item::Hour12 { padding } => write_two(out, hour12, padding),
                Item::Minute => write_padded(out, in_day / 60 % 60, 2),
                Item::Second => {
                    write_padded(out, in_day % 60, 2);
                    if let Some(micros) = micros {
                        out.push(b'.');
                        write_padded(out, micros, 6);
                    }
                }
                Item::Half => out.extend_from_slice(if hour < 12 { b"AM" } else { b"PM" }),
                Item::Epoch => out.extend_from_slice(itoa::Buffer::new().format(seconds).as_bytes()),
                Item::Zone => out.extend_from_slice(b"UTC"),
                Item::Offset => out.extend_from_slice(b"+0000"),
            }
        }
    }
}

fn write_year(out: &mut Vec<u8>, year: u64) {
    if year < 10_000 {
        write_padded(out, year, 4);
    } else {
        out.extend_from_slice(itoa::Buffer::new().format(year).as_bytes());
    }
}

fn write_two(out: &mut Vec<u8>, number: u64, padding: u8) {
    if number < 10 {
        out.push(padding);
        out.push(b'0' + number as u8);
    } else {
        write_padded(out, number, 2);
    }
}

impl Parts {
    fn new() -> Self {
        Self {
            year: 1970,
            month: 1,
            day: 1,
            day_of_year: None,
            hour: 0,
            hour12: None,
            afternoon: None,
            minute: 0,
            second: 0,
            micros: 0,
            epoch: None,
            offset_seconds: 0,
        }
    }

    /// Reads one item at the start of `text` and answers the rest.
    fn read<'t>(&mut self, item: Item, text: &'t [u8]) -> Option<&'t [u8]> {
        let within = |(number, rest), low, high| (low <= number && number <= high).then_some((number, rest));
        match item {
            Item::Byte(byte) => return text.strip_prefix(&[byte]),
            Item::Blank => return Some(text.trim_ascii_start()),
            Item::Zone => {
                let zone = ["UTC", "GMT", "Z"].iter().find_map(|zone| strip_word(text, zone));
                return zone;
            }
            Item::Offset => return self.read_offset(text),
            Item::MonthName { .. } => {
                let (month, rest) = name(text, &MONTHS)?;
                self.month = month + 1;
                return Some(rest);
            }
            Item::WeekdayName { .. } => return name(text, &WEEKDAYS).map(|(_, rest)| rest),
            Item::Half => {
                let afternoon = strip_word(text, "PM");
                self.afternoon = Some(afternoon.is_some());
                return afternoon.or_else(|| strip_word(text, "AM"));
            }
            _ => {}
        }
        let text = text.trim_ascii_start();
        let rest;
        match item {
            Item::Year => (self.year, rest) = number(text, 4)?,
            Item::ShortYear => {
                let (year, after) = number(text, 2)?;
                // POSIX: 69 to 99 are of the 20th century.
                self.year = if year < 69 { 2000 + year } else { 1900 + year };
                rest = after;
            }
            Item::Month => (self.month, rest) = within(number(text, 2)?, 1, 12)?,
            Item::Day { .. } => (self.day, rest) = within(number(text, 2)?, 1, 31)?,
            Item::DayOfYear => {
                let (day, after) = within(number(text, 3)?, 1, 366)?;
                self.day_of_year = Some(day);
                rest = after;
            }
            Item::Hour { .. } => (self.hour, rest) = within(number(text, 2)?, 0, 23)?,
            // Published patterns read 24-hour values with %I (connectors-adapters 4.1.2), so 0 to 23 pass.
            Item::Hour12 { .. } => {
                let (hour, after) = within(number(text, 2)?, 0, 23)?;
                self.hour12 = Some(hour);
                rest = after;
            }
            Item::Minute => (self.minute, rest) = within(number(text, 2)?, 0, 59)?,
            Item::Second => {
                let (second, after) = within(number(text, 2)?, 0, 60)?;
                self.second = second;
                rest = self.read_fraction(after);
            }
            _ => {
                let (digits, negative) = text.strip_prefix(b"-").map_or((text, false), |t| (t, true));
                let (epoch, after) = number(digits, 18)?;
                self.epoch = Some(if negative { -epoch } else { epoch });
                rest = after;
            }
        }
        Some(rest)
    }

    /// A dot and digits, if they are there; digits beyond the sixth are dropped.
    fn read_fraction<'t>(&mut self, text: &'t [u8]) -> &'t [u8] {
        let Some(digits) = text.strip_prefix(b".") else { return text };
        let count = digits.iter().take_while(|b| b.is_ascii_digit()).count();
        if count == 0 {
            return text;
        }
        let padded = digits[..count].iter().copied().chain(std::iter::repeat(b'0'));
        self.micros = padded.take(6).fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        &digits[count..]
    }

    fn read_offset<'t>(&mut self, text: &'t [u8]) -> Option<&'t [u8]> {
        if let Some(rest) = strip_word(text, "Z") {
            return Some(rest);
        }
        let (sign, rest) = match text.split_first()? {
            (b'+', rest) => (1, rest),
            (b'-', rest) => (-1, rest),
            _ => return None,
        };
        let (hours, rest) = number(rest, 2)?;
        let (minutes, rest) = number(rest.strip_prefix(b":").unwrap_or(rest), 2)?;
        if hours > 23 || minutes > 59 {
            return None;
        }
        self.offset_seconds = sign * (hours * 3600 + minutes * 60);
        Some(rest)
    }

    fn micros_since_epoch(&self) -> Option<i64> {
        let seconds = match self.epoch {
            Some(seconds) => seconds,
            None => {
                let hour = match (self.hour12, self.afternoon) {
                    (Some(hour), Some(afternoon)) if hour <= 12 => hour % 12 + if afternoon { 12 } else { 0 },
                    (Some(hour), _) => hour,
                    (None, _) => self.hour,
                };
                let days = match self.day_of_year {
                    Some(day) => day_of(self.year, 1, 1) + day - 1,
                    None => day_of(self.year, self.month, self.day),
                };
                if self.day_of_year.is_none() && date_of(days) != (self.year, self.month, self.day) {
                    return None;
                }
                days * DAY_SECONDS + hour * 3600 + self.minute * 60 + self.second - self.offset_seconds
            }
        };
        seconds.checked_mul(MICROS)?.checked_add(self.micros)
    }
}

fn number(text: &[u8], max_digits: usize) -> Option<(i64, &[u8])> {
    let count = text.iter().take(max_digits).take_while(|b| b.is_ascii_digit()).count();
    if count == 0 {
        return None;
    }
    let number = text[..count].iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Some((number, &text[count..]))
}

fn strip_word<'t>(text: &'t [u8], word: &str) -> Option<&'t [u8]> {
    let (head, rest) = text.split_at_checked(word.len())?;
    head.eq_ignore_ascii_case(word.as_bytes()).then_some(rest)
}

/// Which of `names` stands at the start of `text`, whole or by its first three letters.
fn name<'t>(text: &'t [u8], names: &[&str]) -> Option<(i64, &'t [u8])> {
    names.iter().enumerate().find_map(|(i, name)| {
        let rest = strip_word(text, name).or_else(|| strip_word(text, &name[..3]))?;
        Some((i as i64, rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn micros(pattern: &str, text: &str) -> Option<i64> {
        DatePattern::new(pattern).unwrap().parse_micros(text)
    }

    fn written(pattern: &str, micros: i64) -> String {
        let mut out = Vec::new();
        DatePattern::new(pattern).unwrap().write_micros(&mut out, micros);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn samples_of_the_specification() {
        assert_eq!(micros("%m/%d/%Y:%H:%M:%S", "07/15/2020:18:42:17"), Some(1_594_838_537_000_000));
        assert_eq!(micros("%Y-%m-%d %H:%M:%S", " 2010-08-04 13:30:00"), Some(1_280_928_600_000_000));
        // 2013-04-07 13:03:00 UTC is 1365339780.
        assert_eq!(micros("%d%b%Y %I:%M:%S %p", "07Apr2013 01:03:00.111111 PM"), Some(1_365_339_780_111_111));
        assert_eq!(micros("%d%b%Y:%k:%M:%S", "07Apr2013:13:03:00.123"), Some(1_365_339_780_123_000));
        assert_eq!(written("%Y-%m-%d %H:%M:%S", 1_504_106_466_000_022), "2017-08-30 15:21:06.000022");
        assert_eq!(written("%d%b%Y %I:%M:%S %p", 1_365_339_780_111_111), "07Apr2013 01:03:00.111111 PM");
    }

    /// The pattern of ESP's Python client (websocket-api 5).
    #[test]
    fn a_fraction_behind_the_seconds() {
        let pattern = "%Y%m%dT%H:%M:%S.%f";
        assert_eq!(micros(pattern, "20170830T15:21:06.000022"), Some(1_504_106_466_000_022));
        assert_eq!(micros(pattern, "20170830T15:21:06"), Some(1_504_106_466_000_000));
        assert_eq!(written(pattern, 1_504_106_466_000_022), "20170830T15:21:06.000022");
        assert!(DatePattern::new("%f").is_err());
    }

    #[test]
    fn what_is_no_date_is_refused() {
        let pattern = "%Y-%m-%d %H:%M:%S";
        for bad in ["", "2010-13-01 00:00:00", "2010-02-30 00:00:00", "2010-08-04", "2010-08-04 13:30:00x"] {
            assert_eq!(micros(pattern, bad), None, "{bad}");
        }
        assert_eq!(
            DatePattern::new("%Y %Q").unwrap_err().to_string(),
            "dateformat '%Y %Q': '%Q' is not supported"
        );
        assert!(DatePattern::new("%").is_err());
    }

    #[test]
    fn other_directives() {
        assert_eq!(micros("%a %e %B %y %T %Z", "Thu  1 January 70 00:00:01 UTC"), Some(1_000_000));
        assert_eq!(micros("%F %R %z", "1970-01-01 02:00 +0200"), Some(0));
        assert_eq!(micros("%Y %j", "1970 032"), Some(31 * 86_400 * 1_000_000));
        assert_eq!(micros("%s", "-5"), Some(-5_000_000));
        assert_eq!(written("%a %A %e %l %p %j %D", 0), "Thu Thursday  1 12 AM 001 01/01/70");
    }

    proptest! {
        #[test]
        fn every_stamp_round_trips(stamp in -60_000_000_000_000_000i64..250_000_000_000_000_000) {
            let pattern = "%Y-%m-%d %H:%M:%S";
            prop_assert_eq!(micros(pattern, &written(pattern, stamp)), Some(stamp));
        }

        #[test]
        fn nothing_panics(pattern in "[%a-zA-Z: -]{0,12}", text in ".{0,20}", number: i64) {
            if let Ok(pattern) = DatePattern::new(&pattern) {
                let _ = pattern.parse_micros(&text);
                pattern.write_micros(&mut Vec::new(), number);
                pattern.write_seconds(&mut Vec::new(), number);
            }
        }
    }
}
