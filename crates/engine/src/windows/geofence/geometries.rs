//! The geometries that the window knows: their rows, what they are, and where.

use tidegate_event::{BlockKind, EventBlock, Flags, Opcode, RowBatch, RowView};

use super::grid::Grid;
use super::plane::{Place, Vector};
use super::shape::{BadGeometry, Fit, Raw, Rules, Shape, boxed};
use crate::retained::{Resolution, Retained};
use crate::step::{Notice, Reject, Step};
use crate::store::RowId;

/// Where a geometry's parts are in its events: the attributes of `geometry`.
#[derive(Debug)]
pub(super) struct GeometryFields {
    pub(super) data: Option<usize>,
    pub(super) separator: String,
    pub(super) x: Option<usize>,
    pub(super) y: Option<usize>,
    pub(super) radius_field: Option<usize>,
    pub(super) radius: f64,
    pub(super) kind: Option<usize>,
}

impl GeometryFields {
    fn read(&self, row: &RowView<'_>, rules: &Rules) -> Result<Shape, BadGeometry> {
        let number = |field: Option<usize>| field.filter(|&at| !row.is_null(at)).map(|at| row.number(at));
        let text = |field: Option<usize>| field.filter(|&at| !row.is_null(at)).map(|at| row.text(at));
        let raw = Raw {
            data: text(self.data),
            separator: &self.separator,
            centre: number(self.x).zip(number(self.y)),
            radius: number(self.radius_field).unwrap_or(self.radius),
            kind: text(self.kind),
        };
        Shape::read(&raw, rules.coordinates)
    }
}

/// A geometry that a position matches.
#[derive(Debug, Clone, Copy)]
pub(super) struct Match {
    pub(super) id: RowId,
    pub(super) fit: Fit,
    /// The geometry's place in the order of arrival.
    pub(super) sequence: u64,
}

#[derive(Debug)]
pub(super) struct Geometries {
    pub(super) rows: Retained,
    pub(super) fields: GeometryFields,
    pub(super) rules: Rules,
    pub(super) resolution: Resolution,
    /// `log-invalid-geometry`.
    pub(super) log_invalid: bool,
    /// What every search is widened by; it is part of the bounds.
    pub(super) lookup: f64,
    /// By row; nothing where the geometry cannot be used.
    shapes: Vec<Option<Shape>>,
    grid: Grid,
    candidates: Vec<u32>,
    merged: RowBatch,
}

impl Geometries {
    pub(super) fn new(
        rows: Retained,
        fields: GeometryFields,
        rules: Rules,
        resolution: Resolution,
        log_invalid: bool,
        lookup: f64,
    ) -> Self {
        let merged = RowBatch::new(rows.schema().layout());
        let (shapes, grid, candidates) = (Vec::new(), Grid::default(), Vec::new());
        Self { rows, fields, rules, resolution, log_invalid, lookup, shapes, grid, candidates, merged }
    }

    /// Takes what a block says about geometries.
    pub(super) fn change(&mut self, input: &EventBlock, kind: BlockKind, step: &mut Step<'_>) {
        if kind == BlockKind::Transactional && !self.rows.accepts(input, self.resolution, step) {
            return;
        }
        let mut position = 0;
        while position < input.len() {
            let opcode = input.events()[position].opcode;
            let next = input.events().get(position + 1);
            let is_pair =
                opcode == Opcode::UpdateBlock && next.is_some_and(|next| next.opcode == Opcode::Delete);
            self.change_one(input, position, step);
            position += 1 + usize::from(is_pair);
        }
    }

    fn change_one(&mut self, input: &EventBlock, position: usize, step: &mut Step<'_>) {
        let event = input.event(position);
        if self.rows.key().has_null(&event.row) {
            return step.reject(input, position, Reject::NullKey);
        }
        let lenient = self.resolution.lenient;
        match (event.opcode, self.rows.find(&event.row)) {
            (Opcode::Insert, Some(_)) => step.reject(input, position, Reject::DuplicateKey),
            (Opcode::Update | Opcode::UpdateBlock, None) if !lenient => {
                step.reject(input, position, Reject::MissingKey);
            }
            (Opcode::Delete, None) if !lenient => step.reject(input, position, Reject::MissingKey),
            (Opcode::Delete | Opcode::SafeDelete, None) => {}
            (Opcode::Insert | Opcode::Upsert | Opcode::Update | Opcode::UpdateBlock, None) => {
                let id = self.rows.insert(&event.row);
                self.place(id, Some(step));
            }
            (Opcode::Update | Opcode::Upsert | Opcode::UpdateBlock, Some(id)) => {
                self.unplace(id);
                if event.flags.contains(Flags::PARTIAL) {
                    self.merged.reset(self.rows.schema().layout());
                    self.merged.push_copy(&self.rows.store().row(id));
                    let mut row = self.merged.row_mut(0);
                    for field in 0..event.row.len() {
                        if !input.rows().is_unchanged(event.row_number as usize, field) {
                            row.copy_field(field, &event.row, field);
                        }
                    }
                    self.rows.replace(id, &self.merged.row(0));
                } else {
                    self.rows.replace(id, &event.row);
                }
                self.place(id, Some(step));
            }
            (Opcode::Delete | Opcode::SafeDelete, Some(id)) => {
                self.unplace(id);
                self.rows.remove(id);
            }
        }
    }

    /// Reads the geometry of a row. There is no step while state is loaded: it was logged before.
    fn place(&mut self, id: RowId, step: Option<&mut Step<'_>>) {
        let at = id.0 as usize;
        if self.shapes.len() <= at {
            self.shapes.resize_with(at + 1, || None);
        }
        match self.fields.read(&self.rows.store().row(id), &self.rules) {
            Ok(shape) => {
                let bounds = shape.bounds(self.lookup, &self.rules);
                self.grid.insert(id.0, bounds.as_ref());
                self.shapes[at] = Some(shape);
            }
            Err(error) => {
                if let Some(step) = step.filter(|_| self.log_invalid) {
                    let row = self.rows.store().row(id);
                    let key = self.rows.schema().keys()[0];
                    let is_text = self.rows.schema().ty(key).is_text();
                    let id = if is_text { row.text(key).to_owned() } else { row.number(key).to_string() };
                    let notice = Notice::InvalidGeometry { id, reason: error.to_string() };
                    step.sink.noticed(step.window, notice);
                }
            }
        }
    }

    fn unplace(&mut self, id: RowId) {
        if let Some(shape) = self.shapes.get_mut(id.0 as usize).and_then(Option::take) {
            self.grid.remove(id.0, shape.bounds(self.lookup, &self.rules).as_ref());
        }
    }

    /// The geometries that a place matches, in the order in which they arrived.
    pub(super) fn matches(&mut self, place: &Place, lookup: f64, found: &mut Vec<Match>) {
        found.clear();
        // The bounds hold the common lookup distance already.
        let more = self.rules.coordinates.chord((lookup - self.lookup).max(0.0));
        let half: Vector = [more; 3];
        self.grid.find(&boxed(place.at, half), &mut self.candidates);
        for &id in &self.candidates {
            let shape = self.shapes.get(id as usize).and_then(Option::as_ref);
            if let Some(fit) = shape.and_then(|shape| shape.fit(place, lookup, &self.rules)) {
                let id = RowId(id);
                found.push(Match { id, fit, sequence: self.rows.store().sequence(id) });
            }
        }
        found.sort_unstable_by_key(|found| found.sequence);
    }

    /// The name of a geometry's kind.
    pub(super) fn kind(&self, id: RowId) -> &'static str {
        self.shapes.get(id.0 as usize).and_then(Option::as_ref).map_or("", |shape| shape.kind.name())
    }

    /// Reads every geometry anew, after the rows were loaded.
    pub(super) fn rebuild(&mut self) {
        self.shapes.clear();
        self.grid = Grid::default();
        for id in self.rows.store().in_arrival_order() {
            self.place(id, None);
        }
    }
}
