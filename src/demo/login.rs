//! Logging in to the SSO portal: the `OpenID` Connect provider of IAM Identity Center.
//!
//! A program registers itself (`clients`), and then gets its tokens in one of three ways: a person approves a code
//! on a page (the device flow, RFC 8628), a browser comes back with a code (with PKCE, RFC 7636), or
//! an earlier login is refreshed. `pages` has what a browser sees.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::clients::{Client, client_of, unknown};
use super::error::{Code, ServiceError};
use super::identifier::{mix, one_of};
use super::portal::{Visit, opaque, required};
use super::service::Output;

/// How long a code is valid, of a person or of a browser, unless set.
const CODE_LIFETIME: TimeDelta = TimeDelta::minutes(10);

/// How often a program may ask whether a person has decided, unless set.
const INTERVAL: Duration = Duration::from_secs(1);

/// How much longer a program that has asked too often has to wait each time.
const SLOWER: Duration = Duration::from_secs(5);

pub(super) const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

const PENDING: Code = (400, "AuthorizationPendingException");
const SLOW_DOWN: Code = (400, "SlowDownException");
const EXPIRED: Code = (400, "ExpiredTokenException");
const REFUSED: Code = (400, "AccessDeniedException");
const INVALID_GRANT: Code = (400, "InvalidGrantException");
const UNSUPPORTED: Code = (400, "UnsupportedGrantTypeException");

/// The letters of the codes that people compare: no vowels, so that they make no words.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// The programs that have registered, and the logins under way.
#[derive(Debug)]
pub(super) struct Logins {
    pub(super) clients: HashMap<String, Client>,
    devices: Vec<Device>,
    codes: Vec<BrowserCode>,
    refreshes: Vec<Refresh>,
    issued: u64,
    pub(super) code_lifetime: TimeDelta,
    pub(super) interval: Duration,
}

impl Default for Logins {
    fn default() -> Self {
        Self {
            clients: HashMap::new(),
            devices: Vec::new(),
            codes: Vec::new(),
            refreshes: Vec::new(),
            issued: 0,
            code_lifetime: CODE_LIFETIME,
            interval: INTERVAL,
        }
    }
}

/// A login that waits for a person.
#[derive(Debug)]
struct Device {
    code: String,
    user_code: String,
    client: String,
    expires: DateTime<Utc>,
    interval: Duration,
    asked: Option<Instant>,
    decision: Decision,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Pending,
    Approved,
    Refused,
}

/// A code that a browser has brought back.
#[derive(Debug)]
struct BrowserCode {
    code: String,
    client: String,
    redirect: String,
    challenge: String,
    expires: DateTime<Utc>,
}

/// A login that can be refreshed.
#[derive(Debug)]
struct Refresh {
    token: String,
    client: String,
    /// The access token it gave last.
    access: String,
}

impl Logins {
    /// A number that nothing else has.
    pub(super) fn number(&mut self) -> u64 {
        self.issued += 1;
        self.issued
    }

    /// Ends the login that gave an access token.
    pub(super) fn forget(&mut self, access: &str) {
        self.refreshes.retain(|refresh| refresh.access != access);
    }

    /// The codes that wait for a person, the oldest first.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &str> {
        let devices = self.devices.iter();
        let waiting = devices.filter(|device| device.decision == Decision::Pending);
        waiting.map(|device| device.user_code.as_str())
    }

    /// Decides what becomes of a login; returns whether it waited. A code is the same in lower case
    /// and without its dash.
    pub(super) fn decide(&mut self, user_code: &str, approved: bool, now: DateTime<Utc>) -> bool {
        let letters = |code: &str| -> String {
            let letters = code.chars().filter(char::is_ascii_alphabetic);
            letters.map(|c| c.to_ascii_uppercase()).collect()
        };
        let wanted = letters(user_code);
        let mut devices = self.devices.iter_mut();
        let device = devices.find(|device| {
            letters(&device.user_code) == wanted
                && device.decision == Decision::Pending
                && device.expires > now
        });
        device
            .map(|device| {
                device.decision = if approved {
                    Decision::Approved
                } else {
                    Decision::Refused
                };
            })
            .is_some()
    }

    /// A code for a browser to bring back; an error where the program is not known, or not known to
    /// be at that address.
    pub(super) fn browser_code(
        &mut self,
        client: &str,
        redirect: &str,
        challenge: &str,
        now: DateTime<Utc>,
    ) -> Result<String, ServiceError> {
        let known = self.clients.get(client).filter(|it| it.is_known(now));
        known.ok_or_else(unknown)?.check_redirect(redirect)?;
        let code = opaque("code", self.number());
        self.codes.push(BrowserCode {
            code: code.clone(),
            client: client.to_owned(),
            redirect: redirect.to_owned(),
            challenge: challenge.to_owned(),
            expires: now + self.code_lifetime,
        });
        Ok(code)
    }
}

pub(super) fn error(code: Code, message: &str) -> ServiceError {
    ServiceError::new(code, message)
}

pub(super) fn start_device_authorization(visit: &mut Visit<'_>) -> Result<Output, ServiceError> {
    let client = client_of(visit)?;
    required(visit.params, "startUrl")?;
    let logins = &mut visit.portal.logins;
    logins.clients[client].check_grant(DEVICE)?;
    let number = logins.number();
    let (code, user_code) = (opaque("device", number), user_code(number));
    let page = format!("{}/device", visit.base);
    let (lifetime, interval) = (logins.code_lifetime, logins.interval);
    let answer = json!({
        "deviceCode": code,
        "userCode": user_code,
        "verificationUri": page,
        "verificationUriComplete": format!("{page}?user_code={user_code}"),
        "expiresIn": lifetime.num_seconds(),
        "interval": interval.as_secs(),
    });
    logins.devices.push(Device {
        code,
        user_code,
        client: client.to_owned(),
        expires: visit.now + lifetime,
        interval,
        asked: None,
        decision: Decision::Pending,
    });
    Ok(Output::Json(answer))
}

/// `BCDF-GHJK`
fn user_code(number: u64) -> String {
    let mut dice = mix(number);
    let mut code = String::new();
    for place in 0..8 {
        if place == 4 {
            code.push('-');
        }
        code.push((*one_of(LETTERS, dice >> 32)).into());
        dice = mix(dice);
    }
    code
}

pub(super) fn create_token(visit: &mut Visit<'_>) -> Result<Output, ServiceError> {
    let client = client_of(visit)?;
    let grant = required(visit.params, "grantType")?;
    let known = &visit.portal.logins.clients[client];
    match grant {
        DEVICE | "authorization_code" | "refresh_token" => known.check_grant(grant)?,
        _ => return Err(error(UNSUPPORTED, "There is no such grant type.")),
    }
    let refreshes = known.refreshes;
    let refresh = match grant {
        DEVICE => {
            visit.redeem_device(client)?;
            None
        }
        "authorization_code" => {
            visit.redeem_code(client)?;
            None
        }
        _ => Some(visit.known_refresh(client)?),
    };
    let access = visit.portal.log_in(visit.now);
    let logins = &mut visit.portal.logins;
    // It stays the same: whether AWS replaces it is not on record.
    let refresh = match refresh {
        Some(place) => {
            logins.refreshes[place].access.clone_from(&access);
            Some(logins.refreshes[place].token.clone())
        }
        None if refreshes => {
            let token = opaque("refresh", logins.number());
            logins.refreshes.push(Refresh {
                token: token.clone(),
                client: client.to_owned(),
                access: access.clone(),
            });
            Some(token)
        }
        None => None,
    };
    let mut answer = json!({
        "accessToken": access,
        "tokenType": "Bearer",
        "expiresIn": visit.portal.lifetime.num_seconds(),
    });
    if let Some(refresh) = refresh {
        answer["refreshToken"] = refresh.into();
    }
    Ok(Output::Json(answer))
}

impl Visit<'_> {
    /// Takes a code that a person has approved.
    fn redeem_device(&mut self, client: &str) -> Result<(), ServiceError> {
        let code = required(self.params, "deviceCode")?;
        let devices = &mut self.portal.logins.devices;
        let known = |device: &Device| device.code == code && device.client == client;
        let place = devices.iter().position(known);
        let place = place.ok_or_else(|| error(INVALID_GRANT, "There is no such device code."))?;
        let device = &mut devices[place];
        if device.expires <= self.now {
            return Err(error(EXPIRED, "The device code has expired."));
        }
        match device.decision {
            Decision::Pending => {
                let before = device.asked.replace(Instant::now());
                // By the running clock: that of the account may stand still.
                if before.is_some_and(|before| before.elapsed() < device.interval) {
                    device.interval += SLOWER;
                    return Err(error(SLOW_DOWN, "Asked too often."));
                }
                Err(error(PENDING, "No one has decided yet."))
            }
            Decision::Refused => Err(error(REFUSED, "The login was refused.")),
            Decision::Approved => {
                devices.remove(place);
                Ok(())
            }
        }
    }

    /// Takes a code that a browser has brought back; the verifier proves that it was this program that
    /// sent the browser.
    fn redeem_code(&mut self, client: &str) -> Result<(), ServiceError> {
        let code = required(self.params, "code")?;
        let redirect = required(self.params, "redirectUri")?;
        let verifier = required(self.params, "codeVerifier")?;
        let invalid = || error(INVALID_GRANT, "The code is not valid.");
        let codes = &mut self.portal.logins.codes;
        let place = codes.iter().position(|known| known.code == code);
        // Right or wrong, it is used up.
        let known = codes.remove(place.ok_or_else(invalid)?);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        let fits = known.client == client
            && known.redirect == redirect
            && known.challenge == challenge
            && known.expires > self.now;
        fits.then_some(()).ok_or_else(invalid)
    }

    /// The place of a refresh token.
    fn known_refresh(&self, client: &str) -> Result<usize, ServiceError> {
        let token = required(self.params, "refreshToken")?;
        let mut refreshes = self.portal.logins.refreshes.iter();
        refreshes
            .position(|known| known.token == token && known.client == client)
            .ok_or_else(|| error(INVALID_GRANT, "The refresh token is not valid."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_for_people_differ_and_make_no_words() {
        assert_eq!(user_code(1), user_code(1));
        assert_ne!(user_code(1), user_code(2));
        assert_eq!(user_code(1).len(), 9);
        assert!(!user_code(7).contains(['A', 'E', 'I', 'O', 'U', 'Y']));
    }
}
