//! Reading arguments the way that real scripts write them.

use super::Parsed;
use super::table::{OPTIONS, OptionSpec};

/// Reads the arguments after the program's name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut words = words(arguments).into_iter().peekable();
    while let Some(word) = words.next() {
        let Some(name) = option_name(&word) else {
            parsed.warnings.push(format!("the stray argument '{word}' is ignored"));
            continue;
        };
        let (name, joined) = match name.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (name, None),
        };
        let option = OPTIONS.iter().find(|option| option.names.contains(&name));
        let takes_value = option.is_none_or(|option| option.value.is_some());
        let value = match joined {
            Some(value) => Some(value),
            None if takes_value => words.next_if(|next| option_name(next).is_none()),
            None => Some(String::new()),
        };
        match (option, value) {
            (Some(option), Some(value)) => apply(option, name, &value, &mut parsed),
            (None, Some(value)) => {
                parsed.options.tokens.insert(name.to_owned(), value);
            }
            (Some(_), None) => parsed.warnings.push(format!("-{name} has no value and is ignored")),
            (None, None) => parsed.warnings.push(format!("the unknown option -{name} is ignored")),
        }
    }
    parsed
}

fn apply(option: &'static OptionSpec, name: &str, value: &str, parsed: &mut Parsed) {
    let shown = option.names.iter().find(|known| **known == name).copied().unwrap_or(option.names[0]);
    parsed.options.effective.insert(shown, value.to_owned());
    (option.apply)(parsed, value);
}

/// The arguments without empty ones, with an option and its value in one argument taken apart.
fn words(arguments: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut words = Vec::new();
    for argument in arguments {
        let argument = argument.trim();
        match argument.split_once(char::is_whitespace) {
            Some((option, value)) if option_name(option).is_some() && !option.contains('=') => {
                words.push(option.to_owned());
                words.push(value.trim_start().to_owned());
            }
            _ if argument.is_empty() => {}
            _ => words.push(argument.to_owned()),
        }
    }
    words
}

/// The name of an option, without its one or two dashes; none for a value, such as a negative number or `-`.
fn option_name(word: &str) -> Option<&str> {
    let name = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_').then_some(name)
}
