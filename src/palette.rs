//! The command palette's rows: every action of a view that a person might look for by name.

use crate::{
    action::Action,
    keymap::{self, Context, Key},
    state::View,
};
use nucleo_matcher::{
    Config, Matcher,
    pattern::{CaseMatching, Normalization, Pattern},
};

/// The places of a view. What another view offers would be done to something that nobody sees.
fn places(view: View) -> &'static [Context] {
    match view {
        View::Users => &[Context::Users, Context::Keys],
        View::Keys => &[Context::AllKeys],
        View::Activity => &[Context::Activity],
    }
}

/// The actions of the view that the palette is opened in.
#[must_use]
pub fn actions(view: View) -> Vec<Action> {
    let mut actions = Vec::new();
    for context in places(view) {
        for binding in keymap::in_context(*context) {
            if !actions.contains(&binding.action) && binding.action != Action::Palette {
                actions.push(binding.action);
            }
        }
    }
    actions
}

/// The key that an action has in a view.
#[must_use]
pub fn key(view: View, action: Action) -> Option<Key> {
    let mut places = places(view).iter();
    places.find_map(|context| keymap::key_of(*context, action))
}

/// The rows for what is typed: all without it, the best match first with it.
#[must_use]
pub fn rows(view: View, typed: &str) -> Vec<Action> {
    if typed.trim().is_empty() {
        return actions(view);
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
    let mut buffer = Vec::new();
    let mut rows: Vec<(u32, Action)> = actions(view)
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

    #[test]
    fn every_action_of_a_view_is_there_with_a_key() {
        for view in [View::Users, View::Keys, View::Activity] {
            let all = actions(view);
            assert!(all.iter().all(|action| key(view, *action).is_some()));
        }
        let all = actions(View::Users);
        assert!(all.contains(&Action::Create) && all.contains(&Action::Details));
        assert!(actions(View::Activity).contains(&Action::CopyCommand));
    }

    #[test]
    fn nothing_is_done_to_a_key_from_where_no_key_is_seen() {
        use Action::{CopyId, Create, Delete, Details, Toggle};
        for action in [Create, Toggle, Delete, CopyId, Details] {
            assert!(!actions(View::Activity).contains(&action), "{action:?}");
        }
    }

    #[test]
    fn what_is_typed_brings_the_action_up() {
        let first = |typed| rows(View::Users, typed).first().copied();
        assert_eq!(first("deac"), Some(Action::Toggle));
        assert_eq!(first("quit"), Some(Action::Quit));
        assert_eq!(first("activity"), Some(Action::ShowActivity));
        assert_eq!(first("zzzz"), None);
    }
}
