//! The `aws` command that does the same: for a runbook, a ticket, or a colleague who has the
//! permission.
//!
//! Names come from the account, and who reads them may paste them into a shell. What cannot be an
//! ordinary argument (it begins like an option or like the address of a file, which the command
//! would read and send, or holds what a terminal obeys) goes in as JSON, where it is data.

use std::{borrow::Cow, fmt::Write as _};

/// A parameter of a call: its name in AWS's API, and its value.
pub(super) type Parameter<'a> = (&'static str, Value<'a>);

/// The value of a parameter.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    Text(&'a str),
    /// A list of one text.
    List(Cow<'a, str>),
    /// A list of texts, which are names of AWS's own.
    Texts([&'a str; 4]),
    /// A list of one tag: its key and value.
    Tag(Cow<'a, str>, &'a str),
    /// A list of one attribute to look events up by: its key and value.
    Attribute(&'a str, &'a str),
}

/// The whole command line for an action, with the profile and the endpoint where they are named.
pub(super) fn command(
    action: &str,
    parameters: &[Parameter<'_>],
    profile: Option<&str>,
    endpoint: Option<&str>,
) -> String {
    let mut line = format!(
        "aws {}",
        action.split(':').map(kebab).collect::<Vec<_>>().join(" ")
    );
    if parameters.iter().all(|(_, value)| value.is_plain()) {
        for (name, value) in parameters {
            let option = format!("--{}", kebab(name));
            match value {
                // Each is an argument of its own.
                Value::Texts(texts) => line.extend([" ", &option, " ", &texts.join(" ")]),
                _ => push(&mut line, &option, &value.argument()),
            }
        }
    } else {
        let members = parameters.iter();
        let members = members.map(|(name, value)| format!("\"{name}\":{}", value.json()));
        let json = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
        push(&mut line, "--cli-input-json", &json);
    }
    for (option, value) in [("--profile", profile), ("--endpoint-url", endpoint)] {
        if let Some(value) = value {
            push(&mut line, option, value);
        }
    }
    line
}

/// A name of AWS's API as the command writes it: `AccessKeyId` is `access-key-id`, and
/// `SSHPublicKeyId` is `ssh-public-key-id`.
fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    let mut after_capital = true;
    let mut letters = name.chars().peekable();
    while let Some(c) = letters.next() {
        let is_capital = c.is_ascii_uppercase();
        let begins_word = letters.peek().is_some_and(char::is_ascii_lowercase);
        if is_capital && !kebab.is_empty() && (!after_capital || begins_word) {
            kebab.push('-');
        }
        kebab.push(c.to_ascii_lowercase());
        after_capital = is_capital;
    }
    kebab
}

fn push(line: &mut String, option: &str, value: &str) {
    // With a space between them, it would be taken for the next option.
    let between = if value.starts_with('-') { "=" } else { " " };
    line.extend([" ", option, between, &word(value)]);
}

impl Value<'_> {
    /// Whether it can be an argument as it is.
    fn is_plain(&self) -> bool {
        let text = |text: &str| {
            let printable = text.chars().all(|c| c == ' ' || c.is_ascii_graphic());
            printable && !text.starts_with('-') && !text.contains("://")
        };
        match self {
            Self::Text(value) => text(value),
            Self::List(value) => text(value),
            // Its JSON is an argument that begins with a bracket.
            Self::Tag(..) | Self::Attribute(..) | Self::Texts(_) => true,
        }
    }

    fn argument(&self) -> Cow<'_, str> {
        match self {
            Self::Text(value) => (*value).into(),
            Self::List(value) => (&**value).into(),
            // The command's own short form has its own rules for commas, quotes and brackets.
            Self::Tag(key, value) if is_short(key) && is_short(value) => {
                format!("Key={key},Value={value}").into()
            }
            Self::Attribute(key, value) if is_short(key) && is_short(value) => {
                format!("AttributeKey={key},AttributeValue={value}").into()
            }
            Self::Texts(texts) => texts.join(" ").into(),
            Self::Tag(..) | Self::Attribute(..) => self.json().into(),
        }
    }

    fn json(&self) -> String {
        match self {
            Self::Text(value) => json(value),
            Self::List(value) => format!("[{}]", json(value)),
            Self::Texts(texts) => format!("[{}]", texts.map(json).join(",")),
            Self::Tag(key, value) => {
                let (key, value) = (json(key), json(value));
                format!("[{{\"Key\":{key},\"Value\":{value}}}]")
            }
            Self::Attribute(key, value) => {
                let (key, value) = (json(key), json(value));
                format!("[{{\"AttributeKey\":{key},\"AttributeValue\":{value}}}]")
            }
        }
    }
}

/// Whether a text means itself in the command's short form.
fn is_short(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || " _.:/+-@".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !text.ends_with(' ')
        && text.chars().all(plain)
}

/// A text in JSON. All but letters, digits and ASCII's visible characters are written as numbers, so
/// that no terminal obeys them.
fn json(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' ' | '!'..='~' => quoted.push(c),
            c if c.is_alphanumeric() => quoted.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing into a string does not fail.
                    let _ = write!(quoted, "\\u{unit:04x}");
                }
            }
        }
    }
    quoted.push('"');
    quoted
}

/// A text as one word of a POSIX shell.
fn word(text: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/+=_-.,:@%".contains(c);
    // zsh looks for a command behind an equals sign.
    if !text.is_empty() && !text.starts_with('=') && text.chars().all(plain) {
        return text.into();
    }
    format!("'{}'", text.replace('\'', "'\\''")).into()
}

#[cfg(test)]
mod tests {
    use super::super::{Change, Read};

    const KEY: &str = "AKIADEPLOY01EXAMPLE1";

    fn describe(user: &str, text: Option<&str>) -> String {
        let change = Change::SetDescription {
            user: user.into(),
            key: KEY.into(),
            text: text.map(str::to_owned),
        };
        change.command(None, None)
    }

    fn create(user: &str) -> String {
        Change::Create { user: user.into() }.command(None, None)
    }

    /// The words that a shell makes of a line, without the first.
    #[cfg(unix)]
    fn words(line: &str) -> Vec<String> {
        let script = format!("aws() {{ printf '%s\\n' \"$@\"; }}; {line}");
        let mut shell = std::process::Command::new("sh");
        let output = shell.args(["-c", &script]).output().unwrap();
        assert!(output.status.success(), "{line}");
        assert_eq!(output.stderr, b"", "{line}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn each_change_and_each_read_has_its_command() {
        let set = |active| Change::SetActive {
            user: "deploy-bot".into(),
            key: KEY.into(),
            active,
        };
        let delete = Change::Delete {
            user: "deploy-bot".into(),
            key: KEY.into(),
        };
        for (line, expected) in [
            (
                create("deploy-bot"),
                "create-access-key --user-name deploy-bot",
            ),
            (
                set(false).command(None, None),
                "update-access-key --user-name deploy-bot --access-key-id AKIADEPLOY01EXAMPLE1 --status Inactive",
            ),
            (
                set(true).command(None, None),
                "update-access-key --user-name deploy-bot --access-key-id AKIADEPLOY01EXAMPLE1 --status Active",
            ),
            (
                delete.command(None, None),
                "delete-access-key --user-name deploy-bot --access-key-id AKIADEPLOY01EXAMPLE1",
            ),
            (
                describe("deploy-bot", None),
                "untag-user --user-name deploy-bot --tag-keys AKIADEPLOY01EXAMPLE1",
            ),
            (
                describe("deploy-bot", Some("nightly")),
                "tag-user --user-name deploy-bot --tags Key=AKIADEPLOY01EXAMPLE1,Value=nightly",
            ),
        ] {
            assert_eq!(line, format!("aws iam {expected}"));
        }
        for (read, expected) in [
            (Read::Caller, "sts get-caller-identity"),
            (Read::Alias, "iam list-account-aliases"),
            (Read::Summary, "iam get-account-summary"),
            (Read::Report, "iam get-credential-report"),
            (Read::Users(Some("marker".into())), "iam list-users"),
            (
                Read::Keys("bob".into()),
                "iam list-access-keys --user-name bob",
            ),
            (
                Read::LastUsed("bob".into(), KEY.into()),
                "iam get-access-key-last-used --access-key-id AKIADEPLOY01EXAMPLE1",
            ),
            (
                Read::Owner(KEY.into()),
                "iam get-access-key-last-used --access-key-id AKIADEPLOY01EXAMPLE1",
            ),
            (
                Read::KeyAccount(KEY.into()),
                "sts get-access-key-info --access-key-id AKIADEPLOY01EXAMPLE1",
            ),
            (
                Read::Tags("bob".into()),
                "iam list-user-tags --user-name bob",
            ),
        ] {
            assert_eq!(read.command(None, None), format!("aws {expected}"));
        }
    }

    #[test]
    fn the_profile_and_the_endpoint_come_last() {
        let line =
            Read::Keys("bob".into()).command(Some("acme prod"), Some("http://127.0.0.1:4566"));
        assert_eq!(
            line,
            "aws iam list-access-keys --user-name bob --profile 'acme prod' \
             --endpoint-url http://127.0.0.1:4566"
        );
        let line = Read::Caller.command(Some("-odd"), None);
        assert_eq!(line, "aws sts get-caller-identity --profile=-odd");
    }

    #[cfg(unix)]
    #[test]
    fn a_hostile_name_stays_one_argument() {
        for name in [
            "$(touch pwned)",
            "`id`; reboot",
            "a'b\"c",
            "a b  c",
            "*",
            "~root",
            "a\\b",
            "=ls",
            "!!",
            "#",
            "",
        ] {
            let given = words(&create(name));
            assert_eq!(given, ["iam", "create-access-key", "--user-name", name]);
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_the_command_or_a_terminal_would_obey_goes_in_as_json() {
        for (name, json) in [
            ("-rf", r#"{"UserName":"-rf"}"#),
            ("--debug", r#"{"UserName":"--debug"}"#),
            ("file:///etc/passwd", r#"{"UserName":"file:///etc/passwd"}"#),
            ("a\nb", r#"{"UserName":"a\u000ab"}"#),
            ("\u{1b}[201~\nid", r#"{"UserName":"\u001b[201~\u000aid"}"#),
            ("a\u{202e}b\u{9b}", r#"{"UserName":"a\u202eb\u009b"}"#),
            ("é'\"🔑", r#"{"UserName":"é'\"\ud83d\udd11"}"#),
        ] {
            let line = create(name);
            assert!(line.chars().all(|c| !c.is_control()), "{line:?}");
            let given = words(&line);
            assert_eq!(
                given,
                ["iam", "create-access-key", "--cli-input-json", json]
            );
        }
        let line = describe("-x", Some("a, b"));
        let json = r#"{"UserName":"-x","Tags":[{"Key":"AKIADEPLOY01EXAMPLE1","Value":"a, b"}]}"#;
        assert_eq!(words(&line)[3], json);
        let line = describe("-x", None);
        assert_eq!(
            words(&line)[3],
            r#"{"UserName":"-x","TagKeys":["AKIADEPLOY01EXAMPLE1"]}"#
        );
    }

    #[cfg(unix)]
    #[test]
    fn descriptions_keep_to_the_short_form_where_it_means_what_it_says() {
        let tags = |text| words(&describe("bob", Some(text))).pop().unwrap();
        let short = "Key=AKIADEPLOY01EXAMPLE1,Value=";
        for text in ["nightly backup", "ops@example.com /srv/a-b_c:1.2+3"] {
            assert_eq!(tags(text), format!("{short}{text}"));
        }
        for (text, value) in [
            ("", r#""""#),
            ("a, b", r#""a, b""#),
            ("a=b", r#""a=b""#),
            (" a", r#"" a""#),
            ("a ", r#""a ""#),
            ("-", r#""-""#),
            ("[a]", r#""[a]""#),
            ("'a'", r#""'a'""#),
            ("\"a\"", r#""\"a\"""#),
            ("für Zürich", r#""für Zürich""#),
        ] {
            let expected = format!(r#"[{{"Key":"AKIADEPLOY01EXAMPLE1","Value":{value}}}]"#);
            assert_eq!(tags(text), expected, "{text}");
        }
    }
}
