//! A credentials file as its two kinds of readers understand it.
//!
//! The `aws` command and boto3 read it with Python's `configparser`; the newer SDKs with a grammar
//! of their own. They differ in indented lines, `key : value`, `[ name ]`, duplicate sections and
//! trailing comments. An edit has to be right for both, so both are here. They work on slices of
//! the text: no value is copied or printed.

/// A line and its end: `\n`, `\r\n`, or nothing.
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    pub(super) end: &'a str,
}

/// The lines of a text. Joined, they are the text again.
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
#[cfg_attr(test, derive(Debug))]
pub(super) struct Entry<'a> {
    pub(super) key: String,
    /// The value's lines.
    pub(super) value: Vec<&'a str>,
    /// The index of its first line.
    pub(super) at: usize,
}

#[cfg_attr(test, derive(Debug))]
pub(super) struct Section<'a> {
    /// As written between the brackets.
    pub(super) name: &'a str,
    pub(super) entries: Vec<Entry<'a>>,
    /// The index of its header.
    pub(super) at: usize,
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
    /// Reads line by line. `kind` says what each is, and adds to the sections what it says; or
    /// why the file cannot be read.
    fn of(
        lines: &[Line<'a>],
        mut kind: impl FnMut(&mut Self, usize, &'a str) -> Result<Kind, &'static str>,
    ) -> Result<Self, Unreadable> {
        let mut reading = Self {
            sections: Vec::new(),
            kinds: Vec::with_capacity(lines.len()),
        };
        for (at, line) in lines.iter().enumerate() {
            let kind = kind(&mut reading, at, line.text);
            let kind = kind.map_err(|why| Unreadable { line: at + 1, why })?;
            reading.kinds.push(kind);
        }
        Ok(reading)
    }

    pub(super) fn section(&self, name: &str) -> Option<&Section<'a>> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// The index of the section of this name, which begins here if it is new.
    fn enter(&mut self, name: &'a str, at: usize) -> usize {
        let known = self.sections.iter().position(|old| old.name == name);
        known.unwrap_or_else(|| {
            let entries = Vec::new();
            self.sections.push(Section { name, entries, at });
            self.sections.len() - 1
        })
    }
}

/// The line, counted from 1, because of which a reader refuses the whole file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    pub(super) line: usize,
    pub(super) why: &'static str,
}

const NO_SECTION: &str = "a line stands before the first section";

/// The section whose keys `configparser` adds to every other section.
pub(super) const DEFAULTS: &str = "DEFAULT";

/// As `configparser.RawConfigParser` reads it, and `botocore.configloader` after it: boto3 and the
/// `aws` command. The text must have no control characters but tabs and line ends.
pub(super) fn configparser<'a>(lines: &[Line<'a>]) -> Result<Reading<'a>, Unreadable> {
    let mut current: Option<usize> = None;
    let mut in_option = false;
    let mut indent = 0;
    let mut reading = Reading::of(lines, |reading, at, text| {
        let value = text.trim();
        // The option that a blank or an indented line belongs to.
        let option = current.filter(|_| in_option);
        let option = option.and_then(|section| reading.sections[section].entries.last_mut());
        let comment = value.starts_with(['#', ';']);
        if value.is_empty() || comment {
            if !comment && let Some(option) = option {
                option.value.push("");
            }
            return Ok(Kind::Nothing);
        }
        // configparser counts characters, not bytes.
        let here = text.chars().take_while(|c| c.is_whitespace()).count();
        if here > indent
            && let Some(option) = option
        {
            option.value.push(value);
            return Ok(Kind::Continuation);
        }
        indent = here;
        if let Some(name) = header(value) {
            let section = reading.enter(name, at);
            if reading.sections[section].at != at && name != DEFAULTS {
                return Err("the same section comes a second time");
            }
            current = Some(section);
            in_option = false;
            return Ok(Kind::Header);
        }
        let section = &mut reading.sections[current.ok_or(NO_SECTION)?];
        let (key, value) = value
            .split_once(['=', ':'])
            .ok_or("a line is neither a section nor a key with a value")?;
        let key = key.trim_end().to_lowercase();
        if key.is_empty() {
            return Err("a value has no key");
        }
        if section.entry(&key).is_some() {
            return Err("the same key comes a second time in its section");
        }
        let value = vec![value.trim()];
        section.entries.push(Entry { key, value, at });
        in_option = true;
        Ok(Kind::Option)
    })?;
    let sections = reading.sections.iter_mut();
    for entry in sections.flat_map(|section| &mut section.entries) {
        while entry.value.len() > 1 && entry.value.last() == Some(&"") {
            entry.value.pop();
        }
        // botocore reads the lines below an empty value as nested keys and values.
        let nested = entry.value.len() > 1 && entry.value[0].is_empty();
        let keyed = |line: &&str| line.is_empty() || line.contains('=');
        if nested && !entry.value.iter().all(keyed) {
            return Err(Unreadable {
                line: entry.at + 1,
                why: "the lines below this key are not all `key = value`",
            });
        }
    }
    Ok(reading)
}

/// The name in a section's header: up to the last bracket, regardless of what follows.
fn header(line: &str) -> Option<&str> {
    let inside = line.strip_prefix('[')?;
    let name = &inside[..inside.rfind(']')?];
    (!name.is_empty()).then_some(name)
}

/// As the SDKs of AWS for Rust and others read it: the grammar of the shared files that their
/// [reference guide](https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html) gives.
pub(super) fn sdk<'a>(lines: &[Line<'a>]) -> Result<Reading<'a>, Unreadable> {
    let mut current: Option<usize> = None;
    // The entry that an indented line belongs to.
    let mut open: Option<usize> = None;
    Reading::of(lines, |reading, at, text| {
        if text.trim_matches(BLANK).is_empty() || text.starts_with(['#', ';']) {
            return Ok(Kind::Nothing);
        }
        if text.starts_with('[') {
            let name = uncommented(text, false).strip_prefix('[');
            let name = name.and_then(|rest| rest.strip_suffix(']'));
            let name = name.ok_or("a section's name is not closed with ]")?;
            current = Some(reading.enter(name, at));
            open = None;
            return Ok(Kind::Header);
        }
        let entries = &mut reading.sections[current.ok_or(NO_SECTION)?].entries;
        if text.starts_with(BLANK) {
            let entry = open.ok_or("an indented line follows no key")?;
            let value = &mut entries[entry].value;
            if value[0].is_empty() && property(text).is_none() {
                return Err("an indented line is not `key = value`");
            }
            value.push(text.trim_matches(BLANK));
            return Ok(Kind::Continuation);
        }
        let (key, value) = property(text).ok_or("a line is neither a section nor `key = value`")?;
        let (key, value) = (key.to_ascii_lowercase(), vec![value]);
        let entry = Entry { key, value, at };
        let known = entries.iter().position(|old| old.key == entry.key);
        open = Some(known.unwrap_or(entries.len()));
        match known {
            Some(known) => entries[known] = entry,
            None => entries.push(entry),
        }
        Ok(Kind::Option)
    })
}

const BLANK: [char; 2] = [' ', '\t'];

fn property(line: &str) -> Option<(&str, &str)> {
    let (key, value) = uncommented(line, true).split_once('=')?;
    let key = key.trim_matches(BLANK);
    (!key.is_empty()).then_some((key, value.trim_matches(BLANK)))
}

/// A line without the comment at its end. Within a value a comment begins only after a blank.
fn uncommented(line: &str, after_blank: bool) -> &str {
    let line = line.trim_matches(BLANK);
    let mut may_begin = !after_blank;
    let comment = line.find(|c: char| {
        let begins = may_begin && matches!(c, '#' | ';');
        may_begin = !after_blank || c.is_whitespace();
        begins
    });
    line[..comment.unwrap_or(line.len())].trim_matches(BLANK)
}

/// The profile that the SDKs read a section of the credentials file as; none if they ignore it.
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
            let entries = entries.map(|entry| (entry.key.clone(), entry.value.join("\n")));
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
