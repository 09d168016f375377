//! Channel binding data of type `tls-server-end-point` (RFC 5929, section 4).

use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// The hash of a DER certificate with the hash function of its own signature; MD5 and SHA-1 are
/// replaced by SHA-256. `None` where the signature algorithm names no single hash function
/// (Ed25519, RSA-PSS): then there is nothing to bind to.
pub fn server_end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
    const ECDSA_SHA1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01];
    const ECDSA_SHA2: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03];
    let oid = signature_algorithm(certificate)?;
    let (last, family) = oid.split_last()?;
    match (family, last) {
        // md5, sha1 and sha256 WithRSAEncryption
        (RSA, 4 | 5 | 11) | (ECDSA_SHA2, 2) => Some(Sha256::digest(certificate).to_vec()),
        (RSA, 12) | (ECDSA_SHA2, 3) => Some(Sha384::digest(certificate).to_vec()),
        (RSA, 13) | (ECDSA_SHA2, 4) => Some(Sha512::digest(certificate).to_vec()),
        _ if oid == ECDSA_SHA1 => Some(Sha256::digest(certificate).to_vec()),
        _ => None,
    }
}

/// The object identifier in `Certificate.signatureAlgorithm` (RFC 5280, section 4.1.1.2).
fn signature_algorithm(certificate: &[u8]) -> Option<&[u8]> {
    const SEQUENCE: u8 = 0x30;
    const OBJECT_IDENTIFIER: u8 = 0x06;
    let (fields, _) = element(certificate, SEQUENCE)?;
    let (_to_be_signed, rest) = element(fields, SEQUENCE)?;
    let (algorithm, _) = element(rest, SEQUENCE)?;
    element(algorithm, OBJECT_IDENTIFIER).map(|(oid, _)| oid)
}

/// Splits a DER element with this tag into its content and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    if found != tag {
        return None;
    }
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let count = usize::from(first & 0x7f);
        if !(1..=4).contains(&count) || rest.len() < count {
            return None;
        }
        let (digits, rest) = rest.split_at(count);
        (digits.iter().fold(0, |n, &digit| n << 8 | usize::from(digit)), rest)
    };
    (rest.len() >= length).then(|| rest.split_at(length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_hash_is_that_of_the_signature() {
        // Certificate { tbs: {}, algorithm: { ecdsa-with-SHA384 }, … }
        let der = [
            0x30, 0x0e, 0x30, 0x00, 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04,
            0x03, 0x03,
        ];
        assert_eq!(server_end_point(&der).unwrap(), Sha384::digest(der).to_vec());
    }

    #[test]
    fn an_algorithm_without_one_hash_function_binds_nothing() {
        // Ed25519
        let der = [0x30, 0x09, 0x30, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70];
        assert_eq!(server_end_point(&der), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(der in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = server_end_point(&der);
        }
    }
}
