//! What a dialog says, read off the screen.

/// What the dialog of a title says, without its frame and its line breaks; nothing where it is not
/// on screen.
pub fn dialog(screen: &str, title: &str) -> Option<String> {
    let rows: Vec<Vec<char>> = screen.lines().map(|row| row.chars().collect()).collect();
    let top: Vec<char> = format!("╭─ {title} ─").chars().collect();
    let (row, left) = rows.iter().enumerate().find_map(|(at, row)| {
        let column = row.windows(top.len()).position(|cells| *cells == *top)?;
        Some((at, column))
    })?;
    let right = left + rows[row][left..].iter().position(|c| *c == '╮')?;
    let inside = rows[row + 1..]
        .iter()
        .take_while(|row| row.get(left) != Some(&'╰'))
        .filter_map(|row| row.get(left + 1..right));
    let text: String = inside.flat_map(|row| row.iter().chain([&' '])).collect();
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}
