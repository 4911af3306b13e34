//! What else a user can sign in with, beside access keys.

use crate::engine::{Error, model::KeyStatus};
use chrono::{DateTime, Utc};

/// The other credentials of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtherCredentials {
    /// All that could be listed.
    pub items: Vec<Credential>,
    /// What was refused or failed: of those kinds nothing is known.
    pub missing: Vec<Error>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// What it is.
    pub kind: CredentialKind,
    /// Its ID: an SSH key's, a certificate's, an MFA device's serial number. A password has none.
    pub id: Box<str>,
    /// Whether it can be used; `None` of what has no status.
    pub active: Option<bool>,
    /// Since when it is there.
    pub created: Option<DateTime<Utc>>,
}

/// What a credential is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialKind {
    /// The password of the console.
    Password,
    /// An MFA device.
    MfaDevice,
    /// An SSH public key, for CodeCommit.
    SshKey,
    /// A signing certificate (X.509).
    Certificate,
    /// A credential of one service, by that service: `bedrock.amazonaws.com`.
    ServiceSpecific(Box<str>),
}

/// When a service was last called with any credentials of a user (access advisor).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceUse {
    /// The service as policies name it: `s3`.
    pub service: Box<str>,
    /// When it was tried last, allowed or not; `None` where it was not within the tracking period.
    pub last: Option<DateTime<Utc>>,
    /// In which region.
    pub region: Option<Box<str>>,
}

impl Credential {
    /// Its status in AWS's terms.
    #[must_use]
    pub fn status(&self) -> KeyStatus {
        match self.active {
            Some(true) => KeyStatus::Active,
            Some(false) => KeyStatus::Inactive,
            None => KeyStatus::Other("there".into()),
        }
    }
}

impl OtherCredentials {
    /// One of them.
    #[must_use]
    pub fn get(&self, kind: &CredentialKind, id: &str) -> Option<&Credential> {
        let mut items = self.items.iter();
        items.find(|item| item.kind == *kind && *item.id == *id)
    }

    /// Whether an action was refused or failed.
    #[must_use]
    pub fn misses(&self, action: &str) -> bool {
        self.missing.iter().any(|error| error.action == action)
    }

    /// Whether all of a kind are listed.
    #[must_use]
    pub fn knows(&self, kind: &CredentialKind) -> bool {
        !self.misses(kind.list_action())
    }
}

impl CredentialKind {
    /// The actions that list them all.
    pub const LISTS: [&'static str; 5] = [
        "iam:GetLoginProfile",
        "iam:ListMFADevices",
        "iam:ListSSHPublicKeys",
        "iam:ListSigningCertificates",
        "iam:ListServiceSpecificCredentials",
    ];

    /// The action that lists them.
    #[must_use]
    pub fn list_action(&self) -> &'static str {
        match self {
            Self::Password => "iam:GetLoginProfile",
            Self::MfaDevice => "iam:ListMFADevices",
            Self::SshKey => "iam:ListSSHPublicKeys",
            Self::Certificate => "iam:ListSigningCertificates",
            Self::ServiceSpecific(_) => "iam:ListServiceSpecificCredentials",
        }
    }

    /// The action that activates or deactivates one. What has no status has no such action: empty.
    #[must_use]
    pub fn update_action(&self) -> &'static str {
        match self {
            Self::Password | Self::MfaDevice => "",
            Self::SshKey => "iam:UpdateSSHPublicKey",
            Self::Certificate => "iam:UpdateSigningCertificate",
            Self::ServiceSpecific(_) => "iam:UpdateServiceSpecificCredential",
        }
    }

    /// The action that deletes one, or takes it from the user.
    #[must_use]
    pub fn delete_action(&self) -> &'static str {
        match self {
            Self::Password => "iam:DeleteLoginProfile",
            Self::MfaDevice => "iam:DeactivateMFADevice",
            Self::SshKey => "iam:DeleteSSHPublicKey",
            Self::Certificate => "iam:DeleteSigningCertificate",
            Self::ServiceSpecific(_) => "iam:DeleteServiceSpecificCredential",
        }
    }

    /// The parameter that names one.
    #[must_use]
    pub fn id_parameter(&self) -> &'static str {
        match self {
            Self::Password => "UserName",
            Self::MfaDevice => "SerialNumber",
            Self::SshKey => "SSHPublicKeyId",
            Self::Certificate => "CertificateId",
            Self::ServiceSpecific(_) => "ServiceSpecificCredentialId",
        }
    }

    /// One of them in words.
    #[must_use]
    pub fn target(&self, id: &str, user: &str) -> String {
        match self {
            Self::Password => format!("the console password of {user}"),
            Self::MfaDevice => format!("MFA device {id} of {user}"),
            Self::SshKey => format!("SSH key {id} of {user}"),
            Self::Certificate => format!("signing certificate {id} of {user}"),
            Self::ServiceSpecific(service) => {
                let service = service.strip_suffix(".amazonaws.com").unwrap_or(service);
                format!("{service} credential {id} of {user}")
            }
        }
    }

    /// What the journal notes of one: its ID, after its service where it is of one.
    #[must_use]
    pub fn noted(&self, id: &str) -> String {
        match self {
            Self::ServiceSpecific(service) => format!("{service} {id}"),
            _ => id.to_owned(),
        }
    }

    /// The reverse: what an action is about, by what the journal notes of it.
    #[must_use]
    pub fn of_action<'a>(action: &str, noted: &'a str) -> Option<(Self, &'a str)> {
        let (kind, id) = match action {
            "iam:DeleteLoginProfile" => (Self::Password, ""),
            "iam:DeactivateMFADevice" => (Self::MfaDevice, noted),
            "iam:UpdateSSHPublicKey" | "iam:DeleteSSHPublicKey" => (Self::SshKey, noted),
            "iam:UpdateSigningCertificate" | "iam:DeleteSigningCertificate" => {
                (Self::Certificate, noted)
            }
            "iam:UpdateServiceSpecificCredential" | "iam:DeleteServiceSpecificCredential" => {
                let (service, id) = noted.split_once(' ')?;
                (Self::ServiceSpecific(service.into()), id)
            }
            _ => return None,
        };
        Some((kind, id))
    }
}
