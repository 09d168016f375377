//! Long work that can be asked to stop. What writes ends after the step that is under way and still says
//! what it did; leaving its answer ends it too, but then nobody hears.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::access::User;

/// The work of this process, with whose it is.
#[derive(Debug, Default)]
pub struct Jobs(Arc<Mutex<UnderWay>>);

type UnderWay = HashMap<Uuid, (Option<User>, CancellationToken)>;

/// Work that is under way until this is dropped.
#[derive(Debug)]
pub struct Job {
    /// Names it. Whoever reads its answer learns it.
    pub id: Uuid,
    stop: CancellationToken,
    jobs: Arc<Mutex<UnderWay>>,
}

impl Jobs {
    /// Begins work for a user.
    pub fn begin(&self, user: Option<User>) -> Job {
        let (id, stop) = (Uuid::new_v4(), CancellationToken::new());
        self.0.lock().insert(id, (user, stop.clone()));
        Job { id, stop, jobs: Arc::clone(&self.0) }
    }

    /// Asks the user's own work to stop; `false` where there is no such.
    pub fn stop(&self, id: Uuid, user: Option<&User>) -> bool {
        let jobs = self.0.lock();
        let own = jobs.get(&id).filter(|(whose, _)| whose.as_ref() == user);
        own.inspect(|(_, stop)| stop.cancel()).is_some()
    }
}

impl Job {
    /// Whether it was asked to stop.
    pub fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Cancelled when it is asked to stop; for waits between steps.
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
    fn work_is_stopped_by_its_own_user_only_and_while_it_goes_on() {
        let jobs = Jobs::default();
        let user = |id: &str| Some(User { id: id.to_owned() });
        let job = jobs.begin(user("a"));
        assert!(!jobs.stop(job.id, user("b").as_ref()));
        assert!(!jobs.stop(job.id, None));
        assert!(!job.is_stopped());
        assert!(jobs.stop(job.id, user("a").as_ref()));
        assert!(job.is_stopped());
        let id = job.id;
        drop(job);
        assert!(!jobs.stop(id, user("a").as_ref()));
    }
}
