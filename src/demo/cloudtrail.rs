//! The action of CloudTrail: the history of the calls that were made in a region.

use std::cmp::Reverse;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::changes::Changed;
use super::error::ServiceError;
use super::fault::FaultKind;
use super::identifier::{hash, mix};
use super::query::Params;
use super::recorded::Recorded;
use super::regions;
use super::request::Request;
use super::store::Account;
use super::stories::{self, Happened};
use super::user::{Key, User};

/// The parameters that name the only attribute, and its value.
pub(super) const ATTRIBUTE: [&str; 2] = [
    "LookupAttributes.member.1.AttributeKey",
    "LookupAttributes.member.1.AttributeValue",
];

/// The most events on a page, and how many there are where nothing is said.
const PAGE: usize = 50;

/// How far the history goes back.
const KEPT: TimeDelta = TimeDelta::days(90);

/// How long it takes until a call is in it.
const DELAY: TimeDelta = TimeDelta::minutes(5);

const ATTRIBUTES: [&str; 8] = [
    "AccessKeyId",
    "EventId",
    "EventName",
    "EventSource",
    "ReadOnly",
    "ResourceName",
    "ResourceType",
    "Username",
];

/// An event's place among all: its time and its number.
type Place = (DateTime<Utc>, u64);

/// What is asked for.
struct Asked<'a> {
    attribute: Option<(&'a str, &'a str)>,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
    size: usize,
    /// Where the page before has ended.
    after: Option<Place>,
    /// What a token belongs to.
    bound: u64,
}

fn invalid(code: &str, message: &str) -> ServiceError {
    ServiceError::new((400, code), message)
}

impl<'a> Asked<'a> {
    fn read(params: &'a Params, region: &str, now: DateTime<Utc>) -> Result<Self, ServiceError> {
        let wrong = |message| Err(invalid("InvalidLookupAttributesException", message));
        if params
            .get("LookupAttributes.member.2.AttributeKey")
            .is_some()
        {
            return wrong("You can use only one lookup attribute at a time.");
        }
        let attribute = match ATTRIBUTE.map(|name| params.get(name)) {
            [None, None] => None,
            [Some(key), Some(value)]
                if ATTRIBUTES.contains(&key) && (1..=2000).contains(&value.len()) =>
            {
                Some((key, value))
            }
            _ => return wrong("The lookup attribute is not valid."),
        };
        let size = match params.get("MaxResults").map(str::parse::<usize>) {
            None => PAGE,
            Some(Ok(size @ 1..=PAGE)) => size,
            Some(_) => {
                let message = "MaxResults must be between 1 and 50.";
                return Err(invalid("InvalidMaxResultsException", message));
            }
        };
        if let Some(category) = params.get("EventCategory").filter(|it| *it != "insight") {
            let message = format!("{category} is not a valid event category.");
            return Err(invalid("InvalidEventCategoryException", &message));
        }
        let time = |name| {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "saturates, and is no time then"
            )]
            let read = |text: &str| {
                let seconds = text.parse::<f64>().ok()?;
                DateTime::from_timestamp(seconds as i64, 0)
            };
            let message = format!("{name} is not a valid time.");
            let error = || invalid("InvalidTimeRangeException", &message);
            params
                .get(name)
                .map(|text| read(text).ok_or_else(error))
                .transpose()
        };
        let oldest = now - KEPT;
        let (since, until) = (time("StartTime")?, time("EndTime")?);
        let (since, until) = (since.unwrap_or(oldest), until.unwrap_or(now));
        if since > until {
            let message = "The start time must be before the end time.";
            return Err(invalid("InvalidTimeRangeException", message));
        }
        // All that has to be repeated with a token.
        let repeated = ["StartTime", "EndTime", "MaxResults", "EventCategory"];
        let repeated = repeated.iter().chain(&ATTRIBUTE);
        let bound = repeated.fold(hash(region), |bound, name| {
            mix(bound ^ hash(params.get(name).unwrap_or_default()))
        });
        let after = params.get("NextToken");
        let after = after.map(|token| read_token(token, bound)).transpose()?;
        let until = until.min(now - DELAY);
        Ok(Self {
            attribute,
            since: since.max(oldest),
            until: after.map_or(until, |(at, _)| until.min(at)),
            size,
            after,
            bound,
        })
    }

    /// Whether a key can have events that are asked for.
    fn may_be_of(&self, user: &User, key: &Key) -> bool {
        match self.attribute {
            // Those of sessions come from the keys that began them.
            Some(("AccessKeyId", id)) if id.starts_with("ASIA") => stories::begins_sessions(key.id),
            Some(("AccessKeyId", id)) => key.id == id,
            Some(("EventId", id)) => id.starts_with(&stories::id_prefix(key.id)),
            Some(("Username", name)) => *user.name == *name,
            _ => true,
        }
    }

    /// Whether an event is asked for.
    fn wants(&self, event: &Happened, user: &User) -> bool {
        let Some((attribute, value)) = self.attribute else {
            return true;
        };
        // What is asked most is asked of very many.
        match attribute {
            "AccessKeyId" => event.signed_by() == value,
            "EventName" => event.action() == value,
            "Username" => *user.name == *value,
            _ => Recorded::of(event, user).has(attribute, value),
        }
    }

    /// The changes that were made here and are asked for.
    fn changes<'b>(
        &self,
        account: &'b Account,
        region: &str,
    ) -> impl Iterator<Item = (Place, Found<'b>)> {
        account.changes.iter().filter_map(move |changed| {
            let mut users = account.users_ever();
            let user = account
                .user(&changed.user)
                .or_else(|| users.find(|user| *user.name == *changed.user))?;
            let in_time = (self.since..=self.until).contains(&changed.at);
            let recorded = Recorded::of_change(changed, user);
            let wanted = |(attribute, value)| recorded.has(attribute, value);
            let wanted = in_time && changed.region == region && self.attribute.is_none_or(wanted);
            wanted.then_some(((changed.at, changed.number), Found::Changed(changed, user)))
        })
    }
}

/// An event that is asked for.
enum Found<'a> {
    Happened(Happened, &'a User),
    Changed(&'a Changed, &'a User),
}

impl Found<'_> {
    fn recorded(&self) -> Recorded<'_> {
        match self {
            Self::Happened(happened, user) => Recorded::of(happened, user),
            Self::Changed(changed, user) => Recorded::of_change(changed, user),
        }
    }
}

/// The newest first.
pub(super) fn lookup_events(request: &mut Request<'_>) -> Result<(), ServiceError> {
    if !regions::is_enabled(request.region) {
        return Err(ServiceError::invalid_token());
    }
    let asked = Asked::read(request.params, request.region, request.now)?;
    let account = &*request.account;
    if request.params.get("EventCategory").is_some() {
        request.json = json!({ "Events": [] });
        return Ok(());
    }
    let made = account.made.unwrap_or(request.now);
    let mut found: Vec<(Place, Found<'_>)> = Vec::new();
    for user in account.users_ever() {
        for key in user.keys.iter().filter(|key| asked.may_be_of(user, key)) {
            let range = (asked.since, asked.until);
            let happened = stories::of_key(key, request.region, range, made);
            let wanted = happened.into_iter().filter(|it| asked.wants(it, user));
            let placed = |event: Happened| ((event.at, event.number()), event);
            let placed = wanted.map(placed);
            found.extend(placed.map(|(place, event)| (place, Found::Happened(event, user))));
        }
    }
    found.extend(asked.changes(account, request.region));
    // Many share a second, and must come in one order on all pages.
    found.retain(|(place, _)| asked.after.is_none_or(|after| *place < after));
    found.sort_unstable_by_key(|(place, _)| Reverse(*place));
    let size = asked.size.min(request.longest_page);
    let odd = match request.fault {
        Some(FaultKind::Event(odd)) => Some(*odd),
        _ => None,
    };
    let page: Vec<Value> = found
        .iter()
        .take(size)
        .map(|(_, found)| found.recorded().event(account, odd))
        .collect();
    request.json = json!({ "Events": page });
    if let Some((last, _)) = found.get(size.wrapping_sub(1))
        && found.len() > size
    {
        request.json["NextToken"] = token(*last, asked.bound).into();
    }
    Ok(())
}

/// Where the next page begins, for those who ask for the same.
fn token((at, number): Place, bound: u64) -> String {
    URL_SAFE_NO_PAD.encode(format!("{bound:x} {} {number:x}", at.timestamp()))
}

fn read_token(token: &str, bound: u64) -> Result<Place, ServiceError> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let read = text.and_then(|text| {
        let (its, rest) = text.split_once(' ')?;
        let (at, number) = rest.split_once(' ')?;
        let at = DateTime::from_timestamp(at.parse().ok()?, 0)?;
        let number = u64::from_str_radix(number, 16).ok()?;
        (its == format!("{bound:x}")).then_some((at, number))
    });
    read.ok_or_else(|| {
        let message = "Invalid token: the parameters must be those of the request that gave it.";
        invalid("InvalidNextTokenException", message)
    })
}
