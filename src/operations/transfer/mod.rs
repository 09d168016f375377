//! Long work on many things: what it tells, and how it ends. Imports, bulk work on keys and copies tell the
//! same [records](Record), as `docs/transfer.md` says: a first one with the job, progress, problems, and
//! an end with the outcome.
//!
//! What was there already is treated [as asked](OnConflict). Work is asked to stop by its id; it then ends
//! after the step that is under way. What can go on later says where in `resume`.

mod conflict;
mod record;
mod work;

pub(super) use conflict::{ImportTerms, OnConflict};
pub(super) use record::{EndedBy, NothingElse, Problem, Record, Task};
pub(super) use work::Work;
