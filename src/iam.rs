//! The boundary to AWS: the only files that name `aws_sdk_*`.
//!
//! [`Account`] wraps the real clients of IAM and STS and answers in this program's own words
//! ([`model`]), with its own small [`Error`]. There is no trait with a fake behind it: the demo
//! account and the tests plug in below, where the HTTP client would be.

mod account;
mod change;
mod command;
mod convert;
mod document;
mod error;
mod identity;
pub mod key_id;
pub mod model;
mod patience;
mod problem;
mod report;
mod sign_in;
mod timeouts;

pub use account::Account;
pub use command::command_of;
pub use error::{Error, Kind};
pub use key_id::KeyId;
pub use model::{
    AccessKey, Caller, Change, Changed, DEFAULT_KEYS_PER_USER, Done, KeyStatus, LastUsed, Summary,
    User, UsersPage,
};
pub use problem::Problem;
pub use report::{Report, ReportedKey, ReportedUser};
pub use sign_in::{Options, SignedIn, sign_in, sign_in_to_demo};
pub use timeouts::Timeouts;
