//! Writes the XML of an answer.

use std::fmt::{Display, Write as _};

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};

/// A growing piece of XML. Everything that goes in as text is escaped.
#[derive(Debug, Default)]
pub(super) struct Xml {
    text: String,
    /// What is shared with other answers, and where in the text it belongs.
    shared: Vec<(usize, Bytes)>,
}

impl Xml {
    /// `<name>…</name>` around whatever `inside` writes.
    pub(super) fn element(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.element_in(name, "", inside);
    }

    /// As [`Self::element`], in a namespace.
    pub(super) fn element_in(&mut self, name: &str, space: &str, inside: impl FnOnce(&mut Self)) {
        self.text.push('<');
        self.text.push_str(name);
        if !space.is_empty() {
            self.text.push_str(" xmlns=\"");
            self.push_escaped(space);
            self.text.push('"');
        }
        self.text.push('>');
        inside(self);
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
    }

    /// `<name>value</name>`
    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.element(name, |xml| xml.push_escaped(value));
    }

    /// `<name>value</name>` for what needs no escaping: numbers, truth values.
    pub(super) fn value(&mut self, name: &str, value: impl Display) {
        self.element(name, |xml| {
            // Writing into a string does not fail.
            let _ = write!(xml.text, "{value}");
        });
    }

    /// `<name>content</name>` for something large that needs no escaping. It is
    /// copied once, into the finished document.
    pub(super) fn shared(&mut self, name: &str, content: &Bytes) {
        self.element(name, |xml| {
            xml.shared.push((xml.text.len(), content.clone()));
        });
    }

    /// `<name>2025-10-05T12:00:00Z</name>`
    pub(super) fn time(&mut self, name: &str, time: DateTime<Utc>) {
        self.value(name, time.to_rfc3339_opts(SecondsFormat::Secs, true));
    }

    /// Takes over what another piece holds.
    pub(super) fn append(&mut self, other: &Self) {
        let start = self.text.len();
        self.text.push_str(&other.text);
        let shared = other.shared.iter();
        self.shared
            .extend(shared.map(|(place, content)| (start + place, content.clone())));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn into_bytes(self) -> Bytes {
        if self.shared.is_empty() {
            return self.text.into();
        }
        let more: usize = self.shared.iter().map(|(_, content)| content.len()).sum();
        let mut whole = Vec::with_capacity(self.text.len() + more);
        let mut done = 0;
        for (place, content) in &self.shared {
            whole.extend_from_slice(&self.text.as_bytes()[done..*place]);
            whole.extend_from_slice(content);
            done = *place;
        }
        whole.extend_from_slice(&self.text.as_bytes()[done..]);
        whole.into()
    }

    fn push_escaped(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' => self.text.push_str("&quot;"),
                '\r' => self.text.push_str("&#xD;"),
                // XML 1.0 has no way at all to write these.
                c if c.is_control() && c != '\n' && c != '\t' => self.text.push('\u{fffd}'),
                c => self.text.push(c),
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
            xml.into_bytes(),
            "<A xmlns=\"https://x/\"><B>&lt;&amp;&gt;&quot;\u{fffd}&#xD;</B><C>7</C><D></D></A>"
        );
    }

    #[test]
    fn what_is_shared_stands_where_it_was_put() {
        let mut inside = Xml::default();
        inside.text("B", "<");
        inside.shared("C", &Bytes::from_static(b"large"));
        inside.shared("D", &Bytes::from_static(b"larger"));
        inside.value("E", 1);
        let mut xml = Xml::default();
        xml.element("A", |xml| xml.append(&inside));
        assert_eq!(
            xml.into_bytes(),
            "<A><B>&lt;</B><C>large</C><D>larger</D><E>1</E></A>"
        );
    }

    #[test]
    fn times_have_whole_seconds_and_end_in_z() {
        let mut xml = Xml::default();
        let time = DateTime::from_timestamp(1_759_665_600, 999_000_000).unwrap();
        xml.time("T", time);
        assert_eq!(xml.into_bytes(), "<T>2025-10-05T12:00:00Z</T>");
    }
}
