//! Numbers as text, the way Cast reads and writes them.
//!
//! The standard asks for plain and scientific notation and the words INF and NaN, and leaves the number
//! of digits open; ONNX Runtime writes eight significant ones for every float type, and so does this.

use std::fmt::Write as _;

use crate::onnx::tensor::Data;

use super::compute::Compute;

/// Significant digits of a float that is written.
const DIGITS: i32 = 8;

/// Appends element `at` of `data` as text. Truth values are written as 1 and 0.
pub(super) fn write(data: &Data, at: usize, text: &mut String) {
    // Writing to a String cannot fail.
    let _ = match data {
        Data::F32(_) | Data::F64(_) | Data::F16(_) => {
            let mut value = [0.0];
            f64::widen(data, at, &mut value);
            write_float(value[0], text);
            Ok(())
        }
        Data::U64(values) => write!(text, "{}", values[at]),
        Data::Str(texts) => {
            text.push_str(texts.get(at));
            Ok(())
        }
        _ => {
            let mut value = [0];
            i64::widen(data, at, &mut value);
            write!(text, "{}", value[0])
        }
    };
}

/// As C's `%.8g`: fixed notation for exponents from -4 to 7, no trailing zeros.
fn write_float(value: f64, text: &mut String) {
    if value.is_nan() {
        text.push_str("NaN");
        return;
    }
    if value.is_infinite() {
        text.push_str(if value > 0.0 { "INF" } else { "-INF" });
        return;
    }
    let (digits, exponent) = significant_digits(value.abs());
    let digits = digits.trim_end_matches('0');
    let sign = if value.is_sign_negative() { "-" } else { "" };
    text.push_str(sign);
    if digits.is_empty() {
        text.push('0');
    } else if (-4..DIGITS).contains(&exponent) {
        write_fixed(digits, exponent, text);
    } else {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        let sign = if exponent < 0 { '-' } else { '+' };
        let _ = write!(text, "{first}{point}{rest}e{sign}{:02}", exponent.abs());
    }
}

/// The first eight decimal digits of a finite number that is not negative, halves rounded to even, and the
/// exponent of the first one. Worked out from the exact decimal expansion, which is short code and leaves
/// the formatter of the standard library out of the module.
fn significant_digits(value: f64) -> (String, i32) {
    if value == 0.0 {
        return ("0".to_owned(), 0);
    }
    let bits = value.to_bits();
    let raw = (bits >> 52) as i32;
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, power) = if raw == 0 { (fraction, -1074) } else { (fraction | 1 << 52, raw - 1075) };
    // value = mantissa * 2^power, and 2^-n = 5^n / 10^n.
    let mut digits = Decimal::new(mantissa);
    for _ in 0..power.unsigned_abs() {
        digits.multiply(if power < 0 { 5 } else { 2 });
    }
    let mut exact = digits.into_digits();
    let mut exponent = exact.len() as i32 - 1 + power.min(0);
    if exact.len() > DIGITS as usize {
        let rest = exact.split_off(DIGITS as usize);
        let last_odd = exact.last().is_some_and(|digit| digit % 2 == 1);
        let half = rest[0] == 5 && rest[1..].iter().all(|&digit| digit == 0);
        if if half { last_odd } else { rest[0] >= 5 } {
            let mut at = exact.len();
            loop {
                let Some(before) = at.checked_sub(1) else {
                    // 99999999 becomes 100000000.
                    exact.insert(0, 1);
                    exact.pop();
                    exponent += 1;
                    break;
                };
                at = before;
                if exact[at] < 9 {
                    exact[at] += 1;
                    break;
                }
                exact[at] = 0;
            }
        }
    }
    (exact.into_iter().map(|digit| (b'0' + digit) as char).collect(), exponent)
}

/// A whole number of any size in groups of nine decimal digits, the lowest first.
struct Decimal {
    groups: Vec<u32>,
}

impl Decimal {
    const GROUP: u64 = 1_000_000_000;

    fn new(mut value: u64) -> Self {
        let mut groups = Vec::new();
        while value > 0 {
            groups.push((value % Self::GROUP) as u32);
            value /= Self::GROUP;
        }
        Self { groups }
    }

    fn multiply(&mut self, factor: u32) {
        let mut carry = 0;
        for group in &mut self.groups {
            let product = u64::from(*group) * u64::from(factor) + carry;
            *group = (product % Self::GROUP) as u32;
            carry = product / Self::GROUP;
        }
        if carry > 0 {
            self.groups.push(carry as u32);
        }
    }

    /// The digits, the highest first, without leading zeros.
    fn into_digits(self) -> Vec<u8> {
        let mut digits = Vec::with_capacity(self.groups.len() * 9);
        for mut group in self.groups {
            for _ in 0..9 {
                digits.push((group % 10) as u8);
                group /= 10;
            }
        }
        while digits.last() == Some(&0) {
            digits.pop();
        }
        digits.reverse();
        digits
    }
}

fn write_fixed(digits: &str, exponent: i32, text: &mut String) {
    if exponent < 0 {
        text.push_str("0.");
        text.extend(std::iter::repeat_n('0', (-exponent - 1) as usize));
        text.push_str(digits);
        return;
    }
    let whole = exponent as usize + 1;
    if digits.len() <= whole {
        text.push_str(digits);
        text.extend(std::iter::repeat_n('0', whole - digits.len()));
    } else {
        let (before, after) = digits.split_at(whole);
        let _ = write!(text, "{before}.{after}");
    }
}

/// Reads a float in plain or scientific notation, or the words inf, infinity and nan in any case.
/// A number beyond the largest double is refused.
pub(super) fn read_float(text: &str) -> Option<f64> {
    let text = text.trim();
    let value: f64 = text.parse().ok()?;
    (value.is_finite() || !text.bytes().any(|byte| byte.is_ascii_digit())).then_some(value)
}

/// Reads an integer of 64 bits, signed or not, as its bits. Decimals are cut off; scientific notation,
/// which the standard allows for floats only, is refused.
pub(super) fn read_integer(text: &str) -> Option<i64> {
    let text = text.trim();
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    whole.parse().ok().or_else(|| whole.parse::<u64>().ok().map(|value| value as i64))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn written(value: f64) -> String {
        let mut text = String::new();
        write_float(value, &mut text);
        text
    }

    #[test]
    fn floats_have_eight_digits() {
        let cases = [
            (1.0, "1"),
            (-0.0, "-0"),
            (0.0, "0"),
            (f64::from(0.1f32), "0.1"),
            (f64::from(1e-5f32), "9.9999997e-06"),
            (f64::from(1e-4f32), "9.9999997e-05"),
            (1e-4, "0.0001"),
            (f64::from(123_456_789f32), "1.2345679e+08"),
            (16_777_216.0, "16777216"),
            (1_234_567.9, "1234567.9"),
            (99_999_999.9, "1e+08"),
            (1e10, "1e+10"),
            (5e-324, "4.9406565e-324"),
            (f64::NEG_INFINITY, "-INF"),
            (f64::NAN, "NaN"),
        ];
        for (value, text) in cases {
            assert_eq!(written(value), text);
        }
    }

    #[test]
    fn texts_are_read_or_refused() {
        assert_eq!(read_float(" 1e3 "), Some(1000.0));
        assert_eq!(read_float("-INF"), Some(f64::NEG_INFINITY));
        assert_eq!(read_float("1e400"), None);
        assert_eq!(read_float("3abc"), None);
        assert_eq!(read_integer("100.5"), Some(100));
        assert_eq!(read_integer("-7"), Some(-7));
        assert_eq!(read_integer("18446744073709551615"), Some(-1));
        assert_eq!(read_integer("1e3"), None);
        assert_eq!(read_integer(""), None);
    }
}
