//! Running a statement: from its text and its parameters to the answer.

mod answer;
mod execute;
mod parameters;
mod pooler;
mod progress;
mod request;
mod run;
mod send;

pub use self::answer::{Answer, Column, Notice};
pub use self::parameters::Parameter;
pub(super) use self::parameters::array_literal;
pub(super) use self::progress::{Progress, Stage, Summary};
pub(super) use self::request::SHORT_ANSWER;
pub use self::request::{Shape, Statement};
pub(super) use self::run::run;
