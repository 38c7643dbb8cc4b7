//! The csv decoder on any bytes, cut anywhere.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| tidegate_fuzz::decode(&tidegate_codec::csv::FORMAT, data));
