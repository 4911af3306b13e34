//! What stands out about a user in the lists and over their cards: an administrator, and one whom AWS
//! has put under quarantine. In words, for a colour alone says nothing.

use crate::{engine::impact::policy::Power, tui::prelude::*};

/// From so many cells on, a name leaves room for a mark.
const ROOM: usize = 11;

/// What is said behind a name that has so many cells: shortened before the name is, as long as the name
/// has enough left.
pub(super) fn behind_name(
    canvas: &Canvas<'_>,
    account: &Account,
    row: &UserRow,
    name: &str,
    room: usize,
) -> Option<Span<'static>> {
    let theme = canvas.theme;
    let is_admin = row.power.is_some_and(Power::is_admin);
    let is_quarantined = account.users.is_quarantined(&row.user.name) == Some(true);
    let (texts, style): (&[&str], Style) = match (is_quarantined, is_admin) {
        (false, true) if row.is_admin_conditional => {
            (&["admin under conditions", "admin", "adm"], theme.warn)
        }
        (true, true) => (&["quarantined admin", "quarantined", "quar"], theme.bad),
        (true, false) => (&["quarantined", "quar"], theme.bad),
        (false, true) => (&["admin", "adm"], theme.warn),
        (false, false) => return None,
    };
    let fits = |text: &&&str| width(name) + 1 + width(text) <= room;
    let least = texts.last().filter(|_| room >= ROOM);
    let text = texts.iter().find(fits).or(least)?;
    Some(Span::styled(format!(" {text}"), style))
}

/// What is said over the cards of a user.
pub(super) fn over_cards(canvas: &Canvas<'_>, row: &UserRow) -> Vec<(String, Style)> {
    let theme = canvas.theme;
    let warn = theme.glyphs.warn;
    let mut text = Vec::new();
    let is_quarantined = canvas.account.users.is_quarantined(&row.user.name) == Some(true);
    if is_quarantined {
        let said = format!("{warn} quarantined: AWS's policy for exposed keys is attached");
        text.push((said, theme.bad));
    }
    let said = match row.power {
        Some(Power::Everything) => "can do everything".to_owned(),
        // What it denies comes back with its end.
        Some(Power::Escalates(action)) if is_quarantined => format!("by {action}"),
        Some(Power::Escalates(action)) => format!("can make itself one by {action}"),
        _ => return text,
    };
    let admin = match (row.is_admin_conditional, is_quarantined) {
        (true, _) => "admin under conditions",
        (false, true) => "admin, when that is lifted",
        (false, false) => "admin",
    };
    text.push((format!("{warn} {admin}: {said}"), theme.warn));
    text
}
