//! `iamkeys users`: every user who passes the filter.

use super::{
    Command, ExitStatus,
    follow::{Follow, Wanted},
    incomplete,
    output::{Column, Format, Looks, NOTHING, Printer, columns_of},
    run::{Ended, now},
    user::UserRecord,
};
use crate::{
    cli::UsersArgs,
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
    columns: Vec<&'static Column<UserRecord>>,
    wanted: Wanted,
}

impl Plan {
    pub(super) fn of(args: &UsersArgs, looks: Looks) -> Self {
        let query = Query::parse(args.filter.as_deref().unwrap_or_default());
        let format = Format::chosen(args.output.format, looks);
        let columns = columns_of::<UserRecord>(&args.columns, format);
        let needs = columns.iter().map(|column| column.needs);
        let needs = needs.fold(NOTHING, Parts::and);
        let power = columns.iter().any(|column| column.name == "admin");
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
        let mut print = |printer: &mut Printer<UserRecord>, account: &Account, row: &UserRow| {
            let now = now();
            let facts = Facts::of(account, now);
            let user = facts.user(row);
            let keys = row.known_keys().map(|key| facts.key(row, key));
            if self.query.user_passes(&user, keys, now, &mut scratch) {
                printer.print(UserRecord::of(account, row, now));
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
