//! `iamkeys list`: every key that passes the filter.

use super::{
    Command, ExitStatus,
    follow::{Follow, Wanted},
    incomplete,
    key::KeyRecord,
    output::{Column, Format, Looks, Printer, columns_of},
    run::{Ended, now},
};
use crate::{
    cli::ListArgs,
    engine::{
        Parts,
        account::{Account, Facts, UserRow},
        query::{Query, Scratch},
    },
};

/// What is to be listed.
pub(super) struct Plan {
    query: Query,
    format: Format,
    columns: Vec<&'static Column<KeyRecord>>,
    wanted: Wanted,
}

impl Plan {
    pub(super) fn of(args: &ListArgs, looks: Looks) -> Self {
        let query = Query::parse(args.filter.as_deref().unwrap_or_default());
        let format = Format::chosen(args.output.format, looks);
        let columns = columns_of::<KeyRecord>(&args.columns, format);
        let needs = columns.iter().map(|column| column.needs);
        let power = columns
            .iter()
            .any(|column| column.needs == super::key::FINDINGS);
        // A row is a key: which there are has to be asked in any case.
        let needs = needs.fold(super::key::KEYS, Parts::and);
        Self {
            wanted: Wanted::of(needs, &query, power, args.report),
            query,
            format,
            columns,
        }
    }

    /// What has to be asked.
    pub(super) fn parts(&self) -> Parts {
        self.wanted.parts
    }

    /// Whether lines go out while others are asked for.
    pub(super) fn streams(&self) -> bool {
        self.format.streams()
    }

    /// Lists them.
    pub(super) async fn run(self, command: &mut Command) -> Result<ExitStatus, Ended> {
        let parts = self.wanted.parts;
        if self.wanted.journal {
            command.runner.read_journal().await?;
        }
        let mut follow = Follow::new(self.wanted);
        let writer = command.writer.clone();
        let mut printer = Printer::new(self.columns, self.format, command.looks, writer);
        let mut scratch = Scratch::default();
        let mut print = |printer: &mut Printer<KeyRecord>, account: &Account, row: &UserRow| {
            // What only the report tells of is listed where that was asked for.
            if parts.keys && row.keys.known().is_none() {
                return;
            }
            let now = now();
            let facts = Facts::of(account, now);
            let user = facts.user(row);
            for (at, key) in row.known_keys().enumerate() {
                if self
                    .query
                    .key_passes(&user, &facts.key(row, key), now, &mut scratch)
                {
                    printer.print(KeyRecord::of(account, row, (at, key), now));
                }
            }
        };
        command
            .runner
            .until(|engine| {
                let over = follow.advance(engine, |account, row| {
                    print(&mut printer, account, row);
                });
                printer.flush();
                over.then_some(())
            })
            .await?;
        let engine = &command.runner.engine;
        follow.finish(engine, |account, row| print(&mut printer, account, row));
        let gaps = incomplete::gaps(engine, parts);
        Ok(command.finish(&mut printer, &gaps))
    }
}
