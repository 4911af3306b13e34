//! The command palette's rows: every action of a page that a person might look for by name.

use super::{
    action::Action,
    keymap::{self, Context, Key},
};
use nucleo_matcher::{
    Config, Matcher,
    pattern::{CaseMatching, Normalization, Pattern},
};

/// The actions of a page, by the places that it has. What another page offers would be done to
/// something that is not in sight.
#[must_use]
pub fn actions(places: &[Context]) -> Vec<Action> {
    let mut actions = Vec::new();
    for context in places {
        for binding in keymap::in_context(*context) {
            if !actions.contains(&binding.action) && binding.action != Action::Palette {
                actions.push(binding.action);
            }
        }
    }
    actions
}

/// The key that an action has in one of these places.
#[must_use]
pub fn key(places: &[Context], action: Action) -> Option<Key> {
    let mut places = places.iter();
    places.find_map(|context| keymap::key_of(*context, action))
}

/// The rows for what is typed: all without it, the best match first with it.
#[must_use]
pub fn rows(places: &[Context], typed: &str) -> Vec<Action> {
    if typed.trim().is_empty() {
        return actions(places);
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
    let mut buffer = Vec::new();
    let mut rows: Vec<(u32, Action)> = actions(places)
        .into_iter()
        .filter_map(|action| {
            let text = format!("{} {}", action.title(), action.help());
            let text = nucleo_matcher::Utf32Str::new(&text, &mut buffer);
            Some((pattern.score(text, &mut matcher)?, action))
        })
        .collect();
    rows.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    rows.into_iter().map(|(_, action)| action).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::pages::Page;

    #[test]
    fn every_action_of_a_page_is_there_with_a_key() {
        for page in Page::ALL {
            let all = actions(page.row().places);
            assert!(
                all.iter()
                    .all(|action| key(page.row().places, *action).is_some())
            );
        }
        let all = actions(Page::Users.row().places);
        assert!(all.contains(&Action::Create) && all.contains(&Action::Details));
        assert!(actions(Page::Activity.row().places).contains(&Action::CopyCommand));
    }

    #[test]
    fn nothing_is_done_to_a_key_from_where_no_key_is_seen() {
        use Action::{CopyId, Create, Delete, Details, Toggle};
        for action in [Create, Toggle, Delete, CopyId, Details] {
            assert!(
                !actions(Page::Activity.row().places).contains(&action),
                "{action:?}"
            );
        }
    }

    #[test]
    fn what_is_typed_brings_the_action_up() {
        let first = |typed| rows(Page::Users.row().places, typed).first().copied();
        assert_eq!(first("deac"), Some(Action::Toggle));
        assert_eq!(first("quit"), Some(Action::Quit));
        assert_eq!(first("activity"), Some(Action::ShowActivity));
        assert_eq!(first("zzzz"), None);
    }
}
