//! The shop, and how its orders get their ids.

use platform::idempotency::IdempotencyKey;
use uuid::{Uuid, Variant, Version};

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

    /// The order's id is a function of its key: a repeat meets its own order, whatever was lost.
    ///
    /// It is a hash, UUID v5 of shop and key. Where the key is a UUID v7 the hash's first 48 bits give way to the key's
    /// time, and it is a UUID v8 (RFC 9562): orders of a time stand together in every index, and 74 bits of the hash keep
    /// those of one millisecond apart.
    pub fn order_id(&self, key: &IdempotencyKey) -> OrderId {
        let hash = self.hash(key);
        OrderId(time_of(key).map_or(hash, |time| begun_with(time, hash)))
    }

    /// Whether an order of the key may have the id, be it by the rule of the first shops: a hash, whatever the key.
    pub fn may_name(&self, key: &IdempotencyKey, id: OrderId) -> bool {
        id == self.order_id(key) || id.0 == self.hash(key)
    }

    fn hash(&self, key: &IdempotencyKey) -> Uuid {
        Uuid::new_v5(&self.namespace, key.as_str().as_bytes())
    }
}

/// Milliseconds since 1970, 48 bits, of a key that is a UUID v7.
fn time_of(key: &IdempotencyKey) -> Option<[u8; 6]> {
    let id = Uuid::try_parse(key.as_str()).ok()?;
    let has_time = id.get_version() == Some(Version::SortRand) && id.get_variant() == Variant::RFC4122;
    has_time.then(|| id.as_bytes().first_chunk().copied())?
}

fn begun_with(time: [u8; 6], hash: Uuid) -> Uuid {
    let mut bytes = hash.into_bytes();
    bytes[..time.len()].copy_from_slice(&time);
    Uuid::new_v8(bytes)
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

    #[test]
    fn order_ids_begin_with_the_time_of_a_key_that_has_one() {
        let shop = Shop::new("shop".into(), "EUR".parse().unwrap());
        let id = |text| shop.order_id(&IdempotencyKey::parse(text).unwrap()).to_string();
        assert_eq!(id("019acf1e-7d2b-7c11-9f00-3a5b1c2d4e5f"), "019acf1e-7d2b-8f4d-8a42-5de5f08aae62");
        // another key of the same millisecond, and the same key spelled otherwise, are other orders
        assert_eq!(id("019acf1e-7d2b-7c11-9f00-3a5b1c2d4e5e"), "019acf1e-7d2b-8b66-8736-d99b359c78d1");
        assert_eq!(id("019ACF1E-7D2B-7C11-9F00-3A5B1C2D4E5F"), "019acf1e-7d2b-83f5-8a62-14ea28b9e4ca");
        // no time: random, and of another variant
        for other in ["019acf1e-7d2b-4c11-9f00-3a5b1c2d4e5f", "019acf1e-7d2b-7c11-cf00-3a5b1c2d4e5f"] {
            assert_eq!(id(other).as_bytes()[14], b'5', "{other}");
        }
    }

    #[test]
    fn an_order_keeps_the_id_that_it_got_before_ids_had_times() {
        let shop = Shop::new("shop".into(), "EUR".parse().unwrap());
        let key = IdempotencyKey::parse("019acf1e-7d2b-7c11-9f00-3a5b1c2d4e5f").unwrap();
        assert!(shop.may_name(&key, shop.order_id(&key)));
        assert!(shop.may_name(&key, OrderId(shop.hash(&key))));
        assert!(!shop.may_name(&key, OrderId(Uuid::from_u128(7))));
    }
}
