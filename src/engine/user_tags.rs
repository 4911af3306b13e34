//! What the tags of a user say: what each key is for, whose the user is, and all others, packed into
//! one text that users with the same tags share. 100,000 users keep them.

use super::{findings, model::is_key_id};
use std::sync::Arc;

/// The names of tags that say whose a user is, whatever their case. Where a user has several, the one
/// that stands first here counts.
pub const OWNER_TAGS: &[&str] = &[
    "owner",
    "owners",
    "team",
    "contact",
    "email",
    "maintainer",
    "responsible",
];

/// What the tags of one user say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserTags {
    /// Key IDs and texts, as the AWS console keeps them. Keys that are gone may have left theirs
    /// behind. Exemptions are kept beside them, by the names of their tags: however many other tags
    /// there are, these are needed.
    descriptions: Box<[(Box<str>, Box<str>)]>,
    /// Owners are few: a page of users shares them.
    owner: Option<Arc<str>>,
    /// All tags but the descriptions: names and values, each ended by a character that neither can
    /// have.
    others: Option<Arc<str>>,
    /// There are more of them than are kept.
    has_more: bool,
}

/// Ends a name or a value.
const END: char = '\0';

/// More than this of one user is not kept, in bytes: 50 tags may have 20,000.
const MOST_KEPT: usize = 4_000;

impl UserTags {
    /// What these tags say: their names and values. `share` makes the texts that many users have in
    /// common.
    pub fn read(
        tags: impl IntoIterator<Item = (String, String)>,
        mut share: impl FnMut(String) -> Arc<str>,
    ) -> Self {
        let mut descriptions = Vec::new();
        let mut others = String::new();
        let mut owner: Option<(usize, String)> = None;
        for (name, value) in tags {
            if is_key_id(&name) {
                descriptions.push((name.into(), value.into()));
                continue;
            }
            if findings::exempted_by(&name).is_some() {
                descriptions.push((name.as_str().into(), value.as_str().into()));
            }
            if others.len() <= MOST_KEPT {
                for text in [&name, &value] {
                    others.extend(text.chars().filter(|c| *c != END).chain([END]));
                }
            }
            let rank = OWNER_TAGS
                .iter()
                .position(|tag| tag.eq_ignore_ascii_case(&name));
            // An empty one names no one.
            if let Some(rank) = rank.filter(|_| !value.trim().is_empty())
                && owner.as_ref().is_none_or(|(best, _)| rank < *best)
            {
                owner = Some((rank, value));
            }
        }
        Self {
            descriptions: descriptions.into(),
            owner: owner.map(|(_, owner)| share(owner)),
            has_more: others.len() > MOST_KEPT,
            others: (1..=MOST_KEPT)
                .contains(&others.len())
                .then(|| share(others)),
        }
    }

    /// All tags but those that describe keys, by name, in the order of AWS; none where there are more
    /// of them than are kept.
    #[must_use]
    pub fn others(&self) -> Option<impl Iterator<Item = (&str, &str)>> {
        let others = self.others.as_deref().unwrap_or_default();
        let mut texts = others.split_terminator(END);
        (!self.has_more).then(|| std::iter::from_fn(move || texts.next().zip(texts.next())))
    }

    /// What a key is for, where it has a description.
    #[must_use]
    pub fn description(&self, key: &str) -> Option<&str> {
        let (_, text) = self.descriptions.iter().find(|(of, _)| **of == *key)?;
        Some(text)
    }

    /// All descriptions, by key ID.
    pub fn descriptions(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.descriptions.iter();
        let all = all.filter(|(of, _)| findings::exempted_by(of).is_none());
        all.map(|(of, text)| (&**of, &**text))
    }

    /// All exemptions, by key ID, or none for all keys of the user, with what they say.
    pub fn exemptions(&self) -> impl Iterator<Item = (Option<&str>, &str)> {
        let all = self.descriptions.iter();
        all.filter_map(|(of, text)| Some((findings::exempted_by(of)?, &**text)))
    }

    /// What the exemption of a key, or of all keys of the user, says, whatever the case of its tag.
    #[must_use]
    pub fn exemption(&self, key: Option<&str>) -> Option<&str> {
        let mut all = self.exemptions();
        let is_it = |of: Option<&str>| match (of, key) {
            (Some(of), Some(key)) => of.eq_ignore_ascii_case(key),
            (of, key) => of == key,
        };
        let (_, text) = all.find(|(of, _)| is_it(*of))?;
        Some(text)
    }

    /// Changes an exemption of a key, or of all keys of the user.
    pub fn exempt(&mut self, key: Option<&str>, text: Option<&str>) {
        let tag = findings::exemption_tag(key);
        self.describe(&tag, text);
        if self.has_more {
            return;
        }
        let others = self.others.take();
        let others = others.as_deref().unwrap_or_default();
        let mut parts = others.split_terminator(END);
        let pairs = std::iter::from_fn(|| parts.next().zip(parts.next()));
        let kept = pairs.filter(|(name, _)| !name.eq_ignore_ascii_case(&tag));
        let all = kept.chain(text.map(|text| (tag.as_str(), text)));
        let all: String = all
            .flat_map(|(name, value)| [name, "\0", value, "\0"])
            .collect();
        self.others = (!all.is_empty()).then(|| all.into());
    }

    /// Whose the user is, where a tag says so.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        self.owner.as_deref()
    }

    /// Changes what a key is for.
    pub fn describe(&mut self, key: &str, text: Option<&str>) {
        let mut descriptions = std::mem::take(&mut self.descriptions).into_vec();
        // AWS takes names of tags that differ by case for the same.
        descriptions.retain(|(of, _)| !of.eq_ignore_ascii_case(key));
        descriptions.extend(text.map(|text| (key.into(), text.into())));
        self.descriptions = descriptions.into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AKIADEPLOY01EXAMPLE1";

    fn tags(tags: &[(&str, &str)]) -> UserTags {
        let tags = tags.iter();
        let tags = tags.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        UserTags::read(tags, Arc::from)
    }

    #[test]
    fn the_owner_is_in_the_most_telling_of_the_tags_that_name_one() {
        for (given, owner) in [
            (&[][..], None),
            (&[("cost-center", "7")], None),
            (&[("Owner", "platform")], Some("platform")),
            (&[("team", "web"), ("OWNER", "ops")], Some("ops")),
            (&[("owner", "ops"), ("team", "web")], Some("ops")),
            (&[("Email", "a@example.com")], Some("a@example.com")),
            (&[("owner", " "), ("contact", "bob")], Some("bob")),
            (&[("owner", "")], None),
            (&[("Owner:old", "ops"), ("co-owner", "web")], None),
            (&[(KEY, "owner")], None),
        ] {
            assert_eq!(tags(given).owner(), owner, "{given:?}");
        }
    }

    #[test]
    fn all_others_are_kept_as_they_are_unless_they_are_too_many() {
        let given = [
            ("Owner", "ops"),
            (KEY, "backup"),
            ("stage", ""),
            ("team", "a b"),
        ];
        let read = tags(&given);
        let kept: Vec<_> = read.others().expect("few").collect();
        assert_eq!(kept, [("Owner", "ops"), ("stage", ""), ("team", "a b")]);
        assert_eq!(tags(&[]).others().expect("none").count(), 0);
        let long = "x".repeat(250);
        let many: Vec<_> = (0..20).map(|_| ("Owner", &*long)).collect();
        assert!(tags(&many).others().is_none(), "not known");
        assert_eq!(tags(&many).owner(), Some(&*long));
    }

    /// AWS takes names of tags that differ by case for the same.
    #[test]
    fn an_exemption_is_the_same_however_its_tag_is_written() {
        let lower = KEY.to_ascii_lowercase();
        let tag = format!("IAMKeys:Exempt:{lower}");
        let mut tags = tags(&[(&tag, "2027-01-31 x"), ("IAMKEYS:EXEMPT", "2027-02-01 y")]);
        assert_eq!(tags.exemption(Some(KEY)), Some("2027-01-31 x"));
        assert_eq!(tags.exemption(None), Some("2027-02-01 y"));
        tags.exempt(Some(KEY), Some("2027-03-01 z"));
        assert_eq!(
            tags.exemptions().count(),
            2,
            "it takes the place of the other"
        );
        assert_eq!(tags.exemption(Some(KEY)), Some("2027-03-01 z"));
        tags.exempt(Some(&lower), None);
        tags.exempt(None, None);
        assert_eq!(tags.exemptions().count(), 0);
        assert_eq!(tags.others().expect("few").count(), 0);
    }

    #[test]
    fn each_tag_called_like_a_key_describes_it() {
        let mut tags = tags(&[("Owner", "ops"), (KEY, "backup"), ("AKIASHORT", "x")]);
        assert!(tags.descriptions().eq([(KEY, "backup")]));
        tags.describe(KEY, Some("nightly backup"));
        assert_eq!(tags.description(KEY), Some("nightly backup"));
        tags.describe(KEY, None);
        assert_eq!(tags.description(KEY), None);
        assert_eq!(tags.owner(), Some("ops"), "it stays");
    }
}
