//! A range of network addresses, as in `192.0.2.0/24`: where a municipality's users sit, which proxies are ours.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// A range of IPv4 or IPv6 addresses. A single address is a range of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads `192.0.2.0/24`, `2001:db8::/32` or a single address. Bits to the right of the prefix must be zero,
    /// because a range that was not meant as it stands is a mistake.
    pub fn new(written: &str) -> Result<Self, BadNetwork> {
        let (address, bits) = match written.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (written, None),
        };
        let bad = || BadNetwork(written.chars().take(80).collect());
        let address: IpAddr = address.parse().map_err(|_| bad())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(width), |bits| bits.parse().ok().filter(|&bits| bits <= width));
        let network = Self { address, bits: bits.ok_or_else(bad)? };
        if network.prefix(address) == number(address) { Ok(network) } else { Err(bad()) }
    }

    /// Whether this address lies in the range. An IPv4 address in IPv6 clothes is taken as what it is.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && self.prefix(address) == number(self.address)
    }

    fn prefix(&self, address: IpAddr) -> u128 {
        let width: u32 = if address.is_ipv4() { 32 } else { 128 };
        let cut = width - u32::from(self.bits);
        number(address).checked_shr(cut).and_then(|kept| kept.checked_shl(cut)).unwrap_or(0)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl TryFrom<String> for Network {
    type Error = BadNetwork;
    fn try_from(written: String) -> Result<Self, BadNetwork> {
        Self::new(&written)
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

/// Text that is not a range of addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a network like 192.0.2.0/24 with nothing to the right of its prefix, got {0:?}")]
pub struct BadNetwork(String);

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_inside_or_outside_of_a_network() {
        let inside = |network: &str, address: &str| {
            Network::new(network).expect("network").contains(address.parse().expect("address"))
        };
        assert!(inside("192.0.2.0/24", "192.0.2.255") && !inside("192.0.2.0/24", "192.0.3.0"));
        assert!(inside("192.0.2.0/24", "::ffff:192.0.2.7") && !inside("192.0.2.0/24", "2001:db8::1"));
        assert!(inside("2001:db8::/32", "2001:db8:ffff::1") && !inside("2001:db8::/32", "2001:db9::1"));
        assert!(inside("0.0.0.0/0", "203.0.113.9") && !inside("0.0.0.0/0", "2001:db8::1"));
        assert!(inside("::/0", "2001:db8::1"));
        assert!(inside("192.0.2.1", "192.0.2.1") && !inside("192.0.2.1", "192.0.2.2"));
    }

    #[test]
    fn what_is_not_a_network_is_refused() {
        for wrong in
            ["", "/", "192.0.2.0/33", "192.0.2.1/24", "192.0.2/24", "2001:db8::/129", "192.0.2.0/-1", "a/8"]
        {
            assert!(Network::new(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(Network::new("192.0.2.0/24").map(|n| n.to_string()), Ok("192.0.2.0/24".to_owned()));
    }
}
