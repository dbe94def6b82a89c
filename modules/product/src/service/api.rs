//! The decision as the order module asks for it: the same checks, deadline and errors in this process as over the wire.

use std::collections::BTreeSet;

use async_trait::async_trait;
use contract::{
    DecideRequest, Deduction, MAX_ORDER_LINES, OrderId, ProductApi, ProductApiError, Quantity, RefuseRequest,
};
use platform::{database::ErrorClass, deadline::Deadline, idempotency::RequestHash, problem::chain};
use tracing::error;

use super::{ProductError, ProductService};

#[async_trait(?Send)]
impl ProductApi for ProductService {
    async fn decide(
        &self,
        order: OrderId,
        request: &DecideRequest,
        deadline: Deadline,
    ) -> Result<Deduction, ProductApiError> {
        let hash = read_hash(&request.request_hash)?;
        check_lines(request)?;
        let decided = deadline.bound(self.decide_order(order, hash, &request.lines)).await;
        decided.map_err(|elapsed| ProductApiError::Unknown(elapsed.to_string()))?.map_err(told)
    }

    async fn refuse(
        &self,
        order: OrderId,
        request: &RefuseRequest,
        deadline: Deadline,
    ) -> Result<Deduction, ProductApiError> {
        let hash = request.request_hash.as_deref().map(read_hash).transpose()?;
        let refused = deadline.bound(self.give_up_order(order, hash)).await;
        refused.map_err(|elapsed| ProductApiError::Unknown(elapsed.to_string()))?.map_err(told)
    }

    async fn is_reachable(&self) -> bool {
        self.database.ping().await.is_ok()
    }
}

fn read_hash(text: &str) -> Result<RequestHash, ProductApiError> {
    RequestHash::from_hex(text)
        .ok_or_else(|| ProductApiError::Rejected("requestHash is not 64 hexadecimal digits".into()))
}

fn check_lines(request: &DecideRequest) -> Result<(), ProductApiError> {
    let products: BTreeSet<_> = request.lines.iter().map(|line| line.product_id).collect();
    let in_bounds = |milli| (1..=Quantity::MAX_MILLI).contains(&milli);
    let sound = (1..=MAX_ORDER_LINES).contains(&request.lines.len())
        && products.len() == request.lines.len()
        && request.lines.iter().all(|line| in_bounds(line.quantity_milli));
    match sound {
        true => Ok(()),
        false => Err(ProductApiError::Rejected(format!(
            "an order has 1 to {MAX_ORDER_LINES} lines, each of another product and of a quantity above 0 within bounds"
        ))),
    }
}

/// Whatever the database failed with, only a repeat finds out whether it was decided.
fn told(error: ProductError) -> ProductApiError {
    match error {
        ProductError::KeyReused => ProductApiError::KeyReused,
        ProductError::Store(error) => {
            if let ErrorClass::Duplicate(_) | ErrorClass::Refused | ErrorClass::Other = error.class {
                error!(error = chain(&error), "an order cannot be decided: a fault of ours");
            }
            ProductApiError::Unknown(chain(&error))
        }
        ProductError::Refused(refusal) => ProductApiError::Rejected(format!("{:?}", refusal.value)),
    }
}
