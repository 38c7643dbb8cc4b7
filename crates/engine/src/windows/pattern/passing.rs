//! Which events of a block the filters of a pattern's event let pass.

use tidegate_event::EventRef;

/// The events that have passed so far: each filter is asked for those alone that the ones before let pass.
#[derive(Debug, Default)]
pub(super) struct Passing {
    events: Vec<EventRef>,
    positions: Vec<u32>,
    answers: Vec<bool>,
}

impl Passing {
    /// All events of a block.
    pub(super) fn start(&mut self, events: &[EventRef]) {
        self.events.clear();
        self.events.extend_from_slice(events);
        self.positions.clear();
        self.positions.extend(0..events.len() as u32);
    }

    /// Keeps those for which `ask` answers with true.
    pub(super) fn keep(&mut self, ask: impl FnOnce(&[EventRef], &mut Vec<bool>)) {
        let Self { events, positions, answers } = self;
        if events.is_empty() {
            return;
        }
        ask(events, answers);
        let mut kept = 0;
        for number in 0..events.len() {
            (events[kept], positions[kept]) = (events[number], positions[number]);
            kept += usize::from(answers[number]);
        }
        events.truncate(kept);
        positions.truncate(kept);
    }

    /// The positions in the block of those that are left.
    pub(super) fn positions(&self) -> impl Iterator<Item = usize> + '_ {
        self.positions.iter().map(|&position| position as usize)
    }
}

#[cfg(test)]
mod tests {
    use tidegate_event::{Flags, Opcode};

    use super::*;

    #[test]
    fn a_filter_is_asked_for_what_the_ones_before_let_pass() {
        let events: Vec<EventRef> =
            (0..6).map(|row| EventRef { row, opcode: Opcode::Insert, flags: Flags::NORMAL }).collect();
        let mut passing = Passing::default();
        passing.start(&events);
        let mut keep = |divisor: u32, asked: usize| {
            passing.keep(|events, out| {
                assert_eq!(events.len(), asked);
                out.clear();
                out.extend(events.iter().map(|event| event.row % divisor == 0));
            });
            passing.positions().collect::<Vec<_>>()
        };
        assert_eq!(keep(2, 6), [0, 2, 4]);
        assert_eq!(keep(4, 3), [0, 4]);
        assert_eq!(keep(1, 2), [0, 4]);
    }
}
