//! The command palette's rows: every action that a person might look for by name.

use crate::{
    action::Action,
    keymap::{self, Context, Key},
};
use nucleo_matcher::{
    Config, Matcher,
    pattern::{CaseMatching, Normalization, Pattern},
};

/// The actions of the main view, which is where the palette opens.
#[must_use]
pub fn actions() -> Vec<Action> {
    let mut actions = Vec::new();
    for context in [Context::Users, Context::Keys] {
        for binding in keymap::in_context(context) {
            if !actions.contains(&binding.action) && binding.action != Action::Palette {
                actions.push(binding.action);
            }
        }
    }
    actions
}

/// The key that an action has in the main view.
#[must_use]
pub fn key(action: Action) -> Option<Key> {
    keymap::key_of(Context::Users, action).or_else(|| keymap::key_of(Context::Keys, action))
}

/// The rows for what is typed: all without it, the best match first with it.
#[must_use]
pub fn rows(typed: &str) -> Vec<Action> {
    if typed.trim().is_empty() {
        return actions();
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
    let mut buffer = Vec::new();
    let mut rows: Vec<(u32, Action)> = actions()
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
    fn every_action_of_the_main_view_is_there_with_a_key() {
        let all = actions();
        assert!(all.contains(&Action::Create) && all.contains(&Action::Details));
        assert!(all.iter().all(|action| key(*action).is_some()));
    }

    #[test]
    fn what_is_typed_brings_the_action_up() {
        assert_eq!(rows("deac").first(), Some(&Action::Toggle));
        assert_eq!(rows("quit").first(), Some(&Action::Quit));
        assert!(rows("zzzz").is_empty());
    }
}
