//! The forms in which a key can be pasted somewhere: lines for a shell, the answer of a
//! `credential_process`, a section of the credentials file.
//!
//! An endpoint may answer with anything. Whatever a value holds, it stays data: no quote in it
//! ends the quoting, and no line break in it begins a line of its own.

use super::{SecretKey, is_plain};

/// One way of writing a key down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `export K=V`, for sh, bash and zsh.
    Posix,
    /// `set -gx K V`, for fish.
    Fish,
    /// `$Env:K = 'V'`.
    PowerShell,
    /// The JSON that a [`credential_process`][1] prints.
    ///
    /// [1]: https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
    Process,
    /// A section of the shared credentials file.
    Section,
}

impl Form {
    /// All of them, in the order of a picker.
    pub const ALL: [Self; 5] = [
        Self::Posix,
        Self::Fish,
        Self::PowerShell,
        Self::Process,
        Self::Section,
    ];

    /// Its name in a picker.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Posix => "export lines (sh, bash, zsh)",
            Self::Fish => "fish",
            Self::PowerShell => "PowerShell",
            Self::Process => "credential_process JSON",
            Self::Section => "credentials file section",
        }
    }

    /// A key in this form. Only a section has a place for `profile`.
    ///
    /// A section has no quoting. There, a character that would end the line or the name becomes
    /// `U+FFFD`: a key that visibly does not work, rather than a line nobody asked for.
    #[must_use]
    pub fn text(self, key_id: &str, secret: &SecretKey, profile: &str) -> SecretKey {
        let pair = [
            ("AWS_ACCESS_KEY_ID", key_id),
            ("AWS_SECRET_ACCESS_KEY", secret.expose()),
        ];
        SecretKey::built(|push| match self {
            Self::Posix => {
                for (name, value) in pair {
                    for piece in ["export ", name, "="] {
                        push(piece);
                    }
                    push_posix(push, value);
                    push("\n");
                }
            }
            Self::Fish => {
                for (name, value) in pair {
                    for piece in ["set -gx ", name, " "] {
                        push(piece);
                    }
                    push_fish(push, value);
                    push("\n");
                }
            }
            Self::PowerShell => {
                for (name, value) in pair {
                    for piece in ["$Env:", name, " = '"] {
                        push(piece);
                    }
                    push_power_shell(push, value);
                    push("'\n");
                }
            }
            Self::Process => {
                push("{\"Version\":1,\"AccessKeyId\":\"");
                push_json(push, key_id);
                push("\",\"SecretAccessKey\":\"");
                push_json(push, secret.expose());
                push("\"}\n");
            }
            Self::Section => {
                push("[");
                push_bare(push, profile, |c| "[]#;".contains(c));
                push("]\naws_access_key_id = ");
                push_bare(push, key_id, |_| false);
                push("\naws_secret_access_key = ");
                push_bare(push, secret.expose(), |_| false);
                push("\n");
            }
        })
    }
}

type Push<'a> = &'a mut dyn FnMut(&str);

/// One word of a POSIX shell. Within single quotes only the quote itself has a meaning.
fn push_posix(push: Push<'_>, value: &str) {
    if is_plain(value) {
        return push(value);
    }
    push("'");
    push_replaced(push, value, |c| (c == '\'').then_some("'\\''"));
    push("'");
}

/// One word of fish, where a backslash before a quote or a backslash means something in single
/// quotes too.
fn push_fish(push: Push<'_>, value: &str) {
    if is_plain(value) {
        return push(value);
    }
    push("'");
    push_replaced(push, value, |c| match c {
        '\'' => Some("\\'"),
        '\\' => Some("\\\\"),
        _ => None,
    });
    push("'");
}

/// The inside of a single-quoted `PowerShell` string. It takes typographic single quotes for
/// quotes, and any of them twice for itself.
fn push_power_shell(push: Push<'_>, value: &str) {
    push_replaced(push, value, |c| match c {
        '\'' => Some("''"),
        '\u{2018}' => Some("\u{2018}\u{2018}"),
        '\u{2019}' => Some("\u{2019}\u{2019}"),
        '\u{201a}' => Some("\u{201a}\u{201a}"),
        '\u{201b}' => Some("\u{201b}\u{201b}"),
        _ => None,
    });
}

/// The inside of a JSON string.
fn push_json(push: Push<'_>, value: &str) {
    const HEX: [&str; 16] = [
        "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f",
    ];
    for c in value.chars() {
        match c {
            '"' => push("\\\""),
            '\\' => push("\\\\"),
            '\0'..='\x1f' => {
                let code = c as usize;
                for piece in ["\\u00", HEX[code >> 4], HEX[code & 15]] {
                    push(piece);
                }
            }
            _ => push(c.encode_utf8(&mut [0; 4])),
        }
    }
}

/// A value where nothing can be quoted.
fn push_bare(push: Push<'_>, value: &str, ends_it: fn(char) -> bool) {
    for c in value.chars() {
        let breaks = c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || ends_it(c);
        let kept = if breaks { '\u{fffd}' } else { c };
        push(kept.encode_utf8(&mut [0; 4]));
    }
}

/// `value`, with the characters that mean something written as what means them.
fn push_replaced(push: Push<'_>, value: &str, with: fn(char) -> Option<&'static str>) {
    for c in value.chars() {
        push(with(c).unwrap_or(c.encode_utf8(&mut [0; 4])));
    }
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
    fn every_form_has_a_title_of_its_own() {
        let mut titles = Form::ALL.map(Form::title).to_vec();
        titles.sort_unstable();
        titles.dedup();
        assert_eq!(titles.len(), Form::ALL.len());
    }

    #[test]
    fn the_exports_of_a_secret_are_the_posix_form() {
        let secret = SecretKey::new("$(x)'".into());
        assert_eq!(
            secret.exports("AKIAEXAMPLE").expose(),
            text(Form::Posix, "AKIAEXAMPLE", "$(x)'", "")
        );
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
    fn a_section_has_three_lines_whatever_is_in_it() {
        for value in HOSTILE.iter().chain(&["a]\n[b", "x#y", "\u{2028}", "\r"]) {
            let written = text(Form::Section, value, value, value);
            assert_eq!(written.lines().count(), 3, "{written:?}");
            assert!(!written.contains('\r'), "{written:?}");
            let name = written.lines().next().unwrap();
            assert_eq!(name.matches(['[', ']', '#', ';']).count(), 2, "{name:?}");
        }
    }
}
