//! The boundary to AWS: the only files that name `aws_sdk_*`.
//!
//! [`Connection`] wraps the real clients of IAM and STS and answers in the engine's own terms, with
//! its small [`Error`]. There is no trait with a fake behind it: the demo account and the tests plug
//! in below, where the HTTP client would be ([`Embedded`]).

mod assume;
mod bodies;
mod cache_file;
mod change;
mod connection;
mod convert;
mod details;
mod document;
mod endpoint_url;
mod event_history;
mod http;
mod identity;
mod known_roles;
mod member;
mod mfa;
mod no_credentials;
mod organization;
mod other_credentials;
mod parts;
mod patience;
mod permissions;
mod person;
mod policy_document;
mod portal;
mod process;
mod profiles;
mod programs;
mod renewal;
mod report;
mod role_cache;
mod role_chain;
mod secret_stores;
mod settings;
mod sign_in;
mod sso;
mod timeouts;
mod trail;
mod turns;

pub use connection::{Connection, Done};
pub use endpoint_url::check_endpoint_url;
pub use http::Http;
pub use known_roles::KnownRoles;
pub use member::{READ_ONLY_POLICY, sign_in_to_member};
pub use mfa::MfaSessions;
pub use person::{Answered, Person};
pub use profiles::list_profiles;
pub use programs::{Failure as ProgramFailure, Programs};
pub use renewal::{Latest, Renewal, Renewals};
pub use report::{ReportPace, fetch_report, parse_report};
pub use settings::{REGION_RULE, is_region};
pub use sign_in::{
    Embedded, Options, SignedIn, sign_in, sign_in_embedded, sign_in_to_portal, sign_in_with,
};
pub use sso::Logins;
pub use timeouts::Timeouts;
pub use turns::Turns;

use crate::engine::{
    Answer, Change, Changed, Error, Kind, Problem, Read,
    model::{
        AccessKey, Caller, KeyStatus, LastUsed, Report, Summary, User, UserDetailsPage, UsersPage,
    },
    user_tags::UserTags,
};
