//! The findings: what a rule shows, what is done to its keys, and what is written to exempt one.

use super::{
    desk::{Desk, Someone, answer, details, people, report, settings, someone},
    error,
};
use crossterm::event::KeyCode;
use iamkeys::{
    engine::{
        Answer, Background, Change, Changed, Effect, Event, Intent, Kind, Problem, Read, SignedIn,
        Target,
        account_rules::Which,
        bulk::HeldBack,
        findings::{Policy, PolicyPart},
        fleet::Scope,
        impact::policy::{Digest, Grants, Patterns, Policy as IamPolicy, Statement},
        model::{Caller, Login},
        user_tags::UserTags,
    },
    tui::Page,
};
use std::sync::Arc;

fn tags(given: &[(&str, &str)]) -> UserTags {
    let tags = given.iter();
    let tags = tags.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    UserTags::read(tags, Arc::from)
}

/// An account of which everything is known; these are the tags of users.
fn desk(size: (u16, u16), tagged: &[(&str, &[(&str, &str)])]) -> Desk {
    let mut settings = settings();
    settings.engine.background = Background::All;
    let mut desk = Desk::new(size, settings);
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    serve(&mut desk, &people(), tagged);
    desk.wait(1000);
    serve(&mut desk, &people(), tagged);
    desk
}

fn serve(desk: &mut Desk, people: &[Someone], tagged: &[(&str, &[(&str, &str)])]) {
    let of = |name: &str| {
        let found = tagged.iter().find(|(of, _)| *of == name);
        tags(found.map_or(&[], |(_, tags)| tags))
    };
    while let Some((request, read)) = desk.next_read() {
        let answer = match read {
            Read::UserDetails(_) => {
                let mut page = details(people);
                for user in &mut page.users {
                    user.tags = of(&user.name);
                }
                Ok(Answer::UserDetails(page))
            }
            Read::Tags(user) => Ok(Answer::Tags(of(&user))),
            Read::Report => {
                let mut report = report(people);
                for user in &mut report.users {
                    user.login = Login::new(Some(&*user.name == "alice"), Some(false));
                }
                Ok(Answer::Report(Box::new(report)))
            }
            read => answer(people, read),
        };
        desk.answered(request, answer);
    }
}

const WIDE: (u16, u16) = (120, 36);

/// How many keys a rule finds, exempts, and does not know.
fn counted(desk: &Desk, rule: &str) -> (usize, usize, usize) {
    let engine = &desk.screen.engine;
    let at = engine.findings.rules().find(rule).expect(rule);
    let counted = engine.findings.count(engine.fleet.rows(Scope::All), at);
    (counted.found, counted.exempt, counted.unknown)
}

/// Goes to a rule by what it is called.
fn go_to(desk: &mut Desk, title: &str) {
    desk.keys("3");
    for _ in 0..20 {
        let screen = desk.screen();
        // Its mark is the first of its line.
        let is_at = |line: &str| {
            let inside = line.trim_start_matches('│');
            inside.starts_with('▌') && inside.contains(title)
        };
        if screen.lines().any(is_at) {
            return;
        }
        desk.keys("j");
    }
    panic!("no {title} in\n{}", desk.screen());
}

#[test]
fn marked_findings_make_a_plan_that_says_why_and_holds_back_what_is_exempt() {
    let exempt: &[(&str, &str)] = &[("iamkeys:exempt", "2027-01-31 PLAT-212 dashboard move")];
    let mut desk = desk(WIDE, &[("old-batch", exempt)]);
    go_to(&mut desk, "Older than 90 days");
    desk.keys("a");
    assert!(desk.screen().contains("3 keys marked"), "{}", desk.screen());
    // One is unmarked in the list, and marked again.
    desk.press(KeyCode::Tab);
    desk.keys(" ");
    assert!(desk.screen().contains("2 marked"), "{}", desk.screen());
    desk.keys(" ");
    assert!(desk.screen().contains("3 marked"), "{}", desk.screen());
    desk.keys("t");
    let plan = desk.screen.engine.bulk().expect("a plan");
    assert_eq!(plan.entries().len(), 3);
    for entry in plan.entries() {
        let found = entry.why.contains("Older than 90 days");
        if &*entry.user == "old-batch" {
            let held = HeldBack::Exempt("until 2027-01-31 PLAT-212 dashboard move".into());
            assert_eq!(entry.held_back, Some(held));
            assert!(!entry.included && !found, "{}", entry.why);
        } else {
            assert!(found, "{}: {}", entry.user, entry.why);
        }
    }
}

#[test]
fn what_is_exempt_is_no_reason_not_to_activate_it() {
    let exempt: &[(&str, &str)] = &[("iamkeys:exempt", "2027-01-31 PLAT-212")];
    let mut desk = desk(WIDE, &[("web-assets", exempt)]);
    desk.keys("2/status:inactive web");
    desk.press(KeyCode::Enter);
    desk.keys("at");
    let plan = desk.screen.engine.bulk().expect("a plan");
    assert!(!plan.entries().is_empty());
    assert!(plan.entries().iter().all(|it| it.held_back.is_none()));
}

#[test]
fn behind_the_rules_stand_the_rotations_under_way() {
    let mut desk = desk(WIDE, &[]);
    go_to(&mut desk, "Rotations under way");
    let before = desk.screen.engine.rotations_under_way().len();
    let words = format!("{before} rotation");
    assert!(desk.screen().contains(&words), "{}", desk.screen());
    let slot = desk.account().session.slot;
    desk.intend(Intent::Rotate(slot, "old-batch".into()));
    serve(&mut desk, &people(), &[]);
    desk.keys("kj");
    let screen = desk.screen();
    assert!(
        screen.contains(&format!("{} rotation", before + 1)),
        "{screen}"
    );
    assert!(screen.contains("AKIABATCH001EXAMPLE1"), "{screen}");
    assert!(screen.contains("old-batch: "), "{screen}");
    assert!(screen.contains("waits for "), "{screen}");
    // There is no filter for them: their own page lists them.
    desk.press(KeyCode::Enter);
    assert_eq!(desk.screen.page(), Page::Findings);
    assert!(
        desk.screen().contains("you: create the new key"),
        "{}",
        desk.screen()
    );
}

#[test]
fn each_rule_shows_its_number_and_enter_shows_just_those_keys() {
    let mut desk = desk(WIDE, &[("alice", &[("owner", "alice")])]);
    assert_eq!(counted(&desk, "old"), (3, 0, 0));
    assert_eq!(counted(&desk, "never-used"), (1, 0, 0));
    assert_eq!(counted(&desk, "two-active"), (2, 0, 0));
    assert_eq!(counted(&desk, "password-without-mfa"), (1, 0, 0));
    assert_eq!(counted(&desk, "no-owner"), (6, 0, 0));
    assert_eq!(counted(&desk, "root-key"), (0, 0, 0));
    go_to(&mut desk, "Older than 90 days");
    let screen = desk.screen();
    assert!(
        screen.contains("Older than 90 days                      3"),
        "{screen}"
    );
    assert!(screen.contains("when status:active age>90"), "{screen}");
    assert!(screen.contains("CIS 7.0 2.12"), "{screen}");
    desk.press(KeyCode::Enter);
    assert_eq!(desk.screen.page(), Page::Keys);
    let filter = desk.screen.lists.filter();
    assert_eq!(filter.input.value(), "finding:old");
    assert_eq!(desk.screen.lists.by_key().shown().len(), 3);
    // And so does the condition, of which a person can see what it says.
    desk.press(KeyCode::Esc);
    desk.keys("/status:active age>90");
    assert_eq!(desk.screen.lists.by_key().shown().len(), 3);
}

#[test]
fn what_is_done_is_done_to_the_selected_key_also_when_others_come_before_it() {
    let mut desk = desk(WIDE, &[]);
    go_to(&mut desk, "Older than 90 days");
    desk.keys("lj");
    let selected = |desk: &Desk| desk.screen.selected_key().unwrap().key.id.clone();
    assert_eq!(selected(&desk), "AKIADEPLOY01EXAMPLE1");
    // The oldest is gone: what is selected stays.
    let slot = desk.session().slot;
    desk.intend(iamkeys::engine::Intent::Ask(
        slot,
        Read::Keys("old-batch".into()),
    ));
    let (request, _) = desk.next_read().unwrap();
    desk.answered(request, Ok(Answer::Keys(Vec::new())));
    assert_eq!(counted(&desk, "old"), (2, 0, 0));
    desk.wait(300);
    assert_eq!(selected(&desk), "AKIADEPLOY01EXAMPLE1");
    desk.keys("t");
    assert!(desk.screen().contains("Deactivate"), "{}", desk.screen());
    assert!(desk.screen().contains("AKIADEPLOY01EXAMPLE1"));
    serve(&mut desk, &people(), &[]);
    desk.press(KeyCode::Esc);
    desk.keys("i");
    assert!(desk.screen.open_dialogs() > 0, "its impact");
}

#[test]
fn an_exemption_is_written_into_a_tag_and_counts_at_once() {
    let mut desk = desk(WIDE, &[]);
    go_to(&mut desk, "Never used");
    assert_eq!(counted(&desk, "never-used"), (1, 0, 0));
    desk.keys("lx");
    serve(&mut desk, &people(), &[]);
    let screen = desk.screen();
    assert!(screen.contains("Exempt from findings"), "{screen}");
    // A day is proposed, and what it is for has to be said.
    assert!(screen.contains("2027-02-19"), "{screen}");
    desk.press(KeyCode::Enter);
    assert!(desk.next_change().is_none(), "nothing says why");
    desk.keys("PLAT-212 dashboard move");
    assert!(
        desk.screen()
            .contains("iamkeys:exempt:AKIABATCH001EXAMPLE1")
    );
    desk.wait(2000);
    desk.press(KeyCode::Enter);
    serve(&mut desk, &people(), &[]);
    let (id, change) = desk.next_change().expect("it is sent");
    let written = Change::SetExemption {
        user: "old-batch".into(),
        key: Some("AKIABATCH001EXAMPLE1".into()),
        text: Some("2027-02-19 PLAT-212 dashboard move".into()),
    };
    assert_eq!(change, written);
    desk.changed(id, Ok(Changed::Done));
    assert_eq!(counted(&desk, "never-used"), (0, 1, 0));
    assert_eq!(counted(&desk, "old"), (2, 1, 0));
    desk.wait(300);
    let screen = desk.screen();
    assert!(screen.contains("1 exempt"), "{screen}");
    assert!(screen.contains("until 2027-02-19"), "{screen}");
    // In the list of all keys, too, where nothing removes it but an empty text.
    desk.press(KeyCode::Esc);
    desk.keys("2/batch");
    desk.press(KeyCode::Enter);
    desk.keys("x");
    desk.press(KeyCode::Tab);
    assert!(desk.screen().contains("For all keys of old-batch"));
    desk.press(KeyCode::Tab);
    for _ in 0..60 {
        desk.press(KeyCode::Backspace);
    }
    assert!(desk.screen().contains("Empty removes the exemption."));
    desk.press(KeyCode::Enter);
    serve(&mut desk, &people(), &[]);
    let (_, change) = desk.next_change().expect("it is sent");
    assert!(
        matches!(change, Change::SetExemption { text: None, .. }),
        "{change:?}"
    );
}

#[test]
fn an_exemption_that_cannot_be_read_or_has_expired_is_said_where_it_is() {
    let mut desk = desk(
        WIDE,
        &[
            ("old-batch", &[("iamkeys:exempt", "2026-01-31 over")]),
            ("web-assets", &[("iamkeys:exempt", "next year")]),
        ],
    );
    assert_eq!(counted(&desk, "old"), (3, 0, 0));
    go_to(&mut desk, "Older than 90 days");
    desk.keys("l");
    let screen = desk.screen();
    assert!(screen.contains("expired 2026-01-31"), "{screen}");
    assert!(screen.contains("not read: next y"), "{screen}");
    desk.keys("jj");
    let screen = desk.screen();
    assert!(
        screen.contains("\"next\" is not a date like 2027-01-31"),
        "{screen}"
    );
    desk.keys("x");
    serve(
        &mut desk,
        &people(),
        &[("web-assets", &[("iamkeys:exempt", "next year")])],
    );
    let screen = desk.screen();
    assert!(
        screen.contains("tag of the user: next year cannot be read"),
        "{screen}"
    );
}

#[test]
fn in_the_grid_one_sees_the_keys_of_a_cell_and_enter_shows_them() {
    let mut desk = desk(WIDE, &[]);
    desk.keys("3");
    desk.press(KeyCode::Tab);
    desk.press(KeyCode::Tab);
    let screen = desk.screen();
    assert!(screen.contains("Older than 2y, never used"), "{screen}");
    assert!(screen.contains("AKIABATCH001EXAMPLE1"), "{screen}");
    desk.keys("h");
    assert!(desk.screen().contains("used over 90d ago"));
    desk.keys("kkkhhhh");
    assert!(desk.screen().contains("30d to 90d old, used today"));
    desk.keys("k");
    assert!(desk.screen().contains("AKIAALICE001EXAMPLE1"));
    desk.press(KeyCode::Enter);
    assert_eq!(desk.screen.page(), Page::Keys);
    assert_eq!(
        desk.screen.lists.filter().input.value(),
        "status:active age<=30 used<1"
    );
    assert_eq!(desk.screen.lists.by_key().shown().len(), 2);
}

#[test]
fn what_is_not_known_is_counted_apart_and_said() {
    let mut desk = Desk::showing(WIDE, settings(), &people());
    desk.keys("3");
    assert_eq!(counted(&desk, "quarantined"), (0, 0, 7));
    let screen = desk.screen();
    assert!(screen.contains("Quarantined by AWS"), "{screen}");
    desk.keys("j");
    let screen = desk.screen();
    assert!(screen.contains("No keys, as far as is known."), "{screen}");
    assert!(screen.contains("7 keys not known"), "{screen}");
}

#[test]
fn another_policy_is_followed_at_once() {
    let mut desk = desk(WIDE, &[]);
    desk.screen.engine.use_policy(Policy {
        base: PolicyPart {
            age: Some(500),
            off: Some(vec!["no-owner".into()]),
            ..PolicyPart::default()
        },
        ..Policy::default()
    });
    desk.keys("3");
    let screen = desk.screen();
    assert!(screen.contains("500d old, 45d unused"), "{screen}");
    assert!(screen.contains("Older than 500 days"), "{screen}");
    assert!(!screen.contains("No owner"), "{screen}");
    assert_eq!(counted(&desk, "old"), (1, 0, 0));
}

const DEV: &str = "210987654321";

/// Two users with a key each: one of 200 days, in use, and one that is Inactive.
fn developers() -> Vec<Someone> {
    vec![
        someone("dev-bot", &[("AKIADEVBOT01EXAMPLE1", true, 200, Some(2))]),
        someone(
            "dev-old",
            &[("AKIADEVOLD01EXAMPLE1", false, 500, Some(9000))],
        ),
    ]
}

/// Opens a second account beside the first, with these users or as one that cannot be signed in to, and
/// looks at both.
fn open_another(desk: &mut Desk, people: Option<&[Someone]>) {
    desk.intend(Intent::Open(Target::Profile("dev".into())));
    let session = desk.screen.engine.fleet.accounts()[1].session;
    let result = match people {
        Some(_) => Ok(Box::new(SignedIn {
            profile: Some("dev".into()),
            ..SignedIn::default()
        })),
        None => Err(Box::new(Problem {
            title: "No AWS credentials".into(),
            ..Problem::default()
        })),
    };
    desk.send(Event::SignedIn { session, result });
    for _ in 0..2 {
        while let Some(effect) = desk.effects.pop_front() {
            let (Effect::Read(of, request, read), Some(people)) = (effect, people) else {
                continue;
            };
            let answer = match read {
                Read::Caller => Ok(Answer::Caller(Caller {
                    account: DEV.into(),
                    arn: format!("arn:aws:iam::{DEV}:user/dev-bot"),
                })),
                Read::Alias => Ok(Answer::Alias(Some("acme-dev".into()))),
                read => answer(people, read),
            };
            desk.answered_in(of, request, answer);
        }
        desk.wait(1000);
    }
    desk.keys("0a");
}

/// What is said of one account in particular.
fn policy_of(account: &str, base: PolicyPart, part: PolicyPart) -> Policy {
    Policy {
        base,
        accounts: vec![(Which::Id(account.into()), part)],
        ..Policy::default()
    }
}

#[test]
fn a_rule_that_counts_in_one_account_only_is_shown_with_its_keys() {
    let mut desk = desk(WIDE, &[]);
    let off = PolicyPart {
        off: Some(vec!["no-owner".into()]),
        ..PolicyPart::default()
    };
    let on = PolicyPart {
        off: Some(vec![]),
        ..PolicyPart::default()
    };
    desk.screen.engine.use_policy(policy_of(DEV, off, on));
    desk.keys("3");
    assert!(!desk.screen().contains("No owner"), "{}", desk.screen());
    open_another(&mut desk, Some(&developers()));
    go_to(&mut desk, "No owner");
    assert_eq!(counted(&desk, "no-owner"), (2, 0, 0));
    let screen = desk.screen();
    assert!(screen.contains("AKIADEVOLD01EXAMPLE1"), "{screen}");
    assert!(!screen.contains("AKIAALICE001EXAMPLE1"), "{screen}");
}

#[test]
fn limits_are_those_of_the_account_that_is_shown_and_of_several_all_of_them() {
    let mut desk = desk(WIDE, &[]);
    let policy = policy_of(
        "123456789012",
        PolicyPart::default(),
        PolicyPart {
            age: Some(365),
            ..PolicyPart::default()
        },
    );
    desk.screen.engine.use_policy(policy);
    go_to(&mut desk, "Older than 365 days");
    let screen = desk.screen();
    assert!(screen.contains("when status:active age>365"), "{screen}");
    assert!(screen.contains("365d old, 45d unused"), "{screen}");
    assert_eq!(counted(&desk, "old"), (2, 0, 0));
    open_another(&mut desk, Some(&developers()));
    go_to(&mut desk, "Older than 90–365 days");
    let screen = desk.screen();
    assert!(screen.contains("limits differ"), "{screen}");
    assert!(
        screen.contains("when status:active age>90 (1 account)"),
        "{screen}"
    );
    assert!(
        screen.contains("when status:active age>365 (1 account)"),
        "{screen}"
    );
    assert_eq!(counted(&desk, "old"), (3, 0, 0));
    assert!(screen.contains("AKIADEVBOT01EXAMPLE1"), "{screen}");
}

/// The line of a rule, without what stands beside it.
fn line_of(desk: &Desk, title: &str) -> String {
    let screen = desk.screen();
    let mut lines = screen.lines().filter_map(|line| line.split('│').nth(1));
    let line = lines.find(|line| line.contains(title));
    let line = line.unwrap_or_else(|| panic!("no {title} in\n{screen}"));
    line.trim().to_owned()
}

#[test]
fn an_account_that_cannot_be_reached_is_not_left_out_silently() {
    let mut desk = desk(WIDE, &[]);
    go_to(&mut desk, "Older than 90 days");
    assert!(line_of(&desk, "Older than 90").ends_with(" 3"));
    assert!(line_of(&desk, "Rotations under").ends_with(" 0"));
    assert!(
        desk.screen().contains(" 5 Active keys"),
        "{}",
        desk.screen()
    );
    open_another(&mut desk, None);
    go_to(&mut desk, "Older than 90 days");
    let screen = desk.screen();
    assert!(line_of(&desk, "Older than 90").ends_with(" 3+"), "{screen}");
    assert!(line_of(&desk, "Quarantined by").ends_with(" ?"), "{screen}");
    assert!(line_of(&desk, "Root user has").ends_with(" ?"), "{screen}");
    assert!(
        line_of(&desk, "Rotations under").ends_with(" ?"),
        "{screen}"
    );
    assert!(screen.contains("1 account not reachable"), "{screen}");
    assert!(screen.contains(" 5+ Active keys"), "{screen}");
    let found = {
        let engine = &desk.screen.engine;
        engine.findings.found(engine.fleet.rows(Scope::All))
    };
    assert!(screen.contains(&format!("3 Findings {found}+")), "{screen}");
}

#[test]
fn while_nothing_is_known_no_number_says_that_there_is_none() {
    let mut desk = Desk::new(WIDE, settings());
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    desk.keys("3");
    let screen = desk.screen();
    assert!(screen.contains("3 Findings ?"), "{screen}");
    assert!(
        line_of(&desk, "Rotations under").ends_with(" ?"),
        "{screen}"
    );
    assert!(screen.contains("? Active keys"), "{screen}");
    assert!(!screen.contains("·0"), "{screen}");
}

/// Answers everything but what tells of tags, which may not be read.
fn without_tags() -> Desk {
    let mut settings = settings();
    settings.engine.background = Background::All;
    let mut desk = Desk::new(WIDE, settings);
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    while let Some((request, read)) = desk.next_read() {
        let answer = match read {
            Read::UserDetails(_) | Read::Tags(_) => Err(error(Kind::Denied)),
            read => answer(&people(), read),
        };
        desk.answered(request, answer);
    }
    desk
}

#[test]
fn where_tags_cannot_be_read_it_is_said_that_exemptions_are_not_known() {
    let mut desk = without_tags();
    go_to(&mut desk, "Older than 90 days");
    assert_eq!(counted(&desk, "old"), (3, 0, 0));
    let screen = desk.screen();
    assert!(screen.contains("3 keys may be exempt"), "{screen}");
    assert!(screen.contains("exempt?"), "{screen}");
}

#[test]
fn where_tags_are_known_nothing_may_be_exempt_but_a_key_that_only_the_report_tells_of() {
    let mut desk = desk(WIDE, &[]);
    go_to(&mut desk, "Older than 90 days");
    assert!(
        !desk.screen().contains("may be exempt"),
        "{}",
        desk.screen()
    );
    // A tag exempts one of the keys, and the report has no IDs.
    let exempt: &[(&str, &str)] = &[("iamkeys:exempt:AKIABATCH001EXAMPLE1", "2027-01-31 x")];
    let mut settings = settings();
    settings.engine.background = Background::All;
    let mut desk = Desk::new(WIDE, settings);
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    while let Some((request, read)) = desk.next_read() {
        let answer = match read {
            Read::Keys(_) => Err(error(Kind::Denied)),
            Read::UserDetails(_) => {
                let mut page = details(&people());
                for user in &mut page.users {
                    user.tags = tags(if &*user.name == "old-batch" {
                        exempt
                    } else {
                        &[]
                    });
                }
                Ok(Answer::UserDetails(page))
            }
            read => answer(&people(), read),
        };
        desk.answered(request, answer);
    }
    go_to(&mut desk, "Older than 90 days");
    assert_eq!(counted(&desk, "old"), (3, 0, 2));
    assert!(
        desk.screen().contains("1 key may be exempt"),
        "{}",
        desk.screen()
    );
}

/// What a policy says that allows these actions on everything.
fn allows(actions: &[&str]) -> Digest {
    let patterns = |any_of: &[&str]| Patterns {
        any_of: any_of.iter().map(|&one| one.into()).collect(),
        inverted: false,
    };
    Digest::of(
        &IamPolicy {
            statements: vec![Statement {
                allows: true,
                actions: patterns(actions),
                resources: patterns(&["*"]),
                is_conditional: false,
            }],
        },
        None,
    )
}

/// Rules and situations, where a user's rights come from somewhere else than policies of their own, and
/// where a key is not all there is.
#[test]
fn an_administrator_is_one_by_whatever_policy_and_a_leaked_key_is_found_when_it_is_off() {
    const ADMIN: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
    const LOOKALIKE: &str = "arn:aws:iam::123456789012:policy/NotAdministratorAccess";
    let managed = |arn: &str| Grants {
        managed: [arn.into()].into(),
        ..Grants::default()
    };
    let inline = |actions: &[&str]| Grants {
        inline: [Some(allows(actions))].into(),
        ..Grants::default()
    };
    let in_group = || Grants {
        groups: ["ops".into()].into(),
        ..Grants::default()
    };
    for (situation, of_user, of_group, is_admin) in [
        ("attached", managed(ADMIN), Grants::default(), true),
        ("by a group's policy", in_group(), managed(ADMIN), true),
        ("by a group's own policy", in_group(), inline(&["*"]), true),
        (
            "by an inline policy",
            inline(&["*"]),
            Grants::default(),
            true,
        ),
        (
            "one that is called so",
            managed(LOOKALIKE),
            Grants::default(),
            false,
        ),
        (
            "a group that allows little",
            in_group(),
            inline(&["s3:getobject"]),
            false,
        ),
        ("nothing", Grants::default(), inline(&["*"]), false),
    ] {
        let mut settings = settings();
        settings.engine.background = Background::All;
        let mut desk = Desk::new(WIDE, settings);
        desk.effects.clear();
        desk.signed_in(SignedIn::default());
        while let Some((request, read)) = desk.next_read() {
            let answer = match read {
                Read::UserDetails(_) => {
                    let mut page = details(&people());
                    let user = page
                        .users
                        .iter_mut()
                        .find(|user| &*user.name == "web-assets");
                    user.expect("there").grants = Arc::new(of_user.clone());
                    page.groups = vec![("ops".into(), of_group.clone())];
                    page.policies = vec![
                        (ADMIN.into(), Some(allows(&["*"]))),
                        (LOOKALIKE.into(), Some(allows(&["s3:getobject"]))),
                    ];
                    Ok(Answer::UserDetails(page))
                }
                // One of the two keys of the user is off already.
                Read::Quarantined => Ok(Answer::Quarantined(vec!["web-assets".into()])),
                read => answer(&people(), read),
            };
            desk.answered(request, answer);
        }
        let found = usize::from(is_admin);
        assert_eq!(counted(&desk, "admin-old"), (found, 0, 0), "{situation}");
        // Sessions that were made with a key live on for up to 36 hours when it is deactivated.
        assert_eq!(counted(&desk, "quarantined"), (2, 0, 0), "{situation}");
        go_to(&mut desk, "Quarantined by AWS");
        let screen = desk.screen();
        assert!(screen.contains("AKIAWEBAST02EXAMPLE2"), "{screen}");
        assert!(screen.contains("cut its sessions"), "{screen}");
    }
}

#[test]
fn an_exemption_is_changed_and_removed_however_its_tag_is_written() {
    let tag: &[(&str, &str)] = &[("IAMKEYS:exempt:akiabatch001example1", "2027-01-31 PLAT-7")];
    let mut desk = desk(WIDE, &[("old-batch", tag)]);
    assert_eq!(counted(&desk, "never-used"), (0, 1, 0));
    go_to(&mut desk, "Never used");
    desk.keys("lx");
    serve(&mut desk, &people(), &[("old-batch", tag)]);
    assert!(
        desk.screen().contains("2027-01-31 PLAT-7"),
        "{}",
        desk.screen()
    );
    for _ in 0..60 {
        desk.press(KeyCode::Backspace);
    }
    desk.wait(2000);
    desk.press(KeyCode::Enter);
    serve(&mut desk, &people(), &[("old-batch", tag)]);
    let (id, change) = desk.next_change().expect("it is sent");
    assert!(matches!(change, Change::SetExemption { text: None, .. }));
    desk.changed(id, Ok(Changed::Done));
    assert_eq!(counted(&desk, "never-used"), (1, 0, 0));
}

#[test]
fn a_day_that_is_over_is_so_by_utc() {
    let mut desk = desk(WIDE, &[]);
    go_to(&mut desk, "Never used");
    desk.keys("lx");
    serve(&mut desk, &people(), &[]);
    for _ in 0..20 {
        desk.press(KeyCode::Backspace);
    }
    desk.keys("2026-01-31 PLAT-1");
    let screen = desk.screen();
    assert!(
        screen.contains("2026-01-31 is over already: in UTC"),
        "{screen}"
    );
}

#[test]
fn the_columns_of_the_grid_can_be_read_at_80_columns_and_between() {
    for width in [60, 80, 104, 120] {
        let mut desk = desk((width, 24), &[]);
        desk.keys("3");
        desk.press(KeyCode::Tab);
        desk.press(KeyCode::Tab);
        let screen = desk.screen();
        let heads = |line: &str| {
            let inside = line.trim_start_matches('│').split('│').next();
            inside
                .unwrap_or_default()
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        };
        let lines: Vec<String> = screen.lines().map(heads).collect();
        let short = "1d 7d 45d 90d 90+ never";
        let long = "today week 45d 90d more never";
        assert!(
            lines.iter().any(|line| line == short || line == long),
            "{screen}"
        );
    }
}
