//! Pages that begin where another one ended, on any sort order.
//!
//! The position is the sort key of the last document, its `_id` included, and the next page is what
//! comes after it. Comparisons in a query can't say that: they match values of one type only, and any
//! item of an array, where a sort goes through all types in one order and takes one item of an array
//! (the least going up, the greatest going down) for the whole. So the condition is an expression that
//! computes the sort key of a document as the server does ([`expression`]) and compares it in that order, by
//! the rules of the query's collation. Expressions use no index; a query that is a little too wide
//! stands before it, to which the server can find the way in an index ([`bounds`]).
//!
//! There are no pages backwards: a reversed sort takes another item of an array, so it is not the same
//! order read from the end.

mod bounds;
mod expression;
mod key;
mod order;
mod page;
mod position;
mod projection;
mod token;

pub use self::order::Order;
pub use self::position::Position;
pub use self::token::Identity;
