//! `iamkeys man`: manual pages, made of the definition that the command line is read by.

use super::{ExitStatus, print};
use crate::{cli, stderr::complain};
use clap::Command;
use clap_mangen::Man;
use std::{fs, io, path::Path, process::ExitCode};

/// Prints a page, or writes all of them into a directory.
pub(super) fn run(of: &[String], to: Option<&Path>) -> ExitCode {
    let mut command = cli::command();
    command.build();
    if let Some(directory) = to {
        return match write_all(&command, directory) {
            Ok(()) => ExitStatus::Done.into(),
            Err(error) => {
                complain(format_args!("iamkeys: {}: {error}", directory.display()));
                ExitStatus::Failed.into()
            }
        };
    }
    let mut found = Some((&command, "iamkeys".to_owned()));
    // `plan apply` may be one word of the shell, or two.
    for name in of.iter().flat_map(|names| names.split_whitespace()) {
        found = found.and_then(|(of, above)| {
            let found = of.find_subcommand(name)?;
            Some((found, name_of(&above, found)))
        });
    }
    match found.map(|(command, name)| page(command, &name)) {
        Some(Ok(page)) => print(&page),
        Some(Err(error)) => {
            complain(format_args!("iamkeys: {error}"));
            ExitStatus::Failed.into()
        }
        None => {
            complain("iamkeys: there is no such command; iamkeys --help lists them");
            ExitStatus::Usage.into()
        }
    }
}

/// What the page of a subcommand is called: `iamkeys-list`.
fn name_of(above: &str, command: &Command) -> String {
    format!("{above}-{}", command.get_name())
}

fn page(command: &Command, name: &str) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command.clone())
        .title(name)
        .manual("iamkeys")
        .source(concat!("iamkeys ", env!("CARGO_PKG_VERSION")))
        .render(&mut page)?;
    Ok(page)
}

fn write_all(command: &Command, directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    write_with_those_below(command, "iamkeys", directory)
}

fn write_with_those_below(command: &Command, name: &str, directory: &Path) -> io::Result<()> {
    fs::write(directory.join(format!("{name}.1")), page(command, name)?)?;
    for of in command.get_subcommands() {
        if of.get_name() != "help" {
            write_with_those_below(of, &name_of(name, of), directory)?;
        }
    }
    Ok(())
}
