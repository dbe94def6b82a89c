//! Reads the file, line by line, each checked by the rules of value.

use std::io::Read;

use contract::{Currency, ProductId, Quantity};
use csv::ByteRecord;
use uuid::Uuid;

use super::{
    cell::plain,
    columns::{Column, Header},
    records::Records,
};
use crate::model::{
    FieldFault, FieldFaults, Fields, ImportLine, LineFault, Replacement, StockPolicy, Subject,
};

/// A line, or all that is wrong with it.
pub type Line = Result<ImportLine, Vec<LineFault>>;

/// The lines behind the first one.
pub struct Lines<R> {
    records: Records<R>,
    header: Header,
    currency: Currency,
}

impl<R: Read> Lines<R> {
    /// Reads the first line.
    ///
    /// # Errors
    /// When it is no header, or cannot be read.
    pub fn open(source: R, currency: Currency) -> Result<Self, Vec<LineFault>> {
        let mut records = Records::of(source);
        let fault = |line, detail| LineFault { line, field: None, detail };
        let (line, first) = match records.advance() {
            Some(record) => record.map_err(|fault| vec![fault])?,
            None => return Err(vec![fault(1, "the file is empty; its first line names the columns".into())]),
        };
        let Ok(names) = first.iter().map(str::from_utf8).collect::<Result<Vec<&str>, _>>() else {
            return Err(vec![fault(line, "the file is not UTF-8".into())]);
        };
        match Header::read(names) {
            Ok(header) => Ok(Self { records, header, currency }),
            Err(faults) => Err(faults.into_iter().map(|detail| fault(line, detail)).collect()),
        }
    }

    /// Bytes that were read so far.
    pub fn bytes(&self) -> u64 {
        self.records.bytes()
    }
}

/// Checks a record: that it has its cells, that they are text, and their values.
fn read(number: u64, record: &ByteRecord, header: &Header, currency: Currency) -> Line {
    let fault = |field, detail| LineFault { line: number, field, detail };
    if record.len() != header.cells {
        let detail = format!("has {} cells, and the first line has {}", record.len(), header.cells);
        return Err(vec![fault(None, detail)]);
    }
    let mut cells = [None; Column::ALL.len()];
    let mut faults = Vec::new();
    for column in Column::ALL {
        let Some(bytes) = header.place(column).and_then(|place| record.get(place)) else {
            continue;
        };
        match str::from_utf8(bytes) {
            Ok(text) => cells[column as usize] = Some(text).filter(|text| !text.trim().is_empty()),
            Err(_) => faults.push(fault(Some(column.as_str()), "is not UTF-8".into())),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    check(number, &cells, currency)
        .map_err(|faults| faults.0.into_iter().map(|found| fault(Some(found.field), found.detail)).collect())
}

impl<R: Read> Iterator for Lines<R> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        Some(match self.records.advance()? {
            Ok((number, record)) => read(number, record, &self.header, self.currency),
            Err(fault) => Err(vec![fault]),
        })
    }
}

/// Checks the cells of a line, in the order of [`Column::ALL`]; an empty one says nothing.
fn check(
    number: u64,
    cells: &[Option<&str>; Column::ALL.len()],
    currency: Currency,
) -> Result<ImportLine, FieldFaults> {
    let cell = |column: Column| cells[column as usize];
    let text = |column: Column| cell(column).map(plain);
    let mut faults = FieldFaults::default();
    if cell(Column::Currency).is_some_and(|code| code != currency.code()) {
        let detail = format!("must be {currency}, in which this shop sells");
        faults.0.push(FieldFault { field: Column::Currency.as_str(), detail });
    }
    let id =
        cell(Column::Id).and_then(|id| faults.check("id", id.parse::<Uuid>().map_err(|_| "must be a UUID")));
    let policy = cell(Column::StockPolicy)
        .map(|policy| StockPolicy::from_stored(policy).ok_or("must be deny, allow, flag or untracked"));
    let stock_policy = policy.and_then(|policy| faults.check("stockPolicy", policy));
    let level = cell(Column::Stock).and_then(|level| faults.check("stock", Quantity::parse_level(level)));
    let fields = Fields {
        name: text(Column::Name).unwrap_or_default(),
        price: cell(Column::Price).unwrap_or_default(),
        sku: text(Column::Sku),
        barcode: text(Column::Barcode),
        category: text(Column::Category),
        stock_policy,
        reorder_level: cell(Column::ReorderLevel),
    };
    let catalogue = fields.check(currency, &mut faults);
    if fields.sku.is_none() && cell(Column::Id).is_none() {
        faults.check::<()>("sku", Err("must not be empty"));
    }
    let Some(catalogue) = catalogue.filter(|_| faults.0.is_empty()) else {
        return Err(faults);
    };
    let subject = match (&catalogue.sku, id) {
        (Some(sku), _) => Subject::Sku(sku.clone()),
        (None, id) => Subject::Id(ProductId(id.unwrap_or_default())),
    };
    let opening = fields.opening(cell(Column::Stock));
    let replacement = Replacement { catalogue, keeps_policy: stock_policy.is_none(), versions: None };
    Ok(ImportLine { number, subject, replacement, level, opening })
}

#[cfg(test)]
mod tests;
