//! What functions learn of the event and the window.

use crate::function::{Body, Function, Mark};
use crate::value::Value;

const FAMILY: &str = "Event";

/// `input`.
pub(crate) static INPUT: Function = Function::new(
    "input",
    FAMILY,
    "()",
    "The name of the window that the event came from.",
    (0, 0),
    Body::Eager(|_, env| Ok(env.inputs.get(env.port).map(String::as_str).into())),
    &[("input()", "source")],
)
.mark(Mark::Source);

/// `eventCounter`.
pub(crate) static EVENT_COUNTER: Function = Function::new(
    "eventCounter",
    FAMILY,
    "()",
    "The running number of the input event, from 1.",
    (0, 0),
    Body::Eager(|_, env| Ok(env.memory.event_counter.into())),
    &[("eventCounter()", "1")],
)
.mark(Mark::Source)
.varies();

/// `eventNumber`.
pub(crate) static EVENT_NUMBER: Function = Function::new(
    "eventNumber",
    FAMILY,
    "()",
    "How often it was called before since the input event arrived.",
    (0, 0),
    Body::Eager(|_, env| {
        let number = env.memory.event_number;
        env.memory.event_number += 1;
        Ok(number.into())
    }),
    &[("string(eventNumber(),'-',eventNumber())", "0-1")],
)
.mark(Mark::Verified);

/// `guid`.
pub(crate) static GUID: Function = Function::new(
    "guid",
    FAMILY,
    "()",
    "A unique id of 36 characters, from the block's message id: a replay gives the same.",
    (0, 0),
    Body::Eager(|_, env| Ok(Value::from(env.random.guid()))),
    &[("stringLength(guid())", "36")],
)
.mark(Mark::Source)
.varies();
