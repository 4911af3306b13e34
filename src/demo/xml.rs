//! Writes the XML of an answer.

use std::fmt::{Display, Write as _};

use chrono::{DateTime, SecondsFormat, Utc};

/// A growing piece of XML. Everything that goes in as text is escaped.
#[derive(Debug, Default)]
pub(super) struct Xml(String);

impl Xml {
    /// `<name>…</name>` around whatever `inside` writes.
    pub(super) fn element(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.element_in(name, "", inside);
    }

    /// As [`Self::element`], in a namespace.
    pub(super) fn element_in(&mut self, name: &str, space: &str, inside: impl FnOnce(&mut Self)) {
        self.0.push('<');
        self.0.push_str(name);
        if !space.is_empty() {
            self.0.push_str(" xmlns=\"");
            self.push_escaped(space);
            self.0.push('"');
        }
        self.0.push('>');
        inside(self);
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }

    /// `<name>value</name>`
    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.element(name, |xml| xml.push_escaped(value));
    }

    /// `<name>value</name>` for what needs no escaping: numbers, truth values.
    pub(super) fn value(&mut self, name: &str, value: impl Display) {
        self.element(name, |xml| {
            // Writing into a string does not fail.
            let _ = write!(xml.0, "{value}");
        });
    }

    /// `<name>2025-10-05T12:00:00Z</name>`
    pub(super) fn time(&mut self, name: &str, time: DateTime<Utc>) {
        self.value(name, time.to_rfc3339_opts(SecondsFormat::Secs, true));
    }

    /// Takes over what another piece holds.
    pub(super) fn append(&mut self, other: &Self) {
        self.0.push_str(&other.0);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }

    fn push_escaped(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\r' => self.0.push_str("&#xD;"),
                // XML 1.0 has no way at all to write these.
                c if c.is_control() && c != '\n' && c != '\t' => self.0.push('\u{fffd}'),
                c => self.0.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_elements_nest() {
        let mut xml = Xml::default();
        xml.element_in("A", "https://x/", |xml| {
            xml.text("B", "<&>\"\u{1b}\r");
            xml.value("C", 7);
            xml.element("D", |_| {});
        });
        assert_eq!(
            xml.into_string(),
            "<A xmlns=\"https://x/\"><B>&lt;&amp;&gt;&quot;\u{fffd}&#xD;</B><C>7</C><D></D></A>"
        );
    }

    #[test]
    fn times_have_whole_seconds_and_end_in_z() {
        let mut xml = Xml::default();
        let time = DateTime::from_timestamp(1_759_665_600, 999_000_000).unwrap();
        xml.time("T", time);
        assert_eq!(xml.into_string(), "<T>2025-10-05T12:00:00Z</T>");
    }
}
