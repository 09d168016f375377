//! Values, from PostgreSQL's text form to the JSON that stands for them.

mod arrays;
mod interval;
mod kind;
mod numbers;

pub(super) use self::kind::Kind;
