//! Trying a new key until it is accepted: AWS makes it known everywhere only by and by. Refused
//! about three times in four at once, it is refused almost never after ten seconds.

use crate::{
    aws::Connection,
    engine::{Event, Kind, SessionId, Trial, TrialNews, model::Caller},
};
use std::time::Duration;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep},
};

/// How often and how long a new key is tried.
#[derive(Clone, Copy, Debug)]
pub struct TrialPace {
    /// The pause between two tries.
    pub pause: Duration,
    /// How long it may take all in all.
    pub patience: Duration,
}

impl Default for TrialPace {
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
    session: SessionId,
    connection: Connection,
    trial: Trial,
    pace: TrialPace,
    current: watch::Sender<Option<Connection>>,
    outbox: mpsc::UnboundedSender<Event>,
) -> Event {
    let (key, secret) = (&trial.key, &trial.secret);
    let expected = |caller: &Caller| {
        let (user, owner) = (trial.go_on_as.as_deref(), caller.user());
        user.zip(owner)
            .is_some_and(|(user, owner)| owner.eq_ignore_ascii_case(user))
            && trial
                .account
                .as_ref()
                .is_none_or(|id| *id == caller.account)
    };
    // One place that knows the key is not all of them: the session goes on with it after the second.
    let mut accepted = 0;
    let begun = Instant::now();
    let news_of = |news| Event::Tried {
        session,
        key: key.clone(),
        news,
    };
    let mut times = 0;
    loop {
        times += 1;
        match connection.identity_of(key, secret, None).await {
            Ok(caller) => {
                tracing::info!(key, times, "the new key is accepted");
                accepted += 1;
                if !expected(&caller) {
                    return news_of(TrialNews::Accepted(caller, false));
                }
                if accepted > 1 {
                    current.send_replace(Some(connection.signed_in_with(key, secret)));
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
        // No one listens any more: then no one needs to know.
        let _ = outbox.send(news_of(TrialNews::NotYet(times)));
        sleep(pace.pause).await;
    }
}
