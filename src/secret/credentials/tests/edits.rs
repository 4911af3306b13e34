//! The editor, case by case.

use super::{ID, SECRET, edit, secret};

/// The new text for `[a]`, with `ID` and `SEC` for the new key.
fn edited(text: &str) -> Result<String, String> {
    let done = edit(text, "a", ID, &secret())?;
    let text = done.text.expose().to_owned();
    Ok(text.replace(ID, "ID").replace(SECRET, "SEC"))
}

/// What it is, the file before, and the file after.
const SHAPES: &[(&str, &str, &str)] = &[
    (
        "an empty file",
        "",
        "[a]\naws_access_key_id = ID\naws_secret_access_key = SEC\n",
    ),
    (
        "no such section",
        "[b]\nk = v\n",
        "[b]\nk = v\n\n[a]\naws_access_key_id = ID\naws_secret_access_key = SEC\n",
    ),
    (
        "no final newline",
        "[b]\r\nk = v",
        "[b]\r\nk = v\r\n\r\n[a]\r\naws_access_key_id = ID\r\naws_secret_access_key = SEC\r\n",
    ),
    (
        "blank lines at the end",
        "[b]\n\n\n",
        "[b]\n\n\n[a]\naws_access_key_id = ID\naws_secret_access_key = SEC\n",
    ),
    (
        "a header and nothing else",
        "[a]",
        "[a]\naws_access_key_id = ID\naws_secret_access_key = SEC\n",
    ),
    (
        "another section behind",
        "[a]\n\n# about b\n[b]\n",
        "[a]\naws_access_key_id = ID\naws_secret_access_key = SEC\n\n# about b\n[b]\n",
    ),
    (
        "other keys",
        "[a]\nregion = x\ns3 =\n  n = 1\n# c\n\n[b]\n",
        "[a]\nregion = x\ns3 =\n  n = 1\naws_access_key_id = ID\n\
             aws_secret_access_key = SEC\n# c\n\n[b]\n",
    ),
    (
        "odd spacing and case, each line's own end",
        "[a] # note\r\nAWS_Access_Key_ID=x  \n# c\r\naws_secret_access_key\t=  y\r\nz = 1",
        "[a] # note\r\nAWS_Access_Key_ID=ID\n# c\r\naws_secret_access_key\t=  SEC\r\nz = 1",
    ),
    (
        "no final newline after the secret",
        "[a]\naws_access_key_id=\naws_secret_access_key=",
        "[a]\naws_access_key_id=ID\naws_secret_access_key=SEC",
    ),
    (
        "only an ID, at the end",
        "[a]\naws_access_key_id = x",
        "[a]\naws_access_key_id = ID\naws_secret_access_key = SEC\n",
    ),
    (
        "only a secret",
        "[a]\n\naws_secret_access_key = x",
        "[a]\n\naws_access_key_id = ID\naws_secret_access_key = SEC",
    ),
    (
        "indented keys, which only the aws command reads",
        "[a]\n  region = x\n  aws_access_key_id = x\n",
        "[a]\n  region = x\n  aws_access_key_id = ID\n  aws_secret_access_key = SEC\n",
    ),
    (
        "indented keys, none of ours",
        "[a]\n  region = x\n",
        "[a]\n  region = x\naws_access_key_id = ID\naws_secret_access_key = SEC\n",
    ),
    (
        "an indented comment, which the SDKs take for a part of what is above it",
        "[a]\n # c\n",
        "[a]\n # c\naws_access_key_id = ID\naws_secret_access_key = SEC\n",
    ),
    (
        "colons, which only the aws command reads",
        "[a]\naws_access_key_id : x\naws_secret_access_key:y\n",
        "[a]\naws_access_key_id = ID\naws_secret_access_key=SEC\n",
    ),
    (
        "tokens of a key before",
        "[a]\naws_session_token = x\naws_access_key_id = x\naws_security_token = x\n\
             aws_secret_access_key = x\naws_session_token_note = x\n",
        "[a]\naws_access_key_id = ID\naws_secret_access_key = SEC\n\
             aws_session_token_note = x\n",
    ),
    (
        "only a token, unended",
        "[a]\naws_session_token = x",
        "[a]\naws_access_key_id = ID\naws_secret_access_key = SEC\n",
    ),
    (
        "a comment behind a value, which the aws command takes for a part of it",
        "[a]\naws_access_key_id = x # mine\naws_secret_access_key = y\n",
        "[a]\naws_access_key_id = ID\naws_secret_access_key = SEC\n",
    ),
    (
        "a section that is commented out",
        "# [a]\n# aws_access_key_id = x\n[b]\n;[a]\n",
        "# [a]\n# aws_access_key_id = x\n[b]\n;[a]\n\n\
             [a]\naws_access_key_id = ID\naws_secret_access_key = SEC\n",
    ),
    (
        "names that resemble it",
        "[A]\nk = 1\n[aa]\nk = 2\n[profile a]\nk = 3\n",
        "[A]\nk = 1\n[aa]\nk = 2\n[profile a]\nk = 3\n\n\
             [a]\naws_access_key_id = ID\naws_secret_access_key = SEC\n",
    ),
    (
        "another section that only the SDKs pass over",
        "[ b c ]\nk = 1\n[a]\naws_access_key_id = x\naws_secret_access_key = y\n",
        "[ b c ]\nk = 1\n[a]\naws_access_key_id = ID\naws_secret_access_key = SEC\n",
    ),
];

#[test]
fn every_shape_of_a_section() {
    for (what, before, after) in SHAPES {
        let once = edited(before).unwrap_or_else(|why| panic!("{what}: {why}"));
        assert_eq!(once, *after, "{what}");
        assert_eq!(edited(&once).unwrap(), once, "{what}: twice");
    }
}

#[test]
fn what_cannot_be_done_safely_is_refused_in_words() {
    for (text, words) in [
        ("\u{feff}[a]\n", "byte order mark"),
        ("[a]\nk = \u{0}\n", "line 2 has a control character"),
        ("[a]\rk = v\n", "line 1 has a control character"),
        ("[a]\n[b]\n[a]\n", "line 3: the same section"),
        ("[b]\n[b]\n", "line 2: the same section"),
        ("[a]\nk = 1\nK = 2\n", "line 3: the same key"),
        ("k = 1\n[a]\n", "line 1: a line stands before"),
        ("[a]\nnonsense\n", "line 2: a line is neither"),
        ("[ a ]\n", "line 1: some programs read [ a ] as [a]"),
        ("[a]\n[a ]\n", "line 2: some programs read"),
        (
            "[a]\naws_secret_access_key = x\n  y\n",
            "line 2: the value of aws_secret_access_key continues",
        ),
        (
            "[a]\naws_session_token = x\n\n  y\n",
            "line 2: the value of aws_session_token continues",
        ),
        (
            "[a]\naws_access_key_id = x\n  # c\naws_secret_access_key = y\n",
            "the SDKs would not find the new aws_access_key_id",
        ),
        (
            "[a]\naws_access_key_id = x\naws_secret_access_key = y\nregion = x\n\
             aws_session_token = t\n  # c\n",
            "the SDKs would read other values differently",
        ),
        (
            "[a]\naws_session_token : t\naws_access_key_id = x\n # c\naws_secret_access_key = y\n",
            "the SDKs would not find the new aws_access_key_id",
        ),
        (
            "[a]\n  [b]\n  k = v\n",
            "the aws command would read other values differently",
        ),
        (
            "[DEFAULT]\naws_session_token = t\n[a]\n",
            "line 2: aws_session_token in [DEFAULT]",
        ),
    ] {
        let why = edited(text).unwrap_err();
        assert!(why.contains(words), "{text:?}: {why}");
    }
}

#[test]
fn names_that_would_break_out_are_refused() {
    for name in [
        "",
        " ",
        " a",
        "a ",
        "\ta",
        "a\n[b]",
        "a\r",
        "a]",
        "[a",
        "a]\n[b",
        "a#b",
        "a;b",
        "#",
        "a\0",
        "a\u{85}b",
        "DEFAULT",
        "profile a",
    ] {
        let done = edit("[b]\n", name, ID, &secret());
        assert!(done.is_err(), "{name:?}");
    }
    for name in [
        "default",
        "a.b/c-d_e",
        "ada@x.example",
        "a:b+c",
        "my team",
        "caf\u{e9}",
        "a=b",
        "100%",
        "default2",
        "profile",
        "\"q\"",
    ] {
        let done = edit("[b]\n", name, ID, &secret()).unwrap();
        let again = edit(done.text.expose(), name, ID, &secret()).unwrap();
        assert_eq!(again.text.expose(), done.text.expose(), "{name}");
        assert_eq!(again.plan.held.unwrap().key_id, ID, "{name}");
    }
}

#[test]
fn values_that_would_break_out_are_refused() {
    use crate::engine::SecretKey;
    for value in [
        "", " ", "a b", "a ", " a", "a\n[b]", "a\r", "a\0", "#a", ";a", "a #b", "[a", "\u{e9}",
        "\"a\"",
    ] {
        let odd = SecretKey::new(value.into());
        assert!(edit("[a]\n", "a", value, &secret()).is_err(), "{value:?}");
        let why = edit("[a]\n", "a", ID, &odd).unwrap_err();
        assert!(value.len() < 3 || !why.contains(value), "{value:?}: {why}");
    }
}

#[test]
fn what_gets_in_the_way_is_said() {
    let beware =
        |text: &str, profile: &str| edit(text, profile, ID, &secret()).unwrap().plan.warnings;
    assert_eq!(beware("[a]\nregion = x\n", "a"), [""; 0]);
    for (text, profile, words) in [
        ("[a]\nrole_arn = x\n", "a", "role_arn stays in [a]"),
        (
            "[a]\naws_account_id = 1\n",
            "a",
            "the account of the new key",
        ),
        ("[b]\n", "my team", "newer SDKs pass over"),
        (
            "[b]\n  k = v\n",
            "a",
            "newer SDKs cannot, because of line 2",
        ),
    ] {
        let said = beware(text, profile);
        assert!(said.len() == 1 && said[0].contains(words), "{said:?}");
    }
}

#[test]
fn who_is_there_is_read_as_programs_do() {
    let held = |text: &str| edit(text, "a", ID, &secret()).unwrap().plan.held;
    let id = "AKIAOLDKEY0000EXAMPLE";
    let there = held(&format!(
        "[a]\naws_access_key_id = {id} # mine\naws_secret_access_key = s/EXAMPLE\n\
         aws_security_token = t/EXAMPLE\n"
    ))
    .unwrap();
    assert_eq!(there.key_id, id);
    assert_eq!(there.secret.expose(), "s/EXAMPLE");
    assert_eq!(there.token.unwrap().expose(), "t/EXAMPLE");
    for none in [
        "[b]\n".to_owned(),
        "[a]\n".to_owned(),
        format!("[a]\naws_access_key_id = {id}\n"),
        format!("[a]\naws_access_key_id = {id}\naws_secret_access_key =\n"),
        "[a]\naws_access_key_id = s/EXAMPLE\naws_secret_access_key = x\n".to_owned(),
    ] {
        assert!(held(&none).is_none(), "{none}");
    }
}
