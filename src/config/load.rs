//! From the environment and the options to a configuration.

use std::collections::HashMap;
use std::hash::BuildHasher;

use serde_json::{Map, Value};

use super::effective::Config;
use super::table::SETTINGS;
use super::{beside, read, unread};
use crate::error::Result;

impl Config {
    /// As `from_env`, of a whole environment: what it says of TLS in names that nothing reads is
    /// refused.
    pub fn from_variables(
        variables: &HashMap<String, String, impl BuildHasher>,
        options: &Map<String, Value>,
    ) -> Result<Self> {
        let config = Self::from_env(|name| variables.get(name).cloned(), options)?;
        let all = variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        unread::refuse(config, all)
    }

    /// Reads every setting from `options` (JavaScript names), else from the environment, else its
    /// default.
    ///
    /// An empty text is as good as none, but for keys and passphrases, which are refused. An unknown
    /// option is refused; `null` is an option that is not given.
    pub fn from_env(
        env: impl Fn(&str) -> Option<String>,
        options: &Map<String, Value>,
    ) -> Result<Self> {
        read::check_names(options)?;
        let mut config = Self::default();
        for setting in SETTINGS {
            setting.read(&mut config, &env, options)?;
        }
        beside::take_over(&mut config, &env)?;
        Ok(config)
    }
}
