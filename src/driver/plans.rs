//! Plans over many keys in files: saved and opened where a person says, and kept beside the journal
//! while they are carried out.
//!
//! The file of a plan under way is locked as long as this process lives: another one that is to carry
//! out the same plan is told so, and one that is started later does not take it for left over.

use super::{JournalConfig, lock, secrets::Places};
use crate::{
    engine::{
        DEMO, Event, PlanJob, SecretKey,
        bulk::{Document, KeptStep, PlanNews},
    },
    plans,
    secret::place::{self, Error},
};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _},
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
                    Ok(Some(news)) => drop(outbox.send(Event::Plan(news))),
                    Ok(None) => {}
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
    fn run(&self, job: Job, journal: &JournalConfig) -> Option<PlanNews> {
        let failed = |result: Result<(), String>| result.err().map(PlanNews::NotKept);
        match job {
            Job::Find => self.find(journal),
            Job::Do(PlanJob::Save(path, document), places) => {
                Some(PlanNews::Saved(save(&path, &document, &places)))
            }
            Job::Do(PlanJob::Open(path), places) => {
                Some(PlanNews::Opened(open(&path, &places).map(Box::new)))
            }
            Job::Do(PlanJob::Keep(document), _) => {
                let kept = self.keep(&document, journal);
                Some(kept.err().unwrap_or(PlanNews::IsKept))
            }
            Job::Do(PlanJob::Done(step), _) => failed(self.done(step)),
            Job::Do(PlanJob::Forget, _) => {
                forget(&self.file);
                None
            }
            Job::Do(PlanJob::ForgetLeft, _) => {
                forget(&self.left);
                None
            }
            Job::Do(PlanJob::TakeUp, _) => {
                let left = lock(&self.left).take();
                *lock(&self.file) = left;
                None
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
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no file"));
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
    fn keep(&self, document: &Document, journal: &JournalConfig) -> Result<(), PlanNews> {
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
        let before = kept.take();
        let file = begin(&path, &line).map_err(|error| match error.kind() {
            ErrorKind::WouldBlock => PlanNews::Elsewhere,
            _ => PlanNews::NotKept(format!("{}: {error}", path.display())),
        })?;
        *kept = Some((path, file));
        if let Some((path, _)) = before {
            let _ = fs::remove_file(path);
        }
        Ok(())
    }

    /// Notes that a key is done. Blocks for the disk.
    fn done(&self, step: KeptStep) -> Result<(), String> {
        match &mut *lock(&self.file) {
            Some((_, file)) => {
                let line = plans::step_line(step);
                file.write_all(line.as_bytes())
                    .and_then(|()| file.sync_data())
                    .map_err(|error| error.to_string())
            }
            None => Ok(()),
        }
    }

    /// The plan that an earlier run has left, which is this run's from now on. Blocks for the disk.
    fn find(&self, journal: &JournalConfig) -> Option<PlanNews> {
        let (directory, prefix) = kept_in(journal)?;
        let entries = fs::read_dir(directory).ok()?;
        for entry in entries.flatten() {
            let name = entry.file_name();
            if !name.to_str().is_some_and(|name| name.starts_with(&prefix)) {
                continue;
            }
            let path = entry.path();
            let Ok(mut file) = OpenOptions::new().read(true).append(true).open(&path) else {
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
                    *lock(&self.left) = Some((path, file));
                    return Some(PlanNews::Kept(Box::new(document), done));
                }
                Err(why) => {
                    tracing::error!(path = %path.display(), why, "no plan that was kept");
                }
            }
        }
        None
    }
}

/// Removes the file of a plan that is not needed any more.
fn forget(kept: &Mutex<Option<(PathBuf, File)>>) {
    if let Some((path, _)) = lock(kept).take() {
        let _ = fs::remove_file(path);
    }
}

/// Makes the file of a plan, or goes on with it where an earlier run has left it.
fn begin(path: &Path, line: &str) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => io::Error::new(
            ErrorKind::WouldBlock,
            "another iamkeys carries this plan out",
        ),
        TryLockError::Error(error) => error,
    })?;
    if file.seek(SeekFrom::End(0))? == 0 {
        file.write_all(line.as_bytes())?;
        file.sync_data()?;
    }
    Ok(file)
}
