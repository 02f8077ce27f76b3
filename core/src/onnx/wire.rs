//! The wire format of protocol buffers, as far as ONNX uses it: a cursor over borrowed bytes.
//!
//! Written here because a generated reader copies every text and tensor and recurses as deep as the
//! bytes ask it to. This one hands out slices; how deep to go is its callers' decision.

use crate::error::{Error, ErrorCode, Result};

/// The value of one field, undecoded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Field<'m> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 1.
    Fixed64([u8; 8]),
    /// Wire type 2: a message, a text, bytes, or packed numbers.
    Bytes(&'m [u8]),
    /// Wire type 5.
    Fixed32([u8; 4]),
}

/// Reads the fields of one message in the order of the bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'m> {
    rest: &'m [u8],
}

pub(crate) fn malformed(what: impl Into<String>) -> Error {
    Error::new(ErrorCode::ModelMalformed, what)
}

impl<'m> Reader<'m> {
    /// A reader of one message.
    pub(crate) const fn new(bytes: &'m [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next field's number and value, or `None` at the end of the message.
    pub(crate) fn next(&mut self) -> Result<Option<(u32, Field<'m>)>> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let key = self.varint()?;
        let number = u32::try_from(key >> 3).ok().filter(|number| (1..1 << 29).contains(number));
        let number = number.ok_or_else(|| malformed("a field has an impossible number"))?;
        let field = match key & 7 {
            0 => Field::Varint(self.varint()?),
            1 => Field::Fixed64(self.fixed()?),
            2 => {
                let length = self.varint()?;
                Field::Bytes(self.take(length)?)
            }
            5 => Field::Fixed32(self.fixed()?),
            other => return Err(malformed(format!("field {number} has wire type {other}"))),
        };
        Ok(Some((number, field)))
    }

    /// The next number of 7 bits per byte, lowest first, at most ten bytes.
    pub(crate) fn varint(&mut self) -> Result<u64> {
        let mut value = 0u64;
        for (at, &byte) in self.rest.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * at);
            if byte < 0x80 {
                if at == 9 && byte > 1 {
                    break;
                }
                self.rest = self.rest.get(at + 1..).unwrap_or_default();
                return Ok(value);
            }
        }
        Err(malformed(if self.rest.len() < 10 {
            "the bytes end within a number"
        } else {
            "a number is too long"
        }))
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (head, rest) =
            self.rest.split_first_chunk::<N>().ok_or_else(|| malformed("the bytes end within a number"))?;
        self.rest = rest;
        Ok(*head)
    }

    fn take(&mut self, length: u64) -> Result<&'m [u8]> {
        let split = usize::try_from(length).ok().and_then(|length| self.rest.split_at_checked(length));
        let (head, rest) = split.ok_or_else(|| {
            malformed(format!("a field of {length} bytes, but only {} are left: cut short?", self.rest.len()))
        })?;
        self.rest = rest;
        Ok(head)
    }
}

impl<'m> Field<'m> {
    /// As a message or bytes.
    pub(crate) fn bytes(self, name: &str) -> Result<&'m [u8]> {
        if let Self::Bytes(bytes) = self { Ok(bytes) } else { Err(wrong(name)) }
    }

    /// As text.
    pub(crate) fn text(self, name: &str) -> Result<&'m str> {
        std::str::from_utf8(self.bytes(name)?).map_err(|_| malformed(format!("{name} is not UTF-8")))
    }

    /// As an integer. Negative numbers are stored as their 64-bit two's complement.
    pub(crate) fn int(self, name: &str) -> Result<i64> {
        if let Self::Varint(value) = self { Ok(value.cast_signed()) } else { Err(wrong(name)) }
    }

    /// As a float.
    pub(crate) fn float(self, name: &str) -> Result<f32> {
        if let Self::Fixed32(bytes) = self { Ok(f32::from_le_bytes(bytes)) } else { Err(wrong(name)) }
    }

    /// As a 32-bit integer: the low half, as protocol buffers define it.
    pub(crate) fn int32(self, name: &str) -> Result<i32> {
        Ok(self.int(name)? as i32)
    }

    /// Appends to a list of varints, packed or not, each turned by `decode`.
    pub(crate) fn varints<T>(self, name: &str, list: &mut Vec<T>, decode: impl Fn(u64) -> T) -> Result<()> {
        match self {
            Self::Varint(value) => list.push(decode(value)),
            Self::Bytes(bytes) => {
                // Every number ends with a byte below 128, so this is their count.
                list.reserve_exact(bytes.iter().filter(|&&byte| byte < 0x80).count());
                let mut reader = Reader::new(bytes);
                while !reader.is_empty() {
                    list.push(decode(reader.varint()?));
                }
            }
            _ => return Err(wrong(name)),
        }
        Ok(())
    }

    /// Appends to a list of floats, packed or not.
    pub(crate) fn floats(self, name: &str, list: &mut Vec<f32>) -> Result<()> {
        match self {
            Self::Fixed32(bytes) => list.push(f32::from_le_bytes(bytes)),
            Self::Bytes(bytes) => {
                let (chunks, rest) = bytes.as_chunks::<4>();
                if !rest.is_empty() {
                    return Err(wrong(name));
                }
                list.reserve_exact(chunks.len());
                list.extend(chunks.iter().map(|chunk| f32::from_le_bytes(*chunk)));
            }
            _ => return Err(wrong(name)),
        }
        Ok(())
    }

    /// Appends to a list of doubles, packed or not.
    pub(crate) fn doubles(self, name: &str, list: &mut Vec<f64>) -> Result<()> {
        match self {
            Self::Fixed64(bytes) => list.push(f64::from_le_bytes(bytes)),
            Self::Bytes(bytes) => {
                let (chunks, rest) = bytes.as_chunks::<8>();
                if !rest.is_empty() {
                    return Err(wrong(name));
                }
                list.reserve_exact(chunks.len());
                list.extend(chunks.iter().map(|chunk| f64::from_le_bytes(*chunk)));
            }
            _ => return Err(wrong(name)),
        }
        Ok(())
    }
}

fn wrong(name: &str) -> Error {
    malformed(format!("{name} has the wrong wire type"))
}

/// How often each field number below 32 occurs, so that lists are made once and in their final size:
/// lists that grow would take twice the file's memory.
pub(crate) fn count_fields(bytes: &[u8]) -> Result<[usize; 32]> {
    let mut counts = [0usize; 32];
    let mut reader = Reader::new(bytes);
    while let Some((number, _)) = reader.next()? {
        if let Some(count) = counts.get_mut(number as usize) {
            *count += 1;
        }
    }
    Ok(counts)
}
