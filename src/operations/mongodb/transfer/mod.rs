//! Collections out to files and in again.

mod columns;
mod records;
mod rows;
mod values;
