//! A file of accounts (`--accounts`): CSV or TOML, with the ID, the name, the role and the profile of
//! each.

use crate::engine::{Wanted, is_role_name, key_id};
use serde::Deserialize;
use std::{fs, path::Path};

/// How many digits an account ID has.
const ID_LENGTH: usize = 12;

/// The most accounts that a file may name: no organisation has more, and each takes its room.
const MOST: usize = 10_000;

/// A row of the file, or a table.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    #[serde(alias = "account_id", alias = "account")]
    id: Option<String>,
    name: Option<String>,
    role: Option<String>,
    profile: Option<String>,
}

impl Row {
    fn holds_a_secret(&self) -> bool {
        let texts = [&self.id, &self.name, &self.role, &self.profile];
        let mut texts = texts.into_iter().flatten();
        texts.any(|text| key_id::looks_like_a_secret(text))
    }
}

/// A file in TOML.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tables {
    account: Vec<toml::Spanned<Row>>,
}

/// The columns of a file in CSV that does not name them.
const COLUMNS: [&str; 4] = ["id", "name", "role", "profile"];

/// Reads the accounts of a file: TOML where its name ends so, and CSV otherwise.
///
/// # Errors
/// Why it cannot be read, with the line.
pub fn accounts_of(path: &Path) -> Result<Vec<Wanted>, String> {
    let at = |why: String| format!("{}: {}", path.display(), key_id::redacted(&why));
    let text = fs::read_to_string(path).map_err(|error| at(error.to_string()))?;
    let is_toml = path
        .extension()
        .is_some_and(|it| it.eq_ignore_ascii_case("toml"));
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let accounts = if is_toml { of_toml(text) } else { of_csv(text) };
    match accounts {
        Ok(accounts) if accounts.is_empty() => Err(at("there is no account in it".into())),
        Ok(accounts) if accounts.len() > MOST => {
            Err(at(format!("there are more than {MOST} accounts in it")))
        }
        accounts => accounts.map_err(at),
    }
}

fn of_toml(text: &str) -> Result<Vec<Wanted>, String> {
    let tables: Tables = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        format!("line {line}: {}", error.message())
    })?;
    let accounts = tables.account.into_iter().map(|table| {
        let line = line_of(text, table.span().start);
        wanted(table.into_inner()).map_err(|why| format!("line {line}: {why}"))
    });
    accounts.collect()
}

fn line_of(text: &str, place: usize) -> usize {
    1 + text[..place.min(text.len())].matches('\n').count()
}

fn of_csv(text: &str) -> Result<Vec<Wanted>, String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let mut columns: Vec<String> = COLUMNS.map(str::to_owned).to_vec();
    let mut accounts = Vec::new();
    for (at, record) in reader.records().enumerate() {
        let record = record.map_err(|error| error.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        // An ID has digits, and the name of a column has none.
        if at == 0
            && !record
                .iter()
                .any(|it| it.starts_with(|c: char| c.is_ascii_digit()))
        {
            columns = record
                .iter()
                .map(|it| it.to_lowercase().replace(' ', "_"))
                .collect();
            continue;
        }
        // A name with a comma in it, without quotes, moves a role into another column.
        if record.iter().skip(columns.len()).any(|it| !it.is_empty()) {
            return Err(format!("line {line}: there are more values than columns"));
        }
        let mut row = Row::default();
        for (column, value) in columns.iter().zip(&record) {
            let field = match column.as_str() {
                "id" | "account_id" | "account" => &mut row.id,
                "name" | "account_name" => &mut row.name,
                "role" | "role_name" => &mut row.role,
                "profile" => &mut row.profile,
                // A table of accounts may say more of them.
                _ => continue,
            };
            *field = Some(value.to_owned());
        }
        accounts.push(wanted(row).map_err(|why| format!("line {line}: {why}"))?);
    }
    Ok(accounts)
}

fn wanted(row: Row) -> Result<Wanted, String> {
    if row.holds_a_secret() {
        return Err("a value looks like a secret".into());
    }
    let said = |text: Option<String>| text.filter(|text| !text.is_empty()).map(String::into);
    let (id, profile): (Option<Box<str>>, Option<Box<str>>) = (said(row.id), said(row.profile));
    let is_id = |id: &str| id.len() == ID_LENGTH && id.bytes().all(|byte| byte.is_ascii_digit());
    match &id {
        Some(id) if !is_id(id) => return Err(format!("{id} is no account ID: 12 digits")),
        None if profile.is_none() => return Err("an account needs an ID or a profile".into()),
        _ => {}
    }
    let role: Option<Box<str>> = said(row.role);
    if let Some(role) = role.as_deref().filter(|role| !is_role_name(role)) {
        return Err(format!("{role} is no name of a role"));
    }
    Ok(Wanted {
        id,
        name: said(row.name),
        role,
        profile,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: Option<&str>, name: &str, role: Option<&str>, profile: Option<&str>) -> Wanted {
        Wanted {
            id: id.map(Box::from),
            name: Some(name.into()),
            role: role.map(Box::from),
            profile: profile.map(Box::from),
        }
    }

    #[test]
    fn csv_is_read_with_the_names_of_its_columns_and_without() {
        let expected = [
            account(Some("111122223333"), "dev", Some("audit"), None),
            account(None, "data", None, Some("data")),
        ];
        let with = "Account ID,name,owner,role,profile\n111122223333,dev,me,audit,\n,data,,,data\n";
        let without = "# mine\n111122223333, dev, audit\n,data,,data\n";
        assert_eq!(of_csv(with).unwrap(), expected);
        assert_eq!(of_csv(without).unwrap(), expected);
    }

    #[test]
    fn toml_is_read() {
        let text = "[[account]]\nid = \"111122223333\"\nname = \"dev\"\nrole = \"audit\"\n\
                    [[account]]\nname = \"data\"\nprofile = \"data\"\n";
        assert_eq!(
            of_toml(text).unwrap(),
            [
                account(Some("111122223333"), "dev", Some("audit"), None),
                account(None, "data", None, Some("data")),
            ]
        );
    }

    #[test]
    fn a_file_of_any_editor_is_read_and_none_without_end() {
        let directory = tempfile::tempdir().unwrap();
        let read = |name: &str, text: &str| {
            let path = directory.path().join(name);
            fs::write(&path, text).unwrap();
            accounts_of(&path)
        };
        // Notepad begins a file with it.
        let table = "\u{feff}[[account]]\nid = \"111122223333\"\n";
        assert_eq!(read("some.toml", table).unwrap().len(), 1);
        assert_eq!(read("some.csv", "\u{feff}111122223333\n").unwrap().len(), 1);
        let why = read("many.csv", &"111122223333\n".repeat(MOST + 1)).unwrap_err();
        assert!(why.ends_with("more than 10000 accounts in it"), "{why}");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let csv = |text: &str| of_csv(text).unwrap_err();
        assert_eq!(
            csv("id,name\n111122223333,a\n12,b\n"),
            "line 3: 12 is no account ID: 12 digits"
        );
        assert_eq!(
            csv("id,name\n,b\n"),
            "line 2: an account needs an ID or a profile"
        );
        assert_eq!(
            csv("111122223333,a,arn:aws:iam::111122223333:role/audit\n"),
            "line 1: arn:aws:iam::111122223333:role/audit is no name of a role"
        );
        assert_eq!(
            csv("id,name\n111122223333,Payments, Berlin\n"),
            "line 2: there are more values than columns"
        );
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let said = csv(&format!("id,name\n111122223333,{secret}\n"));
        assert_eq!(said, "line 2: a value looks like a secret");
        let toml = |text: &str| of_toml(text).unwrap_err();
        assert!(toml("[[account]]\nid = \"1\"\n").starts_with("line 1: 1 is no account ID"));
        let unknown = toml("[[account]]\nid = \"111122223333\"\ncolor = 1\n");
        assert!(
            unknown.starts_with("line 3: unknown field `color`"),
            "{unknown}"
        );
    }
}
