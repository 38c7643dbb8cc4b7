//! Once all is mended, exactly one engine is active and writes every output.

use super::Violation;

pub(crate) fn one_writes(writing: usize) -> Result<(), Violation> {
    if writing == 1 { Ok(()) } else { Err(Violation::Writers(writing)) }
}
