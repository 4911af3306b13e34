//! AWS inside the process, as far as access keys are concerned: IAM, STS, Organizations, CloudTrail, the
//! SSO portal and the logins to it, for one account or for an organisation of many.
//!
//! `--demo`, the tests and the benchmarks use it as production uses AWS: it plugs in below the SDK
//! as the HTTP client, so that everything above it (signing, retries, paging, deserialisation) is
//! the code that runs against a real account. It can be served on a loopback socket as well, for
//! tests of the real program and for any other client.
//!
//! A request travels down this list:
//!
//! - `connector` (from the SDK) or `serve` (from a socket) passes it to [`Endpoint::answer`];
//! - `dispatch` finds out which of the `actions` it is for, in the protocol of its `service`: `query`
//!   reads forms and checks parameters, `json` reads the rest;
//! - `fault` decides whether something goes wrong with it, and `pace` whether it comes too fast;
//! - `sign` finds the `caller` who signed it, and so the account, among those of the `organisation`;
//!   `policy` and `access` say what the caller may do there;
//! - the action runs on the `request`: `iam`, `tags`, `attached`, `entities`, `others`, `advisor`, `sts`
//!   and `organizations` have those that are signed, `portal`, `clients`, `login` and `pages` those that
//!   are not, which see a `Visit`; `cloudtrail` looks up what happened: the `stories` of keys, as events
//!   that are `recorded`; `regions` are those that are enabled; `report` makes credential reports, `store`
//!   is an account and `user` its users and keys, `role` its roles, `mfa` its devices, `policies` and
//!   `managed` its policies, `credentials` what else its users have; `paging` and `xml` write the result,
//!   `error` has AWS's errors;
//! - `answer` is the response that gets through, and the record of the request; `pace` delays it.
//!
//! `exchange` is that way as a whole. `account` and `entries` read accounts from a file and `roster`
//! organisations, whose accounts are each a `member`; `generate` makes up large ones, and `identifier`
//! the IDs and secrets in all of them; the `changes` that are made here are told by `cloudtrail` too.
//!
//! The account changes when a request comes in; its answer then takes its time. An answer can
//! therefore be out of date when it arrives, and a caller who stops waiting has still changed the
//! account, as with the real service.

mod access;
mod account;
mod actions;
mod advisor;
mod answer;
mod attached;
mod caller;
mod changes;
mod clients;
mod cloudtrail;
mod connector;
mod credentials;
mod dispatch;
mod endpoint;
mod entities;
mod entries;
mod error;
mod exchange;
mod fault;
mod generate;
mod iam;
mod identifier;
mod json;
mod login;
mod managed;
mod member;
mod mfa;
mod organisation;
mod organizations;
mod others;
mod pace;
mod pages;
mod paging;
mod policies;
mod policy;
mod portal;
mod query;
mod recorded;
mod regions;
mod report;
mod request;
mod role;
mod roster;
mod secret_stores;
mod serve;
mod service;
mod sign;
mod store;
mod stories;
mod sts;
mod tags;
mod user;
mod xml;

pub use self::answer::{Answer, Call, Outcome};
pub use self::credentials::{Credential, CredentialKind};
pub use self::endpoint::{Clock, Endpoint};
pub use self::error::ServiceError;
pub use self::fault::{Fault, FaultKind, Payload};
pub use self::identifier::KeyId;
pub use self::member::{Joined, Membership, State};
pub use self::organisation::Organisation;
pub use self::pace::{Delay, Rate};
pub use self::role::Role;
pub use self::serve::Server;
pub use self::store::{Account, KEYS_PER_USER};
pub use self::user::{Key, LastUsed, Status, Tag, User};
