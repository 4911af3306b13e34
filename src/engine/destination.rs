//! Where the secret of a new key can go, as data: clipboards, forms of text, a profile of the
//! credentials file, a file of its own. The `secret` modules do what is described here.

mod named;

pub use named::{CommandLine, External, Found, Named, NewSecret, OutputForm};

use super::SecretKey;

/// Where a copied text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The system's clipboard, which reports whether it took the text.
    System,
    /// The terminal's, which reports nothing.
    Terminal(Multiplexer),
    /// Nowhere.
    Unavailable(Why),
}

/// Why nothing can be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// `--clipboard off`.
    Off,
    /// No local display, and a terminal known to refuse OSC 52.
    Terminal,
}

/// The terminal multiplexer that the sequence has to pass through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Multiplexer {
    /// None that we know of.
    None,
    /// tmux reads OSC 52 with `set-clipboard on`, and passes a wrapped one on with
    /// `allow-passthrough on`: it gets both forms.
    Tmux,
    /// GNU screen passes on what is wrapped in a device control string.
    Screen,
}

/// A form of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `export K=V`, for sh, bash and zsh.
    Posix,
    /// `set -gx K V`, for fish.
    Fish,
    /// `$Env:K = 'V'`.
    PowerShell,
    /// The JSON that a [`credential_process`][1] prints.
    ///
    /// [1]: https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
    Process,
    /// A section of the shared credentials file.
    Section,
}

impl Form {
    /// All forms, in the order of the picker.
    pub const ALL: [Self; 5] = [
        Self::Posix,
        Self::Fish,
        Self::PowerShell,
        Self::Process,
        Self::Section,
    ];

    /// Its name in the picker.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Posix => "export lines (sh, bash, zsh)",
            Self::Fish => "fish",
            Self::PowerShell => "PowerShell",
            Self::Process => "credential_process JSON",
            Self::Section => "credentials file section",
        }
    }
}

/// The columns of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// As in the console's file: access key ID and secret.
    Console,
    /// As `aws configure import` takes it: first the user name, which becomes the profile name.
    /// That command splits lines at commas and knows no quotes, so it cannot read a user name with
    /// a comma.
    Importable,
}

/// The name that the console gives the file.
#[must_use]
pub fn default_name(user: &str) -> String {
    // All characters that IAM permits are safe here, but an endpoint may return others.
    let safe = |c: char| c.is_alphanumeric() || "_+=,.@-".contains(c);
    let user: String = user
        .chars()
        .map(|c| if safe(c) { c } else { '_' })
        .collect();
    format!("{user}_accessKeys.csv")
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineChange {
    /// It stays as it is.
    Kept,
    /// It is removed.
    Removed,
    /// It is added.
    Added,
}

/// A line of the section as it may be shown: it contains no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanLine {
    /// What becomes of it.
    pub change: LineChange,
    /// Its text, with possible secrets hidden.
    pub text: String,
}

/// The credentials in a section now.
#[derive(Clone, Debug)]
pub struct CurrentKey {
    /// The access key ID.
    pub key_id: String,
    /// The secret access key.
    pub secret: SecretKey,
    /// The session token of temporary credentials.
    pub token: Option<SecretKey>,
}

/// What a write would change, for the user to agree to. What it shows contains no secret.
#[derive(Debug)]
pub struct ProfilePlan {
    /// The profile.
    pub profile: String,
    /// The ID of the new key.
    pub key_id: String,
    /// Whether the file exists.
    pub file_exists: bool,
    /// The section's lines, each with what becomes of it.
    pub lines: Vec<PlanLine>,
    /// The credentials in the section now, so that their owner can be looked up.
    pub held: Option<CurrentKey>,
    /// Which settings may override the key, and which programs will not see it; a sentence each.
    pub warnings: Vec<String>,
    /// The section as it is now, without comments and blank lines. It is wiped, and no hash of it
    /// is kept: a hash tells something about the secret.
    pub(crate) section: Option<SecretKey>,
}

impl ProfilePlan {
    /// Whether the profile has a section already.
    #[must_use]
    pub fn section_exists(&self) -> bool {
        self.section.is_some()
    }

    /// What the section contains now; none where there is none.
    pub(crate) fn section(&self) -> Option<&str> {
        self.section.as_ref().map(SecretKey::expose)
    }

    /// The same plan for a key that had no ID yet when the user agreed to it, and was planned with
    /// some placeholder.
    #[must_use]
    pub fn with_key(mut self, key_id: &str) -> Self {
        for line in &mut self.lines {
            if line.change == LineChange::Added
                && let Some(rest) = line.text.strip_suffix(self.key_id.as_str())
                && !rest.starts_with('[')
            {
                line.text = format!("{rest}{key_id}");
            }
        }
        self.key_id = key_id.into();
        self
    }
}
