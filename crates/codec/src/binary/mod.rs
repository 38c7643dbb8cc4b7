//! Binary event blocks: docs/binary-block.md.
