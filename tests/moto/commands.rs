//! The commands, which print and have no screen, against an IAM that is not ours: what they print is what
//! another client sees there, and what they change it sees changed.

use super::{account, var};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// A home with a journal, in which commands are run.
struct Shell {
    home: TempDir,
}

/// What a command has printed, and how it has ended.
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
    /// What it has logged.
    log: String,
}

impl Ran {
    /// The lines, each an object.
    #[track_caller]
    fn lines(&self) -> Vec<Value> {
        let lines = self.out.lines();
        let lines = lines.map(|line| serde_json::from_str(line).expect("a JSON object a line"));
        lines.collect()
    }

    /// It ended with this code.
    #[track_caller]
    fn ended(self, code: i32) -> Self {
        let Self { out, err, log, .. } = &self;
        assert_eq!(self.code, Some(code), "{out}{err}{log}");
        self
    }
}

impl Shell {
    /// The keys of this server are all new, and plans would leave them out.
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a directory");
        fs::write(home.path().join("config.toml"), "[policy]\ngrace = 0\n").expect("it is written");
        Self { home }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Runs a command, with nothing in its environment that is not put there.
    fn run(&self, args: &[&str]) -> Ran {
        let log = tempfile::NamedTempFile::new_in(&self.home).expect("a file");
        let output = Command::new(env!("CARGO_BIN_EXE_iamkeys"))
            .args(args)
            .args(["--endpoint-url", &var("IAMKEYS_MOTO_URL"), "--journal"])
            .arg(self.path("journal.jsonl"))
            .args(["--log-level", "debug", "--log-file"])
            .arg(log.path())
            .current_dir(self.home.path())
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("IAMKEYS_CONFIG", self.path("config.toml"))
            .env("NO_PROXY", "127.0.0.1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/EXAMPLEKEY")
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("text"),
            err: String::from_utf8(output.stderr).expect("text"),
            log: fs::read_to_string(log.path()).expect("text"),
        }
    }
}

fn text<'a>(of: &'a Value, field: &str) -> &'a str {
    of[field]
        .as_str()
        .unwrap_or_else(|| panic!("{field}: {of}"))
}

/// The fields of each record, sorted.
#[track_caller]
fn fields(records: &[Value], fields: [&str; 4]) -> BTreeSet<[String; 4]> {
    let records = records.iter();
    records
        .map(|record| fields.map(|field| text(record, field).to_owned()))
        .collect()
}

/// User, ID, status and creation date of each key whose user's name begins so, as the other client
/// sees them.
fn seen(prefix: &str) -> BTreeSet<[String; 4]> {
    let words = account(&["dated_keys", prefix]);
    let keys = words.chunks(4);
    keys.map(|of| std::array::from_fn(|at| of[at].clone()))
        .collect()
}

/// The statuses of the keys of these users.
fn statuses(prefix: &str) -> Vec<String> {
    let seen = seen(prefix).into_iter();
    seen.map(|[_, _, status, _]| status).collect()
}

const KEY: [&str; 4] = ["user", "key_id", "status", "created"];

#[test]
fn a_list_is_what_another_client_sees() {
    account(&[
        "create_users",
        "shell-list-a",
        "shell-list-b",
        "shell-list-c",
    ]);
    account(&["create_key", "shell-list-a"]);
    let off = account(&["create_key", "shell-list-a"]).remove(0);
    account(&["create_key", "shell-list-b"]);
    account(&["deactivate_key", "shell-list-a", &off]);
    let shell = Shell::new();
    let seen = seen("shell-list-");
    assert_eq!(seen.len(), 3, "{seen:?}");

    let columns = "user,key_id,status,created";
    let args = ["list", "user:shell-list-*", "--columns", columns];
    let listed = shell.run(&args).ended(0).lines();
    assert_eq!(listed.len(), 3, "each once: {listed:?}");
    assert_eq!(fields(&listed, KEY), seen);
    let args = [&args[..], &["--format", "csv"]].concat();
    let ran = shell.run(&args).ended(0);
    let rows = ran.out.lines().skip(1).map(|row| {
        let mut cells = row.split(',').map(str::to_owned);
        std::array::from_fn(|_| cells.next().expect("a cell"))
    });
    assert_eq!(rows.collect::<BTreeSet<[String; 4]>>(), seen);

    // One without keys is in the list of users.
    let users = shell.run(&["users", "user:shell-list-*"]).ended(0).lines();
    let users: BTreeSet<(&str, u64)> = users
        .iter()
        .map(|it| (text(it, "user"), it["keys"].as_u64().expect("a number")))
        .collect();
    let wanted = [
        ("shell-list-a", 2),
        ("shell-list-b", 1),
        ("shell-list-c", 0),
    ];
    assert_eq!(users, BTreeSet::from(wanted));

    // And by its ID.
    let found = shell.run(&["find", &off]).ended(0).lines();
    assert_eq!(found.len(), 1);
    let of_off = seen.iter().find(|it| it[1] == off).expect("it is there");
    assert_eq!(fields(&found, KEY).first(), Some(of_off));
    account(&["delete_key", "shell-list-a", &off]);
    assert_eq!(shell.run(&["find", &off]).ended(1).out, "");
}

#[test]
fn what_a_command_changes_another_client_sees_changed() {
    account(&["create_users", "shell-life"]);
    let shell = Shell::new();
    // The secret that is printed is the one that works.
    let ran = shell.run(&["create", "shell-life", "--to", "json", "--yes"]);
    let ran = ran.ended(0);
    let made: Value = serde_json::from_str(&ran.out).expect("one document");
    let key = text(&made, "access_key_id");
    assert_eq!(account(&["keys", "shell-life"]), [key, "Active"]);
    let secret = text(&made, "secret_access_key");
    assert!(!ran.err.contains(secret));
    let arn = account(&["who_am_i", key, secret]);
    assert!(arn[0].ends_with(":user/shell-life"), "{arn:?}");

    let change = |command: &str, code: i32| {
        let ran = shell.run(&[command, key, "--yes"]).ended(code);
        let lines = ran.lines();
        let outcome = lines.first().map(|it| text(it, "outcome").to_owned());
        outcome.unwrap_or_default()
    };
    assert_eq!(change("deactivate", 0), "done");
    assert_eq!(account(&["keys", "shell-life"]), [key, "Inactive"]);
    assert_eq!(change("deactivate", 0), "already");
    assert_eq!(change("activate", 0), "done");
    assert_eq!(account(&["keys", "shell-life"]), [key, "Active"]);
    // An Active key is not deleted on such a word.
    assert_ne!(change("delete", 1), "done");
    assert_eq!(account(&["keys", "shell-life"]), [key, "Active"]);
    assert_eq!(change("deactivate", 0), "done");
    assert_eq!(change("delete", 0), "done");
    assert_eq!(account(&["keys", "shell-life"]), [""; 0]);
    // All of it was noted.
    let journal = shell.run(&["journal"]).ended(0).lines();
    assert_eq!(journal.len(), 5, "{journal:?}");
}

#[test]
fn a_rotation_from_the_shell_leaves_the_new_key_alone_active() {
    account(&["create_users", "shell-rotate"]);
    let old = account(&["create_key", "shell-rotate"]).remove(0);
    let shell = Shell::new();
    let args = ["rotate", "shell-rotate", "--yes", "--until", "deactivate"];
    let args = [&args[..], &["--to", "csv:new.csv"]].concat();
    let lines = shell.run(&args).ended(0).lines();
    let new = text(&lines[0], "new_key_id");
    assert_eq!(text(&lines[0], "old_key_id"), old);
    let seen = seen("shell-rotate");
    let is = |key: &str, status: &str| seen.iter().any(|it| it[1] == key && it[2] == status);
    assert!(
        seen.len() == 2 && is(&old, "Inactive") && is(new, "Active"),
        "{seen:?}"
    );
    // The console's form: a heading, then the ID and the secret, which works.
    let file = fs::read_to_string(shell.path("new.csv")).expect("it was written");
    let row = file.lines().nth(1).expect("a row");
    let (id, secret) = row.split_once(',').expect("two cells");
    assert_eq!(id, new);
    account(&["who_am_i", id, secret]);
}

#[test]
fn a_plan_is_carried_out_and_taken_back() {
    let users = ["shell-plan-a", "shell-plan-b", "shell-plan-c"];
    account(&[&["create_users"], &users[..]].concat());
    for user in users {
        account(&["create_key", user]);
    }
    account(&["create_users", "shell-other"]);
    account(&["create_key", "shell-other"]);
    let shell = Shell::new();
    let args = ["plan", "deactivate", "user:shell-plan-*", "-o", "plan.json"];
    shell.run(&args).ended(0);
    let file = fs::read(shell.path("plan.json")).expect("it was saved");
    let plan: Value = serde_json::from_slice(&file).expect("one document");
    let planned = plan["keys"].as_array().expect("a list").iter();
    let planned: BTreeSet<&str> = planned.map(|it| text(it, "key_id")).collect();
    let ids = seen("shell-plan-");
    assert_eq!(planned, ids.iter().map(|it| &*it[1]).collect());
    assert_eq!(
        statuses("shell-plan-"),
        ["Active"; 3],
        "a plan changes nothing"
    );

    let carry = |command: &str, outcome: &str| {
        let ran = shell.run(&["plan", command, "plan.json", "--yes"]);
        let lines = ran.ended(0).lines();
        let outcomes: Vec<&str> = lines.iter().map(|it| text(it, "outcome")).collect();
        assert_eq!(outcomes, [outcome; 3], "{command}");
    };
    carry("apply", "done");
    assert_eq!(statuses("shell-plan-"), ["Inactive"; 3]);
    assert_eq!(statuses("shell-other"), ["Active"]);
    carry("apply", "already");
    carry("undo", "done");
    assert_eq!(statuses("shell-plan-"), ["Active"; 3]);
    let same = |now: BTreeSet<[String; 4]>| assert_eq!(now, ids, "the same keys");
    same(seen("shell-plan-"));
}

/// Rules and keys that a check finds.
fn found(shell: &Shell, policy: &Path, filter: &str) -> BTreeSet<(String, String)> {
    let policy = policy.to_str().expect("text");
    let ran = shell.run(&["check", filter, "--policy", policy]);
    let lines = ran.lines();
    assert!(matches!(ran.code, Some(0 | 4)), "{}", ran.err);
    let of = |it: &Value| (text(it, "rule").to_owned(), text(it, "key_id").to_owned());
    lines.iter().map(of).collect()
}

#[test]
fn a_check_finds_what_is_so() {
    account(&["create_users", "shell-check-two", "shell-check-owned"]);
    let first = account(&["create_key", "shell-check-two"]).remove(0);
    let second = account(&["create_key", "shell-check-two"]).remove(0);
    let owned = account(&["create_key", "shell-check-owned"]).remove(0);
    account(&["tag", "shell-check-owned", "owner", "team-unit"]);
    account(&["deactivate_key", "shell-check-owned", &owned]);
    let shell = Shell::new();
    let policy = shell.path("policy.toml");
    let ours = "[[rule]]\nname = \"Off\"\nwhen = \"status:inactive\"\nseverity = \"critical\"\n";
    fs::write(&policy, ours).expect("it is written");
    let of = |rule: &str, key: &str| (rule.to_owned(), key.to_owned());
    let wanted = BTreeSet::from([
        of("two-active", &first),
        of("two-active", &second),
        of("no-owner", &first),
        of("no-owner", &second),
        of("off", &owned),
    ]);
    assert_eq!(found(&shell, &policy, "user:shell-check-*"), wanted);
    let file = policy.to_str().expect("text");
    let args = ["check", "user:shell-check-*", "--policy", file, "--fail-on"];
    shell.run(&[&args[..], &["critical"]].concat()).ended(3);

    // And no more, once it is not so.
    account(&["deactivate_key", "shell-check-two", &second]);
    let rules: BTreeSet<String> = found(&shell, &policy, "user:shell-check-two")
        .into_iter()
        .map(|(rule, key)| format!("{rule} {}", if key == first { "first" } else { "second" }))
        .collect();
    let wanted = ["no-owner first", "no-owner second", "off second"];
    assert_eq!(rules, BTreeSet::from(wanted.map(str::to_owned)));
    // An exemption that stands in the account.
    account(&[
        "tag",
        "shell-check-two",
        "iamkeys:exempt",
        "2199-01-31 SEC-9",
    ]);
    let args = [
        "check",
        "user:shell-check-two",
        "--policy",
        file,
        "--fail-on",
        "low",
    ];
    let ran = shell.run(&args);
    let lines = ran.ended(0).lines();
    assert_eq!(lines.len(), 3);
    assert!(
        lines.iter().all(|it| it["exempt"]["why"] == "SEC-9"),
        "{lines:?}"
    );
}
