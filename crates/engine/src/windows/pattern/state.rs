//! Saving and loading open instances.
//!
//! ```text
//! per window    i64 next key, the variables of its expressions (length and bytes), u64 number of patterns
//! per pattern   i64 time of the last event, u64 number of instances, u64 number of nodes
//!               per instance, oldest first, and node: u64 status, u64 count, i64 beginning of its limit
//!               the instances' rows (store/frozen.rs)
//! ```

use super::logic::Kind;
use super::matcher::{Matcher, OPEN_MAX};
use super::progress::{NodeState, Status};
use crate::state::{Frozen, StateError, StateReader, StateWriter};
use crate::store::{FrozenRows, read_rows};

/// A pattern's open instances at a step boundary.
pub(super) struct FrozenPattern {
    clock: i64,
    nodes: usize,
    sequences: Vec<u64>,
    states: Vec<NodeState>,
    rows: FrozenRows,
}

impl FrozenPattern {
    pub(super) fn of(matcher: &mut Matcher) -> Self {
        Self {
            clock: matcher.clock,
            nodes: matcher.logic.nodes.len(),
            sequences: matcher.instances.sequences.clone(),
            states: matcher.instances.states.clone(),
            rows: matcher.instances.rows.freeze(None),
        }
    }
}

impl Frozen for FrozenPattern {
    fn write(&self, out: &mut dyn StateWriter) -> Result<(), StateError> {
        let open = self.sequences.iter().enumerate().filter(|(_, sequence)| **sequence != 0);
        let mut open: Vec<(u64, usize)> = open.map(|(id, &sequence)| (sequence, id)).collect();
        open.sort_unstable();
        out.put_i64(self.clock)?;
        out.put_u64(open.len() as u64)?;
        out.put_u64(self.nodes as u64)?;
        for (_, id) in open {
            for state in &self.states[id * self.nodes..][..self.nodes] {
                let status = Status::ALL.iter().position(|&status| status == state.status).unwrap_or(0);
                out.put_u64(status as u64)?;
                out.put_u64(u64::from(state.count))?;
                out.put_i64(state.since)?;
            }
        }
        self.rows.write(out)
    }
}

/// Reads what a [`FrozenPattern`] wrote into a pattern without instances.
pub(super) fn load(matcher: &mut Matcher, from: &mut dyn StateReader) -> Result<(), StateError> {
    matcher.clock = from.get_i64()?;
    let open = from.get_u64()?;
    let nodes = from.get_u64()?;
    if open > OPEN_MAX as u64 || nodes != matcher.logic.nodes.len() as u64 {
        return Err(StateError::corrupt(format!(
            "a pattern has {open} open instances of {nodes} nodes; at most {OPEN_MAX} of {} are possible",
            matcher.logic.nodes.len()
        )));
    }
    let nodes = nodes as usize;
    let mut states = Vec::new();
    for _ in 0..open {
        for node in 0..nodes {
            states.push(node_state(matcher, node, from)?);
        }
    }
    let mut loaded = Vec::new();
    let instances = &mut matcher.instances;
    read_rows(&mut instances.rows, from, &mut |_, id| {
        loaded.push(id);
        Ok(())
    })?;
    if loaded.len() as u64 != open {
        return Err(StateError::corrupt(format!("{} rows for {open} open instances", loaded.len())));
    }
    for (n, id) in loaded.into_iter().enumerate() {
        matcher.instances.adopt(id, &states[n * nodes..][..nodes]);
        matcher.settle(id);
    }
    Ok(())
}

fn node_state(matcher: &Matcher, node: usize, from: &mut dyn StateReader) -> Result<NodeState, StateError> {
    let (status, count, since) = (from.get_u64()?, from.get_u64()?, from.get_i64()?);
    let node = &matcher.logic.nodes[node];
    let count_max = match node.kind {
        Kind::Fby => node.operands.len() as u64,
        Kind::Is(wanted) => u64::from(wanted),
        Kind::Not => 1,
        _ => 0,
    };
    match usize::try_from(status).ok().and_then(|status| Status::ALL.get(status)) {
        Some(&status) if count <= count_max => Ok(NodeState { status, count: count as u32, since }),
        _ => Err(StateError::corrupt(format!(
            "a pattern's node has the status {status} and the count {count}"
        ))),
    }
}
