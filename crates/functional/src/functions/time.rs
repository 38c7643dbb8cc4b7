//! Time. Times are seconds since 1970-01-01 UTC; the parts of one are those of the server's local zone.

use jiff::Zoned;
use tidegate_expr::FaultKind;

use super::whole;
use crate::dates;
use crate::env::Env;
use crate::function::{Body, Example, Function, Mark};
use crate::value::{Outcome, Value};

const FAMILY: &str = "Time";

/// What a function makes of a local time: that of its argument, or now.
fn part(arguments: &[Value], env: &mut Env<'_>, f: impl FnOnce(&Zoned) -> i64) -> Outcome {
    let seconds = match arguments.first() {
        None => env.seconds(),
        Some(time) => match whole(time)? {
            Some(seconds) => seconds,
            None => return Ok(Value::Null),
        },
    };
    let local = dates::local(seconds, env.zone).ok_or(FaultKind::BadArgument)?;
    Ok(f(&local).into())
}

fn second_of_day(time: &Zoned) -> i64 {
    (i64::from(time.hour()) * 60 + i64::from(time.minute())) * 60 + i64::from(time.second())
}

fn formatted(arguments: &[Value], zone: &jiff::tz::TimeZone) -> Outcome {
    let (Some(seconds), Some(format)) = (whole(&arguments[0])?, arguments[1].as_text()) else {
        return Ok(Value::Null);
    };
    let time = dates::local(seconds, zone).ok_or(FaultKind::BadArgument)?;
    dates::format(&time, &format).map(Value::from).ok_or(FaultKind::BadArgument)
}

fn parse(arguments: &[Value], env: &mut Env<'_>) -> Outcome {
    let (Some(text), Some(format)) = (arguments[0].as_text(), arguments[1].as_text()) else {
        return Ok(Value::Null);
    };
    dates::parse(&text, &format, env.zone).map(Value::from).ok_or(FaultKind::FailedCast)
}

fn gmt_to_local(arguments: &[Value], env: &mut Env<'_>) -> Outcome {
    let Some(seconds) = whole(&arguments[0])? else { return Ok(Value::Null) };
    let local = dates::local(seconds, env.zone).ok_or(FaultKind::BadArgument)?;
    Ok((seconds + i64::from(local.offset().seconds())).into())
}

/// A function of the engine's time.
const fn clock(
    name: &'static str,
    doc: &'static str,
    body: fn(&[Value], &mut Env<'_>) -> Outcome,
    examples: &'static [Example],
) -> Function {
    Function::new(name, FAMILY, "()", doc, (0, 0), Body::Eager(body), examples).varies()
}

/// A part of a time.
const fn part_of(
    name: &'static str,
    doc: &'static str,
    body: fn(&[Value], &mut Env<'_>) -> Outcome,
    examples: &'static [Example],
) -> Function {
    Function::new(name, FAMILY, "([t])", doc, (0, 1), Body::Eager(body), examples).varies()
}

/// `systemMicro`.
pub(crate) static SYSTEM_MICRO: Function = clock(
    "systemMicro",
    "The engine's time in microseconds since 1970-01-01 UTC.",
    |_, env| Ok(env.time.micros().into()),
    &[("systemMicro()", "1527500035670000")],
);

/// `systemMilli`.
pub(crate) static SYSTEM_MILLI: Function = clock(
    "systemMilli",
    "The engine's time in milliseconds since 1970-01-01 UTC.",
    |_, env| Ok(env.time.micros().div_euclid(1000).into()),
    &[("systemMilli()", "1527500035670")],
);

/// `timeCurrent`.
pub(crate) static TIME_CURRENT: Function = clock(
    "timeCurrent",
    "The engine's time in seconds since 1970-01-01 UTC.",
    |_, env| Ok(env.seconds().into()),
    &[("timeCurrent()", "1527500035")],
);

/// `timeStamp`.
pub(crate) static TIME_STAMP: Function = clock(
    "timeStamp",
    "The engine's time as the value of a stamp field: in microseconds.",
    |_, env| Ok(env.time.micros().into()),
    &[("timeStamp()", "1527500035670000")],
);

/// `timeToday`.
pub(crate) static TIME_TODAY: Function = clock(
    "timeToday",
    "The local day's midnight.",
    |_, env| {
        let now = dates::local(env.seconds(), env.zone).ok_or(FaultKind::BadArgument)?;
        let midnight = now.start_of_day().map_err(|_| FaultKind::BadArgument)?;
        Ok(midnight.timestamp().as_second().into())
    },
    &[("timeToday()", "1527465600")],
);

/// `timeYear`.
pub(crate) static TIME_YEAR: Function = part_of(
    "timeYear",
    "The year.",
    |arguments, env| part(arguments, env, |time| time.year().into()),
    &[("timeYear(1527500035)", "2018"), ("timeYear()", "2018")],
);

/// `timeDayOfMonth`.
pub(crate) static TIME_DAY_OF_MONTH: Function = part_of(
    "timeDayOfMonth",
    "The day of the month, from 1.",
    |arguments, env| part(arguments, env, |time| time.day().into()),
    &[("timeDayOfMonth(1527500035)", "28")],
);

/// `timeDayOfWeek`.
pub(crate) static TIME_DAY_OF_WEEK: Function = part_of(
    "timeDayOfWeek",
    "The day of the week; Sunday is 0.",
    |arguments, env| part(arguments, env, |time| time.weekday().to_sunday_zero_offset().into()),
    &[("timeDayOfWeek(1527500035)", "1"), ("timeDayOfWeek(0)", "4")],
);

/// `timeDayOfYear`.
pub(crate) static TIME_DAY_OF_YEAR: Function = part_of(
    "timeDayOfYear",
    "The day of the year, from 1.",
    |arguments, env| part(arguments, env, |time| time.day_of_year().into()),
    &[("timeDayOfYear(1527500035)", "148"), ("timeDayOfYear(0)", "1")],
);

/// `timeHour`.
pub(crate) static TIME_HOUR: Function = part_of(
    "timeHour",
    "The hour.",
    |arguments, env| part(arguments, env, |time| time.hour().into()),
    &[("timeHour(1527500035)", "9")],
);

/// `timeMinute`.
pub(crate) static TIME_MINUTE: Function = part_of(
    "timeMinute",
    "The minute of the hour.",
    |arguments, env| part(arguments, env, |time| time.minute().into()),
    &[("timeMinute(1527500035)", "33")],
);

/// `timeMinuteOfDay`.
pub(crate) static TIME_MINUTE_OF_DAY: Function = part_of(
    "timeMinuteOfDay",
    "Minutes since midnight.",
    |arguments, env| part(arguments, env, |time| second_of_day(time) / 60),
    &[("timeMinuteOfDay(1527500035)", "573")],
);

/// `timeSecond`.
pub(crate) static TIME_SECOND: Function = part_of(
    "timeSecond",
    "The second of the minute.",
    |arguments, env| part(arguments, env, |time| time.second().into()),
    &[("timeSecond(1527500035)", "55")],
);

/// `timeSecondOfDay`.
pub(crate) static TIME_SECOND_OF_DAY: Function = part_of(
    "timeSecondOfDay",
    "Seconds since midnight.",
    |arguments, env| part(arguments, env, second_of_day),
    &[
        ("timeSecondOfDay(1527500035)", "34435"),
        ("timeSecondOfDay(timeGmtToLocal(timeParse('13:30:00','%H:%M:%S')))", "48600"),
    ],
)
.mark(Mark::Source);

/// `timeString`.
pub(crate) static TIME_STRING: Function = Function::new(
    "timeString",
    FAMILY,
    "(t, format)",
    "t as local time in a strftime format.",
    (2, 2),
    Body::Eager(|arguments, env| formatted(arguments, env.zone)),
    &[("timeString(1527500035,'%c')", "Mon May 28 09:33:55 2018"), ("timeString(0,'%Q')", "null")],
)
.mark(Mark::Source);

/// `timeGmtString`.
pub(crate) static TIME_GMT_STRING: Function = Function::new(
    "timeGmtString",
    FAMILY,
    "(t, format)",
    "t as UTC in a strftime format.",
    (2, 2),
    Body::Eager(|arguments, _| formatted(arguments, &jiff::tz::TimeZone::UTC)),
    &[
        ("timeGmtString(1527500035,'%Y-%m-%d %H:%M:%S')", "2018-05-28 09:33:55"),
        ("timeGmtString(quotient(1527500035670000,1000000),'%H:%M:%S')", "09:33:55"),
    ],
)
.mark(Mark::Source);

/// `timeParse`.
pub(crate) static TIME_PARSE: Function = Function::new(
    "timeParse",
    FAMILY,
    "(s, format)",
    "The time that s says in the local zone, read with a strptime format; what the format leaves open is that of 1970-01-01 00:00:00.",
    (2, 2),
    Body::Eager(parse),
    &[
        ("timeParse('2018-05-28T09:33:55.670Z','%Y-%m-%dT%H:%M:%S')", "1527500035"),
        ("timeParse('13:30:00','%H:%M:%S')", "48600"),
        ("timeParse('nonsense','%H:%M:%S')", "null"),
    ],
)
.mark(Mark::Source);

/// `timeGmtToLocal`.
pub(crate) static TIME_GMT_TO_LOCAL: Function = Function::new(
    "timeGmtToLocal",
    FAMILY,
    "(t)",
    "t plus the local zone's offset at that time.",
    (1, 1),
    Body::Eager(gmt_to_local),
    &[("timeGmtToLocal(1527500035)", "1527500035")],
)
.mark(Mark::Source);

/// `timeIsDst`.
pub(crate) static TIME_IS_DST: Function = part_of(
    "timeIsDst",
    "Whether daylight saving time is in force.",
    |arguments, env| {
        let zone = env.zone.clone();
        let flag =
            part(arguments, env, |time| i64::from(zone.to_offset_info(time.timestamp()).dst().is_dst()))?;
        Ok(if flag.is_null() { flag } else { Value::Bool(flag.truth()) })
    },
    &[("timeIsDst(1527500035)", "0")],
)
.mark(Mark::Source);
