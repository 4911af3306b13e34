//! What has become known of a destination: found, looked at and written outside.

use crate::engine::{
    destination::{Found, ProfilePlan},
    model::Caller,
};

/// What has become known of a destination.
#[derive(Debug)]
pub enum DestinationNews {
    /// The credentials file, and its profiles.
    Profiles(Listing),
    /// What would change, and the ID of the key that is there now; or why it cannot be done.
    Planned(Result<(Box<ProfilePlan>, Option<String>), String>),
    /// Whose the key is that is there now.
    Owner(Owner),
    /// What is found where a key would go that is no file; or why it cannot go there.
    Found(Result<Found, String>),
    /// It can be written: the whole path; or why not.
    Proven(Result<String, String>),
    /// It is written, or it is not.
    Written(Result<Written, NotWritten>),
}

/// A secret that has been written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The whole path of the file; of what is no file, the place in words.
    pub path: String,
    /// Why a power cut could still undo it.
    pub unsure: Option<String>,
}

/// Why a secret has not been written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotWritten {
    /// The place is no longer what the person was shown.
    Changed(String),
    /// It cannot be done, in words.
    Refused(String),
}

impl NotWritten {
    /// The words for it.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            Self::Changed(words) | Self::Refused(words) => words,
        }
    }
}

/// The credentials file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Where it is; `None` where that is not known.
    pub path: Option<String>,
    /// Its profiles, in its order; or why they are not known.
    pub profiles: Result<Vec<String>, String>,
    /// Those of them that hold the key that is replaced.
    pub holding: Vec<String>,
}

/// Whose a key is, in the eyes of the account's endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// It is being asked.
    Asking,
    /// It signs requests as this caller.
    Is(Caller),
    /// It is not accepted.
    NotAccepted,
    /// It could not be asked, in words.
    NotKnown(String),
}
