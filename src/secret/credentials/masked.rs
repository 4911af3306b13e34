//! Lines of a credentials file as they may be shown. Only what is known to be harmless is: there may
//! be old secrets in comments, and secrets of other tools under other keys.

use super::readers::Kind;

/// What stands for a hidden value.
pub(super) const HIDDEN: &str = "[hidden]";

/// Keys whose values are no secrets.
const HARMLESS: &[&str] = &[
    "ca_bundle",
    "cli_pager",
    "credential_source",
    "duration_seconds",
    "mfa_serial",
    "output",
    "region",
    "role_arn",
    "role_session_name",
    "source_profile",
    "sso_account_id",
    "sso_region",
    "sso_role_name",
    "sso_session",
    "sso_start_url",
    "aws_account_id",
];

/// Words of this length may be secrets: those of AWS have 40 characters.
const LONG: usize = 16;

/// Whether this can be an access key ID, which is no secret. A secret in the wrong place has
/// lower-case letters.
pub(super) fn is_key_id(value: &str) -> bool {
    let known = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    (16..=32).contains(&value.len()) && value.chars().all(known)
}

/// The value of a key ID, unless it is something else.
pub(super) fn key_id(value: &str) -> &str {
    if is_key_id(value) { value } else { HIDDEN }
}

/// A line that stays.
pub(super) fn line(text: &str, kind: Kind) -> String {
    let is_harmless = |key: &str| HARMLESS.contains(&&*key.trim().to_ascii_lowercase());
    match (kind, text.split_once(['=', ':'])) {
        (Kind::Header, _) => {
            let (name, comment) = text.split_at(text.rfind(']').map_or(0, |at| at + 1));
            format!("{name}{}", rest(comment))
        }
        (Kind::Option, Some((key, value))) if is_harmless(key) && !value.contains(['#', ';']) => {
            text.into()
        }
        _ => rest(text),
    }
}

/// A comment, or an unknown key: without what follows `=` or `:`, and without long words.
fn rest(text: &str) -> String {
    let end = text.find(['=', ':']).map_or(text.len(), |at| at + 1);
    let (before, after) = text.split_at(end);
    let words = before.split_inclusive(' ').map(|word| {
        let long = word.trim_end_matches([' ', '=', ':']).len();
        if long >= LONG && !is_name(word) {
            word.replace(word.trim_end(), HIDDEN)
        } else {
            word.into()
        }
    });
    let mut shown: String = words.collect();
    if !after.trim().is_empty() {
        shown.push(' ');
        shown.push_str(HIDDEN);
    }
    shown
}

/// Whether a long word is the name of a setting.
fn is_name(word: &str) -> bool {
    let word = word.trim_start_matches(['#', ';']);
    let word = word.trim_end_matches([' ', '=', ':']);
    word.contains('_') && word.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_is_hidden() {
        for (text, kind, wanted) in [
            ("region = eu-north-1", Kind::Option, "region = eu-north-1"),
            ("Region=x # EXAMPLE", Kind::Option, "Region= [hidden]"),
            ("api_token = EXAMPLE", Kind::Option, "api_token = [hidden]"),
            ("  max = 20", Kind::Continuation, "  max = [hidden]"),
            (
                "# for the batch jobs",
                Kind::Nothing,
                "# for the batch jobs",
            ),
            (
                "#aws_secret_access_key = EXAMPLE",
                Kind::Nothing,
                "#aws_secret_access_key = [hidden]",
            ),
            (
                "# was wJalrXUtnFEMI/K7MDENG/EXAMPLE once",
                Kind::Nothing,
                "# was [hidden] once",
            ),
            ("wJalrXUtnFEMIK7MDENGEXAMPLE=", Kind::Option, "[hidden]"),
            (
                "[a] # password: x",
                Kind::Header,
                "[a] # password: [hidden]",
            ),
            ("", Kind::Nothing, ""),
        ] {
            assert_eq!(line(text, kind), wanted, "{text}");
        }
    }

    #[test]
    fn a_secret_in_the_place_of_the_id_is_not_shown() {
        assert_eq!(key_id("AKIAIOSFODNN7EXAMPLE"), "AKIAIOSFODNN7EXAMPLE");
        for odd in ["", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "AKIA # x"] {
            assert_eq!(key_id(odd), HIDDEN);
        }
    }
}
