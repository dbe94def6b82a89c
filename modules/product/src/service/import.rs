//! Lines of a file of products: what they would do, and done, a batch of them in one transaction.

use std::collections::HashMap;

use platform::{
    clock,
    database::{Database, DatabaseTransaction, ErrorClass, StoreError, WriteError},
};

use super::{ProductService, catalogue::opened};
use crate::{
    model::{ImportLine, LineFault, Product, Refusal, Step, Subject},
    store,
};

/// Times that a batch is redone because a running shop took a SKU or barcode at the same moment: each is seen then.
const DUPLICATE_TRIES: u32 = 5;

/// The number of the line that is about a product, where one of the lines that are looked at together is.
pub type LineOf<'a> = &'a dyn Fn(&Subject) -> Option<u64>;

/// How many products lines made, changed and left as they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub made: u64,
    pub changed: u64,
    pub unchanged: u64,
    /// Lines that name another stock than a product, which exists, has.
    pub stock_left: u64,
}

/// Why lines were not written.
#[derive(Debug, thiserror::Error)]
pub enum ImportStop {
    /// None of them was: these cannot be.
    #[error("a rule says no to a line")]
    Faulty(Vec<LineFault>),
    #[error("the product database failed")]
    Store(#[from] StoreError),
}

impl WriteError for ImportStop {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Faulty(_) => None,
            Self::Store(error) => Some(error),
        }
    }
}

/// Products that lines are about, and those that have the barcodes that lines name.
struct Standing {
    products: HashMap<Subject, Product>,
    holders: HashMap<String, Product>,
}

impl Tally {
    pub fn add(&mut self, other: Self) {
        self.made += other.made;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
        self.stock_left += other.stock_left;
    }

    fn count(&mut self, line: &ImportLine, step: &Step, stands: Option<&Product>) {
        match step {
            Step::Make(_) => self.made += 1,
            Step::Change(_) => self.changed += 1,
            Step::Keep => self.unchanged += 1,
        }
        self.stock_left += u64::from(stands.is_some_and(|stands| line.differs_in_stock(stands)));
    }
}

impl Standing {
    /// What a line does. A barcode may be another product's whose own line comes before and names another one.
    fn step(&self, line: &ImportLine, line_of: LineOf<'_>) -> Result<Step, LineFault> {
        let stands = self.products.get(&line.subject);
        let step = line.step(stands, clock::now())?;
        let holder = line.barcode().and_then(|barcode| self.holders.get(barcode));
        let taken = holder.is_some_and(|holder| {
            let subject = Subject::of(holder);
            subject != line.subject && line_of(&subject).is_none_or(|giver| giver > line.number)
        });
        match taken {
            true => Err(line.fault(Some("barcode"), Refusal::DuplicateBarcode.to_string())),
            false => Ok(step),
        }
    }
}

impl ProductService {
    /// What these lines would do as the catalogue stands, and what is wrong with the others; writes nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn try_import(
        &self,
        lines: &[ImportLine],
        line_of: LineOf<'_>,
    ) -> Result<(Tally, Vec<LineFault>), StoreError> {
        let standing = self.standing(lines).await?;
        let (mut tally, mut faults) = (Tally::default(), Vec::new());
        for line in lines {
            match standing.step(line, line_of) {
                Ok(step) => tally.count(line, &step, standing.products.get(&line.subject)),
                Err(fault) => faults.push(fault),
            }
        }
        Ok((tally, faults))
    }

    /// Does what these lines say, all or none. What is as its line says is not locked, nor touched.
    ///
    /// # Errors
    /// When a rule says no to one of them, or the database fails.
    pub async fn import(&self, lines: &[ImportLine]) -> Result<Tally, ImportStop> {
        let numbers: HashMap<&Subject, u64> = lines.iter().map(|line| (&line.subject, line.number)).collect();
        let line_of = |subject: &Subject| numbers.get(subject).copied();
        let standing = self.standing(lines).await?;
        let mut tally = Tally::default();
        let mut due = Vec::new();
        for line in lines {
            match standing.step(line, &line_of) {
                Ok(Step::Keep) => tally.count(line, &Step::Keep, standing.products.get(&line.subject)),
                // faulty ones too: what stands in their way may be gone once they are looked at under locks
                Ok(Step::Make(_) | Step::Change(_)) | Err(_) => due.push(line),
            }
        }
        if !due.is_empty() {
            tally.add(write(&self.database, &due, &line_of).await?);
        }
        Ok(tally)
    }

    async fn standing(&self, lines: &[ImportLine]) -> Result<Standing, StoreError> {
        let reader = self.database.reader();
        Ok(Standing {
            products: store::with_subjects(reader, lines.iter().map(|line| &line.subject)).await?,
            holders: store::with_barcodes(reader, lines.iter().filter_map(ImportLine::barcode)).await?,
        })
    }
}

async fn write(database: &Database, due: &[&ImportLine], line_of: LineOf<'_>) -> Result<Tally, ImportStop> {
    let mut tries = 1;
    loop {
        match database.write(async |transaction| write_in(transaction, due, line_of).await).await {
            Err(ImportStop::Store(StoreError { class: ErrorClass::Duplicate(_), .. }))
                if tries < DUPLICATE_TRIES =>
            {
                tries += 1;
            }
            ended => return ended,
        }
    }
}

async fn write_in(
    transaction: &DatabaseTransaction,
    due: &[&ImportLine],
    line_of: LineOf<'_>,
) -> Result<Tally, ImportStop> {
    let standing = lock(transaction, due).await?;
    let mut tally = Tally::default();
    let (mut changed, mut made, mut faults) = (Vec::new(), Vec::new(), Vec::new());
    for line in due {
        let step = match standing.step(line, line_of) {
            Ok(step) => step,
            Err(fault) => {
                faults.push(fault);
                continue;
            }
        };
        tally.count(line, &step, standing.products.get(&line.subject));
        match step {
            Step::Keep => {}
            Step::Change(product) => changed.push(product),
            Step::Make(new) => match opened(new) {
                Ok(new) => made.push(new),
                Err(refusal) => faults.push(line.fault(None, refusal.to_string())),
            },
        }
    }
    if !faults.is_empty() {
        return Err(ImportStop::Faulty(faults));
    }
    // what exists first: it may give up a barcode that a new one takes
    store::update_all(transaction, &changed).await?;
    store::insert_all(transaction, &made).await?;
    Ok(tally)
}

/// Locks the products that lines are about, and reads then what stands.
async fn lock(transaction: &DatabaseTransaction, due: &[&ImportLine]) -> Result<Standing, StoreError> {
    let subjects = due.iter().map(|line| &line.subject);
    let found = store::with_subjects(transaction, subjects).await?;
    let locked = store::lock_all(transaction, found.values().map(|product| product.id)).await?;
    let live = locked.into_values().filter(|product| !product.archived);
    Ok(Standing {
        products: live.map(|product| (Subject::of(&product), product)).collect(),
        holders: store::with_barcodes(transaction, due.iter().filter_map(|line| line.barcode())).await?,
    })
}
