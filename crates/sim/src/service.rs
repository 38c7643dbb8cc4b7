//! The coordination service: sessions, ephemeral sequential nodes, one-shot watches, kept ids.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_event::OutputId;
use tidegate_failover::{Answer, Candidate, Sequence, SessionId};

use crate::event::{Delivery, Event, ServiceReply, ServiceRequest};
use crate::net::{Connection, Micros, Net};

/// How long the service waits for a sign of life.
pub(crate) const SESSION_TIMEOUT: Micros = 1_000_000;

/// How often it looks.
pub(crate) const TICK: Micros = 500_000;

struct Session {
    connection: Connection,
    process: usize,
    life: u32,
    heard: Micros,
    watches: BTreeSet<i64>,
}

/// The service. It answers at once; the network takes its time.
#[derive(Default)]
pub(crate) struct Service {
    sessions: BTreeMap<i64, Session>,
    nodes: BTreeMap<i64, i64>,
    next_sequence: i64,
    next_session: i64,
    kept: BTreeMap<usize, OutputId>,
}

impl Service {
    /// Ends the sessions that gave no sign of life. Only multiples of the tick count.
    pub(crate) fn tick(&mut self, net: &mut Net) {
        let now = net.now;
        net.schedule(now + TICK, Event::ServiceTick);
        if net.service_down {
            // Sessions have their full time again when the service is back.
            self.sessions.values_mut().for_each(|session| session.heard = now);
            return;
        }
        let over = |session: &Session| session.heard + SESSION_TIMEOUT <= now;
        let over: Vec<i64> = self.sessions.iter().filter(|(_, s)| over(s)).map(|(&id, _)| id).collect();
        for session in over {
            net.tell(|| format!("service: session {session} expires"));
            self.end(session, net);
        }
    }

    fn end(&mut self, session: i64, net: &mut Net) {
        self.sessions.remove(&session);
        let nodes: Vec<i64> = self.nodes.iter().filter(|&(_, &of)| of == session).map(|(&n, _)| n).collect();
        for node in nodes {
            self.delete(node, net);
        }
    }

    /// Somebody deletes the lowest node.
    pub(crate) fn delete_lowest(&mut self, net: &mut Net) {
        if let Some(&node) = self.nodes.keys().next() {
            self.delete(node, net);
        }
    }

    fn delete(&mut self, node: i64, net: &mut Net) {
        if self.nodes.remove(&node).is_none() {
            return;
        }
        for session in self.sessions.values_mut() {
            if session.watches.remove(&node) {
                reply(session, ServiceReply::Changed(node), net);
            }
        }
    }

    /// A message arrives.
    pub(crate) fn receive(
        &mut self,
        (connection, process, life): (Connection, usize, u32),
        number: u64,
        request: ServiceRequest,
        net: &mut Net,
    ) {
        if net.loses(connection, process) {
            return;
        }
        if let ServiceRequest::Open(wanted) = request {
            self.open((connection, process, life), wanted.map(|id| id.0), net);
            return;
        }
        let by = |session: &Session| session.connection == connection;
        let Some(id) = self.sessions.iter().find(|(_, s)| by(s)).map(|(&id, _)| id) else {
            // The session is over, or has moved to another connection: the request counts for nothing.
            net.break_off(connection);
            return;
        };
        let session = self.sessions.get_mut(&id).expect("it was just found");
        session.heard = net.now;
        let answer = match request {
            ServiceRequest::Open(_) => return,
            ServiceRequest::Ping => {
                reply(session, ServiceReply::Pong, net);
                return;
            }
            ServiceRequest::Close => {
                self.end(id, net);
                return;
            }
            ServiceRequest::Create => {
                let sequence = self.next_sequence;
                self.next_sequence += 1;
                self.nodes.insert(sequence, id);
                Answer::Created(Sequence(sequence))
            }
            ServiceRequest::List => {
                let candidate = |(&node, &owner): (&i64, &i64)| Candidate {
                    sequence: Sequence(node),
                    owner: SessionId(owner),
                };
                Answer::Listed(self.nodes.iter().map(candidate).collect())
            }
            ServiceRequest::Exists { sequence, watch } => {
                let present = self.nodes.contains_key(&sequence);
                if watch && present {
                    session.watches.insert(sequence);
                }
                Answer::Present(present)
            }
            ServiceRequest::Delete(node) => {
                self.delete(node, net);
                Answer::Deleted
            }
            ServiceRequest::Keep(output, kept) => {
                self.kept.insert(output, kept);
                Answer::Kept
            }
            ServiceRequest::Recall(output) => Answer::Recalled(self.kept.get(&output).copied()),
        };
        if let Some(session) = self.sessions.get(&id) {
            reply(session, ServiceReply::Answer(number, answer), net);
        }
    }

    fn open(
        &mut self,
        (connection, process, life): (Connection, usize, u32),
        wanted: Option<i64>,
        net: &mut Net,
    ) {
        let id = match wanted {
            Some(id) => match self.sessions.get_mut(&id) {
                Some(session) => {
                    // Watches may be lost on the way to another server.
                    if net.random.chance(50) {
                        session.watches.clear();
                    }
                    session.connection = connection;
                    session.heard = net.now;
                    id
                }
                None => {
                    let gone = Session { connection, process, life, heard: 0, watches: BTreeSet::new() };
                    reply(&gone, ServiceReply::Expired, net);
                    return;
                }
            },
            None => {
                self.next_session += 1;
                let session = Session { connection, process, life, heard: net.now, watches: BTreeSet::new() };
                self.sessions.insert(self.next_session, session);
                self.next_session
            }
        };
        reply(&self.sessions[&id], ServiceReply::Opened(SessionId(id)), net);
    }
}

fn reply(session: &Session, reply: ServiceReply, net: &mut Net) {
    let Session { connection, process, life, .. } = *session;
    let delivery = Delivery::Service(connection, reply);
    net.send(connection, process, false, Event::Process { to: process, life, delivery });
}
