//! `iamkeys`: see and change the access keys of an AWS account from a terminal.
//!
//! # The tour
//!
//! A key press becomes a [`message::Message`]. [`update`](update::update) asks the [`keymap`] what
//! it means in the place on top (a dialog, a text field, a pane) and gets an [`action::Action`]; it
//! changes the [`state`] and returns [`effect::Effect`]s. [`app`] hands these to the [`runtime`],
//! which runs each as a task that calls [`iam`] or a place in [`secret`] and sends back one
//! message: the fact that resulted. When the queue is empty, [`ui`] draws once.
//!
//! ```text
//! terminal ─┐                                   ┌─ iam ─── AWS, or demo
//!           ├─→ Message ─→ update ─→ Effect ─→ runtime ─── secret: clipboard, files
//! tasks  ───┘                 │                  └─ journal
//!                             └─→ State ─→ ui ─→ screen
//! ```
//!
//! Three vocabularies, never mixed: an *action* is what somebody wants, a *message* is what has
//! happened, an *effect* is what must be done outside.
//!
//! A large account is a matter of order: [`state::fetch`] decides what to ask next, by what is looked
//! at, and [`state::pace`] how much of it; [`state::users`] holds what is known, from the credential
//! report and from the account itself, and the two lists of it.
//!
//! What keeps people from losing a key has a module each: [`state::confirm`] looks at the account
//! again before a change, [`state::questions`] finds out what became of one whose answer was lost,
//! [`state::rotation`] derives from the account where a rotation stands, [`journal`] remembers
//! across a crash what was sent, and [`memory`] keeps secrets out of core dumps.
//!
//! [`action`], [`keymap`], [`message`], [`effect`], [`palette`], [`state`], [`mod@update`], [`text`]
//! and [`ui`] are pure: they know no clock, no environment, no task and no SDK, and are tested
//! without any. The boundary is the wire: [`iam`] wraps the real SDK, and [`demo`] is an endpoint
//! plugged in below it, so that demo, tests and production run the same code.

pub mod action;
pub mod app;
pub mod cli;
pub mod demo;
pub mod effect;
pub mod iam;
pub mod input;
pub mod journal;
pub mod keymap;
pub mod log;
pub mod memory;
pub mod message;
pub mod palette;
pub mod runtime;
pub mod secret;
pub mod signals;
pub mod state;
pub mod terminal;
pub mod text;
pub mod ui;
pub mod update;
