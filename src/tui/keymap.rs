//! The one table of keys: what a key means where. Dispatch, footer, help, command palette and the
//! README's table all come from it.

use super::action::Action;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::fmt;

/// Makes the places of a table: each with what it is called, and what it is.
macro_rules! contexts {
    ($($context:ident, $title:literal, $what:literal;)*) => {
        /// A place where keys have a meaning of their own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Context {
            $(#[doc = $what] $context,)*
        }

        impl Context {
            /// All of them, in the order the README lists them.
            pub const ALL: &'static [Self] = &[$(Self::$context,)*];

            /// What the place is called.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$context => $title,)*
                }
            }
        }
    };
}

contexts! {
    Accounts, "accounts", "The open accounts.";
    Users, "users", "The list of users.";
    Keys, "keys", "The keys of a user.";
    AllKeys, "all keys", "All keys of the account.";
    Findings, "findings", "The rules, and how many keys each finds.";
    FoundKeys, "found keys", "The keys that a rule finds.";
    Grid, "grid", "How old keys are, and how idle.";
    Activity, "activity", "What was done, and what failed.";
    Filter, "filter", "Typing a filter.";
    Confirm, "confirmation", "A confirmation answered with a key.";
    Typed, "typed confirmation", "A confirmation answered by typing the end of the key ID.";
    Question, "open question", "Something that is not known.";
    Rotate, "rotation", "The rotation of a key.";
    Leak, "leaked key", "The response to the leak of a key.";
    Evidence, "evidence", "Typing where the evidence on a leaked key goes.";
    Full, "no room for a key", "The user has as many keys as there may be.";
    NewKey, "new key", "The new key and its secret.";
    CopyAs, "copy as", "Choosing a form to copy a new key in.";
    Profile, "profile", "Typing the name of a profile.";
    File, "file", "Typing the path of a file.";
    Plan, "what would change", "What would change in a profile, and what is being written.";
    Describe, "description", "Typing what a key is for.";
    Exempt, "exemption", "Typing until when a key is exempt from findings, and why.";
    ReadyFilters, "ready filters", "Choosing a filter that is often needed.";
    Find, "find a key", "Typing the ID of a key to be found.";
    Impact, "impact", "Who uses a key, what it can do, what would break.";
    Events, "events", "The events of a key.";
    Discard, "discard?", "Asked before a secret is thrown away.";
    BulkPlan, "plan", "A plan over many keys.";
    BulkConfirm, "plan confirmation", "Typing the number of keys of a plan.";
    Rotations, "rotations", "The rotations under way.";
    PlanFile, "plan file", "Typing the path of a saved plan.";
    KeptPlan, "unfinished plan", "A plan that an earlier run has left.";
    ChoosePlan, "plan to make", "Choosing what a plan does to the marked keys.";
    Entry, "whole entry", "One entry of the activity, whole.";
    Reading, "reading", "Something to read: details, what went wrong, how to filter.";
    Help, "help", "The keys of a place.";
    Palette, "palette", "The command palette.";
    SignedOut, "signed out", "Not signed in (yet).";
    Switch, "accounts to open", "Choosing an account to switch to, or to open.";
    Waiting, "waiting action", "An action waits for its key, or for a user's keys.";
    Code, "MFA code", "Typing the code of an MFA device.";
    Login, "SSO login", "Waiting for a login to IAM Identity Center.";
    Leaving, "leaving", "Waiting for changes before leaving.";
}

impl Context {
    /// Whether it is a page's: one where lists are worked with, no dialog.
    #[must_use]
    pub fn is_page(self) -> bool {
        VIEWS.contains(&self)
    }

    /// Whether letters are text here and not commands.
    #[must_use]
    pub fn takes_text(self) -> bool {
        matches!(
            self,
            Self::Filter
                | Self::Typed
                | Self::BulkConfirm
                | Self::Palette
                | Self::Profile
                | Self::File
                | Self::Evidence
                | Self::PlanFile
                | Self::Describe
                | Self::Exempt
                | Self::Find
                | Self::Code
                | Self::Switch
        )
    }

    /// Whether what looks like a secret has no place in the text typed here. The fields of a
    /// description and of a key ID say themselves what is wrong with one, and a path may look like it.
    pub(super) fn holds_no_secret(self) -> bool {
        matches!(
            self,
            Self::Palette | Self::Profile | Self::Typed | Self::Switch | Self::BulkConfirm
        )
    }
}

/// With one of these a letter is no letter. Ctrl is told apart.
pub(super) const OTHERWISE: KeyModifiers = KeyModifiers::ALT
    .union(KeyModifiers::SUPER)
    .union(KeyModifiers::HYPER)
    .union(KeyModifiers::META);

/// A key with its modifiers, written as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    ctrl: bool,
}

impl Key {
    const fn of(code: KeyCode) -> Self {
        Self { code, ctrl: false }
    }

    const fn char(c: char) -> Self {
        Self::of(KeyCode::Char(c))
    }

    const fn ctrl(c: char) -> Self {
        Self {
            code: KeyCode::Char(c),
            ctrl: true,
        }
    }
}

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Self {
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        let code = match event.code {
            // Ctrl-c and Ctrl-C are one key; without Ctrl the case is the key.
            KeyCode::Char(c) if ctrl => KeyCode::Char(c.to_ascii_lowercase()),
            // Alt-q is not q: give it a code that is bound to nothing.
            KeyCode::Char(_) if event.modifiers.intersects(OTHERWISE) => KeyCode::Null,
            // A terminal that tells of Shift may not tell what it makes of the letter.
            KeyCode::Char(c) if event.modifiers.contains(KeyModifiers::SHIFT) => {
                KeyCode::Char(c.to_ascii_uppercase())
            }
            code => code,
        };
        Self { code, ctrl }
    }
}

/// `{:#}` writes it in ASCII.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("Ctrl-")?;
        }
        match self.code {
            KeyCode::Char(' ') => f.write_str("Space"),
            KeyCode::Char(c) if self.ctrl => write!(f, "{}", c.to_ascii_uppercase()),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::Up if !f.alternate() => f.write_str("↑"),
            KeyCode::Down if !f.alternate() => f.write_str("↓"),
            KeyCode::Left if !f.alternate() => f.write_str("←"),
            KeyCode::Right if !f.alternate() => f.write_str("→"),
            KeyCode::PageUp => f.write_str("PgUp"),
            KeyCode::PageDown => f.write_str("PgDn"),
            KeyCode::BackTab => f.write_str("Shift-Tab"),
            code => write!(f, "{code:?}"),
        }
    }
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// What it asks for.
    pub action: Action,
    /// The keys; the first one is shown where there is room for one.
    pub keys: &'static [Key],
    /// Where it counts.
    pub contexts: &'static [Context],
    /// Whether the footer shows it; the table's order is the footer's.
    pub footer: bool,
}

const SORTED: &[Context] = &[
    Context::Accounts,
    Context::Users,
    Context::Keys,
    Context::AllKeys,
];
const LISTS: &[Context] = &[Context::Users, Context::Keys, Context::AllKeys];
/// Where a key is selected, or a user.
const KEYED: &[Context] = &[
    Context::Users,
    Context::Keys,
    Context::AllKeys,
    Context::FoundKeys,
];
/// Where keys are listed, and what is marked of them counts.
const MARKED: &[Context] = &[
    Context::Users,
    Context::Keys,
    Context::AllKeys,
    Context::Findings,
    Context::FoundKeys,
    Context::Grid,
];
const FOUND: &[Context] = &[Context::Findings, Context::FoundKeys, Context::Grid];
const PANES: &[Context] = &[Context::Users, Context::Keys];
const MOVING: &[Context] = &[
    Context::Accounts,
    Context::Users,
    Context::Keys,
    Context::AllKeys,
    Context::Findings,
    Context::FoundKeys,
    Context::Grid,
    Context::Activity,
    Context::Confirm,
    Context::Leak,
    Context::CopyAs,
    Context::ReadyFilters,
    Context::Plan,
    Context::Entry,
    Context::Reading,
    Context::Help,
    Context::Impact,
    Context::Events,
    Context::BulkPlan,
    Context::Rotations,
];
const MOVING_WITHOUT_LETTERS: &[Context] = &[Context::Palette, Context::Switch];
const ROWS_WHILE_TYPING: &[Context] = &[
    Context::Palette,
    Context::Switch,
    Context::Filter,
    Context::Profile,
];
const BUTTONS: &[Context] = &[
    Context::Confirm,
    Context::Typed,
    Context::BulkConfirm,
    Context::ChoosePlan,
    Context::KeptPlan,
    Context::Question,
    Context::Rotate,
    Context::Full,
    Context::Plan,
    Context::Discard,
    Context::Leaving,
];
const IMPACT: &[Context] = &[Context::Impact];
const BULK: &[Context] = &[Context::BulkPlan];
const TYPED: &[Context] = &[
    Context::CopyAs,
    Context::ReadyFilters,
    Context::Switch,
    Context::Profile,
    Context::File,
    Context::Evidence,
    Context::PlanFile,
    Context::Describe,
    Context::Exempt,
    Context::Find,
    Context::Code,
];
const STORING: &[Context] = &[Context::NewKey, Context::Rotate];
const VIEWS: &[Context] = &[
    Context::Accounts,
    Context::Users,
    Context::Keys,
    Context::AllKeys,
    Context::Findings,
    Context::FoundKeys,
    Context::Grid,
    Context::Activity,
];
const REFRESHED: &[Context] = &[
    Context::Accounts,
    Context::Users,
    Context::Keys,
    Context::AllKeys,
    Context::Findings,
    Context::FoundKeys,
    Context::Grid,
    Context::Activity,
    Context::Rotate,
    Context::Leak,
    Context::Impact,
    Context::Rotations,
];
const QUITTABLE: &[Context] = &[
    Context::Accounts,
    Context::Users,
    Context::Keys,
    Context::AllKeys,
    Context::Findings,
    Context::FoundKeys,
    Context::Grid,
    Context::Activity,
    Context::SignedOut,
];

const fn bind(
    action: Action,
    keys: &'static [Key],
    contexts: &'static [Context],
    footer: bool,
) -> Binding {
    Binding {
        action,
        keys,
        contexts,
        footer,
    }
}

/// The table. Within a context, a key stands at most once (a test keeps it so).
#[rustfmt::skip]
pub const BINDINGS: &[Binding] = &[
    bind(Action::EnterCode, &[Key::char('m')], &[Context::SignedOut], true),
    bind(Action::LogIn, &[Key::char('l')], &[Context::SignedOut, Context::Accounts], true),
    bind(Action::TryAgain, &[Key::char('R')], &[Context::SignedOut], true),
    bind(Action::Switch, &[Key::char('@')], &[Context::SignedOut], true),
    bind(Action::OpenDemo, &[Key::char('d')], &[Context::SignedOut], true),
    bind(Action::OpenAccount, &[Key::of(KeyCode::Enter)], &[Context::Accounts], true),
    bind(Action::AllAccounts, &[Key::char('a'), Key::of(KeyCode::Esc)], &[Context::Accounts], true),
    bind(Action::Exclude, &[Key::char('x')], &[Context::Accounts], true),
    bind(Action::MakePlan, &[Key::char('p')], MARKED, true),
    bind(Action::Mark, &[Key::char(' ')], &[Context::FoundKeys], true),
    bind(Action::MarkAll, &[Key::char('a')], &[Context::FoundKeys], true),
    bind(Action::Exempt, &[Key::char('x')], &[Context::FoundKeys], true),
    bind(Action::Toggle, &[Key::char('t')], KEYED, true),
    bind(Action::Toggle, &[Key::char('t')], &[Context::Findings, Context::Grid], false),
    bind(Action::Delete, &[Key::char('d')], &[Context::Findings, Context::Grid], false),
    bind(Action::Rotate, &[Key::char('r')], KEYED, true),
    bind(Action::Impact, &[Key::char('i')], KEYED, true),
    bind(Action::OpenQuestion, &[Key::char('o')], LISTS, true),
    bind(Action::Undo, &[Key::char('u')], KEYED, true),
    bind(Action::Filter, &[Key::char('/')], SORTED, true),
    bind(Action::Delete, &[Key::char('d')], KEYED, true),
    bind(Action::Create, &[Key::char('c')], KEYED, true),
    bind(Action::Find, &[Key::char('f')], VIEWS, true),
    bind(Action::Sort, &[Key::char('s')], SORTED, true),
    bind(Action::Sort, &[Key::char('s')], &[Context::FoundKeys], false),
    bind(Action::CopyId, &[Key::char('y')], KEYED, true),
    bind(Action::GoToUser, &[Key::of(KeyCode::Enter)], &[Context::AllKeys], true),
    bind(Action::WholeEntry, &[Key::of(KeyCode::Enter)], &[Context::Activity], true),
    bind(Action::CopyCommand, &[Key::char('y')], &[Context::Activity], true),
    bind(Action::ShowFound, &[Key::of(KeyCode::Enter)], &[Context::Findings, Context::Grid], true),
    bind(Action::Details, &[Key::of(KeyCode::Enter)], &[Context::FoundKeys], true),
    bind(Action::OtherPane, &[Key::of(KeyCode::Tab), Key::of(KeyCode::BackTab)], &[Context::Findings, Context::FoundKeys], true),
    bind(Action::OtherPane, &[Key::of(KeyCode::Tab), Key::of(KeyCode::BackTab), Key::of(KeyCode::Esc)], &[Context::Grid], true),
    bind(Action::ShowUsers, &[Key::of(KeyCode::Esc), Key::char('1')], &[Context::Activity, Context::Findings], true),
    bind(Action::ShowItem, &[Key::of(KeyCode::Enter)], &[Context::Impact, Context::Events, Context::Rotations], true),
    bind(Action::Back, &[Key::of(KeyCode::Esc), Key::char('q')], &[Context::Impact, Context::Events, Context::Rotations], true),
    bind(Action::Leaked, &[Key::char('!')], IMPACT, true),
    bind(Action::ApplyPlan, &[Key::of(KeyCode::Enter)], BULK, true),
    bind(Action::Undo, &[Key::char('u')], BULK, true),
    bind(Action::PausePlan, &[Key::of(KeyCode::Esc), Key::char('q')], BULK, true),
    bind(Action::StopPlan, &[Key::char('x')], BULK, true),
    bind(Action::Include, &[Key::char(' ')], BULK, true),
    bind(Action::Impact, &[Key::char('i')], BULK, true),
    bind(Action::SavePlan, &[Key::char('w')], BULK, true),
    bind(Action::Toggle, &[Key::char('t')], IMPACT, true),
    bind(Action::Rotate, &[Key::char('r')], IMPACT, true),
    bind(Action::ListEvents, &[Key::char('e')], IMPACT, true),
    bind(Action::Refresh, &[Key::char('R')], REFRESHED, true),
    bind(Action::Delete, &[Key::char('d')], IMPACT, true),
    bind(Action::CopyId, &[Key::char('y')], IMPACT, true),
    bind(Action::MoreEvents, &[Key::char('m')], &[Context::Impact, Context::Events, Context::Leak], true),
    bind(Action::Switch, &[Key::char('@')], VIEWS, true),
    bind(Action::Palette, &[Key::char(':')], VIEWS, true),
    bind(Action::Help, &[Key::char('?')], &[Context::Accounts, Context::Users, Context::Keys, Context::AllKeys, Context::Findings, Context::FoundKeys, Context::Grid, Context::Activity, Context::Confirm, Context::Question, Context::Rotate, Context::Leak, Context::Full, Context::NewKey, Context::CopyAs, Context::Plan, Context::SignedOut, Context::Impact, Context::Events, Context::BulkPlan, Context::Rotations], true),
    bind(Action::Leaked, &[Key::char('!')], KEYED, false),
    bind(Action::Mark, &[Key::char(' ')], LISTS, false),
    bind(Action::MarkAll, &[Key::char('a')], LISTS, false),
    bind(Action::MarkAll, &[Key::char('a')], &[Context::Findings, Context::Grid], false),
    bind(Action::Unmark, &[Key::char('A')], MARKED, false),
    bind(Action::ShowRotations, &[Key::char('W')], MARKED, false),
    bind(Action::OpenPlan, &[Key::char('P')], MARKED, false),
    bind(Action::Exempt, &[Key::char('x')], LISTS, false),
    bind(Action::OtherScope, &[Key::of(KeyCode::Tab), Key::of(KeyCode::BackTab)], &[Context::Exempt], false),
    bind(Action::Describe, &[Key::char('n')], KEYED, false),
    bind(Action::ShowAccounts, &[Key::char('0')], VIEWS, false),
    bind(Action::ShowAccounts, &[Key::char('0')], &[Context::SignedOut], true),
    bind(Action::AllAccounts, &[Key::of(KeyCode::Esc)], &[Context::SignedOut], false),
    bind(Action::ShowUsers, &[Key::char('1')], SORTED, false),
    bind(Action::ShowUsers, &[Key::char('1')], &[Context::FoundKeys, Context::Grid], false),
    bind(Action::StepRight, &[Key::char('l'), Key::of(KeyCode::Right)], FOUND, false),
    bind(Action::StepLeft, &[Key::char('h'), Key::of(KeyCode::Left), Key::of(KeyCode::Esc)], &[Context::FoundKeys], false),
    bind(Action::StepLeft, &[Key::char('h'), Key::of(KeyCode::Left)], &[Context::Findings, Context::Grid], false),
    bind(Action::EnterCode, &[Key::char('m')], VIEWS, false),
    bind(Action::ReadyFilters, &[Key::char('F')], LISTS, false),
    bind(Action::ReverseSort, &[Key::char('S')], SORTED, false),
    bind(Action::ReverseSort, &[Key::char('S')], &[Context::FoundKeys], false),
    bind(Action::ShowKeys, &[Key::char('2')], VIEWS, false),
    bind(Action::ShowFindings, &[Key::char('3')], VIEWS, false),
    bind(Action::ShowActivity, &[Key::char('4')], VIEWS, false),
    bind(Action::Down, &[Key::char('j'), Key::of(KeyCode::Down)], MOVING, false),
    bind(Action::Up, &[Key::char('k'), Key::of(KeyCode::Up)], MOVING, false),
    bind(Action::First, &[Key::char('g'), Key::of(KeyCode::Home)], MOVING, false),
    bind(Action::Last, &[Key::char('G'), Key::of(KeyCode::End)], MOVING, false),
    bind(Action::PageDown, &[Key::of(KeyCode::PageDown), Key::ctrl('d')], MOVING, false),
    bind(Action::PageUp, &[Key::of(KeyCode::PageUp), Key::ctrl('u')], MOVING, false),
    bind(Action::PageDown, &[Key::of(KeyCode::PageDown)], MOVING_WITHOUT_LETTERS, false),
    bind(Action::PageUp, &[Key::of(KeyCode::PageUp)], MOVING_WITHOUT_LETTERS, false),
    bind(Action::Down, &[Key::of(KeyCode::Down)], ROWS_WHILE_TYPING, false),
    bind(Action::Up, &[Key::of(KeyCode::Up)], ROWS_WHILE_TYPING, false),
    bind(Action::OtherPane, &[Key::of(KeyCode::Tab), Key::of(KeyCode::BackTab)], PANES, false),
    bind(Action::FocusKeys, &[Key::of(KeyCode::Enter), Key::char('l'), Key::of(KeyCode::Right)], &[Context::Users], false),
    bind(Action::Details, &[Key::of(KeyCode::Enter)], &[Context::Keys], false),
    bind(Action::FocusUsers, &[Key::char('h'), Key::of(KeyCode::Left), Key::of(KeyCode::Esc)], &[Context::Keys], false),
    bind(Action::ClearFilter, &[Key::of(KeyCode::Esc)], &[Context::Users, Context::AllKeys, Context::Filter], true),
    bind(Action::KeepFilter, &[Key::of(KeyCode::Enter)], &[Context::Filter], true),
    bind(Action::Complete, &[Key::of(KeyCode::Tab)], &[Context::Filter], true),
    bind(Action::CompleteBack, &[Key::of(KeyCode::BackTab)], &[Context::Filter], false),
    bind(Action::FilterGuide, &[Key::char('/')], &[Context::Help], false),
    // Dialogs with buttons.
    bind(Action::CopyCommand, &[Key::char('y')], &[Context::Entry], false),
    bind(Action::Confirm, &[Key::char('y')], &[Context::Confirm], false),
    bind(Action::DeactivateInstead, &[Key::char('t')], &[Context::Confirm, Context::Typed], false),
    bind(Action::GoOnPlan, &[Key::char('y')], &[Context::KeptPlan], false),
    bind(Action::ForgetPlan, &[Key::char('x')], &[Context::KeptPlan], false),
    bind(Action::Cancel, &[Key::of(KeyCode::Esc)], &[Context::PlanFile], false),
    bind(Action::Toggle, &[Key::char('t')], &[Context::ChoosePlan], false),
    bind(Action::PlanActivate, &[Key::char('a')], &[Context::ChoosePlan], false),
    bind(Action::Delete, &[Key::char('d')], &[Context::ChoosePlan], false),
    bind(Action::Replace, &[Key::char('y')], &[Context::Question], false),
    bind(Action::DoAgain, &[Key::char('a')], &[Context::Question], false),
    bind(Action::LookAgain, &[Key::char('R')], &[Context::Question], false),
    bind(Action::LetGo, &[Key::char('x')], &[Context::Question], false),
    bind(Action::KeepKey, &[Key::char('k')], &[Context::Question], false),
    bind(Action::NextStep, &[Key::char('y')], &[Context::Rotate], false),
    bind(Action::Independent, &[Key::char('i')], &[Context::Rotate], false),
    bind(Action::Undo, &[Key::char('u')], &[Context::Rotate], false),
    bind(Action::RollBack, &[Key::char('b')], &[Context::Rotate], false),
    // A leaked key.
    bind(Action::Press, &[Key::of(KeyCode::Enter)], &[Context::Leak], false),
    bind(Action::Leaked, &[Key::char('!')], &[Context::Leak], false),
    bind(Action::Toggle, &[Key::char('t')], &[Context::Leak], false),
    bind(Action::Delete, &[Key::char('d')], &[Context::Leak], false),
    bind(Action::Rotate, &[Key::char('r')], &[Context::Leak], false),
    bind(Action::SaveEvidence, &[Key::char('w')], &[Context::Leak], false),
    bind(Action::CopyId, &[Key::char('y')], &[Context::Leak], false),
    bind(Action::Cancel, &[Key::of(KeyCode::Esc), Key::char('q')], &[Context::Leak], false),
    bind(Action::Cancel, &[Key::of(KeyCode::Esc)], &[Context::Evidence], false),
    bind(Action::GoToKey, &[Key::char('y')], &[Context::Full], false),
    bind(Action::HaveIt, &[Key::char('i')], &[Context::Discard], false),
    bind(Action::Discard, &[Key::char('d')], &[Context::Discard], false),
    bind(Action::DiscardAndDelete, &[Key::char('D')], &[Context::Discard], false),
    bind(Action::StopWaiting, &[Key::char('y')], &[Context::Leaving], false),
    bind(Action::Press, &[Key::of(KeyCode::Enter)], BUTTONS, false),
    bind(Action::NextButton, &[Key::of(KeyCode::Tab), Key::of(KeyCode::Right)], BUTTONS, false),
    bind(Action::PreviousButton, &[Key::of(KeyCode::BackTab), Key::of(KeyCode::Left)], BUTTONS, false),
    bind(Action::Cancel, &[Key::of(KeyCode::Esc), Key::char('n'), Key::char('q')], &[Context::Confirm, Context::Question, Context::Rotate, Context::Full, Context::Plan, Context::ChoosePlan, Context::KeptPlan], false),
    bind(Action::Cancel, &[Key::of(KeyCode::Esc), Key::char('q')], &[Context::Login], false),
    bind(Action::OpenPage, &[Key::char('o')], &[Context::Login], false),
    bind(Action::CopyAddress, &[Key::char('y')], &[Context::Login], false),
    bind(Action::UseBrowser, &[Key::char('b')], &[Context::Login], false),
    bind(Action::UseDeviceCode, &[Key::char('d')], &[Context::Login], false),
    bind(Action::Cancel, &[Key::of(KeyCode::Esc)], &[Context::Typed, Context::BulkConfirm, Context::Palette, Context::Switch, Context::Profile, Context::File, Context::Describe, Context::Exempt, Context::Find, Context::Code], false),
    bind(Action::Cancel, &[Key::of(KeyCode::Esc)], &[Context::Waiting], false),
    bind(Action::Cancel, &[Key::of(KeyCode::Esc), Key::char('q')], &[Context::CopyAs, Context::ReadyFilters], false),
    bind(Action::Cancel, &[Key::of(KeyCode::Esc), Key::char('q'), Key::of(KeyCode::Enter)], &[Context::Reading, Context::Help, Context::Entry], false),
    bind(Action::Keep, &[Key::of(KeyCode::Esc), Key::char('n')], &[Context::Discard], false),
    bind(Action::Stay, &[Key::of(KeyCode::Esc), Key::char('n')], &[Context::Leaving], false),
    bind(Action::Press, &[Key::of(KeyCode::Enter)], &[Context::Palette], false),
    // The new key.
    bind(Action::CopySecret, &[Key::char('y')], &[Context::NewKey], false),
    bind(Action::CopyNewId, &[Key::char('i')], &[Context::NewKey], false),
    bind(Action::CopyAs, &[Key::char('e')], &[Context::NewKey], false),
    bind(Action::WriteProfile, &[Key::char('w')], STORING, false),
    bind(Action::SaveFile, &[Key::char('s')], STORING, false),
    bind(Action::Reveal, &[Key::char('v')], &[Context::NewKey], false),
    bind(Action::CloseNewKey, &[Key::of(KeyCode::Esc), Key::char('q')], &[Context::NewKey], false),
    // Where it goes.
    bind(Action::AsPosix, &[Key::char('1')], &[Context::CopyAs], false),
    bind(Action::AsFish, &[Key::char('2')], &[Context::CopyAs], false),
    bind(Action::AsPowerShell, &[Key::char('3')], &[Context::CopyAs], false),
    bind(Action::AsProcess, &[Key::char('4')], &[Context::CopyAs], false),
    bind(Action::AsSection, &[Key::char('5')], &[Context::CopyAs], false),
    bind(Action::GoOn, &[Key::of(KeyCode::Enter)], TYPED, false),
    bind(Action::TakeName, &[Key::of(KeyCode::Tab)], &[Context::Profile], false),
    bind(Action::OtherColumns, &[Key::of(KeyCode::Tab), Key::of(KeyCode::BackTab)], &[Context::File], false),
    bind(Action::Write, &[Key::char('y')], &[Context::Plan], false),
    bind(Action::OtherName, &[Key::char('b')], &[Context::Plan], false),
    // Accounts. No name of a profile that can be opened has a space in it.
    bind(Action::OpenBeside, &[Key::char(' ')], &[Context::Switch], false),
    bind(Action::OpenAll, &[Key::ctrl('a')], &[Context::Switch], false),
    bind(Action::TryAgain, &[Key::ctrl('l')], &[Context::Switch], false),
    // Ways out.
    bind(Action::Quit, &[Key::char('q')], QUITTABLE, true),
    bind(Action::Interrupt, &[Key::ctrl('c')], Context::ALL, false),
    bind(Action::Suspend, &[Key::ctrl('z')], Context::ALL, false),
];

/// What a key means in a context.
#[must_use]
pub fn action(context: Context, key: Key) -> Option<Action> {
    in_context(context)
        .find(|binding| binding.keys.contains(&key))
        .map(|binding| binding.action)
}

/// The bindings of a context, in the table's order.
pub fn in_context(context: Context) -> impl Iterator<Item = &'static Binding> {
    BINDINGS
        .iter()
        .filter(move |binding| binding.contexts.contains(&context))
}

/// The key shown for an action in a context.
#[must_use]
pub fn key_of(context: Context, action: Action) -> Option<Key> {
    in_context(context)
        .find(|binding| binding.action == action)
        .map(|binding| binding.keys[0])
}

/// The key for an action in a context, as a sentence names it.
#[must_use]
pub fn name(context: Context, action: Action) -> String {
    key_of(context, action).map_or_else(String::new, |key| key.to_string())
}

/// The README's table of keys, in Markdown.
#[must_use]
pub fn markdown() -> String {
    let mut table = String::from("| key | where | does |\n|---|---|---|\n");
    let mut done: Vec<Action> = Vec::new();
    // The lists first: that is where one is.
    let lists = |binding: &&Binding| binding.contexts.contains(&Context::Users);
    let (first, then): (Vec<&Binding>, Vec<&Binding>) = BINDINGS.iter().partition(lists);
    for binding in first.into_iter().chain(then) {
        if done.contains(&binding.action) {
            continue;
        }
        done.push(binding.action);
        let mut keys: Vec<String> = Vec::new();
        let mut places: Vec<&str> = Vec::new();
        for same in BINDINGS.iter().filter(|b| b.action == binding.action) {
            for key in same.keys {
                let key = format!("`{key}`");
                if !keys.contains(&key) {
                    keys.push(key);
                }
            }
            if same.contexts.len() == Context::ALL.len() {
                places.push("anywhere");
            } else {
                places.extend(same.contexts.iter().map(|context| context.title()));
            }
        }
        let (keys, places) = (keys.join(" "), places.join(", "));
        let does = binding.action.help();
        table.extend(["| ", &keys, " | ", &places, " | ", does, " |\n"]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_means_one_thing_in_one_place() {
        for &context in Context::ALL {
            let mut seen = Vec::new();
            for binding in in_context(context) {
                for key in binding.keys {
                    assert!(!seen.contains(key), "{key} means two things in {context:?}");
                    seen.push(*key);
                }
            }
        }
    }

    #[test]
    fn where_letters_are_text_none_is_a_command_but_the_one_that_is_asked_for() {
        for context in Context::ALL.iter().copied().filter(|c| c.takes_text()) {
            for binding in in_context(context) {
                for key in binding.keys {
                    let letter = matches!(key.code, KeyCode::Char(_)) && !key.ctrl;
                    let asked_for = matches!(
                        binding.action,
                        Action::DeactivateInstead | Action::OpenBeside
                    );
                    assert!(!letter || asked_for, "{key} cannot be typed in {context:?}");
                }
            }
        }
    }

    #[test]
    fn every_place_has_a_way_out() {
        for &context in Context::ALL {
            assert_eq!(
                action(context, Key::ctrl('c')),
                Some(Action::Interrupt),
                "{context:?}"
            );
        }
    }

    #[test]
    fn no_letter_that_moves_in_vim_or_quits_elsewhere_changes_anything() {
        use Action::{
            Create, Delete, Discard, DiscardAndDelete, Independent, NextStep, Toggle, Undo, Write,
        };
        for letter in "hjklgGwbxZq".chars() {
            for &context in Context::ALL {
                let means = action(context, Key::char(letter));
                assert!(
                    !matches!(
                        means,
                        Some(
                            Create
                                | Delete
                                | Discard
                                | DiscardAndDelete
                                | Independent
                                | NextStep
                                | Toggle
                                | Undo
                                | Write
                        )
                    ),
                    "{letter}"
                );
            }
        }
    }

    #[test]
    fn keys_are_written_as_people_write_them() {
        let write = |key: Key| key.to_string();
        assert_eq!(write(Key::ctrl('c')), "Ctrl-C");
        assert_eq!(write(Key::of(KeyCode::PageDown)), "PgDn");
        assert_eq!(write(Key::of(KeyCode::Enter)), "Enter");
        assert_eq!(write(Key::char('R')), "R");
        assert_eq!(write(Key::of(KeyCode::Down)), "↓");
        assert_eq!(format!("{:#}", Key::of(KeyCode::Down)), "Down");
    }

    #[test]
    fn alt_and_a_letter_is_not_the_letter() {
        for modifiers in [KeyModifiers::ALT, KeyModifiers::SUPER] {
            let event = KeyEvent::new(KeyCode::Char('q'), modifiers);
            assert_eq!(action(Context::Users, event.into()), None);
        }
    }

    #[test]
    fn a_letter_with_shift_is_the_capital() {
        let event = KeyEvent::new(KeyCode::Char('r'), KeyModifiers::SHIFT);
        let capital = KeyEvent::from(KeyCode::Char('R'));
        assert_eq!(Key::from(event), Key::from(capital));
    }
}
