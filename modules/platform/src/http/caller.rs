//! Who asks, as far as those can be believed who passed the request on.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::HeaderMap;
use serde::{Deserialize, Deserializer, de::Error};

/// Header by which each proxy says from whom it had the request, the last one last.
pub const FORWARDED_FOR: &str = "x-forwarded-for";

/// Addresses whose word on where a request came from is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpAddr>);

/// Why a text is no list of proxies.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} must be an IP address; several are separated by commas")]
pub struct NoAddress(String);

impl TrustedProxies {
    /// Reads addresses separated by commas; an empty text trusts nobody.
    ///
    /// # Errors
    /// When one is none.
    pub fn parse(text: &str) -> Result<Self, NoAddress> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let read = |part: &str| match part.parse::<IpAddr>() {
            Ok(address) => Ok(address.to_canonical()),
            Err(_) => Err(NoAddress(part.to_owned())),
        };
        parts.map(read).collect::<Result<_, _>>().map(Self)
    }

    pub fn trusts(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    /// The first address, from the peer outwards, that is no trusted proxy: what stands behind it, anybody may have
    /// written.
    pub fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut caller = peer.to_canonical();
        if !self.trusts(caller) {
            return caller;
        }
        // what a proxy wrote behind something that cannot be read can be read
        let lines: Vec<_> =
            headers.get_all(FORWARDED_FOR).map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
        for hop in lines.iter().flat_map(|line| line.split(',')).rev() {
            let Some(hop) = address(hop.trim()) else {
                break;
            };
            caller = hop.to_canonical();
            if !self.trusts(caller) {
                break;
            }
        }
        caller
    }
}

/// Some proxies write the port as well.
fn address(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse::<SocketAddr>().map(|peer| peer.ip()).ok();
    hop.parse().ok().or_else(with_port)
}

impl<'de> Deserialize<'de> for TrustedProxies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn caller<L: AsRef<[u8]>>(peer: &str, lines: &[L]) -> String {
        let proxies = TrustedProxies::parse("10.0.0.1, 10.0.0.2").unwrap();
        let mut headers = HeaderMap::new();
        for line in lines {
            let name = HeaderName::from_static(FORWARDED_FOR);
            headers.append(name, HeaderValue::from_bytes(line.as_ref()).unwrap());
        }
        proxies.caller(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn believes_trusted_proxies_only() {
        assert_eq!(caller("192.0.2.7", &["198.51.100.1"]), "192.0.2.7");
        assert_eq!(caller("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(caller("::ffff:10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(caller::<&str>("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn takes_the_nearest_address_that_is_not_trusted() {
        let forged = ["203.0.113.9", "198.51.100.1, 10.0.0.2"];
        assert_eq!(caller("10.0.0.1", &forged), "198.51.100.1");
        assert_eq!(caller("10.0.0.1", &["203.0.113.9, nonsense"]), "10.0.0.1");
        assert_eq!(caller("10.0.0.1", &["10.0.0.2"]), "10.0.0.2");
        assert_eq!(caller("10.0.0.1", &[b"\xe9, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(caller("10.0.0.1", &["203.0.113.9:51234"]), "203.0.113.9");
        assert_eq!(caller("10.0.0.1", &["[2001:db8::1]:443"]), "2001:db8::1");
    }

    #[test]
    fn names_what_is_no_address() {
        let fault = TrustedProxies::parse("10.0.0.1,proxy").unwrap_err();
        assert!(fault.to_string().contains("proxy"));
        assert_eq!(TrustedProxies::parse("").unwrap(), TrustedProxies::default());
    }
}
