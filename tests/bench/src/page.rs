//! The page that keeps the figures.

use std::path::Path;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/PERFORMANCE.md");
const BEGIN: &str = "<!-- begin: written by cargo bench-all -->\n";
const END: &str = "<!-- end -->";

/// Writes the table into the page, in place of the one that is there.
pub(crate) fn write(table: &str) -> Result<(), String> {
    let said = |error: std::io::Error| format!("{PAGE}: {error}");
    let page = std::fs::read_to_string(Path::new(PAGE)).map_err(said)?;
    let page = with(&page, table).ok_or_else(|| format!("{PAGE} has no place for the table"))?;
    std::fs::write(PAGE, page).map_err(said)
}

fn with(page: &str, table: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{table}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_takes_the_place_of_the_one_before() {
        let page = format!("prose\n{BEGIN}| old |\n{END}\nmore prose\n");
        let written = with(&page, "| new |\n").unwrap();
        assert_eq!(written, format!("prose\n{BEGIN}| new |\n{END}\nmore prose\n"));
        assert_eq!(with("no place", "| new |\n"), None);
    }

    #[test]
    fn the_page_has_a_place_for_the_table() {
        let page = std::fs::read_to_string(PAGE).unwrap();
        assert!(with(&page, "").is_some());
    }
}
