//! The identifiers and secrets of the embedded account.
//!
//! All are made from counters, so that a run can be repeated, and all are plainly fake: no scanner
//! or person should take one for a working credential. The IDs contain a `0`, which base32 does not
//! have, so that no account ID can be decoded from them: it would be a stranger's.

use std::fmt;

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const SECRET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/+";
const SECRET_PREFIX: &str = "DEMO/EXAMPLE/";
const SECRET_LENGTH: usize = 40;

/// The ID of an access key: twenty letters and digits, stored inline since an account of 100,000
/// users has many.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId([u8; 20]);

impl KeyId {
    /// Reads an ID; `None` if it is not twenty letters and digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 20] = text.as_bytes().try_into().ok()?;
        let known = bytes.iter().all(u8::is_ascii_alphanumeric);
        known.then_some(Self(bytes))
    }

    /// The ID as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Never empty: `parse` accepts only ASCII.
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The ID of the `number`th new key; no two numbers share one.
    pub(super) fn numbered(number: u64) -> Self {
        Self::ending(*b"AKIAQX7DEMO40_______", number)
    }

    /// As [`Self::numbered`], for temporary keys.
    pub(super) fn temporary(number: u64) -> Self {
        Self::ending(*b"ASIAQX7DEMO40_______", number)
    }

    fn ending(mut bytes: [u8; 20], number: u64) -> Self {
        bytes[13..].copy_from_slice(&base32(number));
        Self(bytes)
    }

    /// The number of an ID that was made from one, a new key's or a temporary one's.
    pub(super) fn number(&self) -> Option<u64> {
        let digits = self.0[4..].strip_prefix(b"QX7DEMO40")?;
        let digit = |byte| BASE32.iter().position(|known| known == byte);
        let scattered = digits.iter().rev().try_fold(0, |number, byte| {
            Some(number << 5 | u64::try_from(digit(byte)?).ok()?)
        })?;
        Some(scattered.wrapping_mul(UNSCATTER) & (NUMBERS - 1))
    }

    /// The secret of the key. It follows from the ID, so that the account need not store it.
    #[must_use]
    pub fn secret(&self) -> String {
        let mut seed = hash(self.as_str());
        let mut secret = SECRET_PREFIX.to_owned();
        while secret.len() < SECRET_LENGTH {
            seed = mix(seed);
            secret.push((*one_of(SECRET, seed >> 32)).into());
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

impl PartialEq<&str> for KeyId {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

/// The unique ID of the `number`th user: `AIDA` and seventeen more.
pub(super) fn user_id(number: u64) -> String {
    let tail = base32(number);
    let tail = str::from_utf8(&tail).unwrap_or_default();
    format!("AIDAQX7DEMO400{tail}")
}

/// The unique ID of the role with an ARN: `AROA` and seventeen more.
pub(super) fn role_id(arn: &str) -> String {
    let tail = base32(hash(arn));
    let tail = str::from_utf8(&tail).unwrap_or_default();
    format!("AROAQX7DEMO400{tail}")
}

/// The unique ID of the managed policy with an ARN: `ANPA` and seventeen more.
pub(super) fn policy_id(arn: &str) -> String {
    let tail = base32(hash(arn));
    let tail = str::from_utf8(&tail).unwrap_or_default();
    format!("ANPAQX7DEMO400{tail}")
}

/// The unique ID of the group with an ARN: `AGPA` and seventeen more.
pub(super) fn group_id(arn: &str) -> String {
    let tail = base32(hash(arn));
    let tail = str::from_utf8(&tail).unwrap_or_default();
    format!("AGPAQX7DEMO400{tail}")
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

/// A number that stands for a text.
pub(super) fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0, |hash, byte| mix(hash ^ u64::from(byte)))
}

/// One of several things, by a number of any size.
pub(super) fn one_of<T>(things: &[T], number: u64) -> &T {
    &things[usize::try_from(number % things.len() as u64).unwrap_or_default()]
}

const SCATTER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Undoes [`SCATTER`]: each round of Newton's doubles the bits that are right, of which an odd number
/// has three to begin with.
const UNSCATTER: u64 = {
    let mut inverse = SCATTER;
    let mut right = 3;
    while right < 64 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(SCATTER.wrapping_mul(inverse)));
        right *= 2;
    }
    inverse
};

/// How many numbers seven base32 digits tell apart.
const NUMBERS: u64 = 1 << 35;

/// Seven base32 digits of a number, scattered so that neighbours look nothing alike. An odd factor
/// has an inverse, so no two numbers below 32^7 share them.
fn base32(number: u64) -> [u8; 7] {
    let mut scattered = number.wrapping_mul(SCATTER);
    std::array::from_fn(|_| {
        let digit = *one_of(BASE32, scattered);
        scattered >>= 5;
        digit
    })
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
            assert!(id.as_str().starts_with("AKIAQX7DEMO4"), "{id}");
            assert!(KeyId::parse(id.as_str()).is_some(), "{id}");
            assert_eq!(id.secret().len(), 40);
            assert!(id.secret().starts_with("DEMO/EXAMPLE/"));
        }
    }

    #[test]
    fn a_number_is_read_back_from_its_id() {
        for number in [0, 1, 2, 31, 32, 1 << 20, 1_234_567_890, NUMBERS - 1] {
            assert_eq!(KeyId::numbered(number).number(), Some(number));
            assert_eq!(KeyId::temporary(number).number(), Some(number));
        }
        for written in ["AKIAQX7DEMO4ALICE001", "AKIAQX7DEMO40DEPLOY0"] {
            assert_eq!(KeyId::parse(written).unwrap().number(), None, "{written}");
        }
    }

    #[test]
    fn no_account_id_can_be_decoded_from_an_id() {
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
