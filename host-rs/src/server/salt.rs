//! The salt of an input's digest: fresh for every request, and handed to the client with the answer.
//!
//! Without one, a digest of a record with few possible values could be guessed by trying them all.

use crate::error::{Error, ErrorCode, Result};

/// Bytes of a fresh salt.
const FRESH: usize = 16;

/// Bytes of the longest salt that a client may give.
const LONGEST: usize = 64;

/// Random bytes from the operating system.
pub(crate) fn fresh() -> Result<Vec<u8>> {
    let mut salt = vec![0; FRESH];
    getrandom::fill(&mut salt)
        .map_err(|error| Error::new(ErrorCode::HostSetup, format!("no random numbers: {error}")))?;
    Ok(salt)
}

/// The bytes that hexadecimal digits spell.
pub(crate) fn from_hex(digits: &str) -> Result<Vec<u8>> {
    let invalid = || {
        let message = format!("a salt takes an even number of hex digits, {} at most", 2 * LONGEST);
        Error::new(ErrorCode::RequestInvalid, message).at("salt")
    };
    if !digits.len().is_multiple_of(2) || digits.len() > 2 * LONGEST {
        return Err(invalid());
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(*high)? << 4 | digit(*low)?).ok(),
        _ => None,
    };
    digits.as_bytes().chunks(2).map(|pair| byte(pair).ok_or_else(invalid)).collect()
}

/// Bytes as hexadecimal digits.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
