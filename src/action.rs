//! What a person can ask for. One of the three vocabularies, beside [`crate::message`] (what has
//! happened) and [`crate::effect`] (what must be done outside).

/// Something a person can ask for with a key, a click or the command palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// To the next row.
    Down,
    /// To the row before.
    Up,
    /// A screenful on.
    PageDown,
    /// A screenful back.
    PageUp,
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// To the other pane.
    OtherPane,
    /// To the list of users.
    FocusUsers,
    /// To the keys of the selected user.
    FocusKeys,
    /// To the users and their keys.
    ShowUsers,
    /// To all keys of the account.
    ShowKeys,
    /// To what was done, and what failed.
    ShowActivity,
    /// From a key among all to its user.
    GoToUser,
    /// Sort by the next column.
    Sort,
    /// Sort by the same column from its other end.
    ReverseSort,
    /// The selected entry of the activity with all it holds.
    WholeEntry,
    /// Copy the `aws` command of the selected entry.
    CopyCommand,
    /// Everything about the selected key.
    Details,
    /// Create a key for the selected user.
    Create,
    /// Deactivate or activate the selected key.
    Toggle,
    /// Delete the selected key.
    Delete,
    /// Rotate a key of the selected user, or go on with it.
    Rotate,
    /// Copy the selected key's ID.
    CopyId,
    /// Say what the selected key is for.
    Describe,
    /// What is not known about the selected user.
    OpenQuestion,
    /// Find a key by its ID.
    Find,
    /// Type a filter.
    Filter,
    /// Keep the filter and go back to the list.
    KeepFilter,
    /// Show everything again.
    ClearFilter,
    /// Fetch again what is on screen.
    Refresh,
    /// All actions by name.
    Palette,
    /// The keys of this place.
    Help,
    /// Leave the program.
    Quit,
    /// Leave as an interrupt does.
    Interrupt,
    /// Stop the program until the shell continues it.
    Suspend,
    /// Do what the dialog asks about.
    Confirm,
    /// Close the dialog and change nothing.
    Cancel,
    /// To the next button.
    NextButton,
    /// To the button before.
    PreviousButton,
    /// Press the highlighted button.
    Press,
    /// Deactivate instead of deleting.
    DeactivateInstead,
    /// Go to the key that could be deleted.
    GoToKey,
    /// Copy the new secret.
    CopySecret,
    /// Copy the new key's ID.
    CopyNewId,
    /// Choose a form to copy ID and secret in.
    CopyAs,
    /// Copy both as lines for a POSIX shell.
    AsPosix,
    /// Copy both as lines for fish.
    AsFish,
    /// Copy both as lines for `PowerShell`.
    AsPowerShell,
    /// Copy both as the answer of a `credential_process`.
    AsProcess,
    /// Copy both as a section of the credentials file.
    AsSection,
    /// Write the new key to a profile.
    WriteProfile,
    /// Save the new key as a file.
    SaveFile,
    /// Go on with what is typed or chosen.
    GoOn,
    /// Take the name of a profile that is there.
    TakeName,
    /// The other columns for a file.
    OtherColumns,
    /// Write what is shown.
    Write,
    /// Back to the name.
    OtherName,
    /// Show or hide the new secret.
    Reveal,
    /// Close the new key's dialog.
    CloseNewKey,
    /// Say that the secret is somewhere, though nobody can see where.
    HaveIt,
    /// Throw the only copy of a secret away.
    Discard,
    /// Back to the new key.
    Keep,
    /// Ask the account once more about what is not known.
    LookAgain,
    /// Ask for a change once more that was not made.
    DoAgain,
    /// Take it that nothing was done.
    LetGo,
    /// Delete a key whose secret nobody has, and create another.
    Replace,
    /// Keep a key that has appeared.
    KeepKey,
    /// Do the next step of a rotation.
    NextStep,
    /// Activate the old key again.
    Undo,
    /// Activate the old key, delete the new one.
    RollBack,
    /// Sign in again.
    TryAgain,
    /// Open the demo account.
    OpenDemo,
    /// Leave without waiting for changes under way.
    StopWaiting,
    /// Do not leave after all.
    Stay,
}

impl Action {
    /// The name, as the footer, the palette and the buttons show it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Up => "up",
            Self::PageDown => "page down",
            Self::PageUp => "page up",
            Self::First => "first",
            Self::Last => "last",
            Self::OtherPane => "other pane",
            Self::FocusUsers => "users",
            Self::FocusKeys => "keys",
            Self::ShowUsers => "users",
            Self::ShowKeys => "all keys",
            Self::ShowActivity => "activity",
            Self::GoToUser => "go to user",
            Self::Sort => "sort",
            Self::ReverseSort => "reverse",
            Self::WholeEntry => "whole",
            Self::CopyCommand => "copy command",
            Self::Details => "details",
            Self::Create => "create",
            Self::Toggle => "deactivate",
            Self::Delete => "delete",
            Self::Rotate => "rotate",
            Self::CopyId => "copy ID",
            Self::Describe => "describe",
            Self::OpenQuestion => "open question",
            Self::Find => "find",
            Self::Filter => "filter",
            Self::KeepFilter => "keep filter",
            Self::ClearFilter => "clear filter",
            Self::Refresh => "refresh",
            Self::Palette => "more",
            Self::Help => "help",
            Self::Quit => "quit",
            Self::Interrupt => "interrupt",
            Self::Suspend => "suspend",
            Self::Confirm => "confirm",
            Self::Cancel => "cancel",
            Self::NextButton => "next button",
            Self::PreviousButton => "button before",
            Self::Press => "press button",
            Self::DeactivateInstead => "deactivate instead",
            Self::GoToKey => "go to key",
            Self::CopySecret => "copy secret",
            Self::CopyNewId => "copy ID",
            Self::CopyAs => "copy as",
            Self::AsPosix => "exports",
            Self::AsFish => "fish",
            Self::AsPowerShell => "PowerShell",
            Self::AsProcess => "credential_process",
            Self::AsSection => "section",
            Self::WriteProfile => "write to a profile",
            Self::SaveFile => "save as a file",
            Self::GoOn => "go on",
            Self::TakeName => "take",
            Self::OtherColumns => "other columns",
            Self::Write => "write",
            Self::OtherName => "another name",
            Self::Reveal => "reveal",
            Self::CloseNewKey => "close",
            Self::HaveIt => "I have it",
            Self::Discard => "discard",
            Self::Keep => "keep",
            Self::LookAgain => "look again",
            Self::DoAgain => "do it again",
            Self::LetGo => "let it go",
            Self::Replace => "replace it",
            Self::KeepKey => "keep it",
            Self::NextStep => "go on",
            Self::Undo => "undo",
            Self::RollBack => "roll back",
            Self::TryAgain => "try again",
            Self::OpenDemo => "demo account",
            Self::StopWaiting => "leave now",
            Self::Stay => "stay",
        }
    }

    /// What it does, as help, the palette and the README say it.
    #[must_use]
    pub fn help(self) -> &'static str {
        match self {
            Self::Down => "Next row",
            Self::Up => "Row before",
            Self::PageDown => "A screenful on",
            Self::PageUp => "A screenful back",
            Self::First => "First row",
            Self::Last => "Last row",
            Self::OtherPane => "Go to the other pane",
            Self::FocusUsers => "Go to the list of users",
            Self::FocusKeys => "Go to the user's keys",
            Self::ShowUsers => "Go to the users and their keys",
            Self::ShowKeys => "Go to the list of all keys",
            Self::ShowActivity => "See what was done, and what failed",
            Self::GoToUser => "Go to the key's user",
            Self::Sort => "Sort by the next column",
            Self::ReverseSort => "Sort from the other end",
            Self::WholeEntry => "Show the entry whole",
            Self::CopyCommand => "Copy the aws command for it",
            Self::Details => "Show the key with its exact times",
            Self::Create => "Create an access key for the user",
            Self::Toggle => "Deactivate the key, or activate it",
            Self::Delete => "Delete the key for good",
            Self::Rotate => "Rotate the user's key, or go on with a rotation",
            Self::CopyId => "Copy the key ID",
            Self::Describe => "Say what the key is for",
            Self::OpenQuestion => "Show what is not known about the user's keys",
            Self::Find => "Find a key by its ID, loaded or not",
            Self::Filter => "Filter by name, path, key ID or field, as you type",
            Self::KeepFilter => "Keep the filter, back to the list",
            Self::ClearFilter => "Clear the filter",
            Self::Refresh => "Refresh what is on screen",
            Self::Palette => "Every action by name",
            Self::Help => "The keys of this place",
            Self::Quit => "Quit",
            Self::Interrupt => "Quit, as an interrupt (exit code 130)",
            Self::Suspend => "Suspend, until the shell's fg",
            Self::Confirm => "Do it",
            Self::Cancel => "Close, and change nothing",
            Self::NextButton => "Next button",
            Self::PreviousButton => "Button before",
            Self::Press => "Press the highlighted button",
            Self::DeactivateInstead => "Deactivate the key instead of deleting it",
            Self::GoToKey => "Go to the key that could be deleted",
            Self::CopySecret => "Copy the secret",
            Self::CopyNewId => "Copy the key ID",
            Self::CopyAs => "Copy both as lines for a shell, as JSON or as a section",
            Self::AsPosix => "Copy both as export lines for sh, bash and zsh",
            Self::AsFish => "Copy both as lines for fish",
            Self::AsPowerShell => "Copy both as lines for PowerShell",
            Self::AsProcess => "Copy both as the JSON of a credential_process",
            Self::AsSection => "Copy both as a section of the credentials file",
            Self::WriteProfile => "Write the key to a profile of the credentials file",
            Self::SaveFile => "Save the key as a CSV file",
            Self::GoOn => "Go on with what is typed or chosen",
            Self::TakeName => "Take the name of a profile that is there",
            Self::OtherColumns => "Other columns: the console's, or those that can be imported",
            Self::Write => "Write what is shown",
            Self::OtherName => "Back to the name of the profile",
            Self::Reveal => "Show the secret, or hide it",
            Self::CloseNewKey => "Close; asks first if the secret has gone nowhere",
            Self::HaveIt => "Close: you have the secret, pasted or written down",
            Self::Discard => "Throw the only copy of the secret away",
            Self::Keep => "Back to the new key",
            Self::LookAgain => "Look at the account once more",
            Self::DoAgain => "Ask again for what was not done",
            Self::LetGo => "Close the question: a person knows the answer",
            Self::Replace => "Delete the key whose secret nobody has, and create another",
            Self::KeepKey => "Keep the key: somebody knows its secret",
            Self::NextStep => "Go on with the step the rotation is at",
            Self::Undo => "Activate the old key again",
            Self::RollBack => "Activate the old key and delete the new one",
            Self::TryAgain => "Sign in again",
            Self::OpenDemo => "Open the demo account: nothing of it is real",
            Self::StopWaiting => "Leave, not knowing how the change ended",
            Self::Stay => "Do not leave",
        }
    }

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

    /// Whether it must have been meant: it changes the account, throws something away or leaves.
    /// It counts only if the person had time to see what they answer.
    #[must_use]
    pub fn must_be_meant(self) -> bool {
        matches!(
            self,
            Self::Confirm
                | Self::Press
                | Self::Discard
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
                | Self::Undo
                | Self::RollBack
                | Self::Quit
        )
    }
}
