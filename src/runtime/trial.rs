//! Trying a new key until it is accepted: AWS makes it known everywhere only by and by. Refused
//! about three times in four at once, it is refused almost never after ten seconds.

use crate::{
    effect::Trial,
    iam::{Account, Kind},
    message::Message,
    state::rotation::TrialNews,
};
use std::time::Duration;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep},
};

/// How often and how long a new key is tried.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The pause between two tries.
    pub pause: Duration,
    /// How long it may take all in all.
    pub patience: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            pause: Duration::from_millis(1500),
            patience: Duration::from_mins(1),
        }
    }
}

/// Tries a key, tells of each try, and lets the session go on with it if that was asked for.
pub(super) async fn run(
    account: Account,
    trial: Trial,
    pace: Pace,
    session: watch::Sender<Option<Account>>,
    outbox: mpsc::UnboundedSender<Message>,
) {
    let Trial {
        key,
        secret,
        go_on_with_it,
    } = trial;
    let begun = Instant::now();
    let tell = |news| {
        let key = key.clone();
        // Nobody listens any more: then nobody needs to know.
        let _ = outbox.send(Message::Tried { key, news });
    };
    for times in 1.. {
        match account.identity_of(&key, &secret, None).await {
            Ok(caller) => {
                tracing::info!(key, times, "the new key is accepted");
                if go_on_with_it {
                    session.send_replace(Some(account.signed_in_with(&key, &secret)));
                }
                return tell(TrialNews::Accepted(caller, go_on_with_it));
            }
            Err(error) => {
                // Everything else it may answer does not get better by asking again.
                let may_pass = matches!(
                    error.kind,
                    Kind::BadCredentials | Kind::Network | Kind::Server | Kind::Throttled
                );
                if !may_pass || begun.elapsed() + pace.pause > pace.patience {
                    tracing::warn!(key, times, %error, "the new key is not accepted");
                    return tell(TrialNews::GivenUp(error));
                }
                tell(TrialNews::NotYet(times));
            }
        }
        sleep(pace.pause).await;
    }
}
