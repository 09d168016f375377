//! Long work on many things: what it tells, and how it ends. Imports, bulk work and copies of all backends
//! tell the same records, one per line or event:
//!
//! | record | when | members |
//! |---|---|---|
//! | `job` | first | its id, the `version` of these records, `operation`, `dry_run`, and what it goes by |
//! | `progress` | now and then | `done`, `skipped`, `failed`, `unknown`, and counts of its own |
//! | `problem` | for each of the first 1000 | `number` or `key`, `code`, `message`, `outcome`, `details` |
//! | `end` | last | the counts, `ended_by`, `outcome`, `problems_untold` |
//! | `error` | after the `end` of work that failed | as everywhere; its details have the `counts` |
//!
//! What was there already is treated [as asked](OnConflict). Work is asked to stop by its id; it then ends
//! after the step that is under way. What can go on later says where in `resume`.

mod conflict;
mod record;
mod work;

pub(super) use conflict::{ImportTerms, OnConflict};
pub(super) use record::{EndedBy, NothingElse, Problem, Record, Task};
pub(super) use work::Work;
