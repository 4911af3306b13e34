//! What a row has in a column, to be sorted by. What is the oldest or out of use for the longest has
//! the greatest value.

use crate::engine::{
    account::{Account, Known, UserRow},
    model::{KeyStatus, LastUsed},
    query::sort::{Column, Value},
};
use chrono::{DateTime, Utc};

/// What a user has in a column.
pub(super) fn of_user<'a>(account: &'a Account, row: &'a UserRow, column: Column) -> Value<'a> {
    match column {
        Column::Account => Value::Name(account.label()),
        Column::Keys => row
            .key_count()
            .and_then(|count| i64::try_from(count).ok())
            .map_or(Value::None, Value::Number),
        Column::Age => age(row.foremost().and_then(Known::created)),
        Column::LastUsed => of_use(row.foremost().and_then(Known::last_used)),
        _ => Value::Name(&row.user.name),
    }
}

/// What a key has in a column.
pub(in crate::tui) fn of_key<'a>(
    account: &'a Account,
    row: &'a UserRow,
    key: Known<'a>,
    column: Column,
) -> Value<'a> {
    let (service, region) = match key.last_used() {
        Some(LastUsed::At {
            service, region, ..
        }) => (service.as_deref(), region.as_deref()),
        _ => (None, None),
    };
    match column {
        Column::Account => Value::Name(account.label()),
        Column::User | Column::Users | Column::Keys | Column::Old | Column::Unused => {
            Value::Name(&row.user.name)
        }
        Column::Id => text(key.id()),
        Column::Age => age(key.created()),
        Column::LastUsed => of_use(key.last_used()),
        Column::Service => text(service),
        Column::Region => text(region),
        Column::Status => Value::Number(match key.status() {
            KeyStatus::Active => 0,
            KeyStatus::Inactive => 1,
            KeyStatus::Other(_) => 2,
        }),
    }
}

fn of_use(last_used: Option<&LastUsed>) -> Value<'static> {
    match last_used {
        Some(LastUsed::Never) => Value::Number(i64::MAX),
        Some(LastUsed::At { time, .. }) => age(Some(*time)),
        None => Value::None,
    }
}

fn text(text: Option<&str>) -> Value<'_> {
    text.map_or(Value::None, Value::Text)
}

fn age(since: Option<DateTime<Utc>>) -> Value<'static> {
    since.map_or(Value::None, |since| Value::Number(-since.timestamp()))
}
