//! Proof that the screen is only a screen: everything here is done with an engine and a driver, or
//! with an engine alone, and nothing of the screen is named.

#[path = "headless/accounts.rs"]
mod accounts;
#[path = "headless/apart.rs"]
mod apart;
#[path = "headless/bulk.rs"]
mod bulk;
#[path = "headless/by_hand.rs"]
mod by_hand;
#[path = "headless/keeping.rs"]
mod keeping;
#[path = "headless/plans.rs"]
mod plans;
#[path = "headless/portal.rs"]
mod portal;
#[path = "headless/rotation.rs"]
mod rotation;
#[path = "headless/searching.rs"]
mod searching;
#[path = "headless/session.rs"]
mod session;
