//! Policies, read as what they are: statements with effects, actions with wildcards, resources and
//! conditions. What they allow is judged from that, and never from their names.
//!
//! Conditions, policies of the organisation and of resources are not evaluated: what is allowed under
//! a condition counts as allowed, and what is denied under one does not count as denied. What a key
//! can do is so never less than what is said here, as far as its user's policies go.

/// A policy document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Its statements.
    pub statements: Vec<Statement>,
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Whether it allows, or denies.
    pub allows: bool,
    /// The actions that it is about, in lower case: AWS compares them without case.
    pub actions: Patterns,
    /// The resources that it is about.
    pub resources: Patterns,
    /// Whether it holds only under a condition.
    pub is_conditional: bool,
}

/// Patterns with `*` and `?`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patterns {
    /// The patterns.
    pub any_of: Vec<Box<str>>,
    /// All else is meant (`NotAction`, `NotResource`).
    pub inverted: bool,
}
