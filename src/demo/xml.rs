//! Writes the XML of a response.

use std::fmt::{Display, Write as _};

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use quick_xml::escape::escape;

/// A growing piece of XML.
#[derive(Clone, Debug, Default)]
pub(super) struct Xml(String);

impl Xml {
    /// `<name>…</name>` around what `inside` writes; attributes may follow the name.
    pub(super) fn element(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.push(format_args!("<{name}>"));
        inside(self);
        let name = name.split(' ').next().unwrap_or_default();
        self.push(format_args!("</{name}>"));
    }

    /// `<name>value</name>`, escaped.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.element(name, |xml| xml.content(value));
    }

    /// A value, escaped, without an element around it.
    pub(super) fn content(&mut self, value: &str) {
        // XML 1.0 has no way to write other control characters.
        let forbidden = |c: char| c.is_control() && !"\n\t\r".contains(c);
        let value = value.replace(forbidden, "\u{fffd}");
        self.push(escape(value).replace('\r', "&#xD;"));
    }

    /// `<name>value</name>` for what needs no escaping: numbers, truth values, Base64.
    pub(super) fn value(&mut self, name: &str, value: impl Display) {
        self.element(name, |xml| xml.push(value));
    }

    /// `<name>2025-10-05T12:00:00Z</name>`
    pub(super) fn time(&mut self, name: &str, time: DateTime<Utc>) {
        self.value(name, time.to_rfc3339_opts(SecondsFormat::Secs, true));
    }

    /// Appends another piece.
    pub(super) fn append(&mut self, other: &Self) {
        self.push(&other.0);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_bytes(self) -> Bytes {
        self.0.into()
    }

    fn push(&mut self, text: impl Display) {
        // Writing into a string does not fail.
        let _ = write!(self.0, "{text}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_elements_nest() {
        let mut xml = Xml::default();
        xml.element("A xmlns=\"https://x/\"", |xml| {
            xml.text("B", "<&>\"\u{1b}\r");
            xml.value("C", 7);
            xml.element("D", |_| {});
            let time = DateTime::from_timestamp(1_759_665_600, 999_000_000);
            xml.time("E", time.unwrap());
        });
        assert_eq!(
            xml.into_bytes(),
            "<A xmlns=\"https://x/\"><B>&lt;&amp;&gt;&quot;\u{fffd}&#xD;</B><C>7</C><D></D>\
             <E>2025-10-05T12:00:00Z</E></A>"
        );
    }
}
