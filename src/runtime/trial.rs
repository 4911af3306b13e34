//! Trying a new key until it is accepted: AWS makes it known everywhere only by and by. Refused
//! about three times in four at once, it is refused almost never after ten seconds.

use crate::{
    effect::Trial,
    iam::{Account, Caller, Kind},
    message::Message,
    state::fresh::TrialNews,
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

/// Tries a key, tells of each try, and lets the session go on with it if that was asked for, and
/// the key turns out to be whose it should be.
pub(super) async fn run(
    account: Account,
    trial: Trial,
    pace: Pace,
    session: watch::Sender<Option<Account>>,
    outbox: mpsc::UnboundedSender<Message>,
) -> Message {
    let Trial {
        key,
        secret,
        go_on_as,
        account: number,
    } = trial;
    let expected = |caller: &Caller| {
        let user = go_on_as.as_deref();
        user.is_some_and(|user| caller.name().eq_ignore_ascii_case(user))
            && number
                .as_ref()
                .is_none_or(|number| *number == caller.account)
    };
    // One place that knows the key is not all of them: the session goes on with it after the second.
    let mut accepted = 0;
    let begun = Instant::now();
    let news_of = |news| Message::Tried {
        key: key.clone(),
        news,
    };
    let mut times = 0;
    loop {
        times += 1;
        match account.identity_of(&key, &secret, None).await {
            Ok(caller) => {
                tracing::info!(key, times, "the new key is accepted");
                accepted += 1;
                if !expected(&caller) {
                    return news_of(TrialNews::Accepted(caller, false));
                }
                if accepted > 1 {
                    session.send_replace(Some(account.signed_in_with(&key, &secret)));
                    return news_of(TrialNews::Accepted(caller, true));
                }
            }
            Err(error) => {
                // Everything else it may answer does not get better by asking again.
                let may_pass = matches!(
                    error.kind,
                    Kind::BadCredentials | Kind::Network | Kind::Server | Kind::Throttled
                );
                if !may_pass || begun.elapsed() + pace.pause > pace.patience {
                    tracing::warn!(key, times, %error, "the new key is not accepted");
                    return news_of(TrialNews::GivenUp(error));
                }
            }
        }
        // Nobody listens any more: then nobody needs to know.
        let _ = outbox.send(news_of(TrialNews::NotYet(times)));
        sleep(pace.pause).await;
    }
}
