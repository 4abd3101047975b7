//! Wake-ups between processes, by `LISTEN` and `NOTIFY`.

use crate::wake::Bell;
use futures_util::{StreamExt, stream};
use std::{collections::BTreeSet, time::Duration};
use tokio::sync::mpsc;
use tokio_postgres::AsyncMessage;

/// A commit that carries a `NOTIFY` takes a lock that all such commits share. So topics are gathered for this long and
/// announced outside of any transaction.
const GATHER: Duration = Duration::from_millis(10);

/// Announce this process's topics to the others, and ring theirs here, until the database is closed.
/// A lost connection is only a lost hint: listeners look again on their own, and it is opened anew.
pub(crate) async fn announce_and_listen(
    url: String,
    bell: Bell,
    mut topics: mpsc::UnboundedReceiver<&'static str>,
) {
    while !topics.is_closed() {
        if let Err(error) = one_connection(&url, &bell, &mut topics).await {
            tracing::warn!(%error, "wake-ups between processes are interrupted; work is found by looking once a second");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn one_connection(
    url: &str,
    bell: &Bell,
    topics: &mut mpsc::UnboundedReceiver<&'static str>,
) -> crate::Result<()> {
    let (client, mut connection) = tokio_postgres::connect(url, super::tls::connector()?).await?;
    let mut messages = stream::poll_fn(move |context| connection.poll_message(context));
    let process = client.query_one("select pg_backend_pid()", &[]);
    let process: i32 = tokio::select! {
        row = process => row?.try_get(0)?,
        _ = drain(&mut messages, bell, 0) => return Ok(()),
    };
    let speak = async {
        client.batch_execute("listen zelo").await?;
        while let Some(first) = topics.recv().await {
            tokio::time::sleep(GATHER).await;
            let mut gathered = BTreeSet::from([first]);
            while let Ok(next) = topics.try_recv() {
                gathered.insert(next);
            }
            for topic in gathered {
                client.execute("select pg_notify('zelo', $1)", &[&topic]).await?;
            }
        }
        Ok(())
    };
    tokio::select! {
        spoken = speak => spoken,
        _ = drain(&mut messages, bell, process) => Ok(()),
    }
}

async fn drain(
    messages: &mut (impl futures_util::Stream<Item = Result<AsyncMessage, tokio_postgres::Error>> + Unpin),
    bell: &Bell,
    own: i32,
) {
    while let Some(Ok(message)) = messages.next().await {
        if let AsyncMessage::Notification(note) = message
            && note.process_id() != own
        {
            bell.ring(note.payload());
        }
    }
}
