//! Whole values of many keys, as exports, imports and copies move them.
//!
//! Out: [`describe`] says what the keys are; then [`small`] values come many at a time, large ones
//! [`chunked`], those of modules as a [`dump`], and a string by itself as a [`download`].
//! [`stream_state`] is what a stream has besides its entries. In: [`store`] writes many small ones, and
//! an [`assembly`] puts a large one together, under a name that nobody else looks at until it is
//! complete.

pub mod assembly;
pub mod chunked;
pub mod describe;
pub mod download;
pub mod dump;
pub mod small;
pub mod store;
pub mod stream_state;
mod temporary;
