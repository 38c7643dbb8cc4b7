//! How far one instance of a pattern has come: a state per node of the logic, and the two things that move it: an
//! event offered to it and time running out (functions.md 4.2 and 4.4).

use super::logic::{Kind, Logic, Node};

/// What a node has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// Its turn has not come.
    Idle,
    /// It waits, or holds.
    Open,
    /// It is true for good.
    True,
    /// It is false for good.
    False,
}

impl Status {
    pub(super) const ALL: [Self; 4] = [Self::Idle, Self::Open, Self::True, Self::False];
}

/// The clock of a node's limit has not been started.
const NOT_STARTED: i64 = i64::MIN;

/// The state of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NodeState {
    pub(super) status: Status,
    /// Of `fby` the operand whose turn it is; of `is` how many events have satisfied it.
    pub(super) count: u32,
    /// When the time of its limit began.
    pub(super) since: i64,
}

impl NodeState {
    pub(super) const IDLE: Self = Self { status: Status::Idle, count: 0, since: NOT_STARTED };
}

/// What an instance waits for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// One bit per event of the pattern.
    pub(super) events: u64,
    /// Whether every event of its index values decides something.
    pub(super) any: bool,
}

/// Moves an instance: its states, the logic, and the time.
pub(super) struct Progress<'a> {
    pub(super) logic: &'a Logic,
    pub(super) states: &'a mut [NodeState],
    pub(super) time: i64,
    /// How often a node that is no `notoccur` came closer to being true.
    pub(super) steps: u32,
    /// Whether the node in hand stands below a `notoccur`.
    breaking: bool,
}

impl<'a> Progress<'a> {
    pub(super) fn new(logic: &'a Logic, states: &'a mut [NodeState], time: i64) -> Self {
        Self { logic, states, time, steps: 0, breaking: false }
    }

    /// Makes the states those of a new instance.
    pub(super) fn start(&mut self) {
        self.states.fill(NodeState::IDLE);
        self.activate(0);
    }

    /// Offers an event: `matches` says whether it satisfies the condition of a pattern's event, and is told whether
    /// the event then counts for the output, or only breaks something. Time has run out before, where it has.
    pub(super) fn offer(&mut self, matches: &mut impl FnMut(usize, bool) -> bool) -> Status {
        self.visit(0, Some(matches))
    }

    /// Lets limits that have passed decide.
    pub(super) fn expire(&mut self) -> Status {
        self.visit(0, None::<&mut fn(usize, bool) -> bool>)
    }

    /// The last instant at which no limit has passed; `i64::MAX` when there is none.
    pub(super) fn deadline(&self) -> i64 {
        (self.logic.nodes.iter().zip(&*self.states))
            .filter(|(_, state)| state.status == Status::Open && state.since != NOT_STARTED)
            .filter_map(|(node, state)| Some(state.since.saturating_add(node.limit?)))
            .min()
            .unwrap_or(i64::MAX)
    }

    /// What could move the instance next.
    pub(super) fn wanted(&self) -> Wanted {
        let mut wanted = Wanted::default();
        self.collect(0, &mut wanted);
        wanted
    }

    fn status(&self, at: usize) -> Status {
        self.states[at].status
    }

    fn set(&mut self, at: usize, status: Status) -> Status {
        self.states[at].status = status;
        status
    }

    fn activate(&mut self, at: usize) {
        let logic = self.logic;
        let node = &logic.nodes[at];
        self.states[at] = NodeState { status: Status::Open, ..NodeState::IDLE };
        match node.kind {
            Kind::Event(_) => {}
            Kind::Fby => self.activate_from(at, 0),
            Kind::And | Kind::Or => {
                if node.negative {
                    self.states[at].since = self.time;
                }
                node.operands.iter().for_each(|&operand| self.activate(operand));
            }
            Kind::NotOccur => {
                self.states[at].since = self.time;
                self.activate(node.operands[0]);
            }
            Kind::Not | Kind::Is(_) => self.states[at].since = self.time,
        }
    }

    /// Gives `fby` its operand `from` and, where that can only be broken, also those behind it.
    fn activate_from(&mut self, at: usize, from: usize) {
        let logic = self.logic;
        for &operand in &logic.nodes[at].operands[from..] {
            self.activate(operand);
            if !logic.nodes[operand].negative {
                break;
            }
        }
    }

    fn visit<M: FnMut(usize, bool) -> bool>(&mut self, at: usize, event: Option<&mut M>) -> Status {
        let state = self.states[at];
        if state.status != Status::Open {
            return state.status;
        }
        let logic = self.logic;
        let node = &logic.nodes[at];
        let before = self.steps;
        let offered = event.is_some();
        if !offered
            && state.since != NOT_STARTED
            && node.limit.is_some_and(|limit| self.time > state.since.saturating_add(limit))
        {
            let status = if self.holds(at) || node.kind == Kind::Not { Status::True } else { Status::False };
            return self.set(at, status);
        }
        let status = match node.kind {
            Kind::Event(number) => {
                let counts = !self.breaking;
                let hit = event.is_some_and(|matches| matches(number, counts));
                self.steps += u32::from(hit);
                if hit { Status::True } else { Status::Open }
            }
            Kind::Fby => self.visit_fby(at, event),
            Kind::And => self.visit_and(at, event),
            Kind::Or => self.visit_or(at, event),
            Kind::NotOccur => {
                // What occurs in it is no progress of the instance.
                let around = std::mem::replace(&mut self.breaking, true);
                let status = self.visit(node.operands[0], event);
                self.breaking = around;
                self.steps = before;
                if status == Status::True { Status::False } else { Status::Open }
            }
            Kind::Not | Kind::Is(_) => {
                let counts = !self.breaking && node.kind != Kind::Not;
                let hit = event.map(|matches| self.satisfies(node.operands[0], counts, matches));
                self.decide(at, node.kind, hit)
            }
        };
        if offered && self.steps > before && self.states[at].since == NOT_STARTED {
            self.states[at].since = self.time;
        }
        self.set(at, status)
    }

    /// What the next event does to `not` and `is`.
    fn decide(&mut self, at: usize, kind: Kind, hit: Option<bool>) -> Status {
        let Some(hit) = hit else { return Status::Open };
        if hit == (kind == Kind::Not) {
            return Status::False;
        }
        self.steps += 1;
        let count = &mut self.states[at].count;
        *count += 1;
        match kind {
            Kind::Is(wanted) if *count < wanted => Status::Open,
            _ => Status::True,
        }
    }

    fn visit_fby<M: FnMut(usize, bool) -> bool>(&mut self, at: usize, mut event: Option<&mut M>) -> Status {
        let logic = self.logic;
        let Node { operands, limited, .. } = &logic.nodes[at];
        loop {
            let first = self.states[at].count as usize;
            let run = operands[first..].iter().take_while(|&&operand| logic.nodes[operand].negative).count();
            for &operand in &operands[first..first + run] {
                if self.visit(operand, event.as_deref_mut()) == Status::False {
                    return Status::False;
                }
            }
            let Some(&operand) = operands.get(first + run) else {
                // Nothing but what can be broken is left: time decides, or the next event that does not break it.
                let fixed = operands[first..].iter().all(|&operand| self.status(operand) == Status::True);
                if fixed || event.is_some() && !*limited {
                    self.steps += 1;
                    return Status::True;
                }
                return Status::Open;
            };
            match self.visit(operand, event.as_deref_mut()) {
                Status::False => return Status::False,
                Status::True => {}
                Status::Idle | Status::Open => return Status::Open,
            }
            let next = first + run + 1;
            self.states[at].count = next as u32;
            if next == operands.len() {
                return Status::True;
            }
            self.activate_from(at, next);
            if event.is_some() {
                // The next operand takes a strictly later event.
                return Status::Open;
            }
        }
    }

    fn visit_and<M: FnMut(usize, bool) -> bool>(&mut self, at: usize, mut event: Option<&mut M>) -> Status {
        let logic = self.logic;
        let operands = &logic.nodes[at].operands;
        // What can break it comes first (functions.md 4.2, rule 3).
        let breaks = |operand: usize| logic.nodes[operand].negative || logic.nodes[operand].kind == Kind::Not;
        let first = operands.iter().filter(|&&operand| breaks(operand));
        for &operand in first.chain(operands.iter().filter(|&&operand| !breaks(operand))) {
            if self.visit(operand, event.as_deref_mut()) == Status::False {
                return Status::False;
            }
        }
        let holding = !logic.nodes[at].negative;
        let done = |&operand: &usize| {
            self.status(operand) == Status::True || holding && logic.nodes[operand].negative
        };
        if operands.iter().all(done) { Status::True } else { Status::Open }
    }

    fn visit_or<M: FnMut(usize, bool) -> bool>(&mut self, at: usize, mut event: Option<&mut M>) -> Status {
        let logic = self.logic;
        let mut all_false = true;
        for &operand in &logic.nodes[at].operands {
            match self.visit(operand, event.as_deref_mut()) {
                Status::True => return Status::True,
                Status::False => {}
                Status::Idle | Status::Open => all_false = false,
            }
        }
        if all_false { Status::False } else { Status::Open }
    }

    /// Whether one event alone makes a node true.
    fn satisfies<M: FnMut(usize, bool) -> bool>(&self, at: usize, counts: bool, matches: &mut M) -> bool {
        let node = &self.logic.nodes[at];
        match node.kind {
            Kind::Event(number) => matches(number, counts),
            Kind::And => node.operands.iter().all(|&operand| self.satisfies(operand, counts, matches)),
            Kind::Or => node.operands.iter().any(|&operand| self.satisfies(operand, counts, matches)),
            Kind::Not | Kind::NotOccur => !self.satisfies(node.operands[0], false, matches),
            Kind::Is(1) => self.satisfies(node.operands[0], counts, matches),
            Kind::Is(_) | Kind::Fby => false,
        }
    }

    /// Whether a node is true if nothing more occurs.
    fn holds(&self, at: usize) -> bool {
        let node = &self.logic.nodes[at];
        let state = &self.states[at];
        if state.status != Status::Open {
            return state.status == Status::True;
        }
        match node.kind {
            Kind::NotOccur => true,
            Kind::And => node.operands.iter().all(|&operand| self.holds(operand)),
            Kind::Or => node.operands.iter().any(|&operand| self.holds(operand)),
            Kind::Fby => node.operands[state.count as usize..].iter().all(|&operand| self.holds(operand)),
            Kind::Event(_) | Kind::Not | Kind::Is(_) => false,
        }
    }

    fn collect(&self, at: usize, wanted: &mut Wanted) {
        if self.status(at) != Status::Open {
            return;
        }
        let node = &self.logic.nodes[at];
        match node.kind {
            Kind::Event(number) => wanted.events |= 1 << number,
            Kind::Not | Kind::Is(_) => wanted.any = true,
            Kind::Fby => {
                let left = &node.operands[self.states[at].count as usize..];
                if left.iter().all(|&operand| self.logic.nodes[operand].negative) && !node.limited {
                    wanted.any = true;
                }
                left.iter().for_each(|&operand| self.collect(operand, wanted));
            }
            Kind::And | Kind::Or | Kind::NotOccur => {
                node.operands.iter().for_each(|&operand| self.collect(operand, wanted));
            }
        }
    }
}
