//! Completions and manual pages.

use crate::{Ran, iamkeys, served};
use chrono::Utc;
use iamkeys::demo::Account;
use std::process::Command;

#[test]
fn a_shell_is_told_what_to_ask() {
    for (shell, words) in [
        ("bash", "complete "),
        ("zsh", "#compdef iamkeys"),
        ("fish", "complete --keep-order"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let ran = Ran::of(iamkeys(&["completions", shell]).output().unwrap()).well();
        assert!(ran.out.contains(words), "{shell}: {}", ran.out);
        assert!(ran.out.contains("IAMKEYS_COMPLETE"), "{shell}: {}", ran.out);
    }
}

/// What a shell is told that has these words on its line, the last one being typed.
fn completed(words: &[&str], config: &str) -> Vec<String> {
    let home = tempfile::tempdir().unwrap();
    completed_at(home.path(), words, config)
}

fn completed_at(home: &std::path::Path, words: &[&str], config: &str) -> Vec<String> {
    std::fs::create_dir_all(home.join(".aws")).unwrap();
    std::fs::write(home.join(".aws/config"), config).unwrap();
    let output = iamkeys(&["--"])
        .args(words)
        .env("HOME", home)
        .env("IAMKEYS_COMPLETE", "bash")
        .env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string())
        .env("_CLAP_COMPLETE_COMP_TYPE", "9")
        .env("_CLAP_COMPLETE_SPACE", "true")
        .env("_CLAP_IFS", "\n")
        .output()
        .unwrap();
    let ran = Ran::of(output).well();
    ran.out.lines().map(str::to_owned).collect()
}

#[test]
fn users_are_completed_whose_keys_were_changed_from_here() {
    let home = tempfile::tempdir().unwrap();
    let complete = |words: &[&str]| completed_at(home.path(), words, "");
    assert_eq!(complete(&["iamkeys", "create", "graf"]), [""; 0]);
    let account = served(Account::demo(Utc::now()));
    let credentials = account.endpoint.sdk_credentials();
    let ran = iamkeys(&["deactivate", "AKIAQX7DEMO4DEPLOY01", "--yes"])
        .args(["--endpoint-url", &account.url()])
        .env("AWS_ACCESS_KEY_ID", credentials.access_key_id())
        .env("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key())
        .env("HOME", home.path())
        .output();
    Ran::of(ran.unwrap()).well();
    assert_eq!(complete(&["iamkeys", "create", "depl"]), ["deploy-bot"]);
    assert_eq!(complete(&["iamkeys", "rotate", "d"]), ["deploy-bot"]);
}

#[test]
fn commands_options_values_and_profiles_are_completed() {
    let config = "[profile prod]\nregion = eu-west-1\n[profile pilot]\n[profile staging]\n";
    assert_eq!(
        completed(&["iamkeys", "--profile", "p"], config),
        ["pilot", "prod"]
    );
    assert_eq!(
        completed(&["iamkeys", "list", "--profile", "st"], config),
        ["staging"]
    );
    assert_eq!(completed(&["iamkeys", "jou"], config), ["journal"]);
    assert_eq!(
        completed(&["iamkeys", "list", "--format", "js"], config),
        ["json", "jsonl"]
    );
    assert!(completed(&["iamkeys", "impact", "--re"], config).contains(&"--regions".to_owned()));
    // A file that cannot be read completes nothing, and says nothing in the middle of a line.
    assert_eq!(
        completed(&["iamkeys", "--profile", "p"], "nonsense"),
        [""; 0]
    );
}

#[test]
fn what_bash_is_told_completes_there() {
    let program = env!("CARGO_BIN_EXE_iamkeys");
    let folder = std::path::Path::new(program).parent().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let script = "source <(iamkeys completions bash) && COMP_WORDS=(iamkeys acc) && COMP_CWORD=1 && \
                  COMP_TYPE=9 && _clap_complete_iamkeys iamkeys acc iamkeys; echo \"${COMPREPLY[@]}\"";
    let output = Command::new("bash")
        .args(["-c", script])
        .env_clear()
        .env("PATH", format!("{}:{path}", folder.display()))
        .env("HOME", "/nonexistent")
        .output()
        .unwrap();
    let ran = Ran::of(output);
    assert_eq!(ran.out.trim(), "accounts", "{}", ran.err);
}

#[test]
fn there_is_a_page_for_each_command() {
    let ran = Ran::of(iamkeys(&["man"]).output().unwrap()).well();
    assert!(ran.out.contains(".TH iamkeys 1"), "{}", ran.out);
    assert!(ran.out.contains("Exit codes"), "{}", ran.out);
    let ran = Ran::of(iamkeys(&["man", "list"]).output().unwrap()).well();
    assert!(ran.out.contains(".TH iamkeys-list 1"), "{}", ran.out);
    assert!(ran.out.contains("unused>90"), "{}", ran.out);
    let two = Ran::of(iamkeys(&["man", "plan", "apply"]).output().unwrap()).well();
    let ran = Ran::of(iamkeys(&["man", "plan apply"]).output().unwrap()).well();
    assert_eq!(two.out, ran.out);
    assert!(ran.out.contains(".TH iamkeys-plan-apply 1"), "{}", ran.out);
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("man1");
    let args = ["man", "--to", to.to_str().unwrap()];
    Ran::of(iamkeys(&args).output().unwrap()).well();
    let mut pages: Vec<String> = std::fs::read_dir(&to)
        .unwrap()
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .collect();
    pages.sort();
    let expected = [
        "iamkeys-accounts.1",
        "iamkeys-activate.1",
        "iamkeys-check.1",
        "iamkeys-completions.1",
        "iamkeys-config.1",
        "iamkeys-create.1",
        "iamkeys-deactivate.1",
        "iamkeys-delete.1",
        "iamkeys-find.1",
        "iamkeys-impact.1",
        "iamkeys-journal.1",
        "iamkeys-leaked.1",
        "iamkeys-list.1",
        "iamkeys-man.1",
        "iamkeys-plan-activate.1",
        "iamkeys-plan-apply.1",
        "iamkeys-plan-deactivate.1",
        "iamkeys-plan-delete.1",
        "iamkeys-plan-show.1",
        "iamkeys-plan-undo.1",
        "iamkeys-plan.1",
        "iamkeys-rotate.1",
        "iamkeys-users.1",
        "iamkeys.1",
    ];
    assert_eq!(pages, expected);
}

#[test]
fn the_help_names_every_exit_code() {
    let ran = Ran::of(iamkeys(&["--help"]).output().unwrap()).well();
    let words: String = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, codes) = words.split_once("Exit codes:").expect("they are named");
    for status in iamkeys::commands::ExitStatus::ALL {
        let code = format!(" {} ", status.code());
        assert!(codes.contains(&code), "{code}: {codes}");
    }
}
