//! A list that is filtered and sorted, with one row selected that it stays on whatever happens
//! around it.

use super::scroll::{Position, Scroll};
use crate::engine::query::sort::Sort;
use std::ops::Range;

/// Which rows are shown, in which order, and which of them are on screen. `P` tells where a row is
/// among all that is loaded.
#[derive(Debug)]
pub struct List<P> {
    shown: Vec<P>,
    scroll: Scroll,
    sort: Sort,
    /// What has come since may have its place elsewhere, or not in it at all.
    pub(super) stale: bool,
}

impl<P: Copy + PartialEq> List<P> {
    pub(super) fn new(sort: Sort) -> Self {
        Self {
            shown: Vec::new(),
            scroll: Scroll::default(),
            sort,
            stale: false,
        }
    }

    /// In which order it stands.
    #[must_use]
    pub fn sort(&self) -> Sort {
        self.sort
    }

    pub(super) fn set_sort(&mut self, sort: Sort) {
        self.sort = sort;
    }

    /// The rows that pass the filter.
    #[must_use]
    pub fn shown(&self) -> &[P] {
        &self.shown
    }

    /// Where the selected row stands.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.scroll.cursor()
    }

    /// The first row on screen.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.scroll.offset()
    }

    /// How many rows the screen has room for.
    #[must_use]
    pub fn height(&self) -> usize {
        self.scroll.height()
    }

    /// Where one is in the list.
    #[must_use]
    pub(in crate::tui) fn position(&self) -> Position {
        self.scroll.position(self.shown.len())
    }

    pub(super) fn set_height(&mut self, height: usize) {
        self.scroll.set_height(height, self.shown.len());
    }

    /// The rows on screen.
    #[must_use]
    pub fn on_screen(&self) -> Range<usize> {
        self.scroll.rows(self.shown.len())
    }

    /// The rows on screen, and so many screens of rows below and above.
    pub(super) fn around(&self, screens: usize) -> impl Iterator<Item = P> {
        let more = screens * self.scroll.height();
        let on_screen = self.on_screen();
        let below = on_screen.end..(on_screen.end + more).min(self.shown.len());
        let above = on_screen.start.saturating_sub(more)..on_screen.start;
        on_screen.chain(below).chain(above).map(|at| self.shown[at])
    }

    /// The selected row, if any is shown.
    #[must_use]
    pub fn selected(&self) -> Option<P> {
        self.shown.get(self.scroll.cursor()).copied()
    }

    /// Selects a row by where it stands, or the last if there are fewer.
    pub(super) fn select(&mut self, at: usize) {
        self.scroll.select(at, self.shown.len());
    }

    /// Shows other rows, or the same in another order. The selected row stays selected, and, unless
    /// a person has asked for other rows, where it is on screen; where it is gone, the one is that
    /// `fill` names, or what stands there.
    pub(super) fn show(
        &mut self,
        asked_for: bool,
        selected: impl FnMut(&P) -> bool,
        fill: impl FnOnce(&mut Vec<P>, Sort) -> Option<usize>,
    ) {
        let otherwise = fill(&mut self.shown, self.sort);
        self.stale = false;
        let count = self.shown.len();
        match (self.shown.iter().position(selected), otherwise) {
            (Some(at), _) if asked_for => self.scroll.select(at, count),
            (Some(at), _) => self.scroll.carry(at, count),
            (None, Some(other)) => self.scroll.select(other, count),
            (None, None) => self.scroll.select(self.scroll.cursor(), count),
        }
    }
}
