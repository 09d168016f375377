//! Randomness for nonces and salts.

use rand::TryRngCore as _;
use rand::rngs::OsRng;

use crate::error::{Error, Result};

/// `N` bytes from the operating system's generator, for nonces and salts.
pub(super) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    OsRng
        .try_fill_bytes(&mut bytes)
        .map_err(|_| Error::internal("the operating system gave no random bytes"))?;
    Ok(bytes)
}
