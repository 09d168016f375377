//! Links the addon.

fn main() {
    #[cfg(feature = "bindings")]
    napi_build::setup();
    // Node unloads an addon when the last worker thread that loaded it ends. Our runtime's threads
    // outlive that, so the library stays mapped.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
