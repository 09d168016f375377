//! The package itself: health, pools and the OpenAPI document.

use crate::api::operation::operations;

operations! {}
