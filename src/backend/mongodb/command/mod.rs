//! What a request does with the driver.
//!
//! A [`Call`] is one request's work: it reads or writes by the deadline, its operations are ended on
//! the server when it is given up, and the driver's failures become ours.

mod call;
mod duplicate;
mod failure;
mod given;
mod kill;
mod run;

pub use self::call::Call;
pub(super) use self::duplicate::{index_name, is_duplicate};
pub(super) use self::failure::{
    Effect, Failure, as_value, interrupts, is_unknown_command, json_of, server_code, server_error,
};
pub use self::given::{encoded, insert_given};
pub(super) use self::run::{Found, integer, trees, unexpected};
