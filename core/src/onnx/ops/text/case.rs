//! Upper and lower case, character by character, the same on every machine.
//!
//! The standard says that a locale decides; what runtimes do is Unicode's simple mapping, one
//! character for one. The library has the full mapping, so the few characters whose full mapping is
//! longer than one are looked up here.

/// The simple lower case of a character.
pub(super) fn lower(c: char) -> char {
    // The dotted capital I is the one character whose full lower case is longer than one.
    if c == '\u{130}' { 'i' } else { c.to_lowercase().next().unwrap_or(c) }
}

/// The simple upper case of a character.
pub(super) fn upper(c: char) -> char {
    let mut full = c.to_uppercase();
    match (full.next(), full.next()) {
        (Some(upper), None) => upper,
        // Greek vowels with an iota below: the simple upper case is the title case, at fixed distances.
        _ => match c as u32 {
            code @ 0x1F80..=0x1FAF if code & 8 == 0 => char::from_u32(code + 8).unwrap_or(c),
            0x1FB3 => '\u{1FBC}',
            0x1FC3 => '\u{1FCC}',
            0x1FF3 => '\u{1FFC}',
            _ => c,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_character_for_one() {
        assert_eq!("ÇΣİẞ".chars().map(lower).collect::<String>(), "çσiß");
        assert_eq!("straße ŉ ﬁ ᾳ ᾀ ÿ".chars().map(upper).collect::<String>(), "STRAßE ŉ ﬁ ᾼ ᾈ Ÿ");
    }
}
