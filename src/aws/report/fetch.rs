//! Getting the credential report, which AWS has to make first where there is none: asked for with
//! patience, for nothing waits for it. What it would tell is fetched live meanwhile.

use crate::{
    aws::{Connection, Turns, convert::failed},
    engine::{Error, Kind, model::Report},
};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often and how long a report is asked for that is being made.
#[derive(Clone, Copy, Debug)]
pub struct ReportPace {
    /// The first pause; each is twice as long as the one before.
    pub first: Duration,
    /// No pause is longer, but where AWS asks for fewer calls.
    pub longest: Duration,
    /// How long it may take all in all.
    pub patience: Duration,
}

impl Default for ReportPace {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(250),
            longest: Duration::from_secs(3),
            patience: Duration::from_mins(5),
        }
    }
}

/// How much longer the pause is after an answer that there were too many calls.
const THROTTLED: u32 = 4;

/// Gets the account's report, made anew if there is none that is not four hours old.
///
/// It takes its turn for each call, and not while it waits. Minutes may pass between two calls, so each
/// asks anew which connection is the session's: the key it was signed in with at first may be
/// deactivated by then, and the session of a role over.
///
/// # Errors
/// When a call fails for another reason than that there were too many, or it takes longer than the
/// pace allows.
pub async fn fetch_report(
    current: impl Fn() -> Connection,
    pace: ReportPace,
    turns: &Turns,
) -> Result<Report, Error> {
    let report = || {
        let connection = current();
        async move {
            let _turn = turns.take_general().await;
            connection.in_session(|| connection.report()).await
        }
    };
    let generate = || {
        let connection = current();
        async move {
            let _turn = turns.take_general().await;
            connection.in_session(|| connection.generate_report()).await
        }
    };
    let mut wait = Wait {
        pace,
        begun: Instant::now(),
        next: pace.first,
    };
    // In most accounts there is one: that is one call.
    if let Some(report) = wait.until_answered(report).await? {
        return Ok(report);
    }
    loop {
        if wait.until_answered(generate).await?
            && let Some(report) = wait.until_answered(report).await?
        {
            return Ok(report);
        }
        wait.pause(1, not_in_time).await?;
    }
}

/// The pauses, and how much patience is left.
struct Wait {
    pace: ReportPace,
    begun: Instant,
    next: Duration,
}

impl Wait {
    /// Asks until the answer is not that there were too many calls.
    async fn until_answered<T, F>(&mut self, ask: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        loop {
            match ask().await {
                Err(error) if error.kind == Kind::Throttled => {
                    self.pause(THROTTLED, |_| error).await?;
                }
                answer => return answer,
            }
        }
    }

    /// Sleeps, if there is patience left for it, so many times as long as it would be the turn of;
    /// fails with what there is to say otherwise.
    async fn pause(
        &mut self,
        times: u32,
        or_else: impl FnOnce(ReportPace) -> Error,
    ) -> Result<(), Error> {
        let pause = self.next * times;
        self.next = self.pace.longest.min(self.next * 2);
        if self.begun.elapsed() + pause > self.pace.patience {
            return Err(or_else(self.pace));
        }
        tracing::debug!(?pause, "the credential report is not there yet");
        sleep(pause).await;
        Ok(())
    }
}

fn not_in_time(pace: ReportPace) -> Error {
    let time = match pace.patience.as_secs() {
        seconds @ 120.. => format!("{} minutes", seconds / 60),
        seconds => format!("{seconds} seconds"),
    };
    let message = format!("AWS has not made the report within {time}");
    failed("iam:GenerateCredentialReport", Kind::Other, message)
}
