//! Plans over many keys in files: saved and opened where a person says, and kept beside the journal
//! while they are carried out.
//!
//! The file of a plan under way is locked as long as this process lives: another one that is to carry
//! out the same plan is told so, and one that is started later does not take it for left over. What is
//! only found is not locked: whichever process goes on with it first has it.

use super::{JournalConfig, lock, secrets::Places};
use crate::{
    engine::{
        BulkAction, DEMO, Event, PlanJob, SecretKey,
        bulk::{Document, Keeping, KeptStep, Left, PlanNews},
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
    thread,
    time::Duration,
};
use tokio::{runtime::Handle, sync::mpsc, task::JoinHandle};

/// A plan is no larger.
const TOO_LARGE: u64 = 64 << 20;

/// How often a lock is tried that another process has, and how long it is waited for each time.
const TRIES: usize = 5;
const PAUSE: Duration = Duration::from_millis(20);

/// The plan that this process keeps. Clones share it.
#[derive(Clone, Debug, Default)]
struct Keeper {
    /// The plan that is carried out.
    file: Arc<Mutex<Option<(PathBuf, File)>>>,
    /// Where the one is that an earlier run has left, until a person decides about it.
    left: Arc<Mutex<Option<PathBuf>>>,
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
            Job::Do(PlanJob::Look(document), _) => {
                let mut news = self.look(&document, journal);
                news.push(PlanNews::Looked);
                news
            }
            Job::Do(PlanJob::ForgetLeft, _) => self.forget_left().err().into_iter().collect(),
            Job::Do(PlanJob::TakeUp, _) => vec![self.take_up().err().unwrap_or(PlanNews::IsKept)],
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

/// Reads the text of a saved plan. Blocks for the disk, and for nothing else.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
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
        let file = begin(&path, &line, done).map_err(|error| not_kept(&path, &error))?;
        // What was left, and put off, may have been opened from where it was saved: this process has it.
        lock(&self.left).take_if(|left| *left == path);
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
            let Some((file, is_elsewhere, text)) = read_left(&path) else {
                continue;
            };
            if is_elsewhere {
                continue;
            }
            match plans::read_kept(&text) {
                Ok((document, done)) => {
                    let sent = sent_since(&file, &document, journal);
                    *lock(&self.left) = Some(path);
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

impl Keeper {
    /// What earlier runs have left of a plan: the one that fits it best is what is left. Blocks for the disk.
    fn look(&self, document: &Document, journal: &JournalConfig) -> Vec<PlanNews> {
        let Some((directory, prefix)) = kept_in(journal) else {
            return Vec::new();
        };
        let mut best: Option<(Left, PathBuf, File, Document, Vec<KeptStep>)> = None;
        let own = lock(&self.file).as_ref().map(|(path, _)| path.clone());
        let entries = fs::read_dir(directory).ok().into_iter().flatten();
        for entry in entries.flatten() {
            let name = entry.file_name();
            if !name.to_str().is_some_and(|name| name.starts_with(&prefix)) {
                continue;
            }
            let path = entry.path();
            if own.as_ref() == Some(&path) {
                continue;
            }
            let Some((file, is_elsewhere, text)) = read_left(&path) else {
                continue;
            };
            let Ok((left, done)) = plans::read_kept(&text) else {
                continue;
            };
            let fits = document.judge_left(&left);
            if is_elsewhere && fits != Left::Other {
                return vec![PlanNews::Elsewhere];
            }
            let is_better = best.as_ref().is_none_or(|(known, ..)| fits > *known);
            if !is_elsewhere && is_better {
                best = Some((fits, path, file, left, done));
            }
        }
        let Some((_, path, file, left, done)) = best else {
            return Vec::new();
        };
        let sent = sent_since(&file, &left, journal);
        *lock(&self.left) = Some(path);
        vec![
            PlanNews::Kept(Box::new(left), done),
            PlanNews::WereSent(sent),
        ]
    }

    /// Goes on with the plan that an earlier run has left. Blocks for the disk.
    fn take_up(&self) -> Result<(), PlanNews> {
        let mut kept = lock(&self.file);
        *kept = None;
        let Some(path) = lock(&self.left).take() else {
            return Ok(());
        };
        let opened = open_locked(&path, false).and_then(|mut file| {
            repair(&mut file)?;
            Ok(file)
        });
        let file = opened.map_err(|error| match error.kind() {
            ErrorKind::NotFound => PlanNews::NotKept("another iamkeys has ended it".into()),
            _ => not_kept(&path, &error),
        })?;
        *kept = Some((path, file));
        Ok(())
    }

    /// Removes what an earlier run has left, unless another process carries it out. Blocks for the disk.
    fn forget_left(&self) -> Result<(), PlanNews> {
        let Some(path) = lock(&self.left).take() else {
            return Ok(());
        };
        match open_locked(&path, false) {
            Ok(_locked) => {
                let _ = fs::remove_file(path);
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Err(PlanNews::Elsewhere),
            Err(_) => Ok(()),
        }
    }
}

/// Why a plan is not kept in this file.
fn not_kept(path: &Path, error: &io::Error) -> PlanNews {
    match error.kind() {
        ErrorKind::WouldBlock => PlanNews::Elsewhere,
        _ => PlanNews::NotKept(format!("{}: {error}", path.display())),
    }
}

/// Reads the file of a plan that is kept, and whether another process carries it out; none where it cannot be
/// read. Blocks for the disk.
fn read_left(path: &Path) -> Option<(File, bool, String)> {
    let mut options = OpenOptions::new();
    let mut file = open_private(options.read(true).append(true), path).ok()?;
    let is_elsewhere = file.try_lock().is_err();
    // The lock is for a moment only: to look at what is left keeps no other process from going on with it.
    let _ = file.unlock();
    let mut text = String::new();
    (&mut file).take(TOO_LARGE).read_to_string(&mut text).ok()?;
    Some((file, is_elsewhere, text))
}

/// Opens the file of a plan and locks it. A lock on a file that was removed meanwhile keeps no other process
/// out: then what is at the path now is opened. Blocks for the disk.
fn open_locked(path: &Path, make: bool) -> io::Result<File> {
    let mut tries = 0;
    loop {
        let mut options = OpenOptions::new();
        let file = open_private(options.read(true).append(true).create(make), path)?;
        match file.try_lock() {
            Ok(()) if is_at(&file, path) => return Ok(file),
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(error),
            // Another process may only look at it.
            Err(TryLockError::WouldBlock) if tries < TRIES => {
                tries += 1;
                thread::sleep(PAUSE);
            }
            Err(TryLockError::WouldBlock) => return Err(ErrorKind::WouldBlock.into()),
        }
    }
}

/// Whether a file is the one at a path still.
fn is_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let of = |it: fs::Metadata| (it.dev(), it.ino());
        let there = fs::symlink_metadata(path).map(of).ok();
        there.is_some() && there == file.metadata().map(of).ok()
    }
    // Elsewhere no open file is removed.
    #[cfg(not(unix))]
    {
        let _ = (file, path);
        true
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
    let mut file = open_locked(path, true)?;
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
