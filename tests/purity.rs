//! The pure core stays pure: it names no task, no SDK, no clock, no environment and no file, so
//! that everything in it can be tested without any.

use std::{fs, path::Path};

/// The modules that the tour in `lib.rs` calls pure, and what they say about the clipboard; a
/// folder stands for all that is in it.
const PURE: &[&str] = &[
    "action.rs",
    "effect.rs",
    "iam/key_id.rs",
    "keymap.rs",
    "message.rs",
    "palette.rs",
    "secret/credentials/edit.rs",
    "secret/credentials/masked.rs",
    "secret/credentials/proof.rs",
    "secret/credentials/readers.rs",
    "secret/forms.rs",
    "secret/osc52.rs",
    "secret/route.rs",
    "state.rs",
    "state",
    "text.rs",
    "ui.rs",
    "ui",
    "update.rs",
    "update",
];

/// What they must not name.
const FORBIDDEN: &[&str] = &[
    "tokio",
    // Not all that begins with `aws_`: so do the keys of a credentials file.
    "aws_config",
    "aws_credential_types",
    "aws_runtime",
    "aws_sdk",
    "aws_sigv4",
    "aws_smithy",
    "aws_types",
    "arboard",
    "Utc::now",
    "Local::now",
    "Instant",
    "SystemTime",
    "std::env",
    "env::",
    "std::fs",
    "fs::",
    "std::io",
    "std::thread",
    "crate::app",
    "crate::runtime",
    "crate::demo",
    "crate::terminal",
    "tracing::",
];

/// Everything in `text` that breaks the rule, with its line.
fn broken(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code.lines().enumerate();
    lines
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .flat_map(|(at, line)| {
            let found = FORBIDDEN.iter().filter(|word| line.contains(**word));
            found
                .map(move |word| format!("{}: {word}", at + 1))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// The file of this name in `src`, or every one in the folder of this name, with its text.
fn files(name: &str, found: &mut Vec<(String, String)>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(name);
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            let entry = entry.unwrap().file_name().into_string().unwrap();
            let inside = if name.is_empty() {
                entry
            } else {
                format!("{name}/{entry}")
            };
            files(&inside, found);
        }
    } else {
        found.push((name.to_owned(), fs::read_to_string(path).unwrap()));
    }
}

#[test]
fn the_pure_core_names_nothing_of_the_world() {
    let mut found = Vec::new();
    for name in PURE {
        files(name, &mut found);
    }
    assert!(
        found.len() > 20,
        "the modules are where they are looked for"
    );
    for (file, text) in found {
        assert!(broken(&text).is_empty(), "{file}: {:?}", broken(&text));
    }
}

#[test]
fn only_the_boundary_names_the_sdk_s_clients() {
    let mut found = Vec::new();
    files("", &mut found);
    let (mut inside, mut outside) = (0, 0);
    for (file, text) in found {
        let names_it = text.lines().any(|line| {
            !line.trim_start().starts_with("//")
                && (line.contains("aws_sdk_iam") || line.contains("aws_sdk_sts"))
        });
        if file == "iam.rs" || file.starts_with("iam/") {
            inside += usize::from(names_it);
        } else {
            outside += 1;
            assert!(!names_it, "{file}");
        }
    }
    assert!(
        inside > 0 && outside > 40,
        "{inside} name it, {outside} must not"
    );
}

#[test]
fn the_rule_can_be_broken() {
    for word in FORBIDDEN {
        let found = broken(&format!("// {word}\nlet it = {word};"));
        assert!(found.contains(&format!("2: {word}")), "{word}: {found:?}");
        assert!(found.iter().all(|place| place.starts_with("2: ")));
    }
    assert_eq!(broken("use std::collections::HashMap;"), [""; 0]);
    // Only the part before the tests counts.
    assert_eq!(broken("#[cfg(test)]\nuse std::fs;"), [""; 0]);
}
