//! Whether the terminal's ground is dark or light. It is asked behind the first frame (OSC 11), and
//! the answer comes among the keys, if at all: nobody waits for it.

use super::message::Ground;
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

/// Asks the terminal for the colour of its ground.
pub(super) const QUERY: &str = "\x1b]11;?\x1b\\";

/// How an answer goes on after `ESC ]`. What follows are three hexadecimal numbers.
const BEGIN: &str = "11;rgb:";

/// No answer is longer: three numbers of four digits.
const LONGEST: usize = BEGIN.len() + 14;

/// Takes the answer out of what comes from the keyboard. What has begun like one and goes on as
/// something else were keys after all.
#[derive(Debug, Default)]
pub(super) struct Answer {
    waiting: bool,
    held: Vec<Event>,
    text: String,
}

impl Answer {
    /// Waits for an answer from now on.
    pub(super) fn wait(&mut self) {
        self.waiting = true;
    }

    /// Takes in what came; what else there was in it, and what was answered.
    pub(super) fn sift(&mut self, event: Event) -> (Vec<Event>, Option<Ground>) {
        let Some(key) = event.as_key_press_event().filter(|_| self.waiting) else {
            return (vec![event], None);
        };
        let begun = !self.held.is_empty();
        if begun && is_end(key) {
            let ground = ground_of(&self.text);
            if ground.is_some() {
                *self = Self::default();
                return (Vec::new(), ground);
            }
        }
        let goes_on = match key.code {
            KeyCode::Char(c) if begun => {
                self.text.push(c);
                self.text.len() <= LONGEST && (BEGIN.starts_with(&self.text) || self.is_colour())
            }
            code => {
                !begun && code == KeyCode::Char(']') && key.modifiers.contains(KeyModifiers::ALT)
            }
        };
        self.held.push(event);
        if goes_on {
            return (Vec::new(), None);
        }
        self.text.clear();
        (std::mem::take(&mut self.held), None)
    }

    fn is_colour(&self) -> bool {
        let numbers = self.text.strip_prefix(BEGIN);
        numbers.is_some_and(|text| text.chars().all(|c| c == '/' || c.is_ascii_hexdigit()))
    }
}

/// `ESC \` or BEL, as they are read from the keyboard.
fn is_end(key: KeyEvent) -> bool {
    match key.code {
        KeyCode::Char('\\') => key.modifiers.contains(KeyModifiers::ALT),
        KeyCode::Char('g') => key.modifiers.contains(KeyModifiers::CONTROL),
        _ => false,
    }
}

/// The ground that an answer tells of.
fn ground_of(text: &str) -> Option<Ground> {
    let parts = text.strip_prefix(BEGIN)?.split('/');
    let parts = parts.map(|part| {
        let bits = u32::try_from(part.len()).ok()?.checked_mul(4)?;
        let most = u32::MAX.checked_shr(32_u32.checked_sub(bits)?)?;
        Some(f64::from(u32::from_str_radix(part, 16).ok()?) / f64::from(most))
    });
    let parts: Option<Vec<f64>> = parts.collect();
    let [red, green, blue] = parts?.try_into().ok()?;
    // As bright as an eye takes it to be.
    let bright = 0.299 * red + 0.587 * green + 0.114 * blue;
    Some(if bright > 0.5 {
        Ground::Light
    } else {
        Ground::Dark
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers) -> Event {
        Event::Key(KeyEvent::new(code, modifiers))
    }

    fn keys(text: &str) -> Vec<Event> {
        let plain = |c| key(KeyCode::Char(c), KeyModifiers::NONE);
        text.chars().map(plain).collect()
    }

    fn answer(text: &str) -> Vec<Event> {
        let mut events = vec![key(KeyCode::Char(']'), KeyModifiers::ALT)];
        events.extend(keys(text));
        events.push(key(KeyCode::Char('\\'), KeyModifiers::ALT));
        events
    }

    fn sifted(events: Vec<Event>) -> (Vec<Event>, Option<Ground>) {
        let mut reader = Answer::default();
        reader.wait();
        let (mut left, mut told) = (Vec::new(), None);
        for event in events {
            let (others, ground) = reader.sift(event);
            left.extend(others);
            told = told.or(ground);
        }
        (left, told)
    }

    #[test]
    fn an_answer_is_taken_out_and_says_whether_the_ground_is_light() {
        for (text, ground) in [
            ("11;rgb:1c1c/1b1b/2222", Ground::Dark),
            ("11;rgb:ffff/FFFF/fafa", Ground::Light),
            ("11;rgb:0/0/0", Ground::Dark),
            ("11;rgb:f8/f8/f2", Ground::Light),
        ] {
            let mut events = keys("j");
            events.extend(answer(text));
            events.extend(keys("k"));
            assert_eq!(sifted(events), (keys("jk"), Some(ground)), "{text}");
        }
    }

    #[test]
    fn what_is_no_answer_stays_what_was_pressed() {
        for text in [
            "",
            "11",
            "11;rgb:",
            "11;rgb:zz/00/00",
            "11;rgb:1/2",
            "11;rgb:fffffffff",
            "11;rgb:fffffffff/0/0",
            "rr",
        ] {
            let events = answer(text);
            let (left, ground) = sifted(events.clone());
            assert_eq!((left, ground), (events, None), "{text}");
        }
        let endless = answer(&format!("11;rgb:{}", "f".repeat(99)));
        assert_eq!(sifted(endless.clone()), (endless, None));
        // What a person types is no answer.
        assert_eq!(sifted(keys("]11")), (keys("]11"), None));
        // And where nobody has asked, nothing is held back.
        let events = answer("11;rgb:00/00/00");
        let mut reader = Answer::default();
        for event in events {
            assert_eq!(reader.sift(event.clone()), (vec![event], None));
        }
    }
}
