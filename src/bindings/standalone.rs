//! What needs no manager.

use napi_derive::napi;

/// The package's version.
#[napi]
#[allow(unreachable_pub)]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
