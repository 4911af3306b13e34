//! Whether the terminal's ground is dark or light. It is asked behind the first frame (OSC 11), and
//! the answer comes among the keys, if at all: nothing waits for it.

use super::message::Ground;

/// Asks the terminal for the colour of its ground.
pub(super) const QUERY: &str = "\x1b]11;?\x1b\\";

/// How an answer begins, after `ESC ]`. What follows are three hexadecimal numbers.
const BEGIN: &str = "11;rgb:";

/// The ground that a reply of the terminal tells of, where it is the answer.
pub(super) fn ground_of(text: &str) -> Option<Ground> {
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

    #[test]
    fn an_answer_says_whether_the_ground_is_light() {
        for (text, ground) in [
            ("11;rgb:1c1c/1b1b/2222", Ground::Dark),
            ("11;rgb:ffff/FFFF/fafa", Ground::Light),
            ("11;rgb:0/0/0", Ground::Dark),
            ("11;rgb:f8/f8/f2", Ground::Light),
        ] {
            assert_eq!(ground_of(text), Some(ground), "{text}");
        }
    }

    #[test]
    fn what_is_no_answer_says_nothing() {
        for text in [
            "",
            "11",
            "11;rgb:",
            "11;rgb:zz/00/00",
            "11;rgb:1/2",
            "11;rgb:fffffffff/0/0",
            "10;rgb:ff/ff/ff",
            "52;c;Y29y",
        ] {
            assert_eq!(ground_of(text), None, "{text}");
        }
    }
}
