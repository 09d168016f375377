//! What can be told of a statement from its text alone, before it is sent.
//!
//! The lexer cuts it into tokens; everything else here is decided on these: whether it may run
//! ([`gate`]), what it would leave on its session ([`leftovers`]), how long it takes to plan, and
//! whether the types of its parameters are settled.

mod functions;
pub(super) mod gate;
pub(super) mod leftovers;
mod lexer;
mod settled;
mod weight;

pub(super) use self::lexer::{Token, tokens};
pub(super) use self::settled::are_settled;
