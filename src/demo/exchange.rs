//! What the endpoint does with a request, from its arrival to the answer.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta};
use http::{Request as HttpRequest, header};
use serde_json::json;

use super::actions::{Action, Run, Unsigned};
use super::answer::{Answer, Call, Outcome};
use super::dispatch::Wanted;
use super::endpoint::Clock;
use super::error::{ACCESS_DENIED, ServiceError};
use super::fault::{self, About, Fault, FaultKind};
use super::identifier;
use super::organisation::Organisation;
use super::pace::{Delay, Rate};
use super::portal::{self, Portal, Visit};
use super::request::Request;
use super::service::{Output, Protocol};
use super::sign::{Signature, Times};
use super::xml::Xml;

/// The header with the access token of the SSO portal.
const PORTAL_TOKEN: &str = "x-amz-sso_bearer_token";

/// The accounts, how the endpoint is set, and what it was asked.
pub(super) struct State {
    pub(super) organisation: Organisation,
    pub(super) portal: Portal,
    pub(super) clock: Clock,
    pub(super) skew: TimeDelta,
    pub(super) settling: TimeDelta,
    pub(super) longest_page: usize,
    pub(super) empty_pages: bool,
    pub(super) delay: Delay,
    pub(super) rates: Vec<Rate>,
    pub(super) faults: Vec<Fault>,
    pub(super) calls: Vec<Call>,
    /// One clone for each request in flight, dropped also where the client hangs up.
    pub(super) in_flight: Arc<()>,
    pub(super) most_at_once: usize,
}

impl State {
    /// Does what a request asks for; returns the answer, how long it takes, and what counts it until
    /// then.
    pub(super) fn receive(&mut self, request: &HttpRequest<Bytes>) -> (Answer, Duration, Arc<()>) {
        let in_flight = self.in_flight.clone();
        let count = Arc::strong_count(&in_flight) - 1;
        self.most_at_once = self.most_at_once.max(count);
        let wanted = Wanted::read(request);
        let (service, action) = (wanted.service, wanted.action);
        let signature = Signature::of(request.headers());
        let signer = signature.as_ref().ok().map(|signature| signature.key_id);
        let region = signature.as_ref().ok().map(|signature| signature.region);
        let signed_in = signer.and_then(|key| self.organisation.place_of_key(key));
        let id_of = |place: usize| self.organisation.members[place].account.id().to_owned();
        let signed_in = signed_in.map(id_of);
        let account = self.account_of(&wanted).or_else(|| signed_in.clone());
        let user = self.user_of(&wanted, signer);
        let about = About {
            account: account.as_deref(),
            action,
            region,
            user: user.as_deref(),
            goes_on: wanted.goes_on(),
        };
        let (more, fault) = fault::applying(&mut self.faults, &about);
        let fault = fault.as_ref();

        let number = self.calls.len() as u64;
        let request_id = identifier::request_id(number);
        let admitted = self.admit(action, (signed_in.as_deref(), region), fault);
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
            at: Instant::now(),
            account,
            region: region.map(str::to_owned),
            service: service.name,
            user: text("UserName"),
            key_id: wanted.key_id().map(str::to_owned),
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
            .or_else(|| owner(wanted.key_id()?))
            .or_else(|| owner(signer?))
    }

    /// The errors that come before anything else.
    fn admit(
        &mut self,
        action: Option<&Action>,
        place: (Option<&str>, Option<&str>),
        fault: Option<&FaultKind>,
    ) -> Result<(), ServiceError> {
        let error = match fault {
            // It never arrives, so that this error is not sent.
            Some(FaultKind::DropBefore) => Some(ServiceError::unavailable()),
            _ if !self.rates.iter_mut().all(|rate| rate.take(action, place)) => {
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
        let agent = request.headers().get(header::USER_AGENT);
        let agent = agent.and_then(|agent| agent.to_str().ok());
        let mut request = Request {
            account: &mut member.account,
            before,
            after,
            directory: self.organisation.directory.as_ref(),
            reports: &mut member.reports,
            params: &wanted.params,
            caller: &caller,
            region: signature.region,
            fault,
            now: times.account,
            longest_page: self.longest_page,
            empty_pages: self.empty_pages,
            result: Xml::default(),
            json: json!({}),
        };
        let allowed = match fault {
            Some(FaultKind::Refuse) => Err(action.denied(&request)),
            _ => action.check_permission(&request),
        };
        let done = allowed.and_then(|()| match action.run {
            Run::Signed(run) | Run::SignedAt(_, run) => run(&mut request),
            Run::Unsigned(..) => Ok(()),
        });
        request.record(action, agent, done.as_ref().err());
        done?;
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
