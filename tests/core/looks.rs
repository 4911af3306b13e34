//! How things look where it is more than a picture: colours, notices, and where one is in a list.

use super::SIZE;
use crate::desk::{Desk, Someone, people, settings, someone};
use iamkeys::{
    engine::{Kind, Read, SignedIn, account::Known, model::KeyStatus},
    tui::{self, Colours, Ground, Message, SMALLEST, Settings},
};
use ratatui::{
    buffer::{Buffer, Cell},
    layout::Rect,
    style::{Color, Modifier},
};

fn drawn(desk: &Desk) -> Buffer {
    let (width, height) = desk.screen.size();
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    tui::draw(&mut buffer, &desk.screen, desk.clock);
    buffer
}

fn showing(colours: Colours) -> Desk {
    let settings = Settings {
        colours,
        ..settings()
    };
    Desk::showing(SIZE, settings, &people())
}

/// The cells of the row that is selected in the list of users, within its pane.
fn selected_row(buffer: &Buffer) -> Vec<Cell> {
    let rows = buffer.content.chunks(usize::from(buffer.area.width));
    let row = rows
        .filter(|row| row[1].symbol() == "▌")
        .map(|row| row[3..30].to_vec())
        .next();
    row.expect("a row is selected")
}

#[test]
fn a_selected_row_keeps_its_colours_on_a_soft_ground_where_there_are_enough() {
    let mut desk = showing(Colours::True);
    desk.keys("j");
    let row = selected_row(&drawn(&desk));
    assert!(row.iter().all(|cell| matches!(cell.bg, Color::Rgb(..))));
    let grounds: Vec<Color> = row.iter().map(|cell| cell.bg).collect();
    assert!(grounds.windows(2).all(|pair| pair[0] == pair[1]));
    let age: Vec<&Cell> = row.iter().filter(|cell| cell.symbol() == "d").collect();
    let name = row.iter().find(|cell| cell.symbol() == "d").unwrap();
    assert_ne!(age.last().unwrap().fg, name.fg, "an old age stands out");
    assert!(
        row.iter()
            .all(|cell| !cell.modifier.contains(Modifier::REVERSED))
    );

    // With sixteen, the ground may be any: one colour for the whole row.
    let mut desk = showing(Colours::Sixteen);
    desk.keys("j");
    let row = selected_row(&drawn(&desk));
    assert!(
        row.iter()
            .all(|cell| cell.modifier.contains(Modifier::REVERSED))
    );
}

#[test]
fn colours_follow_the_ground_once_the_terminal_tells_it() {
    let mut desk = showing(Colours::True);
    let dark = drawn(&desk);
    desk.send(Message::Ground(Ground::Light));
    let light = drawn(&desk);
    assert_eq!(dark.content.len(), light.content.len());
    let texts = |buffer: &Buffer| -> String {
        let cells = buffer.content.iter();
        cells.map(Cell::symbol).collect()
    };
    // Where digits have no colour, an old age has a mark.
    let light_texts = texts(&light);
    assert!(light_texts.contains("▲901d"), "{light_texts}");
    assert_eq!(texts(&dark), light_texts.replace('▲', " "));
    // A text on white is dark, and on black is light.
    let brightness = |color: Color| match color {
        Color::Rgb(red, green, blue) => {
            Some((u32::from(red) * 299 + u32::from(green) * 587 + u32::from(blue) * 114) / 1000)
        }
        _ => None,
    };
    let texts_of = |buffer: &Buffer| -> Vec<u32> {
        let plain = buffer.content.iter().filter(|cell| cell.bg == Color::Reset);
        plain.filter_map(|cell| brightness(cell.fg)).collect()
    };
    let (on_dark, on_light) = (texts_of(&dark), texts_of(&light));
    // Coloured words are plain on a light ground.
    assert!(
        on_dark.len() > 100 && on_light.len() > 100,
        "{}",
        on_light.len()
    );
    assert!(on_dark.iter().all(|bright| *bright > 110), "{on_dark:?}");
    assert!(on_light.iter().all(|bright| *bright < 120), "{on_light:?}");
    // Elsewhere nothing depends on it.
    let mut desk = showing(Colours::Sixteen);
    let before = drawn(&desk);
    desk.send(Message::Ground(Ground::Light));
    assert_eq!(drawn(&desk), before);
}

/// The contrast of two colours, as WCAG 2 counts it.
fn contrast(one: u32, other: u32) -> f64 {
    let luminance = |colour: u32| {
        let part = |shift: u32| {
            let part = f64::from(colour >> shift & 0xff) / 255.0;
            if part <= 0.040_45 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * part(16) + 0.7152 * part(8) + 0.0722 * part(0)
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// The texts of the main views: letters and digits, on their backgrounds.
fn texts_of_views(ground: Ground) -> Vec<(String, Color, Color)> {
    let mut desk = Desk::showing((120, 36), settings(), &people());
    desk.screen.settings.colours = Colours::True;
    desk.send(Message::Ground(ground));
    let mut texts = Vec::new();
    for page in ["1", "jjjj", "2", "R3"] {
        desk.keys(page);
        for cell in drawn(&desk).content {
            let text = |c: char| c.is_alphanumeric() || ".,:;()-/".contains(c);
            if cell.symbol().chars().all(text) {
                texts.push((cell.symbol().to_owned(), cell.fg, cell.bg));
            }
        }
    }
    texts
}

#[test]
fn on_a_light_background_only_symbols_are_coloured() {
    let (secondary, accent, on_colour) = (0x5a_5f_78, 0x2a_55_b8, 0xff_ff_ff);
    let allowed = [secondary, accent, on_colour].map(Color::from_u32);
    for (text, colour, _) in texts_of_views(Ground::Light) {
        let fits = colour == Color::Reset || allowed.contains(&colour);
        assert!(fits, "{text} in {colour}");
    }
}

#[test]
fn texts_stand_out_from_their_background() {
    for (ground, plain, background) in [
        (Ground::Dark, 0xc0_ca_f5, 0x1a_1b_26),
        (Ground::Light, 0x00_00_00, 0xff_ff_ff),
    ] {
        let number = |colour: Color, otherwise: u32| match colour {
            Color::Rgb(red, green, blue) => {
                u32::from(red) << 16 | u32::from(green) << 8 | u32::from(blue)
            }
            _ => otherwise,
        };
        for (text, fg, bg) in texts_of_views(ground) {
            let (fg, bg) = (number(fg, plain), number(bg, background));
            let contrast = contrast(fg, bg);
            assert!(
                contrast >= 4.5,
                "{text}: {fg:06x} on {bg:06x} is {contrast:.2}"
            );
        }
    }
}

#[test]
fn without_colours_an_old_age_has_a_mark_and_a_dialog_a_frame_of_its_own() {
    let mut desk = showing(Colours::None);
    let screen = desk.screen();
    let row = |name: &str| {
        let row = screen.lines().find(|line| line.contains(name));
        row.expect("a row").to_owned()
    };
    assert!(row("old-batch").contains("▲901d"), "{screen}");
    assert!(!row("alice  ").contains('▲'), "{screen}");
    desk.keys("c");
    assert!(desk.screen().contains("╔═ Create key"), "{}", desk.screen());
}

#[test]
fn a_notice_is_seen_in_every_size_and_leaves_the_tabs_alone() {
    for size in [SMALLEST, SIZE, (120, 36)] {
        let mut desk = Desk::showing(size, settings(), &people());
        let tabs = |desk: &Desk| desk.screen().lines().nth(1).map(str::to_owned);
        let before = tabs(&desk);
        assert!(before.clone().unwrap().contains("4 Activity"), "{before:?}");
        desk.send(Message::Paste("nothing that is looked for".into()));
        let notice = &desk.screen.notice().expect("a notice").text.clone();
        let end = notice.split(' ').next_back().unwrap();
        assert!(desk.screen().contains(end), "{}", desk.screen());
        assert_eq!(tabs(&desk), before);
        // Above a dialog as well, and no button of it is hidden.
        desk.keys("c");
        let buttons = |desk: &Desk| {
            let screen = desk.screen();
            screen.contains("Cancel") && screen.contains("Create y")
        };
        assert!(buttons(&desk), "{}", desk.screen());
        desk.send(Message::Paste("nothing that is looked for".into()));
        assert!(desk.screen().contains(end), "{}", desk.screen());
        assert!(buttons(&desk), "{}", desk.screen());
    }
}

#[test]
fn a_list_that_is_longer_than_its_pane_tells_where_one_is() {
    let names: Vec<&'static str> = (0..40)
        .map(|at| &*Box::leak(format!("user-{at:02}").into_boxed_str()))
        .collect();
    let crowd: Vec<Someone> = names.iter().map(|name| someone(name, &[])).collect();
    let mut desk = Desk::showing(SIZE, settings(), &crowd);
    assert!(desk.screen().contains(" 1/40 ╯"), "{}", desk.screen());
    let thumb = |desk: &Desk| {
        let screen = desk.screen();
        screen.lines().position(|line| line.contains('┃'))
    };
    let first = thumb(&desk).expect("a scrollbar");
    desk.keys("G");
    assert!(desk.screen().contains(" 40/40 ╯"), "{}", desk.screen());
    assert!(thumb(&desk).unwrap() > first);
    let few = Desk::showing(SIZE, settings(), &people());
    assert_eq!(thumb(&few), None);
    assert!(!few.screen().contains("1/6"), "{}", few.screen());
}

#[test]
fn the_smallest_screen_still_says_how_to_deactivate_rotate_and_filter() {
    let desk = Desk::showing(SMALLEST, settings(), &people());
    let screen = desk.screen();
    let hints = screen.lines().last().unwrap();
    for hint in ["t deactivate", "r rotate", "/ filter", "? help"] {
        assert!(hints.contains(hint), "{hints}");
    }
}

#[test]
fn that_no_keys_may_be_listed_is_said_in_the_list_of_all_keys_too() {
    let users = people();
    let mut desk = Desk::new(SIZE, settings());
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    while let Some((request, read)) = desk.next_read() {
        let result = match &read {
            Read::Keys(_) | Read::Report => Err(super::error(Kind::Denied)),
            _ => crate::desk::answer(&users, read),
        };
        desk.answered(request, result);
    }
    desk.keys("2");
    let screen = desk.screen();
    assert!(
        screen.contains("AccessDenied: iam:ListAccessKeys"),
        "{screen}"
    );
    assert!(!screen.contains("Loading the keys"), "{screen}");
}

#[test]
fn a_row_tells_of_the_key_that_most_needs_attention() {
    let users = [
        someone(
            "jenkins",
            &[
                ("AKIAJENKINS1EXAMPLE1", false, 1530, Some(400 * 24)),
                ("AKIAJENKINS2EXAMPLE2", true, 60, Some(1)),
            ],
        ),
        someone(
            "former",
            &[("AKIAFORMER01EXAMPLE1", false, 640, Some(388 * 24))],
        ),
    ];
    let desk = Desk::showing(SIZE, settings(), &users);
    let row = desk.account().users.get("jenkins").unwrap();
    assert_eq!(row.foremost().unwrap().id(), Some("AKIAJENKINS2EXAMPLE2"));
    let ids: Vec<_> = row.foremost_first().filter_map(Known::id).collect();
    assert_eq!(ids, ["AKIAJENKINS2EXAMPLE2", "AKIAJENKINS1EXAMPLE1"]);
    let row = desk.account().users.get("former").unwrap();
    assert_eq!(*row.foremost().unwrap().status(), KeyStatus::Inactive);
    let screen = desk.screen();
    assert!(screen.contains("640d   388d"), "{screen}");
    // With room, both of them.
    let desk = Desk::showing((120, 36), settings(), &users);
    let screen = desk.screen();
    assert!(screen.contains("○  1530d   400d"), "{screen}");
}

/// The line of the screen that has this in it.
fn line_with(screen: &str, text: &str) -> String {
    let line = screen.lines().find(|line| line.contains(text));
    line.unwrap_or_else(|| panic!("no {text} in {screen}"))
        .to_owned()
}

/// How many cells stand before this text.
fn cells_before(line: &str, text: &str) -> usize {
    let at = line.find(text);
    let at = at.unwrap_or_else(|| panic!("no {text} in {line}"));
    line[..at].chars().count()
}

#[test]
fn on_a_wide_screen_what_belongs_together_stays_together_and_the_room_is_used() {
    for width in [150, 160, 200, 300] {
        let mut desk = Desk::showing((width, 45), settings(), &people());
        let users = desk.screen();
        let head = line_with(&users, "name ▴");
        assert!(head.contains("path"), "{head}");
        let gap = cells_before(&head, "age") - cells_before(&head, "name");
        assert!(gap < 60, "{gap} cells at {width}");

        desk.keys("2");
        let keys = desk.screen();
        let head = line_with(&keys, "key ID");
        let gap = cells_before(&head, "age") - cells_before(&head, "user");
        assert!(gap < 60, "{gap} cells at {width}");
        assert!(head.contains("created"), "{head}");
        if width >= 160 {
            assert!(head.contains("description"), "{head}");
        }
        if width >= 200 {
            assert!(head.contains("path"), "{head}");
        }
    }
}

#[test]
fn the_lives_of_two_keys_share_one_scale() {
    let mut desk = Desk::showing((120, 36), settings(), &people());
    desk.keys("j");
    let screen = desk.screen();
    let lives: Vec<&str> = screen.lines().filter(|line| line.contains('├')).collect();
    assert_eq!(lives.len(), 2, "{screen}");
    // The older begins at the left, the younger where its life begins; both end now.
    let begins: Vec<usize> = lives.iter().map(|life| cells_before(life, "├")).collect();
    let ends: Vec<usize> = lives.iter().map(|life| cells_before(life, "┤")).collect();
    assert!(begins[0] + 10 < begins[1], "{screen}");
    assert_eq!(ends[0], ends[1], "{screen}");
}
