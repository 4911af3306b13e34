//! The pure core stays pure: it names no task, no SDK, no clock, no environment and no file, so
//! that everything in it can be tested without any.

use std::{fs, path::Path};

/// The modules that the tour in `lib.rs` calls pure; a folder stands for all that is in it.
const PURE: &[&str] = &[
    "action.rs",
    "effect.rs",
    "keymap.rs",
    "message.rs",
    "palette.rs",
    "state.rs",
    "state",
    "text.rs",
    "ui.rs",
    "ui",
    "update.rs",
];

/// What they must not name.
const FORBIDDEN: &[&str] = &[
    "tokio",
    "aws_",
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

fn files(path: &Path, found: &mut Vec<(String, String)>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            files(&entry.unwrap().path(), found);
        }
    } else {
        let text = fs::read_to_string(path).unwrap();
        found.push((path.display().to_string(), text));
    }
}

#[test]
fn the_pure_core_names_nothing_of_the_world() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for name in PURE {
        files(&source.join(name), &mut found);
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
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&source, &mut found);
    for (file, text) in found {
        let inside = file.replace('\\', "/").contains("src/iam");
        let names_it = text.lines().any(|line| {
            !line.trim_start().starts_with("//")
                && (line.contains("aws_sdk_iam") || line.contains("aws_sdk_sts"))
        });
        assert!(inside || !names_it, "{file}");
    }
}

#[test]
fn the_rule_can_be_broken() {
    assert_eq!(broken("let now = Utc::now();").len(), 1);
    assert_eq!(
        broken("/// not with `tokio`\nuse std::collections::HashMap;").len(),
        0
    );
}
