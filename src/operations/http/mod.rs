//! Operations of http.

use crate::api::operation::operations;

operations! {}
