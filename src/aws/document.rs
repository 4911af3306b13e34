//! Whether a success is one. The SDK reads nothing of the answers to most changes: to it any status
//! of 200 is a change that was made, also when it came with a login page, with half a document, or
//! from something that answers 200 to everything. It is not known then what AWS made of the request.
//! And what it does read it takes as it is: from a document that ends within a secret, the first half
//! of the secret.

use crate::engine::SecretKey;
use aws_sdk_iam::{
    config::{ConfigBag, Intercept, RuntimeComponents},
    error::BoxError,
};
use aws_smithy_runtime_api::client::interceptors::{
    context::AfterDeserializationInterceptorContextRef, dyn_dispatch_hint,
};
use quick_xml::{
    Reader, escape,
    events::{BytesRef, Event},
};
use std::sync::{Arc, OnceLock};

/// A text that came in pieces, where one did.
pub(super) type Pieces = Arc<OnceLock<SecretKey>>;

/// Lets a success pass only if its body is the document of the call. What is inside may be anything:
/// it differs between IAM and those that speak its language.
#[derive(Debug)]
pub(super) struct Own {
    /// The name of the document's root.
    pub(super) root: &'static str,
    /// The elements after whose ends the rest of the document does not matter; where there are
    /// none, all of it does.
    pub(super) enough: &'static [&'static str],
    /// The whole text of the last of these elements, once one of them has been found twice or with
    /// more than text in it: of that the SDK takes a part for the whole.
    /// None where it is not asked for.
    pub(super) pieces: Option<Pieces>,
}

impl Own {
    /// Whether a text is that document, whatever its namespace or prefix.
    fn is(&self, body: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(body) else {
            return false;
        };
        let mut reader = Reader::from_str(text);
        let mut missing = self.enough.to_vec();
        let mut depth = 0_usize;
        let mut seen = false;
        loop {
            let Ok(event) = reader.read_event() else {
                return false;
            };
            match &event {
                Event::Start(element) | Event::Empty(element) => {
                    if depth == 0 {
                        // One root, and the right one.
                        if seen || element.local_name().as_ref() != self.root.as_bytes() {
                            return false;
                        }
                        seen = true;
                    }
                    depth += usize::from(matches!(event, Event::Start(_)));
                }
                // The reader has checked that it ends what has begun.
                Event::End(element) => {
                    depth -= 1;
                    let name = element.local_name();
                    missing.retain(|wanted| name.as_ref() != wanted.as_bytes());
                    if missing.is_empty() && !self.enough.is_empty() {
                        return true;
                    }
                }
                Event::Text(text) if depth == 0 && !text.trim_ascii().is_empty() => return false,
                Event::CData(_) | Event::GeneralRef(_) if depth == 0 => return false,
                Event::Eof => return seen && depth == 0 && missing.is_empty(),
                _ => {}
            }
        }
    }
}

impl Own {
    /// The whole text of the last of the elements that are enough, if one of them is there twice or
    /// holds more than text, as far as the document can be read.
    fn pieces(&self, body: &[u8]) -> Option<SecretKey> {
        let mut reader = Reader::from_reader(body);
        let mut seen = Vec::new();
        let mut inside = None;
        let mut odd = false;
        // Long enough, so that it is never copied to another place.
        let mut text = String::with_capacity(body.len());
        while let Ok(event) = reader.read_event() {
            let is_last = inside.is_some() && inside == self.enough.last();
            let mut take = |bytes: &[u8]| {
                if is_last {
                    text.push_str(&String::from_utf8_lossy(bytes));
                }
            };
            match event {
                Event::Eof => break,
                Event::Text(part) => take(&part),
                Event::CData(part) if inside.is_some() => {
                    odd = true;
                    take(&part);
                }
                // The SDK reads references too: they are nothing odd.
                Event::GeneralRef(reference) => match character(&reference) {
                    Some(text) => take(text.as_bytes()),
                    None => odd |= inside.is_some(),
                },
                Event::Start(element) if inside.is_none() => {
                    let name = element.local_name();
                    let mut wanted = self.enough.iter();
                    let wanted = wanted.find(|wanted| name.as_ref() == wanted.as_bytes());
                    if wanted.is_some_and(|wanted| seen.contains(wanted)) {
                        odd = true;
                    } else {
                        seen.extend(wanted);
                        inside = wanted;
                    }
                }
                Event::End(element) => {
                    let name = element.local_name();
                    inside = inside.filter(|inside| name.as_ref() != inside.as_bytes());
                }
                _ => odd |= inside.is_some(),
            }
        }
        let text = SecretKey::new(text);
        odd.then_some(text)
    }
}

/// What a reference stands for: a character by its number, or one of the five that XML names.
fn character(reference: &BytesRef<'_>) -> Option<String> {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return Some(character.into());
    }
    let name = reference.decode().ok()?;
    escape::resolve_predefined_entity(&name).map(str::to_owned)
}

#[dyn_dispatch_hint]
impl Intercept for Own {
    fn name(&self) -> &'static str {
        "a success is the operation's own document"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes();
        if let Some(pieces) = &self.pieces
            && let Some(text) = self.pieces(body.unwrap_or_default())
        {
            // Sent once, it is answered once.
            let _ = pieces.set(text);
        }
        // What went wrong already keeps its own name.
        if context.output_or_error().is_err() || self.is(body.unwrap_or_default()) {
            Ok(())
        } else {
            Err(format!("the answer is no whole {}", self.root).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "<UntagUserResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\">\n  \
                         <ResponseMetadata>\n    <RequestId>EXAMPLE8-90ab</RequestId>\n  \
                         </ResponseMetadata>\n</UntagUserResponse>";

    fn own(root: &'static str, enough: &'static [&'static str]) -> Own {
        let pieces = None;
        Own {
            root,
            enough,
            pieces,
        }
    }

    fn passes(body: &str) -> bool {
        own("UntagUserResponse", &[]).is(body.as_bytes())
    }

    #[test]
    fn every_way_to_write_the_document_passes() {
        for body in [
            WHOLE.to_owned(),
            format!("{WHOLE}\n"),
            format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{WHOLE}"),
            format!("\u{feff}<?xml version=\"1.0\"?><!-- hi -->{WHOLE}<!-- bye -->"),
            "<UntagUserResponse/>".into(),
            "<UntagUserResponse></UntagUserResponse >".into(),
            "<i:UntagUserResponse xmlns:i='x'><i:A/></i:UntagUserResponse>".into(),
            "<UntagUserResponse>a &amp; b<![CDATA[<]]></UntagUserResponse>".into(),
        ] {
            assert!(passes(&body), "{body}");
        }
    }

    #[test]
    fn nothing_else_passes() {
        for body in [
            "",
            "{}",
            "OK",
            "<html><body>Sign in</body></html>",
            "<!DOCTYPE html><html><br></html>",
            "<ErrorResponse><Error><Code>X</Code></Error></ErrorResponse>",
            "<TagUserResponse/>",
            "<UntagUserResponses/>",
            "<untaguserresponse/>",
            "<UntagUserResponse/><UntagUserResponse/>",
            "<UntagUserResponse/>more",
            "more<UntagUserResponse/>",
            "<UntagUserResponse><A></UntagUserResponse>",
            "<UntagUserResponse></TagUserResponse>",
            "</UntagUserResponse>",
        ] {
            assert!(!passes(body), "{body}");
        }
        let odd = b"<UntagUserResponse>\xff</UntagUserResponse>";
        assert!(!own("UntagUserResponse", &[]).is(odd));
    }

    #[test]
    fn it_passes_only_to_its_last_character() {
        for (cut, _) in WHOLE.char_indices() {
            assert!(!passes(&WHOLE[..cut]), "{}", &WHOLE[..cut]);
        }
    }

    #[test]
    fn what_is_enough_has_to_be_whole_and_no_more() {
        let own = own("Made", &["Id", "Secret"]);
        let body = "<Made><Key><Id>1</Id><Secret>2</Secret></Key></Made>";
        let enough = body.find("</Key>").unwrap();
        for (cut, _) in body.char_indices() {
            assert_eq!(
                own.is(&body.as_bytes()[..cut]),
                cut >= enough,
                "{}",
                &body[..cut]
            );
        }
        assert!(own.is(body.as_bytes()));
        assert!(own.pieces(body.as_bytes()).is_none());
        // References are read as they are meant.
        let body = "<Made><Id>1</Id><Secret>a&#43;b&amp;c</Secret></Made>";
        assert!(own.pieces(body.as_bytes()).is_none());
        for (odd, text) in [
            (
                "<Made><Id>1</Id><Secret>2</Secret><Secret>3</Secret></Made>",
                "2",
            ),
            ("<Made><Id>1</Id><Secret>2</Secret></Made><Id>3</Id>", "2"),
            ("<Made><Id>1</Id><Secret>2<!-- 3 -->4</Secret></Made>", "24"),
            (
                "<Made><Id>1</Id><Secret>2<![CDATA[4]]>5</Secret></Made>",
                "245",
            ),
            (
                "<Made><Id>1</Id><Secret>a&#43;<!-- 3 -->b&#x2F;</Secret></Made>",
                "a+b/",
            ),
            ("<Made><Id>1<b/></Id><Secret>2</Secret></Made>", "2"),
            ("<Made><Id>1</Id><Secret>2<b>3</b>4</Secret></Made>", "234"),
        ] {
            let pieces = own.pieces(odd.as_bytes());
            assert_eq!(pieces.as_ref().map(SecretKey::expose), Some(text), "{odd}");
        }
        assert!(!own.is(b"<Other><Id>1</Id><Secret>2</Secret></Other>"));
        assert!(!own.is(b"<Made><Id>1</Id></Made>"));
    }
}
