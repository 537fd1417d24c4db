//! The figures, as one table.

use std::fmt::Write;

/// Rows in the order in which they were counted.
#[derive(Default)]
pub(crate) struct Table(Vec<[String; 3]>);

impl Table {
    /// Adds a figure that every run finds again.
    pub(crate) fn exact(&mut self, what: impl Into<String>, figure: u64) {
        self.0.push([what.into(), grouped(figure), "exact".to_owned()]);
    }

    /// Adds a figure of several runs, with their distance in thousandths of it.
    pub(crate) fn about(&mut self, what: impl Into<String>, figure: u64, thousandths: u64) {
        let spread = format!("runs differ by {}.{} %", thousandths / 10, thousandths % 10);
        self.0.push([what.into(), grouped(figure), spread]);
    }

    /// The table, for a page.
    pub(crate) fn as_markdown(&self) -> String {
        let head = "| what | figure | |\n|---|---:|---|\n".to_owned();
        self.0.iter().fold(head, |mut text, [what, figure, how]| {
            writeln!(text, "| {what} | {figure} | {how} |").expect("writing to a string succeeds");
            text
        })
    }
}

/// With a comma before each three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_in_groups_of_three() {
        assert_eq!([0, 999, 1_000, 12_345_678].map(grouped), ["0", "999", "1,000", "12,345,678"]);
    }
}
