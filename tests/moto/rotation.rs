//! A rotation at an IAM that is not ours, with the real program killed between its steps.

use super::{Server, account, pty::Start, rotating, server, var};
use rotating::{Hands, Stop, Then, World, cut_off};
use std::path::PathBuf;
use tempfile::TempDir;

/// An account that knows of no time in which new keys are not accepted.
struct Moto {
    journal: TempDir,
}

impl Moto {
    /// With a user who has one key, which was used a moment ago if uses are known of.
    fn with(user: &str) -> Self {
        account(&["create_users", user]);
        let key = account(&["create_key", user]);
        if server() == Server::Moto {
            account(&["use_key", &key[0], &key[1]]);
        }
        Self {
            journal: tempfile::tempdir().unwrap(),
        }
    }
}

impl World for Moto {
    fn start(&self) -> Box<dyn Hands> {
        let program = Start::iamkeys(["--endpoint-url", &var("IAMKEYS_MOTO_URL")])
            .arg("--clipboard")
            .arg("osc52")
            .arg("--journal")
            .arg(self.journal.path().join("journal.jsonl"))
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/EXAMPLEKEY")
            .run();
        Box::new(program)
    }

    fn keys_of(&self, user: &str) -> Vec<(String, bool)> {
        let words = account(&["keys", user]);
        let keys = words.chunks(2);
        keys.map(|key| (key[0].clone(), key[1] == "Active"))
            .collect()
    }

    fn use_key(&self, id: &str, secret: &str) {
        account(&["use_key", id, secret]);
    }

    fn tells_of_uses(&self) -> bool {
        server() == Server::Moto
    }

    fn settle(&self) -> bool {
        false
    }

    fn journal(&self) -> Option<PathBuf> {
        Some(self.journal.path().join("journal.jsonl"))
    }
}

#[test]
fn a_rotation_that_was_killed_anywhere_goes_on_in_another_run() {
    let stops: &[(&str, Stop)] = match server() {
        Server::Moto => &[
            ("turn-looked", Stop::Looked),
            ("turn-created", Stop::Created),
            ("turn-checked", Stop::Checked),
            ("turn-too-soon", Stop::TooSoon),
            ("turn-used", Stop::Used),
            ("turn-off", Stop::Deactivated),
            ("turn-undone", Stop::Undone),
            ("turn-deleted", Stop::Deleted),
        ],
        // Once the new key is there, another run goes on from its first use, of which this one
        // never tells.
        Server::Ministack => &[("turn-looked", Stop::Looked)],
    };
    for (user, stop) in stops {
        cut_off(&Moto::with(user), user, *stop, Then::GoOn);
    }
}

#[test]
fn a_rotation_that_was_killed_is_rolled_back_in_another_run() {
    let stops: &[(&str, Stop)] = match server() {
        Server::Moto => &[
            ("back-created", Stop::Created),
            ("back-checked", Stop::Checked),
            ("back-too-soon", Stop::TooSoon),
            ("back-used", Stop::Used),
            ("back-off", Stop::Deactivated),
        ],
        Server::Ministack => &[
            ("back-created", Stop::Created),
            ("back-checked", Stop::Checked),
            ("back-too-soon", Stop::TooSoon),
        ],
    };
    for (user, stop) in stops {
        cut_off(&Moto::with(user), user, *stop, Then::RollBack);
    }
}
