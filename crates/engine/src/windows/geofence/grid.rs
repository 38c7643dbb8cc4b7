//! Finds the few geometries whose boxes a position can lie in.
//!
//! Boxes of about the same size share a level, whose cells are as wide as its widest boxes: a box is in two cells
//! per axis at most, and a position looks into one cell per level and axis. So the cost of a look does not grow
//! with the number of boxes, whatever their sizes are.

use std::collections::BTreeMap;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::plane::Vector;

/// Cells of one look beyond which all boxes of a level are looked through instead.
const MOST_CELLS: i64 = 64;

/// Finest and coarsest levels: cells of a millionth, six metres on the globe, so that numbers of cells stay exact.
const LEVELS: std::ops::RangeInclusive<i32> = -20..=1000;

type Cell = [i64; 3];

#[derive(Debug, Default)]
struct Level {
    cells: HashMap<Cell, Vec<u32>, FixedState>,
    members: usize,
}

/// The geometries by place.
#[derive(Debug, Default)]
pub(super) struct Grid {
    levels: BTreeMap<i32, Level>,
    /// Those without bounds.
    everywhere: Vec<u32>,
}

/// The level and the cells of a box; none for one that is too large for any.
fn home(bounds: Option<&[Vector; 2]>) -> Option<(i32, [Cell; 2])> {
    let bounds = bounds?;
    let level = level_of(bounds);
    let cells = cells_of(bounds, level);
    (count(&cells) <= MOST_CELLS).then_some((level, cells))
}

fn level_of([low, high]: &[Vector; 2]) -> i32 {
    let extent = (0..3).map(|axis| high[axis] - low[axis]).fold(0.0, f64::max);
    let level = if extent > 0.0 { extent.log2().ceil() } else { f64::NEG_INFINITY };
    (level as i32).clamp(*LEVELS.start(), *LEVELS.end())
}

/// The cells of a level that a box touches: first and last.
fn cells_of([low, high]: &[Vector; 2], level: i32) -> [Cell; 2] {
    let size = f64::powi(2.0, level);
    // Where numbers are too large for cells they all meet in the outermost one.
    [low, high].map(|corner| corner.map(|part| (part / size).floor() as i64))
}

fn count([first, last]: &[Cell; 2]) -> i64 {
    (0..3).map(|axis| last[axis].saturating_sub(first[axis]).saturating_add(1)).fold(1, i64::saturating_mul)
}

fn each_cell([first, last]: &[Cell; 2], mut f: impl FnMut(Cell)) {
    for x in first[0]..=last[0] {
        for y in first[1]..=last[1] {
            for z in first[2]..=last[2] {
                f([x, y, z]);
            }
        }
    }
}

fn take_out(members: &mut Vec<u32>, id: u32) {
    if let Some(at) = members.iter().position(|&member| member == id) {
        members.swap_remove(at);
    }
}

impl Grid {
    /// Adds a geometry.
    pub(super) fn insert(&mut self, id: u32, bounds: Option<&[Vector; 2]>) {
        let Some((level, cells)) = home(bounds) else { return self.everywhere.push(id) };
        let level = self.levels.entry(level).or_default();
        level.members += 1;
        each_cell(&cells, |cell| level.cells.entry(cell).or_default().push(id));
    }

    /// Takes a geometry out that was added with these bounds.
    pub(super) fn remove(&mut self, id: u32, bounds: Option<&[Vector; 2]>) {
        let Some((number, cells)) = home(bounds) else { return take_out(&mut self.everywhere, id) };
        let Some(level) = self.levels.get_mut(&number) else { return };
        level.members -= 1;
        each_cell(&cells, |cell| {
            if let Some(members) = level.cells.get_mut(&cell) {
                take_out(members, id);
                if members.is_empty() {
                    level.cells.remove(&cell);
                }
            }
        });
        if level.members == 0 {
            self.levels.remove(&number);
        }
    }

    /// The geometries whose bounds may meet a box, each once, in the order of their numbers.
    pub(super) fn find(&self, around: &[Vector; 2], found: &mut Vec<u32>) {
        found.clear();
        found.extend_from_slice(&self.everywhere);
        for (&number, level) in &self.levels {
            let cells = cells_of(around, number);
            if count(&cells) > MOST_CELLS.min(8 + level.members as i64) {
                level.cells.values().for_each(|members| found.extend_from_slice(members));
                continue;
            }
            each_cell(&cells, |cell| {
                if let Some(members) = level.cells.get(&cell) {
                    found.extend_from_slice(members);
                }
            });
        }
        found.sort_unstable();
        found.dedup();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bounds() -> impl Strategy<Value = Option<[Vector; 2]>> {
        let size = prop_oneof![Just(0.0), 0.0..1.0, 0.0..500.0, Just(1e300)];
        let some = (-50.0..50.0, -50.0..50.0, -1.0..1.0, size)
            .prop_map(|(x, y, z, size)| Some([[x, y, z], [x + size, y + size / 2.0, z]]));
        prop_oneof![9 => some, 1 => Just(None)]
    }

    fn meet(a: &[Vector; 2], b: &[Vector; 2]) -> bool {
        (0..3).all(|axis| a[0][axis] <= b[1][axis] && b[0][axis] <= a[1][axis])
    }

    proptest! {
        /// Nothing that meets the box is missing, and what was taken out is not found.
        #[test]
        fn finds_all_that_meet(
            boxes in prop::collection::vec(bounds(), 0..60),
            gone in prop::collection::vec(any::<bool>(), 60),
            looks in prop::collection::vec(bounds(), 1..10),
        ) {
            let mut grid = Grid::default();
            for (id, bounds) in boxes.iter().enumerate() {
                grid.insert(id as u32, bounds.as_ref());
            }
            for (id, bounds) in boxes.iter().enumerate().filter(|(id, _)| gone[*id]) {
                grid.remove(id as u32, bounds.as_ref());
            }
            let mut found = Vec::new();
            for look in looks.iter().flatten() {
                grid.find(look, &mut found);
                for (id, bounds) in boxes.iter().enumerate() {
                    let meets = bounds.as_ref().is_none_or(|bounds| meet(bounds, look));
                    prop_assert!(!meets || gone[id] || found.contains(&(id as u32)));
                    prop_assert!(!gone[id] || !found.contains(&(id as u32)));
                }
            }
            boxes.iter().enumerate().filter(|(id, _)| !gone[*id]).for_each(|(id, b)| grid.remove(id as u32, b.as_ref()));
            prop_assert!(grid.levels.is_empty() && grid.everywhere.is_empty());
        }
    }

    /// A look among many boxes of all sizes meets few.
    #[test]
    fn a_look_among_many_is_small() {
        let mut grid = Grid::default();
        for id in 0..100_000_u32 {
            let (x, y) = (f64::from(id % 400), f64::from(id / 400));
            let size = f64::from(id % 7) / 4.0;
            grid.insert(id, Some(&[[x, y, 0.0], [x + size, y + size, 0.0]]));
        }
        let mut found = Vec::new();
        grid.find(&[[200.5, 100.5, 0.0], [200.5, 100.5, 0.0]], &mut found);
        assert!(found.len() < 30, "{}", found.len());
    }
}
