//! The client of the coordination service in a process: keeps a session, tells of it, and answers each request once.

use std::collections::{BTreeMap, VecDeque};

use tidegate_failover::{Answer, Input, Instant, RequestNo, SessionId};

use crate::event::{Event, ServiceReply, ServiceRequest};
use crate::net::{Connection, Net};
use crate::service::SESSION_TIMEOUT;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed,
    /// Asked for a session, or for the old one.
    Opening(Connection, Option<SessionId>),
    Up(Connection, SessionId),
}

/// The client.
pub(crate) struct Client {
    process: usize,
    life: u32,
    state: State,
    /// When the service was last heard, by the own clock.
    heard: Instant,
    /// When the last attempt or ping was sent.
    sent: Instant,
    open: BTreeMap<u64, (RequestNo, Instant)>,
}

impl Client {
    pub(crate) fn new(process: usize, life: u32) -> Self {
        Self {
            process,
            life,
            state: State::Closed,
            heard: Instant::default(),
            sent: Instant::default(),
            open: BTreeMap::new(),
        }
    }

    /// The connection at hand.
    pub(crate) fn connection(&self) -> Option<Connection> {
        match self.state {
            State::Closed => None,
            State::Opening(connection, _) | State::Up(connection, _) => Some(connection),
        }
    }

    /// Opens a new session, for as long as it takes.
    pub(crate) fn connect(&mut self, now: Instant, inputs: &mut VecDeque<Input>, net: &mut Net) {
        self.lose_all(inputs);
        self.heard = now;
        self.attempt(None, now, net);
    }

    fn attempt(&mut self, session: Option<SessionId>, now: Instant, net: &mut Net) {
        let connection = Connection(net.number());
        self.state = State::Opening(connection, session);
        self.sent = now;
        self.put(connection, 0, ServiceRequest::Open(session), net);
    }

    /// Ends the session.
    pub(crate) fn disconnect(&mut self, inputs: &mut VecDeque<Input>, net: &mut Net) {
        if let State::Up(connection, _) = self.state {
            self.put(connection, 0, ServiceRequest::Close, net);
        }
        self.lose_all(inputs);
        self.state = State::Closed;
    }

    /// Sends a request; false when there is no connection.
    pub(crate) fn request(
        &mut self,
        request: RequestNo,
        what: ServiceRequest,
        sent: Instant,
        net: &mut Net,
    ) -> bool {
        let State::Up(connection, _) = self.state else { return false };
        let number = net.number();
        self.open.insert(number, (request, sent));
        self.put(connection, number, what, net);
        true
    }

    fn put(&self, connection: Connection, number: u64, request: ServiceRequest, net: &mut Net) {
        let (from, life) = (self.process, self.life);
        net.send(connection, from, true, Event::Service { connection, from, life, number, request });
    }

    fn lose_all(&mut self, inputs: &mut VecDeque<Input>) {
        for (request, sent) in std::mem::take(&mut self.open).into_values() {
            inputs.push_back(Input::Answered { request, sent, answer: Answer::Lost });
        }
    }

    /// The connection is gone.
    pub(crate) fn broken(
        &mut self,
        connection: Connection,
        now: Instant,
        inputs: &mut VecDeque<Input>,
        net: &mut Net,
    ) {
        match self.state {
            State::Up(at_hand, session) if at_hand == connection => {
                net.break_off(connection);
                let lost_first = net.random.chance(50);
                if lost_first {
                    self.lose_all(inputs);
                }
                inputs.push_back(Input::Disconnected);
                self.lose_all(inputs);
                self.attempt(Some(session), now, net);
            }
            State::Opening(at_hand, session) if at_hand == connection => self.attempt(session, now, net),
            _ => {}
        }
    }

    /// A message arrives.
    pub(crate) fn receive(
        &mut self,
        connection: Connection,
        reply: ServiceReply,
        now: Instant,
        inputs: &mut VecDeque<Input>,
    ) {
        if self.connection() != Some(connection) {
            return;
        }
        self.heard = now;
        match reply {
            ServiceReply::Opened(session) => {
                self.state = State::Up(connection, session);
                self.sent = now;
                inputs.push_back(Input::Connected { session, timeout: SESSION_TIMEOUT });
            }
            ServiceReply::Expired => {
                self.state = State::Closed;
                inputs.push_back(Input::Expired);
            }
            ServiceReply::Pong => {}
            ServiceReply::Answer(number, answer) => {
                if let Some((request, sent)) = self.open.remove(&number) {
                    inputs.push_back(Input::Answered { request, sent, answer });
                }
            }
            ServiceReply::Changed(node) => {
                inputs.push_back(Input::NodeChanged(tidegate_failover::Sequence(node)));
            }
        }
    }

    /// Sends signs of life; notices a silent service after 2/5 of the session, gives the session up after 7/5.
    pub(crate) fn beat(&mut self, now: Instant, inputs: &mut VecDeque<Input>, net: &mut Net) {
        let silent = self.heard.until(now);
        let waited = self.sent.until(now);
        match self.state {
            State::Closed => {}
            State::Opening(_, Some(_)) if silent > SESSION_TIMEOUT / 5 * 7 => {
                self.state = State::Closed;
                inputs.push_back(Input::Expired);
            }
            State::Opening(_, session) => {
                if waited > SESSION_TIMEOUT / 5 {
                    self.attempt(session, now, net);
                }
            }
            State::Up(connection, _) if silent > SESSION_TIMEOUT / 5 * 2 => {
                self.broken(connection, now, inputs, net);
            }
            State::Up(connection, _) => {
                if waited > SESSION_TIMEOUT / 6 {
                    self.sent = now;
                    self.put(connection, 0, ServiceRequest::Ping, net);
                }
            }
        }
    }
}
