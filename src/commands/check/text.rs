//! Findings for people: by severity and rule, in a width of 80 where names allow it, and nothing cut off.

use super::{
    super::{key::age, output::Looks},
    Findings,
    record::{Exempt, FindingRecord},
};
use crate::engine::{
    findings::Severity,
    text::{plural, visible, width},
};
use std::collections::HashSet;

/// The width that sentences are broken at.
const WIDTH: usize = 80;

/// How wide accounts and users are at most where they stand below one another, so that a line is as wide
/// as the others. One with a longer name is longer: nothing is cut off.
const MOST: [usize; 2] = [12, 17];

/// What stands before a key.
const INDENT: &str = "  ";

/// All findings; nothing where there are none.
pub(super) fn of(findings: &Findings<'_>, looks: Looks) -> String {
    let records = findings.records;
    let cells: Vec<[String; 5]> = records.iter().map(cells).collect();
    let widths: [usize; 5] = std::array::from_fn(|at| {
        let most = MOST.get(at).copied().unwrap_or(usize::MAX);
        let widest = cells.iter().map(|it| width(&it[at])).max();
        widest.unwrap_or(0).min(most)
    });
    let mut text = String::new();
    let mut lines = records.iter().zip(&cells).peekable();
    while let Some((first, _)) = lines.peek() {
        let first = *first;
        text += &heading(findings, first, looks);
        let is_same = |it: &FindingRecord| {
            (it.severity, &it.rule, &it.title) == (first.severity, &first.rule, &first.title)
        };
        while let Some((record, cells)) = lines.next_if(|(record, _)| is_same(record)) {
            let line = line(cells, widths);
            let Exempt::By { until, why, by } = &record.exempt else {
                text += &line;
                text.push('\n');
                continue;
            };
            text += &looks.dim(&line);
            let why = visible(why);
            let exempt = format!("exempt until {until}: {why} ({})", by.words());
            for line in broken(&exempt, WIDTH - 4) {
                text += "\n    ";
                text += &looks.dim(&line);
            }
            text.push('\n');
        }
        text.push('\n');
    }
    if !records.is_empty() {
        text += &total(findings, looks);
        text.push('\n');
    }
    text
}

/// What a rule is about.
fn heading(findings: &Findings<'_>, first: &FindingRecord, looks: Looks) -> String {
    let severity = first.severity;
    let name = looks.severity(severity, &severity.name().to_uppercase());
    let title = looks.strong(&visible(&first.title));
    let rule = visible(&first.rule);
    let counted = findings.tally.counts.iter();
    let mut unknown = counted.filter(|it| it.rule == first.rule);
    let unknown = unknown.find_map(|it| it.counted.unknown_words());
    let mut text = format!("{name}  {title} ({rule})\n");
    for sentence in [&first.why, &first.remedy] {
        for line in broken(&visible(sentence), WIDTH - 2) {
            text += &below(&line, looks);
        }
    }
    if let Some(unknown) = unknown {
        let line = format!("not known of {unknown}");
        text += &below(&line, looks);
    }
    text
}

/// A line below a heading.
fn below(line: &str, looks: Looks) -> String {
    format!("{INDENT}{}\n", looks.dim(line))
}

/// Account, user, key, age and last use of a finding.
fn cells(record: &FindingRecord) -> [String; 5] {
    let account = record.account_name.as_ref().or(record.account.as_ref());
    let last_use = match (record.last_used, record.never_used) {
        (Some(time), _) => format!("used {}", time.format("%Y-%m-%d")),
        (None, Some(true)) => "never used".into(),
        (None, _) => "last use ?".into(),
    };
    let user = if record.is_of_root() {
        "(root user)".into()
    } else {
        visible(&record.user).into_owned()
    };
    [
        visible(account.map_or("?", String::as_str)).into_owned(),
        user,
        record.key_id.clone().unwrap_or_else(|| "(no ID)".into()),
        format!("{} d", age(record.age_days, record.age_is_minimum)),
        last_use,
    ]
}

fn line(cells: &[String; 5], widths: [usize; 5]) -> String {
    let mut line = String::new();
    for (at, cell) in cells.iter().enumerate() {
        line += INDENT;
        let pad = " ".repeat(widths[at].saturating_sub(width(cell)));
        // Ages stand at the right.
        if at == 3 {
            line += &pad;
            line += cell;
        } else {
            line += cell;
            line += &pad;
        }
    }
    line.truncate(line.trim_end().len());
    line
}

/// How many there are.
fn total(findings: &Findings<'_>, looks: Looks) -> String {
    let is_exempt = |it: &&FindingRecord| matches!(it.exempt, Exempt::By { .. });
    let found: Vec<&FindingRecord> = findings
        .records
        .iter()
        .filter(|it| !is_exempt(it))
        .collect();
    let keys: HashSet<_> = found
        .iter()
        .map(|it| (&it.account, &it.user, &it.key_id, it.nth))
        .collect();
    let by_severity = Severity::ALL.into_iter().filter_map(|severity| {
        let of = found.iter().filter(|it| it.severity == severity).count();
        let words = format!("{of} {}", severity.name());
        (of > 0).then(|| looks.severity(severity, &words))
    });
    let by_severity: Vec<String> = by_severity.collect();
    let mut text = looks.strong(&plural(found.len(), "finding"));
    if !found.is_empty() {
        let keys = plural(keys.len(), "key");
        text += &[" on ", &keys, ": ", &by_severity.join(", ")].concat();
    }
    let exempt = findings.records.iter().filter(is_exempt).count();
    if exempt > 0 {
        text += &["; ", &exempt.to_string(), " exempt"].concat();
    }
    text
}

/// A sentence in lines of this width; a word is never broken.
fn broken(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_broken_between_words() {
        assert_eq!(broken("one two three", 7), ["one two", "three"]);
        assert_eq!(broken("averylongword x", 5), ["averylongword", "x"]);
        assert!(broken(" ", 5).is_empty());
    }
}
