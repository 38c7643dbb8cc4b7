//! Schemas, rows, events and event blocks: the data model that every other crate speaks.
//!
//! The words are ESP's: an *event* is an opcode, flags and one value per schema field; events travel in
//! *event blocks*. The layout is ours (design.md 4): a block shares immutable rows and adds a list of its own
//! of (row number, opcode, flags), so that a window which only selects or relabels events never touches a row.

mod block;
pub mod calendar;
mod field_type;
mod message_id;
mod opcode;
mod output_id;
pub mod pretty;
pub mod row;
mod schema;
mod time;
pub mod value;

pub use block::{BlockHeader, BlockKind, Event, EventBlock, EventRef};
pub use field_type::FieldType;
pub use message_id::MessageId;
pub use opcode::{Flags, Opcode};
pub use output_id::{NoOutputId, OutputId, StreamId, TaggedId};
pub use row::{RowBatch, RowView, RowWriter, StoredRowError, read_row, write_row};
pub use schema::{Field, Schema, SchemaError};
pub use time::EngineTime;
pub use value::{MONEY_SCALE, Value};
