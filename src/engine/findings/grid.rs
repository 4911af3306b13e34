//! How old keys are and how long nobody has used them, as a grid. Active keys only: there is nothing
//! to be done about the age of others.
//!
//! What only the credential report tells of stands where its age is at least, as it does in the lists:
//! the filter of a cell shows just the keys that it counts.

use crate::engine::{
    account::Known,
    model::{KeyStatus, LastUsed},
};
use chrono::{DateTime, TimeDelta, Utc};

/// The rows, by days since creation: the name of each, and the most days in it.
pub const AGES: [(&str, i64); 5] = [
    ("30d", 30),
    ("90d", 90),
    ("1y", 365),
    ("2y", 730),
    ("older", i64::MAX),
];

/// The columns, by days since the last use: the name of each, and below how many days it ends. Behind
/// them is what was never used.
pub const IDLE: [(&str, i64); 6] = [
    ("today", 1),
    ("week", 7),
    ("45d", 45),
    ("90d", 90),
    ("more", i64::MAX),
    ("never", 0),
];

/// The column of what was never used.
const NEVER: usize = IDLE.len() - 1;

/// How many keys there are in each cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grid {
    cells: [[u32; IDLE.len()]; AGES.len()],
    /// Active keys of which the age or the last use is not known.
    pub unknown: u32,
    /// Keys whose age is at least what is counted.
    pub least: u32,
}

/// Where a key stands in the grid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Place {
    /// Nowhere: it is not Active.
    #[default]
    Out,
    /// Not known.
    Unknown,
    /// In a cell.
    Cell {
        age: u8,
        idle: u8,
        /// Its age is at least that.
        is_least: bool,
    },
}

impl Grid {
    /// How many keys are in a cell.
    #[must_use]
    pub fn cell(&self, age: usize, idle: usize) -> usize {
        self.cells[age][idle] as usize
    }

    /// How many keys are of an age.
    #[must_use]
    pub fn of_age(&self, age: usize) -> usize {
        self.cells[age].iter().map(|count| *count as usize).sum()
    }

    /// How many keys are so idle.
    #[must_use]
    pub fn of_idle(&self, idle: usize) -> usize {
        self.cells.iter().map(|row| row[idle] as usize).sum()
    }

    /// How many keys are in all cells.
    #[must_use]
    pub fn all(&self) -> usize {
        (0..AGES.len()).map(|age| self.of_age(age)).sum()
    }

    /// How many keys are in the fullest cell.
    #[must_use]
    pub fn most(&self) -> usize {
        let most = self.cells.iter().flatten().max();
        most.map_or(0, |count| *count as usize)
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (row, more) in self.cells.iter_mut().zip(&other.cells) {
            for (count, more) in row.iter_mut().zip(more) {
                *count += more;
            }
        }
        self.unknown += other.unknown;
        self.least += other.least;
    }

    pub(super) fn put(&mut self, place: Place) {
        self.change(place, |count| *count += 1);
    }

    pub(super) fn take(&mut self, place: Place) {
        self.change(place, |count| *count -= 1);
    }

    fn change(&mut self, place: Place, change: impl Fn(&mut u32)) {
        match place {
            Place::Out => {}
            Place::Unknown => change(&mut self.unknown),
            Place::Cell {
                age,
                idle,
                is_least,
            } => {
                change(&mut self.cells[usize::from(age)][usize::from(idle)]);
                if is_least {
                    change(&mut self.least);
                }
            }
        }
    }
}

/// Where a key stands.
pub(super) fn place(key: Known<'_>, now: DateTime<Utc>) -> Place {
    if *key.status() != KeyStatus::Active {
        return Place::Out;
    }
    let days = |since: DateTime<Utc>| (now - since).max(TimeDelta::zero()).num_days();
    let (Some(created), Some(last_used)) = (key.created(), key.last_used()) else {
        return Place::Unknown;
    };
    let age = days(created);
    let age = AGES.iter().position(|(_, most)| age <= *most);
    let idle = match last_used {
        LastUsed::Never => Some(NEVER),
        LastUsed::At { time, .. } => {
            let idle = days(*time);
            IDLE.iter().position(|(_, end)| idle < *end)
        }
    };
    let small = |place: Option<usize>| place.and_then(|at| u8::try_from(at).ok());
    match (small(age), small(idle)) {
        (Some(age), Some(idle)) => Place::Cell {
            age,
            idle,
            is_least: key.live().is_none(),
        },
        _ => Place::Unknown,
    }
}

/// The filter that shows the keys of a cell.
#[must_use]
pub fn cell_filter(age: usize, idle: usize) -> String {
    let mut parts = vec!["status:active".to_owned()];
    if age > 0 {
        parts.push(format!("age>{}", AGES[age - 1].1));
    }
    if AGES[age].1 < i64::MAX {
        parts.push(format!("age<={}", AGES[age].1));
    }
    if idle == NEVER {
        parts.push("never".into());
    } else {
        if idle > 0 {
            parts.push(format!("used>={}", IDLE[idle - 1].1));
        }
        if IDLE[idle].1 < i64::MAX {
            parts.push(format!("used<{}", IDLE[idle].1));
        }
    }
    parts.join(" ")
}
