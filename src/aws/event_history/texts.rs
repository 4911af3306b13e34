//! Texts that many events share, kept once: a key has a handful of user agents and addresses, and
//! thousands of events.

use std::{collections::HashSet, sync::Arc};

/// The texts of the events that a connection has read.
#[derive(Debug, Default)]
pub(super) struct Texts {
    known: HashSet<Arc<str>>,
    /// With so many, those that no event has any more are dropped.
    full: usize,
}

/// So many are not looked through.
const FEW: usize = 1024;

impl Texts {
    /// A text, of which no more is kept than its first `most` bytes.
    pub(super) fn share(&mut self, text: &str, most: usize) -> Arc<str> {
        let text = &text[..text.floor_char_boundary(most)];
        if let Some(known) = self.known.get(text) {
            return known.clone();
        }
        let new: Arc<str> = text.into();
        self.known.insert(new.clone());
        new
    }

    /// Drops what no event has any more, once there is much.
    pub(super) fn forget_unused(&mut self) {
        if self.known.len() > self.full.max(FEW) {
            self.known.retain(|text| Arc::strong_count(text) > 1);
            self.full = self.known.len() * 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_is_kept_once_and_a_long_one_in_part() {
        let mut texts = Texts::default();
        let [a, b] = [1024, 1024].map(|most| texts.share("Boto3/1.26", most));
        assert!(Arc::ptr_eq(&a, &b));
        assert_eq!(&*texts.share("Boto3/1.26", 5), "Boto3");
        assert_eq!(&*texts.share("é", 1), "");
    }

    #[test]
    fn what_no_event_has_any_more_goes() {
        let mut texts = Texts::default();
        let kept = texts.share("kept", 10);
        for number in 0..FEW {
            texts.share(&number.to_string(), 10);
        }
        texts.forget_unused();
        assert_eq!(texts.known.len(), 1);
        assert!(Arc::ptr_eq(&kept, &texts.share("kept", 10)));
    }
}
