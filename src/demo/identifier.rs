//! The identifiers and secrets the embedded account hands out.
//!
//! All of them are made from counters, so that a run can be repeated, and all
//! of them say what they are: no scanner or person should take one for a
//! working credential. The IDs contain a `0`, which base32 has not, so that
//! nothing can be "decoded" from them: a real key ID holds the number of its
//! account, and a made-up one would name a stranger's.

use std::fmt;

/// How every key ID of the embedded account begins.
pub const KEY_PREFIX: &str = "AKIAQX7DEMO4";

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const SECRET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/+";
const SECRET_PREFIX: &str = "DEMO/EXAMPLE/";
const SECRET_LENGTH: usize = 40;

/// The ID of an access key: twenty letters and digits, kept in place since an
/// account of 100,000 users has many.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId([u8; 20]);

impl KeyId {
    /// Reads an ID; nothing if it is not twenty letters and digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 20] = text.as_bytes().try_into().ok()?;
        bytes
            .iter()
            .all(u8::is_ascii_alphanumeric)
            .then_some(Self(bytes))
    }

    /// The ID as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Never empty: `parse` lets only ASCII in.
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The `number`th new key's ID; no two numbers share one.
    pub(super) fn numbered(number: u64) -> Self {
        Self::ending(*b"AKIAQX7DEMO40_______", number)
    }

    /// The same of temporary keys.
    pub(super) fn temporary(number: u64) -> Self {
        Self::ending(*b"ASIAQX7DEMO40_______", number)
    }

    fn ending(mut bytes: [u8; 20], number: u64) -> Self {
        bytes[13..].copy_from_slice(&base32::<7>(number));
        Self(bytes)
    }

    /// The secret that belongs to this ID. It follows from the ID, so the
    /// account need not keep it.
    #[must_use]
    pub fn secret(&self) -> String {
        let mut seed = self
            .0
            .iter()
            .fold(0, |seed, &byte| mix(seed ^ u64::from(byte)));
        let mut secret = String::with_capacity(SECRET_LENGTH);
        secret.push_str(SECRET_PREFIX);
        while secret.len() < SECRET_LENGTH {
            seed = mix(seed);
            secret.push(pick(SECRET, seed >> 32));
        }
        secret
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialEq<str> for KeyId {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for KeyId {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

/// The unique ID of the `number`th user: `AIDA` and seventeen more.
pub(super) fn user_id(number: u64) -> String {
    let tail = base32::<7>(number);
    let tail = str::from_utf8(&tail).unwrap_or_default();
    format!("AIDAQX7DEMO400{tail}")
}

/// The `number`th request's ID, in the shape of a UUID.
pub(super) fn request_id(number: u64) -> String {
    let (high, low) = (mix(number), mix(!number));
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}

/// Scatters the bits of a number (the finaliser of `SplitMix64`).
pub(super) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// `N` base32 digits of a number, scattered so that neighbours look nothing
/// alike. An odd factor has an inverse, so no two numbers below 32^N meet.
fn base32<const N: usize>(number: u64) -> [u8; N] {
    let mut scattered = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    std::array::from_fn(|_| {
        let digit = pick(BASE32, scattered);
        scattered >>= 5;
        digit as u8
    })
}

fn pick<const N: usize>(alphabet: &[u8; N], number: u64) -> char {
    let index = usize::try_from(number % N as u64).unwrap_or_default();
    char::from(alphabet[index])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn numbered_ids_and_their_secrets_are_unique_and_plainly_fake() {
        let ids: HashSet<_> = (0..20_000).map(KeyId::numbered).collect();
        assert_eq!(ids.len(), 20_000);
        let secrets: HashSet<_> = ids.iter().map(KeyId::secret).collect();
        assert_eq!(secrets.len(), 20_000);
        for id in &ids {
            assert!(id.as_str().starts_with(KEY_PREFIX), "{id}");
            assert!(KeyId::parse(id.as_str()).is_some(), "{id}");
            assert_eq!(id.secret().len(), 40);
            assert!(id.secret().starts_with("DEMO/EXAMPLE/"));
        }
    }

    #[test]
    fn no_account_number_can_be_read_out_of_an_id() {
        let tail = &KeyId::numbered(7).as_str()[4..].to_owned();
        assert!(tail.bytes().any(|byte| !BASE32.contains(&byte)), "{tail}");
    }

    #[test]
    fn only_twenty_letters_and_digits_are_an_id() {
        assert!(KeyId::parse("AKIAQX7DEMO4DEPLOY01").is_some());
        assert!(KeyId::parse("AKIAQX7DEMO4DEPLOY0").is_none());
        assert!(KeyId::parse("AKIAQX7DEMO4DEPLOY0!").is_none());
    }

    #[test]
    fn a_request_id_looks_like_a_uuid() {
        let id = request_id(1);
        let lengths: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
        assert_ne!(id, request_id(2));
    }
}
