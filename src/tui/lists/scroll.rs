//! A long list of which a part is on screen, with one row selected.

use std::ops::Range;

/// Where one is in a list of so many rows, for who draws it.
#[derive(Clone, Copy, Debug)]
pub(in crate::tui) struct Position {
    /// The selected row.
    pub cursor: usize,
    /// The first row on screen.
    pub offset: usize,
    /// How many rows the screen has room for.
    pub height: usize,
    /// How many there are.
    pub count: usize,
}

/// Where one is in a list: the selected row, and the rows on screen, the selected one among them.
#[derive(Clone, Debug, Default)]
pub(in crate::tui) struct Scroll {
    cursor: usize,
    offset: usize,
    height: usize,
}

impl Scroll {
    /// The selected row.
    #[must_use]
    pub(in crate::tui) fn cursor(&self) -> usize {
        self.cursor
    }

    /// The first row on screen.
    #[must_use]
    pub(in crate::tui) fn offset(&self) -> usize {
        self.offset
    }

    /// How many rows the screen has room for.
    #[must_use]
    pub(in crate::tui) fn height(&self) -> usize {
        self.height
    }

    /// Where one is in a list of `count`.
    #[must_use]
    pub(in crate::tui) fn position(&self, count: usize) -> Position {
        Position {
            cursor: self.cursor,
            offset: self.offset,
            height: self.height,
            count,
        }
    }

    /// The rows on screen of a list of `count`.
    #[must_use]
    pub(in crate::tui) fn rows(&self, count: usize) -> Range<usize> {
        let end = (self.offset + self.height).min(count);
        self.offset.min(end)..end
    }

    /// Selects a row of a list of `count`, or the last if there are fewer.
    pub(in crate::tui) fn select(&mut self, row: usize, count: usize) {
        self.cursor = row.min(count.saturating_sub(1));
        self.follow(count);
    }

    /// Notes how many rows the screen has room for.
    pub(in crate::tui) fn set_height(&mut self, height: usize, count: usize) {
        self.height = height;
        self.follow(count);
    }

    /// The selected row of a list of `count` stands elsewhere now: it stays where it is on screen,
    /// as far as the list allows.
    pub(in crate::tui) fn carry(&mut self, row: usize, count: usize) {
        let above = self.cursor - self.offset.min(self.cursor);
        self.cursor = row.min(count.saturating_sub(1));
        self.offset = self.cursor.saturating_sub(above);
        self.follow(count);
    }

    /// Stays on the same row where one has come above it.
    pub(in crate::tui) fn shift(&mut self) {
        self.cursor += 1;
        self.offset += 1;
    }

    /// Scrolls just so far that the selected row is on screen, and the screen is full.
    fn follow(&mut self, count: usize) {
        let height = self.height.max(1);
        self.offset = self
            .offset
            .min(self.cursor)
            .max((self.cursor + 1).saturating_sub(height))
            .min(count.saturating_sub(height));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selected_row_is_on_screen_and_the_screen_is_full() {
        let mut scroll = Scroll::default();
        scroll.set_height(10, 100);
        scroll.select(50, 100);
        assert_eq!(scroll.rows(100), 41..51);
        scroll.select(45, 100);
        assert_eq!(scroll.rows(100), 41..51, "no further than it has to");
        scroll.select(1_000, 100);
        assert_eq!((scroll.cursor(), scroll.rows(100)), (99, 90..100));
        scroll.select(99, 5);
        assert_eq!((scroll.cursor(), scroll.rows(5)), (4, 0..5));
        scroll.select(3, 100);
        scroll.carry(43, 100);
        assert_eq!((scroll.cursor(), scroll.rows(100)), (43, 40..50));
        scroll.carry(1, 100);
        assert_eq!((scroll.cursor(), scroll.rows(100)), (1, 0..10));
        scroll.carry(2, 100);
        assert_eq!(
            (scroll.cursor(), scroll.rows(100)),
            (2, 1..11),
            "a row has come above"
        );
        scroll.select(0, 0);
        assert_eq!((scroll.cursor(), scroll.rows(0)), (0, 0..0));
    }
}
