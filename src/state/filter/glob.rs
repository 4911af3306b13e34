//! Patterns with `*` and `?`, as shells have them.

/// What a name or a path has to look like. Case is ignored, as IAM ignores it in names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Glob(String);

impl Glob {
    /// A pattern: `*` stands for any characters or none, `?` for one. One without `*` may be found
    /// anywhere: who types a part of a name should not have to know what is around it.
    pub(super) fn new(pattern: &str) -> Self {
        Self(if pattern.contains('*') {
            pattern.into()
        } else {
            format!("*{pattern}*")
        })
    }

    /// Whether the whole text is as the pattern says.
    ///
    /// Goes back to the latest `*` only: what an earlier one could take, the latest can as well. So
    /// no pattern takes longer than its length times the text's.
    pub(super) fn matches(&self, text: &str) -> bool {
        let (pattern, text) = (self.0.as_bytes(), text.as_bytes());
        let (mut p, mut t) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        while t < text.len() {
            match pattern.get(p) {
                Some(b'*') => {
                    p += 1;
                    star = Some((p, t));
                }
                Some(b'?') => {
                    p += 1;
                    t += character(text[t]);
                }
                Some(byte) if byte.eq_ignore_ascii_case(&text[t]) => {
                    p += 1;
                    t += 1;
                }
                _ => {
                    let Some((after, taken)) = star else {
                        return false;
                    };
                    // One more character for the star.
                    let taken = taken + character(text[taken]);
                    star = Some((after, taken));
                    (p, t) = (after, taken);
                }
            }
        }
        pattern[p..].iter().all(|byte| *byte == b'*')
    }
}

/// How many bytes the character takes that begins with this one.
fn character(first: u8) -> usize {
    match first {
        ..0xc0 => 1,
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0.. => 4,
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
            ([a, rest @ ..], [b, text @ ..]) if a.eq_ignore_ascii_case(b) => plainly(rest, text),
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
