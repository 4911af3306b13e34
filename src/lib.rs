//! `iamkeys`: see and change the access keys of an AWS account from a terminal.

pub mod demo;
