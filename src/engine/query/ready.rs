//! Filters that are often needed, ready to be chosen.

/// A filter with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// What it shows.
    pub name: &'static str,
    /// As it would be typed.
    pub text: &'static str,
}

/// All of them.
pub const READY: &[Ready] = &[
    ready("Old and still used", "age>90 used<30"),
    ready("Never used", "never age>7"),
    ready("Used this week", "used<7"),
    ready("Unused for 45 days", "unused>=45"),
    ready("Inactive", "status:inactive"),
    ready("Administrators", "admin"),
    ready("Under quarantine by AWS", "quarantined"),
    ready("No owner", "-owner:*"),
    ready("No description", "-description:*"),
];

const fn ready(name: &'static str, text: &'static str) -> Ready {
    Ready { name, text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::query::Query;

    #[test]
    fn each_is_understood_and_asks_something() {
        for ready in READY {
            let query = Query::parse(ready.text);
            assert_eq!(query.errors(), [""; 0], "{}", ready.name);
            assert!(!query.is_empty(), "{}", ready.name);
        }
    }
}
