//! What kind of address an address is, looking inside those that carry another one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How an address is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A public address.
    Public,
    /// Loopback, private, shared, benchmarking, documentation: up to the policy.
    Private,
    /// Link-local, cloud metadata, multicast, broadcast, unspecified: never connected to.
    Never,
}

/// Cloud metadata services outside the link-local ranges: Alibaba, Azure, Oracle.
const METADATA_V4: [Ipv4Addr; 3] = [
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(192, 0, 0, 192),
];

/// Networks that clouds keep for metadata, credentials of roles, and whatever else they put there: AWS,
/// Google, Oracle, Scaleway, Akamai.
const METADATA_V6_NETS: [[u16; 2]; 5] =
    [[0xfd00, 0xec2], [0xfd20, 0xce], [0xfd00, 0xc1], [0xfd00, 0x42], [0xfd00, 0xa9fe]];

/// 169.254.169.254 at the end of an address, below whatever prefix translates it.
const METADATA_V6_END: [u16; 2] = [0xa9fe, 0xa9fe];

/// The strictest of what the address is and of what the addresses inside it are.
pub(super) fn kind(address: IpAddr) -> Kind {
    match address {
        IpAddr::V4(address) => kind_v4(address),
        IpAddr::V6(address) => {
            let inside = embedded(address).into_iter().map(kind_v4).max();
            let outside =
                if address.to_ipv4_mapped().is_some() { Kind::Public } else { kind_v6(address) };
            inside.map_or(outside, |inside| inside.max(outside))
        }
    }
}

/// Every IPv4 address that a packet to `address` could end at. One address can be of several forms.
pub(super) fn embedded(address: Ipv6Addr) -> Vec<Ipv4Addr> {
    let v4 = |high: u16, low: u16| Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low));
    let mut found = Vec::new();
    let segments = address.segments();
    match segments {
        // `::` and `::1` are themselves.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => {}
        // IPv4-mapped and IPv4-compatible (RFC 4291), IPv4-translated (RFC 2765), NAT64 (RFC 6052)
        // and its local-use prefix (RFC 8215), all with the address at the end; 6to4 (RFC 3056).
        [0, 0, 0, 0, 0, 0xffff | 0, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, .., high, low]
        | [0x2002, high, low, ..] => found.push(v4(high, low)),
        // Teredo (RFC 4380): its server, and the client with every bit flipped.
        [0x2001, 0, high, low, _, _, client_high, client_low] => {
            found.extend([v4(high, low), v4(!client_high, !client_low)]);
        }
        _ => {}
    }
    match segments {
        // The local-use prefix with 48 bits: the address stands around a reserved byte.
        [0x64, 0xff9b, 1, a, b, c, ..] => found.push(v4(a, (b << 8) | (c >> 8))),
        // ISATAP (RFC 5214), below any prefix.
        [_, _, _, _, 0 | 0x200, 0x5efe, high, low] => found.push(v4(high, low)),
        _ => {}
    }
    found
}

fn kind_v4(address: Ipv4Addr) -> Kind {
    let [a, b, c, _] = address.octets();
    if METADATA_V4.contains(&address) || matches!((a, b), (0 | 224.., _) | (169, 254)) {
        return Kind::Never;
    }
    let private = matches!(
        (a, b, c),
        // Loopback and RFC 1918, then the shared address space of carriers (RFC 6598).
        (10 | 127, ..) | (192, 168, _) | (172, 16..32, _) | (100, 64..128, _)
        // Protocol assignments, documentation, 6to4 relays, benchmarking.
        | (192, 0, 0 | 2) | (192, 88, 99) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113)
    );
    if private { Kind::Private } else { Kind::Public }
}

fn kind_v6(address: Ipv6Addr) -> Kind {
    let s = address.segments();
    if METADATA_V6_NETS.iter().any(|net| s[..2] == *net)
        || s[6..] == METADATA_V6_END
        || address.is_unspecified()
        || s[0] & 0xffc0 == 0xfe80
        || s[0] & 0xff00 == 0xff00
    {
        return Kind::Never;
    }
    let private = address.is_loopback()
        // Unique local, and site-local before it.
        || s[0] & 0xfe00 == 0xfc00
        || s[0] & 0xffc0 == 0xfec0
        // Documentation, discard-only, local-use NAT64.
        || (s[0] == 0x2001 && s[1] == 0xdb8)
        || s[..4] == [0x100, 0, 0, 0]
        || s[..3] == [0x64, 0xff9b, 1];
    if private { Kind::Private } else { Kind::Public }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> Kind {
        kind(text.parse().unwrap())
    }

    #[test]
    fn link_local_and_metadata_are_never_connected_to() {
        for text in [
            "169.254.0.1",
            "169.254.169.254",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "fe80::1",
            "febf::1",
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fd20:ce::254",
            "fd00:c1::a9fe:a9fe",
            "fd00:00c1:0:0::1",
            "fd00:42::42",
            "fd00:a9fe:a9fe::1",
            "fd12:3456::a9fe:a9fe",
            "64:ff9b:1::a9fe:a9fe",
            "::",
            "ff02::1",
        ] {
            assert_eq!(of(text), Kind::Never, "{text}");
        }
    }

    #[test]
    fn loopback_and_private_ranges_are_up_to_the_policy() {
        for text in [
            "127.0.0.1",
            "127.255.255.254",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "198.18.0.1",
            "::1",
            "fc00::1",
            "fdff::1",
            "fec0::1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:0a00:0001::",
            "2001:db8::1",
        ] {
            assert_eq!(of(text), Kind::Private, "{text}");
        }
    }

    #[test]
    fn neighbours_of_the_ranges_are_public() {
        for text in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "128.0.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "100.63.255.255",
            "100.128.0.0",
            "169.253.0.1",
            "169.255.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
        ] {
            assert_eq!(of(text), Kind::Public, "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_address_inside_an_address_is_treated_no_better(bits in any::<u32>(), prefix in any::<[u16; 4]>()) {
            let inner = Ipv4Addr::from(bits);
            let [a, b, c, d] = inner.octets();
            let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            let [p, q, r, t] = prefix;
            for outer in [
                inner.to_ipv6_mapped(),
                Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, low),
                Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 1, p, q, r, high, low),
                Ipv6Addr::new(0x2002, high, low, p, q, r, t, 1),
                Ipv6Addr::new(0x2001, 0, high, low, p, q, r, t),
                Ipv6Addr::new(0x2001, 0, p, q, r, t, !high, !low),
                Ipv6Addr::new(p, q, r, t, 0, 0x5efe, high, low),
                Ipv6Addr::new(p, q, r, t, 0x200, 0x5efe, high, low),
            ] {
                // `::` and `::1` are themselves, not 0.0.0.0 and 0.0.0.1.
                if outer.is_loopback() {
                    continue;
                }
                prop_assert!(kind(outer.into()) >= kind_v4(inner), "{outer} holds {inner}");
            }
        }

        #[test]
        fn a_mapped_address_is_treated_like_its_inner_one(bits in any::<u32>()) {
            let inner = Ipv4Addr::from(bits);
            prop_assert_eq!(kind(inner.to_ipv6_mapped().into()), kind_v4(inner));
        }
    }
}
