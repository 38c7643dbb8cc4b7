//! `ESP_aWAve(weight, value)`: Σ w·v / Σ w over the events where neither is null; null where Σ w is 0.

use tidegate_event::{EngineTime, FieldType, RowBatch};

use super::accumulator::{Accumulator, Change, Emission};
use super::column::OutColumn;
use super::double_double::DoubleDouble;
use super::function::{AggregateFunction, Class, Plan, Shape, Spec};
use super::sums::Outsiders;
use crate::state::{StateError, StateReader};

pub(super) static WEIGHTED_AVERAGE: AggregateFunction = AggregateFunction {
    name: "ESP_aWAve",
    usage: "ESP_aWAve(weight, value)",
    doc: "Weighted average: the sum of weight times value, divided by the sum of weights.",
    class: Class::Additive,
    arguments: &[Shape::Number, Shape::Number],
    plan: |a| Plan { spec: Spec::Weighted(a.fields[0], a.fields[1]), part: 0, ty: FieldType::Double },
};

#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    count: u64,
    weights: DoubleDouble,
    products: DoubleDouble,
}

/// Sums of weights and of weighted values.
#[derive(Debug)]
pub(super) struct Weighted {
    weight: usize,
    value: usize,
    cells: Vec<Cell>,
    outsiders: Outsiders,
}

impl Weighted {
    pub(super) fn new(weight: usize, value: usize) -> Self {
        Self { weight, value, cells: Vec::new(), outsiders: Outsiders::default() }
    }
}

impl Accumulator for Weighted {
    fn grow(&mut self, groups: usize) {
        self.cells.resize(groups, Cell::default());
    }

    fn apply(&mut self, input: &RowBatch, changes: &[Change], _: EngineTime) {
        for change in changes {
            let row = input.row(change.row as usize);
            if row.is_null(self.weight) || row.is_null(self.value) {
                continue;
            }
            let (weight, value) = (row.number(self.weight), row.number(self.value));
            let cell = &mut self.cells[change.group as usize];
            let product = DoubleDouble::product(weight, value);
            cell.count = if change.add { cell.count + 1 } else { cell.count.wrapping_sub(1) };
            if !weight.is_finite() || !product.value().is_finite() {
                self.outsiders.change(change.group, f64::NAN, change.add);
            } else if change.add {
                cell.weights = cell.weights.add(weight);
                cell.products = cell.products.plus(product);
            } else {
                cell.weights = cell.weights.add(-weight);
                cell.products = cell.products.minus(product);
            }
            if cell.count == 0 {
                *cell = Cell::default();
            }
        }
    }

    fn clear(&mut self, group: usize) {
        self.cells[group] = Cell::default();
        self.outsiders.clear(group as u32);
    }

    fn fill(&self, _: u8, at: &Emission<'_>, out: &mut OutColumn<'_>) {
        for (row, touched) in at.groups.iter().enumerate() {
            let cell = &self.cells[touched.group as usize];
            let weights = cell.weights.value();
            if let Some(outside) = self.outsiders.sum(touched.group) {
                out.double(row, outside);
            } else if cell.count > 0 && weights != 0.0 {
                out.double(row, cell.products.value() / weights);
            }
        }
    }

    fn save(&self, group: usize, out: &mut Vec<u8>) {
        let cell = &self.cells[group];
        out.extend_from_slice(&cell.count.to_le_bytes());
        cell.weights.save(out);
        cell.products.save(out);
        self.outsiders.save(group as u32, out);
    }

    fn load(&mut self, group: usize, from: &mut dyn StateReader) -> Result<(), StateError> {
        self.cells[group] = Cell {
            count: from.get_u64()?,
            weights: DoubleDouble::load(from)?,
            products: DoubleDouble::load(from)?,
        };
        self.outsiders.load(group as u32, from)
    }
}
