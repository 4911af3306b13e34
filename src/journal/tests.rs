//! The journal as files on a disk, also where a process is killed; and what its text says.

use super::{history::is_journal, step, *};
use chrono::{DateTime, TimeZone as _, Utc};
use proptest::prelude::*;
use std::{collections::BTreeSet, fs};
use tempfile::TempDir;

fn time(millis: i64) -> DateTime<Utc> {
    Utc.timestamp_millis_opt(millis).unwrap()
}

/// The creation of a key.
fn sent(run: &str, id: &str) -> Event {
    Event::Sent(Sent {
        id: id.into(),
        run: run.into(),
        time: time(1_795_000_000_123),
        account: Some("123456789012".into()),
        caller: Some("arn:aws:iam::123456789012:user/alice".into()),
        endpoint: None,
        action: CREATE.into(),
        user: "deploy-bot".into(),
        key: None,
        active: None,
        description: None,
        keys_before: Some(vec!["AKIAOLD1EXAMPLE".into()]),
        replaces: None,
    })
}

fn ended(id: &str, outcome: Outcome) -> Event {
    Event::Ended(Ended {
        id: id.into(),
        time: time(1_795_000_000_500),
        outcome,
        key: (outcome == Outcome::Done).then(|| "AKIANEW1EXAMPLE".into()),
        code: None,
        error: None,
        request_id: None,
        took_ms: Some(377),
    })
}

fn stored(id: &str) -> Event {
    Event::Stored(Stored {
        id: id.into(),
        time: time(1_795_000_001_000),
        key: "AKIANEW1EXAMPLE".into(),
        place: "clipboard".into(),
    })
}

fn settled(id: &str) -> Event {
    Event::Settled(Settled {
        id: id.into(),
        time: time(1_795_000_001_000),
        verdict: "made".into(),
    })
}

fn text(events: &[Event]) -> Vec<u8> {
    let lines = events.iter().map(|event| event::write(event).unwrap());
    lines.collect::<Vec<_>>().concat()
}

/// The events of a text and how many lines are none, read without any of the code above.
fn read(text: &[u8]) -> (Vec<Event>, usize) {
    let (mut events, mut others) = (Vec::new(), 0);
    for line in text.split(|byte| *byte == b'\n').filter(|l| !l.is_empty()) {
        match serde_json::from_slice(line) {
            Ok(event) => events.push(event),
            Err(_) => others += 1,
        }
    }
    (events, others)
}

fn kinds(unfinished: &[Unfinished]) -> Vec<(&str, Kind)> {
    let all = unfinished.iter();
    all.map(|open| (open.sent.id.as_str(), open.kind)).collect()
}

/// A directory and a journal in it that is not there yet.
fn nowhere() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state/iamkeys/journal.jsonl");
    (directory, path)
}

/// A journal that holds this text.
fn holding(text: &[u8]) -> (TempDir, PathBuf) {
    let (directory, path) = nowhere();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    (directory, path)
}

fn names(path: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(path.parent().unwrap()).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn an_entry_is_one_line_with_the_names_that_are_documented() {
    let line = |event: &Event| String::from_utf8(event::write(event).unwrap()).unwrap();
    assert_eq!(
        line(&sent("R", "R/4")),
        "{\"v\":1,\"event\":\"sent\",\"id\":\"R/4\",\"run\":\"R\",\
         \"time\":\"2026-11-18T11:06:40.123Z\",\"account\":\"123456789012\",\
         \"caller\":\"arn:aws:iam::123456789012:user/alice\",\"action\":\"iam:CreateAccessKey\",\
         \"user\":\"deploy-bot\",\"keys_before\":[\"AKIAOLD1EXAMPLE\"]}\n"
    );
    assert_eq!(
        line(&ended("R/4", Outcome::Done)),
        "{\"v\":1,\"event\":\"ended\",\"id\":\"R/4\",\"time\":\"2026-11-18T11:06:40.500Z\",\
         \"outcome\":\"done\",\"key\":\"AKIANEW1EXAMPLE\",\"took_ms\":377}\n"
    );
    assert_eq!(
        line(&stored("R/4")),
        "{\"v\":1,\"event\":\"stored\",\"id\":\"R/4\",\"time\":\"2026-11-18T11:06:41.000Z\",\
         \"key\":\"AKIANEW1EXAMPLE\",\"where\":\"clipboard\"}\n"
    );
    assert_eq!(
        line(&settled("R/4")),
        "{\"v\":1,\"event\":\"settled\",\"id\":\"R/4\",\"time\":\"2026-11-18T11:06:41.000Z\",\
         \"verdict\":\"made\"}\n"
    );
}

#[test]
fn the_examples_of_the_documentation_are_read() {
    let documentation = include_str!("../journal.rs").lines();
    let examples = documentation.filter_map(|line| line.strip_prefix("//! {"));
    let examples: Vec<String> = examples.map(|line| format!("{{{line}\n")).collect();
    assert_eq!(examples.len(), 3);
    let whole = examples.concat();
    assert_eq!(read(whole.as_bytes()).1, 0);
    assert_eq!(History::of(whole.as_bytes()).unfinished(|_| true), []);
    let lost = examples[..2].concat();
    let lost = History::of(lost.as_bytes()).unfinished(|_| true);
    assert_eq!(lost[0].kind, Kind::SecretLost);
}

#[test]
fn hostile_text_drives_no_terminal_and_stays_in_its_line() {
    let hostile = "\u{1b}]0;x\u{7}\r\n\u{9b}2J\u{7f}\u{202e}\"\\\u{2028}é😀".to_owned();
    let mut event = sent("R", "R/1");
    if let Event::Sent(sent) = &mut event {
        sent.description = Some(hostile);
    }
    let line = event::write(&event).unwrap();
    let (end, inside) = line.split_last().unwrap();
    assert_eq!(*end, b'\n');
    assert!(inside.iter().all(|byte| matches!(byte, b' '..=b'~')));
    assert_eq!(serde_json::from_slice::<Event>(&line).unwrap(), event);
}

#[test]
fn what_a_newer_version_writes_is_passed_over_and_garbage_is_counted() {
    let mut text = text(&[sent("R", "R/1"), sent("R", "R/2"), sent("R", "R/3")]);
    text.extend_from_slice(
        b"{\"v\":1,\"event\":\"ended\",\"id\":\"R/1\",\"time\":\"2026-11-18T11:06:40Z\",\
          \"outcome\":\"refused\",\"mood\":{\"deep\":[1,{}]}}\n\
          {\"v\":1,\"event\":\"ended\",\"id\":\"R/2\",\"time\":\"2026-11-18T11:06:40Z\",\
          \"outcome\":\"half\"}\n\
          {\"v\":1,\"event\":\"pondered\",\"id\":7}\n\
          {\"v\":1,\"event\":\"pondered\",\"id\":\"R/3\"}\n\
          {\"v\":2,\"event\":\"settled\",\"id\":\"R/3\"}\n\
          not json\n\xff\xfe\n[]\n{\"event\":\"settled\",\"id\":\"R/3\"}\n\
          {\"v\":1,\"event\":\"ended\",\"id\":\"R/3\"}\n\n\n\
          {\"v\":1,\"event\":\"settled\",\"id\":\"R/3\"}\n\
          {\"v\":1,\"event\":\"settled\",\"id\":\"\",\"time\":\"2026-11-18T11:06:40Z\",\
          \"verdict\":\"made\"}\n",
    );
    let history = History::of(&text);
    let open = history.unfinished(|_| true);
    let expected = [("R/2", Kind::Unknown), ("R/3", Kind::Interrupted)];
    assert_eq!(kinds(&open), expected);
    // Not the second `pondered`; the first has an ID that is none.
    assert_eq!(history.skipped, 8);
}

#[test]
fn an_entry_that_lacks_what_is_needed_is_no_entry() {
    let text = b"{\"v\":1,\"event\":\"sent\",\"id\":\"R/1\",\"action\":\"iam:DeleteAccessKey\"}\n";
    let history = History::of(text);
    assert_eq!(history.unfinished(|_| true), []);
    assert_eq!(history.skipped, 1);
}

/// A line with something in it overwritten.
fn damaged(event: &Event, text: &str) -> Vec<u8> {
    let mut line = event::write(event).unwrap();
    let middle = line.len() / 2;
    line[middle..middle + text.len()].copy_from_slice(text.as_bytes());
    line
}

#[test]
fn a_damaged_line_that_recorded_a_change_is_told_with_its_number_and_what_is_left() {
    let whole = event::write(&sent("R", "R/1")).unwrap();
    let bad = damaged(&sent("R", "R/2"), "\u{1}\"}");
    let text = [&whole, &b"\n"[..], &bad, &whole].concat();
    let history = History::of(&text);
    let [damaged] = &history.damaged[..] else {
        panic!("one line: {:?}", history.damaged);
    };
    assert_eq!(damaged.line, 3);
    assert!(
        damaged.text.starts_with("iam:CreateAccessKey, "),
        "{}",
        damaged.text
    );
    // It outlives the shortening.
    let short = history.shortened(&text, 0);
    let again = History::of(&short);
    assert_eq!(again.damaged.len(), 1);
    assert_eq!(again.damaged[0].text, damaged.text);
    // With a time that is none it is no entry either.
    let odd = String::from_utf8(whole.clone()).unwrap().replace('T', "X");
    assert_eq!(History::of(odd.as_bytes()).damaged.len(), 1);
}

#[test]
fn a_damaged_line_is_not_told_where_nothing_is_open() {
    let bad = damaged(&sent("R", "R/2"), "\u{1}\"}");
    let of = |more: &[u8]| History::of(&[&bad[..], more].concat()).damaged;
    assert_eq!(of(b"").len(), 1);
    let unknown = text(&[ended("R/2", Outcome::Unknown)]);
    assert_eq!(of(&unknown).len(), 1);
    for event in [
        ended("R/2", Outcome::Refused),
        settled("R/2"),
        stored("R/2"),
    ] {
        assert_eq!(of(&text(&[event])), []);
    }
    // Of what was cut off while it was written, nothing was sent; other entries record no change.
    let whole = event::write(&sent("R", "R/1")).unwrap();
    for cut in 0..whole.len() - 2 {
        let torn = [&whole[..cut], b"\n", &whole].concat();
        assert_eq!(History::of(&torn).damaged, [], "{cut}");
    }
    let bad = damaged(&ended("R/2", Outcome::Unknown), "\u{1}\"}");
    assert_eq!(History::of(&bad).damaged, []);
}

#[test]
fn a_journal_is_known_by_its_lines() {
    let journal = text(&[sent("R", "R/1")]);
    for length in 0..journal.len() {
        assert!(is_journal(&journal[..length]), "{length}");
    }
    assert!(is_journal(
        &[b"{\"v\":1,\"ev\n".as_slice(), &journal].concat()
    ));
    assert!(is_journal(&[0; 4096]));
    assert!(is_journal(&[b"garbage\n".as_slice(), &journal].concat()));
    assert!(!is_journal(b"[default]\naws_access_key_id = AKIAEXAMPLE\n"));
    assert!(!is_journal(b"{\"name\": 1}"));
}

#[test]
fn what_a_run_that_is_over_left_open_is_told_until_it_is_settled() {
    let (_directory, path) = nowhere();
    let (journal, open) = Journal::open(&path).unwrap();
    assert_eq!(open, []);
    let run = journal.run().to_owned();
    let id = |number| format!("{run}/{number}");
    assert_eq!(journal.id(1), id(1));
    for number in 1..=6 {
        journal.append(&sent(&run, &id(number))).unwrap();
    }
    for (number, outcome) in [
        (2, Outcome::Unknown),
        (3, Outcome::Done),
        (4, Outcome::Refused),
        (5, Outcome::Done),
        (6, Outcome::Done),
    ] {
        journal.append(&ended(&id(number), outcome)).unwrap();
    }
    journal.append(&stored(&id(5))).unwrap();
    let gone = Event::Discarded(Discarded {
        id: id(6),
        time: time(0),
        key: "AKIANEW1EXAMPLE".into(),
    });
    journal.append(&gone).unwrap();

    // It goes on.
    let (second, open) = Journal::open(&path).unwrap();
    assert_eq!(open, []);
    assert_ne!(second.run(), run);
    drop(journal.clone());
    assert_eq!(Journal::open(&path).unwrap().1, []);

    drop(journal);
    let (third, open) = Journal::open(&path).unwrap();
    let lost = open[2].ended.as_ref().unwrap();
    assert_eq!(lost.key.as_deref(), Some("AKIANEW1EXAMPLE"));
    assert_eq!(Event::Sent(open[0].sent.clone()), sent(&run, &id(1)));
    let expected = [Kind::Interrupted, Kind::Unknown, Kind::SecretLost];
    let open: Vec<_> = open.iter().map(|open| open.kind).collect();
    assert_eq!(open, expected);
    for number in 1..=3 {
        third.append(&settled(&id(number))).unwrap();
    }
    assert_eq!(Journal::open(&path).unwrap().1, []);
    drop((second, third));
    let left = ["journal.jsonl", "journal.jsonl.lock"].map(String::from);
    assert_eq!(names(&path), left.into());
}

#[test]
fn a_torn_last_line_costs_nothing_but_itself() {
    let whole = text(&[
        sent("R", "R/1"),
        ended("R/1", Outcome::Unknown),
        sent("R", "R/2"),
    ]);
    let entries: Vec<_> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    let (directory, path) = holding(b"");
    for cut in 0..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let (journal, open) = Journal::open(&path).unwrap();
        assert_eq!(journal.skipped(), 0, "{cut}");
        journal.append(&sent("R", "R/9")).unwrap();
        // A line that lacks nothing but its end is whole.
        let ends = entries.iter().scan(0, |at, line| {
            *at += line.len();
            Some(*at - 1)
        });
        let count = ends.filter(|end| *end <= cut).count();
        let now = fs::read(&path).unwrap();
        let (events, _) = read(&now);
        assert_eq!(events.len(), count + 1, "{cut}");
        assert_eq!(events.last(), Some(&sent("R", "R/9")), "{cut}");
        let expected = [&[][..], &[Kind::Interrupted], &[Kind::Unknown]];
        let open: Vec<_> = open.iter().map(|open| open.kind).collect();
        match expected.get(count) {
            Some(expected) => assert_eq!(open, *expected, "{cut}"),
            None => assert_eq!(open, [Kind::Unknown, Kind::Interrupted]),
        }
    }
    drop(directory);
}

#[test]
fn a_journal_that_has_grown_is_shortened_to_what_is_open_and_what_is_new() {
    let mut events = vec![sent("R", "R/open"), sent("R", "R/lost")];
    for number in 0..100 {
        let id = format!("R/{number}");
        events.extend([sent("R", &id), ended(&id, Outcome::Refused)]);
    }
    events.push(ended("R/lost", Outcome::Done));
    let (_directory, path) = holding(&text(&events));
    let (_journal, open) = Journal::open_shortening(&path, 10_000, 2_000).unwrap();
    let expected = [("R/open", Kind::Interrupted), ("R/lost", Kind::SecretLost)];
    assert_eq!(kinds(&open), expected);
    let now = fs::read(&path).unwrap();
    assert!(now.len() < 4_000, "{}", now.len());
    let (left, others) = read(&now);
    assert_eq!(others, 0);
    assert_eq!(left[..2], events[..2]);
    assert_eq!(left[left.len() - 4..], events[events.len() - 4..]);
    // It is short enough now, and says the same.
    let (_journal, open) = Journal::open_shortening(&path, 10_000, 2_000).unwrap();
    assert_eq!(kinds(&open), expected);
    assert_eq!(fs::read(&path).unwrap(), now);
}

#[test]
fn a_program_that_has_it_open_while_it_is_shortened_writes_to_the_new_file() {
    let (_directory, path) = holding(&text(&[sent("R", "R/1"), settled("R/1")]));
    let (journal, _) = Journal::open(&path).unwrap();
    Journal::open_shortening(&path, 0, 0).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"");
    journal.append(&sent("R", "R/2")).unwrap();
    assert_eq!(fs::read(&path).unwrap(), text(&[sent("R", "R/2")]));
}

#[test]
fn a_lock_that_another_process_holds_is_not_waited_for_for_ever() {
    let (_directory, path) = nowhere();
    let place = Place::make(&path).unwrap();
    let lock = place.lock().unwrap();
    let error = place.lock_within(std::time::Duration::ZERO).unwrap_err();
    assert!(matches!(error, Error::Busy(_)), "{error}");
    drop(lock);
    place.lock_within(std::time::Duration::ZERO).unwrap();
}

#[test]
fn a_file_that_is_something_else_is_left_alone() {
    let credentials = b"[default]\naws_access_key_id = AKIAEXAMPLE\n";
    let (_directory, path) = holding(credentials);
    let error = Journal::open(&path).unwrap_err();
    assert!(matches!(error, Error::NotAJournal(_)), "{error}");
    assert_eq!(fs::read(&path).unwrap(), credentials);
    let error = Journal::open(Path::new("/")).unwrap_err();
    assert!(error.to_string().contains("is a directory"), "{error}");
    let error = Journal::open(path.parent().unwrap()).unwrap_err();
    assert!(error.to_string().contains("is a directory"), "{error}");
    // A file cannot contain a directory.
    let error = Journal::open(&path.join("below.jsonl")).unwrap_err();
    assert!(error.to_string().contains("cannot be made"), "{error}");
}

fn event() -> impl Strategy<Value = Event> {
    let id = prop::sample::select(vec!["a/1", "a/2", "b/1", "b/2"]);
    let outcome = prop::sample::select(vec![Outcome::Done, Outcome::Refused, Outcome::Unknown]);
    let word = || prop::option::of(any::<String>());
    (id, 0..6, outcome, word(), word(), any::<bool>()).prop_map(
        |(id, which, outcome, word, other, creates)| match which {
            0 | 1 => {
                let mut event = sent(&id[..1], id);
                if let Event::Sent(sent) = &mut event {
                    sent.description = word;
                    sent.endpoint = other;
                    if !creates {
                        sent.action = "iam:UpdateAccessKey".into();
                        sent.active = Some(creates);
                    }
                }
                event
            }
            2 | 3 => {
                let mut event = ended(id, outcome);
                if let Event::Ended(ended) = &mut event {
                    ended.error = word;
                    ended.request_id = other;
                }
                event
            }
            4 => stored(id),
            _ => settled(id),
        },
    )
}

/// What is open after these events, said as plainly as possible.
fn reference(events: &[Event]) -> Vec<Unfinished> {
    let mut open = Vec::new();
    for (at, event) in events.iter().enumerate() {
        let Event::Sent(sent) = event else { continue };
        let id = &sent.id;
        let again = |event: &Event| matches!(event, Event::Sent(later) if later.id == *id);
        if events[at + 1..].iter().any(again) {
            continue;
        }
        let closed = events.iter().any(|event| match event {
            Event::Stored(Stored { id: closed, .. })
            | Event::Discarded(Discarded { id: closed, .. })
            | Event::Settled(Settled { id: closed, .. }) => closed == id,
            Event::Sent(_) | Event::Ended(_) | Event::Later => false,
        });
        let ended = events.iter().rev().find_map(|event| match event {
            Event::Ended(ended) if ended.id == *id => Some(ended.clone()),
            _ => None,
        });
        let kind = match ended.as_ref().map(|ended| ended.outcome) {
            _ if closed => continue,
            None => Kind::Interrupted,
            Some(Outcome::Unknown) => Kind::Unknown,
            Some(Outcome::Done) if sent.action == "iam:CreateAccessKey" => Kind::SecretLost,
            Some(_) => continue,
        };
        let sent = sent.clone();
        open.push(Unfinished { kind, sent, ended });
    }
    open
}

#[test]
fn what_a_later_version_wrote_outlives_the_shortening() {
    let text = b"{\"v\":2,\"event\":\"sent\",\"id\":\"a/1\"}\n{\"v\":1,\"event\":\"seen\",\"id\":\"a/2\"}\n";
    let short = History::of(text).shortened(text, 0);
    assert_eq!(short, text);
}

proptest! {
    #[test]
    fn every_event_is_read_as_it_was_written(event in event()) {
        let line = event::write(&event).unwrap();
        prop_assert!(line.is_ascii());
        prop_assert_eq!(line.split(|byte| *byte == b'\n').count(), 2);
        prop_assert_eq!(serde_json::from_slice::<Event>(&line).unwrap(), event);
    }

    #[test]
    fn exactly_what_is_open_is_reported(
        events in prop::collection::vec(event(), 0..24),
        garbage in prop::collection::vec((0_usize..24, "[^\n]{1,9}"), 0..4),
    ) {
        let mut lines: Vec<_> = events.iter().map(|event| event::write(event).unwrap()).collect();
        for (at, garbage) in &garbage {
            let line = format!("{garbage}\n").into_bytes();
            lines.insert(*at.min(&lines.len()), line);
        }
        let text = lines.concat();
        let history = History::of(&text);
        prop_assert_eq!(history.unfinished(|_| true), reference(&events));
        prop_assert_eq!(history.skipped, garbage.len());
        let of_a = reference(&events).into_iter().filter(|open| open.sent.run == "a");
        prop_assert_eq!(history.unfinished(|run| run == "a"), of_a.collect::<Vec<_>>());
    }

    #[test]
    fn a_text_cut_anywhere_says_what_its_whole_lines_say(
        events in prop::collection::vec(event(), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let text = text(&events);
        let cut = cut.index(text.len() + 1);
        // Whole also without its end.
        let whole = (0..=events.len()).rev().find(|count| {
            self::text(&events[..*count]).len().saturating_sub(1) <= cut
        });
        let history = History::of(&text[..cut]);
        let expected = reference(&events[..whole.unwrap()]);
        prop_assert_eq!(history.unfinished(|_| true), expected);
        prop_assert_eq!(history.skipped, 0);
    }

    #[test]
    fn a_shortened_text_says_the_same(
        events in prop::collection::vec(event(), 0..24),
        newest in 0_usize..3_000,
    ) {
        let text = text(&events);
        let short = History::of(&text).shortened(&text, newest);
        prop_assert_eq!(History::of(&short).unfinished(|_| true), reference(&events));
        let newest = text.len().saturating_sub(newest);
        let start = text[newest..].iter().position(|byte| *byte == b'\n');
        let rest = start.map_or(&[][..], |start| &text[newest + start + 1..]);
        prop_assert!(short.ends_with(rest));
        prop_assert!(short.len() <= text.len());
        // And nothing more the second time.
        let again = History::of(&short).shortened(&short, 0);
        let open = |text: &[u8]| History::of(text).unfinished(|_| true);
        prop_assert_eq!(open(&again), open(&short));
    }
}

#[cfg(unix)]
mod processes;

/// The end of a change that was made.
fn done(id: &str, key: Option<&str>) -> Event {
    match ended(id, Outcome::Done) {
        Event::Ended(end) => Event::Ended(Ended {
            key: key.map(str::to_owned),
            ..end
        }),
        other => other,
    }
}

/// A key that is activated or deactivated.
fn status(id: &str, key: &str, active: bool) -> Event {
    match sent("run", id) {
        Event::Sent(sent) => Event::Sent(Sent {
            action: "iam:UpdateAccessKey".into(),
            key: Some(key.into()),
            active: Some(active),
            keys_before: None,
            ..sent
        }),
        other => other,
    }
}

#[test]
fn it_tells_which_key_a_rotation_has_replaced_and_what_was_deactivated_since() {
    const OLD: &str = "AKIAOLD1EXAMPLE";
    const NEW: &str = "AKIANEW1EXAMPLE";
    let in_rotation = |id: &str| match sent("run", id) {
        Event::Sent(sent) => Event::Sent(Sent {
            replaces: Some(OLD.into()),
            ..sent
        }),
        other => other,
    };
    let created = [in_rotation("run/2"), done("run/2", Some(NEW))];
    let off = |id: &str| [status(id, OLD, false), done(id, None)];
    let on = |id: &str| [status(id, OLD, true), done(id, None)];
    for (events, replaced, deactivated) in [
        (
            vec![sent("run", "run/2"), done("run/2", Some(NEW))],
            false,
            false,
        ),
        (created.to_vec(), true, false),
        ([created.clone(), off("run/3")].concat(), true, true),
        // It was deactivated before.
        ([off("run/1"), created.clone()].concat(), true, false),
        (
            [created.clone(), off("run/3"), on("run/4")].concat(),
            true,
            false,
        ),
        // What was not done, or is not known to be.
        (
            vec![in_rotation("run/2"), ended("run/2", Outcome::Refused)],
            false,
            false,
        ),
        (
            [&created[..], &[status("run/3", OLD, false)]].concat(),
            true,
            false,
        ),
    ] {
        let rotated = History::of(&text(&events)).rotated();
        let pairs = replaced.then(|| (NEW.to_owned(), OLD.to_owned()));
        assert_eq!(rotated.replaced, pairs.into_iter().collect(), "{events:?}");
        let off = deactivated.then(|| OLD.to_owned());
        assert_eq!(rotated.deactivated, off.into_iter().collect(), "{events:?}");
    }
}
