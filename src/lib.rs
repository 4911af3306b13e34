//! `iamkeys`: see and change the access keys of an AWS account from a terminal.
//!
//! # The tour
//!
//! ```text
//! keys ─→ tui ── Intent ─→ engine ── Effect ─→ driver ─┬─ aws ─── AWS, or demo
//!          ↑                 │  ↑                      ├─ secret: clipboard, files
//!          └── reads ────────┘  └────── Event ─────────┴─ journal
//! ```
//!
//! A key press becomes a [`tui::Message`]. The [`tui::Screen`] asks the [`tui::keymap`] what it means
//! in the place on top (a dialog, a text field, a page) and either moves about or tells the
//! [`engine`] an [`engine::Intent`]. The engine is everything that is known and may be done, without
//! a screen; it gives back [`engine::Effect`]s. [`tui::app`] hands these to the [`driver`], which
//! runs each as a task that calls [`aws`], a place in [`secret`] or the [`journal`], and sends back
//! one [`engine::Event`]: the fact that resulted. When the queue is empty, the screen draws once.
//!
//! Three vocabularies, never mixed: an *intent* is what a person wants, an *event* is what has
//! happened, an *effect* is what must be done outside. Imports point one way: `tui` and `driver` name
//! the engine, and the engine names neither (`tests/purity.rs` reads every path).
//!
//! What keeps people from losing a key has a module each in the engine: `preflight` looks at the
//! account again before a change, `plan` sends each change once, [`engine::unresolved`] finds out
//! what became of one whose answer was lost, `rotation` derives from the account where a rotation
//! stands, [`engine::bulk`] carries plans over many keys out by such plans of one ([`plans`] has their
//! files), [`engine::vault`] holds new secrets until a person lets go of them. [`journal`] remembers
//! across a crash what was sent, and [`memory`] keeps secrets out of core dumps.
//!
//! A large account is a matter of order: `loader` decides what to ask next, by what is looked at,
//! [`engine::limiter`] how much of it, and [`engine::account`] holds what is known.
//!
//! [`commands`] drive the same engine and driver without a screen: `iamkeys list` and others print what
//! the engine knows once that is complete, in forms that other programs read.
//!
//! [`config`] reads the config file, and [`cli`] decides which setting is in force. The boundary is
//! the wire: [`aws`] wraps the real SDK, and [`demo`] is an endpoint plugged in below
//! it, so that demo, tests and production run the same code.

pub mod aws;
pub mod cli;
pub mod commands;
pub mod config;
pub mod demo;
pub mod driver;
pub mod engine;
pub mod journal;
pub mod log;
pub mod memory;
pub mod plans;
pub mod program;
pub mod secret;
pub mod signals;
pub mod stderr;
pub mod tui;
