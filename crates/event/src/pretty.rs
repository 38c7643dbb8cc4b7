//! Event blocks as text tables, for tests that read like the tables of the specification.
//!
//! ```text
//!        ID*:int32  symbol:string  price:double  # what is expected here
//! I  N   1          ibm            10.5          # a remark
//! UB N   1          "two words"    11
//! D  N   1          ibm            10.5
//! U  P   1          =              ∅
//! D  R   1          ∅              ∅
//! ```
//!
//! Columns are separated by blanks. The header gives the fields as in a schema string; a row gives opcode and
//! flags in ESP's letters, then one value per field. `∅` is null, `=` is "unchanged" (a field of a partial
//! update that keeps the stored value). Text stands bare, or in double quotes with the escapes `\" \\ \n \r \t
//! \0`. A double is written as Rust writes it, money as a decimal, date and stamp as their integer, a blob as
//! `0x` and hex digits, an array as `[1;2]`. From a `#` that follows a blank to the end of the line is a remark;
//! empty lines are skipped.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::block::{EventBlock, EventRef};
use crate::field_type::FieldType;
use crate::opcode::{Flags, Opcode};
use crate::row::{RowBatch, RowWriter};
use crate::schema::{Schema, SchemaError};
use crate::value::{MONEY_SCALE, Value, array_double, array_i32, array_i64};

/// Why a text is no table of events.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrettyError {
    /// There is no line at all.
    #[error("the table has no header line")]
    NoHeader,
    /// The header is no schema.
    #[error("header: {0}")]
    Header(#[from] SchemaError),
    /// The header has other fields than the schema that was asked for.
    #[error("the header declares {found}, expected {expected}")]
    OtherSchema {
        /// The schema of the header.
        found: String,
        /// The schema that was asked for.
        expected: String,
    },
    /// A line with more or fewer columns than opcode, flags and fields.
    #[error("line {line}: {found} columns, expected {expected}")]
    Columns {
        /// Line number, from 1.
        line: usize,
        /// Number of columns in the line.
        found: usize,
        /// Number of columns that there must be.
        expected: usize,
    },
    /// A column that does not read as what it must be.
    #[error("line {line}: '{text}' is no {expected}")]
    BadColumn {
        /// Line number, from 1.
        line: usize,
        /// Text of the column.
        text: String,
        /// What it must be.
        expected: String,
    },
}

/// The block of events in `text`, over rows of `schema`. A header line may be left out; if there is one, it
/// must say the same as `schema`.
///
/// # Panics
/// When `text` is no table of such events. It is meant for tests; see [`try_block`].
#[track_caller]
pub fn block(schema: &Schema, text: &str) -> EventBlock {
    match try_block(schema, text) {
        Ok(block) => block,
        Err(error) => panic!("{error} in\n{text}"),
    }
}

/// The schema of the header line of `text` and the block of the events below it.
///
/// # Panics
/// When `text` is no table. It is meant for tests; see [`try_parse`].
#[track_caller]
pub fn parse(text: &str) -> (Schema, EventBlock) {
    match try_parse(text) {
        Ok(parsed) => parsed,
        Err(error) => panic!("{error} in\n{text}"),
    }
}

/// As [`block`].
///
/// # Errors
/// When `text` is no table of events with this schema.
pub fn try_block(schema: &Schema, text: &str) -> Result<EventBlock, PrettyError> {
    let mut lines = lines(text);
    if let Some(header) = lines.next_if(|(_, columns)| is_header(columns)) {
        let found = schema_of(&header.1)?;
        if found != *schema {
            return Err(PrettyError::OtherSchema { found: found.to_string(), expected: schema.to_string() });
        }
    }
    rows(schema, lines)
}

/// As [`parse`].
///
/// # Errors
/// When there is no header or a line does not fit it.
pub fn try_parse(text: &str) -> Result<(Schema, EventBlock), PrettyError> {
    let mut lines = lines(text);
    let header = lines.next_if(|(_, columns)| is_header(columns)).ok_or(PrettyError::NoHeader)?;
    let schema = schema_of(&header.1)?;
    let block = rows(&schema, lines)?;
    Ok((schema, block))
}

/// The block as a table with aligned columns, each line ended by a line feed: equal blocks give equal text.
pub fn print(schema: &Schema, block: &EventBlock) -> String {
    let mut table: Vec<Vec<String>> = Vec::with_capacity(block.len() + 1);
    let mut header = vec![String::new(), String::new()];
    header.extend(schema.fields().iter().map(|f| {
        let star = if f.key { "*" } else { "" };
        format!("{}{star}:{}", f.name, f.ty)
    }));
    table.push(header);
    for event in block.iter() {
        let mut line = vec![format!("{:2}", event.opcode), format!("{:2}", event.flags)];
        for (field, value) in event.row.values().enumerate() {
            let unchanged = block.rows().is_unchanged(event.row_number as usize, field);
            line.push(if unchanged { "=".to_owned() } else { value_text(value) });
        }
        table.push(line);
    }
    let columns = schema.len() + 2;
    let widths: Vec<usize> = (0..columns)
        .map(|column| table.iter().map(|line| line[column].chars().count()).max().unwrap_or(0))
        .collect();
    let mut out = String::new();
    for line in &table {
        let mut text = String::new();
        for (column, width) in line.iter().zip(&widths) {
            let _ = write!(text, "{column:width$} ");
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    out
}

/// One column: its text, and whether it stood in quotes.
type Column = (String, bool);

fn lines(text: &str) -> std::iter::Peekable<impl Iterator<Item = (usize, Vec<Column>)> + '_> {
    text.lines()
        .enumerate()
        .map(|(i, line)| (i + 1, columns(line)))
        .filter(|(_, columns)| !columns.is_empty())
        .peekable()
}

fn columns(line: &str) -> Vec<Column> {
    let mut columns = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() && !rest.starts_with('#') {
        if let Some(quoted) = rest.strip_prefix('"') {
            let (text, used) = unquote(quoted);
            columns.push((text, true));
            rest = &quoted[used..];
        } else {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            columns.push((rest[..end].to_owned(), false));
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    columns
}

/// The text up to the closing quote, and how many bytes it took with that quote.
fn unquote(quoted: &str) -> (String, usize) {
    let mut text = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (text, at + 1),
            '\\' => match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 'r')) => text.push('\r'),
                Some((_, 't')) => text.push('\t'),
                Some((_, '0')) => text.push('\0'),
                Some((_, other)) => text.push(other),
                None => {}
            },
            other => text.push(other),
        }
    }
    (text, quoted.len())
}

fn is_header(columns: &[Column]) -> bool {
    columns.first().is_some_and(|(text, quoted)| !quoted && text.contains(':'))
}

fn schema_of(header: &[Column]) -> Result<Schema, SchemaError> {
    Schema::parse(&header.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join(","))
}

fn rows(
    schema: &Schema,
    lines: impl Iterator<Item = (usize, Vec<Column>)>,
) -> Result<EventBlock, PrettyError> {
    let mut batch = RowBatch::new(schema.layout());
    let mut events = Vec::new();
    for (line, columns) in lines {
        let bad = |(text, _): &Column, expected: &str| PrettyError::BadColumn {
            line,
            text: text.clone(),
            expected: expected.to_owned(),
        };
        if columns.len() != schema.len() + 2 {
            return Err(PrettyError::Columns { line, found: columns.len(), expected: schema.len() + 2 });
        }
        let opcode = opcode(&columns[0].0).ok_or_else(|| bad(&columns[0], "opcode"))?;
        let flags = Flags::parse(&columns[1].0).ok_or_else(|| bad(&columns[1], "list of flags"))?;
        let mut row = batch.push();
        for (field, column) in columns[2..].iter().enumerate() {
            set(&mut row, field, schema.ty(field), column)
                .ok_or_else(|| bad(column, schema.ty(field).name()))?;
        }
        let row = row.number();
        events.push(EventRef { row, opcode, flags });
    }
    Ok(EventBlock::new(Arc::new(batch), events))
}

/// As [`Opcode::parse`], and `UB`.
fn opcode(text: &str) -> Option<Opcode> {
    if text.eq_ignore_ascii_case("ub") { Some(Opcode::UpdateBlock) } else { Opcode::parse(text) }
}

fn set(row: &mut RowWriter<'_>, field: usize, ty: FieldType, (text, quoted): &Column) -> Option<()> {
    if !quoted && text == "∅" {
        return Some(());
    }
    if !quoted && text == "=" {
        row.set_unchanged(field);
        return Some(());
    }
    match ty {
        FieldType::String | FieldType::RString => row.set_text(field, text),
        _ if *quoted => return None,
        FieldType::Int32 => row.set_int(field, i64::from(text.parse::<i32>().ok()?)),
        FieldType::Int64 | FieldType::Date | FieldType::Stamp => row.set_int(field, text.parse().ok()?),
        FieldType::Double => row.set_double(field, text.parse().ok()?),
        FieldType::Money => row.set_int(field, parse_money(text)?),
        FieldType::Blob => row.set_bytes(field, &parse_hex(text)?),
        FieldType::ArrayI32 => set_array(row, field, text, |n: i32| n.to_le_bytes())?,
        FieldType::ArrayI64 => set_array(row, field, text, |n: i64| n.to_le_bytes())?,
        FieldType::ArrayDouble => set_array(row, field, text, |n: f64| n.to_le_bytes())?,
    }
    Some(())
}

fn set_array<T: std::str::FromStr, const N: usize>(
    row: &mut RowWriter<'_>,
    field: usize,
    text: &str,
    bytes_of: impl Fn(T) -> [u8; N],
) -> Option<()> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    let mut bytes = Vec::new();
    if !inner.is_empty() {
        for element in inner.split(';') {
            bytes.extend(bytes_of(element.parse().ok()?));
        }
    }
    row.set_bytes(field, &bytes);
    Some(())
}

fn parse_money(text: &str) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.starts_with(['+', '-']) || fraction.len() > 4 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let ten_thousandths: i64 = format!("{fraction:0<4}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(MONEY_SCALE)?.checked_add(ten_thousandths)?.checked_mul(sign)
}

fn parse_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x")?;
    if !digits.len().is_multiple_of(2) || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok()).collect()
}

fn value_text(value: Value<'_>) -> String {
    match value {
        Value::Null => "∅".to_owned(),
        Value::Int32(v) => v.to_string(),
        Value::Int64(v) | Value::Date(v) | Value::Stamp(v) => v.to_string(),
        Value::Double(v) => v.to_string(),
        Value::String(v) => text_text(v),
        Value::Money(v) => {
            let sign = if v < 0 { "-" } else { "" };
            let (whole, rest) = (v.unsigned_abs() / 10_000, v.unsigned_abs() % 10_000);
            format!("{sign}{whole}.{rest:04}")
        }
        Value::Blob(v) => v.iter().fold("0x".to_owned(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        }),
        Value::Array(FieldType::ArrayI32, v) => array_text(array_i32(v)),
        Value::Array(FieldType::ArrayI64, v) => array_text(array_i64(v)),
        Value::Array(_, v) => array_text(array_double(v)),
    }
}

fn array_text(elements: impl Iterator<Item = impl ToString>) -> String {
    let elements: Vec<String> = elements.map(|element| element.to_string()).collect();
    format!("[{}]", elements.join(";"))
}

fn text_text(text: &str) -> String {
    let bare = !text.is_empty()
        && text != "="
        && text != "∅"
        && !text.starts_with(['#', '"'])
        && !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\');
    if bare {
        return text.to_owned();
    }
    let mut quoted = "\"".to_owned();
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\0' => quoted.push_str("\\0"),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_table_is_read_and_printed() {
        let text = "      ID*:int32 name:string price:double
I  N  1         abc         10.5
UB N  1         \"a b\"       -3
D  N  1         ∅           =
P  PR 2         \"∅\"         NaN
";
        let (schema, block) = parse(text);
        assert_eq!(schema.to_string(), "ID*:int32,name:string,price:double");
        assert_eq!(block.len(), 4);
        assert_eq!(block.event(1).opcode, Opcode::UpdateBlock);
        assert_eq!(block.event(1).row.text(1), "a b");
        assert!(block.event(2).row.is_null(1) && block.rows().is_unchanged(2, 2));
        assert!(!block.rows().is_unchanged(2, 1));
        assert_eq!(block.event(3).flags, Flags::PARTIAL | Flags::RETENTION);
        assert_eq!(block.event(3).row.text(1), "∅");
        assert_eq!(print(&schema, &block), text);
    }

    #[test]
    fn remarks_and_blank_lines_are_skipped() {
        let schema = Schema::parse("a*:int64,s:string").unwrap();
        let table = block(&schema, "\n  I N 1 x#y # one\n# only a remark\n\nd n 2 \"#\"");
        assert_eq!(
            print(&schema, &table),
            "      a*:int64 s:string\nI  N  1        x#y\nD  N  2        \"#\"\n"
        );
    }

    #[test]
    fn every_type_has_a_form() {
        let text = "      t:date m:stamp c:money b:blob r:rstring x:array(i32) y:array(i64) z:array(dbl)
I  N  -5     7       -0.0300 0x00ff \"\"        [1;-2]       []           [0.5;1]
";
        let (schema, block) = parse(text);
        assert_eq!(block.event(0).row.int(2), -300);
        assert_eq!(block.event(0).row.bytes(3), [0, 255]);
        assert_eq!(print(&schema, &block), text);
    }

    #[test]
    fn mistakes_name_their_line() {
        let error = |text: &str| try_parse(text).unwrap_err().to_string();
        assert_eq!(error(""), "the table has no header line");
        assert_eq!(error("a:int32\nI N"), "line 2: 2 columns, expected 3");
        assert_eq!(error("a:int32\n\nI N x"), "line 3: 'x' is no int32");
        assert_eq!(error("a:int32\nQ N 1"), "line 2: 'Q' is no opcode");
        assert_eq!(error("a:int32\nI Q 1"), "line 2: 'Q' is no list of flags");
        let schema = Schema::parse("a:int64").unwrap();
        let other = try_block(&schema, "a:int32").unwrap_err();
        assert_eq!(other.to_string(), "the header declares a:int32, expected a:int64");
    }

    proptest! {
        #[test]
        fn text_round_trips(texts in prop::collection::vec(prop::option::of("(?s).{0,12}"), 1..10)) {
            let schema = Schema::parse("k*:int64,s:string").unwrap();
            let mut batch = RowBatch::new(schema.layout());
            let mut events = Vec::new();
            for (i, text) in texts.iter().enumerate() {
                let mut row = batch.push();
                row.set_int(0, i as i64);
                if let Some(text) = text {
                    row.set_text(1, text);
                }
                events.push(EventRef { row: i as u32, opcode: Opcode::Insert, flags: Flags::NORMAL });
            }
            let printed = print(&schema, &EventBlock::new(Arc::new(batch), events));
            let (_, again) = parse(&printed);
            prop_assert_eq!(print(&schema, &again), printed);
            for (i, text) in texts.iter().enumerate() {
                let expected = text.as_deref().map_or(Value::Null, Value::String);
                prop_assert_eq!(again.event(i).row.value(1), expected);
            }
        }
    }
}
