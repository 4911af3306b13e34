//! What is taken from a file, and what is refused in which words.

use super::*;

fn keys() -> Vec<Key> {
    [
        ("profile", Kind::Texts),
        ("region", Kind::Text),
        ("read_only", Kind::Switch),
        ("recent_days", Kind::Number),
        ("journal", Kind::Path),
    ]
    .map(|(name, kind)| Key {
        name: name.into(),
        kind,
    })
    .into()
}

fn good(text: &str) -> Config {
    read(text, &keys()).unwrap_or_else(|refusal| panic!("{text}: {refusal:?}"))
}

fn texts(texts: &[&str]) -> Value {
    Value::Texts(texts.iter().map(|text| (*text).to_owned()).collect())
}

#[test]
fn an_empty_file_says_nothing() {
    for text in ["", "\n", "# only a comment\n", "\u{feff}", "\r\n"] {
        let config = good(text);
        assert!(config.settings.is_empty() && config.rules.all().is_empty());
    }
}

#[test]
fn settings_have_their_value_and_their_line() {
    let config = good(
        "# mine\n\
         read_only = true\n\
         profile = ['one', \"two\"]\r\n\
         \n\
         recent_days = 1_0\n\
         journal = '/tmp/j'\n\
         region = \"eu-west-1\" # here\n",
    );
    let found: Vec<(&str, usize, &Value)> = config
        .settings
        .iter()
        .map(|it| (it.name.as_str(), it.at.line, &it.value))
        .collect();
    assert_eq!(
        found,
        [
            ("read_only", 2, &Value::Switch(true)),
            ("profile", 3, &texts(&["one", "two"])),
            ("recent_days", 5, &texts(&["10"])),
            ("journal", 6, &texts(&["/tmp/j"])),
            ("region", 7, &texts(&["eu-west-1"])),
        ]
    );
    assert_eq!(
        good("profile = 'one'").settings[0].value,
        texts(&["one"]),
        "one string is a list of one"
    );
}

#[test]
fn a_path_may_begin_at_home() {
    let home = env::home_dir().unwrap().join("logs/j");
    let home = home.to_string_lossy();
    assert_eq!(
        good("journal = '~/logs/j'").settings[0].value,
        texts(&[&home])
    );
    assert_eq!(good("region = '~/x'").settings[0].value, texts(&["~/x"]));
}

#[test]
fn accounts_are_rules_in_their_order() {
    let config = good(
        "mfa_process = 'ykman oath accounts code --single aws'\n\
         [[account]]\n\
         id = '123456789012'\n\
         label = 'payments'\n\
         production = true\n\
         colour = 'bright-red'\n\
         role = 'audit'\n\
         profile = 'pay'\n\
         \n\
         [[account]]\n\
         name = '*-dev'\n\
         alias = 'dev'\n",
    );
    let (command, line) = config.mfa_process.as_ref().unwrap();
    assert_eq!(command.expose(), "ykman oath accounts code --single aws");
    assert_eq!(*line, 1);
    assert!(
        !format!("{config:?}").contains("ykman"),
        "it may hold a seed"
    );
    assert_eq!(config.rule_lines, [2, 10]);
    let [first, second] = config.rules.all() else {
        panic!("{:?}", config.rules);
    };
    assert_eq!(first.which, Which::Id("123456789012".into()));
    assert_eq!(first.style.label.as_deref(), Some("payments"));
    assert_eq!(first.style.production, Some(true));
    assert_eq!(first.style.colour, Some(Colour::BrightRed));
    assert_eq!(first.role.as_deref(), Some("audit"));
    assert_eq!(first.profile.as_deref(), Some("pay"));
    assert_eq!(second.which, Which::Named(NamePattern::new("*-dev")));
    assert_eq!(second.style.label.as_deref(), Some("dev"));
    let style = config.rules.of(None, &["acme-dev"]).unwrap();
    assert_eq!(style.label.as_deref(), Some("dev"));
}

/// Each of these is refused, in this line and with these words.
fn refused(cases: &[(&str, usize, &str)]) {
    for (text, line, words) in cases {
        let refusal = read(text, &keys()).expect_err(text);
        assert_eq!(refusal.at.line, *line, "{text}: {refusal:?}");
        assert!(refusal.why.contains(words), "{text}: {refusal:?}");
        assert!(!refusal.why.contains('\n'), "{text}: {refusal:?}");
    }
}

#[test]
fn what_is_not_understood_is_refused_with_its_line_and_its_key() {
    refused(&[
        (
            "colour = 'red'",
            1,
            "colour: unknown key; there are profile, ",
        ),
        (
            "\nread-only = true",
            2,
            "read-only: unknown key; it is written read_only",
        ),
        (
            "Region = 'x'",
            1,
            "Region: unknown key; it is written region",
        ),
        (
            "region = 1",
            1,
            "region: it must be a string, and is a number",
        ),
        ("region = ['x']", 1, "and is a list"),
        (
            "\n\nread_only = 'yes'",
            3,
            "read_only: it must be true or false, and is a string",
        ),
        (
            "recent_days = '9'",
            1,
            "recent_days: it must be a whole number, and is a string",
        ),
        ("recent_days = 9.5", 1, "and is a number with a point"),
        (
            "profile = ['a', 1]",
            1,
            "profile: it must be a string or a list of strings",
        ),
        ("profile.name = 'a'", 1, "and is a table"),
        ("region = 'a'\nregion = 'b'", 2, "duplicate key"),
        ("region = eu-west-1", 1, ""),
        ("region = 'a", 1, ""),
        ("x", 1, ""),
        (
            "mfa_process = ['ykman']",
            1,
            "mfa_process: it must be a string, and is a list",
        ),
        ("mfa_process = ' '", 1, "mfa_process: the command is empty"),
        (
            "\nmfa_process_terminal = 1",
            2,
            "mfa_process_terminal: it must be true or false, and is a number",
        ),
        (
            "write_role_cache = 'yes'",
            1,
            "write_role_cache: it must be true or false, and is a string",
        ),
    ]);
}

#[test]
fn an_account_that_is_not_understood_is_refused_in_the_same_way() {
    refused(&[
        (
            "[account]\nid = '123456789012'",
            1,
            "account: it is written [[account]], in two",
        ),
        ("account = 3", 1, "[[account]]"),
        (
            "[[account]]\nlabel = 'x'",
            1,
            "account: it says neither id nor name",
        ),
        (
            "[[account]]\nid = '1234'",
            2,
            "id: an account ID has 12 digits",
        ),
        (
            "[[account]]\nid = 123456789012",
            2,
            "id: it must be a string, and is a number",
        ),
        (
            "[[account]]\nid = '123456789012'\nname = 'x'",
            3,
            "name: a rule has id or name",
        ),
        ("[[account]]\nname = ''", 2, "name: it is empty"),
        (
            "[[account]]\nname = 'x'\nlabel = 'a'\nalias = 'b'",
            4,
            "alias: label and alias are",
        ),
        (
            "[[account]]\nname = 'x'\ncolour = 'orange'",
            3,
            "colour: it must be one of black, red",
        ),
        (
            "[[account]]\nname = 'x'\nproduction = 1",
            3,
            "production: it must be true or false",
        ),
        (
            "[[account]]\nname = 'x'\ncolor = 'red'",
            3,
            "color: unknown key; there are id, name",
        ),
        (
            "[[account]]\nname = 'x'\nregion = 'y'",
            3,
            "region: it belongs above the first [[acc",
        ),
        (
            "[region]\nx = 1",
            1,
            "region: it must be a string, and is a table",
        ),
    ]);
}

#[test]
fn a_secret_is_repeated_nowhere() {
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    let place = super::super::Place {
        path: Some("/home/alice/.config/iamkeys/config.toml".into()),
        named: true,
    };
    for text in [
        format!("'{secret}' = 1"),
        format!("region = {secret}"),
        secret.to_owned(),
        format!("[{secret}]"),
        format!("['{secret}']"),
        format!("read_only = '{secret}'"),
        format!("[[account]]\nid = '{secret}'"),
        format!("[[account]]\nname = 'x'\n'{secret}' = 'x'"),
        format!("[[account]]\nname = 'x'\ncolour = '{secret}'"),
        format!("'{secret}' = 1\n'{secret}' = 1"),
    ] {
        let refusal = read(&text, &keys()).expect_err(&text);
        let said = refusal.in_file(&place).to_string();
        for part in secret.split('/') {
            assert!(!said.contains(part), "{text}: {said}");
        }
        assert!(said.starts_with("/home/alice/.config/iamkeys/config.toml, line "));
    }
}

#[test]
fn a_policy_has_limits_rules_and_exemptions() {
    let text = "\
[policy]
age = 60
grace = 30
off = ['no-owner', 'ancient']

[policy.severity]
old = 'high'

[[policy.account]]
name = 'acme-dev*'
age = 365
severity = { two-active = 'low' }

[[policy.account]]
id = '123456789012'
off = []

[[rule]]
name = 'Ancient'
when = 'age>365 admin service:iam'
severity = 'critical'
why = 'It is.'

[[exempt]]
user = 'backup-*'
rules = ['old', 'ancient']
until = '2027-01-31'
why = 'PLAT-212 dashboard move'

[[exempt]]
key = 'AKIAIOSFODNN7EXAMPLE'
account = '123456789012'
until = '2027-01-31'
why = 'x'
";
    let config = read(text, &keys()).expect("it is good");
    let policy = &config.policy;
    assert_eq!((policy.base.age, policy.base.unused), (Some(60), None));
    assert_eq!(policy.base.off.as_ref().map(Vec::len), Some(2));
    assert_eq!(policy.accounts.len(), 2);
    assert_eq!(policy.accounts[0].1.age, Some(365));
    assert_eq!(policy.accounts[0].1.severities.len(), 1);
    assert_eq!(policy.accounts[1].1.off, Some(vec![]));
    assert_eq!(&*policy.own[0].id, "ancient");
    assert_eq!(policy.exemptions.len(), 2);
    assert_eq!(policy.exemptions[0].line, 24);
    let lines: Vec<(&str, usize)> = config.policy_lines.clone();
    assert_eq!(
        lines,
        [
            ("policy", 1),
            ("policy.account", 9),
            ("policy.account", 14),
            ("rule", 18),
            ("exempt", 24),
            ("exempt", 30),
        ]
    );
}

#[test]
fn what_a_policy_says_against_itself_is_named_with_its_line() {
    refused(&[
        (
            "[policy]\nunused = 90\nlong_unused = 45",
            2,
            "unused: long_unused is 45 days, and unused is 90: it cannot be the shorter one",
        ),
        (
            "[policy]\nage = 1\nunused = 91",
            3,
            "unused: long_unused is 90 days, and unused is 91",
        ),
        (
            "[[policy.account]]\nname = 'dev'\nlong_unused = 45\n[policy]\nunused = 60",
            3,
            "long_unused: long_unused is 45 days, and unused is 60",
        ),
        (
            "[[rule]]\nwhen = 'age>800 |'",
            2,
            "when: at character 9, |: The alternative behind it is empty (in \"age>800 |\")",
        ),
    ]);
}

#[test]
fn what_a_policy_cannot_say_is_named_with_its_line() {
    refused(&[
        ("[policy]\nage = 'x'", 2, "age: it must be a number of days"),
        ("[policy]\nage = -1", 2, "age: it must be from 0 to"),
        ("[policy]\nages = 1", 2, "ages: unknown key; there are age"),
        ("policy = 1", 1, "policy: it is written [policy]"),
        (
            "[policy]\noff = ['olds']",
            2,
            "off: there is no rule olds; there are root-key",
        ),
        (
            "[policy]\noff = 'old'",
            2,
            "off: it must be a list of strings",
        ),
        (
            "[policy.severity]\nold = 'grave'",
            2,
            "old: it must be low, medium",
        ),
        (
            "[policy.severity]\nolds = 'low'",
            2,
            "olds: there is no rule olds",
        ),
        (
            "[[policy.account]]\nage = 1",
            1,
            "policy.account: it says neither id nor name",
        ),
        (
            "[[policy.account]]\nid = 'x'\nage = 1",
            2,
            "id: an account ID has 12 digits",
        ),
        ("[rule]\nname = 'x'", 1, "rule: it is written [[rule]]"),
        (
            "[[rule]]\nname = 'x'\nseverity = 'low'",
            1,
            "rule: it has no when",
        ),
        (
            "[[rule]]\nname = 'old'\nwhen = 'own'",
            2,
            "name: there is a rule old already",
        ),
        (
            "[[rule]]\nname = '--'\nwhen = 'own'",
            2,
            "name: it has no letter",
        ),
        (
            "[[rule]]\nwhen = 'foo:bar age>9'",
            2,
            "when: at character 1, foo:bar: No field foo",
        ),
        (
            "[[rule]]\nwhen = 'age>soon'",
            2,
            "when: at character 1, age>soon: age needs a number of days: age>90 age>6m (in \"age>soon\")",
        ),
        (
            "[[rule]]\nwhen = 'web age>90'",
            2,
            "when: a rule takes fields and no plain words",
        ),
        (
            "[[rule]]\nwhen = 'finding:old'",
            2,
            "when: a rule cannot ask for findings",
        ),
        (
            "[[exempt]]\nuntil = '2027-01-31'\nwhy = 'x'",
            1,
            "exempt: it says neither key nor user",
        ),
        (
            "[[exempt]]\nuser = 'x'\nwhy = 'x'",
            1,
            "exempt: it has no until",
        ),
        (
            "[[exempt]]\nuser = 'x'\nuntil = '2027-01-31'",
            1,
            "exempt: it has no why",
        ),
        (
            "[[exempt]]\nuser = 'x'\nuntil = '31.1.2027'",
            3,
            "until: \"31.1.2027\" is not a date",
        ),
        (
            "[[exempt]]\nuser = 'x'\nrules = ['x']\nuntil = '2027-01-31'\nwhy = 'x'",
            3,
            "rules: there is no rule x",
        ),
    ]);
}

#[test]
fn what_is_wrong_has_a_column_too() {
    for (text, line, column) in [
        ("region = 1", 1, 10),
        ("\n  regoin = 'x'", 2, 3),
        ("[policy]\n\tage  =   'x'", 2, 11),
        ("# \u{e9}\n\"r\u{e9}gion\" = 'x'", 2, 1),
        ("policy = { age = 'x' }", 1, 18),
        ("[policy]\nage = ", 2, 7),
        ("[[account]]\nid = 'x'", 2, 6),
        ("\u{feff}region = 1", 1, 10),
    ] {
        let refusal = read(text, &keys()).expect_err(text);
        let found = (refusal.at.line, refusal.at.column);
        assert_eq!(found, (line, column), "{text:?}: {refusal:?}");
    }
}

#[test]
fn a_policy_file_holds_a_policy_and_nothing_else() {
    let text = "[policy]\nage = 30\n[[rule]]\nname = 'Ours'\nwhen = 'own'\nseverity = 'low'\n";
    let (policy, _) = read_policy(text).unwrap();
    assert_eq!((policy.base.age, policy.own.len()), (Some(30), 1));
    assert_eq!(read_policy("").unwrap().0, Policy::default());
    let refusal = read_policy("read_only = true").unwrap_err();
    assert_eq!(
        refusal.why,
        "read_only: unknown key; there are policy, rule, exempt"
    );
    // It is about a rule that the same file has to have.
    assert!(read_policy("[policy]\noff = ['ours']").is_err());
}

#[test]
fn what_does_nothing_is_told_with_its_place_and_refused_by_none() {
    let day = |text: &str| text.parse().unwrap();
    let warned = |text: &str, today: &str| good(text).warnings.on(day(today));
    let exempt = "[[exempt]]\nkey = 'AKIA123'\nuntil = '2027-01-31'\nwhy = 'x'\n";
    let no_key = ", line 2, column 7: key: AKIA123 cannot be an access key ID (AKIA and 16 letters or \
                  digits), so it exempts nothing";
    // Its last day counts.
    assert_eq!(warned(exempt, "2027-01-31"), [no_key]);
    let over = ", line 3, column 9: until: 2027-01-31 is over, so this exemption counts no more";
    assert_eq!(warned(exempt, "2027-02-01"), [no_key, over]);
    let fine = exempt.replace("AKIA123", "akiaiosfodnn7example");
    assert_eq!(warned(&fine, "2027-01-31"), [""; 0]);
    let secret = exempt.replace("AKIA123", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    assert!(!warned(&secret, "2027-01-31")[0].contains("MDENG"));

    let rule = |name: &str| {
        format!("[policy]\nage = 60\n[[rule]]\nname = '{name}'\nwhen = 'own'\nseverity = 'low'")
    };
    let same = ", line 4, column 8: name: old is called \"Older than 60 days\" as well: two rules with one \
                title cannot be told apart";
    assert_eq!(warned(&rule("older than 60 days"), "2027-01-31"), [same]);
    assert_eq!(warned(&rule("Older than 90 days"), "2027-01-31"), [""; 0]);
}
