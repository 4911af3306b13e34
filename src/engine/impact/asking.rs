//! What is asked when a person opens a key, and what follows from the answers.

use crate::engine::{Engine, Read, Slot};

impl Engine {
    /// Asks for what is not known of a key and its user beyond the lists.
    pub(in crate::engine) fn open_impact(
        &mut self,
        slot: Slot,
        user: &str,
        _key: &str,
    ) -> Option<()> {
        let impacts = &self.fleet.get(slot)?.impacts;
        let known = impacts.user(user);
        let mut reads = Vec::new();
        if known.is_none_or(|known| known.permissions.is_idle()) {
            reads.push(Read::Permissions(user.into()));
        }
        if known.is_none_or(|known| known.credentials.is_idle()) {
            reads.push(Read::OtherCredentials(user.into()));
        }
        if known.is_none_or(|known| known.services.is_idle()) {
            reads.push(Read::ServicesUsed(user.into()));
        }
        if impacts.regions.is_idle() {
            reads.push(Read::Regions);
        }
        self.read_all(slot, reads);
        Some(())
    }
}
