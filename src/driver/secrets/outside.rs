//! Putting a new key where it is no profile and no file that a person has named: standard output, a
//! command, a store of secrets in the account; and, where it could go nowhere, a file beside the journal.

use crate::{
    aws::{Connection, Programs},
    engine::{
        Error, SecretKey,
        destination::{External, Form, Found, NewSecret, OutputForm},
        vault::{NotWritten, Written},
    },
    secret::{forms, place},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use tokio::task::spawn_blocking;

/// What is needed for it.
#[derive(Clone, Debug)]
pub(in crate::driver) struct Outside {
    /// The commands that are run.
    pub(in crate::driver) programs: Programs,
    /// The directory for what could go nowhere else, or why there is none.
    pub(in crate::driver) kept_in: Result<PathBuf, String>,
}

/// Looks at a destination. Nothing is written.
pub(super) async fn look(
    external: &External,
    connection: Option<Connection>,
) -> Result<Found, String> {
    let found = Found {
        place: external.words(),
        ..Found::default()
    };
    match external {
        External::Output(_) if is_read_by_none() => {
            Err("nothing reads standard output any more".into())
        }
        External::Terminal(_) => terminal().map(|_| found).map_err(|error| error.to_string()),
        External::Output(_) | External::Command(_) => Ok(found),
        External::SecretsManager(_) | External::Parameter(_) => {
            let connection = connection.ok_or("not signed in")?;
            let looked = connection.look_at_store(external).await;
            looked.map_err(|error| error.to_string())
        }
    }
}

/// Puts a key into a destination.
pub(super) async fn put(
    external: External,
    found: Found,
    key: NewSecret,
    outside: &Outside,
    connection: Option<Connection>,
) -> Result<Written, NotWritten> {
    let written = match &external {
        External::Output(form) => match own_stdout() {
            Ok(stdout) => print(text(*form, &key), stdout).await,
            Err(error) => Err(error.to_string()),
        },
        External::Terminal(form) => match terminal() {
            Ok(terminal) => print(text(*form, &key), terminal).await,
            Err(error) => Err(error.to_string()),
        },
        External::Command(command) => {
            let input = line(&forms::document(&key));
            let fed = outside.programs.feed(&command.0, &input).await;
            fed.map_err(|why| why.to_string())
        }
        External::SecretsManager(_) | External::Parameter(_) => match connection {
            Some(connection) => {
                let text = forms::document(&key);
                let stored = connection.store_in(&external, &found, &key.key, &text);
                stored.await.map_err(|error| words(&error))
            }
            None => Err("not signed in".into()),
        },
    };
    let place = found.place;
    written
        .map(|()| Written {
            path: place,
            unsure: None,
        })
        .map_err(NotWritten::Refused)
}

/// Why a store does not have it, or may have it.
fn words(error: &Error) -> String {
    if error.outcome_unknown() {
        return format!("{error}; it may be there all the same");
    }
    match error.code.as_deref() {
        Some("ResourceExistsException" | "ParameterAlreadyExists") => {
            format!("{error}. Something of that name is there, and was not replaced")
        }
        _ => error.to_string(),
    }
}

/// A key as it is printed.
fn text(form: OutputForm, key: &NewSecret) -> SecretKey {
    match form {
        OutputForm::Exports => Form::Posix.text(&key.key, &key.secret, ""),
        OutputForm::Json => line(&forms::document(key)),
    }
}

fn line(text: &SecretKey) -> SecretKey {
    SecretKey::new([text.expose(), "\n"].concat())
}

async fn print(text: SecretKey, mut to: impl io::Write + Send + 'static) -> Result<(), String> {
    let printed = spawn_blocking(move || {
        to.write_all(text.expose().as_bytes())?;
        to.flush()
    });
    let printed = printed.await.map_err(|_| super::INTERNAL.to_owned())?;
    printed.map_err(|error| error.to_string())
}

/// Standard output without its buffer, which would keep a copy of the secret.
#[cfg(unix)]
fn own_stdout() -> io::Result<fs::File> {
    use std::os::fd::AsFd as _;
    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

#[cfg(windows)]
fn own_stdout() -> io::Result<fs::File> {
    use std::os::windows::io::AsHandle as _;
    Ok(io::stdout().as_handle().try_clone_to_owned()?.into())
}

/// The terminal of this program, wherever its output goes.
#[cfg(unix)]
fn terminal() -> io::Result<fs::File> {
    fs::OpenOptions::new().write(true).open("/dev/tty")
}

#[cfg(windows)]
fn terminal() -> io::Result<fs::File> {
    fs::OpenOptions::new().write(true).open("CONOUT$")
}

/// Whether standard output is a pipe that no one reads.
#[cfg(unix)]
fn is_read_by_none() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let stdout = io::stdout();
    let mut waits = [PollFd::new(&stdout, PollFlags::OUT)];
    let polled = poll(&mut waits, Some(&Timespec::default()));
    polled.is_ok() && waits[0].revents().contains(PollFlags::ERR)
}

/// Elsewhere that is seen when it is written.
#[cfg(not(unix))]
fn is_read_by_none() -> bool {
    false
}

/// Keeps a key in a new file. Blocks for the disk.
pub(super) fn keep(
    key: &NewSecret,
    kept_in: &Result<PathBuf, String>,
) -> Result<Written, NotWritten> {
    let directory = kept_in
        .as_ref()
        .map_err(|why| NotWritten::Refused(why.clone()))?;
    make(directory)
        .map_err(|error| NotWritten::Refused(format!("{}: {error}", directory.display())))?;
    let text = line(&forms::document(key));
    // The ID is what an endpoint has said.
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let id: String = key.key.chars().map(plain).take(128).collect();
    let mut path = directory.join(format!("new-key-{id}.json"));
    for number in 2..=9 {
        match place::make_new(&path, &text) {
            Err(place::Error::Exists(_)) => {
                path = directory.join(format!("new-key-{id}-{number}.json"));
            }
            made => return super::finished(made, &path),
        }
    }
    let why = format!("{}: there are too many files of that name", path.display());
    Err(NotWritten::Refused(why))
}

/// Makes a directory that no one else can look into, and those above it that are missing.
fn make(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> NewSecret {
        NewSecret {
            key: "AKIA/../EXAMPLE".into(),
            secret: SecretKey::new("DEMO/secretEXAMPLE".into()),
            user: "deploy-bot".into(),
            account: None,
            created: None,
        }
    }

    #[test]
    fn a_kept_key_is_in_a_new_file_of_its_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("state/iamkeys");
        let kept_in = Ok(directory.clone());
        for name in [
            "new-key-AKIA____EXAMPLE.json",
            "new-key-AKIA____EXAMPLE-2.json",
        ] {
            let written = keep(&key(), &kept_in).unwrap();
            let path = directory.join(name);
            assert_eq!(Path::new(&written.path), path);
            let text = fs::read_to_string(&path).unwrap();
            assert!(
                text.contains("\"secret_access_key\":\"DEMO/secretEXAMPLE\""),
                "{text}"
            );
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
                assert_eq!(mode(&path) & 0o777, 0o600);
                assert_eq!(mode(&directory) & 0o777, 0o700);
            }
        }
        let why = keep(&key(), &Err("no home".into())).unwrap_err();
        assert_eq!(why, NotWritten::Refused("no home".into()));
        let full = home.path().join("file");
        fs::write(&full, "").unwrap();
        assert!(keep(&key(), &Ok(full)).is_err());
    }
}
