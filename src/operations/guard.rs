//! What a change depends on: the state that its caller saw.

use serde::{Deserialize, Deserializer, de};

/// A state that is given. `null` is what a caller has who saw nothing, and would let any change pass.
pub(super) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    match Option::deserialize(deserializer)? {
        Some(state) => Ok(Some(state)),
        None => Err(de::Error::custom(
            "`null` is not a state to compare with; leave it out to change whatever is there",
        )),
    }
}
