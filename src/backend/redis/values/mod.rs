//! What one key holds, by its type: [`read`](super::Client::read) gives it whole or by the page,
//! [`write`](super::Client::write) puts something else in its place, an [`edit`] changes a part of
//! it, and [`consumers`] tells who reads a stream.

mod collection;
pub mod consumers;
pub mod edit;
mod native_type;
mod new_value;
mod range;
mod read;
mod reading;
mod shown;
pub(super) mod stream;
pub(super) mod string;
mod window;
mod write;

pub use native_type::NativeType;
pub use new_value::{NewValue, StreamEntry};
pub use shown::ShownKey;
pub use window::Window;
pub use write::Condition;
