//! What a dialog says, read off the screen.

/// What the dialog of a title says, without its frame and its line breaks; nothing where it is not
/// on screen, whole and on top. In production the title goes on with the account.
pub(crate) fn dialog(screen: &str, title: &str) -> Option<String> {
    let rows: Vec<Vec<char>> = screen.lines().map(|row| row.chars().collect()).collect();
    let tops = ["─", "in "].map(|then| {
        let top = format!("╭─ {title} {then}");
        top.chars().collect::<Vec<char>>()
    });
    let (row, left) = rows.iter().enumerate().find_map(|(at, row)| {
        let begins = |column: &usize| tops.iter().any(|top| row[*column..].starts_with(top));
        Some((at, (0..row.len()).find(begins)?))
    })?;
    let right = left + rows[row][left..].iter().position(|c| *c == '╮')?;
    let below = &rows[row + 1..];
    let end = below.iter().position(|row| row.get(left) == Some(&'╰'))?;
    let mut text = String::new();
    for row in &below[..end] {
        // A terminal shows half a frame at times.
        if row.get(left) != Some(&'│') || row.get(right) != Some(&'│') {
            return None;
        }
        text.extend(&row[left + 1..right]);
        text.push(' ');
    }
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}
