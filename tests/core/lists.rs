//! The two lists: in which order they stand, who is in them, and that the selected row stays under
//! the person's eyes while answers come.

use super::{
    SIZE,
    desk::{Desk, Someone, answer, click, now, page, people, settings, someone},
};
use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::KeyCode;
use iamkeys::{
    engine::{
        self, Answer, Background, Change, Effect, Need, Read, RequestId, SignedIn,
        account::{Known, UserRow},
        model::{AccessKey, KeyStatus, LastUsed},
        query::sort::{Column, Sort},
    },
    tui::{Message, Page, Pane, Settings, Target, keymap::Context},
};
use proptest::prelude::*;
use std::cmp::Ordering;

/// Nobody is like anybody else: each key was made at another time.
fn village() -> Vec<Someone> {
    let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
    let user = |at: i64| {
        let mut mixed = at * 37 % 31;
        let mut key = |number: i64| {
            mixed = (mixed * 13 + 7) % 31;
            let id = leak(format!("AKIA{mixed:02}VILLAGE{at:03}KEY{number}"));
            let used = (mixed % 4 != 0).then_some(mixed * 11);
            let age = at * 17 % 29 * 10 + number * 5 + at;
            (id, mixed % 3 != 0, age, used)
        };
        let keys: Vec<_> = (0..at % 4).map(&mut key).collect();
        let mixed = usize::try_from(mixed).unwrap();
        let kind = ["ann", "bot", "ci"][mixed % 3];
        let mut user = someone(leak(format!("v{at:02}-{kind}")), &keys);
        let mut places = ["s3", "ec2", "iam", "sts"].into_iter().cycle().skip(mixed);
        for (_, last_used) in &mut user.keys {
            if let LastUsed::At {
                service, region, ..
            } = last_used
            {
                *service = places.next().map(Into::into);
                *region = (mixed % 5 != 0).then(|| format!("eu-west-{}", mixed % 3 + 1).into());
            }
        }
        user
    };
    (0..40).map(user).collect()
}

/// A key that is the same one whether its ID is known or not: no two of the village were made at
/// the same time.
type Identity = (String, Option<DateTime<Utc>>);

/// The selected one among all keys.
fn selected_key(desk: &Desk) -> (&UserRow, Known<'_>) {
    let lists = &desk.screen.lists;
    lists.selected_key(desk.screen.rows()).expect("a key")
}

fn identity((row, key): (&UserRow, Known<'_>)) -> Identity {
    (row.user.name.to_string(), key.created())
}

/// A value to sort by; `None` comes last from either end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Plain {
    Age(i64),
    Text(String),
}

fn by_plain(a: Option<&Plain>, b: Option<&Plain>, sort: Sort) -> Ordering {
    match (a, b) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) if sort.descending => b.cmp(a),
        (Some(a), Some(b)) => a.cmp(b),
    }
}

fn seconds_ago(time: DateTime<Utc>) -> Plain {
    Plain::Age((now() - time).num_seconds())
}

fn never_or_since(last_used: &LastUsed) -> Plain {
    match last_used {
        LastUsed::Never => Plain::Age(i64::MAX),
        LastUsed::At { time, .. } => seconds_ago(*time),
    }
}

/// The key a row tells of: the oldest Active one, or else the oldest.
fn foremost(mut keys: Vec<Known<'_>>) -> Option<Known<'_>> {
    keys.sort_by_key(|key| (key.created().is_none(), key.created()));
    let active = keys
        .iter()
        .position(|key| *key.status() == KeyStatus::Active);
    keys.get(active.unwrap_or(0)).copied()
}

fn user_value(row: &UserRow, column: Column) -> Option<Plain> {
    let keys: Vec<Known<'_>> = row.known_keys().collect();
    match column {
        Column::User => Some(Plain::Text(row.user.name.to_string())),
        Column::Keys => row
            .key_count()
            .map(|keys| Plain::Age(i64::try_from(keys).unwrap())),
        Column::Age => foremost(keys)?.created().map(seconds_ago),
        Column::LastUsed => foremost(keys)?.last_used().map(never_or_since),
        other => unreachable!("{other:?} is no column of users"),
    }
}

fn key_value(row: &UserRow, key: Known<'_>, column: Column) -> Option<Plain> {
    let place = match key.last_used() {
        Some(LastUsed::At {
            service, region, ..
        }) => (service.clone(), region.clone()),
        _ => (None, None),
    };
    match column {
        Column::User => Some(Plain::Text(row.user.name.to_string())),
        Column::Id => key.id().map(|id| Plain::Text(id.to_owned())),
        Column::Age => key.created().map(seconds_ago),
        Column::LastUsed => key.last_used().map(never_or_since),
        Column::Service => place.0.map(|text| Plain::Text(text.to_string())),
        Column::Region => place.1.map(|text| Plain::Text(text.to_string())),
        Column::Status => Some(Plain::Age(i64::from(*key.status() != KeyStatus::Active))),
        other => unreachable!("{other:?} is no column of the keys of an account"),
    }
}

/// A text for the filter, and what it means.
type Meaning = (&'static str, fn(&UserRow, Known<'_>) -> bool);

const FILTERS: &[Meaning] = &[
    ("never", |_, key| key.last_used() == Some(&LastUsed::Never)),
    ("age>100", |_, key| {
        key.created()
            .is_some_and(|time| now() - time > TimeDelta::days(100))
    }),
    ("status:inactive", |_, key| {
        *key.status() == KeyStatus::Inactive
    }),
    (
        "service:s3",
        |_, key| matches!(key.last_used(), Some(LastUsed::At { service: Some(service), .. }) if &**service == "s3"),
    ),
    ("user:*bot*", |row, _| row.user.name.contains("bot")),
    ("keys:2", |row, _| row.key_count() == Some(2)),
];

/// Whether a user is in the list although no key of theirs decides it.
fn asks_only_of_users(filter: &str) -> bool {
    filter.starts_with("user:") || filter.starts_with("keys:")
}

/// The list of users as it has to be: everybody, filtered and sorted in the plainest way.
fn plain_users(desk: &Desk, filter: Option<Meaning>, kept: &[String]) -> Vec<String> {
    let users = &desk.account().users;
    let sort = desk.screen.lists.by_user().sort();
    let passes = |row: &UserRow| match filter {
        None => true,
        Some((text, _)) if asks_only_of_users(text) => match text {
            "user:*bot*" => row.user.name.contains("bot"),
            _ => row.key_count() == Some(2),
        },
        Some((_, passes)) => row.known_keys().any(|key| passes(row, key)),
    };
    let mut rows: Vec<&UserRow> = users
        .rows()
        .iter()
        .filter(|row| passes(row) || kept.iter().any(|kept| **kept == *row.user.name))
        .collect();
    rows.sort_by(|a, b| a.user.name.cmp(&b.user.name));
    rows.sort_by(|a, b| {
        let (a, b) = (user_value(a, sort.column), user_value(b, sort.column));
        by_plain(a.as_ref(), b.as_ref(), sort)
    });
    rows.iter().map(|row| row.user.name.to_string()).collect()
}

/// The list of keys as it has to be.
fn plain_keys(desk: &Desk, filter: Option<Meaning>, kept: &[Identity]) -> Vec<Identity> {
    let users = &desk.account().users;
    let sort = desk.screen.lists.by_key().sort();
    let mut keys: Vec<(&UserRow, Known<'_>)> = Vec::new();
    for row in users.rows() {
        keys.extend(row.known_keys().map(|key| (row, key)));
    }
    keys.retain(|(row, key)| {
        filter.is_none_or(|(_, passes)| passes(row, *key)) || kept.contains(&identity((row, *key)))
    });
    keys.sort_by(|(a, a_key), (b, b_key)| {
        let (a, b) = (
            key_value(a, *a_key, sort.column),
            key_value(b, *b_key, sort.column),
        );
        by_plain(a.as_ref(), b.as_ref(), sort)
    });
    keys.into_iter().map(identity).collect()
}

fn shown_users(desk: &Desk) -> Vec<String> {
    let rows = desk.screen.rows();
    let places = desk.screen.lists.by_user().shown().iter();
    let users = places.map(|place| rows.user(*place).expect("a user"));
    users.map(|row| row.user.name.to_string()).collect()
}

fn shown_keys(desk: &Desk) -> Vec<Identity> {
    let rows = desk.screen.rows();
    let places = desk.screen.lists.by_key().shown().iter();
    places
        .map(|place| identity(rows.key(*place).expect("a key")))
        .collect()
}

/// What somebody sees of the list they are in: what is selected, the line on screen it is at, how
/// many lines there are, and how many are used, of how many rows.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    user: Option<String>,
    key: Option<Identity>,
    line: usize,
    height: usize,
    rows: usize,
    count: usize,
}

fn seen(desk: &Desk) -> Seen {
    let (rows, lists) = (desk.screen.rows(), &desk.screen.lists);
    let key = lists.selected_key(rows).map(identity);
    let user = desk.screen.user().map(|row| row.user.name.to_string());
    let (cursor, offset, height, built, count) = if desk.screen.page() == Page::Keys {
        let table = lists.by_key();
        (
            table.cursor(),
            table.offset(),
            table.height(),
            lists.keys_window(rows).count(),
            table.shown().len(),
        )
    } else {
        let table = lists.by_user();
        (
            table.cursor(),
            table.offset(),
            table.height(),
            lists.window(rows).count(),
            table.shown().len(),
        )
    };
    Seen {
        user,
        key: key.filter(|_| desk.screen.page() == Page::Keys),
        line: cursor - offset,
        height,
        rows: built,
        count,
    }
}

#[derive(Clone, Debug)]
enum Step {
    Answer(usize),
    /// Time goes by, and what has come is put in order.
    Settle,
    Tick(i64),
    Move(KeyCode),
    Sort(char),
    Heading(usize),
    View(char),
    Filter(usize),
    Refresh,
}

fn step() -> impl Strategy<Value = Step> {
    let moves = [
        KeyCode::Char('j'),
        KeyCode::Char('k'),
        KeyCode::Char('G'),
        KeyCode::Char('g'),
        KeyCode::PageDown,
        KeyCode::PageUp,
    ];
    prop_oneof![
        12 => (0usize..64).prop_map(Step::Answer),
        3 => Just(Step::Settle),
        3 => (1i64..200).prop_map(Step::Tick),
        4 => prop::sample::select(moves.to_vec()).prop_map(Step::Move),
        2 => prop::sample::select(&['s', 'S'][..]).prop_map(Step::Sort),
        2 => (0usize..7).prop_map(Step::Heading),
        3 => prop::sample::select(&['1', '2', '2', '4'][..]).prop_map(Step::View),
        1 => (0usize..=FILTERS.len()).prop_map(Step::Filter),
        1 => Just(Step::Refresh),
    ]
}

fn opened() -> Desk {
    let mut desk = Desk::new(
        SIZE,
        Settings {
            engine: engine::Settings {
                background: Background::All,
                ..settings().engine
            },
            ..settings()
        },
    );
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    desk
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_lists_are_what_a_plain_filter_and_sort_makes_and_the_selected_row_stays(
        steps in prop::collection::vec(step(), 1..120),
        per_page in 7usize..60,
    ) {
        let village = village();
        let mut desk = opened();
        let mut reads: Vec<(RequestId, Read)> = Vec::new();
        let mut filter: Option<Meaning> = None;
        // Whoever was selected when a list was last looked at.
        // Who was selected since the filter was edited: they are not taken away by what comes.
        let (mut kept_users, mut kept_keys) = (Vec::new(), Vec::new());
        // The end is quiet: everything is answered, and both lists are looked at.
        let end = std::iter::repeat_n(Step::Answer(0), 400)
            .chain([Step::View('1'), Step::Settle, Step::View('2'), Step::Settle]);
        for step in steps.into_iter().chain(end) {
            while let Some(read) = desk.next_read() {
                reads.push(read);
            }
            let before = seen(&desk);
            desk.wait(2);
            let (mut moved, mut edited) = (false, false);
            match &step {
                Step::Answer(_) if reads.is_empty() => continue,
                Step::Answer(at) => {
                    let (request, read) = reads.swap_remove(at % reads.len());
                    let answer = match read {
                        Read::Users(marker) => {
                            let from = marker.map_or(0, |marker| marker.parse().unwrap());
                            let to = (from + per_page).min(village.len());
                            let next = (to < village.len()).then(|| to.to_string());
                            Ok(Answer::Users(page(&village[from..to], next.as_deref())))
                        }
                        read => answer(&village, read),
                    };
                    desk.answered(request, answer);
                }
                Step::Settle => {
                    desk.wait(250);
                    desk.send(Message::Tick);
                }
                Step::Tick(time) => {
                    desk.wait(*time);
                    desk.send(Message::Tick);
                }
                Step::Move(key) => {
                    desk.press(*key);
                    moved = true;
                }
                Step::Sort(key) => {
                    desk.press(KeyCode::Char(*key));
                    moved = true;
                }
                Step::Heading(at) => if desk.screen.page() != Page::Activity {
                    let (columns, sort) = desk.screen.lists.sorted();
                    let column = columns[at % columns.len()];
                    desk.send(click(Target::Column(column)));
                    let expected = if sort.column == column { sort.reversed() } else { Sort::by(column) };
                    prop_assert_eq!(desk.screen.lists.sorted().1, expected);
                    moved = true;
                },
                Step::View(key) => desk.press(KeyCode::Char(*key)),
                Step::Filter(at) => {
                    // There is none in the list of what was done.
                    if desk.screen.page() != Page::Activity {
                        filter = FILTERS.get(*at).copied();
                        edited = desk.screen.lists.filter().input.value() != filter.map_or("", |(text, _)| text);
                        desk.press(KeyCode::Esc);
                        desk.keys("/");
                        let text = filter.map_or("", |(text, _)| text);
                        desk.send(Message::Paste(text.into()));
                        desk.press(KeyCode::Enter);
                        prop_assert_eq!(desk.screen.lists.filter().input.value(), text);
                        moved = true;
                    }
                }
                Step::Refresh => desk.keys("R"),
            }
            let after = seen(&desk);
            let view = desk.screen.page();
            let lists = &desk.screen.lists;

            // The window is full, and the selected row in it.
            if view != Page::Activity {
                prop_assert_eq!(after.rows, after.height.min(after.count), "{:?}: {:?}", step, after);
                prop_assert!(after.count == 0 || after.line < after.height, "{:?}", after);
            }

            // Whoever sorts sees what comes first then.
            if matches!(step, Step::Sort(_) | Step::Heading(_)) {
                let cursor = match view {
                    Page::Users => lists.by_user().cursor(),
                    Page::Keys => lists.by_key().cursor(),
                    Page::Accounts | Page::Findings | Page::Activity => 0,
                };
                prop_assert_eq!(cursor, 0, "{:?}: {:?}", step, after);
                prop_assert!(view == Page::Activity || after.line == 0, "{:?}", after);
            }

            // It stays the same one unless somebody has gone elsewhere.
            let same_view = !matches!(step, Step::View(_));
            if !moved && same_view && before.user.is_some() {
                prop_assert_eq!(&after.user, &before.user, "{:?}", step);
                prop_assert_eq!(&after.key, &before.key, "{:?}", step);
                let (cursor, room) = match view {
                    Page::Keys => (lists.by_key().cursor(), after.height),
                    _ => (lists.by_user().cursor(), after.height),
                };
                let fits = cursor >= before.line && cursor - before.line + room <= after.count;
                if fits && before.height == after.height {
                    prop_assert_eq!(after.line, before.line, "{:?}", step);
                }
            }
            if edited {
                kept_users.clear();
                kept_keys.clear();
            }
            // What is sorted by a person, or has settled, is as it has to be.
            let settles = edited || matches!(step, Step::Settle)
                || (matches!(step, Step::Sort(_) | Step::Heading(_)) && view != Page::Activity);
            if settles {
                if view == Page::Users {
                    let shown = shown_users(&desk);
                    kept_users.retain(|user| shown.contains(user));
                    prop_assert_eq!(&shown, &plain_users(&desk, filter, &kept_users), "{:?}", step);
                } else if view == Page::Keys {
                    let shown = shown_keys(&desk);
                    kept_keys.retain(|key| shown.contains(key));
                    prop_assert_eq!(&shown, &plain_keys(&desk, filter, &kept_keys), "{:?}", step);
                }
            }
            kept_users.extend(after.user);
            kept_keys.extend(after.key);
        }
        let tally = desk.account().users.tally();
        prop_assert_eq!((tally.unknown, tally.complete), (0, tally.keys));
        prop_assert_eq!(desk.account().users.rows().len(), village.len());
    }
}

/// A desk in the list of all keys, on the key with this ID.
fn on_key(id: &str) -> Desk {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.serve(&people());
    desk.keys("2g");
    while desk.screen.selected_key().map(|row| &*row.key.id) != Some(id) {
        let before = desk.screen.lists.by_key().cursor();
        desk.keys("j");
        assert_ne!(desk.screen.lists.by_key().cursor(), before, "it is there");
    }
    desk.serve(&people());
    desk
}

/// The change that is asked about, in the dialog on top.
fn proposed(desk: &Desk) -> Option<Change> {
    let needs = desk.screen.engine.needs();
    let confirms = matches!(desk.screen.context(), Context::Confirm | Context::Typed);
    match needs[..] {
        [Need::Plan(plan)] if confirms && desk.screen.open_dialogs() == 1 => {
            let plan = desk.screen.engine.plan(plan)?;
            plan.preflight().map(|_| plan.first().clone())
        }
        _ => None,
    }
}

#[test]
fn what_is_done_in_the_list_of_keys_is_done_to_the_selected_key() {
    let (user, id) = ("deploy-bot", "AKIADEPLOY02EXAMPLE2");
    let mut desk = on_key(id);
    desk.keys("t");
    let expected = Change::SetActive {
        user: user.into(),
        key: id.into(),
        active: false,
    };
    assert_eq!(proposed(&desk), Some(expected), "{}", desk.screen());

    let mut desk = on_key(id);
    desk.keys("d");
    let expected = Change::Delete {
        user: user.into(),
        key: id.into(),
    };
    assert_eq!(proposed(&desk), Some(expected));

    let mut desk = on_key("AKIABATCH001EXAMPLE1");
    desk.keys("c");
    let expected = Change::Create {
        user: "old-batch".into(),
    };
    assert_eq!(proposed(&desk), Some(expected));

    let mut desk = on_key(id);
    desk.keys("r");
    assert_eq!(desk.screen.context(), Context::Rotate);
    let title = format!("─ Rotate {user} in acme-prod ─");
    assert!(desk.screen().contains(&title), "{}", desk.screen());

    let mut desk = on_key(id);
    desk.keys("n");
    assert_eq!(desk.screen.context(), Context::Describe);
    let screen = desk.screen();
    assert!(screen.contains(&format!("│  {id} ")), "{screen}");
    assert!(screen.contains(&format!("of {user} in ")), "{screen}");

    let mut desk = on_key(id);
    desk.keys("y");
    let copied = desk.effects.iter().find_map(|effect| match effect {
        Effect::Copy(clip) => Some(clip.key.clone()),
        _ => None,
    });
    assert_eq!(copied.as_deref(), Some(id));
}

/// A desk where the account has told of nobody's keys but the first user's, and the report of all.
fn with_report_only() -> Desk {
    let off = Settings {
        engine: engine::Settings {
            background: Background::Off,
            ..settings().engine
        },
        ..settings()
    };
    Desk::showing(SIZE, off, &people())
}

#[test]
fn a_key_that_only_the_report_knows_is_waited_for_and_chosen_again() {
    for key in ["t", "d", "y", "n", "r"] {
        let mut desk = with_report_only();
        desk.keys("2G");
        let (row, known) = selected_key(&desk);
        assert!(known.live().is_none() && row.keys.known().is_none());
        let user = row.user.name.clone();
        desk.keys(key);
        assert_eq!(desk.screen.open_dialogs(), 0, "{key}");
        let screen = desk.screen();
        let text = format!("waiting for the keys of {user}");
        assert!(screen.contains(&text), "{key}: {screen}");
        // Which of the two it is was not known.
        desk.serve(&people());
        let notice = desk.screen.notice().map_or("", |notice| &notice.text);
        assert_eq!(notice.contains("choose one"), key != "r", "{notice}");
        let (_, known) = selected_key(&desk);
        assert!(known.live().is_some());
        desk.keys(key);
        let copies = |effect: &Effect| matches!(effect, Effect::Copy(_));
        assert!(
            desk.screen.open_dialogs() > 0 || desk.effects.iter().any(copies),
            "{key}"
        );
    }
}

#[test]
fn each_view_keeps_its_own_place_and_a_key_leads_to_its_user() {
    let id = "AKIADEPLOY02EXAMPLE2";
    let key = |desk: &Desk| desk.screen.selected_key().map(|row| row.key.id.clone());
    for way in ["12", "132", "32", "3132"] {
        let mut desk = on_key(id);
        desk.keys(way);
        assert_eq!(key(&desk).as_deref(), Some(id), "{way}");
        desk.keys("1");
        let user = desk.screen.user().map(|row| &*row.user.name);
        assert_eq!(user, Some("alice"), "{way}: nobody has moved there");
    }
    let mut desk = on_key(id);
    desk.press(KeyCode::Enter);
    assert_eq!(
        (desk.screen.page(), desk.screen.pane()),
        (Page::Users, Pane::Keys)
    );
    assert_eq!(key(&desk).as_deref(), Some(id));
    desk.keys("2");
    assert_eq!(key(&desk).as_deref(), Some(id));

    // Of a user whose keys only the report knows, too.
    let mut desk = with_report_only();
    desk.effects.clear();
    desk.keys("2");
    let selected = |desk: &Desk| identity(selected_key(desk));
    while selected(&desk).0 != "web-assets" {
        desk.keys("j");
    }
    let first = selected(&desk);
    desk.keys("j");
    assert_eq!(selected(&desk).0, first.0, "they have two");
    let other = selected(&desk);
    assert!(
        desk.screen.selected_key().is_none(),
        "the account has not named it"
    );
    desk.keys("12");
    assert_eq!(selected(&desk), other);
}

#[test]
fn a_list_is_put_in_order_four_times_a_second_and_once_more_when_it_is_quiet() {
    let village = village();
    let mut desk = opened();
    desk.keys("2s");
    desk.keys("1ss");
    let mut orders = 0;
    let mut answers = 0;
    while let Some((request, read)) = desk.next_read() {
        if matches!(read, Read::Report) {
            continue;
        }
        let before = shown_users(&desk);
        let listing = matches!(read, Read::Users(_));
        desk.wait(20);
        desk.answered(request, answer(&village, read));
        answers += usize::from(!listing);
        orders += usize::from(!listing && shown_users(&desk) != before);
    }
    // The report is still to come, so that it is never quiet.
    let most = answers * 20 / 250 + 1;
    assert!(
        answers > 60 && (3..=most).contains(&orders),
        "{orders} of {answers}"
    );
    desk.wait(250);
    desk.send(Message::Tick);
    assert_eq!(shown_users(&desk), plain_users(&desk, None, &[]));

    // With the last answer there is nothing to wait for, whatever the clock says.
    let mut desk = opened();
    desk.keys("ss");
    while let Some((request, read)) = desk.next_read() {
        desk.answered(request, answer(&village, read));
    }
    assert_eq!(shown_users(&desk), plain_users(&desk, None, &[]));
}

#[test]
fn a_key_that_was_deleted_elsewhere_does_not_lend_its_place_to_another() {
    let key = |id: &str, days| AccessKey {
        id: id.into(),
        status: KeyStatus::Active,
        created: Some(now() - TimeDelta::days(days)),
    };
    let (first, second) = (
        key("AKIADEPLOY01EXAMPLE1", 412),
        key("AKIADEPLOY02EXAMPLE2", 3),
    );
    for (answered, expected) in [
        // The other way round, and without the one before it.
        (vec![second.clone(), first.clone()], "AKIADEPLOY02EXAMPLE2"),
        (vec![second.clone()], "AKIADEPLOY02EXAMPLE2"),
    ] {
        let mut desk = on_key("AKIADEPLOY02EXAMPLE2");
        desk.keys("R");
        let reads: Vec<_> = std::iter::from_fn(|| desk.next_read()).collect();
        let of = |user: &str| {
            let is_theirs = |(_, read): &&(_, Read)| *read == Read::Keys(user.into());
            reads.iter().find(is_theirs).expect("it is asked").clone()
        };
        // With the first answer the lists are put in order, and not again so soon.
        let (request, read) = of("alice");
        desk.answered(request, answer(&people(), read));
        let (request, _) = of("deploy-bot");
        desk.answered(request, Ok(Answer::Keys(answered)));
        assert!(desk.account().is_busy(), "others are on their way");
        let key = desk.screen.selected_key().map(|row| row.key.id.clone());
        assert_eq!(key.as_deref(), Some(expected));
        desk.keys("d");
        let change = proposed(&desk).expect("it is asked about");
        assert_eq!(change.key(), Some(expected));
    }
}

#[test]
fn nobody_comes_back_whom_a_filter_has_taken_away() {
    for keys in ["1", "2"] {
        let mut desk = Desk::showing(SIZE, settings(), &people());
        desk.serve(&people());
        desk.keys(keys);
        desk.keys("/");
        desk.send(Message::Paste("age>9999".into()));
        desk.press(KeyCode::Enter);
        let shown = |desk: &Desk| {
            let lists = &desk.screen.lists;
            match keys {
                "1" => lists.by_user().shown().len(),
                _ => lists.by_key().shown().len(),
            }
        };
        assert!(desk.screen.user().is_none());
        let before = shown(&desk);
        desk.keys("sS");
        desk.keys("R");
        desk.serve(&people());
        desk.wait(300);
        desk.send(Message::Tick);
        assert!(desk.screen.user().is_none(), "{keys}: {}", desk.screen());
        assert_eq!(shown(&desk), before);
        // It is the same user as before once they may be seen again.
        desk.keys("/");
        desk.press(KeyCode::Esc);
        let user = desk.screen.user().map(|row| row.user.name.to_string());
        let who = if keys == "1" { "alice" } else { "old-batch" };
        assert_eq!(user.as_deref(), Some(who), "{keys}");
    }
}

#[test]
fn rows_that_come_above_leave_the_selected_one_on_its_line() {
    let village = village();
    let mut desk = Desk::showing(SIZE, settings(), &village[20..]);
    desk.keys("jjjjjjjjjj");
    let before = seen(&desk);
    assert_eq!(before.line, 10);
    desk.keys("R");
    desk.serve(&village);
    assert_eq!(desk.account().users.rows().len(), 40);
    let after = seen(&desk);
    assert_eq!((after.user, after.line), (before.user, 10));
}

#[test]
fn a_list_is_put_in_order_once_for_what_has_come() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("ss");
    desk.serve(&people());
    let before = desk.screen.lists.arrangement();
    for _ in 0..3 {
        desk.wait(300);
        desk.keys("jk");
        desk.send(Message::Tick);
    }
    assert_eq!(desk.screen.lists.arrangement(), before);
}
