//! Gathers the rows of a list from all that is loaded. Of many users it takes all cores: somebody has
//! typed a letter, and waits.

use crate::engine::{
    account::{Account, UserRow},
    fleet::{Rows, UserPlace},
};
use std::{panic::resume_unwind, sync::OnceLock, thread};

/// Fewer users than this are gone through sooner than a thread is started.
const FEW: usize = 4_000;

/// More threads than this have nothing left to do.
const MOST_THREADS: usize = 8;

/// Users of an account that stand together.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) account: &'a Account,
    /// The place of the first.
    first: u32,
    users: &'a [UserRow],
}

/// Rows of something that stand together, behind the place of the first.
type Run<'a, A, T> = (A, u32, &'a [T]);

impl<'a> Part<'a> {
    /// The users, each with where it stands.
    pub(super) fn users(self) -> impl Iterator<Item = (UserPlace, &'a UserRow)> {
        let slot = self.account.session.slot;
        let rows = (self.first..).zip(self.users);
        rows.map(move |(row, user)| (UserPlace { slot, row }, user))
    }
}

/// What `take` takes of all users, in their order.
pub(super) fn gather<'a, T: Send>(
    rows: Rows<'a>,
    take: impl Fn(Part<'a>, &mut Vec<T>) + Sync,
) -> Vec<T> {
    let size = rows.count_users().div_ceil(threads()).max(FEW);
    let accounts = rows.accounts();
    let shares = shares(accounts.map(|it| (it, it.users.rows())), size);
    let taken = |share: &[Run<'a, &'a Account, UserRow>]| {
        let mut taken = Vec::new();
        for &(account, first, users) in share {
            let part = Part {
                account,
                first,
                users,
            };
            take(part, &mut taken);
        }
        taken
    };
    let Some((first, others)) = shares.split_first() else {
        return Vec::new();
    };
    thread::scope(|scope| {
        let others = others.iter().map(|share| scope.spawn(|| taken(share)));
        let others: Vec<_> = others.collect();
        let mut all = taken(first);
        for other in others {
            match other.join() {
                Ok(more) => all.extend(more),
                Err(panic) => resume_unwind(panic),
            }
        }
        all
    })
}

/// How many threads there is room for.
fn threads() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    let cores = CORES.get_or_init(|| thread::available_parallelism().map_or(1, Into::into));
    (*cores).min(MOST_THREADS)
}

/// All in their order, in shares of this size, of which the last may be smaller.
fn shares<'a, A: Copy, T>(
    all: impl Iterator<Item = (A, &'a [T])>,
    size: usize,
) -> Vec<Vec<Run<'a, A, T>>> {
    let mut shares = Vec::new();
    let mut share = Vec::new();
    let mut room = size;
    for (of, mut rest) in all {
        let mut first = 0;
        while !rest.is_empty() {
            let (run, more) = rest.split_at(room.min(rest.len()));
            share.push((of, first, run));
            first += u32::try_from(run.len()).unwrap_or(u32::MAX);
            room -= run.len();
            rest = more;
            if room == 0 {
                shares.push(std::mem::take(&mut share));
                room = size;
            }
        }
    }
    shares.extend((!share.is_empty()).then_some(share));
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_is_in_one_share_in_its_place_and_all_but_the_last_are_full(
            sizes in prop::collection::vec(0u32..12, 0..6),
            size in 1usize..9,
        ) {
            let all: Vec<Vec<u32>> = sizes.iter().map(|size| (0..*size).collect()).collect();
            let accounts = (0usize..).zip(all.iter().map(Vec::as_slice));
            let shares = shares(accounts, size);
            let runs = shares.iter().flatten();
            let placed = runs.flat_map(|(of, first, run)| (*first..).zip(*run).map(move |it| (*of, it)));
            let wanted = all.iter().enumerate();
            let wanted = wanted.flat_map(|(of, all)| all.iter().map(move |at| (of, (*at, at))));
            prop_assert!(placed.eq(wanted));
            let counts = shares.iter().map(|share| share.iter().map(|(_, _, run)| run.len()).sum());
            let counts: Vec<usize> = counts.collect();
            if let Some((last, others)) = counts.split_last() {
                prop_assert!(others.iter().all(|count| *count == size));
                prop_assert!((1..=size).contains(last));
            }
        }
    }
}
