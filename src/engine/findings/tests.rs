//! Rules and situations: what each rule says of each key. What scanners get wrong has a row each.

use super::*;
use crate::engine::{
    Background, RECENT, RequestId, Settings, Slot, Target,
    account::Load,
    account_rules::{NamePattern, Which},
    fleet::Scope,
    impact::policy::Power,
    model::{AccessKey, KeyStatus, LastUsed, Login, ReportedKey, ReportedUser, User},
    query::Query,
    user_tags::UserTags,
};
use chrono::{NaiveDate, TimeDelta};

const KEY: &str = "AKIAFINDING1EXAMPLE1";
const OTHER: &str = "AKIAFINDING2EXAMPLE2";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).expect("a time")
}

fn ago(days: i64) -> DateTime<Utc> {
    now() - TimeDelta::days(days) - TimeDelta::minutes(5)
}

fn used(days: i64) -> LastUsed {
    LastUsed::At {
        time: ago(days),
        service: Some("s3".into()),
        region: Some("eu-west-1".into()),
    }
}

/// A key of the account, with its last use where that is known.
#[derive(Clone)]
struct Live(&'static str, KeyStatus, i64, Option<LastUsed>);

fn active(created: i64, last_used: LastUsed) -> Live {
    Live(KEY, KeyStatus::Active, created, Some(last_used))
}

fn inactive(created: i64, last_used: LastUsed) -> Live {
    Live(KEY, KeyStatus::Inactive, created, Some(last_used))
}

fn reported(active: bool, rotated: i64, last_used: LastUsed) -> ReportedKey {
    ReportedKey {
        active,
        rotated: Some(ago(rotated)),
        last_used,
    }
}

/// What is known of a user.
#[derive(Default)]
struct Known {
    keys: Option<Vec<Live>>,
    report: Option<Vec<ReportedKey>>,
    login: Login,
    power: Option<Power>,
    tags: Option<Vec<(&'static str, &'static str)>>,
    quarantined: Option<bool>,
}

const OWNED: &[(&str, &str)] = &[("owner", "platform")];

/// Keys of which everything is known, and nothing is wrong with the user.
fn fine(keys: &[Live]) -> Known {
    Known {
        keys: Some(keys.to_vec()),
        report: None,
        login: Login::new(Some(false), Some(false)),
        power: Some(Power::Something),
        tags: Some(OWNED.to_vec()),
        quarantined: Some(false),
    }
}

struct House {
    engine: Engine,
    slot: Slot,
    requests: u64,
}

impl House {
    fn new(policy: Policy) -> Self {
        let mut engine = Engine::new(Settings {
            read_only: false,
            clear_after: None,
            recent: RECENT,
            background: Background::Visible,
        });
        engine.tick(now());
        engine.use_policy(policy);
        let (slot, _) = engine.open(Target::Ambient);
        Self {
            engine,
            slot,
            requests: 0,
        }
    }

    fn request(&mut self) -> RequestId {
        self.requests += 1;
        RequestId(self.requests)
    }

    fn of(name: &str, known: Known) -> Self {
        let mut house = Self::new(Policy::default());
        house.add(name, known);
        house.engine.follow_findings();
        house
    }

    fn add(&mut self, name: &str, known: Known) {
        let request = self.request();
        let users = &mut self.engine.fleet.get_mut(self.slot).expect("open").users;
        users.begin_listing(request);
        users.add_page(vec![User {
            name: name.into(),
            path: "/".into(),
            created: ago(2000),
        }]);
        if let Some(keys) = known.report {
            users.file_report(vec![ReportedUser {
                name: name.into(),
                created: Some(ago(2000)),
                login: known.login,
                keys: keys.into(),
            }]);
        } else {
            users.file_report(vec![ReportedUser {
                name: name.into(),
                created: Some(ago(2000)),
                login: known.login,
                keys: Box::default(),
            }]);
            if known.keys.is_none() {
                users.forget_report_of(name);
            }
        }
        if let Some(tags) = known.tags {
            let tags = tags.iter();
            let tags = tags.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let tags = UserTags::read(tags, Arc::from);
            users.ask_tags(name, request);
            users.file_tags(name, request, Ok(tags));
        }
        if let Some(quarantined) = known.quarantined {
            users.ask_quarantine(request);
            let names = quarantined.then(|| name.into());
            users.file_quarantine(request, Ok(names.into_iter().collect()));
        }
        users.set_power(name, known.power);
        if let Some(keys) = known.keys {
            users.ask_keys(name, request);
            let all = keys.iter().map(|Live(id, status, created, _)| AccessKey {
                id: (*id).into(),
                status: status.clone(),
                created: Some(ago(*created)),
            });
            users.file_keys(name, request, Ok(all.collect()));
            for Live(id, _, _, last_used) in keys {
                if let Some(last_used) = last_used {
                    users.tell_last_used(name, id, last_used);
                }
            }
        }
    }

    fn counted(&self, rule: &str) -> Counted {
        let findings = &self.engine.findings;
        let rule = findings.rules().find(rule).expect(rule);
        findings.count(self.engine.fleet.rows(Scope::All), rule)
    }

    /// The rules that find something, and with `?` those of which that is not known.
    fn says(&self) -> String {
        let mut all = Vec::new();
        for rule in self.engine.findings.rules().all() {
            let Counted {
                found,
                exempt,
                unknown,
                users,
                ..
            } = self.counted(&rule.id);
            if rule.is_of_root {
                continue;
            }
            match (found, exempt, unknown, users) {
                (0, 0, 0, 0) => {}
                (1, 0, 0, 0) => all.push(rule.id.to_string()),
                (0, 0, 1, 0) => all.push(format!("{}?", rule.id)),
                (0, 0, 0, 1) => all.push(format!("{}??", rule.id)),
                (0, 1, 0, 0) => all.push(format!("({})", rule.id)),
                other => all.push(format!("{}{other:?}", rule.id)),
            }
        }
        all.join(" ")
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table has a line for each case")]
fn each_rule_says_of_each_key_what_is_known() {
    let unused = |days| active(80, used(days));
    for (situation, known, says) in [
        ("in use", fine(&[active(80, used(0))]), ""),
        ("no key", fine(&[]), ""),
        // Days are whole, and older than 90 is not 90.
        ("90 days old", fine(&[active(90, used(0))]), ""),
        ("91 days old", fine(&[active(91, used(0))]), "old"),
        ("unused for 44 days", fine(&[unused(44)]), ""),
        ("unused for 45 days", fine(&[unused(45)]), "unused-45"),
        (
            "unused for 89 days",
            fine(&[active(90, used(89))]),
            "unused-45",
        ),
        (
            "unused for 90 days",
            fine(&[active(90, used(90))]),
            "unused-90",
        ),
        (
            "an administrator's, old",
            Known {
                power: Some(Power::Everything),
                ..fine(&[active(91, used(0))])
            },
            "admin-old old",
        ),
        (
            "an administrator's, young",
            Known {
                power: Some(Power::Everything),
                ..fine(&[active(90, used(0))])
            },
            "",
        ),
        (
            "old, and nobody knows whether an administrator's",
            Known {
                power: None,
                ..fine(&[active(91, used(0))])
            },
            "admin-old? old",
        ),
        // A machine's key that was never used meets no rule of others: `N/A` is no date.
        (
            "never used, 45 days",
            fine(&[active(45, LastUsed::Never)]),
            "unused-45",
        ),
        (
            "never used, 46 days",
            fine(&[active(46, LastUsed::Never)]),
            "never-used unused-45",
        ),
        (
            "never used, 100 days",
            fine(&[active(100, LastUsed::Never)]),
            "never-used unused-90 old",
        ),
        // What is off is not in use: there is nothing to be said of its age.
        (
            "Inactive, old",
            fine(&[inactive(900, used(900))]),
            "inactive-long?",
        ),
        (
            "Inactive for 90 days, as the report says",
            Known {
                report: Some(vec![reported(false, 90, used(400))]),
                ..fine(&[inactive(900, used(400))])
            },
            "inactive-long",
        ),
        (
            "Inactive for 89 days",
            Known {
                report: Some(vec![reported(false, 89, used(400))]),
                ..fine(&[inactive(900, used(400))])
            },
            // It is at least so long: it may be more.
            "inactive-long?",
        ),
        (
            "Inactive, and used since what the report calls its last change",
            Known {
                report: Some(vec![reported(false, 400, used(100))]),
                ..fine(&[inactive(900, used(100))])
            },
            "inactive-long?",
        ),
        (
            "Inactive, in a report that counts no deactivation as a change",
            Known {
                report: Some(vec![reported(false, 900, used(901))]),
                ..fine(&[inactive(900, used(901))])
            },
            "inactive-long?",
        ),
        (
            "Inactive now, and Active in the report",
            Known {
                report: Some(vec![reported(true, 400, used(500))]),
                ..fine(&[inactive(900, used(500))])
            },
            "inactive-long?",
        ),
        // A toggle makes an old key young in the report, and not here.
        (
            "toggled a week ago",
            Known {
                report: Some(vec![reported(true, 7, used(1))]),
                ..fine(&[active(900, used(1))])
            },
            "old",
        ),
        // What only the report tells of is at least as old as it says.
        (
            "in the report, 91 days",
            Known {
                keys: None,
                report: Some(vec![reported(true, 91, used(1))]),
                ..fine(&[])
            },
            "old",
        ),
        (
            "in the report, 7 days",
            Known {
                keys: None,
                report: Some(vec![reported(true, 7, used(1))]),
                ..fine(&[])
            },
            "old?",
        ),
        (
            "in the report, 7 days, never used",
            Known {
                keys: None,
                report: Some(vec![reported(true, 7, LastUsed::Never)]),
                ..fine(&[])
            },
            "never-used? unused-90? unused-45? old?",
        ),
        (
            "in the report, unused for 50 days",
            Known {
                keys: None,
                report: Some(vec![reported(true, 90, used(50))]),
                ..fine(&[])
            },
            "unused-45 old?",
        ),
        (
            "in the report, Inactive",
            Known {
                keys: None,
                report: Some(vec![reported(false, 400, used(500))]),
                ..fine(&[])
            },
            "inactive-long?",
        ),
        // A second key counts where both are Active, and the finding is about keys.
        (
            "two Active keys",
            fine(&[
                active(10, used(1)),
                Live(OTHER, KeyStatus::Active, 20, Some(used(1))),
            ]),
            "two-active(2, 0, 0, 0)",
        ),
        (
            "one of two Active",
            Known {
                report: None,
                ..fine(&[
                    active(10, used(1)),
                    Live(OTHER, KeyStatus::Inactive, 20, Some(used(1))),
                ])
            },
            "inactive-long?",
        ),
        (
            "one of two unused: only that one is found",
            fine(&[
                active(50, used(1)),
                Live(OTHER, KeyStatus::Inactive, 20, Some(used(1))),
                Live(
                    "AKIAFINDING3EXAMPLE3",
                    KeyStatus::Active,
                    80,
                    Some(used(60)),
                ),
            ]),
            "unused-45 two-active(2, 0, 0, 0) inactive-long?",
        ),
        (
            "a password without MFA",
            Known {
                login: Login::new(Some(true), Some(false)),
                ..fine(&[active(10, used(1))])
            },
            "password-without-mfa",
        ),
        (
            "a password with MFA",
            Known {
                login: Login::new(Some(true), Some(true)),
                ..fine(&[active(10, used(1))])
            },
            "",
        ),
        (
            "a password, and MFA is not known",
            Known {
                login: Login::new(Some(true), None),
                ..fine(&[active(10, used(1))])
            },
            "password-without-mfa?",
        ),
        (
            "no password, and MFA is not known",
            Known {
                login: Login::new(Some(false), None),
                ..fine(&[active(10, used(1))])
            },
            "",
        ),
        (
            "no owner",
            Known {
                tags: Some(vec![("stage", "prod")]),
                ..fine(&[active(10, used(1))])
            },
            "no-owner",
        ),
        (
            "tags are not known",
            Known {
                tags: None,
                ..fine(&[active(10, used(1))])
            },
            "no-owner?",
        ),
        (
            "quarantined",
            Known {
                quarantined: Some(true),
                ..fine(&[active(10, used(1))])
            },
            "quarantined",
        ),
        (
            "quarantine is not known",
            Known {
                quarantined: None,
                ..fine(&[active(10, used(1))])
            },
            "quarantined?",
        ),
        (
            "the last use is not known",
            fine(&[Live(KEY, KeyStatus::Active, 91, None)]),
            "never-used? unused-90? unused-45? old",
        ),
        (
            "nothing is known of the keys",
            Known {
                keys: None,
                ..fine(&[])
            },
            "never-used?? unused-90?? unused-45?? old?? two-active?? inactive-long??",
        ),
        (
            "nothing is known of the keys, and there is no owner",
            Known {
                keys: None,
                tags: Some(vec![]),
                ..fine(&[])
            },
            "never-used?? unused-90?? unused-45?? old?? two-active?? inactive-long?? no-owner??",
        ),
        (
            "a status of which nothing is known",
            fine(&[Live(
                KEY,
                KeyStatus::Other("Expired".into()),
                900,
                Some(used(900)),
            )]),
            "unused-90? old? inactive-long?",
        ),
        (
            "an Active key, and one of which it is not known whether it is",
            fine(&[
                active(10, used(1)),
                Live(OTHER, KeyStatus::Other("Expired".into()), 20, Some(used(1))),
            ]),
            "two-active(0, 0, 2, 0) inactive-long?",
        ),
        // Exemptions.
        (
            "exempt",
            Known {
                tags: Some(vec![
                    ("owner", "x"),
                    ("iamkeys:exempt", "2027-01-31 PLAT-212"),
                ]),
                ..fine(&[active(91, used(1))])
            },
            "(old)",
        ),
        (
            "exempt on its last day",
            Known {
                tags: Some(vec![("owner", "x"), ("iamkeys:exempt", "2026-11-18")]),
                ..fine(&[active(91, used(1))])
            },
            "(old)",
        ),
        (
            "exempt until yesterday",
            Known {
                tags: Some(vec![("owner", "x"), ("iamkeys:exempt", "2026-11-17 why")]),
                ..fine(&[active(91, used(1))])
            },
            "old",
        ),
        (
            "exempt until a day that cannot be read",
            Known {
                tags: Some(vec![("owner", "x"), ("iamkeys:exempt", "31.01.2027 why")]),
                ..fine(&[active(91, used(1))])
            },
            "old",
        ),
        (
            "this key is exempt",
            Known {
                tags: Some(vec![
                    ("owner", "x"),
                    ("iamkeys:exempt:AKIAFINDING1EXAMPLE1", "2027-01-31"),
                ]),
                ..fine(&[active(91, used(1))])
            },
            "(old)",
        ),
        (
            "another key is exempt",
            Known {
                tags: Some(vec![
                    ("owner", "x"),
                    ("iamkeys:exempt:AKIAFINDING2EXAMPLE2", "2027-01-31"),
                ]),
                ..fine(&[active(91, used(1))])
            },
            "old",
        ),
        (
            "exempt, and AWS has found it in public",
            Known {
                quarantined: Some(true),
                tags: Some(vec![("owner", "x"), ("iamkeys:exempt", "2027-01-31")]),
                ..fine(&[active(91, used(1))])
            },
            "quarantined (old)",
        ),
        (
            "exempt, and nothing is wrong",
            Known {
                tags: Some(vec![("owner", "x"), ("iamkeys:exempt", "2027-01-31")]),
                ..fine(&[active(10, used(1))])
            },
            "",
        ),
    ] {
        assert_eq!(House::of("deploy-bot", known).says(), says, "{situation}");
    }
}

/// What asks for the root user is asked of root's keys, and of all others where those can meet it, too.
#[test]
fn an_own_rule_that_names_root_is_asked_of_users_as_well() {
    use crate::engine::account::{Facts, Reported};
    let own = |id: &str, when: &str| OwnRule {
        id: id.into(),
        name: id.into(),
        when: when.into(),
        severity: Severity::High,
        why: None,
        remedy: None,
    };
    let mut house = House::new(policy(|policy| {
        policy.own = vec![
            own("not-root", "-root age>365"),
            own("either", "root | status:active age>365"),
            own("root-alone", "root age>1"),
        ];
    }));
    house.add("deploy-bot", fine(&[active(400, used(0))]));
    let account = house.engine.fleet.get_mut(house.slot).unwrap();
    account.identity.report = Load::Ready(Reported {
        generated: ago(0),
        root: Some([reported(true, 7, used(1))].into()),
    });
    house.engine.follow_findings();
    let account = &house.engine.fleet[house.slot];
    for (rule, of_users, of_root) in [("not-root", 1, 0), ("either", 1, 1), ("root-alone", 0, 1)] {
        let at = house.engine.findings.rules().find(rule).unwrap();
        assert_eq!(account.findings.keys(at).count(), of_users, "{rule}");
        assert_eq!(account.findings.roots(at), of_root, "{rule}");
        assert_eq!(house.counted(rule).found, of_users + of_root, "{rule}");
        assert_eq!(house.counted(rule).unknown, 0, "{rule}");
        // And a filter shows the same.
        let facts = Facts::of(account, now());
        let row = account.users.get("deploy-bot").unwrap();
        let key = facts.key(row, row.known_key(0).unwrap());
        let query = Query::parse(&format!("finding:{rule}"));
        let mut scratch = crate::engine::query::Scratch::default();
        let passes = query.key_passes(&facts.user(row), &key, now(), &mut scratch);
        assert_eq!(usize::from(passes), of_users, "{rule}");
    }
}

/// Root's keys are told of by the report, and by the summary how many there are.
#[test]
fn a_key_of_root_is_found_where_either_tells_of_it_and_not_known_where_neither_does() {
    use crate::engine::{account::Reported, model::Summary};
    let summary = |root_keys| Summary {
        root_keys,
        ..Summary::default()
    };
    let report = |keys: &[ReportedKey]| Reported {
        generated: ago(0),
        root: Some(keys.into()),
    };
    let key = reported(true, 7, LastUsed::Never);
    for (told, counted, found, users) in [
        (None, None, 0, 1),
        (None, Some(summary(None)), 0, 1),
        (None, Some(summary(Some(0))), 0, 0),
        (None, Some(summary(Some(1))), 1, 0),
        (Some(report(&[])), None, 0, 0),
        (Some(report(std::slice::from_ref(&key))), None, 1, 0),
        (
            Some(report(std::slice::from_ref(&key))),
            Some(summary(Some(1))),
            1,
            0,
        ),
        (Some(report(&[])), Some(summary(Some(1))), 1, 0),
        // One of them is older, and it is not known which.
        (
            Some(report(std::slice::from_ref(&key))),
            Some(summary(Some(0))),
            0,
            1,
        ),
    ] {
        let mut house = House::new(Policy::default());
        let case = format!("{told:?} {counted:?}");
        let account = house.engine.fleet.get_mut(house.slot).unwrap();
        if let Some(told) = told {
            account.identity.report = Load::Ready(told);
        }
        if let Some(counted) = counted {
            account.identity.summary = Load::Ready(counted);
        }
        house.engine.follow_findings();
        let counted = house.counted("root-key");
        assert_eq!((counted.found, counted.accounts), (found, users), "{case}");
        assert_eq!(house.counted("old").found, 0, "it is the gravest already");
    }
}

#[test]
fn only_rows_that_were_touched_are_judged_again() {
    let mut house = House::new(Policy::default());
    for user in 0..500 {
        house.add(&format!("user-{user:04}"), fine(&[active(91, used(1))]));
    }
    house.engine.follow_findings();
    assert_eq!(house.counted("old").found, 500);
    let before = house.engine.findings.judged();
    house.engine.follow_findings();
    assert_eq!(
        house.engine.findings.judged(),
        before,
        "nothing has changed"
    );
    let slot = house.slot;
    let users = &mut house.engine.fleet.get_mut(slot).unwrap().users;
    users.tell_last_used("user-0007", KEY, used(60));
    house.engine.follow_findings();
    assert_eq!(house.engine.findings.judged(), before + 1);
    assert_eq!(house.counted("unused-45").found, 1);
    let rule = house.engine.findings.rules().find("unused-45").unwrap();
    let rows = house.engine.fleet.rows(Scope::All);
    let keys: Vec<KeyPlace> = house.engine.findings.keys(rows, rule).collect();
    assert_eq!(keys.iter().map(|key| key.row).collect::<Vec<_>>(), [7]);
    let rules = house.engine.findings.of(rows, keys[0]);
    let ids: Vec<&str> = rules.map(|rule| &*rule.id).collect();
    assert_eq!(ids, ["unused-45", "old"]);
    // A user who goes moves all behind.
    let users = &mut house.engine.fleet.get_mut(slot).unwrap().users;
    users.edit_keys("user-0000", Vec::clear);
    house.engine.follow_findings();
    assert_eq!(house.engine.findings.judged(), before + 2);
    assert_eq!(house.counted("old").found, 499);
    // An hour later all are judged again.
    house.engine.tick(now() + TimeDelta::days(60));
    house.engine.follow_findings();
    assert_eq!(house.engine.findings.judged(), before + 502);
    assert_eq!(house.counted("unused-45").found, 498);
    assert_eq!(house.counted("unused-90").found, 1);
}

#[test]
fn what_is_kept_up_is_what_is_judged_anew() {
    let mut house = House::new(Policy::default());
    for user in 0..40 {
        let keys = [active(30 + user * 3, used(user * 2))];
        house.add(
            &format!("user-{user:04}"),
            fine(&keys[..usize::from(user % 5 != 0)]),
        );
    }
    house.engine.follow_findings();
    let slot = house.slot;
    for step in 0..60_usize {
        let users = &mut house.engine.fleet.get_mut(slot).unwrap().users;
        let name = format!("user-{:04}", step * 7 % 40);
        match step % 4 {
            0 => users.tell_last_used(&name, KEY, used(i64::try_from(step).unwrap())),
            1 => users.edit_keys(&name, |keys| keys.truncate(step % 2)),
            2 => users.edit_keys(&name, |keys| {
                for row in keys {
                    row.key.status = KeyStatus::Inactive;
                }
            }),
            _ => {
                let key = AccessKey {
                    id: OTHER.into(),
                    status: KeyStatus::Active,
                    created: Some(ago(100)),
                };
                users.add_key(&name, key);
            }
        }
        house.engine.follow_findings();
        let kept: Vec<Counted> = (0..11)
            .map(|at| {
                house
                    .engine
                    .findings
                    .count(house.engine.fleet.rows(Scope::All), at)
            })
            .collect();
        let kept_grid = house
            .engine
            .findings
            .grid(house.engine.fleet.rows(Scope::All));
        house.engine.use_policy(Policy::default());
        let anew: Vec<Counted> = (0..11)
            .map(|at| {
                house
                    .engine
                    .findings
                    .count(house.engine.fleet.rows(Scope::All), at)
            })
            .collect();
        assert_eq!(kept, anew, "after step {step}");
        assert_eq!(
            kept_grid,
            house
                .engine
                .findings
                .grid(house.engine.fleet.rows(Scope::All))
        );
    }
}

fn policy(edit: impl FnOnce(&mut Policy)) -> Policy {
    let mut policy = Policy::default();
    edit(&mut policy);
    policy
}

/// What is found stays found where it is not known whether it is exempt, and is counted apart.
#[test]
fn a_finding_whose_exemption_is_not_known_is_counted_as_such() {
    let of_key = "iamkeys:exempt:AKIAFINDING1EXAMPLE1";
    let in_report = |tags: &[(&'static str, &'static str)]| Known {
        keys: None,
        report: Some(vec![reported(true, 91, used(1))]),
        tags: Some(tags.to_vec()),
        ..fine(&[])
    };
    let live = |tags: Option<&[(&'static str, &'static str)]>| Known {
        tags: tags.map(<[_]>::to_vec),
        ..fine(&[active(91, used(1))])
    };
    let old = |rules: &[&str]| ConfigExemption {
        key: None,
        user: None,
        account: None,
        rules: rules.iter().map(|rule| (*rule).into()).collect(),
        exemption: Exemption::read("2027-01-31 PLAT-1").unwrap(),
        line: 1,
    };
    for (situation, known, in_config, (found, exempt, unsure), is_exempt) in [
        (
            "tags are known",
            live(Some(OWNED)),
            None,
            (1, 0, 0),
            Some(false),
        ),
        ("tags are not known", live(None), None, (1, 0, 1), None),
        (
            "exempt by the config already",
            live(None),
            Some(old(&[])),
            (0, 1, 0),
            Some(true),
        ),
        (
            "from another rule",
            live(None),
            Some(old(&["no-owner"])),
            (1, 0, 1),
            Some(true),
        ),
        (
            "no ID, and no tag names one",
            in_report(OWNED),
            None,
            (1, 0, 0),
            Some(false),
        ),
        (
            "no ID, and a tag names one",
            in_report(&[(of_key, "2027-01-31")]),
            None,
            (1, 0, 1),
            None,
        ),
        (
            "no ID, and that tag is over",
            in_report(&[(of_key, "2026-01-31")]),
            None,
            (1, 0, 0),
            Some(false),
        ),
    ] {
        let mut house = House::new(policy(|policy| policy.exemptions.extend(in_config)));
        house.add("deploy-bot", known);
        house.engine.follow_findings();
        let counted = house.counted("old");
        let counts = (counted.found, counted.exempt, counted.unsure);
        assert_eq!(counts, (found, exempt, unsure), "{situation}");
        let account = &house.engine.fleet[house.slot];
        assert_eq!(account.findings.is_exempt(0, 0), is_exempt, "{situation}");
    }
    // AWS has found it in public: nothing exempts it from that.
    let house = House::of(
        "deploy-bot",
        Known {
            quarantined: Some(true),
            ..live(None)
        },
    );
    assert_eq!(house.counted("quarantined").unsure, 0);
}

#[test]
fn limits_severities_rules_off_and_own_rules_are_those_of_the_policy() {
    let rules = Rules::of(
        &policy(|policy| {
            policy.base.age = Some(30);
            policy.base.off = Some(vec!["unused-90".into()]);
            policy.base.severities = vec![("old".into(), Severity::Low)];
            policy.own.push(OwnRule {
                id: "ancient".into(),
                name: "Ancient".into(),
                when: "age>365 service:iam".into(),
                severity: Severity::Critical,
                why: None,
                remedy: None,
            });
        }),
        &[],
    );
    let rule = |id: &str| rules.get(rules.find(id).unwrap()).unwrap();
    assert_eq!(&*rule("old").when, "status:active age>30");
    assert_eq!(&*rule("old").title, "Older than 30 days");
    assert_eq!(rule("old").severity, Severity::Low);
    assert!(!rule("unused-90").is_on);
    assert_eq!(
        &*rule("unused-45").when,
        "status:active unused>=45",
        "it has no end then"
    );
    assert_eq!(rule("ancient").severity, Severity::Critical);
}

#[test]
fn what_is_said_of_some_accounts_comes_first() {
    let said = policy(|policy| {
        policy.base.age = Some(60);
        policy.accounts = vec![
            (
                Which::Named(NamePattern::new("acme-dev*")),
                PolicyPart {
                    age: Some(365),
                    ..PolicyPart::default()
                },
            ),
            (
                Which::Id("123456789012".into()),
                PolicyPart {
                    off: Some(vec![]),
                    ..PolicyPart::default()
                },
            ),
        ];
        policy.base.off = Some(vec!["no-owner".into()]);
    });
    let about = |id, names: &[&str]| said.about(id, names);
    assert_eq!(about(None, &["acme-prod"]), [0usize; 0]);
    assert_eq!(about(Some("123456789012"), &["acme-dev-1"]), [0, 1]);
    assert_eq!(said.limits(&[0, 1]).age, 365);
    assert_eq!(said.limits(&[1]).age, 60);
    assert!(said.is_on(&[0, 1], "no-owner") && !said.is_on(&[0], "no-owner"));
}

#[test]
fn an_exemption_of_the_config_is_about_what_it_names_and_ends_by_itself() {
    let exempt =
        |key: Option<&str>, user: Option<&str>, rules: &[&str], until: &str| ConfigExemption {
            key: key.map(Into::into),
            user: user.map(Into::into),
            account: None,
            rules: rules.iter().map(|rule| (*rule).into()).collect(),
            exemption: Exemption::read(&format!("{until} PLAT-1")).unwrap(),
            line: 1,
        };
    for (exemption, says) in [
        (
            exempt(Some(KEY), None, &[], "2027-01-31"),
            "(unused-90) (old)",
        ),
        (
            exempt(Some(OTHER), None, &[], "2027-01-31"),
            "unused-90 old",
        ),
        (
            exempt(None, Some("deploy-*"), &[], "2027-01-31"),
            "(unused-90) (old)",
        ),
        (
            exempt(None, Some("web-*"), &[], "2027-01-31"),
            "unused-90 old",
        ),
        (
            exempt(None, Some("deploy-bot"), &["old"], "2027-01-31"),
            "unused-90 (old)",
        ),
        (
            exempt(Some(KEY), Some("web-*"), &[], "2027-01-31"),
            "unused-90 old",
        ),
        (exempt(Some(KEY), None, &[], "2026-11-17"), "unused-90 old"),
    ] {
        let mut house = House::new(policy(|policy| policy.exemptions.push(exemption.clone())));
        house.add("deploy-bot", fine(&[active(200, used(100))]));
        house.engine.follow_findings();
        assert_eq!(house.says(), says, "{exemption:?}");
    }
}

#[test]
fn a_tag_says_until_when_and_why_and_what_cannot_be_read_is_said() {
    let date = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap();
    for (text, read) in [
        (
            "2027-01-31 PLAT-212 dashboard move",
            Some(("2027-01-31", "PLAT-212 dashboard move")),
        ),
        (" 2027-01-31 ", Some(("2027-01-31", ""))),
        ("2027-1-31 x", None),
        ("2027-02-30 x", None),
        ("31.01.2027 x", None),
        ("soon", None),
        ("", None),
        ("02027-01-31", None),
        ("+2027-1-31 x", None),
        ("2027-01- 31", None),
        ("-027-01-31", None),
    ] {
        let exemption = Exemption::read(text);
        let expected = read.map(|(until, why)| Exemption {
            until: date(until),
            why: why.into(),
        });
        assert_eq!(exemption.as_ref().ok(), expected.as_ref(), "{text}");
        if let Ok(exemption) = exemption {
            assert_eq!(Exemption::read(&exemption.text()), Ok(exemption));
        }
    }
    let tags = vec![
        ("iamkeys:exempt", "tomorrow"),
        ("IAMKEYS:EXEMPT:akiafinding1example1", "2026-01-01 over"),
        ("iamkeys:exemption", "2027-01-01"),
    ];
    let house = House::of(
        "deploy-bot",
        Known {
            tags: Some(tags),
            ..fine(&[active(91, used(1))])
        },
    );
    let account = &house.engine.fleet[house.slot];
    let row = account.users.get("deploy-bot").unwrap();
    let all = exemptions(account, row, row.known_key(0).unwrap(), now());
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].by, ExemptionBy::UserTag);
    assert!(matches!(&all[0].standing, Standing::Unreadable(text, _) if &**text == "tomorrow"));
    assert_eq!(all[1].by, ExemptionBy::KeyTag);
    assert!(matches!(&all[1].standing, Standing::Expired(it) if &*it.why == "over"));
}

#[test]
fn each_condition_is_understood_and_asks_for_fields_only() {
    let rules = Rules::of(&Policy::default(), &[]);
    assert_eq!(rules.all().len(), RULE_IDS.len());
    for rule in rules.all() {
        let query = Query::parse(&rule.when);
        assert_eq!(query.errors(), [""; 0], "{}", rule.id);
        assert!(!query.is_empty() && !query.has_plain_words() && !query.asks_findings());
        assert!(
            rule.why.ends_with('.') && rule.remedy.ends_with('.'),
            "{}",
            rule.id
        );
        assert_eq!(OwnRule::id_of(&rule.id), *rule.id);
    }
    let severities: Vec<Severity> = rules.all().iter().map(|rule| rule.severity).collect();
    assert!(severities.is_sorted_by(|a, b| a >= b), "the gravest first");
}

#[test]
fn the_filter_of_a_cell_shows_the_keys_that_the_cell_counts() {
    let mut house = House::new(Policy::default());
    let ages = [0, 30, 31, 90, 91, 365, 366, 730, 731, 4000];
    let uses = [0, 1, 6, 7, 44, 45, 89, 90, 4000];
    for age in ages {
        for idle in uses.into_iter().filter(|idle| *idle <= age) {
            house.add(&format!("u-{age}-{idle}"), fine(&[active(age, used(idle))]));
        }
        house.add(
            &format!("u-{age}-never"),
            fine(&[active(age, LastUsed::Never)]),
        );
        house.add(
            &format!("u-{age}-off"),
            fine(&[inactive(age, LastUsed::Never)]),
        );
    }
    house.engine.follow_findings();
    let rows = house.engine.fleet.rows(Scope::All);
    let grid = house.engine.findings.grid(rows);
    let account = &house.engine.fleet[house.slot];
    let facts = crate::engine::account::Facts::of(account, now());
    let mut scratch = crate::engine::query::Scratch::default();
    let mut all = 0;
    for age in 0..AGES.len() {
        for idle in 0..IDLE.len() {
            let query = Query::parse(&cell_filter(age, idle));
            assert_eq!(query.errors(), [""; 0]);
            let passing = account.users.rows().iter().filter(|row| {
                let key = facts.key(row, row.known_key(0).unwrap());
                query.key_passes(&facts.user(row), &key, now(), &mut scratch)
            });
            let count = passing.count();
            assert_eq!(grid.cell(age, idle), count, "{}", cell_filter(age, idle));
            all += count;
        }
    }
    assert_eq!(all, grid.all());
    assert!(all > 50);
}
