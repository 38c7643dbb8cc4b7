//! The functions, one file for each family.

mod conversion;
mod delimited;
mod event;
mod logic;
mod numbers;
mod patterns;
mod strings;
mod structure;
mod time;

use crate::function::Function;
use crate::value::{Outcome, Value};

pub(crate) use strings::translated;

/// Every function, in the order of functions.md 3.3.
pub static FUNCTIONS: &[&Function] = &[
    &logic::AND,
    &logic::OR,
    &logic::NOT,
    &logic::TRUE,
    &logic::FALSE,
    &logic::BOOLEAN,
    &logic::IS_NULL,
    &logic::IS_NOT_NULL,
    &logic::NOT_NULL,
    &logic::EQUALS,
    &logic::BETWEEN,
    &logic::GT,
    &logic::GE,
    &logic::LT,
    &logic::LE,
    &logic::COMPARE,
    &logic::IF,
    &logic::IF_NEXT,
    &logic::SWITCH,
    &logic::INTERVAL,
    &numbers::ABS,
    &numbers::CEILING,
    &numbers::DECREMENT,
    &numbers::DIFF,
    &numbers::FLOOR,
    &numbers::INCREMENT,
    &numbers::MAX,
    &numbers::MEAN,
    &numbers::MIN,
    &numbers::MOD,
    &numbers::NEGATE,
    &numbers::PRECISION,
    &numbers::PRODUCT,
    &numbers::QUOTIENT,
    &numbers::RANDOM,
    &numbers::ROUND,
    &numbers::SQRT,
    &numbers::SUM,
    &conversion::INTEGER,
    &conversion::LONG,
    &conversion::NUMBER,
    &conversion::STRING,
    &conversion::OUTSTR,
    &conversion::BASE64_DECODE,
    &conversion::BASE64_ENCODE,
    &conversion::URL_DECODE,
    &conversion::URL_ENCODE,
    &strings::CONCAT,
    &strings::CONCAT_DELIM,
    &strings::CONTAINS,
    &strings::ENDS_WITH,
    &strings::INDEX_OF,
    &strings::LAST_INDEX_OF,
    &strings::NORMALIZE_SPACE,
    &strings::STARTS_WITH,
    &strings::STRING_LENGTH,
    &strings::SUBSTRING,
    &strings::SUBSTRING_AFTER,
    &strings::SUBSTRING_BEFORE,
    &strings::TO_LOWER,
    &strings::TO_UPPER,
    &strings::TRANSLATE,
    &strings::TRIM,
    &patterns::RGX,
    &patterns::RGX_FIRST_TOKEN,
    &patterns::RGX_INDEX,
    &patterns::RGX_LAST_TOKEN,
    &patterns::RGX_MATCH,
    &patterns::RGX_REPLACE,
    &patterns::RGX_REPLACE_ALL,
    &patterns::RGX_TOKEN,
    &delimited::LIST_CONTAINS,
    &delimited::LIST_ITEM,
    &delimited::LIST_SIZE,
    &delimited::MAP_CONTAINS,
    &delimited::MAP_VALUE,
    &delimited::MAP_VALUES,
    &delimited::SET_CONTAINS,
    &time::SYSTEM_MICRO,
    &time::SYSTEM_MILLI,
    &time::TIME_CURRENT,
    &time::TIME_STAMP,
    &time::TIME_TODAY,
    &time::TIME_YEAR,
    &time::TIME_DAY_OF_MONTH,
    &time::TIME_DAY_OF_WEEK,
    &time::TIME_DAY_OF_YEAR,
    &time::TIME_HOUR,
    &time::TIME_MINUTE,
    &time::TIME_MINUTE_OF_DAY,
    &time::TIME_SECOND,
    &time::TIME_SECOND_OF_DAY,
    &time::TIME_STRING,
    &time::TIME_GMT_STRING,
    &time::TIME_PARSE,
    &time::TIME_GMT_TO_LOCAL,
    &time::TIME_IS_DST,
    &structure::JSON,
    &structure::XPATH,
    &event::INPUT,
    &event::EVENT_COUNTER,
    &event::EVENT_NUMBER,
    &event::GUID,
];

/// What a function makes of one text: null stays null.
fn of_text(value: &Value, f: impl FnOnce(&str) -> Value) -> Outcome {
    Ok(value.as_text().map_or(Value::Null, |text| f(&text)))
}

/// What a function makes of two texts.
fn of_texts(a: &Value, b: &Value, f: impl FnOnce(&str, &str) -> Value) -> Outcome {
    Ok(match (a.as_text(), b.as_text()) {
        (Some(a), Some(b)) => f(&a, &b),
        _ => Value::Null,
    })
}

/// An argument that is a whole number, such as a position; nothing when it is blank.
fn whole(value: &Value) -> Result<Option<i64>, tidegate_expr::FaultKind> {
    value.number()?.map(crate::number::Number::truncated).transpose()
}
