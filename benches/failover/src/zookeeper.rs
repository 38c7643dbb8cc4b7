//! When ZooKeeper tells that a candidate is gone, seen by a watch of our own.

use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use tokio::runtime::{Builder, Runtime};
use zookeeper_client::Client;

use crate::Outcome;

/// Our own session.
pub struct Zookeeper {
    address: String,
}

impl Zookeeper {
    pub fn new(address: &str) -> Self {
        Self { address: address.to_owned() }
    }

    /// Watches the node of a group's active candidate, the lowest one, and tells when its deletion was told. Returns when the
    /// watch is set.
    pub fn active_gone(&self, group: &str) -> Outcome<Receiver<Instant>> {
        let (gone, told) = channel();
        let (ready, is_ready) = channel();
        let (address, parent) = (self.address.clone(), format!("/{group}"));
        thread::spawn(move || {
            let watch = async {
                let client = Client::connector().connect(&address).await?;
                let mut nodes = client.list_children(&parent).await?;
                nodes.sort_unstable();
                let lowest = nodes.first().ok_or("the group has no candidate")?;
                let (stat, watcher) = client.check_and_watch_stat(&format!("{parent}/{lowest}")).await?;
                stat.ok_or("the active candidate has just gone")?;
                Outcome::Ok((client, watcher))
            };
            let runtime: Outcome<Runtime> =
                Builder::new_current_thread().enable_all().build().map_err(Into::into);
            let outcome = runtime.and_then(|runtime| {
                let (client, watcher) = runtime.block_on(watch)?;
                // The one who asked waits for it.
                let _ = ready.send(Ok(()));
                runtime.block_on(watcher.changed());
                let _ = gone.send(Instant::now());
                drop(client);
                Ok(())
            });
            if let Err(error) = outcome {
                let _ = ready.send(Err(error));
            }
        });
        is_ready.recv().map_err(|_| "the watch could not be set")??;
        Ok(told)
    }
}
