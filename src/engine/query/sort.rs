//! The order of a list.

use std::cmp::{Ordering, Reverse};

/// A column that a list can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// The account.
    Account,
    /// The user's name.
    User,
    /// How many users an account has.
    Users,
    /// How many keys a user or an account has.
    Keys,
    /// The access key ID.
    Id,
    /// When a key was created; of a user, the one that most needs attention.
    Age,
    /// When that key was last used.
    LastUsed,
    /// The service it was last used with.
    Service,
    /// The region it was last used in.
    Region,
    /// Whether it is active.
    Status,
    /// How many keys of an account are old.
    Old,
    /// How many keys of an account are not used.
    Unused,
}

impl Column {
    /// Those of the list of users, as they stand from left to right.
    pub const OF_USERS: &'static [Self] = &[Self::User, Self::Keys, Self::Age, Self::LastUsed];

    /// Those of the list of keys.
    pub const OF_KEYS: &'static [Self] = &[
        Self::Id,
        Self::User,
        Self::Age,
        Self::LastUsed,
        Self::Service,
        Self::Region,
        Self::Status,
    ];

    /// Those of the list of users of several accounts.
    pub const OF_USERS_OF_ALL: &'static [Self] = &[
        Self::User,
        Self::Account,
        Self::Keys,
        Self::Age,
        Self::LastUsed,
    ];
    /// Those of the list of keys of several accounts.
    pub const OF_KEYS_OF_ALL: &'static [Self] = &[
        Self::Id,
        Self::User,
        Self::Account,
        Self::Age,
        Self::LastUsed,
        Self::Service,
        Self::Region,
        Self::Status,
    ];

    /// What it is called in a sentence.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::User => "name",
            Self::Users => "number of users",
            Self::Keys => "number of keys",
            Self::Old => "old keys",
            Self::Unused => "unused keys",
            Self::Id => "key ID",
            Self::Age => "age",
            Self::LastUsed => "last use",
            Self::Service => "service",
            Self::Region => "region",
            Self::Status => "status",
        }
    }

    /// Whether what one looks for by this column has the greatest value: the oldest key, the
    /// one out of use for the longest time, the user with the most keys.
    fn begins_with_the_most(self) -> bool {
        matches!(
            self,
            Self::Users | Self::Keys | Self::Age | Self::LastUsed | Self::Old | Self::Unused
        )
    }
}

/// A column, and which end of it comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// The column.
    pub column: Column,
    /// The greatest value first: the oldest, the longest unused, the last in the alphabet.
    pub descending: bool,
}

impl Sort {
    /// By this column, with what one looks for by it first.
    #[must_use]
    pub fn by(column: Column) -> Self {
        Self {
            column,
            descending: column.begins_with_the_most(),
        }
    }

    /// The same column from its other end.
    #[must_use]
    pub fn reversed(self) -> Self {
        Self {
            descending: !self.descending,
            ..self
        }
    }

    /// By the column after this one.
    #[must_use]
    pub fn next(self, columns: &[Column]) -> Self {
        let at = columns.iter().position(|column| *column == self.column);
        let next = at.map_or(0, |at| (at + 1) % columns.len());
        Self::by(columns.get(next).copied().unwrap_or(self.column))
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> String {
        let first = match (self.column, self.descending) {
            (Column::Age, true) => "oldest first",
            (Column::Age, false) => "youngest first",
            (Column::LastUsed, true) => "longest unused first",
            (Column::LastUsed, false) => "most recent first",
            (Column::Users | Column::Keys | Column::Old | Column::Unused, true) => "most first",
            (Column::Users | Column::Keys | Column::Old | Column::Unused, false) => "fewest first",
            (Column::Status, true) => "inactive first",
            (Column::Status, false) => "active first",
            (_, true) => "Z to A",
            (_, false) => "A to Z",
        };
        format!("Sorted by {}, {first}", self.column.name())
    }
}

/// A value of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A number.
    Number(i64),
    /// A text.
    Text(&'a str),
    /// A name, in which case makes no difference.
    Name(&'a str),
    /// Nothing is known, or there is nothing. It comes last from either end.
    None,
}

/// Puts rows in order. Rows of the same value keep the order of their places.
pub fn arrange<'a, P: Copy + Ord>(
    rows: &mut Vec<P>,
    descending: bool,
    value: impl Fn(P) -> Value<'a>,
) {
    let valued = rows.iter().map(|row| (value(*row), *row)).collect();
    rows.clear();
    rows.extend(in_order(valued, descending));
}

/// The same of rows that come with their values.
pub fn in_order<P: Copy + Ord>(
    valued: Vec<(Value<'_>, P)>,
    descending: bool,
) -> impl Iterator<Item = P> {
    let mut numbers: Vec<(i64, P)> = Vec::new();
    let mut others: Vec<(Value<'_>, P)> = Vec::new();
    for (value, row) in valued {
        match value {
            Value::Number(number) => numbers.push((number, row)),
            other => others.push((other, row)),
        }
    }
    // A column has values of one kind: beside numbers there is only what is not known, which comes last.
    if descending {
        numbers.sort_unstable_by_key(|(number, row)| (Reverse(*number), *row));
    } else {
        numbers.sort_unstable();
    }
    // What comes in order, account by account, is quickly merged.
    others.sort_by(|(a, a_at), (b, b_at)| compare(*a, *b, descending).then_with(|| a_at.cmp(b_at)));
    let numbers = numbers.into_iter().map(|(_, row)| row);
    numbers.chain(others.into_iter().map(|(_, row)| row))
}

fn compare(a: Value<'_>, b: Value<'_>, descending: bool) -> Ordering {
    let order = match (a, b) {
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Name(a), Value::Name(b)) => without_case(a).cmp(without_case(b)),
        // A column has values of one kind.
        _ => return (a == Value::None).cmp(&(b == Value::None)),
    };
    if descending { order.reverse() } else { order }
}

fn without_case(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().map(|byte| byte.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unknown_comes_last_from_either_end_and_equals_keep_their_order() {
        let values = [
            Value::Number(3),
            Value::None,
            Value::Number(1),
            Value::Number(3),
        ];
        let sorted = |descending| {
            let mut rows = vec![3, 2, 1, 0];
            arrange(&mut rows, descending, |row: usize| values[row]);
            rows
        };
        assert_eq!(sorted(false), [2, 0, 3, 1]);
        assert_eq!(sorted(true), [0, 3, 2, 1]);
    }

    #[test]
    fn each_column_is_reached_and_begins_with_what_is_looked_for() {
        let mut sort = Sort::by(Column::User);
        let mut seen = Vec::new();
        for _ in Column::OF_USERS {
            seen.push(sort.column);
            sort = sort.next(Column::OF_USERS);
        }
        assert_eq!(seen, Column::OF_USERS);
        assert_eq!(sort, Sort::by(Column::User));
        assert_eq!(Sort::by(Column::Age).words(), "Sorted by age, oldest first");
        let other = Sort::by(Column::LastUsed).reversed();
        assert_eq!(other.words(), "Sorted by last use, most recent first");
        assert_eq!(other.reversed(), Sort::by(Column::LastUsed));
    }
}
