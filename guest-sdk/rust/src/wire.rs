//! The one encoding of the environ and of header lists: an ordered list of pairs of byte strings.
//!
//! `u32 count`, then `u32 key_len, u32 value_len, key, value` for each pair; little-endian, and nothing is aligned.

use crate::Code;

/// A pair of key and value.
pub(crate) type Pair<'a> = (&'a [u8], &'a [u8]);

/// The pairs of a list that [`pairs`] has found to be whole.
#[derive(Clone)]
pub(crate) struct Pairs<'a> {
    rest: &'a [u8],
    count: usize,
}

/// Checks a list, and returns its pairs; `None` for a malformed one.
pub(crate) fn pairs(mut list: &[u8]) -> Option<Pairs<'_>> {
    let count = take_u32(&mut list)?;
    let pairs = Pairs { rest: list, count };
    for _ in 0..count {
        take_pair(&mut list)?;
    }
    list.is_empty().then_some(pairs)
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Pair<'a>;

    fn next(&mut self) -> Option<Pair<'a>> {
        self.count = self.count.checked_sub(1)?;
        take_pair(&mut self.rest)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count, Some(self.count))
    }
}

/// Encodes a list. One that is too long for its lengths is refused as the host refuses one over its limits.
pub(crate) fn encode<'a>(pairs: impl ExactSizeIterator<Item = Pair<'a>> + Clone) -> Result<Vec<u8>, Code> {
    let bytes = pairs.clone().map(|(key, value)| 8 + key.len() + value.len()).sum::<usize>();
    let mut list = Vec::with_capacity(4 + bytes);
    put_u32(&mut list, pairs.len())?;
    for (key, value) in pairs {
        put_u32(&mut list, key.len())?;
        put_u32(&mut list, value.len())?;
        list.extend_from_slice(key);
        list.extend_from_slice(value);
    }
    Ok(list)
}

fn put_u32(list: &mut Vec<u8>, number: usize) -> Result<(), Code> {
    let number = u32::try_from(number).map_err(|_| Code::TooLarge)?;
    list.extend_from_slice(&number.to_le_bytes());
    Ok(())
}

fn take_pair<'a>(rest: &mut &'a [u8]) -> Option<Pair<'a>> {
    let (key, value) = (take_u32(rest)?, take_u32(rest)?);
    Some((take(rest, key)?, take(rest, value)?))
}

fn take_u32(rest: &mut &[u8]) -> Option<usize> {
    let bytes = take(rest, 4)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
}

fn take<'a>(rest: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    if len > rest.len() {
        return None;
    }
    let (taken, left) = rest.split_at(len);
    *rest = left;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    // The worked example of SPEC.md.
    const COOKIES: &[u8] = b"\x03\0\0\0\x0c\0\0\0\x09\0\0\0Content-Typetext/html\
        \x0a\0\0\0\x03\0\0\0Set-Cookiea=1\x0a\0\0\0\x03\0\0\0Set-Cookieb=2";

    #[test]
    fn the_worked_example() {
        let cookies: [Pair<'_>; 3] = [(b"Content-Type", b"text/html"), (b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b=2")];
        assert_eq!(encode(cookies.iter().copied()).unwrap(), COOKIES);
        assert_eq!(COOKIES.len(), 75);
        assert_eq!(pairs(COOKIES).unwrap().collect::<Vec<_>>(), cookies);
        assert_eq!(pairs(COOKIES).unwrap().size_hint(), (3, Some(3)));
    }

    #[test]
    fn no_pairs_are_a_list_and_no_bytes_are_none() {
        assert_eq!(encode([].iter().copied()).unwrap(), [0; 4]);
        assert_eq!(pairs(&[0; 4]).unwrap().next(), None);
        assert!(pairs(&[]).is_none());
    }

    #[test]
    fn whatever_is_cut_off_added_or_changed_is_noticed_or_harmless() {
        for end in 0..COOKIES.len() {
            assert!(pairs(&COOKIES[..end]).is_none(), "{end} bytes");
        }
        assert!(pairs(&[COOKIES, b"x"].concat()).is_none());
        for at in 0..COOKIES.len() {
            for bit in 0..8 {
                let mut list = COOKIES.to_vec();
                list[at] ^= 1 << bit;
                if let Some(found) = pairs(&list) {
                    assert_eq!(found.count(), 3);
                }
            }
        }
        assert!(pairs(&[0xff; 12]).is_none());
    }
}
