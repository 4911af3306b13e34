//! Patterns with `*` and `?`, as shells have them.

use wildmatch::WildMatch;

/// What a name, a path or a description has to look like. Case is ignored, as IAM ignores it in names.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::engine) struct Glob {
    pattern: WildMatch,
    /// It asks for so little that nothing has to be gone through.
    plain: Option<Plain>,
}

#[derive(Clone, Debug, PartialEq)]
enum Plain {
    /// Anything.
    Any,
    /// This very text, which is ASCII.
    Text(Box<str>),
}

impl Eq for Glob {}

impl Glob {
    /// A pattern: `*` stands for any characters or none, `?` for one. One without `*` may be found
    /// anywhere: who types a part of a name should not have to know what is around it.
    pub(super) fn new(pattern: &str) -> Self {
        let around = if pattern.contains('*') { "" } else { "*" };
        Self::whole(&format!("{around}{pattern}{around}"))
    }

    /// A pattern of a whole name: without a star it is the name itself.
    pub(in crate::engine) fn whole(pattern: &str) -> Self {
        let is_text = pattern.is_ascii() && !pattern.contains(['*', '?']);
        let is_any = !pattern.is_empty() && pattern.bytes().all(|byte| byte == b'*');
        let text = || is_text.then(|| Plain::Text(pattern.into()));
        Self {
            pattern: WildMatch::new_case_insensitive(pattern),
            plain: is_any.then_some(Plain::Any).or_else(text),
        }
    }

    /// What was typed of it, where it is a pattern of a whole name.
    pub(in crate::engine) fn text(&self) -> String {
        self.pattern.pattern()
    }

    pub(in crate::engine) fn matches(&self, text: &str) -> bool {
        match &self.plain {
            Some(Plain::Any) => true,
            Some(Plain::Text(this)) if text.is_ascii() => text.eq_ignore_ascii_case(this),
            _ => self.pattern.matches(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stars_and_question_marks_are_those_of_a_shell() {
        for (pattern, text, matches) in [
            ("ci-*", "ci-deploy", true),
            ("ci-*", "CI-Deploy", true),
            ("ci-*", "ci-", true),
            ("ci-*", "my-ci-deploy", false),
            ("*-bot", "deploy-bot", true),
            ("*-bot", "deploy-bot2", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*", "", true),
            ("**", "anything", true),
            ("web-?*", "web-1", true),
            ("web-?*", "web-", false),
            // Without a star: anywhere.
            ("ploy", "deploy-bot", true),
            ("PLOY-b", "deploy-bot", true),
            ("deploy-bot", "deploy-bot", true),
            ("ployb", "deploy-bot", false),
            ("web-?", "old-web-12", true),
            ("b?t", "deploy-bot", true),
            // A question mark is a character, not a byte of one.
            ("*a?b", "aéb", true),
            ("*a??b", "aéb", false),
            ("*?本*", "日本", true),
            ("*?日*", "日本", false),
        ] {
            assert_eq!(
                Glob::new(pattern).matches(text),
                matches,
                "{pattern} {text}"
            );
        }
    }

    /// The same, as it would be explained.
    fn plainly(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], text) => text.is_empty(),
            (['*', rest @ ..], text) => (0..=text.len()).any(|at| plainly(rest, &text[at..])),
            (['?', rest @ ..], [_, text @ ..]) => plainly(rest, text),
            ([a, rest @ ..], [b, text @ ..]) if a.to_lowercase().eq(b.to_lowercase()) => {
                plainly(rest, text)
            }
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn a_pattern_matches_what_it_plainly_should(
            pattern in "[abAé*?]{0,7}",
            text in "[abBé日]{0,9}",
        ) {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            let whole = if pattern.contains('*') {
                pattern.clone()
            } else {
                format!("*{pattern}*")
            };
            prop_assert_eq!(
                Glob::new(&pattern).matches(&text),
                plainly(&chars(&whole), &chars(&text))
            );
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let text = "a".repeat(10_000);
        assert!(!Glob::new(&format!("{}b", "*a".repeat(60))).matches(&text));
    }
}
