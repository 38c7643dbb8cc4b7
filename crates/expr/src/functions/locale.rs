//! `locale`, `username`.

use crate::faults::FaultKind;
use crate::function::{Body, Function, Mark};
use crate::signature;

/// The one locale that there is.
const LOCALE: &str = "en_US";

fn set_locale(wanted: &str, out: &mut String) -> Result<(), FaultKind> {
    let name = wanted.split('.').next().unwrap_or_default();
    if name.eq_ignore_ascii_case(LOCALE) {
        out.push_str(LOCALE);
        Ok(())
    } else {
        Err(FaultKind::BadArgument)
    }
}

/// `locale([s])`.
pub(crate) static F: Function = Function {
    name: "locale",
    category: "Information and conversion",
    usage: "([s])",
    doc: r#"The locale, always en_US; setting another is a fault."#,
    mark: Mark::Manual,
    body: Body::Overloads(&[
        signature!(() -> text, |out: &mut String| out.push_str(LOCALE)),
        signature!((s: &str) -> text, set_locale),
    ]),
    examples: &[
        (r#"locale()"#, r#"en_US"#),
        (r#"locale("en_US")"#, r#"en_US"#),
        (r#"locale("de_DE")"#, r#"null"#),
    ],
};

/// `username()`.
pub(crate) static USERNAME: Function = Function {
    name: "username",
    category: "Strings",
    usage: "()",
    doc: r#"Refused: engines that run as different users would give different output."#,
    mark: Mark::Manual,
    body: Body::Refused("engines that run as different users would give different output"),
    examples: &[],
};
