use super::*;
use chrono::DateTime;
use std::path::Path;
use tempfile::TempDir;

fn evidence() -> Evidence {
    let at = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
    let found = Found {
        id: "11111111-2222".into(),
        at,
        kind: Some("users"),
        action: "iam:CreateUser".into(),
        region: "us-east-1".into(),
        source: "203.0.113.66".into(),
        agent: "aws-cli/2.15.0\u{1b}[31m".into(),
        target: Some("a|b <script> `x`\n# heading".into()),
        made: None,
        error: None,
        session: Some("ASIASESSION1EXAMPLE1".into()),
        count: 3,
    };
    Evidence {
        written: at,
        written_by: Some("arn:aws:iam::123456789012:user/alice".into()),
        account: Some("123456789012".into()),
        account_name: "acme-prod".into(),
        user: "bot".into(),
        key: "AKIALEAKED01EXAMPLE1".into(),
        status: Some("Inactive".into()),
        last_used: Some(at),
        revocation: "not revoked".into(),
        changes: vec![found.clone()],
        events: vec![found],
        keys_made: vec![("AKIABACKDR01EXAMPLE1".into(), "backdoor".into())],
        done: vec![Done {
            at,
            by: None,
            action: "iam:UpdateAccessKey".into(),
            target: "AKIALEAKED01EXAMPLE1 of bot".into(),
            result: "deactivated".into(),
            request_id: None,
        }],
        not_checked: vec!["Data events.".into()],
        ..Evidence::default()
    }
}

fn save(directory: &Path, name: &str) -> Result<Written, String> {
    write(name, &evidence(), &Places::only_in(directory))
}

/// The names of all files in a directory.
fn files(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort();
    names
}

#[test]
fn two_new_files_are_made_that_only_their_owner_can_read() {
    let home = TempDir::new().unwrap();
    for name in ["leak-a.2026", "b.json", "c.MD"] {
        save(home.path(), name).unwrap();
    }
    let expected = [
        "b.json",
        "b.md",
        "c.json",
        "c.md",
        "leak-a.2026.json",
        "leak-a.2026.md",
    ];
    assert_eq!(files(home.path()), expected);
    #[cfg(unix)]
    for name in expected {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(home.path().join(name)).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn neither_is_made_where_one_cannot_be() {
    for taken in ["x.json", "x.md"] {
        let home = TempDir::new().unwrap();
        fs::write(home.path().join(taken), "mine").unwrap();
        let why = save(home.path(), "x").unwrap_err();
        assert!(why.contains(taken), "{why}");
        assert_eq!(files(home.path()), [taken]);
        assert_eq!(fs::read_to_string(home.path().join(taken)).unwrap(), "mine");
    }
    let home = TempDir::new().unwrap();
    for nowhere in ["", " ", "x/", ".json", "missing/x", "../x"] {
        assert!(save(home.path(), nowhere).is_err(), "{nowhere}");
    }
    assert!(files(home.path()).is_empty());
}

#[test]
fn a_directory_is_no_name_for_the_files() {
    let home = TempDir::new().unwrap();
    let inside = home.path().join("leaks");
    fs::create_dir(&inside).unwrap();
    for name in [
        ".", "..", "~", "leaks", "leaks/", "leaks/.", "leaks/..", "new/",
    ] {
        let why = save(home.path(), name).unwrap_err();
        assert!(why.contains("names a directory"), "{name}: {why}");
    }
    assert_eq!(files(home.path()), ["leaks"]);
    assert!(files(&inside).is_empty());
    save(home.path(), "leaks/a").unwrap();
    assert_eq!(files(&inside), ["a.json", "a.md"]);
}

/// The names of all fields.
fn names(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| [&**name].into_iter().chain(names(value)))
            .collect(),
        Value::Array(items) => items.iter().flat_map(names).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_json_has_times_of_rfc_3339_and_names_in_snake_case() {
    let value: Value = serde_json::from_str(&to_json(&evidence())).unwrap();
    assert_eq!(value["format"], FORMAT);
    assert_eq!(value["written_at"], "2026-11-18T11:06:40Z");
    assert_eq!(value["key"]["access_key_id"], "AKIALEAKED01EXAMPLE1");
    assert_eq!(value["key"]["created_at"], Value::Null);
    assert_eq!(value["changes"][0]["count"], 3);
    assert_eq!(value["events"][0]["session_key_id"], "ASIASESSION1EXAMPLE1");
    assert_eq!(value["keys_created"][0]["user"], "backdoor");
    assert_eq!(value["done"][0]["result"], "deactivated");
    for name in names(&value) {
        let snake = name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        assert!(snake, "{name}");
    }
}

#[test]
fn what_comes_from_outside_is_text_in_the_report_and_nothing_else() {
    let text = to_markdown(&evidence());
    assert!(
        text.starts_with("# Leaked access key AKIALEAKED01EXAMPLE1\n"),
        "{text}"
    );
    assert!(
        !text.contains('\u{1b}') && !text.contains("<script>"),
        "{text}"
    );
    assert!(!text.contains("\n# heading"), "{text}");
    let row = text.lines().find(|line| line.contains("script>")).unwrap();
    // As many cells as the table has columns.
    let bars = row.replace("\\|", "").matches('|').count();
    assert_eq!(bars, 8, "{row}");
    for section in [
        "Timeline",
        "What it changed",
        "Keys it created",
        "Events",
        "Not checked",
    ] {
        assert!(text.contains(&format!("## {section}\n")), "{section}");
    }
}

#[test]
fn what_is_not_known_is_not_said_to_be_none() {
    let mut it = evidence();
    it.events.clear();
    it.changes.clear();
    it.keys_made.clear();
    it.policies = vec!["deploy".into()];
    let text = to_markdown(&it);
    assert!(text.contains("- Policies: deploy\n"), "{text}");
    assert_eq!(text.matches("None was seen.\n").count(), 2, "{text}");
    it.events_missing = Some("1 of 18 regions not told (AccessDenied)".into());
    it.policies_missing = vec!["The user's groups (AccessDenied)".into()];
    it.status = Some("not found".into());
    it.last_listed = Some((it.written, "Active".into()));
    let text = to_markdown(&it);
    let missing = "Not known: 1 of 18 regions not told (AccessDenied).";
    assert_eq!(text.matches(missing).count(), 3, "{text}");
    assert!(
        text.contains("deploy; not all: The user's groups (AccessDenied)"),
        "{text}"
    );
    assert!(
        text.contains("not found; Active when AWS last listed it, at "),
        "{text}"
    );
    let json: Value = serde_json::from_str(&to_json(&it)).unwrap();
    assert_eq!(
        json["policies_missing"][0],
        "The user's groups (AccessDenied)"
    );
    assert_eq!(json["key"]["last_listed_status"], "Active");
    it.policies.clear();
    assert!(
        to_markdown(&it).contains("- Policies: not known: The"),
        "{text}"
    );
}
