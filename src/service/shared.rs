//! The cores of this process, and how many managers use each.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use parking_lot::Mutex;

use super::Core;
use crate::config::Config;
use crate::error::Result;

static CORES: LazyLock<Mutex<HashMap<[u8; 32], Used>>> = LazyLock::new(Mutex::default);

struct Used {
    core: Arc<Core>,
    by: usize,
}

/// The core of this configuration, made at the first call, with one more manager.
pub(super) fn join(config: Config) -> Result<Arc<Core>> {
    let mut cores = CORES.lock();
    let fingerprint = config.fingerprint();
    if let Some(used) = cores.get_mut(&fingerprint) {
        used.by += 1;
        return Ok(Arc::clone(&used.core));
    }
    let core = Arc::new(Core::new(config)?);
    cores.insert(fingerprint, Used { core: Arc::clone(&core), by: 1 });
    Ok(core)
}

/// One manager less. Says whether it was the last; where that ends the core, nobody finds it any more.
pub(super) fn leave(core: &Arc<Core>, ends: bool) -> bool {
    let mut cores = CORES.lock();
    let Some((fingerprint, used)) =
        cores.iter_mut().find(|(_, used)| Arc::ptr_eq(&used.core, core))
    else {
        return false;
    };
    used.by -= 1;
    let (is_last, fingerprint) = (used.by == 0, *fingerprint);
    if is_last && ends {
        cores.remove(&fingerprint);
    }
    is_last
}
