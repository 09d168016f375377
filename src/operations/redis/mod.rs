//! Operations of redis.

use crate::api::operation::operations;

operations! {}
