//! The query protocol: a request is a form, an answer is XML.
//!
//! Parameters are checked as the service does it: all of them before anything
//! happens, and everything that is wrong is said in one sentence.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::refusal::Refusal;
use super::xml::Xml;

/// The parameters of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    /// Reads the form in the address and in the body.
    pub(super) fn read(query: Option<&str>, body: &[u8]) -> Self {
        let query = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let body = form_urlencoded::parse(body);
        Self(
            query
                .chain(body)
                .map(|(k, v)| (k.into_owned(), v.into_owned()))
                .collect(),
        )
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(key, _)| key == name)?;
        Some(value)
    }

    /// The numbers of a list's members, in order: the 3 of `Tags.member.3.Key`.
    pub(super) fn numbers(&self, list: &str) -> Vec<u32> {
        let number = |name: &str| {
            let rest = name.strip_prefix(list)?.strip_prefix(".member.")?;
            rest.split('.').next()?.parse().ok()
        };
        let mut numbers: Vec<u32> = self.0.iter().filter_map(|(name, _)| number(name)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// What a text parameter may be.
pub(super) struct Text {
    name: &'static str,
    shortest: usize,
    longest: usize,
    pattern: &'static str,
    matches: fn(&str) -> bool,
}

impl Text {
    /// What a text would have to be and is not.
    fn broken(&self, value: &str) -> Vec<String> {
        let length = value.chars().count();
        let mut broken = Vec::new();
        if !(self.matches)(value) {
            broken.push(format!(
                "satisfy regular expression pattern: {}",
                self.pattern
            ));
        }
        if length > self.longest {
            broken.push(format!(
                "have length less than or equal to {}",
                self.longest
            ));
        }
        if length < self.shortest {
            broken.push(format!(
                "have length greater than or equal to {}",
                self.shortest
            ));
        }
        broken
    }
}

pub(super) const USER_NAME: Text = Text {
    name: "UserName",
    shortest: 1,
    longest: 128,
    pattern: r"[\w+=,.@-]+",
    matches: |text| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| is_word(byte) || b"+=,.@-".contains(&byte))
    },
};

pub(super) const KEY_ID: Text = Text {
    name: "AccessKeyId",
    shortest: 16,
    longest: 128,
    pattern: r"[\w]+",
    matches: |text| !text.is_empty() && text.bytes().all(is_word),
};

pub(super) const ROLE_ARN: Text = Text {
    name: "RoleArn",
    shortest: 20,
    longest: 2048,
    pattern: r"[\u0020-\u00FF]+",
    matches: |text| !text.is_empty() && text.chars().all(|c| (' '..='\u{ff}').contains(&c)),
};

pub(super) const ROLE_SESSION_NAME: Text = Text {
    name: "RoleSessionName",
    shortest: 2,
    longest: 64,
    pattern: USER_NAME.pattern,
    matches: USER_NAME.matches,
};

pub(super) const PATH_PREFIX: Text = Text {
    name: "PathPrefix",
    shortest: 1,
    longest: 512,
    pattern: r"\u002F[\u0021-\u007F]*",
    matches: |text| text.starts_with('/') && text.bytes().all(|byte| (0x21..=0x7f).contains(&byte)),
};

pub(super) const TAG_KEY: Text = Text {
    name: "Key",
    shortest: 1,
    longest: 128,
    pattern: r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+",
    matches: |text| !text.is_empty() && text.chars().all(is_tag_char),
};

pub(super) const TAG_VALUE: Text = Text {
    name: "Value",
    shortest: 0,
    longest: 256,
    pattern: r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*",
    matches: |text| text.chars().all(is_tag_char),
};

const MARKER: Text = Text {
    name: "Marker",
    shortest: 1,
    longest: 320,
    pattern: r"[\u0020-\u00FF]+",
    matches: |text| !text.is_empty() && text.chars().all(|c| (' '..='\u{ff}').contains(&c)),
};

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_tag_char(c: char) -> bool {
    let group = c.general_category_group();
    "_.:/=+-@".contains(c)
        || [
            GeneralCategoryGroup::Letter,
            GeneralCategoryGroup::Separator,
            GeneralCategoryGroup::Number,
        ]
        .contains(&group)
}

/// Which part of a list is asked for.
pub(super) struct Page<'a> {
    pub(super) size: usize,
    pub(super) marker: Option<&'a str>,
}

/// Checks parameters and remembers what is wrong.
pub(super) struct Check<'a> {
    params: &'a Params,
    wrong: Vec<String>,
}

impl<'a> Check<'a> {
    pub(super) fn new(params: &'a Params) -> Self {
        Self {
            params,
            wrong: Vec::new(),
        }
    }

    /// A text that may be left out.
    pub(super) fn optional(&mut self, rule: &Text) -> Option<&'a str> {
        self.named(rule.name, rule)
    }

    /// A text that must be there. Where it is not, the empty text stands in;
    /// [`Self::done`] says so.
    pub(super) fn required(&mut self, rule: &Text) -> &'a str {
        self.required_as(rule.name, rule)
    }

    /// As [`Self::required`], under another name than the rule's.
    pub(super) fn required_as(&mut self, name: &str, rule: &Text) -> &'a str {
        self.named(name, rule).unwrap_or_else(|| {
            self.missing(name);
            ""
        })
    }

    fn named(&mut self, name: &str, rule: &Text) -> Option<&'a str> {
        let value = self.params.get(name)?;
        for constraint in rule.broken(value) {
            self.fail(name, value, &constraint);
        }
        Some(value)
    }

    /// The texts of a list that must be there, `TagKeys.member.1`. What is wrong
    /// with any of them is said of the list, with all that they have to be.
    pub(super) fn texts(&mut self, list: &str, most: usize, rule: &Text) -> Vec<&'a str> {
        let numbers = self.members(list, most);
        let name = |number| format!("{list}.member.{number}");
        let texts = numbers
            .iter()
            .filter_map(|number| self.params.get(&name(*number)));
        let texts: Vec<&str> = texts.collect();
        if texts.len() < numbers.len() || texts.iter().any(|text| !rule.broken(text).is_empty()) {
            let constraint = format!(
                "satisfy constraint: [Member must have length less than or equal to {}, Member \
                 must have length greater than or equal to {}, Member must satisfy regular \
                 expression pattern: {}, Member must not be null]",
                rule.longest, rule.shortest, rule.pattern
            );
            self.fail(list, &format!("[{}]", texts.join(", ")), &constraint);
        }
        texts
    }

    /// The numbers of the members of a list that must be there.
    pub(super) fn members(&mut self, list: &str, most: usize) -> Vec<u32> {
        let numbers = self.params.numbers(list);
        if numbers.is_empty() {
            self.missing(list);
        }
        if numbers.len() > most {
            let constraint = format!("have length less than or equal to {most}");
            self.fail(list, &format!("{numbers:?}"), &constraint);
        }
        numbers
    }

    /// One of a set of words, by its place in the set.
    pub(super) fn one_of(&mut self, name: &str, words: &[&str]) -> usize {
        let Some(value) = self.params.get(name) else {
            self.missing(name);
            return 0;
        };
        words
            .iter()
            .position(|word| *word == value)
            .unwrap_or_else(|| {
                let constraint = format!("satisfy enum value set: [{}]", words.join(", "));
                self.fail(name, value, &constraint);
                0
            })
    }

    /// `MaxItems` and `Marker`. The service gives no more than `most` whatever is
    /// asked for.
    pub(super) fn page(&mut self, most: usize) -> Page<'a> {
        const NAME: &str = "MaxItems";
        let mut size = 100;
        if let Some(value) = self.params.get(NAME) {
            match value.parse::<i64>() {
                Ok(number @ 1..=1000) => size = usize::try_from(number).unwrap_or(size),
                Ok(number) if number < 1 => {
                    self.fail(NAME, value, "have value greater than or equal to 1");
                }
                Ok(_) => self.fail(NAME, value, "have value less than or equal to 1000"),
                Err(_) => self.fail(NAME, value, "be a number"),
            }
        }
        Page {
            size: size.min(most),
            marker: self.optional(&MARKER),
        }
    }

    /// Ends the check.
    pub(super) fn done(self) -> Result<(), Refusal> {
        let count = self.wrong.len();
        if count == 0 {
            return Ok(());
        }
        let plural = if count == 1 { "" } else { "s" };
        Err(Refusal::invalid(format!(
            "{count} validation error{plural} detected: {}",
            self.wrong.join("; ")
        )))
    }

    fn fail(&mut self, name: &str, value: &str, constraint: &str) {
        self.wrong.push(format!(
            "Value '{value}' at '{}' failed to satisfy constraint: Member must {constraint}",
            member(name)
        ));
    }

    fn missing(&mut self, name: &str) {
        self.wrong.push(format!(
            "Value null at '{}' failed to satisfy constraint: Member must not be null",
            member(name)
        ));
    }
}

/// A parameter's name as it is in the service's sentences: `userName`,
/// `tags.1.member.key`.
fn member(name: &str) -> String {
    if let Some((list, rest)) = name.split_once(".member.") {
        let (number, field) = rest.split_once('.').unwrap_or((rest, ""));
        let member = format!("{}.{number}.member.{}", member(list), member(field));
        return member.trim_end_matches('.').to_owned();
    }
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}

/// The document of a call that went well.
pub(super) fn success(
    action: &str,
    space: &str,
    result: &Xml,
    request_id: &str,
) -> Response<Bytes> {
    let mut xml = Xml::default();
    xml.element_in(&format!("{action}Response"), space, |xml| {
        if !result.is_empty() {
            xml.element(&format!("{action}Result"), |xml| xml.append(result));
        }
        xml.element("ResponseMetadata", |xml| xml.text("RequestId", request_id));
    });
    document(StatusCode::OK, xml, request_id)
}

/// The document of a call that did not.
pub(super) fn failure(refusal: &Refusal, space: &str, request_id: &str) -> Response<Bytes> {
    let mut xml = Xml::default();
    xml.element_in("ErrorResponse", space, |xml| {
        xml.element("Error", |xml| {
            xml.text("Type", refusal.kind());
            xml.text("Code", &refusal.code);
            if !refusal.message.is_empty() {
                xml.text("Message", &refusal.message);
            }
        });
        xml.text("RequestId", request_id);
    });
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    document(status, xml, request_id)
}

fn document(status: StatusCode, xml: Xml, request_id: &str) -> Response<Bytes> {
    let mut response = Response::new(xml.into_bytes());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(form: &str, check: impl FnOnce(&mut Check<'_>)) -> String {
        let params = Params::read(None, form.as_bytes());
        let mut checked = Check::new(&params);
        check(&mut checked);
        checked.done().err().map_or_else(String::new, |refusal| {
            assert_eq!((refusal.status, &*refusal.code), (400, "ValidationError"));
            refusal.message
        })
    }

    #[test]
    fn a_form_is_read_from_the_address_and_the_body() {
        let params = Params::read(Some("Action=ListUsers"), b"UserName=a%2Bb+c&X=");
        assert_eq!(params.get("Action"), Some("ListUsers"));
        assert_eq!(params.get("UserName"), Some("a+b c"));
        assert_eq!(params.get("X"), Some(""));
        assert_eq!(params.get("Y"), None);
    }

    #[test]
    fn wrong_texts_are_refused_in_the_services_words() {
        let user = |form: &str| {
            refused(form, |check| {
                check.optional(&USER_NAME);
            })
        };
        assert_eq!(user(""), "");
        assert_eq!(user("UserName=A-z0.9_%2B%3D,@"), "");
        assert_eq!(
            user("UserName=a%20b"),
            "1 validation error detected: Value 'a b' at 'userName' failed to satisfy \
             constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+"
        );
        let long = "x".repeat(129);
        assert!(
            user(&format!("UserName={long}"))
                .ends_with("'userName' failed to satisfy constraint: Member must have length less than or equal to 128")
        );
        assert_eq!(user(&format!("UserName={}", &long[1..])), "");
        assert!(user("UserName=").starts_with("2 validation errors detected: Value '' at"));
        assert!(user("UserName=%C3%A9").contains("pattern"));
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let message = refused("Status=On&MaxItems=1001", |check| {
            check.required(&KEY_ID);
            check.one_of("Status", &["Active", "Inactive"]);
            check.page(1000);
        });
        assert_eq!(
            message,
            "3 validation errors detected: Value null at 'accessKeyId' failed to satisfy \
             constraint: Member must not be null; Value 'On' at 'status' failed to satisfy \
             constraint: Member must satisfy enum value set: [Active, Inactive]; Value '1001' \
             at 'maxItems' failed to satisfy constraint: Member must have value less than or \
             equal to 1000"
        );
    }

    #[test]
    fn key_ids_paths_and_page_sizes_have_their_limits() {
        let key = |form: &str| {
            refused(form, |check| {
                check.required(&KEY_ID);
            })
        };
        assert_eq!(key("AccessKeyId=AKIA000000000000"), "");
        assert!(key("AccessKeyId=AKIA00000000000").ends_with("greater than or equal to 16"));
        assert!(key("AccessKeyId=AKIA00000000-000").ends_with(r"[\w]+"));
        let path = |form: &str| {
            refused(form, |check| {
                check.optional(&PATH_PREFIX);
            })
        };
        assert_eq!(path("PathPrefix=/a/b"), "");
        assert!(path("PathPrefix=a/").contains("'pathPrefix'"));
        assert!(path("PathPrefix=/a%20b/").contains("pattern"));
        let size = |form: &str| {
            refused(form, |check| {
                check.page(1000);
            })
        };
        assert_eq!(size("MaxItems=1000"), "");
        assert!(size("MaxItems=0").ends_with("greater than or equal to 1"));
        assert!(size("MaxItems=ten").contains("'maxItems'"));
        assert!(size("Marker=").contains("'marker'"));
    }
}
