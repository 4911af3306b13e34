//! An IAM and STS endpoint inside the process.
//!
//! `--demo`, the tests and the benchmarks use it as production uses AWS: it
//! plugs in below the SDK, as the thing that carries requests, so everything
//! above it (signing, retries, paging, reading answers and errors) is the
//! code that runs against a real account. It can be served on a loopback socket
//! as well, for tests of the real program and for any other client.
//!
//! A request travels down this list:
//!
//! - `connector` (from the SDK) or `serve` (from a socket) hands it to
//!   [`Endpoint::answer`], the one way in;
//! - `fault` says whether something is to go wrong with it;
//! - `sign` finds out who sent it;
//! - `actions` looks up what is asked for and does it, what is about tags in
//!   `tags` and about the credential report in `report`, with `query` reading and checking parameters, `store` being the account (of `user`s), and `paging`
//!   and `xml` writing the result; `refusal` has the words for not doing it;
//! - `answer` is what gets through, and what is remembered of it; `pace` says
//!   when.
//!
//! `account` reads accounts from a file, `generate` makes up large ones, and
//! `identifier` the IDs and secrets in both.
//!
//! The account changes when a request comes in; its answer then takes its time.
//! An answer can therefore be out of date when it arrives, and a caller who
//! stops waiting has still changed the account, as with the real service.

mod account;
mod actions;
mod answer;
mod connector;
mod fault;
mod generate;
mod identifier;
mod pace;
mod paging;
mod query;
mod refusal;
mod report;
mod serve;
mod sign;
mod store;
mod tags;
mod user;
mod xml;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::Request;

use self::actions::{Action, Service};
use self::fault::Faults;
use self::pace::Bucket;
use self::query::Params;
use self::report::Reports;
use self::sign::{Signature, Times};
use self::xml::Xml;

pub use self::account::AccountError;
pub use self::answer::{Answer, Call, Outcome};
pub use self::fault::{Fault, FaultError, FaultKind};
pub use self::identifier::{KEY_PREFIX, KeyId};
pub use self::pace::Delay;
pub use self::refusal::Refusal;
pub use self::serve::Server;
pub use self::store::{Account, KEYS_PER_USER};
pub use self::user::{Key, LastUsed, Status, TAGS_PER_USER, Tag, User};

/// Tells the time. Tests fix it.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// How long a new key is refused for, since not all of the service knows it.
const SETTLING: TimeDelta = TimeDelta::seconds(4);

/// The endpoint. Clones share the account, the faults and the list of calls.
#[derive(Clone)]
pub struct Endpoint {
    state: Arc<Mutex<State>>,
}

struct State {
    account: Account,
    reports: Reports,
    clock: Clock,
    skew: TimeDelta,
    settling: TimeDelta,
    longest_page: usize,
    delay: Delay,
    bucket: Option<Bucket>,
    faults: Faults,
    calls: Vec<Call>,
    under_way: usize,
    most_at_once: usize,
}

impl Endpoint {
    /// An endpoint that answers for an account at once and without faults.
    #[must_use]
    pub fn new(account: Account) -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                account,
                reports: Reports::default(),
                clock: Arc::new(Utc::now),
                skew: TimeDelta::zero(),
                settling: SETTLING,
                longest_page: usize::MAX,
                delay: Delay::None,
                bucket: None,
                faults: Faults::default(),
                calls: Vec::new(),
                under_way: 0,
                most_at_once: 0,
            })),
        }
    }

    /// Answers take some time.
    #[must_use]
    pub fn with_delay(self, delay: Delay) -> Self {
        self.lock().delay = delay;
        self
    }

    /// Requests beyond so many a second are throttled.
    #[must_use]
    pub fn with_rate(self, per_second: u32) -> Self {
        self.lock().bucket = Some(Bucket::new(per_second));
        self
    }

    /// The account's time comes from here: new keys are created at this time,
    /// and used at this time. How old a signature may be does not depend on it,
    /// so that a test can fix it without fixing the SDK's clock as well.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        self.lock().clock = clock;
        self
    }

    /// The service's clock is ahead of this machine's by so much. Beyond a
    /// quarter of an hour, signatures are refused.
    #[must_use]
    pub fn with_skew(self, skew: TimeDelta) -> Self {
        self.lock().skew = skew;
        self
    }

    /// How long a new key cannot sign anything yet; four seconds unless said.
    #[must_use]
    pub fn with_settling(self, settling: TimeDelta) -> Self {
        self.lock().settling = settling;
        self
    }

    /// How long it takes to make the credential report, by the account's clock;
    /// two seconds unless said. Where that clock stands still, only no time at
    /// all ever passes.
    #[must_use]
    pub fn with_report_time(self, time: TimeDelta) -> Self {
        self.lock().reports.takes = time;
        self
    }

    /// There is a credential report already, of such an age by the account's
    /// clock, which has to be set before. It tells what was there at that time,
    /// as far as the account remembers. After four hours it has expired.
    #[must_use]
    pub fn with_report_aged(self, age: TimeDelta) -> Self {
        {
            let state = &mut *self.lock();
            state.reports.put(&state.account, (state.clock)() - age);
        }
        self
    }

    /// Lists come in pages of so many at most, whatever is asked for: the service
    /// may give fewer at any time.
    #[must_use]
    pub fn with_pages_of(self, most: usize) -> Self {
        self.lock().longest_page = most;
        self
    }

    /// What the SDK sends its requests through.
    #[must_use]
    pub fn http_client(&self) -> SharedHttpClient {
        connector::http_client(self.clone())
    }

    /// The credentials of whoever is signed in to the account.
    #[must_use]
    pub fn sdk_credentials(&self) -> Credentials {
        let pair = self.lock().account.key_pair();
        let token = pair.token.map(str::to_owned);
        Credentials::new(pair.id.as_str(), pair.secret, token, None, "demo")
    }

    /// Adds a fault to those there are.
    pub fn fault(&self, fault: Fault) {
        self.lock().faults.add(fault);
    }

    /// Forgets all faults.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// All requests so far, in the order they came in.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    /// The most requests that were under way at once, from when one came in to when its answer was
    /// handed on.
    #[must_use]
    pub fn most_at_once(&self) -> usize {
        self.lock().most_at_once
    }

    /// Looks at the account, or changes it behind the service's back.
    pub fn account<R>(&self, f: impl FnOnce(&mut Account) -> R) -> R {
        f(&mut self.lock().account)
    }

    /// Answers a request. Everything comes through here.
    pub async fn answer(&self, request: Request<Bytes>) -> Answer {
        let _under_way = UnderWay::at(self);
        let (answer, pause) = self.lock().receive(&request);
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        answer
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A test that fails while it looks at the account fails by itself; the
        // account is as good as it was.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is under way, until this is dropped: where its caller hangs up, too.
struct UnderWay<'a>(&'a Endpoint);

impl<'a> UnderWay<'a> {
    fn at(endpoint: &'a Endpoint) -> Self {
        let mut state = endpoint.lock();
        state.under_way += 1;
        state.most_at_once = state.most_at_once.max(state.under_way);
        Self(endpoint)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.lock().under_way -= 1;
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").finish_non_exhaustive()
    }
}

impl State {
    /// Does what a request asks for, and says how long the answer takes.
    fn receive(&mut self, request: &Request<Bytes>) -> (Answer, Duration) {
        let params = Params::read(request.uri().query(), request.body());
        let signature = Signature::of(request.headers());
        let signer = signature.as_ref().ok().map(|signature| signature.key_id);
        let action = Action::asked_for(&params);
        let subject = self.subject(&params, signer);
        let (more, fault) = self.faults.meet(action, subject.as_deref());

        let number = self.calls.len() as u64;
        let request_id = identifier::request_id(number);
        let result = if fault == Some(FaultKind::DropBefore) {
            None
        } else {
            let refuse = fault == Some(FaultKind::Refuse);
            let result = self
                .admit(fault.as_ref())
                .and_then(|()| signature.as_ref().map_err(Refusal::clone))
                .and_then(|signature| self.perform(request, &params, signature, action, refuse));
            Some(result)
        };
        let call = Call::new(&params, signer, result.as_ref(), fault.as_ref());
        self.calls.push(call);
        let answer = result.map_or(Answer::Dropped, |result| {
            let space = action
                .map_or(Service::Iam, |action| action.service)
                .namespace();
            let response = match &result {
                Ok(xml) => {
                    let name = action.map_or("", |action| action.name);
                    query::success(name, space, xml, &request_id)
                }
                Err(refusal) => query::failure(refusal, space, &request_id),
            };
            Answer::spoilt(response, fault.as_ref(), space, &request_id)
        });
        (answer, self.delay.of(number) + more)
    }

    /// Whose keys a request is about, for the faults that mind.
    fn subject(&self, params: &Params, signer: Option<&str>) -> Option<String> {
        let owner = |id: &str| Some(self.account.key(id)?.0.name.to_string());
        params
            .get("UserName")
            .map(str::to_owned)
            .or_else(|| owner(params.get("AccessKeyId")?))
            .or_else(|| owner(signer?))
    }

    /// Turns a request away at the door.
    fn admit(&mut self, fault: Option<&FaultKind>) -> Result<(), Refusal> {
        if self.bucket.as_mut().is_some_and(|bucket| !bucket.take()) {
            return Err(Refusal::throttled());
        }
        fault.and_then(FaultKind::refusal).map_or(Ok(()), Err)
    }

    fn perform(
        &mut self,
        request: &Request<Bytes>,
        params: &Params,
        signature: &Signature<'_>,
        action: Option<&Action>,
        refuse: bool,
    ) -> Result<Xml, Refusal> {
        let times = Times {
            account: (self.clock)(),
            service: Utc::now() + self.skew,
            settling: self.settling,
        };
        let service = action.map(|action| action.service.name());
        let caller = signature.verify(request, &self.account, service, &times)?;
        let action = action.ok_or_else(|| {
            let text = |name| params.get(name).unwrap_or_default();
            Refusal::unknown_action(text("Action"), text("Version"))
        })?;
        let mut asked = actions::Request {
            account: &mut self.account,
            reports: &mut self.reports,
            params,
            caller: &caller,
            now: times.account,
            longest_page: self.longest_page,
            result: Xml::default(),
        };
        if refuse {
            return Err(action.denied(&asked));
        }
        action.run(&mut asked)?;
        let result = asked.result;
        if let Some(key) = caller.key() {
            let service = action.service.name();
            self.account
                .record_use(key, service, "us-east-1", times.account);
        }
        Ok(result)
    }
}
