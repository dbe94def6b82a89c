//! Products: create, read, list, replace, archive.

use std::slice;

use contract::{ProductId, Quantity};
use platform::{
    clock,
    database::{
        StoreError,
        remembered::{Outcome, Stop, once},
    },
    idempotency::{Answer, Keyed},
};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::{ProductError, ProductService};
use crate::{
    model::{Movement, NewProduct, Product, ProductFilter, Reason, Refusal, Replacement},
    store::{self, Entry},
};

impl ProductService {
    /// Puts a product into the catalogue; what it opens with is its first movement.
    ///
    /// # Errors
    /// When its SKU or barcode is taken.
    pub async fn create(&self, request: &Keyed, new: NewProduct) -> Result<Answer<Product>, ProductError> {
        let opened = opened(new)?;
        self.change(request, async |transaction| {
            store::insert_all(transaction, slice::from_ref(&opened)).await.map_err(refuse_duplicates)?;
            Ok(opened.0.clone())
        })
        .await
    }

    /// Reads a product; an archived one only when asked for.
    ///
    /// # Errors
    /// When there is none.
    pub async fn get(&self, id: ProductId, also_archived: bool) -> Result<Product, ProductError> {
        self.lookups
            .ask(id)
            .await?
            .filter(|product| also_archived || !product.archived)
            .ok_or(Refusal::NotFound(id).into())
    }

    /// Up to `limit` products after `after`, in the order in which they were made.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(
        &self,
        filter: &ProductFilter,
        after: Option<ProductId>,
        limit: u64,
    ) -> Result<Vec<Product>, ProductError> {
        Ok(store::list(self.database.reader(), filter, after, limit).await?)
    }

    /// Whether nothing was ever put into the catalogue.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_empty(&self) -> Result<bool, ProductError> {
        Ok(!store::any_product(self.database.reader()).await?)
    }

    /// Replaces the catalogue fields.
    ///
    /// # Errors
    /// When there is no such product, its version is another, its SKU or barcode is taken, or its stock does not allow
    /// the policy.
    pub async fn replace(
        &self,
        request: &Keyed,
        id: ProductId,
        replacement: &Replacement,
    ) -> Result<Answer<Product>, ProductError> {
        self.change(request, async |transaction| {
            let stands = live(store::lock(transaction, id).await?, id)?;
            let changed = stands.replaced(replacement, clock::now()).map_err(Stop::Refused)?;
            store::update(transaction, &changed).await.map_err(refuse_duplicates)?;
            Ok(changed)
        })
        .await
    }

    /// Takes a product out of the catalogue. Orders keep what they sold; its SKU and barcode become free.
    ///
    /// # Errors
    /// When there is no such product, or its version is another.
    pub async fn archive(
        &self,
        request: &Keyed,
        id: ProductId,
        versions: Option<&[i64]>,
    ) -> Result<Answer<()>, ProductError> {
        self.change(request, async |transaction| {
            let stands = live(store::lock(transaction, id).await?, id)?;
            let stands = stands.next_version(versions, clock::now()).map_err(Stop::Refused)?;
            let changed = Product { archived: true, ..stands };
            Ok(store::update(transaction, &changed).await?)
        })
        .await
    }

    /// Runs a change once a key, and tells its repeats what the first was told.
    pub(super) async fn change<T>(
        &self,
        request: &Keyed,
        work: impl AsyncFn(&platform::database::DatabaseTransaction) -> Result<T, Stop<Refusal>>,
    ) -> Result<Answer<T>, ProductError>
    where
        T: Serialize + DeserializeOwned,
    {
        told(once(&self.database, request, work).await?)
    }
}

/// What a key stands for, as its caller is told: a refusal is an error.
pub(super) fn told<T>(
    Answer { value, replayed }: Answer<Outcome<T, Refusal>>,
) -> Result<Answer<T>, ProductError> {
    match value {
        Ok(value) => Ok(Answer { value, replayed }),
        Err(refusal) => Err(ProductError::Refused(Answer { value: refusal, replayed })),
    }
}

/// The product, unless it is unknown or archived.
pub(super) fn live(product: Option<Product>, id: ProductId) -> Result<Product, Stop<Refusal>> {
    product.filter(|product| !product.archived).ok_or(Stop::Refused(Refusal::NotFound(id)))
}

/// A new product, and the movement that it opens with, if it opens with stock.
pub(super) fn opened(new: NewProduct) -> Result<(Product, Option<Movement>), Refusal> {
    let now = clock::now();
    let mut product = Product {
        id: ProductId(Uuid::now_v7()),
        catalogue: new.catalogue,
        stock: Quantity::ZERO,
        seq: 0,
        archived: false,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let opening = new.stock.unwrap_or_default();
    if opening == Quantity::ZERO {
        return Ok((product, None));
    }
    let after = product.level_after(opening)?;
    let movement = store::next_movement(&product, after, Entry::of(Reason::Opening));
    (product.stock, product.seq) = (movement.after, movement.seq);
    Ok((product, Some(movement)))
}

fn refuse_duplicates(error: StoreError) -> Stop<Refusal> {
    if error.is_duplicate_of("sku") {
        return Stop::Refused(Refusal::DuplicateSku);
    }
    if error.is_duplicate_of("barcode") {
        return Stop::Refused(Refusal::DuplicateBarcode);
    }
    Stop::Store(error)
}
