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

    /// Skips fields that follow and have the same number and wire type as the one just read, and counts
    /// them. Lists that are not packed, which is how most exporters write them, are long runs of such fields.
    pub(crate) fn skip_run(&mut self, number: u32, like: &Field<'m>) -> Result<usize> {
        let Some(key) = like.key(number) else { return Ok(0) };
        let mut count = 0;
        while let Some((&first, rest)) = self.rest.split_first()
            && first == key
        {
            self.rest = rest;
            match like {
                Field::Varint(_) => drop(self.varint()?),
                Field::Fixed32(_) => drop(self.fixed::<4>()?),
                Field::Fixed64(_) => drop(self.fixed::<8>()?),
                Field::Bytes(_) => {
                    let length = self.varint()?;
                    self.take(length)?;
                }
            }
            count += 1;
        }
        Ok(count)
    }

    /// Appends the numbers of the run of fields that follows, as [`Self::skip_run`] knows it.
    pub(crate) fn more_ints(&mut self, number: u32, list: &mut Vec<i64>) -> Result<()> {
        let Some(key) = Field::Varint(0).key(number) else { return Ok(()) };
        while let Some((&first, rest)) = self.rest.split_first()
            && first == key
        {
            self.rest = rest;
            list.push(self.varint()?.cast_signed());
        }
        Ok(())
    }

    /// As [`Self::more_ints`], for floats.
    pub(crate) fn more_floats(&mut self, number: u32, list: &mut Vec<f32>) -> Result<()> {
        let Some(key) = Field::Fixed32([0; 4]).key(number) else { return Ok(()) };
        while let Some((&first, rest)) = self.rest.split_first()
            && first == key
        {
            self.rest = rest;
            list.push(f32::from_le_bytes(self.fixed()?));
        }
        Ok(())
    }

    /// As [`Self::more_ints`], for texts and bytes.
    pub(crate) fn more_bytes(&mut self, number: u32, list: &mut Vec<&'m [u8]>) -> Result<()> {
        let Some(key) = Field::Bytes(&[]).key(number) else { return Ok(()) };
        while let Some((&first, rest)) = self.rest.split_first()
            && first == key
        {
            self.rest = rest;
            let length = self.varint()?;
            list.push(self.take(length)?);
        }
        Ok(())
    }

    /// The next number of 7 bits per byte, lowest first, at most ten bytes. Most have one byte or two.
    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u64> {
        match *self.rest {
            [low @ 0..0x80, ref rest @ ..] => {
                self.rest = rest;
                Ok(u64::from(low))
            }
            [low, high @ 0..0x80, ref rest @ ..] => {
                self.rest = rest;
                Ok(u64::from(low & 0x7f) | u64::from(high) << 7)
            }
            _ => self.long_varint(),
        }
    }

    #[cold]
    fn long_varint(&mut self) -> Result<u64> {
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

    #[inline]
    fn fixed<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (head, rest) =
            self.rest.split_first_chunk::<N>().ok_or_else(|| malformed("the bytes end within a number"))?;
        self.rest = rest;
        Ok(*head)
    }

    #[inline]
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
    /// The byte that a field of this number and wire type begins with, where it is one byte.
    const fn key(&self, number: u32) -> Option<u8> {
        let wire = match self {
            Self::Varint(_) => 0,
            Self::Fixed64(_) => 1,
            Self::Bytes(_) => 2,
            Self::Fixed32(_) => 5,
        };
        if number < 16 { Some((number << 3 | wire) as u8) } else { None }
    }

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
    while let Some((number, field)) = reader.next()? {
        let run = reader.skip_run(number, &field)?;
        if let Some(count) = counts.get_mut(number as usize) {
            *count += 1 + run;
        }
    }
    Ok(counts)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn runs_of_fields_are_read_as_their_fields_are() {
        let ints = [0x40, 1, 0x40, 0x80, 1, 0x40, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
        let mut reader = Reader::new(&ints);
        let mut list = Vec::new();
        let (number, first) = reader.next().unwrap().unwrap();
        assert_eq!((number, first), (8, Field::Varint(1)));
        let mut again = reader;
        assert_eq!(again.skip_run(8, &first).unwrap(), 2);
        reader.more_ints(8, &mut list).unwrap();
        assert!(list == [128, -1] && reader.is_empty() && again.is_empty());
        assert_eq!(count_fields(&ints).unwrap()[8], 3);

        let floats = [0x3d, 0, 0, 0x80, 0x3f, 0x3d, 0, 0, 0, 0x40, 0x40, 5];
        let mut reader = Reader::new(&floats);
        let mut list = Vec::new();
        reader.more_floats(7, &mut list).unwrap();
        assert_eq!(list, [1.0, 2.0]);
        assert_eq!(reader.next().unwrap(), Some((8, Field::Varint(5))));

        let texts = [0x4a, 2, b'a', b'b', 0x4a, 0, 0x4a, 1, b'c'];
        let (mut reader, mut list) = (Reader::new(&texts), Vec::new());
        reader.more_bytes(9, &mut list).unwrap();
        assert_eq!(list, [b"ab".as_slice(), b"", b"c"]);
        assert_eq!(count_fields(&texts).unwrap()[9], 3);
    }

    #[test]
    fn runs_that_are_cut_short_are_refused() {
        for bytes in [&[0x40, 1, 0x40][..], &[0x40, 1, 0x40, 0x80], &[0x40, 1, 0x40, 0x80, 0x80]] {
            assert!(count_fields(bytes).is_err());
            let mut reader = Reader::new(bytes);
            assert!(reader.more_ints(8, &mut Vec::new()).is_err());
        }
        assert!(Reader::new(&[0x3d, 0, 0, 0]).more_floats(7, &mut Vec::new()).is_err());
        assert!(Reader::new(&[0x4a, 3, b'a']).more_bytes(9, &mut Vec::new()).is_err());
        let long = [0x40, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2];
        assert!(Reader::new(&long).more_ints(8, &mut Vec::new()).is_err());
    }
}
