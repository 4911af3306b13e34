//! The journal, as tasks use it: opened beside the first reads, and written to before a change is
//! sent. What cannot be written down is not sent.

use super::lock;
use crate::{
    engine::{
        self, Change, ChangeId, Changed, DEMO, Error, Fact, Note, Order, Origin, Rotated,
        findings::Deactivated,
        unresolved::{Cause, Question},
    },
    journal::{self, Discarded, Ended, Event, Journal, Outcome, Sent, Settled, Stored, Unfinished},
};
use std::{
    borrow::Cow,
    collections::HashSet,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
    task::JoinSet,
};

/// How long the last entries may take to reach the disk when the program ends.
const LAST_WRITES: Duration = Duration::from_secs(2);

/// Where the journal is kept.
#[derive(Clone, Debug)]
pub struct JournalConfig {
    /// Its path; none where none is wanted; or why there can be none.
    pub path: Result<Option<PathBuf>, String>,
    /// Whether what is done in the demo is written down too: nothing in it is real.
    pub demo_too: bool,
}

impl JournalConfig {
    /// Keeps none.
    #[must_use]
    pub fn none() -> Self {
        Self {
            path: Ok(None),
            demo_too: false,
        }
    }
}

#[derive(Clone, Debug)]
enum Stage {
    None,
    Opening,
    Open(Journal),
    Failed(String),
}

/// The journal of this run. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct JournalWriter {
    handle: Handle,
    config: JournalConfig,
    stage: watch::Sender<Stage>,
    /// The changes that were written down: what is not, as in the demo, has no outcome there.
    sent: Arc<Mutex<HashSet<ChangeId>>>,
    /// Entries that could not be written, to be written with the next.
    unwritten: Arc<Mutex<Vec<Event>>>,
    outbox: mpsc::UnboundedSender<engine::Event>,
    /// Entries on their way to the disk that nothing waits for.
    writes: Arc<Mutex<JoinSet<()>>>,
}

impl JournalWriter {
    pub(super) fn new(
        handle: Handle,
        config: JournalConfig,
        outbox: mpsc::UnboundedSender<engine::Event>,
    ) -> Self {
        let stage = match &config.path {
            Ok(None) => Stage::None,
            Ok(Some(_)) => Stage::Opening,
            Err(why) => Stage::Failed(why.clone()),
        };
        Self {
            handle,
            config,
            stage: watch::Sender::new(stage),
            sent: Arc::default(),
            unwritten: Arc::default(),
            outbox,
            writes: Arc::default(),
        }
    }

    /// Where it is kept, where it is.
    pub(super) fn path(&self) -> Option<PathBuf> {
        self.config.path.clone().ok().flatten()
    }

    /// Opens the journal on a thread of its own, and tells what earlier runs have left open.
    pub(super) fn open(&self) {
        let outbox = self.outbox.clone();
        let path = match &self.config.path {
            Ok(None) => return,
            Ok(Some(path)) => path.clone(),
            Err(why) => {
                let _ = outbox.send(engine::Event::Journal(Err(why.clone())));
                return;
            }
        };
        let stage = self.stage.clone();
        let opening = self.handle.spawn_blocking(move || Journal::open(&path));
        self.handle.spawn(async move {
            let opened = match opening.await {
                Ok(opened) => opened.map_err(|error| error.to_string()),
                Err(_) => Err("opening it failed: internal error".to_owned()),
            };
            let (opened, now) = match opened {
                Ok((journal, unfinished)) => {
                    tracing::info!(
                        left_open = unfinished.len(),
                        skipped = journal.skipped(),
                        "journal opened"
                    );
                    let file = journal.path().display();
                    let damaged = journal.damaged().iter().map(|damaged| {
                        let (line, text) = (damaged.line, &damaged.text);
                        format!("Damaged journal line {line}: {text} ({file})")
                    });
                    let damaged: Vec<String> = damaged.collect();
                    if !damaged.is_empty() {
                        let _ = outbox.send(engine::Event::JournalDamaged(damaged));
                    }
                    let deactivated = journal.deactivated();
                    if deactivated != Deactivated::default() {
                        let _ = outbox.send(engine::Event::Deactivated(deactivated));
                    }
                    let rotated = journal.rotated();
                    if rotated != Rotated::default() {
                        let _ = outbox.send(engine::Event::Rotated(rotated));
                    }
                    let questions = unfinished.into_iter().filter_map(question);
                    (Ok(questions.collect()), Stage::Open(journal))
                }
                Err(why) => {
                    tracing::error!(why, "no journal");
                    (Err(why.clone()), Stage::Failed(why))
                }
            };
            stage.send_replace(now);
            let _ = outbox.send(engine::Event::Journal(opened));
        });
    }

    /// Reads what the journal tells of deactivations, on a thread of its own. Where it cannot be read,
    /// nothing is known of them.
    pub(super) fn read(&self) {
        let outbox = self.outbox.clone();
        let Ok(Some(path)) = self.config.path.clone() else {
            let _ = outbox.send(engine::Event::Deactivated(Deactivated::default()));
            return;
        };
        let reading = self
            .handle
            .spawn_blocking(move || journal::deactivated(&path));
        self.handle.spawn(async move {
            let read = reading.await.unwrap_or_else(|_| Ok(Deactivated::default()));
            let deactivated = read.unwrap_or_else(|error| {
                tracing::warn!(%error, "the journal is not read");
                Deactivated::default()
            });
            let _ = outbox.send(engine::Event::Deactivated(deactivated));
        });
    }

    /// Writes down that a change is about to be sent.
    pub(super) async fn sent(&self, order: &Order) -> Result<(), String> {
        let Some(journal) = self.journal(order.endpoint.as_deref()).await? else {
            return Ok(());
        };
        let (active, text) = order.change.noted();
        let creates = matches!(order.change, Change::Create { .. });
        let event = Event::Sent(Sent {
            id: journal.id(order.id.0),
            run: journal.run().to_owned(),
            time: SystemTime::now().into(),
            account: order.account.clone(),
            caller: order.caller.clone(),
            endpoint: order.endpoint.clone(),
            action: order.change.action().to_owned(),
            user: order.change.user().to_owned(),
            key: order.change.key().map(str::to_owned),
            active,
            description: text.map(Cow::into_owned),
            keys_before: order.keys_before.clone().filter(|_| creates),
            replaces: order.replaces.clone(),
        });
        let written = self.handle.spawn_blocking(move || journal.append(&event));
        match written.await {
            Ok(Ok(())) => {
                lock(&self.sent).insert(order.id);
                Ok(())
            }
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("writing to it failed".into()),
        }
    }

    /// Writes down what came of a change, by and by. That it could not be is no reason to keep it
    /// from the person: the next start will ask the account.
    pub(super) fn ended(
        &self,
        order: &Order,
        result: &Result<Changed, Error>,
        request_id: Option<String>,
        took: Duration,
    ) {
        let error = Changed::error(result);
        let outcome = match error {
            None => Outcome::Done,
            Some(error) if error.outcome_unknown() => Outcome::Unknown,
            Some(_) => Outcome::Refused,
        };
        let ended = Ended {
            id: String::new(),
            time: SystemTime::now().into(),
            outcome,
            key: match result {
                Ok(Changed::Created { key, .. } | Changed::Unsure { key, .. }) => {
                    Some(key.id.clone())
                }
                _ => None,
            },
            code: error.and_then(|error| error.code.clone()),
            error: error.map(|error| error.message.clone()),
            request_id: request_id.or_else(|| error?.request_id.clone()),
            took_ms: u64::try_from(took.as_millis()).ok(),
        };
        self.write(Origin::Here(order.id), move |id| {
            Event::Ended(Ended { id, ..ended })
        });
    }

    /// Writes down what has become known about a change after its outcome.
    pub(super) fn note(&self, note: Note) {
        let time = SystemTime::now().into();
        self.write(note.of, move |id| match note.fact {
            Fact::Stored { key, place } => Event::Stored(Stored {
                id,
                time,
                key,
                place,
            }),
            Fact::Discarded { key } => Event::Discarded(Discarded { id, time, key }),
            Fact::Settled(verdict) => Event::Settled(Settled { id, time, verdict }),
        });
    }

    /// Writes an event of a change that was written down when it was sent.
    fn write(&self, of: Origin, event: impl FnOnce(String) -> Event + Send + 'static) {
        let journal = match &*self.stage.borrow() {
            Stage::Open(journal) => journal.clone(),
            _ => return,
        };
        let id = match of {
            Origin::Here(change) if !lock(&self.sent).contains(&change) => return,
            Origin::Here(change) => journal.id(change.0),
            Origin::Earlier(id) => id,
        };
        let mut writes = lock(&self.writes);
        while writes.try_join_next().is_some() {}
        let event = event(id);
        let (unwritten, outbox) = (Arc::clone(&self.unwritten), self.outbox.clone());
        writes.spawn_blocking_on(
            move || {
                // One after the other, and what could not be written before goes first: the disk
                // may have room again.
                let mut events = lock(&unwritten);
                events.push(event);
                while let Some(event) = events.first() {
                    if let Err(error) = journal.append(event) {
                        tracing::error!(%error, "something is not in the journal");
                        let _ = outbox.send(engine::Event::NotWritten(error.to_string()));
                        break;
                    }
                    events.remove(0);
                }
            },
            &self.handle,
        );
    }

    /// Waits until the last entries are on the disk, and not for long.
    pub(super) async fn finish(&self) {
        let mut writes = std::mem::take(&mut *lock(&self.writes));
        let all = async { while writes.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_WRITES, all).await.is_err() {
            tracing::error!("the journal's last entries took too long");
        }
    }

    /// The journal, once it is open; none where none is kept of this.
    async fn journal(&self, endpoint: Option<&str>) -> Result<Option<Journal>, String> {
        if endpoint == Some(DEMO) && !self.config.demo_too {
            return Ok(None);
        }
        let mut stage = self.stage.subscribe();
        let opened = stage
            .wait_for(|stage| !matches!(stage, Stage::Opening))
            .await;
        match opened.as_deref() {
            Ok(Stage::Open(journal)) => Ok(Some(journal.clone())),
            Ok(Stage::Failed(why)) => Err(why.clone()),
            Ok(Stage::None) => Ok(None),
            Ok(Stage::Opening) | Err(_) => Err("it was never opened".into()),
        }
    }
}

/// What an earlier run has left open, as a question to the account; none where this version does
/// not know what was asked for.
fn question(left: Unfinished) -> Option<Question> {
    let Unfinished { kind, sent, ended } = left;
    let change = Change::of_action(
        &sent.action,
        &sent.user,
        sent.key,
        sent.active,
        sent.description,
    )?;
    let cause = match kind {
        journal::Kind::Interrupted => Cause::Interrupted,
        journal::Kind::Unknown => Cause::NoAnswer(ended.and_then(|ended| ended.error)),
        journal::Kind::SecretLost => Cause::SecretLost(ended?.key?),
    };
    Some(Question {
        account: sent.account,
        endpoint: sent.endpoint,
        sent: sent.time,
        before: sent.keys_before,
        in_rotation: sent.replaces.is_some(),
        ..Question::new(Origin::Earlier(sent.id), change, cause)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{
        Kind, SecretKey,
        model::{AccessKey, KeyStatus},
    };
    use std::fs;

    fn order() -> Order {
        Order {
            id: ChangeId(7),
            change: Change::Create {
                user: "alice".into(),
            },
            account: None,
            caller: None,
            endpoint: None,
            keys_before: None,
            replaces: None,
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_could_not_be_written_is_told_and_written_with_the_next() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("journal.jsonl");
        let config = JournalConfig {
            path: Ok(Some(path.clone())),
            demo_too: false,
        };
        let (outbox, mut inbox) = mpsc::unbounded_channel();
        let writer = JournalWriter::new(Handle::current(), config, outbox);
        writer.open();
        assert!(matches!(
            inbox.recv().await,
            Some(engine::Event::Journal(Ok(_)))
        ));
        writer.sent(&order()).await.expect("it is written");
        let aside = folder.path().join("aside");
        fs::rename(&path, &aside).expect("it is moved");
        fs::create_dir(&path).expect("a directory in its place");
        writer.ended(&order(), &Ok(Changed::Done), None, Duration::ZERO);
        assert!(matches!(
            inbox.recv().await,
            Some(engine::Event::NotWritten(_))
        ));
        fs::remove_dir(&path).expect("it goes");
        fs::rename(&aside, &path).expect("it is back");
        writer.note(Note {
            of: Origin::Here(ChangeId(7)),
            fact: Fact::Settled("in a test".into()),
        });
        writer.finish().await;
        let text = fs::read_to_string(&path).expect("a journal");
        let events = text.lines().map(|line| {
            let kinds = ["sent", "ended", "settled"];
            let is = |kind: &&str| line.contains(&format!("\"event\":\"{kind}\""));
            kinds.into_iter().find(is).unwrap_or_default()
        });
        assert_eq!(
            events.collect::<Vec<_>>(),
            ["sent", "ended", "settled"],
            "{text}"
        );
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_key_that_may_not_be_whole_leaves_open_what_became_of_the_change() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("journal.jsonl");
        let config = JournalConfig {
            path: Ok(Some(path.clone())),
            demo_too: false,
        };
        let (outbox, _inbox) = mpsc::unbounded_channel();
        let writer = JournalWriter::new(Handle::current(), config, outbox);
        writer.open();
        writer.sent(&order()).await.expect("it is written");
        let unsure = Changed::Unsure {
            key: AccessKey {
                id: "AKIANEWKEY01EXAMPLE1".into(),
                status: KeyStatus::Active,
                created: None,
            },
            secret: SecretKey::new("DEMO/half".into()),
            error: Box::new(Error {
                kind: Kind::InvalidResponse,
                ..Error::internal("iam:CreateAccessKey")
            }),
        };
        writer.ended(&order(), &Ok(unsure), None, Duration::ZERO);
        writer.finish().await;
        let text = fs::read_to_string(&path).expect("a journal");
        assert!(text.contains("\"outcome\":\"unknown\""), "{text}");
        assert!(!text.contains("half"), "{text}");
    }
}
