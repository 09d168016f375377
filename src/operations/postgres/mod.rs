//! Operations of postgres.

use crate::api::operation::operations;

operations! {}
