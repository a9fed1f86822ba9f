/// A DynamoDB number as an integer, in whatever way it is spelled: `3000`, `3000.0`, `3E+3`.
/// `None` where it has a fraction or does not fit.
pub(crate) fn integer(text: &str) -> Option<i64> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, unsigned) = match mantissa.as_bytes().first()? {
        b'-' => (true, &mantissa[1..]),
        b'+' => (false, &mantissa[1..]),
        _ => (false, mantissa),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    // The value is digits * 10^scale; trailing zeros are moved into the scale.
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    let dropped = i32::try_from(digits.len() - significant.len()).ok()?;
    let fraction_digits = i32::try_from(fraction.len()).ok()?;
    let scale = exponent.checked_sub(fraction_digits)?.checked_add(dropped)?;
    // A negative scale is a fraction.
    let factor = 10_i64.checked_pow(u32::try_from(scale).ok()?)?;
    let magnitude = significant.parse::<i64>().ok()?.checked_mul(factor)?;
    Some(if negative { -magnitude } else { magnitude })
}

/// The whole part of a DynamoDB number: Python's times have fractions.
pub(crate) fn whole(text: &str) -> Option<i64> {
    integer(text).or_else(|| integer(text.split('.').next()?))
}

#[cfg(test)]
mod tests {
    use super::integer;

    #[test]
    fn every_spelling_of_an_integer_is_read() {
        for (text, value) in [
            ("3000", 3000),
            ("3000.0", 3000),
            ("3E+3", 3000),
            ("3e3", 3000),
            ("300000E-2", 3000),
            ("0.3E4", 3000),
            ("-3000.00", -3000),
            ("+7", 7),
            ("0", 0),
            ("0.0", 0),
            ("0E9999", 0),
            ("9223372036854775807", i64::MAX),
        ] {
            assert_eq!(integer(text), Some(value), "{text}");
        }
    }

    #[test]
    fn fractions_and_what_does_not_fit_are_refused() {
        for text in
            ["30.5", "1E-1", "9223372036854775808", "1E+99", "", "-", ".", "E5", "1_0", "NaN", "1E"]
        {
            assert_eq!(integer(text), None, "{text}");
        }
    }
}
