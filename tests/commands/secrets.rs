//! Keys are created and rotated by a command, and their secrets go where they were to go, and nowhere else.

use crate::{Ran, account, demo, iamkeys, pty::Start, schema, schema::faults, served::Served};
use chrono::{TimeDelta, Utc};
use iamkeys::demo::{Endpoint, Fault, FaultKind, KeyId, LastUsed, Status};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A user with one key, which is in use.
const USER: &str = "grafana";
const OLD: &str = "AKIAQX7DEMO4GRAFNA01";

/// A user with as many keys as there may be.
const FULL: &str = "deploy-bot";

const REGION: &str = "us-east-1";

/// A home, an account, and the program there.
struct World {
    home: TempDir,
    account: Served,
}

impl World {
    fn new() -> Self {
        Self::of(account())
    }

    fn of(account: Served) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        fs::create_dir(home.path().join("state")).expect("a directory");
        Self { home, account }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The program with a journal and a log, with these arguments.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = iamkeys(args);
        self.prepare(&mut command);
        command
    }

    fn prepare(&self, command: &mut Command) {
        let credentials = self.account.endpoint.sdk_credentials();
        command
            .args(["--endpoint-url", &self.account.url(), "--journal"])
            .arg(self.path("state/journal.jsonl"))
            .arg("--log-file")
            .arg(self.path("log"))
            .args(["--log-level", "trace"])
            .env("HOME", self.home.path())
            .env("AWS_ACCESS_KEY_ID", credentials.access_key_id())
            .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key())
            .current_dir(self.home.path());
    }

    fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).output().expect("it runs"))
    }

    fn spawn(&self, args: &[&str]) -> Child {
        let mut command = self.command(args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("it runs")
    }

    /// The program in a terminal.
    fn in_terminal(&self, args: &[&str]) -> Start {
        let journal = self.path("state/journal.jsonl");
        let start = self.account.start(Some(&journal)).size(160, 40);
        args.iter().fold(start, Start::arg)
    }

    /// The keys of the user.
    fn keys(&self) -> Vec<(String, Status)> {
        self.account.endpoint.account(|account| {
            let keys = &account.user(USER).expect("the user").keys;
            let keys = keys.iter().map(|key| (key.id.to_string(), key.status));
            keys.collect()
        })
    }

    /// The key that was created.
    #[track_caller]
    fn new_key(&self) -> String {
        let keys = self.keys();
        let new: Vec<&String> = keys
            .iter()
            .map(|(id, _)| id)
            .filter(|id| *id != OLD)
            .collect();
        assert_eq!(new.len(), 1, "{keys:?}");
        new[0].clone()
    }

    fn secret(&self) -> String {
        KeyId::parse(&self.new_key())
            .expect("the ID of a key")
            .secret()
    }

    /// How often an action was asked for.
    fn count(&self, action: &str) -> usize {
        let calls = self.account.endpoint.calls();
        calls.iter().filter(|call| call.action == action).count()
    }

    fn fault(&self, kind: FaultKind, action: &str) {
        self.account.endpoint.fault(Fault::new(kind).action(action));
    }

    /// The file that a secret is kept in.
    fn kept(&self) -> PathBuf {
        self.path(&format!("state/new-key-{}.json", self.new_key()))
    }

    /// The secret is kept in a file, which only its owner can read and which is told of, and the program
    /// says so.
    #[track_caller]
    fn assert_kept(&self, ran: &Ran, code: i32) {
        assert_eq!(ran.code, code, "{}", ran.err);
        let path = self.kept();
        assert!(ran.err.contains(path.to_str().unwrap()), "{}", ran.err);
        assert_eq!(mode(&path), 0o600);
        self.assert_document(&fs::read_to_string(&path).unwrap());
        self.assert_nowhere_else(&[ran], &[&path]);
    }

    /// A text is the new key with its secret.
    #[track_caller]
    fn assert_document(&self, text: &str) {
        let document: Value = serde_json::from_str(text).expect("JSON");
        let schema = schema("new_key");
        let wrong = faults(&schema, &schema, &document);
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert_eq!(document["access_key_id"], self.new_key());
        assert_eq!(document["secret_access_key"], self.secret());
        assert_eq!(document["user"], USER);
        assert_eq!(document["account"], "123456789012");
        assert!(
            document["created"]
                .as_str()
                .is_some_and(|it| it.ends_with('Z'))
        );
    }

    /// The secret is in no file below the home but these, and in nothing that was said.
    #[track_caller]
    fn assert_nowhere_else(&self, said: &[&Ran], but: &[&Path]) {
        let secret = self.secret();
        for ran in said {
            assert!(!ran.err.contains(&secret) && !ran.out.contains(&secret));
        }
        let mut folders = vec![self.home.path().to_owned()];
        let mut files = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if !but.contains(&path.as_path()) {
                    files += 1;
                    let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
                    assert!(!text.contains(&secret), "{}", path.display());
                }
            }
        }
        assert!(files >= 2, "a journal and a log");
    }

    #[track_caller]
    fn assert_untouched(&self) {
        assert_eq!(self.keys(), [(OLD.to_owned(), Status::Active)]);
        assert_eq!(self.count("CreateAccessKey"), 0);
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

/// Waits until something is so.
#[track_caller]
fn wait(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < until, "waited for {what} in vain");
        thread::sleep(Duration::from_millis(5));
    }
}

fn interrupt(child: &Child) {
    let id = i32::try_from(child.id()).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), Signal::INT).unwrap();
}

fn kill(child: &Child, signal: Signal) {
    let id = i32::try_from(child.id()).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
}

fn create(to: &str) -> [&str; 5] {
    ["create", USER, "--to", to, "--yes"]
}

/// The one record that was printed.
#[track_caller]
fn record(ran: &Ran) -> Value {
    let mut lines = ran.lines();
    assert_eq!(lines.len(), 1, "{}", ran.out);
    lines.remove(0)
}

#[test]
fn a_profile_gets_the_key_and_the_others_stay() {
    let world = World::new();
    let path = world.path(".aws/credentials");
    fs::create_dir(world.path(".aws")).unwrap();
    let before = "[other]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n\
                  aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n\
                  [ci]\nregion = eu-west-1\n";
    fs::write(&path, before).unwrap();
    let ran = world.run(&create("profile:ci"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let it = record(&ran);
    assert_eq!(
        (&it["outcome"], &it["stored_in"]),
        (&"done".into(), &"profile ci".into())
    );
    assert_eq!(
        (&it["user"], &it["key_id"]),
        (&USER.into(), &world.new_key().into())
    );
    assert_eq!(it["account"], "123456789012");
    let text = fs::read_to_string(&path).unwrap();
    assert!(
        text.contains("AKIAIOSFODNN7EXAMPLE") && text.contains("region = eu-west-1"),
        "{text}"
    );
    let keys = format!(
        "aws_access_key_id = {}\naws_secret_access_key = {}\n",
        world.new_key(),
        world.secret()
    );
    assert!(text.contains(&keys), "{text}");
    world.assert_nowhere_else(&[&ran], &[&path]);
}

#[test]
fn a_key_that_is_replaced_in_a_profile_is_named_although_nothing_is_asked() {
    let world = World::new();
    let path = world.path(".aws/credentials");
    fs::create_dir(world.path(".aws")).unwrap();
    let before = "[ci]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n\
                  aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n";
    fs::write(&path, before).unwrap();
    let ran = world.run(&create("profile:ci"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("AKIAIOSFODNN7EXAMPLE"), "{}", ran.err);
    assert!(!ran.err.contains("wJalr"), "{}", ran.err);
    assert!(
        fs::read_to_string(&path)
            .unwrap()
            .contains(&world.new_key())
    );
}

#[test]
fn a_new_file_gets_the_key_and_one_that_is_there_is_refused_before_anything_is_created() {
    let world = World::new();
    fs::write(world.path("there.csv"), "the only copy of another").unwrap();
    for to in [
        "csv:there.csv",
        "import-csv:there.csv",
        "csv:no/such/folder/x",
        "csv:/",
    ] {
        let ran = world.run(&create(to));
        assert_eq!(ran.code, 1, "{to}: {}", ran.err);
        assert_eq!(record(&ran)["outcome"], "failed");
        world.assert_untouched();
    }
    let ran = world.run(&create("import-csv:new.csv"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let path = world.path("new.csv");
    let text = fs::read_to_string(&path).unwrap();
    let row = format!("{USER},{},{}\r\n", world.new_key(), world.secret());
    assert!(
        text.starts_with("User Name,") && text.ends_with(&row),
        "{text}"
    );
    assert_eq!(mode(&path), 0o600);
    world.assert_nowhere_else(&[&ran], &[&path]);
}

#[test]
fn a_command_gets_the_json_on_its_input_and_the_secret_is_in_no_argument_and_no_variable() {
    let world = World::new();
    let script = "exec:cat >input; cat /proc/self/cmdline /proc/$$/cmdline /proc/$PPID/cmdline >args; \
                  cat /proc/$$/environ /proc/$PPID/environ >env; echo said";
    let ran = world.run(&create(script));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let text = fs::read_to_string(world.path("input")).unwrap();
    assert!(
        text.ends_with("}\n") && text.lines().count() == 1,
        "one line"
    );
    world.assert_document(&text);
    assert!(fs::read(world.path("env")).unwrap().len() > 20);
    assert!(fs::read(world.path("args")).unwrap().len() > 20);
    // What it says is beside the record, which names no command.
    assert!(ran.err.contains("said\n"), "{}", ran.err);
    assert_eq!(record(&ran)["stored_in"], "a command");
    assert!(!ran.out.contains("cmdline"));
    world.assert_nowhere_else(&[&ran], &[&world.path("input")]);
    let journal = fs::read_to_string(world.path("state/journal.jsonl")).unwrap();
    assert!(!journal.contains("cmdline"), "{journal}");
}

#[test]
fn a_command_that_does_not_take_it_leaves_it_in_a_file() {
    for (script, words) in [
        ("exec:cat >/dev/null; exit 3", "exit status: 3"),
        ("exec:true", "did not read all"),
        ("exec:exec <&-; sleep 0", "did not read all"),
        ("exec:no-such-program", "exit status: 127"),
        ("exec:kill -9 $$", "signal: 9"),
    ] {
        let world = World::new();
        let ran = world.run(&create(script));
        assert!(ran.err.contains(words), "{script}: {}", ran.err);
        let it = record(&ran);
        assert_eq!(it["outcome"], "kept", "{script}");
        let place = format!("file {}", world.kept().display());
        assert_eq!(it["stored_in"], place);
        world.assert_kept(&ran, 4);
        assert_eq!(world.count("CreateAccessKey"), 1);
    }
}

#[test]
fn standard_output_gets_the_secret_and_nothing_else() {
    let world = World::new();
    let ran = world.run(&create("json"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.out.lines().count(), 1);
    world.assert_document(&ran.out);
    let of_error = Ran {
        out: String::new(),
        ..ran
    };
    assert!(
        of_error
            .err
            .contains(&format!("created {}", world.new_key()))
    );
    world.assert_nowhere_else(&[&of_error], &[]);

    let world = World::new();
    let ran = world.run(&create("env"));
    let lines = format!(
        "export AWS_ACCESS_KEY_ID={}\nexport AWS_SECRET_ACCESS_KEY={}\n",
        world.new_key(),
        world.secret()
    );
    assert_eq!((ran.code, ran.out), (0, lines));
}

#[test]
fn a_terminal_shows_no_secret_unless_that_is_asked_for() {
    let world = World::new();
    for to in ["env", "json"] {
        let mut program = world.in_terminal(&create(to)).run();
        program.wait_text("pass --show for that");
        program.wait_exit().assert_clean(2);
        world.assert_untouched();
    }
    let args = ["create", USER, "--to", "env", "--show"];
    let mut program = world.in_terminal(&args).run();
    program.wait_text("Its secret goes to standard output");
    program.wait_text("Create? [y/N]");
    world.assert_untouched();
    program.press("y\r");
    program.wait_text("export AWS_ACCESS_KEY_ID=AKIA");
    program.wait_exit().assert_clean(0);
}

#[test]
fn a_pipe_that_nobody_reads_gets_no_key_and_one_that_is_closed_too_late_leaves_it_in_a_file() {
    let world = World::new();
    let mut child = world.spawn(&create("env"));
    drop(child.stdout.take());
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{said}");
    assert!(said.contains("nothing reads standard output"), "{said}");
    world.assert_untouched();

    world.fault(
        FaultKind::Delay(Duration::from_millis(700)),
        "CreateAccessKey",
    );
    let mut child = world.spawn(&create("env"));
    wait("the creation", || world.count("CreateAccessKey") == 1);
    drop(child.stdout.take());
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert!(ran.err.contains("Broken pipe"), "{}", ran.err);
    world.assert_kept(&ran, 4);
}

#[test]
fn a_full_disk_is_seen_before_or_leaves_the_secret_in_a_file() {
    let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") else {
        return;
    };
    let world = World::new();
    let mut command = world.command(&create("json"));
    let ran = Ran::of(command.stdout(full).output().unwrap());
    assert!(ran.err.contains("No space left"), "{}", ran.err);
    world.assert_kept(&ran, 4);

    // No file can have a byte: not the destination, and not the journal either.
    let world = World::new();
    let program = env!("CARGO_BIN_EXE_iamkeys");
    let script = format!("ulimit -f 0; exec {program} create {USER} --to csv:x --yes \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, "sh", "--endpoint-url", &world.account.url()]);
    let credentials = world.account.endpoint.sdk_credentials();
    command
        .env("HOME", world.home.path())
        .env("AWS_ACCESS_KEY_ID", credentials.access_key_id())
        .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .arg("--no-journal")
        .current_dir(world.home.path());
    let ran = Ran::of(command.output().unwrap());
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("File too large"), "{}", ran.err);
    world.assert_untouched();
}

#[cfg(unix)]
#[test]
fn a_secret_is_not_printed_to_where_it_would_be_lost() {
    let world = World::new();
    for destination in ["env", "json"] {
        let mut command = world.command(&create(destination));
        let ran = Ran::of(command.stdout(Stdio::null()).output().unwrap());
        assert_eq!(ran.code, 2, "{}", ran.err);
        assert!(ran.err.contains("would be lost"), "{}", ran.err);
        world.assert_untouched();
    }
    let program = env!("CARGO_BIN_EXE_iamkeys");
    let script = format!("exec {program} rotate {USER} --to env --yes --demo --no-journal >&-");
    let ran = Ran::of(Command::new("sh").args(["-c", &script]).output().unwrap());
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("would be lost"), "{}", ran.err);
}

#[test]
fn where_not_even_a_file_can_be_made_what_to_do_is_said() {
    let world = World::new();
    let mut command = iamkeys(&create("exec:exit 1"));
    let credentials = world.account.endpoint.sdk_credentials();
    // There is no home, and none can be made.
    command
        .args(["--endpoint-url", &world.account.url(), "--no-journal"])
        .env("HOME", "/proc/nowhere")
        .env("AWS_ACCESS_KEY_ID", credentials.access_key_id())
        .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key());
    let ran = Ran::of(command.output().unwrap());
    assert_eq!(ran.code, 4, "{}", ran.err);
    let it = record(&ran);
    assert_eq!(
        (&it["outcome"], &it["stored_in"]),
        (&"lost".into(), &Value::Null)
    );
    let key = world.new_key();
    assert!(
        ran.err.contains(&format!("iamkeys delete {key}")),
        "{}",
        ran.err
    );
    assert!(!ran.err.contains(&world.secret()));
}

#[test]
fn secrets_manager_gets_a_new_secret_or_a_new_version() {
    let world = World::new();
    let stored = |world: &World| {
        let value = world
            .account
            .endpoint
            .account(|it| it.secret(REGION, "ci/key").map(str::to_owned));
        value.expect("a secret")
    };
    let ran = world.run(&create("secretsmanager:ci/key"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(
        record(&ran)["stored_in"],
        "secret ci/key in Secrets Manager, us-east-1"
    );
    world.assert_document(&stored(&world));
    world.assert_nowhere_else(&[&ran], &[]);

    let world = World::new();
    let endpoint = &world.account.endpoint;
    endpoint.account(|it| it.add_secret(REGION, "ci/key", "before", false));
    let ran = world.run(&create("secretsmanager:ci/key"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    world.assert_document(&stored(&world));
    assert_eq!(
        endpoint.account(|it| it.secret_versions(REGION, "ci/key")),
        2
    );
    assert_eq!(world.count("CreateSecret"), 0);

    // It is another region's.
    let world = World::new();
    let args = [
        &create("secretsmanager:ci/key")[..],
        &["--region", "eu-west-1"],
    ]
    .concat();
    let ran = world.run(&args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let endpoint = &world.account.endpoint;
    assert!(endpoint.account(|it| it.secret(REGION, "ci/key").is_none()));
    assert!(endpoint.account(|it| it.secret("eu-west-1", "ci/key").is_some()));
}

#[test]
fn a_secret_is_replaced_only_where_that_was_seen_before() {
    let world = World::new();
    let endpoint = &world.account.endpoint;
    endpoint.account(|it| it.add_secret(REGION, "gone", "before", true));
    let ran = world.run(&create("secretsmanager:gone"));
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("scheduled for deletion"), "{}", ran.err);
    world.assert_untouched();

    // Whoever may not look may write what is not there, and replaces nothing.
    world.fault(FaultKind::Refuse, "DescribeSecret");
    let ran = world.run(&create("secretsmanager:new"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let world = World::new();
    world.fault(FaultKind::Refuse, "DescribeSecret");
    let endpoint = &world.account.endpoint;
    endpoint.account(|it| it.add_secret(REGION, "there", "before", false));
    let ran = world.run(&create("secretsmanager:there"));
    assert!(ran.err.contains("was not replaced"), "{}", ran.err);
    assert_eq!(
        endpoint.account(|it| it.secret_versions(REGION, "there")),
        1
    );
    world.assert_kept(&ran, 4);
}

#[test]
fn what_a_store_refuses_or_does_not_answer_is_kept_and_named_and_sent_once() {
    for (kind, words) in [
        (
            FaultKind::Refuse,
            "AccessDeniedException: secretsmanager:CreateSecret",
        ),
        (FaultKind::DropAfter, "it may be there all the same"),
        (FaultKind::InternalFailure, "it may be there all the same"),
        (FaultKind::Throttle, "Throttling"),
    ] {
        let world = World::new();
        world.fault(kind.clone(), "CreateSecret");
        let ran = world.run(&create("secretsmanager:x"));
        assert!(ran.err.contains(words), "{kind:?}: {}", ran.err);
        assert_eq!(world.count("CreateSecret"), 1, "{kind:?}");
        world.assert_kept(&ran, 4);
    }
    let world = World::new();
    world.fault(FaultKind::Refuse, "PutParameter");
    let ran = world.run(&create("ssm:/x"));
    assert!(ran.err.contains("ssm:PutParameter"), "{}", ran.err);
    world.assert_kept(&ran, 4);
    assert_eq!(world.count("PutParameter"), 1);
}

#[test]
fn parameter_store_gets_a_secure_string_that_stays_encrypted_as_it_was() {
    let stored = |world: &World, name: &str| {
        world.account.endpoint.account(|it| {
            let (value, key) = it.parameter(REGION, name).expect("a parameter");
            (value.to_owned(), key.map(str::to_owned))
        })
    };
    let world = World::new();
    let ran = world.run(&create("ssm:/ci/key"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let (value, key) = stored(&world, "/ci/key");
    world.assert_document(&value);
    assert_eq!(key, None);
    assert_eq!(
        record(&ran)["stored_in"],
        "parameter /ci/key in Parameter Store, us-east-1"
    );
    world.assert_nowhere_else(&[&ran], &[]);

    let world = World::new();
    let endpoint = &world.account.endpoint;
    endpoint.account(|it| it.add_parameter(REGION, "/ci/key", "SecureString", Some("alias/ours")));
    let ran = world.run(&create("ssm:/ci/key"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let (value, key) = stored(&world, "/ci/key");
    world.assert_document(&value);
    assert_eq!(key.as_deref(), Some("alias/ours"));

    // What encrypts it is not known where it may be read only: a person decides.
    let world = World::new();
    world.fault(FaultKind::Refuse, "DescribeParameters");
    let endpoint = &world.account.endpoint;
    endpoint.account(|it| it.add_parameter(REGION, "/ci/key", "SecureString", Some("alias/ours")));
    let ran = world.run(&create("ssm:/ci/key"));
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(
        ran.err.contains(
            "which key encrypts it is not known (access denied to ssm:DescribeParameters)"
        ),
        "{}",
        ran.err
    );
    world.assert_untouched();
    let mut program = world
        .in_terminal(&["create", USER, "--to", "ssm:/ci/key"])
        .run();
    program.wait_text("! Which key encrypts it is not known");
    program.wait_text("Create? [y/N]");
    program.press("n\r");
    program.wait_exit().assert_clean(1);
    // One that is not there is created.
    let ran = world.run(&create("ssm:/ci/other"));
    assert_eq!(ran.code, 0, "{}", ran.err);

    // One of another type stays what it is.
    for fault in [None, Some("DescribeParameters")] {
        let world = World::new();
        let endpoint = &world.account.endpoint;
        endpoint.account(|it| it.add_parameter(REGION, "/ci/key", "String", None));
        if let Some(action) = fault {
            world.fault(FaultKind::Refuse, action);
        }
        let ran = world.run(&create("ssm:/ci/key"));
        assert_eq!(ran.code, 1, "{}", ran.err);
        assert!(
            ran.err.contains("is a String, not a SecureString"),
            "{}",
            ran.err
        );
        world.assert_untouched();
    }
}

#[test]
fn an_interrupt_before_the_creation_creates_nothing() {
    let world = World::new();
    world.fault(FaultKind::Delay(Duration::from_hours(1)), "ListUsers");
    let child = world.spawn(&create("csv:x"));
    wait("the users", || world.count("ListUsers") > 0);
    interrupt(&child);
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 130, "{}", ran.err);
    world.assert_untouched();
}

#[test]
fn an_interrupt_between_creation_and_storing_loses_no_secret() {
    let world = World::new();
    let child = world.spawn(&create("exec:touch begun; exec sleep 1000"));
    wait("the command", || world.path("begun").exists());
    interrupt(&child);
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(record(&ran)["outcome"], "kept");
    world.assert_kept(&ran, 130);

    // While the answer with the secret is on its way.
    let world = World::new();
    world.fault(
        FaultKind::Delay(Duration::from_millis(700)),
        "CreateAccessKey",
    );
    let child = world.spawn(&create("exec:cat >/dev/null; exit 1"));
    wait("the creation", || world.count("CreateAccessKey") == 1);
    interrupt(&child);
    let ran = Ran::of(child.wait_with_output().unwrap());
    world.assert_kept(&ran, 130);
}

#[test]
fn whatever_ends_it_between_creation_and_storing_the_secret_is_kept() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let world = World::new();
        let child = world.spawn(&create("exec:touch begun; exec sleep 1000"));
        wait("the command", || world.path("begun").exists());
        kill(&child, signal);
        let ran = Ran::of(child.wait_with_output().unwrap());
        assert_eq!(record(&ran)["outcome"], "kept");
        assert!(!ran.err.contains("lost"), "{}", ran.err);
        world.assert_kept(&ran, code);

        // While the answer with the secret is on its way.
        let (slow, refuses) = (Duration::from_millis(700), "exec:cat >/dev/null; exit 1");
        for (command, outcome) in [
            (&create(refuses)[..], "kept"),
            (&rotate(&["--to", refuses]), "kept"),
            (&create("csv:x"), "done"),
            (&rotate(&["--to", "csv:x"]), "interrupted"),
        ] {
            let world = World::new();
            world.fault(FaultKind::Delay(slow), "CreateAccessKey");
            let child = world.spawn(command);
            wait("the creation", || world.count("CreateAccessKey") == 1);
            kill(&child, signal);
            let ran = Ran::of(child.wait_with_output().unwrap());
            assert_eq!(record(&ran)["outcome"], outcome, "{}", ran.err);
            assert!(!ran.err.contains("lost"), "{}", ran.err);
            if outcome == "kept" {
                world.assert_kept(&ran, code);
            } else {
                assert_eq!(ran.code, code, "{}", ran.err);
                world.assert_nowhere_else(&[&ran], &[&world.path("x")]);
            }
        }
    }
}

#[test]
fn an_interrupt_while_a_lost_answer_is_looked_for_says_that_it_is_not_known() {
    for command in [&create("csv:x")[..], &rotate(&["--to", "csv:x"])] {
        let world = World::new();
        world.fault(FaultKind::DropAfter, "CreateAccessKey");
        let slow = FaultKind::Delay(Duration::from_secs(1));
        world.fault(slow, "ListAccessKeys");
        let child = world.spawn(command);
        wait("the look", || {
            let calls = world.account.endpoint.calls();
            let mut since = calls
                .iter()
                .skip_while(|call| call.action != "CreateAccessKey");
            since.any(|call| call.action == "ListAccessKeys")
        });
        interrupt(&child);
        let ran = Ran::of(child.wait_with_output().unwrap());
        assert_eq!(ran.code, 5, "{}", ran.err);
        assert_eq!(record(&ran)["outcome"], "unknown", "{}", ran.err);
        assert_eq!(world.count("CreateAccessKey"), 1);
    }
}

#[test]
fn what_turns_out_different_is_not_confirmed_by_yes() {
    let world = World::of(quick());
    // Who is signed in is asked for as it begins, and by the trial of the new key.
    let slow = FaultKind::Delay(Duration::from_millis(700));
    world.fault(slow, "GetCallerIdentity");
    let child = world.spawn(&rotate(&["--to", "csv:x", "--until", "deactivate"]));
    wait("the trial", || world.count("GetCallerIdentity") == 2);
    let new = world.new_key();
    let endpoint = &world.account.endpoint;
    assert!(endpoint.account(|it| it.set_key_status(&new, Status::Inactive)));
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 4, "{}", ran.err);
    assert_eq!(record(&ran)["outcome"], "skipped", "{}", ran.err);
    assert!(
        ran.err
            .contains("the other key has been switched off or deleted"),
        "{}",
        ran.err
    );
    assert!(world.keys().contains(&(OLD.to_owned(), Status::Active)));
    assert_eq!(world.count("UpdateAccessKey"), 0);
}

#[test]
fn an_answer_that_is_lost_is_said_with_the_key_that_has_appeared() {
    let world = World::new();
    world.fault(FaultKind::DropAfter, "CreateAccessKey");
    let ran = world.run(&create("csv:x.csv"));
    assert_eq!(ran.code, 5, "{}", ran.err);
    let key = world.new_key();
    assert_eq!(record(&ran)["outcome"], "unknown");
    assert!(
        ran.err.contains(&format!("{key} has appeared")),
        "{}",
        ran.err
    );
    assert!(
        ran.err.contains(&format!("iamkeys delete {key}")),
        "{}",
        ran.err
    );
    assert_eq!(world.count("CreateAccessKey"), 1);
    assert!(!world.path("x.csv").exists());
}

#[test]
fn a_refusal_names_the_permission_and_a_user_without_room_the_keys() {
    let world = World::new();
    world.fault(FaultKind::Refuse, "CreateAccessKey");
    let ran = world.run(&create("csv:x"));
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(
        ran.err.contains("AccessDenied: iam:CreateAccessKey"),
        "{}",
        ran.err
    );
    let ran = world.run(&["create", FULL, "--to", "csv:x", "--yes"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("deploy-bot has 2 of 2 keys"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("AKIAQX7DEMO4DEPLOY01"), "{}", ran.err);
    assert_eq!(world.count("CreateAccessKey"), 1);
    let ran = world.run(&["create", "nobody-at-all", "--to", "csv:x", "--yes"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("no user nobody-at-all"), "{}", ran.err);
}

#[test]
fn a_user_is_found_in_any_case_and_one_of_several_accounts_is_not_guessed() {
    let world = World::new();
    let ran = world.run(&["create", "GRAFANA", "--to", "csv:x", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(record(&ran)["user"], USER);

    let endpoint = Endpoint::demo_organisation(Utc::now());
    let ids = endpoint.account_ids();
    let now = Utc::now();
    for id in &ids[..2] {
        let added = endpoint.in_account(id, |it| it.add_user("twice", "/", now));
        added.unwrap();
    }
    let world = World::of(Served::of(&endpoint));
    let ran = world.run(&[
        "create",
        "twice",
        "--to",
        "csv:x",
        "--yes",
        "--all-accounts",
    ]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    for words in [&*ids[0], &*ids[1], "--accounts", "--profile"] {
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
    }
    assert_eq!(world.count("CreateAccessKey"), 0);
}

#[test]
fn what_cannot_be_done_is_refused_before_anything_is_asked() {
    let world = World::new();
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    for (args, code, words) in [
        (&["create", USER][..], 2, "--to"),
        (
            &["create", USER, "--to", "file:x", "--yes"],
            2,
            "is no destination",
        ),
        (
            &["create", USER, "--to", secret, "--yes"],
            2,
            "is no destination",
        ),
        (
            &["create", secret, "--to", "env", "--yes"],
            2,
            "not the name of a user",
        ),
        (
            &["create", USER, "--to", "csv:x", "--yes", "--read-only"],
            1,
            "Read-only",
        ),
        (
            &["rotate", USER, "--to", "csv:x", "--yes", "--read-only"],
            1,
            "Read-only",
        ),
        (&["rotate", USER, "--yes"], 2, "--to says where"),
        (
            &["rotate", USER, "--to", "csv:x", "--until", "gone"],
            2,
            "possible values",
        ),
    ] {
        let ran = world.run(args);
        assert_eq!(ran.code, code, "{args:?}: {}", ran.err);
        assert!(ran.err.contains(words), "{args:?}: {}", ran.err);
        assert!(!ran.err.contains("MDENG"), "{args:?}: {}", ran.err);
    }
    // Nobody can be asked.
    let mut command = Command::new("setsid");
    command.arg("--wait").arg(env!("CARGO_BIN_EXE_iamkeys"));
    command
        .args(["create", USER, "--to", "csv:x"])
        .env_clear()
        .stdin(Stdio::null());
    world.prepare(&mut command);
    let ran = Ran::of(command.output().unwrap());
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("--yes"), "{}", ran.err);
    world.assert_untouched();
}

#[test]
fn a_person_sees_where_the_secret_goes_and_decides_what_becomes_of_one_that_is_refused() {
    let world = World::new();
    let mut program = world
        .in_terminal(&["create", USER, "--to", "exec:exit 7"])
        .run();
    program.wait_text("Its secret goes to the standard input of: exit 7");
    program.wait_text("Create a key for grafana");
    program.wait_text("Create? [y/N]");
    program.press("n\r");
    program.wait_text("not confirmed");
    program.wait_exit().assert_clean(1);
    world.assert_untouched();

    let mut program = world
        .in_terminal(&["create", USER, "--to", "exec:exit 7"])
        .run();
    program.wait_text("Create? [y/N]");
    program.press("y\r");
    program.wait_text(
        "[r] try again, [o] another destination, [s] show it here, [k] keep it in a file:",
    );
    let key = world.new_key();
    program.press("o\r");
    program.wait_text("Destination:");
    program.press("secretsmanager:x\r");
    program.wait_text("its secret is stored: secret x in Secrets Manager");
    program.wait_exit().assert_clean(0);
    let endpoint = &world.account.endpoint;
    let value = endpoint.account(|it| it.secret(REGION, "x").map(str::to_owned));
    assert!(value.unwrap().contains(&key));
    assert!(!world.kept().exists());
}

#[test]
fn each_destination_that_fails_is_named_with_its_own_reason() {
    let world = World::new();
    world.fault(FaultKind::Refuse, "CreateSecret");
    let mut program = world
        .in_terminal(&["create", USER, "--to", "exec:exit 7"])
        .run();
    program.wait_text("Create? [y/N]");
    program.press("y\r");
    program.wait_text("[o] another destination");
    let key = world.new_key();
    program.press("o\r");
    program.wait_text("Destination:");
    program.press("secretsmanager:x\r");
    program.wait_text("AccessDeniedException: secretsmanager:CreateSecret");
    program.wait_text("[r] try again");
    program.press("k\r");
    program.wait_text("is kept in");
    let ended = program.wait_exit();
    ended.assert_clean(4);
    assert!(!ended.screen.contains(&format!("{key} is not stored: it")));
    assert_eq!(mode(&world.kept()), 0o600);
}

#[test]
fn a_secret_that_is_refused_is_shown_or_kept_if_a_person_wants_that() {
    let world = World::new();
    let mut program = world
        .in_terminal(&["create", USER, "--to", "exec:exit 7"])
        .run();
    program.wait_text("Create? [y/N]");
    program.press("y\r");
    program.wait_text("[s] show it here");
    program.press("s\r");
    program.wait_text(&format!("export AWS_SECRET_ACCESS_KEY={}", world.secret()));
    program.wait_exit().assert_clean(0);

    let world = World::new();
    let mut program = world
        .in_terminal(&["create", USER, "--to", "exec:exit 7"])
        .run();
    program.wait_text("Create? [y/N]");
    program.press("y\r");
    program.wait_text("[k] keep it in a file:");
    // It is not lost by an interrupt.
    program.press("\x03");
    program.wait_text("is kept in");
    let ended = program.wait_exit();
    ended.assert_clean(130);
    assert!(!ended.screen.contains(&world.secret()));
    assert_eq!(mode(&world.kept()), 0o600);
}

#[test]
fn no_signal_waits_for_what_is_asked_or_loses_the_secret() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::QUIT, 131)] {
        let world = World::new();
        let mut program = world
            .in_terminal(&["create", USER, "--to", "exec:exit 7"])
            .run();
        program.wait_text("Create? [y/N]");
        program.press("y\r");
        program.wait_text("[k] keep it in a file:");
        program.signal(signal);
        program.wait_text("is kept in");
        program.wait_exit().assert_clean(code);
        assert_eq!(mode(&world.kept()), 0o600);
    }
}

/// The new key is used by somebody, after the old one was used last, which was so many days ago.
fn take_over(world: &World, days: i64) {
    let used = |at| LastUsed {
        at,
        service: "s3".into(),
        region: REGION.into(),
    };
    let (new, now) = (world.new_key(), Utc::now());
    world.account.endpoint.account(|account| {
        assert!(account.set_last_used(&new, Some(used(now))));
        assert!(account.set_last_used(OLD, Some(used(now - TimeDelta::days(days)))));
    });
}

fn rotate<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["rotate", USER, "--yes"], more].concat()
}

#[test]
fn a_rotation_goes_as_far_as_is_asked_for() {
    for (until, step, off, code) in [
        ("create", "store", false, 0),
        ("store", "store", false, 0),
        ("check", "check", false, 0),
        ("deactivate", "deactivate", true, 0),
        ("watch", "deactivate", true, 4),
        ("delete", "deactivate", true, 4),
    ] {
        let world = World::of(quick());
        let ran = world.run(&rotate(&["--to", "csv:x", "--until", until]));
        assert_eq!(ran.code, code, "{until}: {}", ran.err);
        let it = record(&ran);
        assert_eq!(it["step"], step, "{until}");
        assert_eq!(
            (&it["old_key_id"], &it["new_key_id"]),
            (&OLD.into(), &world.new_key().into())
        );
        let path = world.path("x");
        assert_eq!(it["stored_in"], format!("file {}", path.display()));
        let outcome = if code == 0 { "done" } else { "waiting" };
        assert_eq!(it["outcome"], outcome, "{until}");
        let status = if off {
            Status::Inactive
        } else {
            Status::Active
        };
        assert!(world.keys().contains(&(OLD.to_owned(), status)), "{until}");
        if code == 4 {
            let week = (Utc::now() + TimeDelta::days(7))
                .format("%Y-%m-%d")
                .to_string();
            assert!(
                ran.err.contains("may still be in demand until"),
                "{}",
                ran.err
            );
            assert!(ran.err.contains(&week), "{}", ran.err);
        }
        assert_eq!(world.count("CreateAccessKey"), 1);
        world.assert_nowhere_else(&[&ran], &[&path]);
    }
}

/// An account that accepts new keys at once.
fn quick() -> Served {
    let account = iamkeys::demo::Account::demo(Utc::now());
    let endpoint = Endpoint::new(account).with_settling(TimeDelta::zero());
    Served::of(&endpoint)
}

#[test]
fn another_run_goes_on_with_a_rotation_where_that_is_asked_for() {
    let world = World::of(quick());
    let ran = world.run(&rotate(&["--resume", "--to", "csv:x"]));
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("--to has no use there"), "{}", ran.err);
    let ran = world.run(&rotate(&["--resume"]));
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("no rotation of grafana is under way"),
        "{}",
        ran.err
    );
    let ran = world.run(&["rotate", OLD, "--to", "csv:x", "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    // Not by the way.
    let ran = world.run(&rotate(&["--to", "csv:y"]));
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("pass --resume"), "{}", ran.err);
    assert!(!world.path("y").exists());
    // Whether its secret is anywhere this run cannot know, until the key is used.
    let ran = world.run(&rotate(&["--resume", "--until", "deactivate"]));
    assert_eq!(ran.code, 4, "{}", ran.err);
    assert!(ran.err.contains("was never used"), "{}", ran.err);
    take_over(&world, 3);
    // The new key is not the one that goes.
    let new = world.new_key();
    let ran = world.run(&["rotate", &new, "--resume", "--yes"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("is the new key of a rotation"),
        "{}",
        ran.err
    );
    let ran = world.run(&rotate(&["--resume", "--until", "deactivate"]));
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(record(&ran)["step"], "deactivate");
    let ran = world.run(&rotate(&["--resume", "--until", "delete"]));
    assert_eq!(ran.code, 4, "{}", ran.err);
    assert!(ran.err.contains("may still be in demand"), "{}", ran.err);
    // A week later.
    take_over(&world, 8);
    let ran = world.run(&rotate(&["--resume", "--until", "delete"]));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let it = record(&ran);
    assert_eq!(
        (&it["step"], &it["waits_for"]),
        (&"delete".into(), &Value::Null)
    );
    assert_eq!(world.keys(), [(new, Status::Active)]);
    let calls = ["CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey"];
    assert_eq!(calls.map(|action| world.count(action)), [1, 1, 1]);
}

/// With the old key off, deleting the new one would leave none that works.
#[test]
fn another_run_knows_that_the_old_key_is_off_already() {
    let world = World::of(quick());
    let ran = world.run(&rotate(&["--to", "csv:x", "--until", "deactivate"]));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ran = world.run(&rotate(&["--resume", "--until", "delete"]));
    assert_eq!(ran.code, 4, "{}", ran.err);
    assert_eq!(record(&ran)["step"], "deactivate", "{}", ran.out);
    let off = format!("{OLD} is Inactive already");
    assert!(ran.err.contains(&off), "{}", ran.err);
    let first = format!("where it is lost: iamkeys activate {OLD}");
    assert!(ran.err.contains(&first), "{}", ran.err);
}

#[test]
fn two_keys_that_are_just_two_keys_are_not_rotated() {
    let world = World::new();
    for of in [FULL, "AKIAQX7DEMO4DEPLOY01"] {
        let ran = world.run(&["rotate", of, "--to", "csv:x", "--yes"]);
        assert_eq!(ran.code, 1);
        assert!(
            ran.err
                .contains("nothing tells that one replaces the other"),
            "{}",
            ran.err
        );
        assert!(ran.err.contains("AKIAQX7DEMO4DEPLOY02"), "{}", ran.err);
    }
    assert_eq!(world.count("CreateAccessKey"), 0);
}

#[test]
fn a_rotation_whose_secret_is_not_stored_stops_there() {
    let world = World::of(quick());
    let ran = world.run(&rotate(&["--to", "exec:exit 1", "--until", "deactivate"]));
    let it = record(&ran);
    assert_eq!(
        (&it["step"], &it["outcome"]),
        (&"create".into(), &"kept".into())
    );
    assert!(world.keys().contains(&(OLD.to_owned(), Status::Active)));
    world.assert_kept(&ran, 4);
}

#[test]
fn a_rotation_that_prints_the_secret_says_the_rest_beside_it() {
    let world = World::of(quick());
    let ran = world.run(&rotate(&["--to", "json"]));
    assert_eq!(ran.code, 0, "{}", ran.err);
    world.assert_document(&ran.out);
    let key = world.new_key();
    assert!(ran.err.contains(&format!(
        "rotation of {USER}: done, {OLD} to {key}, step check"
    )));
}

#[test]
fn an_interrupt_while_the_new_key_is_tried_ends_it_there() {
    let world = World::new();
    let mut child = world.spawn(&rotate(&["--to", "csv:x", "--until", "delete"]));
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let stored = lines.find(|line| line.as_ref().unwrap().contains("its secret is stored"));
    assert!(stored.is_some());
    interrupt(&child);
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 130);
    let it = record(&ran);
    assert_eq!(
        (&it["step"], &it["outcome"]),
        (&"store".into(), &"interrupted".into())
    );
    assert!(world.keys().contains(&(OLD.to_owned(), Status::Active)));
    assert!(
        fs::read_to_string(world.path("x"))
            .unwrap()
            .contains(&world.secret())
    );
}

#[test]
fn the_steps_are_confirmed_one_by_one() {
    let world = World::of(quick());
    let args = [
        "rotate",
        USER,
        "--to",
        "secretsmanager:x",
        "--until",
        "deactivate",
    ];
    let mut program = world.in_terminal(&args).run();
    program.wait_text("Its secret goes to secret x in Secrets Manager, us-east-1");
    program.wait_text("Create? [y/N]");
    program.press("y\r");
    program.wait_text("AWS accepts");
    program.wait_text("Deactivate? [y/N]");
    program.wait_text(&format!("Deactivate {OLD} of grafana"));
    program.wait_text("Active, used");
    program.press("n\r");
    program.wait_text("not confirmed: nothing more was changed");
    program.wait_exit().assert_clean(4);
    assert!(world.keys().contains(&(OLD.to_owned(), Status::Active)));
}

#[test]
fn the_demo_has_all_of_it() {
    for to in [
        "profile:x",
        "csv:x",
        "import-csv:x",
        "exec:cat >/dev/null",
        "secretsmanager:x",
        "ssm:x",
    ] {
        let ran = demo(&create(to));
        assert_eq!(
            (ran.code, record(&ran)["outcome"].as_str()),
            (0, Some("done")),
            "{}",
            ran.err
        );
    }
    let ran = demo(&create("env"));
    assert!(
        ran.code == 0 && ran.out.starts_with("export "),
        "{}",
        ran.err
    );
}

#[test]
fn an_interrupt_while_the_store_is_looked_at_creates_nothing() {
    for (to, action) in [
        ("secretsmanager:ci/key", "DescribeSecret"),
        ("ssm:/ci/key", "DescribeParameters"),
    ] {
        let world = World::new();
        world.fault(FaultKind::Delay(Duration::from_mins(2)), action);
        let child = world.spawn(&create(to));
        wait("the look", || world.count(action) > 0);
        interrupt(&child);
        let ran = Ran::of(child.wait_with_output().unwrap());
        assert_eq!(ran.code, 130, "{to}: {}", ran.err);
        assert_eq!(record(&ran)["outcome"], "skipped", "{to}");
        world.assert_untouched();
    }
}
