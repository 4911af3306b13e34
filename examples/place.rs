//! Puts a key where `iamkeys` can put one, for tests with programs that read it there.
//!
//! The secret comes from standard input, so that it is in no list of processes:
//!
//! ```text
//! $ cargo run --example place -- credentials FILE PROFILE KEY_ID
//! $ cargo run --example place -- csv console|importable FILE USER KEY_ID
//! $ cargo run --example place -- form posix|fish|power-shell|process|section PROFILE KEY_ID
//! ```

use clap::{Parser, ValueEnum};
use color_eyre::eyre::{Result, eyre};
use iamkeys::{
    engine::{
        SecretKey,
        destination::{Form, Layout},
    },
    secret::{credentials::CredentialsFile, csv_file},
};
use std::{
    io::{self, Read as _, Write as _},
    path::PathBuf,
};

/// Put a key somewhere; its secret is read from standard input
#[derive(Parser)]
enum Command {
    /// Into a profile of a credentials file
    Credentials {
        file: PathBuf,
        profile: String,
        key_id: String,
    },
    /// Into a new CSV file
    Csv {
        layout: Columns,
        file: PathBuf,
        user: String,
        key_id: String,
    },
    /// Onto standard output
    Form {
        form: Shape,
        profile: String,
        key_id: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Columns {
    Console,
    Importable,
}

#[derive(Clone, Copy, ValueEnum)]
enum Shape {
    Posix,
    Fish,
    PowerShell,
    Process,
    Section,
}

fn main() -> Result<()> {
    let command = Command::parse();
    let mut secret = String::with_capacity(4096);
    io::stdin().read_to_string(&mut secret)?;
    let secret = SecretKey::new(secret);
    match command {
        Command::Credentials {
            file,
            profile,
            key_id,
        } => {
            let file = CredentialsFile::at(file);
            file.prove_writable(&profile)?;
            let plan = file.plan(&profile, &key_id)?;
            file.write(&plan, &secret)?;
        }
        Command::Csv {
            layout,
            file,
            user,
            key_id,
        } => {
            let layout = match layout {
                Columns::Console => Layout::Console,
                Columns::Importable => Layout::Importable,
            };
            let path = csv_file::path(file.to_str().ok_or_else(|| eyre!("not UTF-8"))?)?;
            csv_file::prove_writable(&path, layout, &user)?;
            csv_file::write(&path, layout, &user, &key_id, &secret)?;
        }
        Command::Form {
            form,
            profile,
            key_id,
        } => {
            let form = match form {
                Shape::Posix => Form::Posix,
                Shape::Fish => Form::Fish,
                Shape::PowerShell => Form::PowerShell,
                Shape::Process => Form::Process,
                Shape::Section => Form::Section,
            };
            let text = form.text(&key_id, &secret, &profile);
            io::stdout().write_all(text.expose().as_bytes())?;
        }
    }
    Ok(())
}
