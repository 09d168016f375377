//! Operations of registry.

use crate::api::operation::operations;

operations! {}
