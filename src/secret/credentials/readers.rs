//! A credentials file as its two kinds of readers take it.
//!
//! The `aws` command and boto3 read it with Python's `configparser`; the newer SDKs with a grammar
//! of their own. They differ: over indented lines, `key : value`, `[ name ]`, sections that come
//! twice, trailing comments. An edit has to be right for both, so both are here, on slices of the
//! text: of values nothing is copied, and nothing of them is printed.

use std::borrow::Cow;

/// A line, and what ended it: `\n`, `\r\n`, or nothing.
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    pub(super) end: &'a str,
}

/// The text's lines. All of them together are the text.
pub(super) fn lines(text: &str) -> Vec<Line<'_>> {
    text.split_inclusive('\n')
        .map(|whole| {
            let text = whole.strip_suffix('\n').unwrap_or(whole);
            let text = text.strip_suffix('\r').unwrap_or(text);
            Line {
                text,
                end: &whole[text.len()..],
            }
        })
        .collect()
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Blank, or a comment.
    Nothing,
    Header,
    Option,
    /// More of the option above.
    Continuation,
}

/// A value with its key, in lower case: keys are compared without case.
#[derive(PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Entry<'a> {
    pub(super) key: Cow<'a, str>,
    /// The value's lines.
    pub(super) value: Vec<&'a str>,
    /// Where it begins. Not compared: an edit moves lines.
    pub(super) at: Place,
}

/// The place of a line, from 0. Any two are equal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(pub(super) usize);

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Place {}

#[derive(PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Section<'a> {
    /// As it stands between the brackets.
    pub(super) name: &'a str,
    pub(super) entries: Vec<Entry<'a>>,
    /// Where its header is.
    pub(super) at: Place,
}

impl<'a> Section<'a> {
    pub(super) fn entry(&self, key: &str) -> Option<&Entry<'a>> {
        self.entries.iter().find(|entry| entry.key == key)
    }
}

/// What a reader makes of a file.
#[cfg_attr(test, derive(Debug))]
pub(super) struct Reading<'a> {
    pub(super) sections: Vec<Section<'a>>,
    /// What each line is.
    pub(super) kinds: Vec<Kind>,
}

impl<'a> Reading<'a> {
    pub(super) fn section(&self, name: &str) -> Option<&Section<'a>> {
        self.sections.iter().find(|section| section.name == name)
    }
}

/// A reader refuses the whole file because of one line, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    pub(super) line: usize,
    pub(super) why: &'static str,
}

/// What `configparser` calls the section whose keys are every other's too.
pub(super) const DEFAULTS: &str = "DEFAULT";

/// As `configparser.RawConfigParser` reads it, and `botocore.configloader` after it: boto3 and the
/// `aws` command. The text must have no control characters but tabs and line ends.
pub(super) fn configparser<'a>(lines: &[Line<'a>]) -> Result<Reading<'a>, Unreadable> {
    let mut sections: Vec<Section<'a>> = Vec::new();
    let mut kinds = Vec::with_capacity(lines.len());
    let mut current: Option<usize> = None;
    let mut in_option = false;
    let mut indent = 0;
    for (at, line) in lines.iter().enumerate() {
        let refuse = |why| Err(Unreadable { line: at + 1, why });
        let value = line.text.trim();
        let comment = value.starts_with(['#', ';']);
        if value.is_empty() || comment {
            kinds.push(Kind::Nothing);
            if let (false, true, Some(section)) = (comment, in_option, current)
                && let Some(entry) = sections[section].entries.last_mut()
            {
                entry.value.push("");
            }
            continue;
        }
        // Characters, not bytes: that is what it counts.
        let here = line.text.chars().take_while(|c| c.is_whitespace()).count();
        if let (true, true, Some(section)) = (in_option, here > indent, current)
            && let Some(entry) = sections[section].entries.last_mut()
        {
            entry.value.push(value);
            kinds.push(Kind::Continuation);
            continue;
        }
        indent = here;
        if let Some(name) = header(value) {
            let known = sections.iter().position(|section| section.name == name);
            match known {
                Some(known) if name == DEFAULTS => current = Some(known),
                Some(_) => return refuse("the same section comes a second time"),
                None => {
                    current = Some(sections.len());
                    sections.push(Section {
                        name,
                        entries: Vec::new(),
                        at: Place(at),
                    });
                }
            }
            in_option = false;
            kinds.push(Kind::Header);
            continue;
        }
        let Some(section) = current else {
            return refuse("a line stands before the first section");
        };
        let Some((key, value)) = value.split_once(['=', ':']) else {
            return refuse("a line is neither a section nor a key with a value");
        };
        let key = Cow::from(key.trim_end().to_lowercase());
        if key.is_empty() {
            return refuse("a value has no key");
        }
        let entries = &mut sections[section].entries;
        if entries.iter().any(|entry| entry.key == key) {
            return refuse("the same key comes a second time in its section");
        }
        entries.push(Entry {
            key,
            value: vec![value.trim()],
            at: Place(at),
        });
        in_option = true;
        kinds.push(Kind::Option);
    }
    for entry in sections.iter_mut().flat_map(|section| &mut section.entries) {
        while entry.value.len() > 1 && entry.value.last() == Some(&"") {
            entry.value.pop();
        }
        // botocore takes lines below an empty value for keys and values in it.
        let nested = entry.value.len() > 1 && entry.value[0].is_empty();
        let keyed = |line: &&str| line.is_empty() || line.contains('=');
        if nested && !entry.value.iter().all(keyed) {
            return Err(Unreadable {
                line: entry.at.0 + 1,
                why: "the lines below this key are not all `key = value`",
            });
        }
    }
    Ok(Reading { sections, kinds })
}

/// The name in a section's header: up to the last bracket, whatever follows.
fn header(line: &str) -> Option<&str> {
    let inside = line.strip_prefix('[')?;
    let name = &inside[..inside.rfind(']')?];
    (!name.is_empty()).then_some(name)
}

/// As the SDKs of AWS for Rust and others read it: the grammar of the shared files that their
/// [reference guide](https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html) gives.
pub(super) fn sdk<'a>(lines: &[Line<'a>]) -> Result<Reading<'a>, Unreadable> {
    let mut sections: Vec<Section<'a>> = Vec::new();
    let mut kinds = Vec::with_capacity(lines.len());
    let mut current: Option<usize> = None;
    // The entry that a continuation belongs to.
    let mut open: Option<usize> = None;
    for (at, line) in lines.iter().enumerate() {
        let text = line.text;
        let refuse = |why| Err(Unreadable { line: at + 1, why });
        if text.trim_matches(BLANK).is_empty() || text.starts_with(['#', ';']) {
            kinds.push(Kind::Nothing);
        } else if text.starts_with('[') {
            let name = uncommented(text, false)
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'));
            let Some(name) = name else {
                return refuse("a section's name is not closed with ]");
            };
            let known = sections.iter().position(|section| section.name == name);
            current = Some(known.unwrap_or(sections.len()));
            if known.is_none() {
                sections.push(Section {
                    name,
                    entries: Vec::new(),
                    at: Place(at),
                });
            }
            open = None;
            kinds.push(Kind::Header);
        } else {
            let Some(section) = current else {
                return refuse("a line stands before the first section");
            };
            let entries = &mut sections[section].entries;
            if text.starts_with(BLANK) {
                let Some(entry) = open else {
                    return refuse("an indented line follows no key");
                };
                let nested = entries[entry].value[0].is_empty();
                if nested && property(text).is_none() {
                    return refuse("an indented line is not `key = value`");
                }
                entries[entry].value.push(text.trim_matches(BLANK));
                kinds.push(Kind::Continuation);
            } else {
                let Some((key, value)) = property(text) else {
                    return refuse("a line is neither a section nor `key = value`");
                };
                let key = Cow::from(key.to_ascii_lowercase());
                let entry = Entry {
                    key,
                    value: vec![value],
                    at: Place(at),
                };
                let known = entries.iter().position(|old| old.key == entry.key);
                open = Some(known.unwrap_or(entries.len()));
                match known {
                    Some(known) => entries[known] = entry,
                    None => entries.push(entry),
                }
                kinds.push(Kind::Option);
            }
        }
    }
    Ok(Reading { sections, kinds })
}

const BLANK: [char; 2] = [' ', '\t'];

fn property(line: &str) -> Option<(&str, &str)> {
    let (key, value) = uncommented(line, true).split_once('=')?;
    let key = key.trim_matches(BLANK);
    (!key.is_empty()).then_some((key, value.trim_matches(BLANK)))
}

/// A line without the comment at its end, which within a value begins after a blank only.
fn uncommented(line: &str, after_blank: bool) -> &str {
    let line = line.trim_matches(BLANK);
    let mut blank = false;
    let comment = line.char_indices().find(|(_, c)| {
        let begins = matches!(c, '#' | ';') && (blank || !after_blank);
        blank = c.is_whitespace();
        begins
    });
    let end = comment.map_or(line.len(), |(at, _)| at);
    line[..end].trim_matches(BLANK)
}

/// The profile that the SDKs take a section of the credentials file for; none where they pass it
/// over.
pub(super) fn sdk_profile(section: &str) -> Option<&str> {
    let name = section.trim_matches(BLANK).trim();
    let known = |c: char| c.is_ascii_alphanumeric() || "_-/.%@:+".contains(c);
    name.chars().all(known).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Sections = Vec<(String, Vec<(String, String)>)>;
    type Read = Result<Sections, usize>;

    fn flat(reading: Result<Reading<'_>, Unreadable>) -> Read {
        let reading = reading.map_err(|error| error.line)?;
        let sections = reading.sections.iter().map(|section| {
            let entries = section.entries.iter();
            let entries = entries.map(|entry| (entry.key.to_string(), entry.value.join("\n")));
            (section.name.to_owned(), entries.collect())
        });
        Ok(sections.collect())
    }

    fn both(text: &str) -> (Read, Read) {
        let lines = lines(text);
        (flat(configparser(&lines)), flat(sdk(&lines)))
    }

    fn one(section: &str, entries: &[(&str, &str)]) -> Sections {
        let entries = entries.iter().map(|(k, v)| ((*k).into(), (*v).into()));
        vec![(section.into(), entries.collect())]
    }

    #[test]
    fn lines_are_the_text() {
        for text in ["", "a", "a\n", "a\r\nb\n\r\n", "\n\n", "a\rb\r\n"] {
            let again: String = lines(text)
                .iter()
                .flat_map(|line| [line.text, line.end])
                .collect();
            assert_eq!(again, text);
        }
    }

    #[test]
    fn both_agree_on_a_tidy_file() {
        let (python, sdk) = both("# c\n[a]\nKey = v\r\nother=w \n\n; c\nnest =\n  x = y\n");
        assert_eq!(python, sdk);
        assert_eq!(
            sdk,
            Ok(one(
                "a",
                &[("key", "v"), ("other", "w"), ("nest", "\nx = y")]
            ))
        );
    }

    #[test]
    fn they_differ_where_they_are_known_to() {
        for (text, python, sdk) in [
            (
                "[a]\nk = v # c\n",
                Ok(one("a", &[("k", "v # c")])),
                Ok(one("a", &[("k", "v")])),
            ),
            (
                "[a]\nk = v\n  # c\n",
                Ok(one("a", &[("k", "v")])),
                Ok(one("a", &[("k", "v\n# c")])),
            ),
            ("[a]\n  k = v\n", Ok(one("a", &[("k", "v")])), Err(2)),
            ("[a]\nk : v\n", Ok(one("a", &[("k", "v")])), Err(2)),
            ("[a]\nk = v\n[a]\n", Err(3), Ok(one("a", &[("k", "v")]))),
            ("[a]\nk = v\nK = w\n", Err(3), Ok(one("a", &[("k", "w")]))),
            ("[a] b\nk = v\n", Ok(one("a", &[("k", "v")])), Err(1)),
            ("[a#b]\nk = v\n", Ok(one("a#b", &[("k", "v")])), Err(1)),
            ("[ a ] # c\n", Ok(one(" a ", &[])), Ok(one(" a ", &[]))),
            ("[a]\nk =\n  v\n", Err(2), Err(3)),
            ("k = v\n", Err(1), Err(1)),
            ("\u{feff}[a]\n", Err(1), Err(1)),
        ] {
            assert_eq!(both(text), (python, sdk), "{text:?}");
        }
    }

    #[test]
    fn the_profile_of_a_section_is_what_the_sdks_take_it_for() {
        for (section, profile) in [
            ("default", Some("default")),
            (" a ", Some("a")),
            ("a@b.example:1", Some("a@b.example:1")),
            ("profile a", None),
            ("a b", None),
            ("\u{e9}", None),
        ] {
            assert_eq!(sdk_profile(section), profile, "{section}");
        }
    }
}
