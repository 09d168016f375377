//! Opening sockets: a few at a time, and none while the endpoint is known to fail.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use tokio::sync::SemaphorePermit;

use super::idle::Open;
use super::{Condition, Dial, LIFETIME, Pool, dialling};
use crate::deadline::Deadline;
use crate::error::{Code, Result};

impl<D: Dial> Pool<D> {
    /// A socket for one who has a slot: opened now, unless one is given back before its turn comes.
    pub(super) async fn find_or_open(
        self: &Arc<Self>,
        deadline: Deadline,
    ) -> Result<(Open<D::Socket>, Condition)> {
        let opening = async {
            let _turn = self.turn(deadline).await?;
            match self.pop_idle() {
                Some(found) => Ok(found),
                None => Ok((self.dial(deadline).await?, Condition::Trusted)),
            }
        };
        self.unless_closed(opening).await?
    }

    /// A socket that is opened now, for one who has a slot.
    pub(super) async fn open(self: &Arc<Self>, deadline: Deadline) -> Result<Open<D::Socket>> {
        let opening = async {
            let _turn = self.turn(deadline).await?;
            self.dial(deadline).await
        };
        self.unless_closed(opening).await?
    }

    async fn turn(&self, deadline: Deadline) -> Result<SemaphorePermit<'_>> {
        self.admit(deadline).await?;
        match deadline.run(self.turns.acquire()).await {
            Some(turn) => turn.map_err(|_| self.was_closed()),
            None => Err(self.took_too_long()),
        }
    }

    /// Refuses while the endpoint is known to fail; it is tried in the background meanwhile.
    async fn admit(&self, deadline: Deadline) -> Result<()> {
        let Some(circuit) = self.dialer.circuit() else { return Ok(()) };
        let admitted = deadline.run(circuit.pass()).await;
        if let Some(Err(_)) = admitted {
            let dialer = Arc::clone(&self.dialer);
            circuit.keep_trying(move || {
                let dialer = Arc::clone(&dialer);
                let deadline = Deadline::after(dialer.connect_timeout());
                Box::pin(async move { dialer.dial(deadline).await.map(drop) })
            });
        }
        admitted.unwrap_or_else(|| Err(self.took_too_long()))
    }

    async fn dial(self: &Arc<Self>, deadline: Deadline) -> Result<Open<D::Socket>> {
        // Others may have failed while this one waited for its turn.
        self.admit(deadline).await?;
        let generation = self.generation.load(Ordering::Acquire);
        let longest = self.dialer.connect_timeout();
        let had_its_time = deadline.remaining() >= longest;
        let deadline = deadline.or_after(longest);
        let dialled = deadline.run(self.dialer.dial(deadline)).await;
        let circuit = self.dialer.circuit();
        match dialled.unwrap_or_else(|| Err(self.took_too_long())) {
            Ok(socket) => {
                if let Some(circuit) = circuit {
                    circuit.succeeded();
                }
                self.start_sweeping();
                let idle_since = Instant::now();
                let expires = idle_since + LIFETIME.mul_f64(rand::random_range(0.9..1.1));
                Ok(Open { socket, generation, expires, idle_since, reused: false })
            }
            Err(error) => {
                if let Some(circuit) = circuit
                    && (had_its_time || error.code() != Code::DbTimeout)
                {
                    circuit.attempt_failed(&error);
                }
                let of_endpoint = self.dialer.is_of_endpoint(&error);
                Err(if of_endpoint { dialling::failed(error, had_its_time) } else { error })
            }
        }
    }
}
