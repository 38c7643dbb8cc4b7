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
    doc: r#"The user that the server runs as, asked once when the expression is compiled; null when it has no name."#,
    mark: Mark::Manual,
    body: Body::UserName,
    examples: &[(r#"isnull(username()) or len(username()) > 0"#, r#"true"#)],
};

/// The operating system's name for the user of this process.
pub(crate) fn user_name() -> Option<String> {
    let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
    variable("USER").or_else(|| variable("LOGNAME")).or_else(|| {
        // A server in a container seldom has the variables; its user often stands in the list of users.
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let user = status.lines().find_map(|line| line.strip_prefix("Uid:"))?.split_whitespace().nth(1)?;
        let users = std::fs::read_to_string("/etc/passwd").ok()?;
        users.lines().find_map(|line| {
            let mut parts = line.split(':');
            let name = parts.next()?;
            (parts.nth(1)? == user).then(|| name.to_owned())
        })
    })
}
