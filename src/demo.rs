//! An IAM and STS endpoint inside the process.
//!
//! `--demo`, the tests and the benchmarks use it as production uses AWS: it plugs in below the SDK
//! as the HTTP client, so that everything above it (signing, retries, paging, deserialisation) is
//! the code that runs against a real account. It can be served on a loopback socket as well, for
//! tests of the real program and for any other client.
//!
//! A request travels down this list:
//!
//! - `connector` (from the SDK) or `serve` (from a socket) passes it to [`Endpoint::answer`];
//! - `fault` decides whether something goes wrong with it;
//! - `sign` finds the `caller` who signed it;
//! - `actions` looks up the action and runs it on the `request`: `tags` has those on tags, `report`
//!   makes the credential report, `query` reads and checks parameters, `store` is the account and
//!   `user` its users and keys, `paging` and `xml` write the result, `error` has AWS's errors;
//! - `answer` is the response that gets through, and the record of the request; `pace` delays and
//!   throttles.
//!
//! `account` reads accounts from a file, `generate` makes up large ones, and `identifier` the IDs
//! and secrets in both.
//!
//! The account changes when a request comes in; its answer then takes its time. An answer can
//! therefore be out of date when it arrives, and a caller who stops waiting has still changed the
//! account, as with the real service.

mod access;
mod account;
mod actions;
mod answer;
mod caller;
mod connector;
mod dispatch;
mod endpoint;
mod error;
mod fault;
mod generate;
mod identifier;
mod json;
mod login;
mod member;
mod mfa;
mod organisation;
mod organizations;
mod pace;
mod pages;
mod paging;
mod policy;
mod portal;
mod query;
mod report;
mod request;
mod role;
mod roster;
mod serve;
mod service;
mod sign;
mod store;
mod sts;
mod tags;
mod user;
mod xml;

pub use self::answer::{Answer, Call, Outcome};
pub use self::endpoint::{Clock, Endpoint};
pub use self::error::ServiceError;
pub use self::fault::{Fault, FaultKind};
pub use self::identifier::KeyId;
pub use self::member::{Joined, Membership, State};
pub use self::organisation::Organisation;
pub use self::pace::{Delay, Rate};
pub use self::role::Role;
pub use self::serve::Server;
pub use self::store::{Account, KEYS_PER_USER};
pub use self::user::{Key, LastUsed, Status, Tag, User};
