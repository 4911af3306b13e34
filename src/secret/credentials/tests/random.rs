//! The editor, with random files. The SDK itself reads the new text.

use super::super::readers;
use super::{ID, SECRET, edit, secret};
use aws_config::profile::ProfileSet;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_types::os_shim_internal::{Env, Fs};
use proptest::prelude::*;
use std::collections::BTreeMap;

type Profiles = BTreeMap<String, BTreeMap<String, String>>;

const KEYS: [&str; 4] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "aws_security_token",
];

/// As the SDK for Rust reads it; none where it does not.
fn by_the_sdk(text: &str) -> Option<Profiles> {
    let files = EnvConfigFiles::builder()
        .with_contents(EnvConfigFileKind::Credentials, text)
        .build();
    let (fs, env) = (Fs::from_slice(&[]), Env::from_slice(&[]));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let set: ProfileSet = runtime
        .block_on(aws_config::profile::load(&fs, &env, &files, None))
        .ok()?;
    let profiles = set.profiles().map(|name| {
        let profile = set.get_profile(name).unwrap();
        // It tells no keys, so it is asked for all that there may be.
        let keys = KEYS.iter().chain(&["region", "k", "x", "s3", "n"]);
        let values = keys.filter_map(|key| Some(((*key).into(), profile.get(key)?.to_owned())));
        (name.to_owned(), values.collect())
    });
    Some(profiles.collect())
}

/// A piece of a line.
fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "[a]", "[b]", "[c]", "[default]", "[ d ]", "[a] # note", "[a]]", "[a b]", "[DEFAULT]",
            "aws_access_key_id = AKIAOLDKEY0000EXAMPLE", "AWS_ACCESS_KEY_ID=x",
            "aws_access_key_id", "aws_access_key_id : x", "aws_secret_access_key = old/EXAMPLE",
            "aws_secret_access_key=", "aws_session_token = t", "aws_security_token=t # c",
            "region = eu-north-1", "region=", "k = v ; c", "x = #", "s3 =", "n = 1", "n : 1",
            "# c", ";", "#[a]", "", "", "=", "caf\u{e9} = \u{a0}\u{1f511}",
        ]).prop_map(str::to_owned),
        1 => "[ -~]{0,12}",
        1 => "\\PC{0,6}",
    ]
}

fn line() -> impl Strategy<Value = String> {
    let indent = prop_oneof![9 => Just(""), 1 => Just(" "), 1 => Just("\t "), 1 => Just("\u{a0}")];
    let end = prop_oneof![3 => Just("\n"), 1 => Just("\r\n")];
    (indent, fragment(), end).prop_map(|(indent, text, end)| format!("{indent}{text}{end}"))
}

/// Any file.
fn wild() -> impl Strategy<Value = String> {
    (prop::collection::vec(line(), 0..12), any::<bool>()).prop_map(|(lines, ended)| {
        let text = lines.concat();
        if ended {
            text
        } else {
            text.trim_end_matches(['\r', '\n']).to_owned()
        }
    })
}

/// A file as tools and people write them: every one can be edited.
fn tidy() -> impl Strategy<Value = String> {
    let keys = [
        "aws_access_key_id = AKIAOLDKEY0000EXAMPLE",
        "aws_secret_access_key=old/EXAMPLE",
        "AWS_Session_Token = t",
        "aws_security_token = t",
        "region  =eu-north-1",
        "s3 =\n  n = 1",
        "k = v",
        "# c",
        "",
    ];
    let section = prop::sample::subsequence(keys.to_vec(), 0..=keys.len()).prop_shuffle();
    let name =
        prop::sample::subsequence(vec!["a", "b", "c", "default", "d e"], 0..=5).prop_shuffle();
    (
        name,
        prop::collection::vec(section, 5),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(names, bodies, windows, ended)| {
            let sections = names.iter().zip(bodies);
            let sections = sections.map(|(name, body)| format!("[{name}]\n{}\n", body.join("\n")));
            let mut text = sections.collect::<Vec<_>>().concat();
            if !ended {
                text.truncate(text.trim_end().len());
            }
            if windows {
                text = text.replace('\n', "\r\n");
            }
            text
        })
}

/// Everything that an edit promises, over one file.
fn check(before: &str, after: &str) -> Result<(), TestCaseError> {
    // All other bytes, found without the editor.
    let lines = readers::lines(before);
    let reading = readers::configparser(&lines).unwrap();
    let section = reading.section("a").map(|section| section.at);
    let bytes = |upto: usize| -> usize {
        let lines = lines[..upto].iter();
        lines.map(|line| line.text.len() + line.end.len()).sum()
    };
    match section {
        None => prop_assert!(after.starts_with(before)),
        Some(begin) => {
            let next = (begin + 1..lines.len())
                .find(|at| reading.kinds[*at] == readers::Kind::Header)
                .unwrap_or(lines.len());
            let (head, tail) = (&before[..bytes(begin)], &before[bytes(next)..]);
            prop_assert!(after.starts_with(head));
            prop_assert!(after.ends_with(tail));
            prop_assert!(after.len() > head.len() + tail.len());
            // And within it, all lines but those of the key.
            let inside = &after[head.len()..after.len() - tail.len()];
            for line in &lines[begin..next] {
                let lower = line.text.to_lowercase();
                if !KEYS.iter().any(|key| lower.contains(key)) {
                    prop_assert!(inside.contains(line.text), "{:?}", line.text);
                }
            }
        }
    }

    let Some(mut was) = by_the_sdk(before) else {
        return Ok(());
    };
    let mut is = by_the_sdk(after).expect("what was readable stays so");
    let mut wanted = was.remove("a").unwrap_or_default();
    for key in KEYS {
        wanted.remove(key);
    }
    wanted.insert(KEYS[0].into(), ID.into());
    wanted.insert(KEYS[1].into(), SECRET.into());
    prop_assert_eq!(is.remove("a").unwrap(), wanted);
    prop_assert_eq!(is, was, "the other profiles");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(768))]

    #[test]
    fn every_edit_is_right(text in wild()) {
        if let Ok(once) = edit(&text, "a", ID, &secret()) {
            let once = once.text.expose();
            check(&text, once)?;
            let twice = edit(once, "a", ID, &secret()).unwrap();
            prop_assert_eq!(twice.text.expose(), once);
        }
    }

    #[test]
    fn a_tidy_file_can_always_be_edited(text in tidy()) {
        let once = edit(&text, "a", ID, &secret()).unwrap();
        check(&text, once.text.expose())?;
        prop_assert!(once.plan.warnings.is_empty());
        let shown: String = once.plan.lines.iter().map(|line| line.text.as_str()).collect();
        prop_assert!(!shown.contains("old/") && !shown.contains(SECRET));
        let twice = edit(once.text.expose(), "a", ID, &secret()).unwrap();
        prop_assert_eq!(twice.text.expose(), once.text.expose());
    }

    /// Our account of how the SDKs read is the SDK's own.
    #[test]
    fn the_sdk_reads_what_we_say_it_does(text in wild()) {
        let lines = readers::lines(&text);
        let ours = readers::sdk(&lines).ok();
        let theirs = by_the_sdk(&text);
        prop_assert_eq!(ours.is_some(), theirs.is_some());
        let (Some(ours), Some(theirs)) = (ours, theirs) else { return Ok(()) };
        for section in &ours.sections {
            let Some(name) = readers::sdk_profile(section.name) else { continue };
            let same = |other: &&readers::Section<'_>| readers::sdk_profile(other.name) == Some(name);
            if ours.sections.iter().filter(same).count() > 1 {
                continue; // It merges these in no order.
            }
            for key in KEYS {
                let value = section.entry(key).map(|entry| entry.value.join("\n"));
                prop_assert_eq!(value.as_ref(), theirs[name].get(key));
            }
        }
    }

    #[test]
    fn hostile_names_and_values_change_nothing_or_are_data(name in "\\PC{0,8}", value in "\\PC{0,8}") {
        let before = "[b]\nk = v\n";
        if let Ok(done) = edit(before, &name, &value, &secret()) {
            let lines = readers::lines(done.text.expose());
            let reading = readers::configparser(&lines).unwrap();
            let section = reading.section(&name).unwrap();
            prop_assert_eq!(&section.entry(KEYS[0]).unwrap().value, &vec![value.as_str()]);
            prop_assert_eq!(reading.sections.len(), if name == "b" { 1 } else { 2 });
            prop_assert!(done.text.expose().starts_with(before));
        }
    }
}
