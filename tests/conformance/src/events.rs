//! Events as a subscriber's CSV file shows them.

use std::fmt;

use crate::case::{Flags, Header, Window};
use crate::records::records;
use crate::value::Value;

/// An opcode, by its shortest spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opcode {
    /// `I`
    Insert,
    /// `U`
    Update,
    /// `P`
    Upsert,
    /// `D`
    Delete,
    /// `SD`
    SafeDelete,
    /// `UB`, the new half of an update pair.
    UpdateBlock,
}

impl Opcode {
    fn read(text: &str) -> Option<Self> {
        Some(match text.trim().to_uppercase().as_str() {
            "I" | "INSERT" => Self::Insert,
            "U" | "UPDATE" => Self::Update,
            "P" | "UPSERT" => Self::Upsert,
            "D" | "DELETE" => Self::Delete,
            "SD" | "S" | "SAFEDELETE" => Self::SafeDelete,
            "UB" | "UPDATEBLOCK" | "UPDATE BLOCK" => Self::UpdateBlock,
            _ => return None,
        })
    }

    fn token(self) -> &'static str {
        match self {
            Self::Insert => "I",
            Self::Update => "U",
            Self::Upsert => "P",
            Self::Delete => "D",
            Self::SafeDelete => "SD",
            Self::UpdateBlock => "UB",
        }
    }
}

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) opcode: Opcode,
    partial: bool,
    retention: bool,
    pub(crate) values: Vec<Value>,
}

impl Event {
    /// Whether this is the same event as `other`, as far as `window` compares them.
    pub(crate) fn same(&self, other: &Self, window: &Window) -> bool {
        let flags = (self.partial, self.retention) == (other.partial, other.retention);
        self.opcode == other.opcode
            && (window.flags == Flags::Ignore || flags)
            && self.same_values(other, window)
    }

    /// Whether the compared columns hold the same.
    pub(crate) fn same_values(&self, other: &Self, window: &Window) -> bool {
        let compared = |name: &String| window.columns.as_ref().is_none_or(|columns| columns.contains(name));
        let pairs = self.values.iter().zip(&other.values).zip(&window.fields);
        pairs.filter(|(_, (name, ..))| compared(name)).all(|((a, b), _)| a.close(b))
    }

    /// Whether every column holds the same.
    pub(crate) fn same_row(&self, other: &Self) -> bool {
        self.values.iter().zip(&other.values).all(|(a, b)| a.close(b))
    }

    /// Whether the key fields hold the same.
    pub(crate) fn same_key(&self, other: &Self, window: &Window) -> bool {
        let pairs = self.values.iter().zip(&other.values).zip(&window.fields);
        pairs.filter(|(_, (.., key))| *key).all(|((a, b), _)| a == b)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = match (self.partial, self.retention) {
            (false, false) => "N",
            (true, false) => "P",
            (false, true) => "R",
            (true, true) => "PR",
        };
        write!(f, "{},{flags}", self.opcode.token())?;
        self.values.iter().try_for_each(|value| write!(f, ",{value}"))
    }
}

/// The events of a file, in the steps that blank lines make. A file without blank lines is one step.
pub(crate) fn read_steps(text: &str, window: &Window) -> Result<Vec<Vec<Event>>, String> {
    let mut steps = vec![Vec::new()];
    for record in records(text).map_err(|e| e.to_string())? {
        if record.is_empty() {
            steps.push(Vec::new());
        } else if let Some(step) = steps.last_mut() {
            step.push(read_event(&record, window)?);
        }
    }
    steps.retain(|step| !step.is_empty());
    Ok(steps)
}

/// `text` without the header line that `header` asks for.
pub(crate) fn without_header<'a>(text: &'a str, header: Header, window: &Window) -> Result<&'a str, String> {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let names = window.fields.iter().map(|(name, ..)| name.as_str());
    let wanted: Vec<&str> = match header {
        Header::Full => ["opcode", "flags"].into_iter().chain(names).collect(),
        Header::Fields => names.collect(),
    };
    let found: Vec<&str> = first.split(',').map(str::trim).collect();
    if found == wanted {
        Ok(rest)
    } else {
        Err(format!("header {first:?} instead of {:?}", wanted.join(",")))
    }
}

fn read_event(record: &[String], window: &Window) -> Result<Event, String> {
    let line = record.join(",");
    let [opcode, flags, values @ ..] = record else {
        return Err(format!("no flags in line {line}"));
    };
    let opcode = Opcode::read(opcode).ok_or_else(|| format!("unknown opcode in line {line}"))?;
    let flags = flags.trim().to_uppercase();
    if !flags.chars().all(|c| "NPR".contains(c)) {
        return Err(format!("unknown flags in line {line}"));
    }
    if values.len() != window.fields.len() {
        return Err(format!("{} values instead of {} in line {line}", values.len(), window.fields.len()));
    }
    let read = |(text, (_, kind, _)): (&String, &(String, String, bool))| {
        Value::read(text, kind, window.dateformat.as_deref())
    };
    let values = values.iter().zip(&window.fields).map(read).collect::<Result<_, _>>()?;
    Ok(Event { opcode, partial: flags.contains('P'), retention: flags.contains('R'), values })
}
