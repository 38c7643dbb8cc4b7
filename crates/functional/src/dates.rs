//! Times as text: the directives of C's strftime and strptime, in English.

use std::fmt::Write;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// A time in a zone; nothing when it lies outside of the years −9999 to 9999.
pub(crate) fn local(seconds: i64, zone: &TimeZone) -> Option<Zoned> {
    Timestamp::from_second(seconds).ok().map(|time| time.to_zoned(zone.clone()))
}

/// What a directive that stands for several others means in the C locale.
const fn compound(directive: char) -> Option<&'static str> {
    Some(match directive {
        'c' => "%a %b %e %H:%M:%S %Y",
        'x' | 'D' => "%m/%d/%y",
        'X' | 'T' => "%H:%M:%S",
        'F' => "%Y-%m-%d",
        'R' => "%H:%M",
        'r' => "%I:%M:%S %p",
        _ => return None,
    })
}

/// The time as text; nothing when the format has a directive that does not exist.
pub(crate) fn format(time: &Zoned, format: &str) -> Option<String> {
    let mut out = String::new();
    write_time(time, format, &mut out)?;
    Some(out)
}

fn write_time(time: &Zoned, format: &str, out: &mut String) -> Option<()> {
    let mut chars = format.chars();
    let hour12 = (i64::from(time.hour()) + 11) % 12 + 1;
    let sunday = i64::from(time.weekday().to_sunday_zero_offset());
    let day_of_year = i64::from(time.day_of_year());
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut number = |value: i64, width: usize| write!(out, "{value:0width$}").ok();
        let directive = chars.next()?;
        match directive {
            'Y' => number(time.year().into(), 1)?,
            'C' => number(i64::from(time.year()).div_euclid(100), 2)?,
            'y' => number(i64::from(time.year()).rem_euclid(100), 2)?,
            'm' => number(time.month().into(), 2)?,
            'd' => number(time.day().into(), 2)?,
            'e' => write!(out, "{:2}", time.day()).ok()?,
            'j' => number(day_of_year, 3)?,
            'H' => number(time.hour().into(), 2)?,
            'k' => write!(out, "{:2}", time.hour()).ok()?,
            'I' => number(hour12, 2)?,
            'l' => write!(out, "{hour12:2}").ok()?,
            'M' => number(time.minute().into(), 2)?,
            'S' => number(time.second().into(), 2)?,
            's' => number(time.timestamp().as_second(), 1)?,
            'w' => number(sunday, 1)?,
            'u' => number((sunday + 6) % 7 + 1, 1)?,
            // Weeks begin on Sunday or Monday; days before the first are in week 0.
            'U' => number((day_of_year + 6 - sunday) / 7, 2)?,
            'W' => number((day_of_year + 6 - (sunday + 6) % 7) / 7, 2)?,
            'V' => number(time.date().iso_week_date().week().into(), 2)?,
            'G' => number(time.date().iso_week_date().year().into(), 1)?,
            'b' | 'h' => out.push_str(&MONTHS[time.month() as usize - 1][..3]),
            'B' => out.push_str(MONTHS[time.month() as usize - 1]),
            'a' => out.push_str(&WEEKDAYS[sunday as usize][..3]),
            'A' => out.push_str(WEEKDAYS[sunday as usize]),
            'p' => out.push_str(if time.hour() < 12 { "AM" } else { "PM" }),
            'Z' => out.push_str(time.time_zone().to_offset_info(time.timestamp()).abbreviation()),
            'z' => {
                let minutes = time.offset().seconds() / 60;
                let sign = if minutes < 0 { '-' } else { '+' };
                write!(out, "{sign}{:02}{:02}", minutes.abs() / 60, minutes.abs() % 60).ok()?;
            }
            'n' => out.push('\n'),
            't' => out.push('\t'),
            '%' => out.push('%'),
            other => write_time(time, compound(other)?, out)?,
        }
    }
    Some(())
}

/// What was read so far.
#[derive(Debug)]
struct Parts {
    year: i64,
    month: i64,
    day: i64,
    day_of_year: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    /// Of twelve hours.
    afternoon: Option<bool>,
    /// Seconds east of UTC.
    offset: Option<i64>,
    epoch: Option<i64>,
}

/// The seconds since 1970-01-01 UTC that a text says in a zone, as C's strptime and mktime find them. What follows the format is
/// ignored; what the format leaves open is that of 1970-01-01 00:00:00.
pub(crate) fn parse(text: &str, format: &str, zone: &TimeZone) -> Option<i64> {
    let mut parts = Parts {
        year: 1970,
        month: 1,
        day: 1,
        day_of_year: None,
        hour: 0,
        minute: 0,
        second: 0,
        afternoon: None,
        offset: None,
        epoch: None,
    };
    let mut rest = text.trim_start();
    read(&mut parts, format, &mut rest)?;
    if parts.epoch.is_some() {
        return parts.epoch;
    }
    if let Some(afternoon) = parts.afternoon {
        parts.hour = parts.hour % 12 + if afternoon { 12 } else { 0 };
    }
    let number = |value: i64| i8::try_from(value).ok();
    let date = match parts.day_of_year {
        Some(day) => {
            let first = Date::new(i16::try_from(parts.year).ok()?, 1, 1).ok()?;
            first.with().day_of_year(i16::try_from(day).ok()?).build().ok()?
        }
        None => Date::new(i16::try_from(parts.year).ok()?, number(parts.month)?, number(parts.day)?).ok()?,
    };
    // A leap second is the next minute's first.
    let leap = i64::from(parts.second == 60);
    let second = number(parts.second - leap)?;
    let time: DateTime = date.at(number(parts.hour)?, number(parts.minute)?, second, 0);
    let seconds = match parts.offset {
        Some(offset) => time.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second() - offset,
        None => time.to_zoned(zone.clone()).ok()?.timestamp().as_second(),
    };
    Some(seconds + leap)
}

fn read(parts: &mut Parts, format: &str, rest: &mut &str) -> Option<()> {
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c.is_whitespace() {
            *rest = rest.trim_start();
            continue;
        }
        if c != '%' {
            *rest = rest.strip_prefix(c)?;
            continue;
        }
        let directive = chars.next()?;
        match directive {
            'Y' => parts.year = digits(rest, 4, 0, 9999)?,
            'y' => {
                let year = digits(rest, 2, 0, 99)?;
                parts.year = year + if year < 69 { 2000 } else { 1900 };
            }
            'm' => parts.month = digits(rest, 2, 1, 12)?,
            'd' | 'e' => parts.day = digits(rest, 2, 1, 31)?,
            'j' => parts.day_of_year = Some(digits(rest, 3, 1, 366)?),
            'H' | 'k' => parts.hour = digits(rest, 2, 0, 23)?,
            'I' | 'l' => {
                parts.hour = digits(rest, 2, 1, 12)?;
            }
            'M' => parts.minute = digits(rest, 2, 0, 59)?,
            'S' => parts.second = digits(rest, 2, 0, 60)?,
            'p' => {
                let half = rest.get(..2)?;
                parts.afternoon = Some(if half.eq_ignore_ascii_case("PM") {
                    true
                } else if half.eq_ignore_ascii_case("AM") {
                    false
                } else {
                    return None;
                });
                *rest = &rest[2..];
            }
            'b' | 'B' | 'h' => parts.month = name(rest, &MONTHS)? + 1,
            'a' | 'A' => {
                name(rest, &WEEKDAYS)?;
            }
            's' => parts.epoch = Some(digits(rest, 12, 0, i64::MAX)?),
            'z' => parts.offset = Some(offset(rest)?),
            'Z' => {
                let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
                if matches!(&rest[..end], "UTC" | "GMT" | "Z") {
                    parts.offset = Some(0);
                }
                *rest = &rest[end..];
            }
            'n' | 't' => *rest = rest.trim_start(),
            '%' => *rest = rest.strip_prefix('%')?,
            other => read(parts, compound(other)?, rest)?,
        }
    }
    Some(())
}

/// A number of at most `width` digits, perhaps after blanks, within a range.
fn digits(rest: &mut &str, width: usize, least: i64, most: i64) -> Option<i64> {
    let text = rest.trim_start();
    let len = text.bytes().take(width).take_while(u8::is_ascii_digit).count();
    let value: i64 = text[..len].parse().ok()?;
    *rest = &text[len..];
    (least..=most).contains(&value).then_some(value)
}

/// A name, whole or by its first three letters; answers its number from 0.
fn name(rest: &mut &str, names: &[&str]) -> Option<i64> {
    let starts =
        |prefix: &str| rest.get(..prefix.len()).is_some_and(|text| text.eq_ignore_ascii_case(prefix));
    let at = names.iter().position(|name| starts(&name[..3]))?;
    let len = if starts(names[at]) { names[at].len() } else { 3 };
    *rest = &rest[len..];
    Some(at as i64)
}

/// `+hhmm`, `+hh:mm`, `+hh` or `Z`, in seconds.
fn offset(rest: &mut &str) -> Option<i64> {
    if let Some(behind) = rest.strip_prefix(['Z', 'z']) {
        *rest = behind;
        return Some(0);
    }
    let sign = match rest.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    *rest = &rest[1..];
    let hours = digits(rest, 2, 0, 23)?;
    let had_colon = rest.starts_with(':');
    let mut behind = rest.strip_prefix(':').unwrap_or(rest);
    let minutes = if behind.starts_with(|c: char| c.is_ascii_digit()) {
        let minutes = digits(&mut behind, 2, 0, 59)?;
        *rest = behind;
        minutes
    } else if had_colon {
        return None;
    } else {
        0
    };
    Some(sign * (hours * 3600 + minutes * 60))
}

/// The microseconds since 1970-01-01 UTC of a text such as `2026-01-31 10:00:00.5`, as CSV has dates.
pub(crate) fn micros_of_text(text: &str) -> Option<i64> {
    let (main, fraction) = match text.split_once('.') {
        Some((main, fraction)) => (main, fraction),
        None => (text, ""),
    };
    let is_fraction = fraction.len() <= 6 && fraction.bytes().all(|b| b.is_ascii_digit());
    if !is_fraction || main.len() != "2026-01-31 10:00:00".len() {
        return None;
    }
    let seconds = parse(main, "%Y-%m-%d %H:%M:%S", &TimeZone::UTC)?;
    let micros: i64 = format!("{fraction:0<6}").parse().ok()?;
    Some(seconds * 1_000_000 + micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four hours behind UTC.
    fn zone() -> TimeZone {
        TimeZone::fixed(jiff::tz::offset(-4))
    }

    #[test]
    fn local_time_as_c_reads_it() {
        // functions.md 3.3, note on local time.
        assert_eq!(parse("2018-05-28T09:33:55.670Z", "%Y-%m-%dT%H:%M:%S", &zone()), Some(1_527_514_435));
        assert_eq!(
            parse("2018-05-28T09:33:55.670Z", "%Y-%m-%dT%H:%M:%S", &TimeZone::UTC),
            Some(1_527_500_035)
        );
    }

    #[test]
    fn directives_both_ways() {
        let time = local(1_527_500_035, &zone()).unwrap();
        let text =
            format(&time, "%Y-%m-%d %e %j %I:%M:%S %p %a %A %b %B %y %U %W %u %w %z %s %%|%D %F %T %R")
                .unwrap();
        assert_eq!(
            text,
            "2018-05-28 28 148 05:33:55 AM Mon Monday May May 18 21 22 1 1 -0400 1527500035 %|05/28/18 2018-05-28 05:33:55 05:33"
        );
        for (text, pattern) in [
            ("28May2018 05:33:55 am", "%d%b%Y %I:%M:%S %p"),
            ("Mon, 28 May 2018 09:33:55 GMT", "%a, %d %B %Y %H:%M:%S %Z"),
            ("2018-148 05:33:55", "%Y-%j %T"),
            ("2018-05-28 11:33:55+0200", "%F %T%z"),
            ("2018-05-28 11:33:55+02:00", "%F %T%z"),
            ("1527500035", "%s"),
        ] {
            assert_eq!(parse(text, pattern, &zone()), Some(1_527_500_035), "{text}");
        }
        for (text, pattern) in
            [("", "%Y"), ("2018", "%Q"), ("13", "%m"), ("2018-02-30", "%F"), ("x", "y"), ("5", "%")]
        {
            assert_eq!(parse(text, pattern, &zone()), None, "{text}");
        }
    }

    #[test]
    fn dates_in_text() {
        assert_eq!(micros_of_text("2018-05-28 09:33:55.67"), Some(1_527_500_035_670_000));
        assert_eq!(micros_of_text("2018-05-28"), None);
    }
}
