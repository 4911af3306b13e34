//! The endpoint: its settings, and what a test asks of it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::Request as HttpRequest;

use super::answer::{Answer, Call};
use super::exchange::State;
use super::fault::Fault;
use super::mfa;
use super::organisation::Organisation;
use super::pace::{Delay, Rate};
use super::portal::Portal;
use super::store::Account;

/// Tells the time. Tests fix it.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// How long a new key is refused, since not all of the service knows it yet.
const SETTLING: TimeDelta = TimeDelta::seconds(4);

/// The endpoint. Clones share the accounts, the faults and the record of calls.
#[derive(Clone)]
#[must_use]
pub struct Endpoint {
    state: Arc<Mutex<State>>,
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
                // As CloudTrail's own reference has it.
                rates: vec![
                    Rate::per_second(2)
                        .action("cloudtrail:LookupEvents")
                        .in_each_region(),
                ],
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

    /// How long the access advisor takes for a job, by the account's clock; one second unless set. Where
    /// that clock stands still, a job is done when it is asked for the third time.
    pub fn with_advisor_time(self, time: TimeDelta) -> Self {
        for member in &mut self.lock().organisation.members {
            member.account.access.advisor.takes = time;
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
