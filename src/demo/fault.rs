//! The ways the endpoint can be told to misbehave.
//!
//! On a command line a fault is written `ACTION[@USER]=KIND[*TIMES]`, where
//! `ACTION` may be `*` for all of them. The kinds:
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
//!
//! For example `CreateAccessKey=drop-after`, `ListUsers=throttle*3`,
//! `ListAccessKeys@bob=refuse`, `*=delay:500ms`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::actions::Action;
use super::refusal::Refusal;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The caller lacks the permission.
    Refuse,
    /// Too many requests.
    Throttle,
    /// The service fails with 500, and did nothing.
    InternalFailure,
    /// The service fails with 503, and did nothing.
    Unavailable,
    /// Any other error; nothing was done.
    Code {
        /// The HTTP status.
        status: u16,
        /// The code.
        code: String,
        /// The sentence.
        message: String,
    },
    /// The answer takes so much longer. It tells how things were when the
    /// request came in.
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
}

/// A fault, and the requests that meet it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    kind: FaultKind,
    action: Option<String>,
    user: Option<String>,
    times: Option<u32>,
}

impl Fault {
    /// A fault that every request meets.
    #[must_use]
    pub fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            action: None,
            user: None,
            times: None,
        }
    }

    /// Only requests for this action meet it, such as `CreateAccessKey`.
    #[must_use]
    pub fn action(mut self, action: &str) -> Self {
        self.action = Some(action.to_owned());
        self
    }

    /// Only requests about this user, or about a key of this user, meet it.
    #[must_use]
    pub fn user(mut self, user: &str) -> Self {
        self.user = Some(user.to_owned());
        self
    }

    /// It happens so many times, and then no more.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    fn meets(&self, action: Option<&Action>, user: Option<&str>) -> bool {
        let name = action.map(|action| action.name);
        let free = self.kind == FaultKind::Refuse
            && self.action.is_none()
            && action.is_some_and(|action| !action.needs_permission());
        !free
            && self.times != Some(0)
            && (self.action.is_none() || self.action.as_deref() == name)
            && self
                .user
                .as_deref()
                .is_none_or(|wanted| user.is_some_and(|user| user.eq_ignore_ascii_case(wanted)))
    }
}

/// The faults told so far.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// What a request meets: all delays together, and the first other fault.
    pub(super) fn meet(
        &mut self,
        action: Option<&Action>,
        user: Option<&str>,
    ) -> (Duration, Option<FaultKind>) {
        let mut delay = Duration::ZERO;
        let mut met = None;
        for fault in self.0.iter_mut().filter(|it| it.meets(action, user)) {
            match &fault.kind {
                FaultKind::Delay(more) => delay += *more,
                _ if met.is_some() => continue,
                kind => met = Some(kind.clone()),
            }
            fault.times = fault.times.map(|times| times - 1);
        }
        (delay, met)
    }
}

/// Why a text is not a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultError(String);

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FaultError {}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        // From the right, since a user's name may contain `=`.
        let (target, what) = text
            .rsplit_once('=')
            .ok_or_else(|| FaultError(format!("\"{text}\" is not ACTION[@USER]=KIND[*TIMES]")))?;
        let (kind, times) = match what.rsplit_once('*') {
            None => (what, None),
            Some((kind, times)) => {
                let times = times
                    .parse()
                    .map_err(|_| FaultError(format!("\"{times}\" is not a number of times")))?;
                (kind, Some(times))
            }
        };
        let (action, user) = match target.split_once('@') {
            None => (target, None),
            Some((action, user)) => (action, Some(user.to_owned())),
        };
        if action != "*" && Action::named(action).is_none() {
            return Err(FaultError(format!(
                "\"{action}\" is no action of the endpoint; * means all"
            )));
        }
        Ok(Self {
            kind: kind.parse()?,
            action: (action != "*").then(|| action.to_owned()),
            user,
            times,
        })
    }
}

impl FromStr for FaultKind {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let (name, rest) = match text.split_once(':') {
            None => (text, None),
            Some((name, rest)) => (name, Some(rest)),
        };
        let kind = match (name, rest) {
            ("refuse", None) => Self::Refuse,
            ("throttle", None) => Self::Throttle,
            ("500", None) => Self::InternalFailure,
            ("503", None) => Self::Unavailable,
            ("drop-before", None) => Self::DropBefore,
            ("drop-after", None) => Self::DropAfter,
            ("cut", None) => Self::Cut,
            ("garble", None) => Self::Garble,
            ("delay", Some(time)) => Self::Delay(read_time(time)?),
            ("error-after", Some(status)) => Self::ErrorAfter(read_status(status)?),
            ("code", Some(rest)) => {
                let mut parts = rest.splitn(3, ':');
                let status = read_status(parts.next().unwrap_or_default())?;
                let code = parts.next().unwrap_or_default();
                if code.is_empty() {
                    return Err(FaultError("code:STATUS:CODE lacks the code".to_owned()));
                }
                Self::Code {
                    status,
                    code: code.to_owned(),
                    message: parts.next().unwrap_or(code).to_owned(),
                }
            }
            _ => {
                return Err(FaultError(format!(
                    "\"{text}\" is no kind of fault; there are refuse, throttle, 500, 503, \
                     code:STATUS:CODE[:MESSAGE], delay:TIME, drop-before, drop-after, cut, \
                     garble, error-after:STATUS"
                )));
            }
        };
        Ok(kind)
    }
}

impl FaultKind {
    /// The error document of a fault that stands for one before anything is
    /// done. Refusals need to know more: they are made where the action is.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Throttle => Some(Refusal::throttled()),
            Self::InternalFailure => Some(Refusal::internal_failure()),
            Self::Unavailable => Some(Refusal::unavailable()),
            Self::Code {
                status,
                code,
                message,
            } => Some(Refusal::new(*status, code, message)),
            _ => None,
        }
    }
}

fn read_time(text: &str) -> Result<Duration, FaultError> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let number = digits.parse().ok();
    match (number, &text[digits.len()..]) {
        (Some(number), "ms") => Ok(Duration::from_millis(number)),
        (Some(number), "s") => Ok(Duration::from_secs(number)),
        _ => Err(FaultError(format!(
            "\"{text}\" is no time such as 500ms or 2s"
        ))),
    }
}

fn read_status(text: &str) -> Result<u16, FaultError> {
    text.parse()
        .ok()
        .filter(|status| (400..600).contains(status))
        .ok_or_else(|| FaultError(format!("\"{text}\" is no HTTP status of an error")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meet(faults: &mut Faults, action: &str, user: Option<&str>) -> Option<FaultKind> {
        faults.meet(Action::named(action), user).1
    }

    #[test]
    fn every_kind_can_be_written() {
        let kind = |text: &str| text.parse::<FaultKind>().unwrap();
        assert_eq!(kind("refuse"), FaultKind::Refuse);
        assert_eq!(kind("throttle"), FaultKind::Throttle);
        assert_eq!(kind("500"), FaultKind::InternalFailure);
        assert_eq!(kind("503"), FaultKind::Unavailable);
        assert_eq!(kind("drop-before"), FaultKind::DropBefore);
        assert_eq!(kind("drop-after"), FaultKind::DropAfter);
        assert_eq!(kind("cut"), FaultKind::Cut);
        assert_eq!(kind("garble"), FaultKind::Garble);
        assert_eq!(
            kind("delay:500ms"),
            FaultKind::Delay(Duration::from_millis(500))
        );
        assert_eq!(kind("delay:2s"), FaultKind::Delay(Duration::from_secs(2)));
        assert_eq!(kind("error-after:500"), FaultKind::ErrorAfter(500));
        assert_eq!(
            kind("code:403:ExpiredToken:It is over: sign in"),
            FaultKind::Code {
                status: 403,
                code: "ExpiredToken".to_owned(),
                message: "It is over: sign in".to_owned(),
            }
        );
    }

    #[test]
    fn a_fault_is_written_with_its_action_user_and_times() {
        let fault: Fault = "ListAccessKeys@a=b@c=throttle*3".parse().unwrap();
        let expected = Fault::new(FaultKind::Throttle)
            .action("ListAccessKeys")
            .user("a=b@c")
            .times(3);
        assert_eq!(fault, expected);
        let fault: Fault = "*=cut".parse().unwrap();
        assert_eq!(fault, Fault::new(FaultKind::Cut));
    }

    #[test]
    fn what_is_wrong_with_a_fault_is_explained() {
        let error = |text: &str| text.parse::<Fault>().unwrap_err().to_string();
        assert!(error("cut").contains("ACTION[@USER]=KIND[*TIMES]"));
        assert!(error("ListUser=cut").contains("\"ListUser\" is no action"));
        assert!(error("*=explode").contains("there are refuse, throttle"));
        assert!(error("*=cut*often").contains("\"often\" is not a number"));
        assert!(error("*=delay:soon").contains("500ms"));
        assert!(error("*=error-after:200").contains("\"200\""));
        assert!(error("*=code:400").contains("lacks the code"));
    }

    #[test]
    fn a_fault_happens_to_its_action_and_user_so_many_times() {
        let mut faults = Faults::default();
        faults.add("ListAccessKeys@Bob=throttle*2".parse().unwrap());
        assert_eq!(meet(&mut faults, "ListUsers", Some("bob")), None);
        assert_eq!(meet(&mut faults, "ListAccessKeys", None), None);
        assert_eq!(meet(&mut faults, "ListAccessKeys", Some("alice")), None);
        for _ in 0..2 {
            let met = meet(&mut faults, "ListAccessKeys", Some("bob"));
            assert_eq!(met, Some(FaultKind::Throttle));
        }
        assert_eq!(meet(&mut faults, "ListAccessKeys", Some("bob")), None);
    }

    #[test]
    fn delays_add_up_and_the_first_other_fault_counts() {
        let mut faults = Faults::default();
        for fault in ["*=delay:1s", "*=cut*1", "*=garble*1", "*=delay:2s"] {
            faults.add(fault.parse().unwrap());
        }
        let action = Action::named("ListUsers");
        let three = Duration::from_secs(3);
        assert_eq!(faults.meet(action, None), (three, Some(FaultKind::Cut)));
        assert_eq!(faults.meet(action, None), (three, Some(FaultKind::Garble)));
        assert_eq!(faults.meet(action, None), (three, None));
        faults.clear();
        assert_eq!(faults.meet(action, None), (Duration::ZERO, None));
    }

    #[test]
    fn refusing_everything_leaves_asking_who_one_is() {
        let mut faults = Faults::default();
        faults.add("*=refuse".parse().unwrap());
        assert_eq!(meet(&mut faults, "GetCallerIdentity", None), None);
        assert_eq!(
            meet(&mut faults, "ListUsers", None),
            Some(FaultKind::Refuse)
        );
    }
}
