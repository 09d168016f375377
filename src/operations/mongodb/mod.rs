//! Operations of mongodb.

use crate::api::operation::operations;

operations! {}
