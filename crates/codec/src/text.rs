//! Values as text: what csv, json and xml have in common.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use tidegate_event::row::RowWriter;
use tidegate_event::value::{array_double, array_i32, array_i64};
use tidegate_event::{Event, EventBlock, FieldType, Flags, Opcode, Value};

use crate::datetime::DatePattern;
use crate::number::{parse_money, write_fixed, write_money};
use crate::options::EncodeOptions;

/// Decimals of a double without `doubleprecision` (connectors-adapters 4.1.4).
pub(crate) const DOUBLE_DECIMALS: u8 = 6;

const BASE64_IN: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Sets `field` from its text. `None` when the text does not read as the field's type.
pub(crate) fn set_from_text(
    row: &mut RowWriter<'_>,
    field: usize,
    ty: FieldType,
    text: &str,
    dates: Option<&DatePattern>,
    scratch: &mut Vec<u8>,
) -> Option<()> {
    match ty {
        FieldType::String | FieldType::RString => row.set_text(field, text),
        FieldType::Int32 => row.set_int(field, i64::from(i32::try_from(parse_int(text.trim_end())?).ok()?)),
        FieldType::Int64 => row.set_int(field, parse_int(text.trim_end())?),
        FieldType::Double => row.set_double(field, text.trim_end().parse().ok()?),
        FieldType::Date => row.set_int(
            field,
            match dates {
                Some(pattern) => pattern.parse_micros(text)?.div_euclid(1_000_000),
                None => parse_int(text.trim_end())?,
            },
        ),
        FieldType::Stamp => row.set_int(
            field,
            match dates {
                Some(pattern) => pattern.parse_micros(text)?,
                None => parse_int(text.trim_end())?,
            },
        ),
        FieldType::Money => row.set_int(field, parse_money(text.trim_end())?),
        FieldType::Blob => {
            scratch.clear();
            BASE64_IN.decode_vec(text.trim_end(), scratch).ok()?;
            row.set_bytes(field, scratch);
        }
        FieldType::ArrayI32 | FieldType::ArrayI64 | FieldType::ArrayDouble => {
            scratch.clear();
            parse_array(text.trim_end(), ty, scratch)?;
            row.set_bytes(field, scratch);
        }
    }
    Some(())
}

/// An optional sign and decimal digits.
fn parse_int(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    if digits.is_empty() || digits.len() > 18 {
        return text.parse().ok();
    }
    let mut number: i64 = 0;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return text.parse().ok();
        }
        number = number * 10 + i64::from(digit);
    }
    Some(if digits.len() == bytes.len() { number } else { -number })
}

/// `[1;2]`; blanks around elements do no harm.
fn parse_array(text: &str, ty: FieldType, out: &mut Vec<u8>) -> Option<()> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?.trim();
    if inner.is_empty() {
        return Some(());
    }
    for element in inner.split(';') {
        let element = element.trim();
        match ty {
            FieldType::ArrayI32 => out.extend(element.parse::<i32>().ok()?.to_le_bytes()),
            FieldType::ArrayI64 => out.extend(element.parse::<i64>().ok()?.to_le_bytes()),
            _ => out.extend(element.parse::<f64>().ok()?.to_le_bytes()),
        }
    }
    Some(())
}

/// Sets `field`, which is of type `ty`, from its text, as a csv field would be; answers whether the text reads as that type.
pub fn read_value(
    row: &mut RowWriter<'_>,
    field: usize,
    ty: FieldType,
    text: &str,
    dates: Option<&DatePattern>,
) -> bool {
    set_from_text(row, field, ty, text, dates, &mut Vec::new()).is_some()
}

/// Appends the text form of a value, nothing for null: as csv has it, and the HTTP interface.
pub fn write_value(out: &mut Vec<u8>, value: Value<'_>, options: &EncodeOptions) {
    let decimals = options.double_precision.unwrap_or(DOUBLE_DECIMALS);
    match value {
        Value::Null => {}
        Value::Int32(v) => write_int(out, i64::from(v)),
        Value::Int64(v) => write_int(out, v),
        Value::Double(v) => write_fixed(out, v, decimals),
        Value::String(v) => out.extend_from_slice(v.as_bytes()),
        Value::Date(v) => match &options.date_format {
            Some(pattern) => pattern.write_seconds(out, v),
            None => write_int(out, v),
        },
        Value::Stamp(v) => match &options.date_format {
            Some(pattern) => pattern.write_micros(out, v),
            None => write_int(out, v),
        },
        Value::Money(v) => write_money(out, v),
        Value::Blob(v) => write_base64(out, v),
        Value::Array(FieldType::ArrayI32, v) => {
            write_list(out, array_i32(v), |out, n| write_int(out, i64::from(n)));
        }
        Value::Array(FieldType::ArrayI64, v) => write_list(out, array_i64(v), write_int),
        Value::Array(_, v) => write_list(out, array_double(v), |out, n| write_fixed(out, n, decimals)),
    }
}

pub(crate) fn write_int(out: &mut Vec<u8>, number: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends bytes as base64, padded and in one line.
pub(crate) fn write_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let written = STANDARD.encode_slice(bytes, &mut out[start..]).expect("four bytes per three fit");
    out.truncate(start + written);
}

fn write_list<T>(out: &mut Vec<u8>, elements: impl Iterator<Item = T>, write: impl Fn(&mut Vec<u8>, T)) {
    out.push(b'[');
    for (i, element) in elements.enumerate() {
        if i > 0 {
            out.push(b';');
        }
        write(out, element);
    }
    out.push(b']');
}

/// The events of `block` that a subscriber with these options gets, each with the opcode that it gets
/// (connectors-adapters 1.8). A delete that is the old half of an update pair is no retention delete.
pub(crate) fn outgoing<'b>(
    block: &'b EventBlock,
    options: &EncodeOptions,
) -> impl Iterator<Item = (Opcode, Event<'b>)> + use<'b> {
    let (collapse, rmretdel) = (options.collapse, options.rmretdel);
    let mut old_half = false;
    block.iter().filter_map(move |event| {
        let is_old_half = std::mem::replace(&mut old_half, event.opcode == Opcode::UpdateBlock);
        if is_old_half && collapse {
            return None;
        }
        if rmretdel && !is_old_half && event.opcode.is_delete() && event.flags.contains(Flags::RETENTION) {
            return None;
        }
        let collapsed = collapse && event.opcode == Opcode::UpdateBlock;
        Some((if collapsed { Opcode::Update } else { event.opcode }, event))
    })
}
