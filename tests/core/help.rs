//! Help, the guide to filters and the palette: all that they have to say is seen, and whole.

use super::SIZE;
use crate::desk::{Desk, people, settings};
use crossterm::event::KeyCode;
use iamkeys::{
    engine::query::GUIDE,
    tui::{
        SMALLEST, Settings,
        keymap::{self, Binding, Context},
        palette,
    },
};

/// The places of the pages, each with the keys that lead there.
const PLACES: [(Context, &str); 7] = [
    (Context::Users, "1"),
    (Context::Keys, "1l"),
    (Context::AllKeys, "2"),
    (Context::Findings, "3"),
    (Context::FoundKeys, "3l"),
    (Context::Grid, "3ll"),
    (Context::Activity, "4"),
];

fn at(size: (u16, u16), ascii: bool, keys: &str) -> Desk {
    let settings = Settings {
        ascii,
        ..settings()
    };
    let mut desk = Desk::showing(size, settings, &people());
    desk.keys(keys);
    desk
}

/// What help says of a binding where there is little room.
fn short(binding: &Binding) -> &'static str {
    let in_group = binding.action.in_group();
    in_group.expect("what a page can do has a group").1
}

#[test]
fn help_of_a_page_shows_everything_at_once() {
    for ascii in [false, true] {
        for (context, keys) in PLACES {
            let mut desk = at(SIZE, ascii, keys);
            desk.keys("?");
            assert_eq!(desk.draw().scroll_limit, 0, "{context:?}");
            let screen = desk.screen();
            assert!(screen.contains(&format!("Keys: {}", context.title())));
            assert!(screen.is_ascii() || !ascii, "{screen}");
            for binding in keymap::in_context(context) {
                let text = short(binding);
                assert!(screen.contains(text), "{text} in {context:?}:\n{screen}");
                for key in binding.keys {
                    let mut words = screen.split_whitespace();
                    let key = if ascii {
                        format!("{key:#}")
                    } else {
                        key.to_string()
                    };
                    assert!(words.any(|word| word == key), "{key}:\n{screen}");
                }
            }
            for heading in ["Keys", "View", "Move", "Symbols"] {
                assert!(screen.contains(&format!(" {heading}  ")), "{heading}");
            }
        }
    }
}

#[test]
fn what_the_symbols_mean_is_in_help() {
    let legend = |ascii| {
        let mut desk = at(SIZE, ascii, "?");
        desk.draw();
        desk.screen()
    };
    for meaning in [
        "● Active",
        "○ Inactive",
        "◉ this session",
        "~ by the report",
        "↻ rotating",
        "? not known",
        "+ more keys",
        "… loading",
    ] {
        assert!(legend(false).contains(meaning), "{meaning}");
    }
    let ascii = legend(true);
    for meaning in ["* Active", "@ this session", "% rotating", "... loading"] {
        assert!(ascii.contains(meaning), "{meaning}:\n{ascii}");
    }
}

#[test]
fn with_more_room_help_says_more_and_with_little_it_scrolls() {
    for (context, keys) in PLACES {
        let mut desk = at((120, 36), false, keys);
        desk.keys("?");
        assert_eq!(desk.draw().scroll_limit, 0, "{context:?}");
        let screen = desk.screen();
        for binding in keymap::in_context(context) {
            let text = binding.action.help();
            assert!(screen.contains(text), "{text} in {context:?}:\n{screen}");
        }
        let mut desk = at(SMALLEST, false, keys);
        desk.keys("?");
        assert!(desk.draw().scroll_limit > 0);
        let mut seen = desk.screen();
        for _ in 0..desk.draw().scroll_limit {
            desk.keys("j");
            seen += &desk.screen();
        }
        for binding in keymap::in_context(context) {
            let text = short(binding);
            assert!(seen.contains(text), "{text} in {context:?}");
        }
    }
}

#[test]
fn the_guide_to_filters_is_one_key_from_help() {
    let mut desk = at(SIZE, false, "?");
    assert!(desk.screen().contains("How to filter /"));
    desk.keys("/");
    assert_eq!(desk.draw().scroll_limit, 0);
    let guide = desk.screen();
    assert!(guide.contains("─ Filters ─"), "{guide}");
    for (example, _) in GUIDE {
        assert!(guide.contains(example), "{example}:\n{guide}");
    }
    desk.press(KeyCode::Esc);
    assert!(desk.screen().contains("Keys: users"));
    desk.press(KeyCode::Esc);
    assert_eq!(desk.draw().view.unwrap().dialogs, 0);

    // Where there is no filter, there is no guide.
    let mut desk = at(SIZE, false, "4?");
    assert!(!desk.screen().contains("How to filter"));
    desk.keys("/");
    assert_eq!(desk.draw().view.unwrap().dialogs, 1);
}

#[test]
fn the_palette_cuts_nothing_off() {
    for size in [SIZE, SMALLEST] {
        for (places, keys) in [
            (&[Context::Users, Context::Keys][..], "1:"),
            (&[Context::AllKeys], "2:"),
            (&[Context::Activity], "4:"),
        ] {
            let mut desk = at(size, false, keys);
            let mut seen = String::new();
            for _ in palette::actions(places) {
                seen += &desk.screen();
                desk.press(KeyCode::Down);
            }
            for action in palette::actions(places) {
                let key = palette::key(places, action).expect("it has a key");
                let whole = seen.lines().any(|line| {
                    let (_, rest) = line.split_once(action.help()).unwrap_or_default();
                    rest.starts_with("  ") && rest.trim_start().starts_with(&key.to_string())
                });
                assert!(whole, "{} at {size:?}", action.help());
            }
        }
    }
}

#[test]
fn the_palette_stays_as_large_as_it_is_whatever_is_typed() {
    for size in [SIZE, SMALLEST, (120, 36)] {
        // Where its frame begins and ends.
        let frame = |typed: &str| {
            let screen = at(size, false, &format!(":{typed}")).screen();
            let rows: Vec<Vec<char>> = screen.lines().map(|row| row.chars().collect()).collect();
            let title: Vec<char> = "╭─ Commands ─".chars().collect();
            let found = rows.iter().enumerate().find_map(|(y, row)| {
                let x = row.windows(title.len()).position(|at| at == title)?;
                Some((x, y))
            });
            let (left, top) = found.expect("the palette is open");
            let width = rows[top][left..].iter().position(|c| *c == '╮');
            let height = rows[top..].iter().position(|row| row[left] == '╰');
            (left, top, width.expect("it ends"), height.expect("it ends"))
        };
        let empty = frame("");
        for typed in ["d", "deactivate", "zzzz", "a long text that names nothing"] {
            assert_eq!(frame(typed), empty, "{typed} at {size:?}");
        }
    }
}

#[test]
fn what_is_typed_into_the_palette_is_seen_to_its_end() {
    let typed = "0123456789".repeat(8);
    let desk = at(SMALLEST, false, &format!(":{typed}end"));
    assert!(desk.screen().contains("end▏"), "{}", desk.screen());
}
