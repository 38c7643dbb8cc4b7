//! The functions of the language: one file for each, or for a small family.

pub(crate) mod arithmetic;
pub(crate) mod character;
pub(crate) mod compare;
pub(crate) mod conversion;
pub(crate) mod edit_distance;
pub(crate) mod formatdate;
pub(crate) mod instr;
pub(crate) mod isnull;
pub(crate) mod left;
pub(crate) mod len;
pub(crate) mod letter_case;
pub(crate) mod locale;
pub(crate) mod match_string;
pub(crate) mod mid;
pub(crate) mod parse;
pub(crate) mod pattern;
pub(crate) mod print;
pub(crate) mod refused;
pub(crate) mod replace;
pub(crate) mod right;
pub(crate) mod round;
pub(crate) mod sort;
pub(crate) mod trim;

use crate::function::Function;

/// Every function, by file.
pub static FUNCTIONS: &[&Function] = &[
    &arithmetic::ABS,
    &arithmetic::CEIL,
    &arithmetic::FLOOR,
    &arithmetic::POW,
    &arithmetic::MAX,
    &arithmetic::MIN,
    &character::ASC,
    &character::CHR,
    &compare::F,
    &conversion::TOINTEGER,
    &conversion::TOREAL,
    &conversion::TOSTRING,
    &conversion::TOBOOLEAN,
    &conversion::TODATE,
    &conversion::TYPEOF,
    &conversion::PARAMETER,
    &edit_distance::F,
    &formatdate::F,
    &formatdate::TODAY,
    &instr::F,
    &isnull::F,
    &isnull::ISBLANK,
    &isnull::ISALPHA,
    &isnull::ISNUMBER,
    &left::F,
    &len::F,
    &letter_case::UPPER,
    &letter_case::LOWER,
    &match_string::F,
    &locale::F,
    &locale::USERNAME,
    &mid::F,
    &parse::F,
    &parse::APARSE,
    &pattern::F,
    &pattern::HAS_CONTROL_CHARS,
    &print::F,
    &refused::DQ,
    &refused::LOGMESSAGE,
    &refused::SLEEP,
    &refused::RAISEERROR,
    &refused::VAREVAL,
    &refused::VARSET,
    &replace::F,
    &right::F,
    &round::F,
    &sort::SORT,
    &sort::SORT_WORDS,
    &trim::F,
];
