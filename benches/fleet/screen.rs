//! What the screen says of many accounts, for those who wait for it. Whatever changes in the words or
//! the places of things on screen is changed here.

pub(crate) use crate::look::SIZE;

use crate::{
    look::{busy, counted, listed, status},
    table::count,
};
use vt100::Screen;

/// How the IDs of the keys begin that the endpoint makes up.
const KEY: &str = "AKIA";

/// A user of the account that lists the others is there, with their keys as the service itself names
/// them.
pub(crate) fn first_keys(screen: &Screen) -> bool {
    screen.contents().contains(KEY)
}

/// All accounts are there, and every user of them, and of each the number of keys: from the
/// credential report or from the service itself.
pub(crate) fn loaded(screen: &Screen, accounts: usize, users: usize, keys: usize) -> bool {
    let status = status(screen);
    let all = format!("Accounts {} ", count(accounts));
    status.contains(&all)
        && listed(screen, users)
        && counted(screen, keys)
        && !status.contains("accounts")
        && !status.contains("not reachable")
}

/// The same, and nothing is under way any more: each key was asked for.
pub(crate) fn live(screen: &Screen, accounts: usize, users: usize, keys: usize) -> bool {
    loaded(screen, accounts, users, keys) && !busy(screen)
}

/// The user and the account of the selected row.
pub(crate) fn selected(screen: &Screen) -> Option<String> {
    // The list, and not the cards beside it: the first of these is marked as well.
    let (width, _) = SIZE;
    let rows: Vec<String> = screen.rows(0, width / 2).collect();
    let row = rows.iter().find_map(|row| row.split_once('▌'))?.1;
    let mut words = row.split_whitespace();
    Some(format!("{} {}", words.next()?, words.next()?))
}
