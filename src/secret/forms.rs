//! The forms in which a key can be pasted: lines for a shell, the output of a
//! `credential_process`, a section of the credentials file.
//!
//! An endpoint may return any text. It always stays data: no quote in a value ends the quoting,
//! and no line break in a value begins a new line.

use super::is_plain;
use crate::engine::{
    SecretKey,
    destination::{Form, NewSecret},
};
use chrono::SecondsFormat;
use serde::Serialize;

impl Form {
    /// A key in this form. Only a section has a place for `profile`.
    ///
    /// A section has no quoting. There, a character that would end the line or the name becomes
    /// `U+FFFD`: a key that visibly does not work, rather than an injected line.
    #[must_use]
    pub fn text(self, key_id: &str, secret: &SecretKey, profile: &str) -> SecretKey {
        let (before, between, after) = match self {
            Self::Posix => ("export ", "=", "\n"),
            Self::Fish => ("set -gx ", " ", "\n"),
            Self::PowerShell => ("$Env:", " = '", "'\n"),
            Self::Process => return process(key_id, secret),
            Self::Section => ("", " = ", "\n"),
        };
        let mut pieces = Vec::new();
        let mut names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
        if self == Self::Section {
            names = ["aws_access_key_id", "aws_secret_access_key"];
            let ends_name = |c| "[]#;".contains(c).then_some("\u{fffd}");
            pieces.push("[");
            pieces.extend(replaced(profile, |c| ends_name(c).or(self.escape(c))));
            pieces.push("]\n");
        }
        for (name, value) in names.into_iter().zip([key_id, secret.expose()]) {
            let quoted = matches!(self, Self::Posix | Self::Fish) && !is_plain(value);
            let quote = if quoted { "'" } else { "" };
            pieces.extend([before, name, between, quote]);
            pieces.extend(replaced(value, |c| self.escape(c)));
            pieces.extend([quote, after]);
        }
        SecretKey::joined(&pieces)
    }

    /// What a character is written as where it is special: inside single quotes in a shell, and
    /// anywhere in a section.
    fn escape(self, c: char) -> Option<&'static str> {
        match (self, c) {
            (Self::Posix, '\'') => Some(r"'\''"),
            (Self::Fish, '\'') => Some(r"\'"),
            (Self::Fish, '\\') => Some(r"\\"),
            // PowerShell takes typographic single quotes for quotes, and two of any for itself.
            (Self::PowerShell, '\'') => Some("''"),
            (Self::PowerShell, '\u{2018}') => Some("\u{2018}\u{2018}"),
            (Self::PowerShell, '\u{2019}') => Some("\u{2019}\u{2019}"),
            (Self::PowerShell, '\u{201a}') => Some("\u{201a}\u{201a}"),
            (Self::PowerShell, '\u{201b}') => Some("\u{201b}\u{201b}"),
            (Self::Section, '\u{2028}' | '\u{2029}') => Some("\u{fffd}"),
            (Self::Section, c) if c.is_control() => Some("\u{fffd}"),
            _ => None,
        }
    }
}

/// A value as slices, with some characters replaced.
fn replaced(
    value: &str,
    with: impl Fn(char) -> Option<&'static str>,
) -> impl Iterator<Item = &str> {
    let chars = value.char_indices();
    chars.map(move |(at, c)| with(c).unwrap_or(&value[at..at + c.len_utf8()]))
}

/// A new key as a JSON object, with what is known of it: what `json`, `exec:` and the stores of secrets
/// get. There is no line break in it or behind it.
///
/// # Panics
/// Never: texts can be written as JSON.
#[must_use]
pub fn document(key: &NewSecret) -> SecretKey {
    #[derive(Serialize)]
    struct Output<'a> {
        access_key_id: &'a str,
        secret_access_key: &'a str,
        user: &'a str,
        account: Option<&'a str>,
        created: Option<String>,
    }
    let output = Output {
        access_key_id: &key.key,
        secret_access_key: key.secret.expose(),
        user: &key.user,
        account: key.account.as_deref(),
        created: key
            .created
            .map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true)),
    };
    let account = key.account.as_ref().map_or(0, String::len);
    let texts = key.key.len() + key.secret.expose().len() + key.user.len() + account;
    // Room for every byte as `\u00XX`, as below.
    let room = 6 * texts + 160;
    let mut json = Vec::with_capacity(room);
    serde_json::to_writer(&mut json, &output).expect("texts can be written as JSON");
    debug_assert!(json.len() <= room);
    SecretKey::new(String::from_utf8(json).expect("JSON is UTF-8"))
}

fn process(key_id: &str, secret: &SecretKey) -> SecretKey {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Output<'a> {
        version: u32,
        access_key_id: &'a str,
        secret_access_key: &'a str,
    }
    let output = Output {
        version: 1,
        access_key_id: key_id,
        secret_access_key: secret.expose(),
    };
    // Room for every byte as `\u00XX`: memory that grew would leave copies of the secret behind.
    let room = 6 * (key_id.len() + secret.expose().len()) + 64;
    let mut json = Vec::with_capacity(room);
    serde_json::to_writer(&mut json, &output).expect("two strings can be written as JSON");
    json.push(b'\n');
    debug_assert!(json.len() <= room);
    SecretKey::new(String::from_utf8(json).expect("JSON is UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &[&str] = &[
        "$(touch /tmp/owned)'; exit 3; '",
        "`exit 3`",
        "a\nexit 3",
        "\\' ; exit 3 #",
        "\"; exit 3; \"",
        "$HOME ~ * ? [x] {a,b} !! & | < > ( )",
        "",
        " padded ",
        "-x",
        "'\\''",
        "caf\u{e9} \u{2019}; exit 3; \u{2018}",
        "\t\x01\x1b[31m",
    ];

    fn text(form: Form, key_id: &str, secret: &str, profile: &str) -> String {
        form.text(key_id, &SecretKey::new(secret.into()), profile)
            .expose()
            .into()
    }

    #[test]
    fn a_usual_key_reads_as_one_would_type_it() {
        let of = |form| text(form, "AKIAEXAMPLE", "a/b+c=", "work");
        assert_eq!(
            of(Form::Posix),
            "export AWS_ACCESS_KEY_ID=AKIAEXAMPLE\nexport AWS_SECRET_ACCESS_KEY=a/b+c=\n"
        );
        assert_eq!(
            of(Form::Fish),
            "set -gx AWS_ACCESS_KEY_ID AKIAEXAMPLE\nset -gx AWS_SECRET_ACCESS_KEY a/b+c=\n"
        );
        assert_eq!(
            of(Form::PowerShell),
            "$Env:AWS_ACCESS_KEY_ID = 'AKIAEXAMPLE'\n$Env:AWS_SECRET_ACCESS_KEY = 'a/b+c='\n"
        );
        assert_eq!(
            of(Form::Process),
            "{\"Version\":1,\"AccessKeyId\":\"AKIAEXAMPLE\",\"SecretAccessKey\":\"a/b+c=\"}\n"
        );
        assert_eq!(
            of(Form::Section),
            "[work]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = a/b+c=\n"
        );
    }

    #[test]
    fn the_document_says_what_is_known_and_null_of_the_rest() {
        let mut key = NewSecret {
            key: "AKIAIOSFODNN7EXAMPLE".into(),
            secret: SecretKey::new("DEMO/\"secret\"\u{1}EXAMPLE".into()),
            user: "deploy-bot".into(),
            account: Some("123456789012".into()),
            created: chrono::DateTime::from_timestamp(1_795_336_201, 5),
        };
        let text = document(&key);
        assert_eq!(
            text.expose(),
            "{\"access_key_id\":\"AKIAIOSFODNN7EXAMPLE\",\
             \"secret_access_key\":\"DEMO/\\\"secret\\\"\\u0001EXAMPLE\",\
             \"user\":\"deploy-bot\",\"account\":\"123456789012\",\
             \"created\":\"2026-11-22T08:30:01Z\"}"
        );
        (key.account, key.created) = (None, None);
        assert!(
            document(&key)
                .expose()
                .ends_with("\"account\":null,\"created\":null}")
        );
    }

    #[test]
    fn every_form_has_a_title_of_its_own() {
        let mut titles = Form::ALL.map(Form::title).to_vec();
        titles.sort_unstable();
        titles.dedup();
        assert_eq!(titles.len(), Form::ALL.len());
    }

    /// The shell itself says what it has read.
    #[cfg(unix)]
    #[test]
    fn a_shell_reads_hostile_values_as_data() {
        for id in HOSTILE {
            for secret in HOSTILE {
                let script = text(Form::Posix, id, secret, "")
                    + "printf '%s\\0%s\\0' \"$AWS_ACCESS_KEY_ID\" \"$AWS_SECRET_ACCESS_KEY\"";
                let ran = std::process::Command::new("sh")
                    .args(["-c", &script])
                    .output()
                    .unwrap();
                let wanted = format!("{id}\0{secret}\0");
                assert_eq!(String::from_utf8_lossy(&ran.stdout), wanted, "{script}");
                assert!(ran.status.success() && ran.stderr.is_empty(), "{script}");
            }
        }
    }

    /// fish's manual: in single quotes, only `\'` and `\\` are escapes.
    fn fish_word(word: &str) -> Option<String> {
        let Some(inside) = word.strip_prefix('\'') else {
            return is_plain(word).then(|| word.into());
        };
        let mut read = String::new();
        let mut rest = inside.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '\'' => return rest.next().is_none().then_some(read),
                '\\' if matches!(rest.peek(), Some('\'' | '\\')) => read.extend(rest.next()),
                _ => read.push(c),
            }
        }
        None
    }

    #[test]
    fn fish_reads_hostile_values_as_one_word() {
        for value in HOSTILE {
            let written = text(Form::Fish, value, "AKIAEXAMPLE", "");
            let word = written
                .strip_prefix("set -gx AWS_ACCESS_KEY_ID ")
                .and_then(|rest| rest.strip_suffix("\nset -gx AWS_SECRET_ACCESS_KEY AKIAEXAMPLE\n"))
                .unwrap();
            assert_eq!(fish_word(word).as_deref(), Some(*value), "{written}");
        }
    }

    /// `about_Quoting_Rules`: in single quotes, only a doubled quote means anything, and the
    /// typographic ones are quotes too.
    fn power_shell_string(word: &str) -> Option<String> {
        let quote = |c: char| matches!(c, '\'' | '\u{2018}'..='\u{201b}');
        let mut read = String::new();
        let mut rest = word.strip_prefix('\'')?.chars().peekable();
        while let Some(c) = rest.next() {
            if quote(c) && !rest.next_if(|next| quote(*next)).is_some_and(|_| true) {
                return rest.next().is_none().then_some(read);
            }
            read.push(c);
        }
        None
    }

    #[test]
    fn power_shell_reads_hostile_values_as_one_string() {
        for value in HOSTILE {
            let written = text(Form::PowerShell, value, "AKIAEXAMPLE", "");
            let word = written
                .strip_prefix("$Env:AWS_ACCESS_KEY_ID = ")
                .and_then(|rest| {
                    rest.strip_suffix("\n$Env:AWS_SECRET_ACCESS_KEY = 'AKIAEXAMPLE'\n")
                })
                .unwrap();
            assert_eq!(
                power_shell_string(word).as_deref(),
                Some(*value),
                "{written}"
            );
        }
    }

    /// The SDK's own `credential_process` runs a command that prints it.
    #[cfg(unix)]
    #[tokio::test]
    async fn the_sdk_reads_the_json_of_hostile_values() {
        use aws_config::credential_process::CredentialProcessProvider;
        use aws_credential_types::provider::ProvideCredentials as _;

        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("key.json");
        for value in HOSTILE {
            // The provider takes no empty values; the other one shows that nothing moves.
            let (id, secret) = (format!("id{value}"), format!("{value}secret"));
            std::fs::write(&file, text(Form::Process, &id, &secret, "")).unwrap();
            let provider = CredentialProcessProvider::new(format!("cat {}", file.display()));
            let read = provider.provide_credentials().await.unwrap();
            assert_eq!(read.access_key_id(), id);
            assert_eq!(read.secret_access_key(), secret);
        }
    }

    #[test]
    fn a_section_always_has_three_lines() {
        for value in HOSTILE.iter().chain(&["a]\n[b", "x#y", "\u{2028}", "\r"]) {
            let written = text(Form::Section, value, value, value);
            assert_eq!(written.lines().count(), 3, "{written:?}");
            assert!(!written.contains('\r'), "{written:?}");
            let name = written.lines().next().unwrap();
            assert_eq!(name.matches(['[', ']', '#', ';']).count(), 2, "{name:?}");
        }
    }
}
