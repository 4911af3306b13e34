//! Lists are returned page by page.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::ServiceError;
use super::query::Page;
use super::xml::Xml;

/// Writes one page of a list, and the marker of the next one.
pub(super) fn list<'a, T: 'a>(
    xml: &mut Xml,
    name: &str,
    page: &Page<'_>,
    items: impl Iterator<Item = &'a T>,
    write: impl Fn(&mut Xml, &T),
    mark: impl Fn(&T) -> String,
) {
    let mut items = items.peekable();
    let mut last = None;
    xml.element(name, |xml| {
        for item in items.by_ref().take(page.size) {
            xml.element("member", |xml| write(xml, item));
            last = Some(item);
        }
    });
    let more = items.peek().is_some();
    xml.value("IsTruncated", more);
    if let Some(last) = last.filter(|_| more) {
        xml.text("Marker", &marker(&mark(last)));
    }
}

/// The items after the one that the page's marker names. Where that one has been deleted since,
/// there is no place to go on from.
pub(super) fn skip_to<'a, T: 'a>(
    page: &Page<'_>,
    mut items: impl Iterator<Item = &'a T>,
    mark: impl Fn(&T) -> String,
) -> Result<impl Iterator<Item = &'a T>, ServiceError> {
    if let Some(last) = page.after()? {
        items
            .find(|item| mark(item) == last)
            .ok_or_else(ServiceError::invalid_marker)?;
    }
    Ok(items)
}

const MARKER_PREFIX: &str = "after ";

/// A marker names the last item returned, encoded so that clients take it as opaque.
pub(super) fn marker(last: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{MARKER_PREFIX}{last}"))
}

impl Page<'_> {
    /// The name in the marker.
    pub(super) fn after(&self) -> Result<Option<String>, ServiceError> {
        let Some(marker) = self.marker else {
            return Ok(None);
        };
        let bytes = URL_SAFE_NO_PAD.decode(marker).ok();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        text.and_then(|text| Some(text.strip_prefix(MARKER_PREFIX)?.to_owned()))
            .map(Some)
            .ok_or_else(ServiceError::invalid_marker)
    }
}
