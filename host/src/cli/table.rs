//! Tables for a terminal. Columns fit their cells, and the least important columns are dropped when the terminal is narrow.

/// A column and its cells, one per row.
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) cells: Vec<String>,
    pub(super) is_right: bool,
    /// Columns with the lowest rank are dropped first; those with `STAYS` never.
    pub(super) rank: u8,
}

/// The rank of a column that is never dropped.
pub(super) const STAYS: u8 = u8::MAX;

/// The table's lines. Columns are dropped until lines have at most `most` characters; without `most` none is.
pub(super) fn lines(mut columns: Vec<Column>, most: Option<usize>) -> String {
    while most.is_some_and(|most| width(&columns) > most) {
        let least = columns.iter().map(|column| column.rank).min().unwrap_or(STAYS);
        if least == STAYS {
            break;
        }
        columns.retain(|column| column.rank > least);
    }
    let rows = columns.iter().map(|column| column.cells.len()).max().unwrap_or(0);
    let mut text = row(&columns, |column| column.title);
    for at in 0..rows {
        text += &row(&columns, |column| column.cells.get(at).map_or("", String::as_str));
    }
    text
}

fn row<'a>(columns: &'a [Column], cell: impl Fn(&'a Column) -> &'a str) -> String {
    let padded = columns.iter().map(|column| {
        let (cell, width) = (cell(column), column.width());
        if column.is_right { format!("{cell:>width$}") } else { format!("{cell:width$}") }
    });
    format!("{}\n", padded.collect::<Vec<_>>().join("  ").trim_end())
}

fn width(columns: &[Column]) -> usize {
    columns.iter().map(|column| column.width() + 2).sum::<usize>().saturating_sub(2)
}

impl Column {
    fn width(&self) -> usize {
        let cells = self.cells.iter().map(|cell| cell.chars().count());
        cells.chain([self.title.len()]).max().unwrap_or(0)
    }
}
