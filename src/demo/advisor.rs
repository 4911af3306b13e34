//! The access advisor: when services were last called with the credentials of a user. A job is begun
//! for each question, and asked until it is done.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::error::{NO_SUCH_ENTITY, ServiceError};
use super::identifier;
use super::paging::{list, skip_to};
use super::query::{Check, JOB_ID, POLICY_ARN};
use super::request::Request;
use super::store::Account;
use super::user::{User, fold};
use super::xml::Xml;

/// How long a job takes, by the account's clock, unless set.
const JOB: TimeDelta = TimeDelta::seconds(1);

/// How often a job says that it is not done where the account's clock stands still.
const PATIENCE: u32 = 2;

/// The jobs of an account, and what they tell beside the last uses of keys.
#[derive(Clone, Debug)]
pub(super) struct Advisor {
    pub(super) takes: TimeDelta,
    jobs: Vec<Job>,
    /// By the user's name without case.
    told: BTreeMap<String, Vec<Use>>,
}

impl Default for Advisor {
    fn default() -> Self {
        Self {
            takes: JOB,
            jobs: Vec::new(),
            told: BTreeMap::new(),
        }
    }
}

#[derive(Clone, Debug)]
struct Job {
    id: String,
    /// Whom it is about.
    arn: String,
    begun: DateTime<Utc>,
    done: DateTime<Utc>,
    /// How often it has said that it is not done.
    asked: u32,
}

/// A service that a user may call.
#[derive(Clone, Debug)]
struct Use {
    /// As policies name it.
    service: String,
    /// When it was called, and where.
    last: Option<(DateTime<Utc>, String)>,
}

impl Account {
    /// Lets the access advisor tell of a service, as policies name it, that a user has called at a time
    /// in a region, or may have called and has not.
    ///
    /// # Errors
    /// When there is no such user.
    pub fn add_service_use(
        &mut self,
        user: &str,
        service: &str,
        last: Option<(DateTime<Utc>, &str)>,
    ) -> Result<(), ServiceError> {
        let user = fold(&self.existing_user(user)?.name);
        let told = self.access.advisor.told.entry(user).or_default();
        told.retain(|known| known.service != service);
        told.push(Use {
            service: service.to_owned(),
            last: last.map(|(at, region)| (at, region.to_owned())),
        });
        Ok(())
    }

    /// What the access advisor tells of a user, sorted by service.
    fn service_uses(&self, user: &User) -> Vec<Use> {
        let mut services = BTreeMap::<String, Use>::new();
        let told = self.access.advisor.told.get(&fold(&user.name));
        let of_keys = user.keys.iter().filter_map(|key| {
            let last = key.last_used.as_ref()?;
            Some(Use {
                service: namespace(&last.service).to_owned(),
                last: Some((last.at, last.region.to_string())),
            })
        });
        for it in told.into_iter().flatten().cloned().chain(of_keys) {
            let known = services.entry(it.service.clone()).or_insert(it.clone());
            if it.last > known.last {
                *known = it;
            }
        }
        services.into_values().collect()
    }
}

/// A service as policies name it, by its name in the last use of a key.
fn namespace(service: &str) -> &str {
    match service {
        "monitoring" => "cloudwatch",
        other => other,
    }
}

pub(super) fn generate(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let arn = check.required_as("Arn", &POLICY_ARN);
    check.one_of_or_none("Granularity", &["SERVICE_LEVEL", "ACTION_LEVEL"]);
    check.done()?;
    if user_of(request.account, arn).is_none() {
        let message = format!("ARN {arn} cannot be found.");
        return Err(ServiceError::new(NO_SUCH_ENTITY, message));
    }
    let now = request.now;
    let advisor = &mut request.account.access.advisor;
    // No two of the IDs of jobs and requests are the same.
    let id = identifier::request_id(u64::MAX - advisor.jobs.len() as u64);
    advisor.jobs.push(Job {
        id: id.clone(),
        arn: arn.to_owned(),
        begun: now,
        done: now + advisor.takes,
        asked: 0,
    });
    request.result.text("JobId", &id);
    Ok(())
}

/// The user of an ARN.
fn user_of<'a>(account: &'a Account, arn: &str) -> Option<&'a User> {
    let user = account.user(arn.rsplit('/').next()?)?;
    account.arn(user).eq_ignore_ascii_case(arn).then_some(user)
}

pub(super) fn get(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let id = check.required(&JOB_ID);
    let page = check.page(request.longest_page);
    check.done()?;
    let now = request.now;
    let jobs = &mut request.account.access.advisor.jobs;
    let job = jobs.iter_mut().find(|job| job.id == id);
    let job = job.ok_or_else(|| {
        let message = format!("Job {id} cannot be found.");
        ServiceError::new(NO_SUCH_ENTITY, message)
    })?;
    let stands_still = now == job.begun && job.asked >= PATIENCE;
    let in_progress = now < job.done && !stands_still;
    job.asked += u32::from(in_progress);
    let (job, account) = (job.clone(), &*request.account);
    let xml = &mut request.result;
    xml.text(
        "JobStatus",
        if in_progress {
            "IN_PROGRESS"
        } else {
            "COMPLETED"
        },
    );
    xml.text("JobType", "SERVICE_LEVEL");
    xml.time("JobCreationDate", job.begun);
    if in_progress {
        xml.value("IsTruncated", false);
        return Ok(());
    }
    xml.time("JobCompletionDate", job.done.min(now));
    // Of a user who is gone there is nothing to tell.
    let user = user_of(account, &job.arn);
    let services = user.map_or_else(Vec::new, |user| account.service_uses(user));
    let mark = |it: &Use| it.service.clone();
    let shown = skip_to(&page, services.iter(), mark)?;
    let write = |xml: &mut Xml, it: &Use| {
        xml.text("ServiceName", &it.service.to_ascii_uppercase());
        if let Some((at, _)) = &it.last {
            xml.time("LastAuthenticated", *at);
        }
        xml.text("ServiceNamespace", &it.service);
        if let Some((_, region)) = &it.last {
            xml.text("LastAuthenticatedEntity", &job.arn);
            xml.text("LastAuthenticatedRegion", region);
        }
        xml.value("TotalAuthenticatedEntities", u8::from(it.last.is_some()));
    };
    list(xml, "ServicesLastAccessed", &page, shown, write, mark);
    Ok(())
}
