//! Patterns with `*` and `?`, compared with one another: which takes in which, and which have something
//! in common. A text without either is a pattern of itself alone.

/// Whether everything that `inner` matches is matched by `outer`.
///
/// A `?` stands for one character, so that it takes in no `*`. Where only several patterns together take
/// one in, none of them does alone.
pub(super) fn takes_in(outer: &str, inner: &str) -> bool {
    let (outer, inner) = (outer.as_bytes(), inner.as_bytes());
    let (mut at, mut from) = (0, 0);
    // Where the latest star stands, and what follows it begins there in the text.
    let mut star = None;
    while from < inner.len() {
        match outer.get(at) {
            Some(b'*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(b'?') if inner[from] != b'*' => (at, from) = (at + 1, after(inner, from)),
            Some(letter) if *letter == inner[from] && *letter != b'?' => {
                (at, from) = (at + 1, from + 1);
            }
            _ => match star {
                None => return false,
                Some((place, begin)) => {
                    star = Some((place, begin + 1));
                    (at, from) = (place + 1, begin + 1);
                }
            },
        }
    }
    outer[at..].iter().all(|letter| *letter == b'*')
}

/// Whether two patterns begin so that neither has anything in common with the other: that is soon told.
pub(super) fn are_apart(one: &str, other: &str) -> bool {
    let wild = |byte: u8| matches!(byte, b'*' | b'?' | b'$');
    let mut pairs = one.bytes().zip(other.bytes());
    let first = pairs.find(|(a, b)| a != b || wild(*a));
    first.is_some_and(|(a, b)| a != b && !wild(a) && !wild(b))
}

/// Where the next character begins: `?` stands for one, however many bytes it has.
fn after(text: &[u8], at: usize) -> usize {
    let rest = text[at + 1..].iter();
    at + 1 + rest.take_while(|byte| **byte & 0xC0 == 0x80).count()
}

/// Whether any text matches both.
pub(super) fn overlap(one: &str, other: &str) -> bool {
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    // Whether what is left of both has something in common, from this character of the first and each
    // of the second on.
    let mut below: Vec<bool> = Vec::new();
    for at in (0..=one.len()).rev() {
        let mut row = vec![false; other.len() + 1];
        for from in (0..=other.len()).rev() {
            let (a, b) = (one.get(at), other.get(from));
            row[from] = match (a, b) {
                (None, None) => true,
                (Some('*'), _) => below[from] || b.is_some() && row[from + 1],
                (_, Some('*')) => row[from + 1] || a.is_some() && below[from],
                (Some(a), Some(b)) => (a == b || *a == '?' || *b == '?') && below[from + 1],
                _ => false,
            };
        }
        below = row;
    }
    below[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Whether a pattern matches a text, as it would be explained.
    fn plainly(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], text) => text.is_empty(),
            (['*', rest @ ..], text) => (0..=text.len()).any(|at| plainly(rest, &text[at..])),
            (['?', rest @ ..], [_, text @ ..]) => plainly(rest, text),
            ([a, rest @ ..], [b, text @ ..]) if a == b => plainly(rest, text),
            _ => false,
        }
    }

    /// All texts of at most six letters.
    fn texts() -> Vec<Vec<char>> {
        let mut all = vec![Vec::new()];
        let mut from = 0;
        for _ in 0..6 {
            let until = all.len();
            for at in from..until {
                for letter in ['a', 'b', 'z'] {
                    let mut longer = all[at].clone();
                    longer.push(letter);
                    all.push(longer);
                }
            }
            from = until;
        }
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]
        #[test]
        fn patterns_compare_as_the_texts_that_they_match(
            one in "[ab*?]{0,3}",
            other in "[ab*?]{0,3}",
        ) {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            let (a, b) = (chars(&one), chars(&other));
            let matched: Vec<(bool, bool)> = texts()
                .iter()
                .map(|text| (plainly(&a, text), plainly(&b, text)))
                .collect();
            let common = matched.iter().any(|(one, other)| *one && *other);
            prop_assert_eq!(overlap(&one, &other), common, "{} {}", one, other);
            prop_assert_eq!(overlap(&other, &one), common, "{} {}", one, other);
            prop_assert!(!common || !are_apart(&one, &other), "{} {}", one, other);
            if takes_in(&one, &other) {
                let all = matched.iter().all(|(one, other)| *one || !*other);
                prop_assert!(all, "{} does not take in {}", one, other);
            }
            for text in texts().into_iter().take(200) {
                let of = text.iter().collect::<String>();
                prop_assert_eq!(takes_in(&one, &of), plainly(&a, &text), "{} {}", one, of);
            }
        }
    }

    #[test]
    fn what_a_pattern_takes_in() {
        for (outer, inner, takes) in [
            ("*", "*", true),
            ("*", "iam:?*", true),
            ("iam:*", "iam:get*", true),
            ("iam:get*", "iam:*", false),
            ("iam:?et*", "iam:get*", true),
            ("iam:?", "iam:*", false),
            ("a?c", "aéc", true),
            ("a??c", "aéc", false),
        ] {
            assert_eq!(takes_in(outer, inner), takes, "{outer} {inner}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let text = "a".repeat(5_000);
        assert!(!takes_in(&format!("{}b", "*a".repeat(60)), &text));
    }
}
