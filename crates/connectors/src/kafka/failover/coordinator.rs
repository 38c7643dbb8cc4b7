//! The ZooKeeper side of a group: carries out what the machine asks of the coordination service (failover-and-server
//! 1.6). One thread with a runtime of its own per group.

use std::future::Future;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tidegate_failover::{Answer, Candidate, Command, Input, OutputNo, RequestNo, Sequence, SessionId};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use zookeeper_client::{Acls, Client, CreateMode, Error, OneshotWatcher, SessionState};

use super::group::Group;
use super::messages;
use super::payload::Payload;

/// What is asked of the ZooKeeper server at most to keep the session of a dead engine, in milliseconds; it grants
/// no less than two ticks.
const SESSION_TIMEOUT: Duration = Duration::from_millis(1000);
/// How long until the next attempt to open a session.
const RETRY_AFTER: Duration = Duration::from_millis(200);
/// The longest sleep without a look at the machine's timers.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// What the names of candidates begin with; ten digits follow.
const PREFIX: &str = "server-n_";

/// Where the nodes of a group are.
#[derive(Debug, Clone)]
pub(super) struct Nodes {
    /// `host:port,host:port`.
    hosts: String,
    /// Parent of the candidates.
    parent: String,
    /// Parent of the ids that are kept, outside the election path.
    kept: String,
}

impl Nodes {
    /// The nodes of `group` at `host:port,...[/chroot]`.
    pub(super) fn new(zookeeper: &str, group: &str) -> Self {
        let (hosts, chroot) = zookeeper.split_once('/').unwrap_or((zookeeper, ""));
        let chroot = chroot.trim_matches('/');
        let root = if chroot.is_empty() { String::new() } else { format!("/{chroot}") };
        let group = group.trim_matches('/');
        Self {
            hosts: hosts.trim().to_owned(),
            parent: format!("{root}/{group}"),
            kept: format!("{root}/tidegate/{group}"),
        }
    }

    /// Path of a candidate.
    pub(super) fn candidate(&self, sequence: Sequence) -> String {
        format!("{}/{PREFIX}{:010}", self.parent, sequence.0)
    }

    fn sequence(name: &str) -> Option<Sequence> {
        name.strip_prefix(PREFIX)?.parse().ok().map(Sequence)
    }
}

/// What the coordinator's thread is told.
#[derive(Debug)]
pub(super) enum ToCoordinator {
    /// A command of the machine.
    Do(Command<Payload>),
    /// A session was opened for the attempt of this number.
    Opened(u64, Client),
}

/// Sends to the coordinator's thread; the thread ends when it is dropped.
pub(super) type CoordinatorSender = UnboundedSender<ToCoordinator>;

/// A sender and what its thread will receive.
pub(super) fn channel() -> (CoordinatorSender, UnboundedReceiver<ToCoordinator>) {
    unbounded_channel()
}

/// Runs until the group is gone.
pub(super) fn run(
    group: &Weak<Group>,
    nodes: Nodes,
    sender: CoordinatorSender,
    inbox: UnboundedReceiver<ToCoordinator>,
) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let sender = sender.downgrade();
    runtime.block_on(async {
        let mut coordinator =
            Coordinator { group: Weak::clone(group), nodes: Arc::new(nodes), client: None, attempt: 0 };
        let mut inbox = inbox;
        loop {
            let Some(timer) = group.upgrade().map(|group| group.next_timer()) else { return };
            let message = tokio::time::timeout(timer.min(LOOK_EVERY), inbox.recv()).await;
            match message {
                Ok(None) => return,
                Ok(Some(ToCoordinator::Do(command))) => {
                    let Some(sender) = sender.upgrade() else { return };
                    coordinator.carry_out(command, &sender);
                }
                Ok(Some(ToCoordinator::Opened(attempt, client))) => coordinator.opened(attempt, client),
                Err(_) => {}
            }
            let Some(group) = group.upgrade() else { return };
            group.tick();
        }
    });
    Ok(())
}

struct Coordinator {
    group: Weak<Group>,
    nodes: Arc<Nodes>,
    client: Option<Client>,
    /// Counts attempts to open a session; answers of old ones are dropped.
    attempt: u64,
}

impl Coordinator {
    fn carry_out(&mut self, command: Command<Payload>, sender: &CoordinatorSender) {
        let nodes = Arc::clone(&self.nodes);
        match command {
            Command::Connect => {
                self.client = None;
                self.attempt += 1;
                tokio::spawn(open(nodes, self.attempt, sender.downgrade()));
            }
            Command::Disconnect => {
                self.attempt += 1;
                self.client = None;
            }
            Command::Create { request } => self.ask(request, move |client| async move {
                let path = format!("{}/{PREFIX}", nodes.parent);
                let options = CreateMode::EphemeralSequential.with_acls(Acls::anyone_all());
                match client.create(&path, &[], &options).await {
                    Ok((_, sequence)) => Answer::Created(Sequence(sequence.into_i64())),
                    Err(_) => Answer::Lost,
                }
            }),
            Command::List { request } => self.ask(request, move |client| async move {
                list(&client, &nodes).await.map_or(Answer::Lost, Answer::Listed)
            }),
            Command::Check { request, sequence } => self.ask(request, move |client| async move {
                match client.check_stat(&nodes.candidate(sequence)).await {
                    Ok(stat) => Answer::Present(stat.is_some()),
                    Err(_) => Answer::Lost,
                }
            }),
            Command::Watch { request, sequence } => {
                let group = Weak::clone(&self.group);
                self.ask(request, move |client| async move {
                    match client.check_and_watch_stat(&nodes.candidate(sequence)).await {
                        Ok((stat, watcher)) => {
                            tokio::spawn(tell_change(group, sequence, watcher));
                            Answer::Present(stat.is_some())
                        }
                        Err(_) => Answer::Lost,
                    }
                });
            }
            Command::Delete { request, sequence } => self.ask(request, move |client| async move {
                match client.delete(&nodes.candidate(sequence), None).await {
                    Ok(()) | Err(Error::NoNode) => Answer::Deleted,
                    Err(_) => Answer::Lost,
                }
            }),
            Command::Keep { request, output, id } => {
                let Some(path) = self.kept_path(output) else { return };
                self.ask(request, move |client| async move {
                    match keep(&client, &path, id.to_string().as_bytes()).await {
                        Ok(()) => Answer::Kept,
                        Err(_) => Answer::Lost,
                    }
                });
            }
            Command::Recall { request, output } => {
                let Some(path) = self.kept_path(output) else { return };
                self.ask(request, move |client| async move {
                    match client.get_data(&path).await {
                        Ok((data, _)) => {
                            Answer::Recalled(std::str::from_utf8(&data).ok().and_then(|id| id.parse().ok()))
                        }
                        Err(Error::NoNode) => Answer::Recalled(None),
                        Err(_) => Answer::Lost,
                    }
                });
            }
            // The group has sent the others where they belong.
            _ => {}
        }
    }

    fn kept_path(&self, output: OutputNo) -> Option<String> {
        let stream = self.group.upgrade()?.stream(output)?;
        Some(format!("{}/{stream}", self.nodes.kept))
    }

    /// Sends a request of the machine and hands its answer over. Requests go out in the order of the calls.
    fn ask<F>(&self, request: RequestNo, work: impl FnOnce(Client) -> F)
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let Some(group) = self.group.upgrade() else { return };
        let sent = group.now();
        let Some(client) = self.client.clone() else {
            group.handle(Input::Answered { request, sent, answer: Answer::Lost });
            return;
        };
        let session = client.clone();
        let (answer, group) = (work(client), Arc::downgrade(&group));
        tokio::spawn(async move {
            let answer = answer.await;
            let Some(group) = group.upgrade() else { return };
            let is_over = answer == Answer::Lost && session.state().is_terminated();
            group.handle(Input::Answered { request, sent, answer });
            // The watcher of the state tells this too, unless the session had ended before it began to watch.
            if is_over {
                group.handle_if_session(SessionId(session.session_id().0), Input::Expired);
            }
        });
    }

    fn opened(&mut self, attempt: u64, client: Client) {
        if attempt != self.attempt {
            return;
        }
        let Some(group) = self.group.upgrade() else { return };
        let session = SessionId(client.session_id().0);
        let timeout = u64::try_from(client.session_timeout().as_micros()).unwrap_or(u64::MAX);
        tokio::spawn(tell_state(Weak::clone(&self.group), session, timeout, client.state_watcher()));
        self.client = Some(client);
        group.handle(Input::Connected { session, timeout });
    }
}

/// Opens a session, for as long as it takes.
async fn open(nodes: Arc<Nodes>, attempt: u64, to: tokio::sync::mpsc::WeakUnboundedSender<ToCoordinator>) {
    let mut told = false;
    loop {
        match try_open(&nodes).await {
            Ok(client) => {
                if let Some(to) = to.upgrade() {
                    // Nobody receives any more when the group is gone.
                    let _gone = to.send(ToCoordinator::Opened(attempt, client));
                }
                return;
            }
            Err(error) => {
                if !std::mem::replace(&mut told, true) {
                    messages::ZOOKEEPER_UNREACHABLE.log(format_args!(
                        "dfESPkafkaConnector::z_watcher(): ZooKeeper at {} cannot be reached: {error}; standby until \
                         it can",
                        nodes.hosts
                    ));
                }
                tokio::time::sleep(RETRY_AFTER).await;
                if to.upgrade().is_none() {
                    return;
                }
            }
        }
    }
}

async fn try_open(nodes: &Nodes) -> Result<Client, Error> {
    let client = Client::connector().with_session_timeout(SESSION_TIMEOUT).connect(&nodes.hosts).await?;
    let options = CreateMode::Persistent.with_acls(Acls::anyone_all());
    for path in [&nodes.parent, &nodes.kept] {
        client.mkdir(path, &options).await?;
    }
    Ok(client)
}

async fn list(client: &Client, nodes: &Nodes) -> Result<Vec<Candidate>, Error> {
    let mut candidates = Vec::new();
    for name in client.list_children(&nodes.parent).await? {
        let Some(sequence) = Nodes::sequence(&name) else { continue };
        if let Some(stat) = client.check_stat(&nodes.candidate(sequence)).await? {
            candidates.push(Candidate { sequence, owner: SessionId(stat.ephemeral_owner) });
        }
    }
    Ok(candidates)
}

async fn keep(client: &Client, path: &str, id: &[u8]) -> Result<(), Error> {
    match client.set_data(path, id, None).await {
        Err(Error::NoNode) => {
            let options = CreateMode::Persistent.with_acls(Acls::anyone_all());
            match client.create(path, id, &options).await {
                Err(Error::NodeExists) | Ok(_) => Ok(()),
                Err(error) => Err(error),
            }
        }
        other => other.map(drop),
    }
}

async fn tell_change(group: Weak<Group>, sequence: Sequence, watcher: OneshotWatcher) {
    watcher.changed().await;
    if let Some(group) = group.upgrade() {
        group.handle(Input::NodeChanged(sequence));
    }
}

/// Tells the machine of changes of the session's state, until the session ends.
async fn tell_state(
    group: Weak<Group>,
    session: SessionId,
    timeout: u64,
    mut watcher: zookeeper_client::StateWatcher,
) {
    loop {
        let state = watcher.changed().await;
        let Some(group) = group.upgrade() else { return };
        match state {
            SessionState::Disconnected => group.handle_if_session(session, Input::Disconnected),
            SessionState::SyncConnected | SessionState::ConnectedReadOnly => {
                group.handle(Input::Connected { session, timeout });
            }
            SessionState::Expired | SessionState::AuthFailed => {
                group.handle_if_session(session, Input::Expired);
                return;
            }
            SessionState::Closed => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names as in failover-and-server 1.6.
    #[test]
    fn nodes_have_esps_names() {
        let nodes = Nodes::new("zk1:2181,zk2:2181", "ESP");
        assert_eq!(nodes.candidate(Sequence(132)), "/ESP/server-n_0000000132");
        assert_eq!(Nodes::sequence("server-n_0000000017"), Some(Sequence(17)));
        assert_eq!(Nodes::sequence("other"), None);
    }

    #[test]
    fn a_chroot_comes_before_all_nodes() {
        let nodes = Nodes::new("zk1:2181/plant/a/", "ESPadaptergroup1");
        assert_eq!(nodes.hosts, "zk1:2181");
        assert_eq!(nodes.candidate(Sequence(1)), "/plant/a/ESPadaptergroup1/server-n_0000000001");
        assert_eq!(nodes.kept, "/plant/a/tidegate/ESPadaptergroup1");
    }
}
