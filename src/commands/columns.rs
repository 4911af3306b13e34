//! The names of the columns and fields that commands print: a stable contract. A column may be added;
//! none is renamed, and none says something else.

/// Of `iamkeys list` and `iamkeys find`.
pub const KEYS: [&str; 18] = [
    "account",
    "account_name",
    "user",
    "key_id",
    "status",
    "created",
    "age_days",
    "age_is_minimum",
    "last_used",
    "never_used",
    "service",
    "region",
    "owner",
    "findings",
    "findings_unknown",
    "exempt",
    "path",
    "description",
];

/// Of `iamkeys users`.
pub const USERS: [&str; 14] = [
    "account",
    "account_name",
    "user",
    "path",
    "created",
    "keys",
    "active_keys",
    "age_days",
    "age_is_minimum",
    "last_used",
    "never_used",
    "owner",
    "admin",
    "quarantined",
];

/// Of `iamkeys accounts`.
pub const ACCOUNTS: [&str; 12] = [
    "account",
    "account_name",
    "profile",
    "role",
    "open",
    "problem",
    "users",
    "keys",
    "active_keys",
    "old_keys",
    "unused_keys",
    "root_has_keys",
];

/// Of `iamkeys check`.
pub const FINDINGS: [&str; 17] = [
    "account",
    "account_name",
    "user",
    "key_id",
    "rule",
    "title",
    "severity",
    "exempt",
    "status",
    "created",
    "age_days",
    "age_is_minimum",
    "last_used",
    "never_used",
    "why",
    "remedy",
    "standards",
];

/// Of the keys of a plan: `iamkeys plan show`.
pub const PLAN: [&str; 14] = [
    "account",
    "account_name",
    "user",
    "key_id",
    "step",
    "included",
    "why",
    "status",
    "created",
    "last_used",
    "never_used",
    "held_back",
    "exempt",
    "difference",
];

/// Of commands that change keys: `iamkeys deactivate` and others.
pub const CHANGES: [&str; 9] = [
    "account",
    "account_name",
    "user",
    "key_id",
    "action",
    "outcome",
    "status",
    "reason",
    "request_id",
];

/// Of `iamkeys journal`.
pub const JOURNAL: [&str; 13] = [
    "time",
    "account",
    "caller",
    "endpoint",
    "action",
    "user",
    "key_id",
    "outcome",
    "open",
    "code",
    "error",
    "request_id",
    "took_ms",
];

/// Of `iamkeys create`.
pub const NEW_KEYS: [&str; 9] = [
    "account",
    "account_name",
    "user",
    "key_id",
    "created",
    "stored_in",
    "outcome",
    "reason",
    "request_id",
];

/// Of `iamkeys rotate`.
pub const ROTATIONS: [&str; 10] = [
    "account",
    "account_name",
    "user",
    "old_key_id",
    "new_key_id",
    "step",
    "waits_for",
    "stored_in",
    "outcome",
    "reason",
];
