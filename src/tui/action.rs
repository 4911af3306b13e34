//! What a person can ask of the screen with a key, a click or the command palette. Most become an
//! [`Intent`](crate::engine::Intent) of the engine; some only move about.

/// Makes the actions of a table: each with its name, as the footer, the palette and the buttons show
/// it, and with what it does, as help, the palette and the README say it.
macro_rules! actions {
    ($($action:ident, $title:literal, $help:literal;)*) => {
        /// Something a person can ask for with a key, a click or the command palette.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(clippy::doc_markdown, reason = "the screen shows the same words")]
        pub enum Action {
            $(#[doc = $help] $action,)*
        }

        impl Action {
            /// The name, as the footer, the palette and the buttons show it.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$action => $title,)*
                }
            }

            /// What it does, as help, the palette and the README say it.
            #[must_use]
            pub fn help(self) -> &'static str {
                match self {
                    $(Self::$action => $help,)*
                }
            }
        }
    };
}

actions! {
    Down, "down", "Next row";
    Up, "up", "Row before";
    PageDown, "page down", "Page down";
    PageUp, "page up", "Page up";
    First, "first", "First row";
    Last, "last", "Last row";
    OtherPane, "other pane", "Go to the other pane";
    FocusUsers, "users", "Go to the list of users";
    FocusKeys, "keys", "Go to the user's keys";
    ShowUsers, "users", "Go to the users and their keys";
    ShowKeys, "all keys", "Go to the list of all keys";
    ShowActivity, "activity", "See what was done, and what failed";
    GoToUser, "go to user", "Go to the key's user";
    Sort, "sort", "Sort by the next column";
    ReverseSort, "reverse", "Reverse the sort";
    WholeEntry, "details", "Show all of the entry";
    CopyCommand, "copy command", "Copy the aws command for it";
    Details, "details", "Show the key with its exact times";
    Create, "create", "Create an access key for the user";
    Toggle, "deactivate", "Deactivate the key, or activate it";
    Delete, "delete", "Delete the key for good";
    Rotate, "rotate", "Rotate the user's key, or go on with a rotation";
    CopyId, "copy ID", "Copy the key ID";
    Describe, "describe", "Edit the key's description";
    OpenQuestion, "open question", "Show unresolved changes to the user's keys";
    Find, "find", "Find a key by its ID, loaded or not";
    Filter, "filter", "Filter by name, path, key ID or field, as you type";
    ReadyFilters, "ready filters", "Choose a ready filter";
    Complete, "complete", "Complete the field or the value, or take the next";
    CompleteBack, "complete back", "Take the field or the value before";
    KeepFilter, "keep filter", "Keep the filter, back to the list";
    ClearFilter, "clear filter", "Clear the filter";
    Refresh, "refresh", "Refresh what is on screen";
    Palette, "more", "Every action by name";
    Help, "help", "Keyboard shortcuts";
    Quit, "quit", "Quit";
    Interrupt, "interrupt", "Quit, as an interrupt (exit code 130)";
    Suspend, "suspend", "Suspend, until the shell's fg";
    Confirm, "confirm", "Do it";
    Cancel, "cancel", "Close, and change nothing";
    NextButton, "next button", "Next button";
    PreviousButton, "button before", "Button before";
    Press, "press button", "Press the highlighted button";
    DeactivateInstead, "deactivate instead", "Deactivate the key instead of deleting it";
    GoToKey, "go to key", "Go to the key that could be deleted";
    CopySecret, "copy secret", "Copy the secret";
    CopyNewId, "copy ID", "Copy the key ID";
    CopyAs, "copy as", "Copy both as lines for a shell, as JSON or as a section";
    AsPosix, "exports", "Copy both as export lines for sh, bash and zsh";
    AsFish, "fish", "Copy both as lines for fish";
    AsPowerShell, "PowerShell", "Copy both as lines for PowerShell";
    AsProcess, "credential_process", "Copy both as the JSON of a credential_process";
    AsSection, "section", "Copy both as a section of the credentials file";
    WriteProfile, "write to a profile", "Write the key to a profile of the credentials file";
    SaveFile, "save as a file", "Save the key as a CSV file";
    GoOn, "go on", "Go on with what is typed or chosen";
    TakeName, "take", "Take the name of a profile that is there";
    OtherColumns, "other columns", "Other columns: the console's, or those that can be imported";
    Write, "write", "Write what is shown";
    OtherName, "another name", "Back to the name of the profile";
    Reveal, "reveal", "Show the secret, or hide it";
    CloseNewKey, "close", "Close; asks first if the secret hasn't been saved";
    HaveIt, "I have it", "Close: you have the secret, pasted or written down";
    Discard, "discard", "Throw the only copy of the secret away";
    DiscardAndDelete, "discard and delete", "Throw the secret away, and delete the key";
    Keep, "keep", "Back to the new key";
    LookAgain, "look again", "Look at the account once more";
    DoAgain, "do it again", "Ask again for what was not done";
    LetGo, "let it go", "Close the question: a person knows the answer";
    Replace, "replace it", "Delete the key whose secret nobody has, and create another";
    KeepKey, "keep it", "Keep the key: somebody knows its secret";
    NextStep, "go on", "Go on with the step the rotation is at";
    Independent, "both in use", "Both keys are in use, and neither replaces the other";
    Undo, "undo", "Undo deactivating: activate the key again";
    RollBack, "roll back", "Activate the old key and delete the new one";
    TryAgain, "try again", "Sign in again";
    ChooseProfile, "profiles", "Choose a profile to sign in with";
    OpenDemo, "demo account", "Open the demo account: nothing of it is real";
    StopWaiting, "leave now", "Leave, not knowing how the change ended";
    Stay, "stay", "Do not leave";
}

impl Action {
    /// Whether it only moves about: harmless however often and fast it comes.
    #[must_use]
    pub fn only_moves(self) -> bool {
        matches!(
            self,
            Self::Down
                | Self::Up
                | Self::PageDown
                | Self::PageUp
                | Self::First
                | Self::Last
                | Self::OtherPane
                | Self::FocusUsers
                | Self::FocusKeys
                | Self::ShowUsers
                | Self::ShowKeys
                | Self::ShowActivity
                | Self::Sort
                | Self::ReverseSort
                | Self::NextButton
                | Self::PreviousButton
        )
    }

    /// Whether it changes the account, so that `--read-only` refuses it. A rotation only begins to
    /// with its steps: it can be looked at.
    #[must_use]
    pub fn is_change(self) -> bool {
        matches!(
            self,
            Self::Create
                | Self::Toggle
                | Self::Delete
                | Self::Describe
                | Self::Undo
                | Self::NextStep
                | Self::RollBack
                | Self::WriteProfile
                | Self::SaveFile
                | Self::DoAgain
                | Self::Replace
        )
    }

    /// Whether it is done to the selected user or key.
    #[must_use]
    pub fn is_of_row(self) -> bool {
        matches!(
            self,
            Self::Create
                | Self::Rotate
                | Self::Toggle
                | Self::Delete
                | Self::Describe
                | Self::CopyId
                | Self::Details
                | Self::GoToUser
        )
    }

    /// Whether it must have been meant: it changes the account, throws something away or leaves.
    /// It counts only if the person had time to see what they answer.
    #[must_use]
    pub fn must_be_meant(self) -> bool {
        matches!(
            self,
            Self::Confirm
                | Self::Press
                | Self::Discard
                | Self::DiscardAndDelete
                | Self::HaveIt
                | Self::CloseNewKey
                | Self::StopWaiting
                | Self::GoOn
                | Self::Write
                | Self::Replace
                | Self::LetGo
                | Self::CopySecret
                | Self::DoAgain
                | Self::KeepKey
                | Self::NextStep
                | Self::Independent
                | Self::Undo
                | Self::RollBack
                | Self::Quit
        )
    }
}
