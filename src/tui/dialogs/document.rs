//! A document that is read as it is: a policy, or an event of CloudTrail, as JSON.

use crate::tui::prelude::*;

/// More lines than this of a document are not shown: nobody reads them here.
const MOST: usize = 20_000;

/// What is read.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// A policy of a user, by its place among them; the boundary has none.
    Policy(Box<str>, Option<usize>),
    /// An event, by its ID, and what it is called.
    Event(Box<str>, String),
}

/// A document.
#[derive(Debug)]
pub(super) struct Document {
    slot: Slot,
    what: What,
    /// The first line shown.
    scroll: usize,
}

impl Document {
    /// This one.
    pub(super) fn new(slot: Slot, what: What) -> Self {
        let scroll = 0;
        Self { slot, what, scroll }
    }

    fn write(&self, lines: &mut Lines<'_>) -> String {
        let impacts = lines.canvas.engine.fleet.get(self.slot);
        let impacts = impacts.map(|account| &account.impacts);
        let gone = "This was asked in another session: go back, and open it again.";
        match &self.what {
            What::Policy(user, at) => {
                let known = impacts.and_then(|impacts| impacts.user(user));
                let known = known.and_then(|known| known.permissions.known());
                let policy = known.and_then(|known| match at {
                    Some(at) => known.policies.get(*at),
                    None => known.boundary.as_ref(),
                });
                let Some(policy) = policy else {
                    lines.text(gone);
                    return "Policy".into();
                };
                if let Some(arn) = &policy.arn {
                    lines.dim(&**arn);
                }
                if let Err(why) = &policy.policy {
                    lines.warn(format!("Not understood: {why}"));
                }
                match &policy.document {
                    Some(document) => json(lines, document),
                    None => lines.text("What it says could not be read."),
                }
                format!("Policy {}", visible(&policy.name))
            }
            What::Event(id, title) => {
                let event = impacts.and_then(|impacts| impacts.event(id));
                match event.map(|event| (event.known(), event.error())) {
                    None => lines.text(gone),
                    Some((_, Some(error))) => {
                        lines.failed(error.short());
                        lines.text(&error.message);
                        lines.text(words::remedy(error));
                    }
                    Some((None, None)) => lines.waiting("Asking for the whole event"),
                    Some((Some(None), None)) => {
                        lines.text("CloudTrail does not have this event any more.");
                    }
                    Some((Some(Some(document)), None)) => json(lines, document),
                }
                title.clone()
            }
        }
    }
}

impl Dialog for Document {
    fn context(&self, _engine: &Engine) -> Context {
        Context::Reading
    }

    fn draw(&self, canvas: &Canvas<'_>) -> Option<Frame> {
        let mut lines = Lines::new(canvas, 100);
        let title = self.write(&mut lines);
        Some(Frame::new(title, canvas.theme.accent, lines).reading(self.scroll))
    }

    fn scroll(&mut self, _engine: &Engine) -> Option<&mut usize> {
        Some(&mut self.scroll)
    }
}

/// Writes JSON, indented; what is none stays as it is.
fn json(lines: &mut Lines<'_>, document: &str) {
    let mut left = MOST;
    for line in indented(document) {
        let blanks = line.len() - line.trim_start().len();
        let (margin, text) = line.split_at(blanks.min(lines.cells / 2));
        let room = lines.cells - margin.len();
        for part in crate::tui::widgets::dialog::pieces(&visible(text), room) {
            if left == 0 {
                lines.dim("The rest is not shown.");
                return;
            }
            left -= 1;
            lines.push(Line::raw(format!("{margin}{part}")));
        }
    }
}

/// Breaks JSON into lines, two blanks a level. Nothing is lost but blanks between its parts, so that
/// also what only looks like JSON can be read.
fn indented(document: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut level = 0_usize;
    let (mut quoted, mut escaped) = (false, false);
    let mut chars = document.chars().filter(|c| *c != '\r').peekable();
    let end = |line: &mut String, level: usize, lines: &mut Vec<String>| {
        if !line.trim().is_empty() {
            lines.push(std::mem::take(line).trim_end().to_owned());
        }
        // As deep as anybody writes: what is deeper stays at the edge.
        *line = "  ".repeat(level.min(40));
    };
    while let Some(c) = chars.next() {
        if quoted {
            line.push(c);
            quoted = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            '"' => {
                quoted = true;
                line.push(c);
            }
            '{' | '[' => {
                line.push(c);
                let close = if c == '{' { '}' } else { ']' };
                while chars.peek().is_some_and(|next| next.is_whitespace()) {
                    chars.next();
                }
                if chars.peek() == Some(&close) {
                    chars.next();
                    line.push(close);
                } else {
                    level += 1;
                    end(&mut line, level, &mut lines);
                }
            }
            '}' | ']' => {
                level = level.saturating_sub(1);
                end(&mut line, level, &mut lines);
                line.push(c);
            }
            ',' => {
                line.push(c);
                end(&mut line, level, &mut lines);
            }
            ':' => line.push_str(": "),
            c if c.is_whitespace() => {}
            c => line.push(c),
        }
    }
    end(&mut line, 0, &mut lines);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn json_is_indented_and_texts_in_it_stay_as_they_are() {
        let compact = r#"{"a":[1,{"b":"x, {y}: \"z\""}],"c":{},"d":[ ]}"#;
        let lines = indented(compact);
        assert_eq!(
            lines,
            [
                "{",
                r#"  "a": ["#,
                "    1,",
                "    {",
                r#"      "b": "x, {y}: \"z\"""#,
                "    }",
                "  ],",
                r#"  "c": {},"#,
                r#"  "d": []"#,
                "}"
            ]
        );
        assert_eq!(indented(&lines.join("\n")), lines, "once is enough");
    }

    proptest! {
        #[test]
        fn nothing_but_blanks_is_lost(text in "[\\[\\]{},:\"\\\\a1 \n]{0,80}") {
            let bare = |text: &str| -> String {
                text.chars().filter(|c| !c.is_whitespace()).collect()
            };
            prop_assert_eq!(bare(&indented(&text).concat()), bare(&text));
        }
    }
}
