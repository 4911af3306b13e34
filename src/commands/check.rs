//! `iamkeys check`: what is wrong with the keys, by a policy. What is known decides: a key of which it is
//! not known whether it meets a rule is neither found nor passed, and is counted apart.
//!
//! A finding is a rule and a key, since one may be right about a key and another not. Exempt ones are
//! listed with their exemption, and never count for `--fail-on`. Where the tags of a user are not known,
//! nor are the exemptions that stand in them: such a finding counts.

mod ocsf;
mod record;
mod sarif;
mod text;

use super::{
    Command, ExitStatus, NOTHING_READ,
    follow::{Follow, Wanted},
    incomplete::{self, Gap, OpenedAccount},
    output::{Column, Format, Looks, Printer, Rows, columns_of, pretty},
    run::{Ended, now},
    warn,
};
use crate::{
    cli::{CheckArgs, Warnings},
    engine::{
        Engine, Parts,
        account::{Account, Facts, UserRow},
        account_rules::Which,
        findings::{self, RootVerdict, Rule, Severity, ShownRule, StatedExemption},
        fleet::Scope,
        query::{Query, Scratch},
        text::{plural, visible},
    },
    stderr::complain,
};
use chrono::{DateTime, Utc};
use clap::ValueEnum;
use record::{Exempt, FindingRecord, Of};
use serde::Serialize;

/// The form that findings are printed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// By severity and rule, for people
    Table,
    /// One JSON document, with what is not known and what could not be seen
    Json,
    /// A JSON object a line, each as soon as it is known
    Jsonl,
    /// CSV with a heading, each line as soon as it is known
    Csv,
    /// SARIF 2.1.0, as code scanning reads it
    Sarif,
    /// A JSON list of OCSF 1.5.0 detection findings
    Ocsf,
}

impl CheckFormat {
    fn chosen(asked: Option<Self>, looks: Looks) -> Self {
        match (asked, looks.is_terminal) {
            (Some(format), _) => format,
            (None, true) => Self::Table,
            (None, false) => Self::Jsonl,
        }
    }

    /// The form of records, where it is one of those that all commands have.
    fn of_records(self) -> Format {
        match self {
            Self::Table => Format::Table,
            Self::Jsonl => Format::Jsonl,
            Self::Csv => Format::Csv,
            Self::Json | Self::Sarif | Self::Ocsf => Format::Json,
        }
    }
}

/// How many keys a rule finds.
#[derive(Clone, Debug, Serialize)]
struct RuleCount {
    rule: String,
    title: String,
    severity: &'static str,
    #[serde(flatten)]
    counted: Counted,
}

/// So many keys, of a rule.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Counted {
    /// Keys that it finds.
    found: usize,
    /// Keys that meet it, and that an exemption takes out.
    exempt: usize,
    /// Keys of which it is not known whether they do.
    unknown: usize,
    /// Users of whom it is not known which keys they have.
    unknown_users: usize,
    /// Accounts of which it is not known whether the root user has keys.
    unknown_accounts: usize,
}

impl RuleCount {
    fn of(shown: &ShownRule<'_>, counted: Counted) -> Self {
        Self {
            rule: shown.rule.id.to_string(),
            title: shown.title.to_string(),
            severity: shown.severity.name(),
            counted,
        }
    }
}

impl Counted {
    /// Of what it is not known, in words; nothing where all is.
    fn unknown_words(&self) -> Option<String> {
        let of = [
            (self.unknown, "key"),
            (self.unknown_users, "user"),
            (self.unknown_accounts, "account"),
        ];
        let some = of.into_iter().filter(|(count, _)| *count > 0);
        let words = some.map(|(count, what)| plural(count, what));
        let words: Vec<String> = words.collect();
        (!words.is_empty()).then(|| words.join(" and "))
    }
}

/// What was found.
#[derive(Debug)]
struct Tally {
    /// Of each rule that counts in one of the accounts, the gravest first.
    counts: Vec<RuleCount>,
    /// The gravest finding that is not exempt.
    worst: Option<Severity>,
}

impl Tally {
    /// Of what it is not known whether rules find it, in words.
    fn unknown(&self) -> Vec<String> {
        let unknown = self.counts.iter().filter_map(|it| {
            let words = it.counted.unknown_words()?;
            Some(format!("{} of {words}", it.rule))
        });
        unknown.collect()
    }
}

/// What a form is made of that is printed at the end.
struct Findings<'a> {
    /// The rules that count in one of the accounts, as `tally` has them.
    rules: &'a [ShownRule<'a>],
    records: &'a [FindingRecord],
    tally: &'a Tally,
    gaps: &'a [Gap],
    now: DateTime<Utc>,
}

/// What is to be checked.
pub(super) struct Plan {
    query: Query,
    format: CheckFormat,
    columns: Vec<&'static Column<FindingRecord>>,
    /// Whether a person has said which.
    are_named: bool,
    fail_on: Option<Severity>,
    wanted: Wanted,
    /// Where the policy stands.
    warnings: Warnings,
}

impl Plan {
    pub(super) fn of(args: &CheckArgs, looks: Looks, warnings: Warnings) -> Self {
        let query = Query::parse(args.filter.as_deref().unwrap_or_default());
        let format = CheckFormat::chosen(args.format, looks);
        Self {
            // A rule may ask anything, of the root user's keys as well.
            wanted: Wanted::of(
                Parts {
                    tags: true,
                    ..Parts::ALL
                },
                &query,
                true,
                false,
            ),
            columns: columns_of(&args.columns, format.of_records()),
            are_named: !args.columns.is_empty(),
            fail_on: args.fail_on,
            query,
            format,
            warnings,
        }
    }

    /// What has to be asked.
    pub(super) fn parts(&self) -> Parts {
        self.wanted.parts
    }

    /// Whether lines go out while others are asked for.
    pub(super) fn streams(&self) -> bool {
        matches!(self.format, CheckFormat::Jsonl | CheckFormat::Csv)
    }

    /// Checks them.
    pub(super) async fn run(self, command: &mut Command) -> Result<ExitStatus, Ended> {
        let parts = self.wanted.parts;
        if self.fail_on.is_some() {
            // A reader that has read enough does not let a pipeline pass.
            command.runner.outlive_output();
        }
        command.runner.read_journal().await?;
        let mut follow = Follow::new(self.wanted.clone());
        let writer = command.writer.clone();
        let form = self.format.of_records();
        let mut printer = Printer::new(self.columns.clone(), form, command.looks, writer);
        let mut look = Look::new(&self.query);
        command
            .runner
            .until(|engine| {
                let over = follow.advance(engine, |account, row| look.at_user(account, row));
                if self.streams() {
                    for record in look.records.drain(..) {
                        printer.print(record);
                    }
                    printer.flush();
                }
                over.then_some(())
            })
            .await?;
        let engine = &command.runner.engine;
        follow.finish(engine, |account, row| look.at_user(account, row));
        for account in engine.fleet.rows(Scope::All).accounts() {
            look.at_root(account);
        }
        let gaps = incomplete::gaps(engine, parts);
        // Which rules count is known only now: the policy may say it of some accounts alone.
        let shown = engine.findings.shown(engine.fleet.rows(Scope::All));
        let (records, tally) = look.finish(&shown);
        let counts = tally.counts.iter().map(|it| it.counted);
        let count: usize = counts.map(|it| it.found + it.exempt).sum();
        self.print(command, (records, &tally), printer, &gaps);
        let status = command.status(&gaps);
        if self.format != CheckFormat::Json && status != ExitStatus::Failed {
            let unknown = tally.unknown();
            if !unknown.is_empty() {
                let unknown = visible(&unknown.join(", ")).into_owned();
                complain(format_args!("iamkeys: not known: {unknown}"));
            }
        }
        self.warn_of_accounts(&command.runner.engine);
        if self.format == CheckFormat::Table && count == 0 && status != ExitStatus::Failed {
            complain(format_args!("iamkeys: no findings"));
        }
        let fails = self.fail_on.is_some_and(|at| tally.worst >= Some(at));
        Ok(match status {
            ExitStatus::Done | ExitStatus::Incomplete if fails => ExitStatus::Findings,
            status => status,
        })
    }

    /// Says what of the policy is about none of the accounts, where several were opened, and all of them: a
    /// file that is for many accounts is right for a run that opens one.
    fn warn_of_accounts(&self, engine: &Engine) {
        let rows = engine.fleet.rows(Scope::All);
        let opened = rows.accounts().count();
        if opened < 2 || !rows.accounts().all(incomplete::is_open) {
            return;
        }
        for (what, line, which) in engine.findings.about_none(rows) {
            let which = match which {
                Which::Id(id) => id.to_string(),
                Which::Named(pattern) => format!("name {}", pattern.as_str()),
            };
            warn(&self.warnings.of_no_account(what, line, &which, opened));
        }
    }

    /// Prints what has waited, and what belongs to all of it.
    fn print(
        &self,
        command: &mut Command,
        (mut records, tally): (Vec<FindingRecord>, &Tally),
        mut printer: Printer<FindingRecord>,
        gaps: &[Gap],
    ) {
        let is_plain = self.streams() || self.format == CheckFormat::Table && self.are_named;
        if is_plain {
            for record in records {
                printer.print(record);
            }
            command.print_rest(&mut printer, gaps);
            return;
        }
        records.sort_by_cached_key(FindingRecord::place);
        let engine = &command.runner.engine;
        let shown = engine.findings.shown(engine.fleet.rows(Scope::All));
        let findings = Findings {
            rules: &shown,
            records: &records,
            tally,
            gaps,
            now: now(),
        };
        let is_failed = command.completeness(gaps) == ExitStatus::Failed;
        let text = match self.format {
            CheckFormat::Table => text::of(&findings, command.looks).into_bytes(),
            CheckFormat::Sarif => pretty(&sarif::of(&findings)),
            CheckFormat::Ocsf => pretty(&ocsf::of(&findings)),
            CheckFormat::Json | CheckFormat::Jsonl | CheckFormat::Csv => pretty(&Document {
                schema: record::SCHEMA.0,
                error: is_failed.then_some(NOTHING_READ),
                accounts: &incomplete::accounts(engine),
                findings: Rows {
                    columns: &self.columns,
                    records: &records,
                },
                rules: &tally.counts,
                incomplete: gaps,
            }),
        };
        command.runner.clear_progress();
        command.writer.write(text);
    }
}

/// All findings with what belongs to all of them.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    error: Option<&'static str>,
    accounts: &'a [OpenedAccount],
    findings: Rows<'a, FindingRecord>,
    rules: &'a [RuleCount],
    incomplete: &'a [Gap],
}

/// Looks at users and their keys, each once.
struct Look<'a> {
    query: &'a Query,
    scratch: Scratch,
    records: Vec<FindingRecord>,
    /// By the place of the rule, which is the same in all accounts.
    counted: Vec<Counted>,
    worst: Option<Severity>,
}

impl<'a> Look<'a> {
    fn new(query: &'a Query) -> Self {
        Self {
            query,
            scratch: Scratch::default(),
            records: Vec::new(),
            counted: Vec::new(),
            worst: None,
        }
    }

    /// What was found, by the rules that count.
    fn finish(self, shown: &[ShownRule<'_>]) -> (Vec<FindingRecord>, Tally) {
        let counts = shown.iter().map(|rule| {
            let counted = self.counted.get(rule.place).copied();
            RuleCount::of(rule, counted.unwrap_or_default())
        });
        let tally = Tally {
            counts: counts.collect(),
            worst: self.worst,
        };
        (self.records, tally)
    }

    /// At the keys of a user.
    fn at_user(&mut self, account: &Account, row: &UserRow) {
        let now = now();
        let place = account.users.find(&row.user.name);
        let Some(place) = place.and_then(|place| u32::try_from(place).ok()) else {
            return;
        };
        let facts = Facts::of(account, now);
        let user = facts.user(row);
        let judged = &account.findings;
        if row.key_count().is_none() {
            if self.query.verdict(&user, None, now, &mut self.scratch) != Some(false) {
                for rule in judged.unknown_of_user(place) {
                    self.count(account, rule, |it| it.unknown_users += 1);
                }
            }
            return;
        }
        for (at, key) in (0..).zip(row.known_keys()) {
            let of_key = facts.key(row, key);
            let verdict = self
                .query
                .verdict(&user, Some(&of_key), now, &mut self.scratch);
            if verdict == Some(false) {
                continue;
            }
            for rule in judged.unknown(place, at) {
                self.count(account, rule, |it| it.unknown += 1);
            }
            let found = judged.of(place, at).map(|rule| (rule, false));
            let exempt = judged.exempted(place, at).map(|rule| (rule, true));
            let met: Vec<(&Rule, bool)> = found.chain(exempt).collect();
            if met.is_empty() {
                continue;
            }
            let stated = findings::exemptions(account, row, key, now);
            let are_known = row.tags.known().is_some();
            let of = Of::Key(row, usize::from(at), key);
            for (rule, is_exempt) in met {
                if verdict.is_none() {
                    // Whether it was asked for is not known.
                    self.count(account, rule, |it| it.unknown += 1);
                    continue;
                }
                let exempt = match exemption_for(account, rule, &stated) {
                    Some(exempt) if is_exempt => exempt,
                    _ if are_known => Exempt::No,
                    _ => Exempt::Unknown,
                };
                self.take(account, of, rule, exempt, now);
            }
        }
    }

    /// At the keys of the root user.
    fn at_root(&mut self, account: &Account) {
        let now = now();
        if !incomplete::is_open(account) {
            return;
        }
        let Some(keys) = findings::root_keys(account, now) else {
            for rule in account.findings.unknown_of_root() {
                self.count(account, rule, |it| it.unknown_accounts += 1);
            }
            return;
        };
        let stated = findings::root_exemptions(account, now);
        for (at, key) in keys.into_iter().enumerate() {
            let verdict = self
                .query
                .verdict(&key.user, Some(&key.key), now, &mut self.scratch);
            if verdict == Some(false) {
                continue;
            }
            for (rule, met) in account.findings.of_root(at) {
                if verdict.is_none() || met == RootVerdict::Unknown {
                    self.count(account, rule, |it| it.unknown += 1);
                    continue;
                }
                let exempt = match exemption_for(account, rule, &stated) {
                    Some(exempt) if met == RootVerdict::Exempt => exempt,
                    _ => Exempt::No,
                };
                self.take(account, Of::Root(at, key.reported), rule, exempt, now);
            }
        }
    }

    fn count(&mut self, account: &Account, rule: &Rule, count: impl FnOnce(&mut Counted)) {
        let Some(place) = account.findings.rules().find(&rule.id) else {
            return;
        };
        if self.counted.len() <= place {
            self.counted.resize(place + 1, Counted::default());
        }
        count(&mut self.counted[place]);
    }

    /// Takes a finding.
    fn take(
        &mut self,
        account: &Account,
        of: Of<'_>,
        rule: &Rule,
        exempt: Exempt,
        now: DateTime<Utc>,
    ) {
        let is_exempt = matches!(exempt, Exempt::By { .. });
        if !is_exempt {
            self.worst = self.worst.max(Some(rule.severity));
        }
        self.count(account, rule, |it| {
            it.found += usize::from(!is_exempt);
            it.exempt += usize::from(is_exempt);
        });
        let place = account.findings.rules().find(&rule.id).unwrap_or(0);
        let record = FindingRecord::of(account, of, (place, rule), exempt, now);
        self.records.push(record);
    }
}

/// The exemption that takes a key out of a rule, the one that holds longest.
fn exemption_for(account: &Account, rule: &Rule, stated: &[StatedExemption]) -> Option<Exempt> {
    let place = account.findings.rules().find(&rule.id)?;
    let holds = stated.iter().filter(|it| it.holds_for(place));
    holds.filter_map(Exempt::of).max_by_key(Exempt::until)
}
