//! Who is active: the candidate with the lowest node, while its lease lasts (design.md 7, "Election").

use std::collections::BTreeSet;

use crate::clock::Instant;
use crate::input::{Candidate, Sequence, SessionId};

/// The connection to the coordination service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Connection {
    /// None, and none is wanted.
    None,
    /// A new session was asked for.
    Connecting,
    /// The session and its connection are there.
    Up(SessionId),
    /// The session may live on without a connection.
    Down(SessionId),
}

/// What the engine knows of the election.
#[derive(Debug)]
pub(crate) struct Election {
    pub(crate) connection: Connection,
    /// How long the service waits before it ends the session, in microseconds.
    timeout: u64,
    /// Counts sessions, so that answers of an old one are told apart.
    pub(crate) generation: u64,
    /// The own node.
    pub(crate) own: Option<Sequence>,
    /// Own nodes that are to go; they are never used again.
    pub(crate) discarded: BTreeSet<Sequence>,
    /// Whether there may be nodes of this session that are not known of: an answer was lost.
    pub(crate) uncertain: bool,
    /// Whether the last listing may be out of date.
    pub(crate) stale: bool,
    /// Whether a watch on the own node has been asked for in this connection.
    pub(crate) own_watched: bool,
    /// Candidates of the last listing.
    pub(crate) candidates: usize,
    /// Whether the own node is the lowest.
    pub(crate) elected: bool,
    lease_end: Instant,
    pub(crate) check_at: Instant,
    /// Before this instant no request is repeated that was lost.
    pub(crate) retry_at: Instant,
}

impl Default for Election {
    fn default() -> Self {
        Self {
            connection: Connection::None,
            timeout: 0,
            generation: 0,
            own: None,
            discarded: BTreeSet::new(),
            uncertain: false,
            stale: true,
            own_watched: false,
            candidates: 0,
            elected: false,
            lease_end: Instant::default(),
            check_at: Instant::default(),
            retry_at: Instant::default(),
        }
    }
}

impl Election {
    /// There is a session, and a connection.
    pub(crate) fn connected(&mut self, session: SessionId, timeout: u64) {
        let again = matches!(self.connection, Connection::Up(old) | Connection::Down(old) if old == session);
        if !again {
            self.forget_session();
            self.generation += 1;
        }
        self.connection = Connection::Up(session);
        self.timeout = timeout;
        self.stale = true;
        self.own_watched = false;
        self.check_at = Instant::default();
        self.retry_at = Instant::default();
    }

    /// The session is over.
    pub(crate) fn expired(&mut self) {
        self.forget_session();
        self.connection = Connection::None;
    }

    fn forget_session(&mut self) {
        self.own = None;
        self.discarded.clear();
        self.uncertain = false;
        self.stale = true;
        self.elected = false;
        self.lease_end = Instant::default();
    }

    /// The session, while its connection is there.
    pub(crate) const fn up(&self) -> Option<SessionId> {
        match self.connection {
            Connection::Up(session) => Some(session),
            _ => None,
        }
    }

    /// A request that was sent at `sent` in this session was answered.
    pub(crate) fn answered(&mut self, sent: Instant) {
        self.lease_end = self.lease_end.max(sent.plus(self.timeout / 3 * 2));
    }

    /// The end of the lease.
    pub(crate) const fn lease_end(&self) -> Instant {
        self.lease_end
    }

    /// Whether this engine is active: elected, and no other can have been elected yet.
    pub(crate) fn is_active(&self, now: Instant) -> bool {
        self.elected && now < self.lease_end
    }

    /// How long until the own node is asked about again, or a lost request is repeated.
    pub(crate) const fn check_interval(&self) -> u64 {
        self.timeout / 8
    }

    /// Takes up a listing; answers the candidate before the own node, if there is one.
    pub(crate) fn listed(&mut self, candidates: &[Candidate]) -> Option<Sequence> {
        let Connection::Up(session) = self.connection else { return None };
        let ours: BTreeSet<Sequence> =
            candidates.iter().filter(|node| node.owner == session).map(|node| node.sequence).collect();
        self.discarded.retain(|node| ours.contains(node));
        self.own = self.own.filter(|own| ours.contains(own));
        // A node whose creation was not heard of becomes the own one, unless there is one.
        for &node in ours.iter().filter(|node| !self.discarded.contains(node)).collect::<Vec<_>>() {
            match self.own {
                Some(own) if own == node => {}
                Some(_) => drop(self.discarded.insert(node)),
                None => self.own = Some(node),
            }
        }
        self.uncertain = false;
        self.stale = false;
        let others = candidates.iter().filter(|node| node.owner != session);
        self.candidates = others.clone().count() + usize::from(self.own.is_some());
        // Without a node of its own an engine is nothing, whatever it was before.
        self.elected = false;
        let own = self.own?;
        let before = others.map(|node| node.sequence).filter(|&node| node < own).max();
        self.elected = before.is_none();
        before
    }

    /// The own node is not to be used any more.
    pub(crate) fn discard_own(&mut self) {
        self.discarded.extend(self.own);
        self.own_gone();
    }

    /// The own node was deleted by somebody.
    pub(crate) fn own_gone(&mut self) {
        self.elected = false;
        self.own = None;
        self.stale = true;
        self.own_watched = false;
    }
}
