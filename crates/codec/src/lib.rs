//! Bytes to event blocks and back: one folder per format, one file per framing.
