//! Which users the background has still to ask about: each is looked at once, and again when there
//! is more to ask of them.

use std::collections::VecDeque;

/// What comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Order {
    /// The keys of everybody: what there is comes before when it was used.
    KeysFirst,
    /// All of one user, before the next: whoever waits for that can go on with it.
    OneByOne,
}

/// Where the background is among the rows of users. Where rows change their places it has to begin
/// again; passing over those that are loaded costs next to nothing.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    /// The first row that was not looked at.
    next: usize,
    /// Rows of which there is more to ask: their keys have come, or a question was taken back.
    again: VecDeque<u32>,
}

impl Sweep {
    /// There may be more to ask of this row.
    pub(super) fn look_again(&mut self, row: usize) {
        if row < self.next
            && let Ok(row) = u32::try_from(row)
        {
            self.again.push_back(row);
        }
    }

    /// The first row of which there is something to ask, `has_more` says of which there is.
    pub(super) fn first(
        &mut self,
        rows: usize,
        order: Order,
        mut has_more: impl FnMut(usize) -> bool,
    ) -> Option<usize> {
        match order {
            Order::KeysFirst => self
                .first_new(rows, &mut has_more)
                .or_else(|| self.first_again(rows, &mut has_more)),
            Order::OneByOne => self
                .first_again(rows, &mut has_more)
                .or_else(|| self.first_new(rows, &mut has_more)),
        }
    }

    /// The first of those that were not looked at.
    fn first_new(
        &mut self,
        rows: usize,
        has_more: &mut impl FnMut(usize) -> bool,
    ) -> Option<usize> {
        while self.next < rows {
            if has_more(self.next) {
                return Some(self.next);
            }
            self.next += 1;
        }
        None
    }

    /// The first of those to be looked at again.
    fn first_again(
        &mut self,
        rows: usize,
        has_more: &mut impl FnMut(usize) -> bool,
    ) -> Option<usize> {
        while let Some(row) = self.again.front() {
            let row = *row as usize;
            if row < rows && has_more(row) {
                return Some(row);
            }
            self.again.pop_front();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: Order = Order::KeysFirst;

    #[test]
    fn one_by_one_a_user_is_whole_before_another_begins() {
        let mut sweep = Sweep::default();
        let mut left = [1, 1, 1];
        let mut order = Vec::new();
        while let Some(row) = sweep.first(left.len(), Order::OneByOne, |row| left[row] > 0) {
            left[row] -= 1;
            order.push(row);
            if order == [0, 1] {
                // The keys of both have come, and the first has two.
                left[0] = 2;
                left[1] = 1;
                sweep.look_again(0);
                sweep.look_again(1);
            }
        }
        assert_eq!(order, [0, 1, 0, 0, 1, 2]);
    }

    #[test]
    fn everybody_is_looked_at_before_anybody_is_again() {
        let mut sweep = Sweep::default();
        let mut left = [1, 1, 0, 1];
        let mut order = Vec::new();
        while let Some(row) = sweep.first(left.len(), KEYS, |row| left[row] > 0) {
            left[row] -= 1;
            order.push(row);
            if row == 0 && order.len() == 1 {
                // Its keys have come, and there are two of them.
                left[0] = 2;
                sweep.look_again(0);
            }
        }
        assert_eq!(order, [0, 0, 0, 1, 3], "it was not passed yet");
        left[1] = 1;
        sweep.look_again(1);
        assert_eq!(sweep.first(left.len(), KEYS, |row| left[row] > 0), Some(1));
        left[1] = 0;
        assert_eq!(sweep.first(left.len(), KEYS, |row| left[row] > 0), None);
    }
}
