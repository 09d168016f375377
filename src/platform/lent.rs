//! The loan of a session from the pool.

use std::ops::{Deref, DerefMut};

use deadpool::managed;

use super::dialer::Dialer;
use super::session::Session;

/// A session that goes back to the pool when it is dropped.
pub(crate) struct Lent(Option<managed::Object<Dialer>>);

impl From<managed::Object<Dialer>> for Lent {
    fn from(session: managed::Object<Dialer>) -> Self {
        Self(Some(session))
    }
}

impl Deref for Lent {
    type Target = Session;

    fn deref(&self) -> &Session {
        self.0.as_ref().expect("it is only taken when it is dropped")
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut Session {
        self.0.as_mut().expect("it is only taken when it is dropped")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // A session in the middle of something holds locks. It is closed now, and not when somebody
        // is about to get it from the pool.
        if let Some(session) = self.0.take_if(|session| !session.is_idle()) {
            drop(managed::Object::take(session));
        }
    }
}
