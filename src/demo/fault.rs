//! Faults: requests that fail, are answered late, or lose their answer.
//!
//! On a command line a fault is written `[ACCOUNT/][REGION/]ACTION[@USER]=KIND[*TIMES]`, where `ACTION`
//! may be `*` for all actions; where services share a name, `ListAccounts` means those of all and
//! `sso:ListAccounts` that of one. The kinds:
//!
//! | kind | what happens |
//! |---|---|
//! | `refuse` | `AccessDenied`, 403 |
//! | `throttle` | `Throttling`, 400 |
//! | `500` | `InternalFailure` |
//! | `503` | `ServiceUnavailable` |
//! | `code:STATUS:CODE[:MESSAGE]` | any other error |
//! | `delay:TIME` | the answer takes so much longer: `500ms`, `2s` |
//! | `drop-before` | the connection breaks, and nothing was done |
//! | `drop-after` | the connection breaks, and it was done |
//! | `cut` | it was done, and the connection breaks half way through the answer |
//! | `garble` | it was done, and the answer is not XML |
//! | `error-after:STATUS` | it was done, and the answer is an error |
//! | `refuse-token` | the token of a page other than the first is not accepted |
//! | `event:KIND` | the events of the answer are odd: `text` (no JSON), `bare` (without all fields), `controls` (control characters in all texts), `huge` (250 KB each), `agent` (a user agent of 1 KB), `secret` (secrets in what clients say of themselves and call things), `nested` (deeper than any reader goes) |
//!
//! For example `CreateAccessKey=drop-after`, `ListUsers=throttle*3`,
//! `ListAccessKeys@bob=refuse`, `*=delay:500ms`, `111122223333/AssumeRole=refuse`.

use std::str::FromStr;
use std::time::Duration;

use super::actions::Action;
use super::error::ServiceError;
use super::regions::is_region;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The caller lacks the permission.
    Refuse,
    /// Too many requests.
    Throttle,
    /// The service fails with 500; nothing was done.
    InternalFailure,
    /// The service fails with 503; nothing was done.
    Unavailable,
    /// Any other error; nothing was done.
    Code {
        /// The HTTP status.
        status: u16,
        /// The code.
        code: String,
        /// The message.
        message: String,
    },
    /// The answer takes so much longer. It shows the account as it was when the request came in.
    Delay(Duration),
    /// The connection breaks before anything was done.
    DropBefore,
    /// The action is done; the connection breaks instead of an answer.
    DropAfter,
    /// The action is done; the connection breaks half way through the answer.
    Cut,
    /// The action is done; the answer is not XML.
    Garble,
    /// The action is done; the answer is an error with this status.
    ErrorAfter(u16),
    /// A request for a page other than the first is refused: its token is not accepted.
    RefuseToken,
    /// The events of CloudTrail's answer are odd.
    Event(Payload),
}

/// How the events of CloudTrail's answer are odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// They are no JSON.
    Text,
    /// They lack all fields, and what is beside them too.
    Bare,
    /// They have control characters in what clients say of themselves.
    Controls,
    /// Each has 250 KB.
    Huge,
    /// The user agent has more than 1 KB.
    Agent,
    /// Secrets are in what clients say of themselves, and in the names of things.
    Secret,
    /// They are nested deeper than any reader goes.
    Nested,
}

/// A fault, and the requests it applies to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Fault {
    kind: FaultKind,
    account: Option<String>,
    region: Option<String>,
    action: Option<String>,
    user: Option<String>,
    times: Option<u32>,
    /// One in so many.
    every: u32,
    /// How many requests it could have applied to.
    seen: u32,
}

impl Fault {
    /// A fault that applies to every request.
    pub fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            account: None,
            region: None,
            action: None,
            user: None,
            times: None,
            every: 1,
            seen: 0,
        }
    }

    /// Only for requests about this account: those that its users and sessions sign, and those for a
    /// role of it.
    pub fn in_account(mut self, id: &str) -> Self {
        self.account = Some(id.to_owned());
        self
    }

    /// Only for requests that are signed for this region.
    pub fn in_region(mut self, region: &str) -> Self {
        self.region = Some(region.to_owned());
        self
    }

    /// Only for requests for this action, such as `CreateAccessKey` or `sso:ListAccounts`.
    pub fn action(mut self, action: &str) -> Self {
        self.action = Some(action.to_owned());
        self
    }

    /// Only for requests about this user, or about a key of this user.
    pub fn user(mut self, user: &str) -> Self {
        self.user = Some(user.to_owned());
        self
    }

    /// Only so many times.
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Only for one in so many of the requests that it could apply to, the last of them.
    pub fn one_in(mut self, every: u32) -> Self {
        self.every = every.max(1);
        self
    }

    fn is_its_turn(&mut self) -> bool {
        self.seen = (self.seen + 1) % self.every;
        self.seen == 0
    }

    fn applies_to(&self, about: &About<'_>) -> bool {
        let About {
            account,
            action,
            region,
            user,
            goes_on,
        } = *about;
        let same_action = match &self.action {
            Some(wanted) => action.is_some_and(|action| action.is(wanted)),
            // Denying everything leaves what needs no permission.
            None => self.kind != FaultKind::Refuse || action.is_none_or(Action::needs_permission),
        };
        let same_user = self
            .user
            .as_deref()
            .is_none_or(|wanted| user.is_some_and(|user| user.eq_ignore_ascii_case(wanted)));
        let same_account = self.account.is_none() || self.account.as_deref() == account;
        let same_region = self.region.is_none() || self.region.as_deref() == region;
        let has_token = goes_on || self.kind != FaultKind::RefuseToken;
        let same_place = same_account && same_region;
        self.times != Some(0) && same_action && same_user && same_place && has_token
    }
}

/// What a request is about, as far as that is known before it is done.
#[derive(Clone, Copy, Default)]
pub(super) struct About<'a> {
    pub(super) account: Option<&'a str>,
    pub(super) action: Option<&'a Action>,
    pub(super) region: Option<&'a str>,
    pub(super) user: Option<&'a str>,
    /// Whether it is for a page other than the first.
    pub(super) goes_on: bool,
}

/// The faults that apply to a request: the sum of all delays, and the first other fault.
pub(super) fn applying(faults: &mut [Fault], about: &About<'_>) -> (Duration, Option<FaultKind>) {
    let mut delay = Duration::ZERO;
    let mut first = None;
    for fault in faults {
        let is_delay = matches!(fault.kind, FaultKind::Delay(_));
        if !fault.applies_to(about) || (first.is_some() && !is_delay) || !fault.is_its_turn() {
            continue;
        }
        match &fault.kind {
            FaultKind::Delay(more) => delay += *more,
            kind => first = Some(kind.clone()),
        }
        fault.times = fault.times.map(|times| times - 1);
    }
    (delay, first)
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // From the right, since a user's name may contain `=`.
        let (target, what) = text.rsplit_once('=').ok_or_else(|| {
            format!("\"{text}\" is not [ACCOUNT/][REGION/]ACTION[@USER]=KIND[*TIMES]")
        })?;
        let (kind, times) = match what.rsplit_once('*') {
            None => (what, None),
            Some((kind, times)) => {
                let number = times.parse();
                let number = number.map_err(|_| format!("\"{times}\" is not a number of times"))?;
                (kind, Some(number))
            }
        };
        let (mut account, mut region, mut target) = (None, None, target);
        while let Some((place, rest)) = target.split_once('/') {
            if place.len() == 12 && place.bytes().all(|c| c.is_ascii_digit()) {
                account = Some(place);
            } else if place.bytes().filter(|c| *c == b'-').count() >= 2 {
                region = Some(place);
            } else {
                return Err(format!(
                    "\"{text}\" has no account ID or region before the slash"
                ));
            }
            target = rest;
        }
        let (action, user) = split(target, '@');
        if let Some(region) = user.filter(|user| is_region(user)) {
            let account = account.map(|id| format!("{id}/")).unwrap_or_default();
            return Err(format!(
                "\"{region}\" is a region, and behind the @ stands a user's name: write \
                 {account}{region}/{action}={what}"
            ));
        }
        if action != "*" && Action::named(action).is_none() {
            return Err(format!(
                "\"{action}\" is no action of the endpoint; * means all"
            ));
        }
        Ok(Self {
            kind: FaultKind::parse(kind)?,
            account: account.map(str::to_owned),
            region: region.map(str::to_owned),
            action: (action != "*").then(|| action.to_owned()),
            user: user.map(str::to_owned),
            times,
            every: 1,
            seen: 0,
        })
    }
}

impl FaultKind {
    fn parse(text: &str) -> Result<Self, String> {
        Ok(match split(text, ':') {
            ("refuse", None) => Self::Refuse,
            ("throttle", None) => Self::Throttle,
            ("500", None) => Self::InternalFailure,
            ("503", None) => Self::Unavailable,
            ("drop-before", None) => Self::DropBefore,
            ("drop-after", None) => Self::DropAfter,
            ("cut", None) => Self::Cut,
            ("garble", None) => Self::Garble,
            ("refuse-token", None) => Self::RefuseToken,
            ("event", Some(kind)) => Self::Event(Payload::parse(kind)?),
            ("delay", Some(time)) => Self::Delay(parse_time(time)?),
            ("error-after", Some(status)) => Self::ErrorAfter(parse_status(status)?),
            ("code", Some(rest)) => {
                let (status, rest) = split(rest, ':');
                let status = parse_status(status)?;
                let (code, message) = split(rest.unwrap_or_default(), ':');
                if code.is_empty() {
                    return Err("code:STATUS:CODE lacks the code".to_owned());
                }
                Self::Code {
                    status,
                    code: code.to_owned(),
                    message: message.unwrap_or(code).to_owned(),
                }
            }
            _ => {
                return Err(format!(
                    "\"{text}\" is no kind of fault; there are refuse, throttle, 500, 503, \
                     code:STATUS:CODE[:MESSAGE], delay:TIME, drop-before, drop-after, cut, \
                     garble, error-after:STATUS, refuse-token, event:KIND"
                ));
            }
        })
    }

    /// The error with which a request fails before anything is done. `AccessDenied` is made by the
    /// action, since it names the resource.
    pub(super) fn error(&self) -> Option<ServiceError> {
        match self {
            Self::Throttle => Some(ServiceError::throttled()),
            Self::InternalFailure => Some(ServiceError::internal_failure(500)),
            Self::Unavailable => Some(ServiceError::unavailable()),
            Self::RefuseToken => Some(ServiceError::invalid_marker()),
            Self::Code {
                status,
                code,
                message,
            } => Some(ServiceError::new((*status, code), message)),
            _ => None,
        }
    }

    /// Whether the client cannot learn from the answer what was done.
    pub(super) fn hides_outcome(&self) -> bool {
        matches!(
            self,
            Self::DropBefore | Self::DropAfter | Self::Cut | Self::Garble | Self::ErrorAfter(_)
        )
    }
}

impl Payload {
    fn parse(text: &str) -> Result<Self, String> {
        Ok(match text {
            "text" => Self::Text,
            "bare" => Self::Bare,
            "controls" => Self::Controls,
            "huge" => Self::Huge,
            "agent" => Self::Agent,
            "secret" => Self::Secret,
            "nested" => Self::Nested,
            _ => {
                return Err(format!(
                    "\"{text}\" is no kind of odd event; there are text, bare, controls, huge, \
                     agent, secret, nested"
                ));
            }
        })
    }
}

/// A text, and what follows the first separator if there is one.
fn split(text: &str, separator: char) -> (&str, Option<&str>) {
    let parts = text.split_once(separator);
    parts.map_or((text, None), |(name, rest)| (name, Some(rest)))
}

fn parse_time(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    match (digits.parse(), &text[digits.len()..]) {
        (Ok(number), "ms") => Ok(Duration::from_millis(number)),
        (Ok(number), "s") => Ok(Duration::from_secs(number)),
        _ => Err(format!("\"{text}\" is no time such as 500ms or 2s")),
    }
}

fn parse_status(text: &str) -> Result<u16, String> {
    let status = text.parse().ok();
    status
        .filter(|status| (400..600).contains(status))
        .ok_or_else(|| format!("\"{text}\" is no HTTP status of an error"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_can_be_written() {
        let code = FaultKind::Code {
            status: 403,
            code: "ExpiredToken".to_owned(),
            message: "It is over: sign in".to_owned(),
        };
        for (text, kind) in [
            ("refuse", FaultKind::Refuse),
            ("throttle", FaultKind::Throttle),
            ("500", FaultKind::InternalFailure),
            ("503", FaultKind::Unavailable),
            ("drop-before", FaultKind::DropBefore),
            ("drop-after", FaultKind::DropAfter),
            ("cut", FaultKind::Cut),
            ("garble", FaultKind::Garble),
            ("delay:500ms", FaultKind::Delay(Duration::from_millis(500))),
            ("delay:2s", FaultKind::Delay(Duration::from_secs(2))),
            ("error-after:500", FaultKind::ErrorAfter(500)),
            ("refuse-token", FaultKind::RefuseToken),
            ("event:huge", FaultKind::Event(Payload::Huge)),
            ("code:403:ExpiredToken:It is over: sign in", code),
        ] {
            assert_eq!(FaultKind::parse(text), Ok(kind));
        }
    }

    #[test]
    fn a_fault_is_written_with_its_action_user_and_times() {
        let expected = Fault::new(FaultKind::Throttle)
            .action("ListAccessKeys")
            .user("a=b@c")
            .times(3);
        assert_eq!("ListAccessKeys@a=b@c=throttle*3".parse(), Ok(expected));
        assert_eq!("*=cut".parse(), Ok(Fault::new(FaultKind::Cut)));
        let expected = Fault::new(FaultKind::Cut)
            .in_account("111122223333")
            .action("sts:AssumeRole");
        let written = "111122223333/sts:AssumeRole=cut".parse();
        assert_eq!(written, Ok(expected));
        let expected = Fault::new(FaultKind::Throttle)
            .in_account("111122223333")
            .in_region("me-south-1")
            .action("LookupEvents");
        let written = "111122223333/me-south-1/LookupEvents=throttle".parse();
        assert_eq!(written, Ok(expected));
    }

    #[test]
    fn a_fault_may_be_one_region_s_or_that_of_pages_after_the_first() {
        let faults = ["me-south-1/*=cut", "LookupEvents=refuse-token"];
        let mut faults = faults.map(|fault| fault.parse().unwrap());
        let mut first = |region, goes_on| {
            let about = About {
                region: Some(region),
                goes_on,
                ..about("LookupEvents", None)
            };
            applying(&mut faults, &about).1
        };
        assert_eq!(first("me-south-1", false), Some(FaultKind::Cut));
        assert_eq!(first("us-east-1", false), None);
        assert_eq!(first("us-east-1", true), Some(FaultKind::RefuseToken));
    }

    #[test]
    fn errors_in_a_fault_are_explained() {
        for (text, problem) in [
            ("cut", "[ACCOUNT/][REGION/]ACTION[@USER]=KIND[*TIMES]"),
            (
                "LookupEvents@us-east-1=refuse*2",
                "write us-east-1/LookupEvents=refuse*2",
            ),
            (
                "111122223333/LookupEvents@eu-west-1=cut",
                "write 111122223333/eu-west-1/LookupEvents=cut",
            ),
            ("*=event:round", "\"round\" is no kind of odd event"),
            ("1234/ListUsers=cut", "no account ID"),
            ("ListUser=cut", "\"ListUser\" is no action"),
            ("*=explode", "there are refuse, throttle"),
            ("*=cut*often", "\"often\" is not a number"),
            ("*=delay:soon", "500ms"),
            ("*=error-after:200", "\"200\""),
            ("*=code:400", "lacks the code"),
        ] {
            let error = text.parse::<Fault>().unwrap_err();
            assert!(error.contains(problem), "{text}: {error}");
        }
    }

    fn about<'a>(action: &str, user: Option<&'a str>) -> About<'a> {
        About {
            account: Some("123456789012"),
            action: Action::named(action),
            user,
            ..About::default()
        }
    }

    #[test]
    fn a_fault_may_be_one_account_s() {
        let faults = ["111122223333/*=cut", "123456789012/ListUsers=garble"];
        let mut faults = faults.map(|fault| fault.parse().unwrap());
        let mut first = |account, action| {
            let about = About {
                account,
                ..about(action, None)
            };
            applying(&mut faults, &about).1
        };
        assert_eq!(
            first(Some("111122223333"), "ListUsers"),
            Some(FaultKind::Cut)
        );
        assert_eq!(
            first(Some("123456789012"), "ListUsers"),
            Some(FaultKind::Garble)
        );
        assert_eq!(first(Some("123456789012"), "GetUser"), None);
        assert_eq!(first(None, "ListUsers"), None);
    }

    #[test]
    fn a_fault_applies_to_its_action_and_user_so_many_times() {
        let faults = ["ListAccessKeys@Bob=throttle*2", "*=refuse"];
        let mut faults = faults.map(|fault| fault.parse().unwrap());
        let mut first = |action, user| applying(&mut faults, &about(action, user)).1;
        let refuse = Some(FaultKind::Refuse);
        assert_eq!(first("ListUsers", Some("bob")), refuse);
        assert_eq!(first("ListAccessKeys", None), refuse);
        assert_eq!(first("ListAccessKeys", Some("alice")), refuse);
        let throttle = Some(FaultKind::Throttle);
        for expected in [throttle.clone(), throttle, refuse] {
            assert_eq!(first("ListAccessKeys", Some("bob")), expected);
        }
        // It needs no permission.
        assert_eq!(first("GetCallerIdentity", None), None);
    }

    #[test]
    fn delays_add_up_and_the_first_other_fault_counts() {
        let faults = ["*=delay:1s", "*=cut*1", "*=garble*1", "*=delay:2s"];
        let mut faults = faults.map(|fault| fault.parse().unwrap());
        for expected in [Some(FaultKind::Cut), Some(FaultKind::Garble), None] {
            let found = applying(&mut faults, &about("ListUsers", None));
            assert_eq!(found, (Duration::from_secs(3), expected));
        }
    }
}
