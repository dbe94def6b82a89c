//! The columns of the file, spelled as the fields are on the wire.

/// A column; the first line says where each stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Id,
    Sku,
    Name,
    Price,
    Currency,
    Barcode,
    Category,
    Stock,
    StockPolicy,
    ReorderLevel,
}

/// The first line of a file: where each column stands.
#[derive(Debug)]
pub struct Header {
    places: [Option<usize>; Column::ALL.len()],
    /// How many cells every line has.
    pub cells: usize,
}

impl Column {
    /// In the order of an export.
    pub const ALL: [Self; 10] = [
        Self::Id,
        Self::Sku,
        Self::Name,
        Self::Price,
        Self::Currency,
        Self::Barcode,
        Self::Category,
        Self::Stock,
        Self::StockPolicy,
        Self::ReorderLevel,
    ];

    /// Without these a line says nothing.
    const REQUIRED: [Self; 3] = [Self::Name, Self::Price, Self::Sku];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Sku => "sku",
            Self::Name => "name",
            Self::Price => "price",
            Self::Currency => "currency",
            Self::Barcode => "barcode",
            Self::Category => "category",
            Self::Stock => "stock",
            Self::StockPolicy => "stockPolicy",
            Self::ReorderLevel => "reorderLevel",
        }
    }
}

impl Header {
    /// Reads the first line.
    ///
    /// # Errors
    /// Every column that is unknown, doubled or missing.
    pub fn read<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, Vec<String>> {
        let mut header = Self { places: [None; Column::ALL.len()], cells: 0 };
        let mut faults = Vec::new();
        for (place, name) in names.into_iter().map(str::trim).enumerate() {
            header.cells = place + 1;
            match Column::ALL.iter().position(|column| column.as_str() == name) {
                None => faults.push(unknown(name)),
                Some(column) if header.places[column].is_some() => {
                    faults.push(format!("the column {name} stands twice"));
                }
                Some(column) => header.places[column] = Some(place),
            }
        }
        let missing = Column::REQUIRED.into_iter().filter(|column| header.place(*column).is_none());
        faults.extend(missing.map(|column| format!("the column {} is missing", column.as_str())));
        if faults.is_empty() { Ok(header) } else { Err(faults) }
    }

    /// Where a column stands.
    pub fn place(&self, column: Column) -> Option<usize> {
        self.places[column as usize]
    }
}

fn unknown(name: &str) -> String {
    let names: Vec<&str> = Column::ALL.into_iter().map(Column::as_str).collect();
    format!("there is no column {name:?}; columns are separated by commas and named {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_in_any_order() {
        let header = Header::read(["price", " sku", "name", "stockPolicy"]).unwrap();
        assert_eq!(header.cells, 4);
        assert_eq!(header.place(Column::Sku), Some(1));
        assert_eq!(header.place(Column::Barcode), None);
        assert_eq!(header.place(Column::StockPolicy), Some(3));
    }

    #[test]
    fn every_column_that_is_unknown_doubled_or_missing_is_named() {
        let faults = Header::read(["name", "Price", "name"]).unwrap_err();
        let named = [r#""Price""#, "name stands twice", "price is missing", "sku is missing"];
        assert_eq!(faults.len(), named.len(), "{faults:?}");
        for (fault, named) in faults.iter().zip(named) {
            assert!(fault.contains(named), "{fault}");
        }
    }
}
