//! MFA devices, and the codes they show: TOTP as in RFC 6238, with HMAC-SHA1, steps of thirty seconds
//! and six digits.
//!
//! A device's seed follows from its serial number, so that it need not be stored: who knows the serial
//! number can show its codes, which is what a demo is for.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;

use super::error::{ACCESS_DENIED, ServiceError};
use super::identifier::{hash, mix};
use super::store::Account;
use super::user::{User, fold};

/// How long a code is shown, in seconds.
const STEP: i64 = 30;

/// The MFA devices of an account, one of a user at most.
#[derive(Clone, Debug, Default)]
pub(super) struct Devices {
    /// Of users who have one beside the people, all of whom do; by name without case.
    added: BTreeSet<String>,
    /// Of people who have none.
    removed: BTreeSet<String>,
    /// The step of the last code that was accepted from a user.
    accepted: BTreeMap<String, i64>,
}

impl Account {
    /// Gives a user a virtual MFA device. Those under `/people/` have one.
    ///
    /// # Errors
    /// When there is no such user.
    pub fn add_mfa_device(&mut self, user: &str) -> Result<(), ServiceError> {
        let user = fold(&self.existing_user(user)?.name);
        self.access.devices.removed.remove(&user);
        self.access.devices.added.insert(user);
        Ok(())
    }

    /// Takes a user's MFA device away.
    ///
    /// # Errors
    /// When there is no such user.
    pub fn remove_mfa_device(&mut self, user: &str) -> Result<(), ServiceError> {
        let user = fold(&self.existing_user(user)?.name);
        self.access.devices.added.remove(&user);
        self.access.devices.removed.insert(user);
        Ok(())
    }

    /// The serial number of a user's MFA device, if the user has one.
    #[must_use]
    pub fn mfa_serial(&self, user: &str) -> Option<String> {
        let user = self.user(user)?;
        self.has_mfa(user)
            .then(|| format!("arn:aws:iam::{}:mfa/{}", self.id(), user.name))
    }

    /// Whether a user has an MFA device.
    pub(super) fn has_mfa(&self, user: &User) -> bool {
        let (devices, name) = (&self.access.devices, fold(&user.name));
        let is_person = user.path.starts_with("/people/");
        (is_person && !devices.removed.contains(&name)) || devices.added.contains(&name)
    }

    /// Checks a code of a user's device: the present one or the one before, and each only once.
    pub(super) fn check_mfa(
        &mut self,
        user: &str,
        serial: &str,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<(), ServiceError> {
        if self.mfa_serial(user).as_deref() != Some(serial) {
            let message = "MultiFactorAuthentication failed, unable to validate MFA code.  Please \
                           verify your MFA serial number is valid and associated with this user.";
            return Err(ServiceError::new(ACCESS_DENIED, message));
        }
        let present = step(now);
        let accepted = &mut self.access.devices.accepted;
        let last = accepted.get(&fold(user)).copied();
        let fits = |step: &i64| last.is_none_or(|last| *step > last) && at(serial, *step) == code;
        let Some(step) = [present, present - 1].into_iter().find(fits) else {
            let message = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";
            return Err(ServiceError::new(ACCESS_DENIED, message));
        };
        accepted.insert(fold(user), step);
        Ok(())
    }
}

/// The code that the device with a serial number shows at a time.
pub(super) fn code(serial: &str, now: DateTime<Utc>) -> String {
    at(serial, step(now))
}

fn step(now: DateTime<Utc>) -> i64 {
    now.timestamp().div_euclid(STEP)
}

fn at(serial: &str, step: i64) -> String {
    totp(&seed(serial), step)
}

/// Twenty bytes, as AWS's own seeds would have if they were decoded.
fn seed(serial: &str) -> [u8; 20] {
    let mut state = hash(serial);
    std::array::from_fn(|_| {
        state = mix(state);
        state.to_le_bytes()[0]
    })
}

fn totp(seed: &[u8], step: i64) -> String {
    // A key of any length will do.
    let Ok(mut hmac) = Hmac::<Sha1>::new_from_slice(seed) else {
        return String::new();
    };
    hmac.update(&step.to_be_bytes());
    let digest = hmac.finalize().into_bytes();
    let at = usize::from(digest[19] & 15);
    let number = digest[at..at + 4]
        .iter()
        .fold(0, |number, byte| number << 8 | u32::from(*byte));
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, of whose eight digits these are the last six.
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let time = DateTime::from_timestamp(seconds, 0).unwrap();
            assert_eq!(totp(b"12345678901234567890", step(time)), expected);
        }
    }

    #[test]
    fn a_code_is_accepted_once_while_it_is_shown_and_for_one_step_after() {
        let at = |seconds: i64| DateTime::from_timestamp(1_795_000_020 + seconds, 0).unwrap();
        let mut account = Account::demo(at(0));
        let serial = account.mfa_serial("ALICE").unwrap();
        assert_eq!(serial, "arn:aws:iam::123456789012:mfa/alice");
        let mut check = |code: &str, now| account.check_mfa("alice", &serial, code, now);
        let [old, first, second] = [-30, 0, 30].map(|seconds| code(&serial, at(seconds)));
        let wrong = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";
        assert_eq!(check("000000", at(0)).unwrap_err().message, wrong);
        assert_eq!(check(&old, at(30)).unwrap_err().message, wrong);
        check(&first, at(59)).unwrap();
        assert_eq!(check(&first, at(59)).unwrap_err().message, wrong);
        check(&second, at(59)).unwrap();
        // Those before are over with it.
        assert_eq!(check(&first, at(59)).unwrap_err().message, wrong);
        let stranger = account.check_mfa("deploy-bot", &serial, &first, at(0));
        assert!(stranger.unwrap_err().message.contains("serial number"));
        account.add_mfa_device("deploy-bot").unwrap();
        assert!(account.mfa_serial("deploy-bot").is_some());
    }
}
