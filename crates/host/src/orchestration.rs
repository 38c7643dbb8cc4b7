//! In which order connectors start (connectors-adapters 1.6; model-xml 14). Pure: states go in, starts come out.
//!
//! A group starts when every connector of the groups before it has passed through its target state. Connectors
//! without a group, and groups that wait for none, start at once; of what starts together, subscribers go first,
//! so that a fast file does not overtake a subscriber.

use tidegate_model::TargetState;

use crate::connector::ConnectorState;

/// A connector, by its number in the project.
pub type ConnectorNumber = usize;

/// One group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its connectors, each with the state that counts as reached.
    pub members: Vec<(ConnectorNumber, TargetState)>,
    /// The groups that it waits for.
    pub after: Vec<usize>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Start this connector.
    Start(ConnectorNumber),
    /// This group will never start, because a connector that it waits for has failed. Said once.
    NeverStarts {
        /// The group's name.
        group: String,
        /// The connector that failed.
        because: ConnectorNumber,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Waiting,
    Started,
    Never,
}

/// One start-up of a project's connectors. Call [`begin`](Self::begin) once, then [`changed`](Self::changed) with
/// every new state, in the order of the changes.
#[derive(Debug, Clone)]
pub struct Orchestration {
    groups: Vec<Group>,
    phases: Vec<Phase>,
    /// By group and member: whether the target was passed through since the group started.
    reached: Vec<Vec<bool>>,
    /// Connectors of no group.
    free: Vec<ConnectorNumber>,
    publisher: Vec<bool>,
}

impl Orchestration {
    /// The start-up of connectors of which `publisher` says what they are; those in no group stand free.
    /// A connector that is not in `startable` is started by nobody.
    pub fn new(groups: Vec<Group>, publisher: Vec<bool>, startable: &[bool]) -> Self {
        let grouped = |number| groups.iter().any(|g| g.members.iter().any(|&(n, _)| n == number));
        let free = (0..publisher.len()).filter(|&n| startable[n] && !grouped(n)).collect();
        let reached = groups.iter().map(|group| vec![false; group.members.len()]).collect();
        Self { phases: vec![Phase::Waiting; groups.len()], reached, free, publisher, groups }
    }

    /// What starts at once.
    pub fn begin(&mut self) -> Vec<Action> {
        let mut numbers = self.free.clone();
        numbers.extend(self.start_ready());
        self.ordered(numbers)
    }

    /// A connector has a new state.
    pub fn changed(&mut self, connector: ConnectorNumber, state: ConnectorState) -> Vec<Action> {
        for group in 0..self.groups.len() {
            if self.phases[group] != Phase::Started {
                continue;
            }
            for (member, &(number, target)) in self.groups[group].members.iter().enumerate() {
                let reached = match target {
                    TargetState::Running => {
                        matches!(state, ConnectorState::Running | ConnectorState::Finished)
                    }
                    TargetState::Finished => state == ConnectorState::Finished,
                    TargetState::Stopped => state == ConnectorState::Stopped,
                };
                if number == connector && reached {
                    self.reached[group][member] = true;
                }
            }
        }
        let numbers = self.start_ready();
        let mut actions = self.ordered(numbers);
        if state == ConnectorState::Failed {
            actions.extend(self.give_up(connector));
        }
        actions
    }

    fn start_ready(&mut self) -> Vec<ConnectorNumber> {
        let mut numbers = Vec::new();
        // An empty group is complete as soon as it starts, so starting one may let others start.
        while let Some(ready) = (0..self.groups.len()).find(|&g| self.is_ready(g)) {
            self.phases[ready] = Phase::Started;
            numbers.extend(self.groups[ready].members.iter().map(|&(number, _)| number));
        }
        numbers
    }

    fn is_ready(&self, group: usize) -> bool {
        self.phases[group] == Phase::Waiting
            && self.groups[group].after.iter().all(|&before| {
                self.phases[before] == Phase::Started && self.reached[before].iter().all(|&done| done)
            })
    }

    /// Marks the groups that wait, directly or not, for a failed connector that never reached its target.
    fn give_up(&mut self, failed: ConnectorNumber) -> Vec<Action> {
        let mut lost: Vec<bool> = (self.groups.iter().zip(&self.reached).zip(&self.phases))
            .map(|((group, reached), &phase)| {
                let mut members = group.members.iter().zip(reached);
                phase == Phase::Started && members.any(|(&(number, _), &done)| number == failed && !done)
            })
            .collect();
        let mut actions = Vec::new();
        loop {
            let next = (0..self.groups.len()).find(|&g| {
                self.phases[g] == Phase::Waiting && self.groups[g].after.iter().any(|&before| lost[before])
            });
            let Some(group) = next else { return actions };
            self.phases[group] = Phase::Never;
            lost[group] = true;
            actions.push(Action::NeverStarts { group: self.groups[group].name.clone(), because: failed });
        }
    }

    fn ordered(&self, mut numbers: Vec<ConnectorNumber>) -> Vec<Action> {
        let mut seen = vec![false; self.publisher.len()];
        numbers.retain(|&number| !std::mem::replace(&mut seen[number], true));
        numbers.sort_by_key(|&number| self.publisher[number]);
        numbers.into_iter().map(Action::Start).collect()
    }
}

#[cfg(test)]
mod tests;
