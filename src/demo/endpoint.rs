//! The endpoint: its settings, and what it does with a request.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::Request as HttpRequest;
use serde_json::json;

use super::actions::{Action, Run, Unsigned};
use super::answer::{Answer, Call, Outcome};
use super::dispatch::Wanted;
use super::error::{ACCESS_DENIED, ServiceError};
use super::fault::{self, About, Fault, FaultKind};
use super::identifier;
use super::mfa;
use super::organisation::Organisation;
use super::pace::{Delay, Rate};
use super::portal::{self, Portal, Visit};
use super::request::Request;
use super::service::{Output, Protocol};
use super::sign::{Signature, Times};
use super::store::Account;
use super::xml::Xml;

/// Tells the time. Tests fix it.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// How long a new key is refused, since not all of the service knows it yet.
const SETTLING: TimeDelta = TimeDelta::seconds(4);

/// The header with the access token of the SSO portal.
const PORTAL_TOKEN: &str = "x-amz-sso_bearer_token";

/// The endpoint. Clones share the accounts, the faults and the record of calls.
#[derive(Clone)]
#[must_use]
pub struct Endpoint {
    state: Arc<Mutex<State>>,
}

struct State {
    organisation: Organisation,
    portal: Portal,
    clock: Clock,
    skew: TimeDelta,
    settling: TimeDelta,
    longest_page: usize,
    empty_pages: bool,
    delay: Delay,
    rates: Vec<Rate>,
    faults: Vec<Fault>,
    calls: Vec<Call>,
    /// One clone for each request in flight, dropped also where the client hangs up.
    in_flight: Arc<()>,
    most_at_once: usize,
}

impl Endpoint {
    /// An endpoint for an account, without delay and faults.
    pub fn new(account: Account) -> Self {
        Self::of(Organisation::alone(account))
    }

    /// An endpoint for the organisation of the demo, without delay and faults.
    pub fn demo_organisation(now: DateTime<Utc>) -> Self {
        Self::of(Organisation::demo(now))
    }

    /// An endpoint for an organisation of so many accounts with so many users each, without delay and
    /// faults: see [`Organisation::generated`].
    pub fn generated(accounts: usize, users_each: usize, now: DateTime<Utc>) -> Self {
        Self::of(Organisation::generated(accounts, users_each, now))
    }

    /// An endpoint for all accounts of an organisation, without delay and faults.
    pub fn of(organisation: Organisation) -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                organisation,
                portal: Portal::default(),
                clock: Arc::new(|| SystemTime::now().into()),
                skew: TimeDelta::zero(),
                settling: SETTLING,
                longest_page: usize::MAX,
                empty_pages: false,
                delay: Delay::Fixed(Duration::ZERO),
                rates: Vec::new(),
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

    /// Requests beyond so many a second are throttled, in each account.
    pub fn with_rate(self, per_second: u32) -> Self {
        self.with_rate_of(Rate::per_second(per_second))
    }

    /// Of some requests, those beyond so many a second are throttled. May be set more than once.
    pub fn with_rate_of(self, rate: Rate) -> Self {
        self.lock().rates.push(rate);
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
        for member in &mut self.lock().organisation.members {
            member.reports.generation_time = time;
        }
        self
    }

    /// There is a credential report of each account already, of such an age by the account's clock, which has to be
    /// set before. It shows the account at that time, as far as that is known. After four hours it
    /// has expired.
    pub fn with_report_aged(self, age: TimeDelta) -> Self {
        {
            let state = &mut *self.lock();
            let made = (state.clock)() - age;
            for member in &mut state.organisation.members {
                member.reports.put(&member.account, made);
            }
        }
        self
    }

    /// Pages have so many items at most, even if more are asked for: the service may return fewer
    /// at any time.
    pub fn with_pages_of(self, most: usize) -> Self {
        self.lock().longest_page = most;
        self
    }

    /// The first page of a list of accounts is empty, and says that there are more.
    pub fn with_empty_pages(self) -> Self {
        self.lock().empty_pages = true;
        self
    }

    /// How long a login to the SSO portal lasts; eight hours unless set.
    pub fn with_login_lifetime(self, lifetime: TimeDelta) -> Self {
        self.lock().portal.lifetime = lifetime;
        self
    }

    /// How long the codes of logins are valid; ten minutes unless set.
    pub fn with_code_lifetime(self, lifetime: TimeDelta) -> Self {
        self.lock().portal.logins.code_lifetime = lifetime;
        self
    }

    /// How often a program may ask whether a person has approved its login: once in so long, in whole
    /// seconds. One second unless set.
    pub fn with_device_interval(self, interval: Duration) -> Self {
        self.lock().portal.logins.interval = interval;
        self
    }

    /// Approves the login that shows this code, as a person does on the page; returns whether it was
    /// waiting.
    #[must_use]
    pub fn approve_device(&self, user_code: &str) -> bool {
        self.decide(user_code, true)
    }

    /// The same, and refuses it.
    #[must_use]
    pub fn refuse_device(&self, user_code: &str) -> bool {
        self.decide(user_code, false)
    }

    fn decide(&self, user_code: &str, approved: bool) -> bool {
        let state = &mut *self.lock();
        let now = (state.clock)();
        state.portal.logins.decide(user_code, approved, now)
    }

    /// The codes of the logins that wait for a person, the oldest first.
    #[must_use]
    pub fn waiting_devices(&self) -> Vec<String> {
        let state = self.lock();
        let waiting = state.portal.logins.waiting();
        waiting.map(str::to_owned).collect()
    }

    /// An access token of the SSO portal, without a login.
    #[must_use]
    pub fn portal_token(&self) -> String {
        let state = &mut *self.lock();
        let now = (state.clock)();
        state.portal.log_in(now)
    }

    /// The credentials of the user or role signed in to the first account.
    #[must_use]
    pub fn sdk_credentials(&self) -> Credentials {
        let (key, token) = self.lock().organisation.first().signed_in();
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

    /// Reads the first account, or changes it without a request.
    pub fn account<R>(&self, f: impl FnOnce(&mut Account) -> R) -> R {
        f(&mut self.lock().organisation.members[0].account)
    }

    /// Reads the account of an ID, or changes it without a request.
    ///
    /// # Panics
    /// When there is no such account.
    pub fn in_account<R>(&self, id: &str, f: impl FnOnce(&mut Account) -> R) -> R {
        let organisation = &mut self.lock().organisation;
        let place = organisation.place_of(id).expect("an account of the ID");
        f(&mut organisation.members[place].account)
    }

    /// The IDs of all accounts, the first one first.
    #[must_use]
    pub fn account_ids(&self) -> Vec<String> {
        let organisation = &self.lock().organisation;
        let ids = organisation.accounts().map(|account| account.id().into());
        ids.collect()
    }

    /// The code that an MFA device shows now.
    #[must_use]
    pub fn mfa_code(&self, serial: &str) -> String {
        mfa::code(serial, (self.lock().clock)())
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
        let wanted = Wanted::read(request);
        let (service, action) = (wanted.service, wanted.action);
        let signature = Signature::of(request.headers());
        let signer = signature.as_ref().ok().map(|signature| signature.key_id);
        let signed_in = signer.and_then(|key| self.organisation.place_of_key(key));
        let id_of = |place: usize| self.organisation.members[place].account.id().to_owned();
        let signed_in = signed_in.map(id_of);
        let account = self.account_of(&wanted).or_else(|| signed_in.clone());
        let user = self.user_of(&wanted, signer);
        let about = About {
            account: account.as_deref(),
            action,
            user: user.as_deref(),
        };
        let (more, fault) = fault::applying(&mut self.faults, &about);
        let fault = fault.as_ref();

        let number = self.calls.len() as u64;
        let request_id = identifier::request_id(number);
        let admitted = self.admit(action, signed_in.as_deref(), fault);
        let result = admitted.and_then(|()| {
            if let Some(Run::Unsigned(_, run)) = action.map(|action| action.run) {
                return self.visit(request, &wanted, run, fault);
            }
            let signature = signature.as_ref().map_err(ServiceError::clone)?;
            self.perform(request, &wanted, signature, fault)
        });
        let result = result.map_err(|error| service.own(error));
        let text = |name| wanted.params.get(name).map(str::to_owned);
        self.calls.push(Call {
            account,
            service: service.name,
            user: text("UserName"),
            key_id: text("AccessKeyId"),
            signed_by: signer.map(str::to_owned),
            outcome: Outcome::of(&result, fault),
            action: wanted.name.clone(),
        });
        let response = match &result {
            Ok(output) => service.success(&wanted.name, output, &request_id),
            Err(error) => service.failure(error, &request_id),
        };
        let answer = Answer::with_fault(response, fault, service, &request_id);
        (answer, self.delay.of(number) + more, in_flight)
    }

    /// The account that a request names, other than by its signature: that of a role, or the one that
    /// the SSO portal is asked for.
    fn account_of(&self, wanted: &Wanted) -> Option<String> {
        let role = wanted.params.get("RoleArn");
        let id = role.and_then(|arn| arn.split(':').nth(4));
        let id = id.or_else(|| wanted.params.get("account_id"))?;
        self.organisation.place_of(id).map(|_| id.to_owned())
    }

    /// The user a request is about, for faults that apply to one user.
    fn user_of(&self, wanted: &Wanted, signer: Option<&str>) -> Option<String> {
        let owner = |id: &str| {
            let place = self.organisation.place_of_key(id)?;
            let account = &self.organisation.members[place].account;
            Some(account.key(id)?.0.name.to_string())
        };
        let params = &wanted.params;
        params
            .get("UserName")
            .map(str::to_owned)
            .or_else(|| owner(params.get("AccessKeyId")?))
            .or_else(|| owner(signer?))
    }

    /// The errors that come before anything else.
    fn admit(
        &mut self,
        action: Option<&Action>,
        account: Option<&str>,
        fault: Option<&FaultKind>,
    ) -> Result<(), ServiceError> {
        let error = match fault {
            // It never arrives, so that this error is not sent.
            Some(FaultKind::DropBefore) => Some(ServiceError::unavailable()),
            _ if !self.rates.iter_mut().all(|rate| rate.take(action, account)) => {
                Some(ServiceError::throttled())
            }
            fault => fault.and_then(FaultKind::error),
        };
        error.map_or(Ok(()), Err)
    }

    fn perform(
        &mut self,
        request: &HttpRequest<Bytes>,
        wanted: &Wanted,
        signature: &Signature<'_>,
        fault: Option<&FaultKind>,
    ) -> Result<Output, ServiceError> {
        let times = Times {
            account: (self.clock)(),
            service: DateTime::from(SystemTime::now()) + self.skew,
            settling: self.settling,
        };
        let service = wanted.action.map(|action| action.service);
        let (place, caller) = signature.verify(request, &self.organisation, service, &times)?;
        let action = wanted.existing()?;
        let (before, rest) = self.organisation.members.split_at_mut(place);
        let Some((member, after)) = rest.split_first_mut() else {
            return Err(ServiceError::invalid_token());
        };
        let mut request = Request {
            account: &mut member.account,
            before,
            after,
            directory: self.organisation.directory.as_ref(),
            reports: &mut member.reports,
            params: &wanted.params,
            caller: &caller,
            now: times.account,
            longest_page: self.longest_page,
            empty_pages: self.empty_pages,
            result: Xml::default(),
            json: json!({}),
        };
        if fault == Some(&FaultKind::Refuse) {
            return Err(action.denied(&request));
        }
        action.check_permission(&request)?;
        if let Run::Signed(run) = action.run {
            run(&mut request)?;
        }
        let output = match action.service.protocol {
            Protocol::Query(_) => Output::Xml(request.result),
            _ => Output::Json(request.json),
        };
        if let Some(key) = caller.key {
            let service = action.service.name;
            member.account.record_use(key, service, times.account);
        }
        Ok(output)
    }

    /// Does what a request without a signature asks for.
    fn visit(
        &mut self,
        request: &HttpRequest<Bytes>,
        wanted: &Wanted,
        run: Unsigned,
        fault: Option<&FaultKind>,
    ) -> Result<Output, ServiceError> {
        let refused = fault == Some(&FaultKind::Refuse);
        let token = request.headers().get(PORTAL_TOKEN);
        let mut visit = Visit {
            organisation: &mut self.organisation,
            portal: &mut self.portal,
            params: &wanted.params,
            token: token.and_then(|token| token.to_str().ok()),
            base: portal::base(request),
            now: (self.clock)(),
            longest_page: self.longest_page,
            empty_pages: self.empty_pages,
            refused,
        };
        // A browser is told so where it goes next.
        if refused && !matches!(wanted.name.as_str(), "Authorize" | "DecideDevice") {
            return Err(ServiceError::new(ACCESS_DENIED, "No access"));
        }
        run(&mut visit)
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
