//! Running a statement: from its text and its parameters to the answer.

mod answer;
mod attempts;
mod exchange;
mod parameters;
mod pooler;
mod progress;
mod request;
mod send;

pub use self::answer::{Answer, Column, Notice};
pub(super) use self::exchange::exchange;
pub use self::parameters::Parameter;
pub(super) use self::parameters::array_literal;
pub(super) use self::progress::{Progress, Stage, Summary};
pub use self::request::{Shape, Statement};
