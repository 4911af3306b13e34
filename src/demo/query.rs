//! The query protocol: a request is a form, a response is XML.
//!
//! Parameters are checked as the service does it: all before anything is done, with one message for
//! everything that is wrong.

use bytes::Bytes;
use chrono::TimeDelta;
use http::{Response, header};
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::error::{ServiceError, VALIDATION};
use super::xml::Xml;

/// The parameters of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    /// Reads the form in the URL and in the body.
    pub(super) fn read(query: Option<&str>, body: &[u8]) -> Self {
        let query = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let both = query.chain(form_urlencoded::parse(body));
        Self(
            both.map(|(k, v)| (k.into_owned(), v.into_owned()))
                .collect(),
        )
    }

    /// Parameters that were read elsewhere.
    pub(super) fn of(params: Vec<(String, String)>) -> Self {
        Self(params)
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(key, _)| key == name)?;
        Some(value)
    }

    /// The numbers of a list's members, in order: the 3 of `Tags.member.3.Key`.
    fn numbers(&self, list: &str) -> Vec<u32> {
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

/// The constraints on a text parameter.
pub(super) struct TextRule {
    name: &'static str,
    shortest: usize,
    longest: usize,
    pattern: &'static str,
    matches: fn(&str) -> bool,
}

impl TextRule {
    /// The constraints that a text does not satisfy.
    fn violated_by(&self, value: &str) -> Vec<String> {
        let length = value.chars().count();
        let empty = length == 0 && self.shortest > 0;
        let (shortest, longest) = (self.shortest, self.longest);
        let mut violated = Vec::new();
        if empty || !(self.matches)(value) {
            let pattern = self.pattern;
            violated.push(format!("satisfy regular expression pattern: {pattern}"));
        }
        if length > longest {
            violated.push(format!("have length less than or equal to {longest}"));
        }
        if length < shortest {
            violated.push(format!("have length greater than or equal to {shortest}"));
        }
        violated
    }

    pub(super) fn allows(&self, value: &str) -> bool {
        self.violated_by(value).is_empty()
    }
}

const fn rule(
    name: &'static str,
    (shortest, longest): (usize, usize),
    pattern: &'static str,
    matches: fn(&str) -> bool,
) -> TextRule {
    TextRule {
        name,
        shortest,
        longest,
        pattern,
        matches,
    }
}

pub(super) const USER_NAME: TextRule = rule("UserName", (1, 128), r"[\w+=,.@-]+", is_name);
pub(super) const KEY_ID: TextRule = rule("AccessKeyId", (16, 128), r"[\w]+", is_word);
pub(super) const ROLE_ARN: TextRule = rule("RoleArn", (20, 2048), r"[\u0020-\u00FF]+", is_latin);
pub(super) const ROLE_SESSION_NAME: TextRule =
    rule("RoleSessionName", (2, 64), r"[\w+=,.@-]+", is_name);
pub(super) const EXTERNAL_ID: TextRule =
    rule("ExternalId", (2, 1224), r"[\w+=,.@:\/-]*", is_external_id);
pub(super) const POLICY: TextRule = rule(
    "Policy",
    (1, 2048),
    r"[\u0009\u000A\u000D\u0020-\u00FF]+",
    is_policy,
);
pub(super) const POLICY_ARN: TextRule = rule(
    "arn",
    (20, 2048),
    r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+",
    |_| true,
);
pub(super) const POLICY_NAME: TextRule = rule("PolicyName", (1, 128), r"[\w+=,.@-]+", is_name);
pub(super) const GROUP_NAME: TextRule = rule("GroupName", (1, 128), r"[\w+=,.@-]+", is_name);
pub(super) const POLICY_DOCUMENT: TextRule = rule(
    "PolicyDocument",
    (1, 131_072),
    r"[\u0009\u000A\u000D\u0020-\u00FF]+",
    is_policy,
);
pub(super) const VERSION_ID: TextRule = rule(
    "VersionId",
    (2, 32),
    r"v[1-9][0-9]*(\.[A-Za-z0-9-]*)?",
    is_version,
);
/// The ID of an SSH key or of a credential of a service, whose names differ.
pub(super) const CREDENTIAL_ID: TextRule = rule("Id", (20, 128), r"[\w]+", is_word);
pub(super) const CERTIFICATE_ID: TextRule = rule("CertificateId", (24, 128), r"[\w]+", is_word);
pub(super) const JOB_ID: TextRule = rule("JobId", (36, 36), r"[\w-]+", is_name);
pub(super) const SERIAL_NUMBER: TextRule =
    rule("SerialNumber", (9, 256), r"[\w+=/:,.@-]*", is_external_id);
pub(super) const TOKEN_CODE: TextRule = rule("TokenCode", (6, 6), r"[\d]*", is_number);
pub(super) const PATH_PREFIX: TextRule =
    rule("PathPrefix", (1, 512), r"\u002F[\u0021-\u007F]*", is_path);
pub(super) const TAG_KEY: TextRule = rule("Key", (1, 128), r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+", is_tag);
pub(super) const TAG_VALUE: TextRule =
    rule("Value", (0, 256), r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", is_tag);
const MARKER: TextRule = rule("Marker", (1, 320), r"[\u0020-\u00FF]+", is_latin);

fn is_word(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_name(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c))
}

fn is_external_id(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c))
}

fn is_policy(text: &str) -> bool {
    text.chars()
        .all(|c| "\t\n\r".contains(c) || (' '..='\u{ff}').contains(&c))
}

fn is_version(text: &str) -> bool {
    let number = text.strip_prefix('v').unwrap_or_default();
    let number = number.split('.').next().unwrap_or_default();
    !number.starts_with('0') && !number.is_empty() && is_number(number)
}

fn is_number(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit())
}

fn is_latin(text: &str) -> bool {
    text.chars().all(|c| (' '..='\u{ff}').contains(&c))
}

fn is_path(text: &str) -> bool {
    text.starts_with('/') && text.chars().all(|c| ('!'..='\x7f').contains(&c))
}

fn is_tag(text: &str) -> bool {
    use GeneralCategoryGroup::{Letter, Number, Separator};
    let known = [Letter, Number, Separator];
    text.chars()
        .all(|c| "_.:/=+-@".contains(c) || known.contains(&c.general_category_group()))
}

/// The part of a list that is asked for.
pub(super) struct Page<'a> {
    pub(super) size: usize,
    pub(super) marker: Option<&'a str>,
}

/// Checks parameters and collects the errors.
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
    pub(super) fn optional(&mut self, rule: &TextRule) -> Option<&'a str> {
        self.named(rule.name, rule)
    }

    /// A text that must be there. Where it is missing, this is empty and [`Self::done`] fails.
    pub(super) fn required(&mut self, rule: &TextRule) -> &'a str {
        self.required_as(rule.name, rule)
    }

    /// As [`Self::required`], under another name.
    pub(super) fn required_as(&mut self, name: &str, rule: &TextRule) -> &'a str {
        self.named(name, rule).unwrap_or_else(|| {
            self.missing(name);
            ""
        })
    }

    fn named(&mut self, name: &str, rule: &TextRule) -> Option<&'a str> {
        let value = self.params.get(name)?;
        for constraint in rule.violated_by(value) {
            self.fail(name, value, &constraint);
        }
        Some(value)
    }

    /// The texts of a list that must be there, `TagKeys.member.1`. An error in one of them is
    /// reported for the list, with all constraints.
    pub(super) fn texts(&mut self, list: &str, most: usize, rule: &TextRule) -> Vec<&'a str> {
        let numbers = self.members(list, most);
        let text = |number| self.params.get(&format!("{list}.member.{number}"));
        let texts: Vec<&str> = numbers.iter().filter_map(text).collect();
        if texts.len() < numbers.len() || !texts.iter().all(|text| rule.allows(text)) {
            let constraint = format!(
                "satisfy constraint: [Member must have length less than or equal to {}, Member \
                 must have length greater than or equal to {}, Member must satisfy regular \
                 expression pattern: {}, Member must not be null]",
                rule.longest, rule.shortest, rule.pattern
            );
            self.fail(list, &*format!("[{}]", texts.join(", ")), &constraint);
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
            self.fail(list, &*format!("{numbers:?}"), &constraint);
        }
        numbers
    }

    /// One of a set of words.
    pub(super) fn one_of(&mut self, name: &str, words: &[&str]) -> &'a str {
        let value = self.params.get(name);
        match value {
            None => self.missing(name),
            Some(value) if !words.contains(&value) => {
                let constraint = format!("satisfy enum value set: [{}]", words.join(", "));
                self.fail(name, value, &constraint);
            }
            Some(_) => {}
        }
        value.unwrap_or_default()
    }

    /// One of a set of words, which may be left out.
    pub(super) fn one_of_or_none(&mut self, name: &str, words: &[&str]) -> Option<&'a str> {
        self.params.get(name)?;
        Some(self.one_of(name, words))
    }

    /// The texts of a list that may be left out, each one of a set of words.
    pub(super) fn some_of(&mut self, list: &str, words: &[&str]) -> Vec<&'a str> {
        let numbers = self.params.numbers(list).into_iter();
        let texts = numbers.filter_map(|at| self.params.get(&format!("{list}.member.{at}")));
        let texts: Vec<&str> = texts.collect();
        if !texts.iter().all(|text| words.contains(text)) {
            let words = words.join(", ");
            let constraint =
                format!("satisfy constraint: [Member must satisfy enum value set: [{words}]]");
            self.fail(list, &*format!("[{}]", texts.join(", ")), &constraint);
        }
        texts
    }

    /// A number of seconds that may be left out.
    pub(super) fn seconds(&mut self, name: &str, least: i64, most: i64) -> Option<TimeDelta> {
        let value = self.params.get(name)?;
        match value.parse() {
            Ok(number) if number < least => {
                self.fail(
                    name,
                    value,
                    &format!("have value greater than or equal to {least}"),
                );
            }
            Ok(number) if number > most => {
                self.fail(
                    name,
                    value,
                    &format!("have value less than or equal to {most}"),
                );
            }
            Ok(number) => return Some(TimeDelta::seconds(number)),
            Err(_) => self.fail(name, value, "be a number"),
        }
        None
    }

    /// A size that may be left out, from one to `most`.
    pub(super) fn number(&mut self, name: &str, most: usize) -> Option<usize> {
        let value = self.params.get(name)?;
        match value.parse::<usize>() {
            Ok(number) if (1..=most).contains(&number) => return Some(number),
            _ => self.fail(name, value, &format!("be a number from 1 to {most}")),
        }
        None
    }

    /// The texts of a list that may be left out, each in a field: `PolicyArns.member.1.arn`.
    pub(super) fn fields(&mut self, list: &str, most: usize, rule: &TextRule) -> Vec<&'a str> {
        let numbers = self.params.numbers(list);
        if numbers.len() > most {
            let constraint = format!("have length less than or equal to {most}");
            self.fail(list, &*format!("{numbers:?}"), &constraint);
        }
        let mut texts = Vec::new();
        for number in numbers {
            let name = format!("{list}.member.{number}.{}", rule.name);
            texts.push(self.required_as(&name, rule));
        }
        texts
    }

    /// `MaxItems` and `Marker`. A page holds no more than `most`, even if more are asked for.
    pub(super) fn page(&mut self, most: usize) -> Page<'a> {
        const NAME: &str = "MaxItems";
        let mut size = 100;
        if let Some(value) = self.params.get(NAME) {
            match value.parse::<i64>() {
                Ok(number @ 1..=1000) => size = usize::try_from(number).unwrap_or(size),
                Ok(..1) => self.fail(NAME, value, "have value greater than or equal to 1"),
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
    pub(super) fn done(self) -> Result<(), ServiceError> {
        let count = self.wrong.len();
        if count == 0 {
            return Ok(());
        }
        let plural = if count == 1 { "" } else { "s" };
        let wrong = self.wrong.join("; ");
        let message = format!("{count} validation error{plural} detected: {wrong}");
        Err(ServiceError::new(VALIDATION, message))
    }

    fn missing(&mut self, name: &str) {
        self.fail(name, None, "not be null");
    }

    fn fail<'v>(&mut self, name: &str, value: impl Into<Option<&'v str>>, constraint: &str) {
        let value = value.into();
        let value = value.map_or_else(|| "null".into(), |value| format!("'{value}'"));
        self.wrong.push(format!(
            "Value {value} at '{}' failed to satisfy constraint: Member must {constraint}",
            member(name)
        ));
    }
}

/// A parameter's name as AWS's messages have it: `userName`, `tags.1.member.key`.
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

/// The response of an action that succeeded.
pub(super) fn success(
    action: &str,
    space: &str,
    result: &Xml,
    request_id: &str,
) -> Response<Bytes> {
    let mut xml = Xml::default();
    xml.element(&format!("{action}Response xmlns=\"{space}\""), |xml| {
        if !result.is_empty() {
            xml.element(&format!("{action}Result"), |xml| xml.append(result));
        }
        xml.element("ResponseMetadata", |xml| xml.text("RequestId", request_id));
    });
    document(200, xml, request_id)
}

/// The response of an action that failed.
pub(super) fn failure(error: &ServiceError, space: &str, request_id: &str) -> Response<Bytes> {
    let mut xml = Xml::default();
    xml.element(&format!("ErrorResponse xmlns=\"{space}\""), |xml| {
        xml.element("Error", |xml| {
            let receiver = error.status >= 500;
            xml.text("Type", if receiver { "Receiver" } else { "Sender" });
            xml.text("Code", &error.code);
            if !error.message.is_empty() {
                xml.text("Message", &error.message);
            }
        });
        xml.text("RequestId", request_id);
    });
    document(error.status, xml, request_id)
}

fn document(status: u16, xml: Xml, request_id: &str) -> Response<Bytes> {
    let response = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "text/xml")
        .header("x-amzn-requestid", request_id);
    // None of these can be invalid.
    response.body(xml.into_bytes()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(form: &str, check: impl FnOnce(&mut Check<'_>)) -> String {
        let params = Params::read(None, form.as_bytes());
        let mut checked = Check::new(&params);
        check(&mut checked);
        checked.done().err().map_or_else(String::new, |error| {
            assert_eq!((error.status, &*error.code), (400, "ValidationError"));
            error.message
        })
    }

    #[test]
    fn a_form_is_read_from_the_url_and_the_body() {
        let params = Params::read(Some("Action=ListUsers"), b"UserName=a%2Bb+c&X=");
        assert_eq!(params.get("Action"), Some("ListUsers"));
        assert_eq!(params.get("UserName"), Some("a+b c"));
        assert_eq!(params.get("X"), Some(""));
        assert_eq!(params.get("Y"), None);
    }

    #[test]
    fn texts_and_page_sizes_have_their_limits() {
        let checks: fn(&mut Check<'_>) = |check| {
            for rule in [&USER_NAME, &KEY_ID, &PATH_PREFIX] {
                check.optional(rule);
            }
            check.page(1000);
        };
        let long = "x".repeat(128);
        for (form, message) in [
            ("", ""),
            ("UserName=A-z0.9_%2B%3D,@", ""),
            (&format!("UserName={long}"), ""),
            ("AccessKeyId=AKIA000000000000", ""),
            ("PathPrefix=/a/b", ""),
            ("MaxItems=1000", ""),
            ("MaxItems=1", ""),
            (
                "UserName=a%20b",
                "1 validation error detected: Value 'a b' at 'userName' failed to satisfy \
                 constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+",
            ),
            (
                &format!("UserName={long}y"),
                "'userName' failed to satisfy constraint: Member must have length less than or \
                 equal to 128",
            ),
            ("UserName=", "2 validation errors detected: Value '' at"),
            ("UserName=%C3%A9", "pattern"),
            ("AccessKeyId=AKIA00000000000", "greater than or equal to 16"),
            ("AccessKeyId=AKIA00000000-000", r"pattern: [\w]+"),
            ("PathPrefix=a/", "'pathPrefix'"),
            ("PathPrefix=/a%20b/", "pattern"),
            ("MaxItems=0", "greater than or equal to 1"),
            ("MaxItems=ten", "'maxItems'"),
            ("Marker=", "'marker'"),
        ] {
            let found = refused(form, checks);
            assert_eq!(found.is_empty(), message.is_empty(), "{form}: {found}");
            assert!(found.contains(message), "{form}: {found}");
        }
    }
}
