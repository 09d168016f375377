//! Long work that can be asked to stop, so that it ends after the step that is under way and still
//! says what it did. Leaving its answer ends it too, but then nobody hears.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::access::User;

/// The work of this process.
#[derive(Debug, Default)]
pub struct Jobs(Arc<Mutex<HashMap<Uuid, Entry>>>);

#[derive(Debug)]
struct Entry {
    connection: Uuid,
    user: Option<User>,
    stop: CancellationToken,
}

/// Work that is under way until this is dropped.
#[derive(Debug)]
pub struct Job {
    /// Names it. Whoever reads its answer learns it.
    pub id: Uuid,
    stop: CancellationToken,
    jobs: Arc<Mutex<HashMap<Uuid, Entry>>>,
}

impl Jobs {
    /// Begins work on a connection for a user.
    #[must_use]
    pub fn begin(&self, connection: Uuid, user: Option<User>) -> Job {
        let (id, stop) = (Uuid::new_v4(), CancellationToken::new());
        let entry = Entry { connection, user, stop: stop.clone() };
        self.0.lock().insert(id, entry);
        Job { id, stop, jobs: Arc::clone(&self.0) }
    }

    /// Asks the user's own work on a connection to stop; `false` where there is no such.
    #[must_use]
    pub fn stop(&self, id: Uuid, connection: Uuid, user: Option<&User>) -> bool {
        let jobs = self.0.lock();
        let own = jobs
            .get(&id)
            .filter(|entry| entry.connection == connection && entry.user.as_ref() == user);
        own.inspect(|entry| entry.stop.cancel()).is_some()
    }
}

impl Job {
    /// Whether it was asked to stop.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Cancelled when it is asked to stop; for waits between steps.
    #[must_use]
    pub fn stopped(&self) -> &CancellationToken {
        &self.stop
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.jobs.lock().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_stopped_by_its_own_user_only() {
        let jobs = Jobs::default();
        let user = |id: &str| Some(User { id: id.to_owned() });
        let connection = Uuid::new_v4();
        let job = jobs.begin(connection, user("a"));
        assert!(!jobs.stop(job.id, connection, user("b").as_ref()));
        assert!(!jobs.stop(job.id, connection, None));
        assert!(!jobs.stop(job.id, Uuid::new_v4(), user("a").as_ref()));
        assert!(!job.is_stopped());
        assert!(jobs.stop(job.id, connection, user("a").as_ref()));
        assert!(job.is_stopped());
    }

    #[test]
    fn work_that_has_ended_is_no_longer_known() {
        let jobs = Jobs::default();
        let connection = Uuid::new_v4();
        let id = jobs.begin(connection, None).id;
        assert!(!jobs.stop(id, connection, None));
    }
}
