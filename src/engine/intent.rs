//! What a person wants, in this program's terms: from a key press, a click, or a command line.

use super::{
    bulk::BulkIntent,
    effect::{Copied, Origin, SessionId, Slot, Target},
    key_id::KeyId,
    leak::LeakStep,
    leaving::Leave,
    opening::Wanted,
    plan::{PlanId, Proposal},
    prompt::{Means, PromptId, Reply},
    request::{Change, Read},
    rotation::RotationAction,
    unresolved::Resolution,
    vault::StoreIn,
};

/// Something that a person wants.
#[derive(Clone, Debug)]
pub enum Intent {
    /// Sign in to an account, in this slot.
    SignIn(Slot, Target),
    /// Open one more account, in a slot of its own.
    Open(Target),
    /// Open these accounts; the account in this slot assumes the roles in them.
    OpenWanted(Slot, Vec<Wanted>),
    /// Open the other accounts of the organisation that the account in this slot belongs to.
    OpenOrganisation(Slot),
    /// Open the accounts of the SSO portal of this `sso-session` or start URL; with a new login, where
    /// that is said.
    OpenPortal(Box<str>, bool),
    /// Leave an account out of the lists of all, or take it in again.
    Exclude(Slot, bool),
    /// Take an account that could not be signed in to out of those that are opened.
    TakeOut(Slot),
    /// Sign in to an account, in this slot, by other means than the usual ones.
    SignInWith(Slot, Target, Means),
    /// Answer what signing in asks.
    Reply(SessionId, PromptId, Reply),
    /// Copy the address of the page that one logs in on.
    CopyAddress(SessionId, PromptId),
    /// Read which profiles this machine has.
    ListProfiles,
    /// Ask again for what is looked at, and for what has failed.
    Refresh(Slot),
    /// Propose changes: the account is looked at, and they are sent once approved.
    Propose(Slot, Proposal),
    /// Send changes that need no approval: they harm nothing, or take back what was just done.
    Send(Slot, Vec<Change>),
    /// Approve a proposed plan. It is sent at once, or as soon as the look at the account is over
    /// and shows nothing new.
    Approve {
        /// The plan.
        plan: PlanId,
        /// What was typed to confirm it, where that is asked for.
        typed: String,
    },
    /// Take an approval back that has not led to anything yet.
    Withdraw(PlanId),
    /// Turn a plan that deletes a key into one that deactivates it.
    DeactivateInstead(PlanId),
    /// Drop a plan that is not under way: it is not wanted, or what came of it was seen.
    Close(PlanId),
    /// Do something with the plan over many keys.
    Bulk(BulkIntent),
    /// Begin the rotation of a user's key, or go on with it: looks at the account, and tries a new key
    /// that is stored and not tried yet.
    Rotate(Slot, Box<str>),
    /// Do what a rotation needs, or take it back.
    RotationAction(Slot, Box<str>, RotationAction),
    /// The same, and what has to be approved waits for that, whatever it is.
    ProposeRotationAction(Slot, Box<str>, RotationAction),
    /// Show the question what became of a change.
    OpenQuestion(Origin),
    /// Leave a question for later. One that the account has answered is over.
    PutOff(Origin),
    /// Go on with a question.
    Resolve(Origin, Resolution),
    /// Ask for what is not known of a user's key beyond the lists: who uses it, what it can do.
    Impact {
        /// The account.
        slot: Slot,
        /// The user.
        user: Box<str>,
        /// The key's ID.
        key: Box<str>,
    },
    /// Ask again for what has failed of that; where nothing has, for all of it.
    RefreshImpact {
        /// The account.
        slot: Slot,
        /// The user.
        user: Box<str>,
        /// The key's ID.
        key: Box<str>,
    },
    /// Ask for what the response to a leaked key is derived from, as far as it is not known.
    Leak {
        /// The account.
        slot: Slot,
        /// The user.
        user: Box<str>,
        /// The key's ID.
        key: Box<str>,
    },
    /// The same, and once more for what is known.
    LookAtLeak {
        /// The account.
        slot: Slot,
        /// The user.
        user: Box<str>,
        /// The key's ID.
        key: Box<str>,
    },
    /// Propose what a step of the response to the leak of this user's key needs.
    LeakStep(Slot, Box<str>, Box<str>, LeakStep),
    /// Write what is known of a leaked key into two new files.
    SaveEvidence {
        /// The account.
        slot: Slot,
        /// The user.
        user: Box<str>,
        /// The key's ID.
        key: Box<str>,
        /// Where, as it was typed: without an extension, or with one of the two.
        path: String,
    },
    /// Ask for older events of a key, or of a session.
    MoreEvents(Slot, Box<str>),
    /// Ask for the events of a session, by its key ID.
    SessionEvents(Slot, Box<str>),
    /// No one looks at the events of an account any more: no further pages are asked for.
    LeaveEvents(Slot),
    /// Ask the account for something at once.
    Ask(Slot, Read),
    /// Copy the ID of a key, or what belongs to a new key.
    Copy {
        /// The key.
        key: String,
        /// What of it.
        what: Copied,
    },
    /// Copy the `aws` command of an entry of the activity.
    CopyCommand(usize),
    /// Let go of the secret of a new key that is stored somewhere.
    Release(String),
    /// Let go of the secret of a new key: the person has it.
    HaveIt(String),
    /// Throw the only copy of a new key's secret away.
    Discard(String),
    /// Throw the only copy of a new key's secret away, and propose to delete the key, which is of
    /// no use then.
    DiscardAndDelete(String),
    /// Choose where the secret of a new key goes, or of one that a rotation is about to create.
    ChooseDestination(StoreIn),
    /// Go on with this profile or path.
    NameDestination(String),
    /// Give a file the other columns.
    OtherColumns,
    /// Back to the name, from what would change.
    OtherName,
    /// Something else is typed: why the last name did not work is no longer of interest.
    ForgetRefusal,
    /// Write what was shown, or prove that it can be written.
    Write,
    /// Keep the secret of a new key in a new file beside the journal: it could go nowhere else.
    KeepSecret(String),
    /// Choose no destination after all. What is being written is written.
    StopChoosing,
    /// Search for this key as soon as an account is open.
    SearchFirst(KeyId),
    /// Ask AWS for the owner of a key.
    Search(Slot, KeyId),
    /// Open the account of the key that is searched for, or sign in to it again.
    OpenForSearch,
    /// Load the keys of the owner that was found.
    GoToOwner,
    /// Search no more.
    EndSearch,
    /// Leave the program, unless a secret or the outcome of a change would be lost.
    Leave(Leave),
    /// Leave without waiting for changes under way.
    LeaveNow,
    /// Do not leave after all.
    Stay,
}
