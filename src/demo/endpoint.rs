//! The endpoint: its settings, and what it does with a request.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::Request as HttpRequest;

use super::actions::{Action, IAM};
use super::answer::{Answer, Call};
use super::error::{INVALID_ACTION, ServiceError};
use super::fault::{self, Fault, FaultKind};
use super::identifier;
use super::pace::{Delay, TokenBucket};
use super::query::{self, Params};
use super::report::Reports;
use super::request::Request;
use super::sign::{Signature, Times};
use super::store::Account;
use super::xml::Xml;

/// Tells the time. Tests fix it.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// How long a new key is refused, since not all of the service knows it yet.
const SETTLING: TimeDelta = TimeDelta::seconds(4);

/// How long it takes to make the credential report.
const REPORT_TIME: TimeDelta = TimeDelta::seconds(2);

/// The endpoint. Clones share the account, the faults and the record of calls.
#[derive(Clone)]
#[must_use]
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
    bucket: Option<TokenBucket>,
    faults: Vec<Fault>,
    calls: Vec<Call>,
    /// One clone for each request in flight, dropped also where the client hangs up.
    in_flight: Arc<()>,
    most_at_once: usize,
}

impl Endpoint {
    /// An endpoint for an account, without delay and faults.
    pub fn new(account: Account) -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                account,
                reports: Reports {
                    generation_time: REPORT_TIME,
                    latest: None,
                },
                clock: Arc::new(|| SystemTime::now().into()),
                skew: TimeDelta::zero(),
                settling: SETTLING,
                longest_page: usize::MAX,
                delay: Delay::Fixed(Duration::ZERO),
                bucket: None,
                faults: Vec::new(),
                calls: Vec::new(),
                in_flight: Arc::default(),
                most_at_once: 0,
            })),
        }
    }

    /// Answers take some time.
    pub fn with_delay(self, delay: Delay) -> Self {
        self.lock().delay = delay;
        self
    }

    /// Requests beyond so many a second are throttled.
    pub fn with_rate(self, per_second: u32) -> Self {
        self.lock().bucket = Some(TokenBucket::new(per_second));
        self
    }

    /// The account's time, at which keys are created and used. The age of a signature does not
    /// depend on it, so that a test can fix it without fixing the SDK's clock as well.
    pub fn with_clock(self, clock: Clock) -> Self {
        self.lock().clock = clock;
        self
    }

    /// The service's clock is ahead of this machine's by so much. Beyond a quarter of an hour,
    /// signatures are refused.
    pub fn with_skew(self, skew: TimeDelta) -> Self {
        self.lock().skew = skew;
        self
    }

    /// How long a new key is refused; four seconds unless set.
    pub fn with_settling(self, settling: TimeDelta) -> Self {
        self.lock().settling = settling;
        self
    }

    /// How long it takes to make the credential report, by the account's clock; two seconds unless
    /// set.
    pub fn with_report_time(self, time: TimeDelta) -> Self {
        self.lock().reports.generation_time = time;
        self
    }

    /// There is a credential report already, of such an age by the account's clock, which has to be
    /// set before. It shows the account at that time, as far as that is known. After four hours it
    /// has expired.
    pub fn with_report_aged(self, age: TimeDelta) -> Self {
        {
            let state = &mut *self.lock();
            state.reports.put(&state.account, (state.clock)() - age);
        }
        self
    }

    /// Pages have so many items at most, even if more are asked for: the service may return fewer
    /// at any time.
    pub fn with_pages_of(self, most: usize) -> Self {
        self.lock().longest_page = most;
        self
    }

    /// The credentials of the user or role signed in to the account.
    #[must_use]
    pub fn sdk_credentials(&self) -> Credentials {
        let (key, token) = self.lock().account.signed_in();
        let token = token.map(str::to_owned);
        Credentials::new(key.as_str(), key.secret(), token, None, "demo")
    }

    /// Adds a fault.
    pub fn fault(&self, fault: Fault) {
        self.lock().faults.push(fault);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// All requests so far, in the order they came in.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    /// The most requests that were in flight at once, from arrival to answer.
    #[must_use]
    pub fn most_at_once(&self) -> usize {
        self.lock().most_at_once
    }

    /// Reads the account, or changes it without a request.
    pub fn account<R>(&self, f: impl FnOnce(&mut Account) -> R) -> R {
        f(&mut self.lock().account)
    }

    /// Answers a request. Every request comes through here.
    pub async fn answer(&self, request: HttpRequest<Bytes>) -> Answer {
        let (answer, pause, _in_flight) = self.lock().receive(&request);
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        answer
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A test that fails while it reads the account fails by itself; the account is intact.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").finish_non_exhaustive()
    }
}

impl State {
    /// Does what a request asks for; returns the answer, how long it takes, and what counts it until
    /// then.
    fn receive(&mut self, request: &HttpRequest<Bytes>) -> (Answer, Duration, Arc<()>) {
        let in_flight = self.in_flight.clone();
        let count = Arc::strong_count(&in_flight) - 1;
        self.most_at_once = self.most_at_once.max(count);
        let params = Params::read(request.uri().query(), request.body());
        let signature = Signature::of(request.headers());
        let signer = signature.as_ref().ok().map(|signature| signature.key_id);
        let action = Action::requested(&params);
        let user = self.user_of(&params, signer);
        let (more, fault) = fault::applying(&mut self.faults, action, user.as_deref());
        let fault = fault.as_ref();

        let number = self.calls.len() as u64;
        let request_id = identifier::request_id(number);
        let result = self.admit(fault).and_then(|()| {
            let signature = signature.as_ref().map_err(ServiceError::clone)?;
            self.perform(request, &params, signature, action, fault)
        });
        self.calls.push(Call::new(&params, signer, &result, fault));
        let space = action.map_or(IAM, |action| action.service).namespace();
        let response = match &result {
            Ok(xml) => {
                let name = action.map_or("", |action| action.name);
                query::success(name, &space, xml, &request_id)
            }
            Err(error) => query::failure(error, &space, &request_id),
        };
        let answer = Answer::with_fault(response, fault, &space, &request_id);
        (answer, self.delay.of(number) + more, in_flight)
    }

    /// The user a request is about, for faults that apply to one user.
    fn user_of(&self, params: &Params, signer: Option<&str>) -> Option<String> {
        let owner = |id: &str| Some(self.account.key(id)?.0.name.to_string());
        params
            .get("UserName")
            .map(str::to_owned)
            .or_else(|| owner(params.get("AccessKeyId")?))
            .or_else(|| owner(signer?))
    }

    /// The errors that come before anything else.
    fn admit(&mut self, fault: Option<&FaultKind>) -> Result<(), ServiceError> {
        let error = match fault {
            // It never arrives, so that this error is not sent.
            Some(FaultKind::DropBefore) => Some(ServiceError::unavailable()),
            _ if self.bucket.as_mut().is_some_and(|bucket| !bucket.take()) => {
                Some(ServiceError::throttled())
            }
            fault => fault.and_then(FaultKind::error),
        };
        error.map_or(Ok(()), Err)
    }

    fn perform(
        &mut self,
        request: &HttpRequest<Bytes>,
        params: &Params,
        signature: &Signature<'_>,
        action: Option<&Action>,
        fault: Option<&FaultKind>,
    ) -> Result<Xml, ServiceError> {
        let times = Times {
            account: (self.clock)(),
            service: DateTime::from(SystemTime::now()) + self.skew,
            settling: self.settling,
        };
        let service = action.map(|action| action.service.name);
        let caller = signature.verify(request, &self.account, service, &times)?;
        let action = action.ok_or_else(|| {
            let text = |name| params.get(name).unwrap_or_default();
            let (action, version) = (text("Action"), text("Version"));
            let message = format!("Could not find operation {action} for version {version}");
            ServiceError::new(INVALID_ACTION, message)
        })?;
        let mut request = Request {
            account: &mut self.account,
            reports: &mut self.reports,
            params,
            caller: &caller,
            now: times.account,
            longest_page: self.longest_page,
            result: Xml::default(),
        };
        if fault == Some(&FaultKind::Refuse) {
            return Err(action.denied(&request));
        }
        (action.run)(&mut request)?;
        let result = request.result;
        if let Some(key) = caller.key {
            let service = action.service.name;
            self.account.record_use(key, service, times.account);
        }
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sign::tests::signed;
    use super::*;

    #[tokio::test]
    async fn an_unknown_action_is_invalid() {
        let endpoint = Endpoint::new(Account::demo(Utc::now()));
        let request = signed("Action=Explode&Version=2010-05-08", "");
        let Answer::Whole(response) = endpoint.answer(request).await else {
            panic!("no answer");
        };
        assert_eq!(response.status(), 400);
        let body = str::from_utf8(response.body()).unwrap();
        let error = "<Code>InvalidAction</Code><Message>Could not find operation Explode for \
                     version 2010-05-08</Message>";
        assert!(body.contains(error), "{body}");
    }
}
