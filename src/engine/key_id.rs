//! What a text that should be an access key ID is, and what an ID tells of itself.
//!
//! Pure, and asked before AWS is: what cannot be the ID of a long-lived key is told without a call.

use std::fmt;

/// How many letters and digits an ID has. The service's model allows 16 to 128; every key ID that
/// AWS has handed out has this many, and one character lost in copying is the usual mistake.
const LENGTH: usize = 20;

/// How many characters the secret of a key has.
const SECRET_LENGTH: usize = 40;

/// A word of so many characters of base64 is no ID and no name: a session's token has hundreds.
const TOKEN_LENGTH: usize = 100;

/// What every long-term API key of Bedrock that was seen begins with: `ABSK`, and in base64
/// `BedrockAPIKey`, of which this is enough to be told from anything else.
const LONG_TERM: &str = "ABSKQmVk";

/// What the tokens of sessions begin with that were seen, today's first.
const TOKENS: [&str; 3] = ["IQoJ", "FwoG", "FQoG"];

/// So much of a token is not taken for the beginning of a word.
const SOME_TOKEN: usize = 12;

/// What a short-term one begins with.
const SHORT_TERM: &str = "bedrock-api-key-";

/// The digits of base32, in the order of their values.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The kinds of ID that are told apart by their first four letters, as the user guide lists them,
/// but for the two of keys.
const OTHERS: &[(&str, &str)] = &[
    ("ABIA", "a service bearer token"),
    ("ACCA", "a context-specific credential"),
    ("AGPA", "a group"),
    ("AIDA", "a user"),
    ("AIPA", "an instance profile"),
    ("ANPA", "a managed policy"),
    ("ANVA", "a version of a managed policy"),
    ("APKA", "a public key"),
    ("AROA", "a role"),
    ("ASCA", "a certificate"),
];

/// The ID of a long-lived access key, well formed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyId(String);

impl KeyId {
    /// Reads what was typed or pasted. White space and quotes around it are passed over,
    /// and lower case is taken as upper case.
    ///
    /// # Errors
    /// When it cannot be the ID of a long-lived key: what it is instead.
    pub fn read(text: &str) -> Result<Self, NotAKey> {
        if let Some(secret) = secret_in(text) {
            return Err(secret);
        }
        let id = trimmed(text).to_ascii_uppercase();
        if id.is_empty() {
            return Err(NotAKey::Nothing);
        }
        if let Some(wrong) = id.chars().find(|c| !c.is_ascii_alphanumeric()) {
            return Err(NotAKey::Character(wrong));
        }
        let is_key = id.starts_with("AKIA");
        let other = OTHERS.iter().find(|(prefix, _)| id.starts_with(prefix));
        match other {
            // Those of other things are longer by a character.
            Some((_, what)) => Err(NotAKey::Other { what, id }),
            None if !is_key && !id.starts_with("ASIA") => Err(NotAKey::Prefix),
            None if id.len() != LENGTH => Err(NotAKey::Length(id.len())),
            None if !is_key => Err(NotAKey::Temporary(id)),
            None => Ok(Self(id)),
        }
    }

    /// The one that is pasted or typed with other things around it, a line of a credentials file or
    /// of a log; none where it is not the only one.
    #[must_use]
    pub fn within(text: &str) -> Option<Self> {
        let mut words = text.split(is_outside);
        let is_id = |word: &&str| word.len() == LENGTH && Self::read(word).is_ok();
        let id = words.find(is_id)?;
        let others = words
            .filter(is_id)
            .any(|other| !other.eq_ignore_ascii_case(id));
        (!others).then(|| Self(id.to_ascii_uppercase()))
    }

    /// The ID as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is not the ID of a long-lived key. Shown, it says what it is instead; of a secret,
/// never a character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAKey {
    /// There is no text.
    Nothing,
    /// It holds what looks like the secret of a key.
    Secret,
    /// It holds what looks like the token of a session, which is a secret too.
    Token,
    /// It holds what looks like an API key of Amazon Bedrock, which is a secret too.
    Bedrock {
        /// It was made from a session, and ends with it; the others are credentials of a user.
        is_short: bool,
    },
    /// The ID of a temporary key.
    Temporary(String),
    /// The ID of something else.
    Other {
        /// The ID.
        id: String,
        /// What has such an ID.
        what: &'static str,
    },
    /// It begins like no ID of AWS's.
    Prefix,
    /// It has so many characters.
    Length(usize),
    /// It holds a character that no ID has.
    Character(char),
}

impl fmt::Display for NotAKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => write!(f, "A key ID is AKIA and sixteen letters and digits."),
            Self::Secret => write!(
                f,
                "That looks like a secret, not a key ID. No key is found by its secret; anyone \
                 who has seen it can use it. Look for the key ID beside it, and deactivate that key."
            ),
            Self::Token => write!(
                f,
                "That looks like the token of a session: a secret of temporary credentials (ASIA…). It \
                 does not tell whose it is, and cannot be deactivated: revoke the sessions of the user \
                 or role that it is of. Look for the ASIA… beside it: CloudTrail tells who made it."
            ),
            Self::Bedrock { is_short: false } => write!(
                f,
                "That looks like a Bedrock API key: a secret. It does not tell whose it is. \
                 \"aws iam list-service-specific-credentials --all-users --service-name \
                 bedrock.amazonaws.com\" lists those of the account, most of users called \
                 BedrockAPIKey-…; \"aws iam update-service-specific-credential --status Inactive\" \
                 switches one off."
            ),
            Self::Bedrock { is_short: true } => write!(
                f,
                "That looks like a short-term Bedrock API key: a secret made from a session, for 12 \
                 hours at most. It cannot be deactivated: revoke the sessions of the user or role \
                 that made it."
            ),
            Self::Temporary(id) => {
                let place = account_of(id).map(|account| {
                    format!(" It was made in account {account} (derived from the ID).")
                });
                let place = place.unwrap_or_default();
                write!(
                    f,
                    "{id} is the key of a session, of a role or of a user: it cannot be \
                     deactivated.{place} CloudTrail tells by this ID whose it is. Of a role, revoke \
                     that role's sessions; of a user (GetSessionToken, GetFederationToken), deal \
                     with the key that made it as leaked, which revokes the user's sessions."
                )
            }
            Self::Other { id, what } => {
                write!(f, "{id} is the ID of {what}, not of an access key.")
            }
            Self::Prefix => write!(f, "No key ID begins like this: it begins with AKIA."),
            Self::Length(length) => {
                let how = if *length < LENGTH { "short" } else { "long" };
                write!(
                    f,
                    "Too {how} for a key ID: {length} characters, not {LENGTH}."
                )
            }
            Self::Character(wrong) => {
                let wrong = super::text::visible(wrong.encode_utf8(&mut [0; 4])).into_owned();
                write!(f, "A key ID has only letters and digits, and no {wrong}.")
            }
        }
    }
}

impl std::error::Error for NotAKey {}

/// What is left of a copied text without what came along from around it.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ',' | ';'))
}

/// The secret that a text holds, as far as one looks like it: that of an access key, forty characters
/// of base64 in a row; a session's token, which is much longer; or an API key of Bedrock.
#[must_use]
pub fn secret_in(text: &str) -> Option<NotAKey> {
    if text.contains(SHORT_TERM) {
        return Some(NotAKey::Bedrock { is_short: true });
    }
    let mut parts = text.split(is_outside);
    if parts.clone().any(is_bedrock_key) {
        return Some(NotAKey::Bedrock { is_short: false });
    }
    if parts.clone().any(is_token) {
        return Some(NotAKey::Token);
    }
    let is_secret = |part: &str| part.len() == SECRET_LENGTH || part.len() >= TOKEN_LENGTH;
    parts.any(is_secret).then_some(NotAKey::Secret)
}

impl NotAKey {
    /// What sort of secret it is, in words; none where it is none.
    #[must_use]
    pub fn secret(&self) -> Option<&'static str> {
        match self {
            Self::Secret => Some("a secret"),
            Self::Token => Some("the token of a session, a secret"),
            Self::Bedrock { .. } => Some("a Bedrock API key, a secret"),
            _ => None,
        }
    }
}

/// Whether a text that is being typed may be the beginning of a secret: it has what no ID has, and what a
/// secret has sooner or later. Shorter words of capitals and small letters may be anything.
#[must_use]
pub fn may_become_secret(text: &str) -> bool {
    text.split(is_outside).any(|word| {
        let has = |is: fn(&u8) -> bool| word.bytes().any(|byte| is(&byte));
        let mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
        word.contains(['/', '+']) || mixed && word.len() > LENGTH
    })
}

/// Whether a text holds what looks like a secret.
#[must_use]
pub fn holds_secret(text: &str) -> bool {
    secret_in(text).is_some()
}

/// Whether a word is the token of a session, or the beginning of one. No ID and hardly a name begins so,
/// in capitals and small letters.
fn is_token(word: &str) -> bool {
    word.len() >= SOME_TOKEN && TOKENS.iter().any(|start| word.starts_with(start))
}

/// Whether a character may be within a secret, or at its end.
#[must_use]
pub fn is_of_secret(c: char) -> bool {
    !is_outside(c) || matches!(c, '=' | '-' | '_')
}

/// Whether a word is a long-term API key of Bedrock, or the beginning of one.
fn is_bedrock_key(word: &str) -> bool {
    word.starts_with(LONG_TERM) || (word.starts_with("ABSK") && word.len() >= SECRET_LENGTH)
}

/// The same where other long words are usual: one of hexadecimal digits only is a checksum.
#[must_use]
pub fn looks_like_a_secret(text: &str) -> bool {
    let hex = |part: &str| part.chars().all(|c| c.is_ascii_hexdigit());
    text.split(is_outside).any(|part| {
        is_bedrock_key(part) || is_token(part) || (part.len() == SECRET_LENGTH && !hex(part))
    })
}

/// Whether a text is a secret and no path: a part of a path may look like a secret too, and so may one
/// that is half typed.
#[must_use]
pub fn is_a_secret(text: &str) -> bool {
    let text = text.trim();
    text.len() == SECRET_LENGTH && looks_like_a_secret(text) && !text.starts_with('/')
}

/// A text without what may be a secret in it: forty characters of base64 in a row, or more, for what
/// stands beside a secret may be base64 too.
#[must_use]
pub fn redacted(text: &str) -> String {
    redacted_where(text, |_| true)
}

/// The same of what is known for a name: of a user, a path, a policy, a call. Many are longer than a
/// secret and made of letters only; one that has capitals, small letters and digits may be a secret
/// that was pasted in the wrong place. A number between two slashes is none of it.
#[must_use]
pub fn redacted_name(name: &str) -> String {
    redacted_where(name, |run| {
        let has = |is: fn(&u8) -> bool| run.bytes().any(|byte| is(&byte));
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let mixed = |part: &str| !is_number(part) && part.contains(|c: char| !c.is_alphabetic());
        has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && run.split('/').any(mixed)
    })
}

/// A text without the runs that are as long as a secret and look like one.
fn redacted_where(text: &str, is_secret: impl Fn(&str) -> bool) -> String {
    let parts = text.split_inclusive(is_outside).map(|part| {
        let run = part.trim_end_matches(is_outside);
        if run.len() >= SECRET_LENGTH && is_secret(run) {
            format!("[redacted]{}", &part[run.len()..])
        } else {
            part.to_owned()
        }
    });
    parts.collect()
}

/// Whether no secret has this character.
fn is_outside(c: char) -> bool {
    !(c.is_ascii_alphanumeric() || matches!(c, '/' | '+'))
}

/// The number of the account that a key ID was made in. AWS documents nothing of this, so that it is
/// always said to be derived; older IDs hold none.
#[must_use]
pub fn account_of(id: &str) -> Option<String> {
    let tail = id.get(4..LENGTH)?;
    let mut bits: u128 = 0;
    for byte in tail.bytes() {
        let digit = BASE32.iter().position(|known| *known == byte)?;
        bits = bits << 5 | u128::try_from(digit).ok()?;
    }
    // Sixteen digits are eighty bits. The first of them says that there is a number, the next forty
    // are it.
    if bits >> 79 == 0 {
        return None;
    }
    let number = (bits >> 39) & ((1 << 40) - 1);
    (number < 1_000_000_000_000).then(|| format!("{number:012}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The reverse of [`account_of`]: an ID made in this account.
    fn id_of(prefix: &str, account: u64, rest: u64) -> String {
        let bits = 1 << 79 | u128::from(account) << 39 | u128::from(rest & ((1 << 39) - 1));
        let digits = (0..16).rev().map(|at| {
            let digit = usize::try_from(bits >> (5 * at) & 31).unwrap();
            char::from(BASE32[digit])
        });
        format!("{prefix}{}", digits.collect::<String>())
    }

    #[test]
    fn the_account_is_derived_where_the_id_holds_it() {
        let of = |id| account_of(id);
        assert_eq!(of("ASIAY34FZKBOKMUTVV7A").as_deref(), Some("609629065308"));
        assert_eq!(of("AKIAY34FZKBOKMUTVV7A").as_deref(), Some("609629065308"));
        assert_eq!(of("AKIAIOSFODNN7EXAMPLE"), None, "an old one");
        assert_eq!(of("AKIAQX7DEMO4DEPLOY01"), None, "not base32");
        assert_eq!(of("AKIA"), None);
        assert_eq!(of("AKIAäöüäöüäöüäöü"), None);
    }

    #[test]
    fn a_bedrock_key_is_a_secret_and_is_not_repeated() {
        let long = format!("ABSKQmVkcm9ja0FQSUtleS{}==", "aB3/".repeat(27));
        let short = format!("bedrock-api-key-{}", "YmVkcm9jay5".repeat(20));
        let half = &long[..8];
        for (text, is_short) in [
            (long.as_str(), false),
            (half, false),
            (&format!("AWS_BEARER_TOKEN_BEDROCK={long}"), false),
            (&short, true),
        ] {
            let why = KeyId::read(text).expect_err("it is no ID");
            assert_eq!(why, NotAKey::Bedrock { is_short }, "{text}");
            assert!(!why.to_string().contains("aB3/") && !why.to_string().contains("YmVk"));
            assert!(holds_secret(text));
        }
        assert!(looks_like_a_secret(half));
        assert!(!redacted(&long).contains("aB3/"));
        // Too little of it to be one.
        assert_eq!(secret_in("ABSK"), None);
        assert_eq!(secret_in("ABSKQmV"), None);
    }

    #[test]
    fn the_token_of_a_session_is_a_secret() {
        let token = format!("IQoJb3JpZ2luX2VjE{}", "a1B2+/".repeat(60));
        let older = token.replacen("IQoJb3JpZ2luX2VjE", "FwoGZXIvYXdzE", 1);
        for token in [&token, &token[..60], &token[..12], &older, &older[..30]] {
            assert_eq!(KeyId::read(token), Err(NotAKey::Token), "{token}");
            assert!(looks_like_a_secret(token), "{token}");
        }
        assert!(!NotAKey::Token.to_string().contains("IQoJ"));
        // So few characters may be of a name, and so may others that are spelt otherwise.
        for name in ["IQoJb3J", "iqoj-uploads-bucket", "FWOGHORN-LEGHORN"] {
            assert_eq!(secret_in(name), None, "{name}");
            assert!(!looks_like_a_secret(name), "{name}");
        }
        // The usual slip of the hand is not.
        assert_eq!(
            KeyId::read("AKIAIOSFODNN7EXAMPLEX"),
            Err(NotAKey::Length(21))
        );
    }

    #[test]
    fn the_beginning_of_a_secret_is_known_by_what_no_id_has() {
        for text in [
            "wJalrXUtnFEMI/",
            "secret=wJalrXUtnFEMI/K7",
            "a+",
            "wJalrXUtnFEMIaK7MDENG",
        ] {
            assert!(may_become_secret(text), "{text}");
        }
        for text in [
            "",
            "wJalrXUtnFEMIaK7MDEN",
            "AKIAIOSFODNN7EXAMPLE",
            "akiaiosfodnn7examplexx",
            "export AWS_ACCESS_KEY_ID='AKIAIOSFODNN7EXAMPLE'",
        ] {
            assert!(!may_become_secret(text), "{text}");
        }
    }

    #[test]
    fn an_id_is_read_however_it_was_copied() {
        for text in [
            "AKIAIOSFODNN7EXAMPLE",
            "akiaiosfodnn7example",
            "  AKIAIOSFODNN7EXAMPLE\r\n",
            "\"AKIAIOSFODNN7EXAMPLE\",",
            "'AKIAIOSFODNN7EXAMPLE'",
        ] {
            let id = KeyId::read(text).unwrap();
            assert_eq!(id.as_str(), "AKIAIOSFODNN7EXAMPLE", "{text}");
        }
    }

    #[test]
    fn an_id_is_taken_out_of_what_is_around_it() {
        for text in [
            "aws_access_key_id = AKIAIOSFODNN7EXAMPLE",
            "export AWS_ACCESS_KEY_ID='akiaiosfodnn7example'",
            "{\"AccessKeyId\":\"AKIAIOSFODNN7EXAMPLE\",\"again\":\"AKIAIOSFODNN7EXAMPLE\"}",
            "aws_access_key_id=AKIAIOSFODNN7EXAMPLE\r\naws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        ] {
            let id = KeyId::within(text).expect(text);
            assert_eq!(id.as_str(), "AKIAIOSFODNN7EXAMPLE", "{text}");
        }
        for text in [
            "",
            "AKIAIOSFODNN7EXAMPL",
            "xAKIAIOSFODNN7EXAMPLE",
            "ASIAIOSFODNN7EXAMPLE",
            "AKIAIOSFODNN7EXAMPLE or AKIAI44QH8DHBEXAMPLE",
        ] {
            assert_eq!(KeyId::within(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_key_id_is_told_in_words_of_its_own() {
        for (text, words) in [
            (" \n", "A key ID is AKIA and sixteen letters and digits."),
            (
                "AKIAIOSFODNN7EXAMPL",
                "Too short for a key ID: 19 characters, not 20.",
            ),
            (
                "AKIAIOSFODNN7EXAMPLES",
                "Too long for a key ID: 21 characters, not 20.",
            ),
            (
                "AKIAIOSFODNN7-EXAMPL",
                "A key ID has only letters and digits, and no -.",
            ),
            ("deploy", "No key ID begins like this: it begins with AKIA."),
            (
                "AIDAIOSFODNN7EXAMPLES",
                "AIDAIOSFODNN7EXAMPLES is the ID of a user, not of an access key.",
            ),
            (
                "AROAIOSFODNN7EXAMPLES",
                "AROAIOSFODNN7EXAMPLES is the ID of a role, not of an access key.",
            ),
            (
                "asiay34fzkbokmutvv7a",
                "ASIAY34FZKBOKMUTVV7A is the key of a session, of a role or of a user: it cannot be \
                 deactivated. It was made in account 609629065308 (derived from the ID). CloudTrail \
                 tells by this ID whose it is. Of a role, revoke that role's sessions; of a user \
                 (GetSessionToken, GetFederationToken), deal with the key that made it as leaked, \
                 which revokes the user's sessions.",
            ),
            (
                "ASIAIOSFODNN7EXAMPLE",
                "ASIAIOSFODNN7EXAMPLE is the key of a session, of a role or of a user: it cannot be \
                 deactivated. CloudTrail tells by this ID whose it is. Of a role, revoke that role's \
                 sessions; of a user (GetSessionToken, GetFederationToken), deal with the key that \
                 made it as leaked, which revokes the user's sessions.",
            ),
            (
                "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                "That looks like a secret, not a key ID. No key is found by its secret; anyone \
                 who has seen it can use it. Look for the key ID beside it, and deactivate that key.",
            ),
        ] {
            assert_eq!(KeyId::read(text).unwrap_err().to_string(), words);
        }
    }

    proptest! {
        #[test]
        fn every_account_is_found_in_an_id_made_in_it(
            account in 0u64..1_000_000_000_000, rest in any::<u64>()
        ) {
            for prefix in ["AKIA", "ASIA"] {
                let id = id_of(prefix, account, rest);
                prop_assert_eq!(account_of(&id), Some(format!("{account:012}")));
            }
            let id = id_of("AKIA", account, rest);
            prop_assert_eq!(KeyId::read(&id).unwrap().to_string(), id);
        }

        #[test]
        fn any_text_is_read_and_only_an_id_becomes_one(text in "\\PC{0,60}") {
            let derived = account_of(&text);
            prop_assert!(derived.is_none_or(|number| number.len() == 12));
            if let Ok(id) = KeyId::read(&text) {
                prop_assert!(id.as_str().starts_with("AKIA") && id.as_str().len() == LENGTH);
            }
        }

        #[test]
        fn a_secret_is_seen_in_whatever_it_was_copied_with_and_never_repeated(
            secret in "[A-Za-z0-9/+]{40}", around in "[ \"'=:,\n]{1,3}"
        ) {
            let pasted = format!("secret{around}{secret}{around}");
            let why = KeyId::read(&pasted).unwrap_err();
            prop_assert_eq!(&why, &NotAKey::Secret);
            prop_assert!(!why.to_string().contains(&secret));
            prop_assert_eq!(
                redacted(&pasted),
                format!("secret{around}[redacted]{around}")
            );
        }

        #[test]
        fn nothing_is_redacted_where_there_is_no_secret(text in "([A-Za-z0-9/+]{0,39}[ .:é]){0,9}") {
            prop_assert_eq!(redacted(&text), text);
        }
    }
}
