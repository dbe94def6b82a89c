//! The shop, and how its orders get their ids.

use platform::idempotency::IdempotencyKey;
use uuid::Uuid;

use crate::{currency::Currency, ids::OrderId};

/// Namespace of all shops (made once, at random; never to be changed).
const NAMESPACE: Uuid = Uuid::from_u128(0x5f2c_93a1_7d44_4c0e_9b1e_3a60_c4d8_21f7);

/// Header by which an order service says for which shop it asks: prices of another currency are other prices.
pub const SHOP_HEADER: &str = "pos-shop";

/// What all services of a shop agree on. Each database stores it at its first start.
#[derive(Clone, Debug)]
pub struct Shop {
    pub id: String,
    pub currency: Currency,
    namespace: Uuid,
}

impl Shop {
    pub fn new(id: String, currency: Currency) -> Self {
        let namespace = Uuid::new_v5(&NAMESPACE, id.as_bytes());
        Self { id, currency, namespace }
    }

    /// Shop and currency, as services tell each other.
    pub fn label(&self) -> String {
        format!("{}/{}", self.id, self.currency)
    }

    /// The order's id is a function of its key: a repeat meets its own order by primary key, whatever was lost.
    pub fn order_id(&self, key: &IdempotencyKey) -> OrderId {
        OrderId(Uuid::new_v5(&self.namespace, key.as_str().as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_ids_never_change_and_differ_by_shop_and_key() {
        let shop = |id: &str| Shop::new(id.into(), "EUR".parse().unwrap());
        let key = |text| IdempotencyKey::parse(text).unwrap();
        let id = shop("shop").order_id(&key("0123456789abcdef"));
        assert_eq!(id.to_string(), "551fd1d8-1002-5bf1-b8cb-2520d57ae0a0");
        assert_ne!(id, shop("other").order_id(&key("0123456789abcdef")));
        assert_ne!(id, shop("shop").order_id(&key("0123456789abcdeF")));
    }
}
