//! The command that was meant where one was mistyped.

/// The command that is most like what was typed in its place, if one is.
pub(super) fn meant<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let is_word = typed.len() <= 16 && typed.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    let names = names.filter(|_| is_word && typed.len() >= 2);
    let ranked = names.filter_map(|name| {
        let edits = edits(&typed, name);
        let begins = typed.len() >= 3 && name.starts_with(&typed);
        // A third of the letters may be wrong; more, and anything is like anything.
        let near = edits <= name.len().max(typed.len()).div_ceil(3);
        (near || begins).then_some((edits, name))
    });
    ranked.min().map(|(_, name)| name)
}

/// How many letters have to be added, left out, replaced or swapped with the next to make one word of
/// another (optimal string alignment).
fn edits(one: &str, other: &str) -> usize {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let replaced = last[j] + usize::from(a != b);
            let mut fewest = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                fewest = fewest.min(before[j - 1] + 1);
            }
            row.push(fewest);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::Parser as _;

    const COMMANDS: [&str; 17] = [
        "leaked",
        "list",
        "users",
        "accounts",
        "find",
        "impact",
        "check",
        "create",
        "rotate",
        "deactivate",
        "activate",
        "delete",
        "plan",
        "journal",
        "config",
        "completions",
        "man",
    ];

    #[test]
    fn a_command_that_was_mistyped_is_recognised() {
        for (typed, command) in [
            ("lst", Some("list")),
            ("lits", Some("list")),
            ("LIST", Some("list")),
            ("user", Some("users")),
            ("acounts", Some("accounts")),
            ("fnid", Some("find")),
            ("comp", Some("completions")),
            ("jurnal", Some("journal")),
            ("frobnicate", None),
            ("a", None),
            ("wJalrXUtnFEMI/K7MDENG", None),
            ("AKIAIOSFODNN7EXAMPL", None),
        ] {
            assert_eq!(meant(typed, COMMANDS.into_iter()), command, "{typed}");
        }
        let said = |typed: &str| {
            let error = Cli::try_parse_from(["iamkeys", typed]).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            error.to_string()
        };
        assert!(
            said("lst").contains("Did you mean list?"),
            "{}",
            said("lst")
        );
        let said = said("AKIAIOSFODNN7EXAMPL");
        assert!(!said.contains("Did you mean"), "{said}");
    }
}
