//! Plans over many keys in files: saved and opened where a person says, and kept beside the journal
//! while they are carried out.
//!
//! The file of a plan under way is locked as long as this process lives: another one that is to carry
//! out the same plan is told so, and one that is started later does not take it for left over.

use super::{JournalConfig, lock, secrets::Places};
use crate::{
    engine::{
        BulkAction, DEMO, Event, PlanJob, SecretKey,
        bulk::{Document, Keeping, KeptStep, PlanNews},
    },
    journal::{self, Outcome, Recorded, end, open_private, sync_directory},
    plans,
    secret::place::{self, Error},
};
use chrono::{DateTime, Utc};
use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Read as _, Write as _},
    path::{Path, PathBuf, is_separator},
    sync::{Arc, Mutex},
};
use tokio::{runtime::Handle, sync::mpsc, task::JoinHandle};

/// A plan is no larger.
const TOO_LARGE: u64 = 64 << 20;

/// The plan that this process keeps. Clones share it.
#[derive(Clone, Debug, Default)]
struct Keeper {
    /// The plan that is carried out.
    file: Arc<Mutex<Option<(PathBuf, File)>>>,
    /// The one that an earlier run has left, until a person decides about it.
    left: Arc<Mutex<Option<(PathBuf, File)>>>,
}

/// What is to be done, in its order.
#[derive(Debug)]
pub(super) enum Job {
    /// Look for what an earlier run has left.
    Find,
    /// Do this, where files go to these places.
    Do(PlanJob, Places),
}

/// What does one job after the other: a line that says that a key is done belongs behind the plan.
#[derive(Debug)]
pub(super) struct PlanFiles {
    jobs: mpsc::UnboundedSender<Job>,
    worker: JoinHandle<()>,
}

impl PlanFiles {
    pub(super) fn new(
        handle: &Handle,
        journal: JournalConfig,
        outbox: mpsc::UnboundedSender<Event>,
    ) -> Self {
        let (jobs, mut inbox) = mpsc::unbounded_channel();
        let keeper = Keeper::default();
        let worker = handle.spawn(async move {
            while let Some(job) = inbox.recv().await {
                let (keeper, journal) = (keeper.clone(), journal.clone());
                let done = tokio::task::spawn_blocking(move || keeper.run(job, &journal)).await;
                match done {
                    Ok(all) => all
                        .into_iter()
                        .for_each(|news| drop(outbox.send(Event::Plan(news)))),
                    Err(_) => drop(outbox.send(Event::TaskPanicked)),
                }
            }
        });
        Self { jobs, worker }
    }

    pub(super) fn ask(&self, job: Job) {
        // The worker ends with this.
        let _ = self.jobs.send(job);
    }

    /// Waits for what is on its way to the disk.
    pub(super) async fn finish(&mut self) {
        let (jobs, _) = mpsc::unbounded_channel();
        self.jobs = jobs;
        let _ = (&mut self.worker).await;
    }
}

impl Keeper {
    /// Does a job. Blocks for the disk.
    fn run(&self, job: Job, journal: &JournalConfig) -> Vec<PlanNews> {
        match job {
            Job::Find => {
                let mut news = self.find(journal);
                if kept_in(journal).is_none() {
                    news.push(PlanNews::Keeps(Keeping::Nothing));
                } else if journal.demo_too {
                    news.push(PlanNews::Keeps(Keeping::All));
                }
                news
            }
            Job::Do(PlanJob::Save(path, document), places) => {
                let saved = save(&path, &document, &places);
                let hash = saved
                    .is_ok()
                    .then(|| PlanNews::Hash(plans::hash(&document)));
                std::iter::once(PlanNews::Saved(saved))
                    .chain(hash)
                    .collect()
            }
            Job::Do(PlanJob::Open(path), places) => {
                let opened = open(&path, &places).map(Box::new);
                let hash = opened.as_ref().ok();
                let hash = hash.map(|document| PlanNews::Hash(plans::hash(document)));
                std::iter::once(PlanNews::Opened(opened))
                    .chain(hash)
                    .collect()
            }
            Job::Do(PlanJob::Keep(document, done), _) => {
                let kept = self.keep(&document, done, journal);
                vec![kept.err().unwrap_or(PlanNews::IsKept)]
            }
            Job::Do(PlanJob::Done(step), _) => {
                let noted = self.done(step);
                noted.err().map(PlanNews::NotKept).into_iter().collect()
            }
            Job::Do(PlanJob::Forget, _) => {
                forget(&self.file);
                Vec::new()
            }
            Job::Do(PlanJob::ForgetLeft, _) => {
                forget(&self.left);
                Vec::new()
            }
            Job::Do(PlanJob::TakeUp, _) => {
                let left = lock(&self.left).take();
                let mut kept = lock(&self.file);
                *kept = left;
                let repaired = kept.as_mut().map(|(_, file)| repair(file));
                let failed = repaired.and_then(Result::err);
                failed
                    .map(|error| PlanNews::NotKept(error.to_string()))
                    .into_iter()
                    .collect()
            }
        }
    }
}

/// Saves a plan as a new file, readable by its owner only. Blocks for the disk.
fn save(typed: &str, document: &Document, places: &Places) -> Result<String, String> {
    if typed.trim().is_empty() || typed.ends_with(is_separator) {
        return Err("that names no file".into());
    }
    let path = places.whole(typed)?;
    let text = plans::write(document);
    match place::make_new(&path, &SecretKey::joined(&[&text])) {
        Ok(()) | Err(Error::Unconfirmed { .. }) => Ok(path.display().to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// Reads a saved plan. Blocks for the disk.
fn open(typed: &str, places: &Places) -> Result<Document, String> {
    let path = places.whole(typed)?;
    let named = |why: String| format!("{}: {why}", path.display());
    let text = read_text(&path).map_err(|error| named(error.to_string()))?;
    plans::read(&text).map_err(named)
}

fn read_text(path: &Path) -> io::Result<String> {
    let mut options = OpenOptions::new();
    options.read(true);
    // To open a pipe would wait until something is written to it.
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits().cast_signed());
    }
    let file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut text = String::new();
    file.take(TOO_LARGE).read_to_string(&mut text)?;
    Ok(text)
}

/// The directory that plans are kept in, and what their names begin with.
fn kept_in(journal: &JournalConfig) -> Option<(PathBuf, String)> {
    let path = journal.path.as_ref().ok()?.as_ref()?;
    let path = std::path::absolute(path).ok()?;
    let name = path.file_name()?.to_str()?;
    Some((path.parent()?.to_owned(), format!("{name}.plan-")))
}

impl Keeper {
    /// Keeps a plan from now on. Blocks for the disk.
    fn keep(
        &self,
        document: &Document,
        done: Vec<KeptStep>,
        journal: &JournalConfig,
    ) -> Result<(), PlanNews> {
        let is_demo = |endpoint: &Option<String>| endpoint.as_deref() == Some(DEMO);
        let mut accounts = document.accounts.iter();
        if accounts.any(|account| is_demo(&account.endpoint)) && !journal.demo_too {
            return Ok(());
        }
        let Some((directory, prefix)) = kept_in(journal) else {
            return Ok(());
        };
        let (line, name) = plans::first_line(document);
        let path = directory.join(format!("{prefix}{name}"));
        let mut kept = lock(&self.file);
        if kept.as_ref().is_some_and(|(known, _)| *known == path) {
            return Ok(());
        }
        let failed = |error: io::Error| match error.kind() {
            ErrorKind::WouldBlock => PlanNews::Elsewhere,
            _ => PlanNews::NotKept(format!("{}: {error}", path.display())),
        };
        // What was left, and put off, may have been opened from where it was saved: this process has it.
        let left = lock(&self.left).take_if(|(left, _)| *left == path);
        let file = match left {
            Some((_, mut file)) => repair(&mut file).map(|()| file),
            None => begin(&path, &line, done),
        };
        let file = file.map_err(failed)?;
        if let Some((before, _)) = kept.replace((path, file)) {
            let _ = fs::remove_file(before);
        }
        Ok(())
    }

    /// Notes that a key is done. Blocks for the disk.
    fn done(&self, step: KeptStep) -> Result<(), String> {
        match &mut *lock(&self.file) {
            Some((_, file)) => {
                append(file, &plans::step_line(step)).map_err(|error| error.to_string())
            }
            None => Ok(()),
        }
    }

    /// The plan that an earlier run has left, which is this run's from now on. Blocks for the disk.
    fn find(&self, journal: &JournalConfig) -> Vec<PlanNews> {
        let Some((directory, prefix)) = kept_in(journal) else {
            return Vec::new();
        };
        let mut news = Vec::new();
        let entries = fs::read_dir(directory).ok().into_iter().flatten();
        for entry in entries.flatten() {
            let name = entry.file_name();
            if !name.to_str().is_some_and(|name| name.starts_with(&prefix)) {
                continue;
            }
            let path = entry.path();
            let mut options = OpenOptions::new();
            let opened = open_private(options.read(true).append(true), &path);
            let Ok(mut file) = opened else {
                continue;
            };
            if file.try_lock().is_err() {
                // Another process carries it out.
                continue;
            }
            let mut text = String::new();
            if (&mut file)
                .take(TOO_LARGE)
                .read_to_string(&mut text)
                .is_err()
            {
                continue;
            }
            match plans::read_kept(&text) {
                Ok((document, done)) => {
                    let sent = sent_since(&file, &document, journal);
                    *lock(&self.left) = Some((path, file));
                    let kept = PlanNews::Kept(Box::new(document), done);
                    news.extend([kept, PlanNews::WereSent(sent)]);
                    return news;
                }
                Err(why) => {
                    tracing::error!(path = %path.display(), why, "not a plan that was kept");
                    news.push(PlanNews::Unreadable(path.display().to_string(), why));
                }
            }
        }
        news
    }
}

/// The keys of a kept plan whose step was sent since it is kept, by the journal: the process may have
/// ended between a step and the line that says that it is done. Blocks for the disk.
fn sent_since(file: &File, document: &Document, journal: &JournalConfig) -> Vec<KeptStep> {
    let path = journal.path.as_ref().ok().and_then(Option::as_ref);
    let recorded = path.and_then(|path| journal::read(path).ok());
    let Some((recorded, _)) = recorded else {
        return Vec::new();
    };
    let begun = file.metadata().and_then(|it| it.created());
    let since = begun.map_or(document.made, DateTime::<Utc>::from);
    let keys = document.keys.iter();
    let keys: HashMap<(Option<&str>, &str), BulkAction> = keys
        .map(|key| {
            let account = document.accounts[key.account].id.as_deref();
            ((account, &*key.key), key.step)
        })
        .collect();
    let is_step = |it: &Recorded| {
        let sent = &it.sent;
        let refused = it.ended.as_ref().map(|ended| ended.outcome) == Some(Outcome::Refused);
        let step = sent
            .key
            .as_deref()
            .and_then(|key| keys.get(&(sent.account.as_deref(), key)));
        let does = |step: &BulkAction| match step {
            BulkAction::Delete => sent.action == "iam:DeleteAccessKey",
            step => sent.active == Some(*step == BulkAction::Activate),
        };
        sent.time >= since && !refused && step.is_some_and(does)
    };
    let sent = recorded.into_iter().filter(is_step);
    let steps = sent.filter_map(|it| {
        Some(KeptStep {
            account: it.sent.account,
            key: it.sent.key?.into(),
        })
    });
    steps.collect()
}

/// Ends a last line that was being written when the machine stopped, so that the next one stays apart.
fn repair(file: &mut File) -> io::Result<()> {
    let (_, is_torn) = end(file)?;
    if is_torn {
        file.write_all(b"\n")?;
    }
    Ok(())
}

/// Removes the file of a plan that is not needed any more.
fn forget(kept: &Mutex<Option<(PathBuf, File)>>) {
    if let Some((path, _)) = lock(kept).take() {
        let _ = fs::remove_file(path);
    }
}

/// Makes the file of a plan with what is done of it already, or goes on with it where an earlier run has
/// left it.
fn begin(path: &Path, line: &str, done: Vec<KeptStep>) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let mut file = open_private(options.read(true).append(true).create(true), path)?;
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => io::Error::new(
            ErrorKind::WouldBlock,
            "another iamkeys carries this plan out",
        ),
        TryLockError::Error(error) => error,
    })?;
    let mut text = Vec::new();
    (&mut file).take(TOO_LARGE).read_to_end(&mut text)?;
    if text.starts_with(line.as_bytes()) {
        repair(&mut file)?;
        return Ok(file);
    }
    // The disk was full in the middle of the first line, or the machine has stopped there.
    file.set_len(0)?;
    let steps = done.into_iter().map(plans::step_line);
    let whole: String = std::iter::once(line.to_owned()).chain(steps).collect();
    let written = file
        .write_all(whole.as_bytes())
        .and_then(|()| file.sync_data());
    if let Err(error) = written {
        let _ = file.set_len(0);
        let _ = fs::remove_file(path);
        return Err(error);
    }
    if let Some(directory) = path.parent() {
        sync_directory(directory).map_err(|error| io::Error::other(error.to_string()))?;
    }
    Ok(file)
}

/// Adds a line, or nothing: half of one would be in the way of the next.
fn append(file: &mut File, line: &str) -> io::Result<()> {
    let before = file.metadata()?.len();
    let written = file.write_all(line.as_bytes());
    if written.is_err() {
        let _ = file.set_len(before);
    }
    written.and_then(|()| file.sync_data())
}

#[cfg(test)]
mod tests;
