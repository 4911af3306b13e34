//! The parts that several pages and dialogs are made of.

pub(super) mod dialog;
pub(super) mod filter_line;
pub(super) mod footer;
pub(super) mod found;
pub(super) mod notice;
pub(super) mod table;
