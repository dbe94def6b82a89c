//! [`ProductApi`] over HTTP.

use std::{ops::Deref, rc::Rc};

use async_trait::async_trait;
use awc::{
    Client, ClientRequest,
    http::{StatusCode, header},
};
use platform::{
    client::ANSWER_LIMIT_BYTES,
    deadline::{self, Deadline},
    request_id, trace,
};
use serde::Serialize;

use crate::{
    code::Code,
    deduction::{DecideRequest, Deduction, RefuseRequest},
    ids::OrderId,
    product_api::{ProductApi, ProductApiError},
    shop::{SHOP_HEADER, Shop},
};

/// Characters of a foreign answer that go into our log.
const EXCERPT_CHARACTERS: usize = 200;

/// Calls a product service.
pub struct ProductClient {
    client: Rc<Client>,
    base_url: String,
    shop: String,
}

impl ProductClient {
    /// `base_url` such as `http://product-service:8081`.
    pub fn new(client: Rc<Client>, base_url: &str, shop: &Shop) -> Self {
        Self { client, base_url: base_url.trim_end_matches('/').to_owned(), shop: shop.label() }
    }

    async fn ask(
        &self,
        request: ClientRequest,
        order: OrderId,
        body: &impl Serialize,
        deadline: Deadline,
    ) -> Result<Deduction, ProductApiError> {
        let request = request
            .insert_header((deadline::HEADER, deadline.left_ms()))
            .insert_header((SHOP_HEADER, self.shop.as_str()))
            .insert_header((request_id::HEADER, request_id::current().as_str()))
            .insert_header((trace::HEADER, trace::current().as_str()))
            .insert_header((header::ACCEPT_ENCODING, "identity"));
        let answer = deadline.bound(exchange(request, body)).await;
        let (status, bytes) = answer.map_err(|elapsed| unknown(&elapsed))??;
        if status == StatusCode::OK {
            let deduction: Deduction = serde_json::from_slice(&bytes)
                .map_err(|error| unknown(&format!("an answer that cannot be read: {error}")))?;
            // an answer to somebody else's question settles nothing
            return match deduction.order_id == order {
                true => Ok(deduction),
                false => Err(unknown(&"an answer about another order")),
            };
        }
        Err(failure(status, &bytes))
    }
}

async fn exchange(
    request: ClientRequest,
    body: &impl Serialize,
) -> Result<(StatusCode, impl Deref<Target = [u8]>), ProductApiError> {
    let mut response = request.send_json(body).await.map_err(|error| unknown(&error))?;
    let bytes = response.body().limit(ANSWER_LIMIT_BYTES).await.map_err(|error| unknown(&error))?;
    Ok((response.status(), bytes))
}

/// That the call is not valid is told by its code alone; anything else proves nothing, a 404 of a wrong address included.
fn failure(status: StatusCode, bytes: &[u8]) -> ProductApiError {
    let excerpt: String = String::from_utf8_lossy(bytes).chars().take(EXCERPT_CHARACTERS).collect();
    let problem: Option<serde_json::Value> = serde_json::from_slice(bytes).ok();
    let code = problem.as_ref().and_then(|problem| problem.get("code")?.as_str());
    if code == Some(Code::KeyReused.as_str()) {
        return ProductApiError::KeyReused;
    }
    match code {
        Some(code) if code == Code::Invalid.as_str() => {
            ProductApiError::Rejected(format!("{status} {excerpt}"))
        }
        _ => ProductApiError::Unknown(format!("{status} {excerpt}")),
    }
}

fn unknown(error: &impl ToString) -> ProductApiError {
    ProductApiError::Unknown(error.to_string())
}

#[async_trait(?Send)]
impl ProductApi for ProductClient {
    async fn decide(
        &self,
        order: OrderId,
        request: &DecideRequest,
        deadline: Deadline,
    ) -> Result<Deduction, ProductApiError> {
        let url = format!("{}/internal/deductions/{order}", self.base_url);
        self.ask(self.client.put(url), order, request, deadline).await
    }

    async fn refuse(
        &self,
        order: OrderId,
        request: &RefuseRequest,
        deadline: Deadline,
    ) -> Result<Deduction, ProductApiError> {
        let url = format!("{}/internal/deductions/{order}/refuse", self.base_url);
        self.ask(self.client.post(url), order, request, deadline).await
    }

    async fn is_reachable(&self) -> bool {
        let asked = self.client.get(format!("{}/internal/shop", self.base_url)).send().await;
        let Ok(mut response) = asked else { return false };
        let shop = response.body().limit(ANSWER_LIMIT_BYTES).await;
        response.status().is_success() && shop.is_ok_and(|shop| shop == self.shop.as_bytes())
    }
}
