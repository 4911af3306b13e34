//! Whether a success is one. The SDK reads nothing of the answers to most changes: to it any status
//! of 200 is a change that was made, also when it came with a login page, with half a document, or
//! from something that answers 200 to everything. Nobody knows then what AWS made of the request.
//! And what it does read it takes as it is: from a document that ends within a secret, the first half
//! of the secret.

use aws_sdk_iam::{
    config::{ConfigBag, Intercept, RuntimeComponents},
    error::BoxError,
};
use aws_smithy_runtime_api::client::interceptors::{
    context::AfterDeserializationInterceptorContextRef, dyn_dispatch_hint,
};
use quick_xml::{Reader, events::Event};

/// Lets a success pass only if its body is the document of the call. What is inside may be anything:
/// it differs between IAM and those that speak its language.
#[derive(Debug)]
pub(super) struct Own {
    /// The name of the document's root.
    pub(super) root: &'static str,
    /// The elements after whose ends the rest of the document does not matter; where there are
    /// none, all of it does.
    pub(super) enough: &'static [&'static str],
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

    const UNTAGGED: Own = Own {
        root: "UntagUserResponse",
        enough: &[],
    };

    fn passes(body: &str) -> bool {
        UNTAGGED.is(body.as_bytes())
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
        assert!(!UNTAGGED.is(odd));
    }

    #[test]
    fn it_passes_only_to_its_last_character() {
        for (cut, _) in WHOLE.char_indices() {
            assert!(!passes(&WHOLE[..cut]), "{}", &WHOLE[..cut]);
        }
    }

    #[test]
    fn what_is_enough_has_to_be_whole_and_no_more() {
        let own = Own {
            root: "Made",
            enough: &["Id", "Secret"],
        };
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
        assert!(!own.is(b"<Other><Id>1</Id><Secret>2</Secret></Other>"));
        assert!(!own.is(b"<Made><Id>1</Id></Made>"));
    }
}
