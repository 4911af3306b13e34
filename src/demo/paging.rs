//! Lists are given out page by page.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::query::Page;
use super::refusal::Refusal;
use super::xml::Xml;

/// Writes one page of a list, and where the next one goes on.
pub(super) fn list<T>(
    xml: &mut Xml,
    name: &str,
    page: &Page<'_>,
    items: impl Iterator<Item = T>,
    write: impl Fn(&mut Xml, &T),
    mark: impl Fn(&T) -> String,
) {
    let mut items = items.peekable();
    let mut last = None;
    xml.element(name, |xml| {
        for item in items.by_ref().take(page.size) {
            write(xml, &item);
            last = Some(item);
        }
    });
    let more = items.peek().is_some();
    xml.value("IsTruncated", more);
    if let Some(last) = last.filter(|_| more) {
        xml.text("Marker", &marker(&mark(&last)));
    }
}

const MARKER_PREFIX: &str = "after ";

/// A marker names the last item given out. It is encoded so that nobody is led
/// to read it, or to make one up.
fn marker(last: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{MARKER_PREFIX}{last}"))
}

/// The name in a marker.
pub(super) fn read_marker(marker: &str) -> Result<String, Refusal> {
    URL_SAFE_NO_PAD
        .decode(marker)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| Some(text.strip_prefix(MARKER_PREFIX)?.to_owned()))
        .ok_or_else(Refusal::invalid_marker)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_comes_back_and_nothing_else_passes_for_one() {
        assert_eq!(read_marker(&marker("bob")).unwrap(), "bob");
        for wrong in ["bob", "AAAA", "", "after bob"] {
            assert_eq!(read_marker(wrong).unwrap_err(), Refusal::invalid_marker());
        }
    }
}
