//! What a person can ask of the screen with a key, a click or the command palette. Most become an
//! [`Intent`](crate::engine::Intent) of the engine; some only move about.

use super::keymap::Context;

/// Makes the actions of a table: each with its name, as the footer, the palette and the buttons show
/// it, and with what it does, as the palette, the README and help say it; those of pages also with
/// their group in a page's help, and what they do in the few words it has room for. Actions of a
/// group that are described by the same words share a line there.
macro_rules! actions {
    ($($action:ident, $title:literal, $help:literal $(, $group:ident $short:literal)?;)*) => {
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

            /// What it does, as the palette, the README and help say it.
            #[must_use]
            pub fn help(self) -> &'static str {
                match self {
                    $(Self::$action => $help,)*
                }
            }

            /// Its group in the help of a page, and what it does in a few words; none for what only
            /// dialogs do.
            #[must_use]
            pub fn in_group(self) -> Option<(Group, &'static str)> {
                match self {
                    $($(Self::$action => Some((Group::$group, $short)),)?)*
                    _ => None,
                }
            }
        }
    };
}

/// What belongs together in the help of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// What is done with keys; first what changes the account.
    Keys,
    /// What is shown, and how.
    View,
    /// Where one is in it.
    Move,
}

impl Group {
    /// What it is called.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Keys => "Keys",
            Self::View => "View",
            Self::Move => "Move",
        }
    }
}

// Help shows the actions of a group in this order.
actions! {
    Create, "create", "Create an access key for the user", Keys "Create a key";
    Toggle, "deactivate", "Deactivate the key, or activate it", Keys "(De)activate, undo";
    Undo, "undo", "Undo deactivating: activate the key again", Keys "(De)activate, undo";
    Delete, "delete", "Delete the key for good", Keys "Delete";
    Rotate, "rotate", "Rotate the key, or continue a rotation", Keys "Rotate, or continue";
    ShowRotations, "rotations", "Show the rotations under way", Keys "Rotate, or continue";
    Describe, "describe", "Edit the key's description", Keys "Describe, exempt";
    Exempt, "exempt", "Exempt the key from findings, until a day", Keys "Describe, exempt";
    Mark, "mark", "Mark the key, or the user's keys", Keys "Mark keys, plan";
    MarkAll, "mark all", "Mark every key that is shown", Keys "Mark keys, plan";
    Unmark, "unmark all", "Unmark all keys", Keys "Mark keys, plan";
    MakePlan, "plan", "Plan for marked keys; show the plan", Keys "Mark keys, plan";
    OpenPlan, "open a plan", "Open a saved plan", Keys "Mark keys, plan";
    OpenQuestion, "open question", "Show unresolved changes to the user's keys", Keys "Unresolved changes";
    Impact, "impact", "Show who uses the key and what would break", Keys "Details, use, leaks";
    Leaked, "leaked", "Deal with a leaked key, to the end", Keys "Details, use, leaks";
    Details, "details", "Show the key with its exact times", Keys "Details, use, leaks";
    CopyId, "copy ID", "Copy the key ID", Keys "Copy the key ID";
    Find, "find", "Find a key by its ID, loaded or not", Keys "Find by key ID";
    WholeEntry, "details", "Show all of the entry", View "The whole entry";
    CopyCommand, "copy command", "Copy the aws command for it", View "Copy the aws command";
    Filter, "filter", "Filter by name, path, key ID or field", View "Filter, ready filters";
    ReadyFilters, "ready filters", "Choose a ready filter", View "Filter, ready filters";
    ClearFilter, "clear filter", "Clear the filter", View "Clear the filter";
    Sort, "sort", "Sort by the next column", View "Sort, reverse";
    ReverseSort, "reverse", "Reverse the sort", View "Sort, reverse";
    OpenAccount, "open", "Show the users and keys of this account only", View "This account only";
    AllAccounts, "all accounts", "Show the users and keys of all accounts", View "All accounts";
    Exclude, "exclude", "Exclude or include; remove one that failed", View "Exclude, include, remove";
    ShowAccounts, "accounts", "Go to the accounts", View "Switch page, account";
    ShowUsers, "users", "Go to the users and their keys", View "Switch page, account";
    ShowKeys, "all keys", "Go to the list of all keys", View "Switch page, account";
    ShowFindings, "findings", "See what is wrong with keys, by rules", View "Switch page, account";
    ShowActivity, "activity", "See what was done, and what failed", View "Switch page, account";
    Switch, "switch", "Switch to another account, or open one", View "Switch page, account";
    Refresh, "refresh", "Refresh what is on screen", View "Refresh, MFA code";
    EnterCode, "MFA code", "Sign in with an MFA code", View "Refresh, MFA code";
    Palette, "more", "Every action by name", View "Every action by name";
    Help, "help", "Keyboard shortcuts", View "This help";
    Quit, "quit", "Quit", View "Quit";
    Interrupt, "interrupt", "Quit, as an interrupt (exit code 130)", View "Quit";
    Suspend, "suspend", "Suspend, until the shell's fg", View "Suspend (fg resumes)";
    Down, "down", "Next row", Move "Row down, up";
    Up, "up", "Previous row", Move "Row down, up";
    First, "first", "First row", Move "First, last row";
    Last, "last", "Last row", Move "First, last row";
    PageDown, "page down", "Page down", Move "Page down, up";
    PageUp, "page up", "Page up", Move "Page down, up";
    OtherPane, "other pane", "Go to the other pane", Move "Other pane";
    FocusUsers, "users", "Go to the list of users", Move "The list of users";
    FocusKeys, "keys", "Go to the user's keys", Move "The user's keys";
    StepLeft, "left", "To the left: another column, or the rules", Move "Left, right";
    StepRight, "right", "To the right: another column, or the keys", Move "Left, right";
    ShowFound, "show keys", "Show these keys in the list of all keys", View "These keys among all";
    GoToUser, "go to user", "Go to the key's user", Move "The key's user";
    ShowItem, "open", "Open the events, the policy, the whole event, the rotation";
    ListEvents, "events", "List all events of the key";
    MoreEvents, "older events", "Ask for older events";
    Back, "back", "Back to where you were";
    Complete, "complete", "Complete, or take the next suggestion";
    CompleteBack, "complete back", "Take the previous suggestion";
    KeepFilter, "keep filter", "Keep the filter, back to the list";
    FilterGuide, "filters", "How to write a filter";
    Confirm, "confirm", "Do it";
    Cancel, "cancel", "Close, and change nothing";
    NextButton, "next button", "Next button";
    PreviousButton, "previous button", "Previous button";
    Press, "press button", "Press the highlighted button";
    ApplyPlan, "apply", "Apply the plan, or go on with it";
    Include, "skip / include", "Leave the key out of the plan, or include it";
    PausePlan, "pause", "Pause the plan; close it when it does not run";
    SavePlan, "save the plan", "Save the plan as a file";
    GoOnPlan, "show it", "Show the plan that was not finished";
    ForgetPlan, "forget it", "Do not go on with the plan";
    StopPlan, "stop", "End the plan: what is not done stays undone";
    PlanActivate, "activate", "Plan to activate the marked keys";
    DeactivateInstead, "deactivate instead", "Deactivate the key instead of deleting it";
    GoToKey, "go to key", "Go to the key that could be deleted";
    CopySecret, "copy secret", "Copy the secret";
    CopyNewId, "copy ID", "Copy the key ID";
    CopyAs, "copy as", "Copy both for a shell, as JSON or a section";
    AsPosix, "exports", "Copy both as exports for sh, bash and zsh";
    AsFish, "fish", "Copy both as lines for fish";
    AsPowerShell, "PowerShell", "Copy both as lines for PowerShell";
    AsProcess, "credential_process", "Copy both as credential_process JSON";
    AsSection, "section", "Copy both as a credentials file section";
    WriteProfile, "write to a profile", "Write the key to a profile";
    SaveFile, "save as a file", "Save the key as a CSV file";
    GoOn, "continue", "Continue with what is typed or chosen";
    TakeName, "take", "Use the name of an existing profile";
    OtherScope, "this key or all", "Switch between this key and all keys of the user";
    OtherColumns, "other columns", "Switch between console and import columns";
    Write, "write", "Write what is shown";
    OtherName, "another name", "Back to the name of the profile";
    Reveal, "reveal", "Show the secret, or hide it";
    CloseNewKey, "close", "Close; asks first if the secret isn't saved";
    HaveIt, "I have it", "Close: you have saved the secret yourself";
    Discard, "discard", "Discard the only copy of the secret";
    DiscardAndDelete, "discard and delete", "Discard the secret, and delete the key";
    Keep, "keep", "Back to the new key";
    LookAgain, "look again", "Check the account again";
    DoAgain, "do it again", "Ask again for what was not done";
    LetGo, "let it go", "Close the question: you know the answer";
    Replace, "replace it", "Replace the key whose secret was lost";
    KeepKey, "keep it", "Keep the key: its secret is known";
    NextStep, "continue", "Continue the rotation";
    Independent, "both in use", "Both are in use; neither replaces the other";
    SaveEvidence, "evidence", "Save what is known of a leaked key";
    RollBack, "roll back", "Activate the old key and delete the new one";
    TryAgain, "try again", "Sign in again";
    LogIn, "log in", "Log in to IAM Identity Center";
    OpenPage, "open", "Open the page in a browser here";
    CopyAddress, "copy address", "Copy the address of the page";
    UseBrowser, "use the browser", "Log in with the browser on this machine";
    UseDeviceCode, "use a code", "Log in with a code, in any browser";
    OpenBeside, "open beside", "Open the account beside the others, or remove one that failed";
    OpenAll, "open all", "Open all accounts that are shown and need no code and no login";
    OpenDemo, "demo account", "Open the demo account: nothing in it is real";
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
                | Self::ShowAccounts
                | Self::ShowUsers
                | Self::ShowKeys
                | Self::ShowFindings
                | Self::StepLeft
                | Self::StepRight
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
                | Self::Exempt
                | Self::Undo
                | Self::NextStep
                | Self::RollBack
                | Self::WriteProfile
                | Self::SaveFile
                | Self::DoAgain
                | Self::Replace
        )
    }

    /// Whether it is done to the selected key.
    #[must_use]
    pub fn is_of_key(self) -> bool {
        matches!(
            self,
            Self::Toggle
                | Self::Delete
                | Self::Describe
                | Self::Exempt
                | Self::CopyId
                | Self::Details
                | Self::Leaked
                | Self::Impact
        )
    }

    /// Whether it is done to the selected user, or to their key.
    #[must_use]
    pub fn is_of_row(self) -> bool {
        self.is_of_key() || matches!(self, Self::Create | Self::Rotate | Self::GoToUser)
    }

    /// Whether it must have been meant, in a dialog of this place: it confirms a change, throws a
    /// secret away, writes one or leaves with changes under way. It counts once the person had time
    /// to read what they answer.
    #[must_use]
    pub fn must_be_meant(self, context: Context) -> bool {
        match self {
            Self::Confirm
            | Self::Discard
            | Self::DiscardAndDelete
            | Self::HaveIt
            | Self::StopWaiting
            | Self::Write
            | Self::Replace
            | Self::LetGo
            | Self::DoAgain
            | Self::KeepKey
            | Self::NextStep
            | Self::Independent
            | Self::RollBack
            | Self::ForgetPlan => true,
            Self::Undo => context == Context::Rotate,
            // It comes up by itself, and what is not given is not renewed.
            Self::Cancel => context == Context::Code,
            // Elsewhere what is typed or chosen is asked about, or changes nothing. With a code it may
            // give the terminal to a program, and with that what is typed.
            Self::GoOn => matches!(
                context,
                Context::Describe | Context::Exempt | Context::File | Context::Code
            ),
            _ => false,
        }
    }
}
