//! Where a list that is read page by page has been, so that it is not followed in circles for ever.

use super::{Error, Kind, convert::failed};
use std::{
    collections::HashMap,
    iter,
    sync::{Arc, Mutex, PoisonError},
};

/// No list is longer: a server that always names another page is not followed for ever.
pub(super) const MAX_PAGES: usize = 10_000;

/// Each marker of a list, and the one whose page has named it. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Trail(Arc<Mutex<HashMap<String, String>>>);

impl Trail {
    /// Whether a page that names another one leads on, and not back to where the same list has
    /// been: that would be asked for ever. Lists may be under way side by side, so what is
    /// remembered is where each marker came from, not which were there.
    pub(super) fn gets_on(&self, asked: Option<String>, next: Option<&str>) -> bool {
        let Some(next) = next else {
            return false;
        };
        let mut trail = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(asked) = asked else {
            // A list begins here. What is remembered of others would only grow.
            trail.clear();
            return true;
        };
        let before: Vec<&String> =
            iter::successors(Some(&asked), |marker| trail.get(*marker)).collect();
        if before.len() >= MAX_PAGES || before.iter().any(|marker| *marker == next) {
            return false;
        }
        trail.insert(next.to_owned(), asked);
        true
    }
}

/// What is said of a list that does not get on.
pub(super) fn turns_in_circles(action: &'static str) -> Error {
    let message = "truncated response without a usable Marker";
    failed(action, Kind::InvalidResponse, message)
}
