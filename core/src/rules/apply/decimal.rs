//! Doubles with a fixed number of digits, for `%f` and `%e`. A double is a whole number times a power
//! of two, so its decimal digits end; they are written out exactly and rounded once, halves to even.
//! The standard library's formatting would do the same with ten times the code in the page's module.

const LIMB: u64 = 1_000_000_000;

/// `%.3f`: this many digits after the point. The number must be finite.
pub(super) fn fixed(number: f64, precision: usize) -> String {
    let (mut digits, point) = exact(number.abs());
    if point > precision {
        round(&mut digits, point - precision);
    } else {
        digits.resize(digits.len() + precision - point, 0);
    }
    while digits.len() <= precision {
        digits.insert(0, 0);
    }
    let whole = digits.len() - precision;
    let mut text = sign(number);
    push(&mut text, digits.get(..whole));
    if precision > 0 {
        text.push('.');
        push(&mut text, digits.get(whole..));
    }
    text
}

/// `%.3e`: one digit before the point, this many after it, and at least two of exponent. The number
/// must be finite.
pub(super) fn scientific(number: f64, precision: usize) -> String {
    let (mut digits, point) = exact(number.abs());
    let mut exponent = if digits.is_empty() { 0 } else { digits.len() as i64 - 1 - point as i64 };
    let wanted = precision + 1;
    if digits.len() > wanted {
        let extra = digits.len() - wanted;
        round(&mut digits, extra);
        // 9.99 became 10.0.
        exponent += (digits.len() - wanted) as i64;
    }
    digits.resize(wanted, 0);
    let mut text = sign(number);
    push(&mut text, digits.get(..1));
    if precision > 0 {
        text.push('.');
        push(&mut text, digits.get(1..));
    }
    text.push_str(if exponent < 0 { "e-" } else { "e+" });
    text.push_str(&format!("{:02}", exponent.unsigned_abs()));
    text
}

fn sign(number: f64) -> String {
    if number.is_sign_negative() { "-".to_owned() } else { String::new() }
}

fn push(text: &mut String, digits: Option<&[u8]>) {
    text.extend(digits.unwrap_or_default().iter().map(|digit| char::from(b'0' + digit)));
}

/// All decimal digits, most significant first and none for zero, and how many of them stand after the
/// point.
fn exact(number: f64) -> (Vec<u8>, usize) {
    let bits = number.to_bits();
    let (fraction, biased) = (bits & ((1 << 52) - 1), (bits >> 52) & 0x7ff);
    let (mut whole, mut exponent) =
        if biased == 0 { (fraction, -1_074) } else { (fraction | 1 << 52, biased as i64 - 1_075) };
    if whole == 0 {
        return (Vec::new(), 0);
    }
    let zeros = whole.trailing_zeros();
    whole >>= zeros;
    exponent += i64::from(zeros);
    // Times 2^e; or times 5^-e, which is a division by 2^-e with the point moved -e places.
    let (factor, step, per_step) = if exponent < 0 { (5_u64, 5_u64.pow(12), 12) } else { (2, 1 << 29, 29) };
    let mut limbs = vec![whole % LIMB, whole / LIMB];
    let mut times = exponent.unsigned_abs();
    while times >= per_step {
        multiply(&mut limbs, step);
        times -= per_step;
    }
    multiply(&mut limbs, factor.pow(times as u32));
    let mut digits = Vec::with_capacity(limbs.len() * 9);
    for limb in limbs.iter().rev() {
        let mut scale = LIMB / 10;
        while scale > 0 {
            digits.push((limb / scale % 10) as u8);
            scale /= 10;
        }
    }
    let leading = digits.iter().take_while(|digit| **digit == 0).count();
    digits.drain(..leading);
    (digits, if exponent < 0 { exponent.unsigned_abs() as usize } else { 0 })
}

fn multiply(limbs: &mut Vec<u64>, factor: u64) {
    let mut carry = 0;
    for limb in limbs.iter_mut() {
        let product = *limb * factor + carry;
        *limb = product % LIMB;
        carry = product / LIMB;
    }
    if carry > 0 {
        limbs.push(carry);
    }
}

/// Drops this many digits from the end, rounding halves to even. May leave one digit more than was
/// kept: 99.5 becomes 100.
fn round(digits: &mut Vec<u8>, drop: usize) {
    while digits.len() < drop {
        digits.insert(0, 0);
    }
    let dropped = digits.split_off(digits.len() - drop);
    let half = dropped.first().copied().unwrap_or(0);
    let beyond = dropped.iter().skip(1).any(|digit| *digit != 0);
    let is_odd = digits.last().is_some_and(|digit| digit % 2 == 1);
    if half < 5 || (half == 5 && !beyond && !is_odd) {
        return;
    }
    for digit in digits.iter_mut().rev() {
        if *digit < 9 {
            *digit += 1;
            return;
        }
        *digit = 0;
    }
    digits.insert(0, 1);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn agrees_with_the_standard_library() {
        let mut bits = 0x9e37_79b9_7f4a_7c15_u64;
        let random = (0..4_000).map(|_| {
            bits ^= bits << 13;
            bits ^= bits >> 7;
            bits ^= bits << 17;
            f64::from_bits(bits)
        });
        let chosen =
            [0.0, -0.0, 0.5, 1.5, 2.5, 9.995, 99.5, 999_999.5, 1e22, 1e23, 5e-324, f64::MAX, 0.1, 1.0 / 3.0];
        let money = (0..4_000).map(|cent| f64::from(cent) / 800.0);
        for number in random.filter(|number| number.is_finite()).chain(chosen).chain(money) {
            for precision in [0, 1, 2, 6, 17] {
                assert_eq!(fixed(number, precision), format!("{number:.precision$}"), "{number:e}");
                let standard = format!("{number:.precision$e}");
                let (digits, exponent) = standard.split_once('e').unwrap();
                let exponent: i32 = exponent.parse().unwrap();
                let sign = if exponent < 0 { '-' } else { '+' };
                assert_eq!(scientific(number, precision), format!("{digits}e{sign}{:02}", exponent.abs()));
            }
        }
    }
}
