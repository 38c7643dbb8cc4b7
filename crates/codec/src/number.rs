//! Numbers as text: fixed decimals and money.

use std::io::Write as _;

/// Appends `value` with `precision` decimals, correctly rounded (a tie goes to the even digit), as C's `%.*f`.
/// What is no number becomes `nan`, `inf` or `-inf`.
pub fn write_fixed(out: &mut Vec<u8>, value: f64, precision: u8) {
    if !value.is_finite() {
        let word: &[u8] = if value.is_nan() {
            b"nan"
        } else if value > 0.0 {
            b"inf"
        } else {
            b"-inf"
        };
        out.extend_from_slice(word);
        return;
    }
    if let Some(scaled) = scale(value.abs(), precision) {
        if value.is_sign_negative() {
            out.push(b'-');
        }
        let one = 10u64.pow(u32::from(precision));
        out.extend_from_slice(itoa::Buffer::new().format(scaled / one).as_bytes());
        if precision > 0 {
            out.push(b'.');
            write_padded(out, scaled % one, usize::from(precision));
        }
    } else {
        // Writing to a Vec cannot fail.
        let _ = write!(out, "{value:.*}", usize::from(precision));
    }
}

/// `value * 10^precision` rounded to an integer from the exact binary value, if it stays small enough.
fn scale(value: f64, precision: u8) -> Option<u64> {
    if precision > 18 {
        return None;
    }
    let bits = value.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as i32;
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) =
        if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
    let product = u128::from(mantissa) * 10u128.pow(u32::from(precision));
    if exponent >= 0 {
        // The product has at most 113 bits.
        if exponent > 14 {
            return None;
        }
        return u64::try_from(product << exponent).ok();
    }
    let shift = exponent.unsigned_abs();
    if shift > 114 {
        return Some(0);
    }
    let quotient = product >> shift;
    let rest = product & ((1u128 << shift) - 1);
    let half = 1u128 << (shift - 1);
    let up = rest > half || (rest == half && quotient & 1 == 1);
    u64::try_from(quotient + u128::from(up)).ok()
}

/// Appends `number` with leading zeros up to `width` digits.
pub(crate) fn write_padded(out: &mut Vec<u8>, mut number: u64, width: usize) {
    let start = out.len();
    out.resize(start + width, b'0');
    for digit in out[start..].iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Appends an amount of ten-thousandths as a decimal with 4 places.
pub fn write_money(out: &mut Vec<u8>, amount: i64) {
    if amount < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(itoa::Buffer::new().format(amount.unsigned_abs() / 10_000).as_bytes());
    out.push(b'.');
    write_padded(out, amount.unsigned_abs() % 10_000, 4);
}

/// Reads a decimal as ten-thousandths. Places beyond the fourth round, halves away from zero.
pub fn parse_money(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let mut amount: i64 = 0;
    let places = fraction.bytes().chain(std::iter::repeat(b'0')).take(4);
    for digit in whole.bytes().chain(places) {
        let digit = i64::from(digit - b'0');
        amount = amount.checked_mul(10)?.checked_sub(digit)?;
    }
    if fraction.as_bytes().get(4).is_some_and(|&digit| digit >= b'5') {
        amount = amount.checked_sub(1)?;
    }
    if negative { Some(amount) } else { amount.checked_neg() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fixed(value: f64, precision: u8) -> String {
        let mut out = Vec::new();
        write_fixed(&mut out, value, precision);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn fixed_samples_of_the_specification() {
        assert_eq!(fixed(7.704, 6), "7.704000");
        assert_eq!(fixed(113.2, 6), "113.200000");
        assert_eq!(fixed(-31.7651, 6), "-31.765100");
        assert_eq!(fixed(0.0, 6), "0.000000");
        assert_eq!(fixed(f64::NAN, 6), "nan");
        assert_eq!(fixed(f64::NEG_INFINITY, 6), "-inf");
    }

    #[test]
    fn money_reads_and_writes() {
        let text = |amount| {
            let mut out = Vec::new();
            write_money(&mut out, amount);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(text(-300), "-0.0300");
        assert_eq!(parse_money("-0.03"), Some(-300));
        assert_eq!(parse_money("1.00005"), Some(10_001));
        assert_eq!(parse_money(&text(i64::MIN)), Some(i64::MIN));
        assert_eq!(parse_money("922337203685477.5808"), None);
        for bad in ["", "-", ".", "1.2.3", "1e3", "--1", "1,2"] {
            assert_eq!(parse_money(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn fixed_is_what_the_standard_library_writes(bits: u64, precision in 0u8..22) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            prop_assert_eq!(fixed(value, precision), format!("{value:.*}", usize::from(precision)));
        }

        #[test]
        fn fixed_of_everyday_numbers(value in -1e10f64..1e10, eighths in -1_000_000i64..1_000_000) {
            prop_assert_eq!(fixed(value, 6), format!("{value:.6}"));
            let tie = eighths as f64 / 128.0;
            prop_assert_eq!(fixed(tie, 6), format!("{tie:.6}"));
        }

        #[test]
        fn money_round_trips(amount: i64) {
            let mut out = Vec::new();
            write_money(&mut out, amount);
            prop_assert_eq!(parse_money(std::str::from_utf8(&out).unwrap()), Some(amount));
        }
    }
}
