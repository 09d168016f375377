//! Ending the statement that a session is running: `CancelRequest`, on a connection of its own.

use bytes::BytesMut;
use postgres_protocol::message::frontend;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::connect::Connector;
use super::connection::CancelKey;
use crate::deadline::Deadline;

/// Asks the server to end what the session runs, and waits until it has taken the request. The
/// protocol has no answer to it, so failures are not told: the session is closed in any case.
pub(crate) async fn cancel(connector: &Connector, key: CancelKey, deadline: Deadline) {
    let work = async {
        let Ok(mut stream) = connector.stream(deadline).await else { return };
        let mut request = BytesMut::new();
        frontend::cancel_request(key.process_id, key.secret, &mut request);
        if stream.write_all(&request).await.is_ok() && stream.flush().await.is_ok() {
            // The server closes when it has signalled the session.
            let _ = stream.read_u8().await;
        }
    };
    let _ = deadline.run(work).await;
}
