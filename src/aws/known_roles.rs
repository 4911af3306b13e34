//! Which role has worked in which account, remembered from one run to the next: of hundreds of accounts
//! with several roles each to try, most requests of a start would only be refused again.
//!
//! It is a cache, of no secrets: a file that is not there, or cannot be read, is an empty one.

use super::cache_file;
use chrono::{DateTime, TimeDelta, Utc};
use etcetera::BaseStrategy as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{
    collections::BTreeMap,
    fmt,
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

/// For so long it counts that others were refused before a role. Then they are tried in their order
/// again: one that may do less may have been made since, or its trust policy mended.
const REMEMBERED: TimeDelta = TimeDelta::days(1);

/// The most that the file may hold, in bytes: any more is another file.
const MOST: u64 = 8 << 20;

/// The roles that have worked, by who has asked for them, and where. Clones share them. The default
/// remembers nothing.
#[derive(Clone, Default)]
pub struct KnownRoles(Option<Arc<Inner>>);

struct Inner {
    path: PathBuf,
    state: Mutex<State>,
    /// Whoever writes the file.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    /// What was in the file; none before it is read.
    read: Option<Roles>,
    /// What this run has found out, which counts instead: none where nothing is known any more.
    found: BTreeMap<String, Option<Known>>,
    is_unsaved: bool,
}

impl State {
    /// What is known of this.
    fn known(&self, which: &str) -> Option<&Known> {
        match self.found.get(which) {
            Some(found) => found.as_ref(),
            None => self.read.as_ref()?.get(which),
        }
    }
}

/// What is known, by [`Asker::of`].
type Roles = BTreeMap<String, Known>;

/// Who asks for roles. What is refused to one may be given to another, on this machine too.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker<'a> {
    /// The ARN of the user or role. That has the partition in it.
    pub principal: &'a str,
    /// The endpoint that is asked, where it is not AWS's own.
    pub endpoint: Option<&'a str>,
}

impl Asker<'_> {
    /// What is known of one of the accounts that it opens is kept by this.
    fn of(self, account: &str) -> String {
        let place = self.endpoint.unwrap_or("AWS");
        format!("{} {account} {place}", self.principal)
    }
}

/// The role that has worked in an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    role: String,
    /// The roles that were wanted before it, and refused. Where others are wanted before it, it is not
    /// the first that works.
    refused: Vec<String>,
    /// When that was found out.
    found: String,
}

impl Known {
    /// Whether it still counts. What was found in the future was so by another clock.
    fn is_fresh(&self) -> bool {
        let age = cache_file::time(&self.found).map(|found| now() - found);
        age.is_some_and(|age| age >= TimeDelta::zero() && age < REMEMBERED)
    }
}

impl fmt::Debug for KnownRoles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KnownRoles").field(&self.path()).finish()
    }
}

impl KnownRoles {
    /// Those in this file, which need not be there.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self(Some(Arc::new(Inner {
            path,
            state: Mutex::default(),
            writing: tokio::sync::Mutex::default(),
        })))
    }

    /// Those of this person, in the platform's directory for caches: `$XDG_CACHE_HOME/iamkeys/roles.json`
    /// or `~/.cache/…`; on macOS `~/Library/Caches/…`; on Windows `%LOCALAPPDATA%\…`. Where there is no
    /// such directory, nothing is remembered.
    #[must_use]
    pub fn usual() -> Self {
        let places = etcetera::base_strategy::choose_native_strategy().ok();
        let directory = places.map(|places| places.cache_dir());
        // A relative home directory would mean another file in every working directory.
        let directory = directory.filter(|directory| directory.is_absolute());
        directory.map_or_else(Self::default, |directory| {
            Self::at(directory.join("iamkeys").join("roles.json"))
        })
    }

    /// Where the file is; none where nothing is remembered.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        Some(&self.0.as_ref()?.path)
    }

    /// These roles in the order in which to try them in an account: first the one that is known to
    /// work, if it would come to be tried.
    pub(super) async fn in_order(
        &self,
        asker: Asker<'_>,
        account: &str,
        wanted: &[Box<str>],
    ) -> Vec<Box<str>> {
        let known = match wanted {
            // There is nothing to choose.
            [] | [_] => None,
            _ => self.known(asker.of(account)).await,
        };
        let at = known.and_then(|known| {
            let at = wanted.iter().position(|role| **role == *known.role)?;
            let mut before = wanted[..at].iter();
            let is_next = before.all(|role| known.refused.iter().any(|it| *it == **role));
            (known.is_fresh() && is_next).then_some(at)
        });
        let mut roles = wanted.to_vec();
        roles[..at.map_or(0, |at| at + 1)].rotate_right(usize::from(at.is_some()));
        roles
    }

    async fn known(&self, which: String) -> Option<Known> {
        let inner = self.0.clone()?;
        let known = move || {
            // Whoever comes while it is read waits here: sixteen accounts are opened at once.
            let mut state = inner.lock();
            let path = &inner.path;
            state.read.get_or_insert_with(|| read_or_empty(path));
            state.known(&which).cloned()
        };
        tokio::task::spawn_blocking(known).await.ok().flatten()
    }

    /// A role has worked, after others were refused. It is written down in the background.
    pub(super) fn works(&self, asker: Asker<'_>, account: &str, role: &str, refused: &[Box<str>]) {
        self.note(asker.of(account), |known| match known {
            // It stands as it was found: it was not tried in its turn this time.
            Some(known) if known.role == role && refused.is_empty() => Some(known.clone()),
            // The first of all is tried first in any case.
            _ if refused.is_empty() => None,
            _ => Some(Known {
                role: role.to_owned(),
                refused: refused.iter().map(ToString::to_string).collect(),
                found: cache_file::stamp(now()),
            }),
        });
    }

    /// A role was refused: if it is the one that is remembered, it is not any more.
    pub(super) fn is_refused(&self, asker: Asker<'_>, account: &str, role: &str) {
        self.note(asker.of(account), |known| {
            known.filter(|known| known.role != role).cloned()
        });
    }

    fn note(&self, which: String, change: impl FnOnce(Option<&Known>) -> Option<Known>) {
        let Some(inner) = &self.0 else {
            return;
        };
        // The file is not read for it, which takes its time, and may not have been read yet: where
        // there is one role to try, nothing is looked up.
        let mut state = inner.lock();
        let before = state.known(&which);
        let after = change(before);
        if before == after.as_ref() {
            return;
        }
        state.found.insert(which, after);
        state.is_unsaved = true;
        drop(state);
        let known = self.clone();
        tokio::spawn(async move { known.save().await });
    }

    /// Writes down what is not written yet. One at a time: of many accounts that are opened at once,
    /// what is found while the file is written is written together.
    pub async fn save(&self) {
        let Some(inner) = self.0.clone() else {
            return;
        };
        let turn = inner.writing.lock().await;
        if !std::mem::take(&mut inner.lock().is_unsaved) {
            return;
        }
        let writer = Arc::clone(&inner);
        let written = tokio::task::spawn_blocking(move || writer.write()).await;
        drop(turn);
        if let Ok(Err(error)) = written {
            tracing::warn!(%error, "the roles that work are remembered in this run only");
        }
    }
}

impl Inner {
    /// What a mutex holds: a panic elsewhere leaves nothing half done in it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what this run has found into what is in the file now: another run may have written there.
    fn write(&self) -> io::Result<()> {
        let Some(directory) = self.path.parent() else {
            return Ok(());
        };
        let mut roles = read_or_empty(&self.path);
        for (which, known) in self.lock().found.clone() {
            match known {
                Some(known) => roles.insert(which, known),
                None => roles.remove(&which),
            };
        }
        roles.retain(|_, known| known.is_fresh());
        let kept = match serde_json::to_value(roles)? {
            Value::Object(kept) => kept,
            _ => Map::new(),
        };
        cache_file::write(directory, &self.path, &kept)
    }
}

/// What is in the file. What cannot be read is nothing: the roles are tried in their order.
fn read_or_empty(path: &Path) -> Roles {
    match read(path) {
        Ok(roles) => roles,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Roles::new(),
        Err(error) => {
            tracing::warn!(%error, "the roles that have worked are not known");
            Roles::new()
        }
    }
}

fn read(path: &Path) -> io::Result<Roles> {
    // Of a pipe that no one writes to, the end would be waited for.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST).read_to_end(&mut bytes)?;
    Ok(serde_json::from_slice(&bytes)?)
}

fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    const DEV: &str = "111122223333";
    const ALICE: Asker<'_> = Asker {
        principal: "arn:aws:iam::123456789012:user/alice",
        endpoint: None,
    };

    fn names(names: &[&str]) -> Vec<Box<str>> {
        names.iter().map(|&name| name.into()).collect()
    }

    /// A file that is not there yet, in a directory that is not either.
    fn nowhere() -> (TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("iamkeys/roles.json");
        (directory, path)
    }

    /// The order of these roles, to who reads the file anew.
    async fn order(path: &Path, wanted: &[&str]) -> String {
        let known = KnownRoles::at(path.to_owned());
        known.in_order(ALICE, DEV, &names(wanted)).await.join(" ")
    }

    async fn worked(path: &Path, role: &str, refused: &[&str]) {
        let known = KnownRoles::at(path.to_owned());
        known.in_order(ALICE, DEV, &names(&["a", "b", "c"])).await;
        known.works(ALICE, DEV, role, &names(refused));
        known.save().await;
    }

    #[tokio::test]
    async fn a_role_that_worked_is_tried_first_where_it_would_come_to_be_tried() {
        let (_directory, path) = nowhere();
        assert_eq!(order(&path, &["a", "b", "c"]).await, "a b c");
        worked(&path, "b", &["a"]).await;
        assert_eq!(order(&path, &["a", "b", "c"]).await, "b a c");
        assert_eq!(order(&path, &["b", "a"]).await, "b a");
        assert_eq!(order(&path, &["a", "c"]).await, "a c", "it is not wanted");
        // It was not tried, and is wanted more.
        assert_eq!(order(&path, &["c", "b"]).await, "c b");
        let known = KnownRoles::at(path.clone());
        let wanted = names(&["a", "b"]);
        let other = known.in_order(ALICE, "999999999999", &wanted).await;
        assert_eq!(other, names(&["a", "b"]), "another account");
        // By the next order of who is asked within one run, nothing is learnt.
        worked(&path, "b", &[]).await;
        assert_eq!(order(&path, &["a", "b", "c"]).await, "b a c");
    }

    #[tokio::test]
    async fn a_role_that_is_refused_is_forgotten_and_another_run_s_finds_are_kept() {
        let (_directory, path) = nowhere();
        worked(&path, "b", &["a"]).await;
        let known = KnownRoles::at(path.clone());
        known.in_order(ALICE, DEV, &names(&["a", "b"])).await;
        let other = KnownRoles::at(path.clone());
        other
            .in_order(ALICE, "999999999999", &names(&["a", "b"]))
            .await;
        other.works(ALICE, "999999999999", "b", &names(&["a"]));
        other.save().await;
        known.is_refused(ALICE, DEV, "a");
        known.save().await;
        assert_eq!(order(&path, &["a", "b"]).await, "b a", "that is another");
        known.is_refused(ALICE, DEV, "b");
        known.save().await;
        assert_eq!(order(&path, &["a", "b"]).await, "a b");
        let roles = read(&path).unwrap();
        assert_eq!(
            roles.into_keys().collect::<Vec<_>>(),
            [ALICE.of("999999999999")]
        );
    }

    #[tokio::test]
    async fn what_is_refused_to_one_says_nothing_of_another() {
        let (_directory, path) = nowhere();
        worked(&path, "b", &["a"]).await;
        let bob = Asker {
            principal: "arn:aws:iam::123456789012:user/bob",
            ..ALICE
        };
        let elsewhere = Asker {
            endpoint: Some("http://localhost:4566"),
            ..ALICE
        };
        for (asker, expected) in [(bob, "a b"), (elsewhere, "a b"), (ALICE, "b a")] {
            let known = KnownRoles::at(path.clone());
            let roles = known.in_order(asker, DEV, &names(&["a", "b"])).await;
            assert_eq!(roles.join(" "), expected, "{asker:?}");
        }
    }

    #[tokio::test]
    async fn the_file_is_read_though_something_was_found_out_before() {
        let (_directory, path) = nowhere();
        worked(&path, "b", &["a"]).await;
        let known = KnownRoles::at(path.clone());
        known.works(ALICE, "999999999999", "c", &[]);
        known.works(ALICE, "222222222222", "c", &names(&["a"]));
        let roles = known.in_order(ALICE, DEV, &names(&["a", "b"])).await;
        assert_eq!(roles.join(" "), "b a");
        let roles = names(&["a", "b", "c"]);
        let roles = known.in_order(ALICE, "222222222222", &roles[..]).await;
        assert_eq!(roles.join(" "), "a b c", "b was not tried");
        known.save().await;
        assert_eq!(order(&path, &["a", "b"]).await, "b a", "it is there still");
    }

    #[tokio::test]
    async fn after_a_day_the_roles_are_tried_in_their_order_again() {
        let (_directory, path) = nowhere();
        worked(&path, "b", &["a"]).await;
        for (hours, expected) in [(23, "b a"), (24, "a b"), (-1, "a b")] {
            let mut roles = read(&path).unwrap();
            let found = cache_file::stamp(now() - TimeDelta::hours(hours));
            roles.get_mut(&ALICE.of(DEV)).unwrap().found = found;
            fs::write(&path, serde_json::to_vec(&roles).unwrap()).unwrap();
            assert_eq!(order(&path, &["a", "b"]).await, expected, "{hours} hours");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_empty_and_is_replaced() {
        let (_directory, path) = nowhere();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        for broken in ["", "{", "[]", r#"{"111122223333":"b"}"#] {
            fs::write(&path, broken).unwrap();
            assert_eq!(order(&path, &["a", "b"]).await, "a b", "{broken}");
            worked(&path, "b", &["a"]).await;
            assert_eq!(order(&path, &["a", "b"]).await, "b a", "{broken}");
        }
        // Where no file can be, nothing is remembered, and nothing fails.
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        worked(&path, "b", &["a"]).await;
        assert_eq!(order(&path, &["a", "b"]).await, "a b");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_file_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_directory, path) = nowhere();
        worked(&path, "b", &["a"]).await;
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let mut beside = fs::read_dir(path.parent().unwrap()).unwrap();
        assert!(beside.next().is_some() && beside.next().is_none());
    }
}
