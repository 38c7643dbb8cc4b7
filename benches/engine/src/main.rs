//! Workloads of the engine in process, one thread (benchmarks 7.3), each beside a hand-written loop that does the same
//! work on the same blocks, in alternating runs.
//!
//! ```text
//! cargo run --release -- b2 W GROUPS BLOCK EVENTS PAIRS
//! cargo run --release -- b3 STAGES BLOCK EVENTS PAIRS
//! cargo run --release -- b6a|b6b ROWS BLOCK EVENTS PAIRS
//! cargo run --release -- b7 PATTERNS MILLISECONDS BLOCK EVENTS PAIRS
//! ```

mod b2;
mod b3;
mod b6;
mod b7;
mod counting;
mod data;
mod runs;

use runs::{Size, compare};

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

const USAGE: &str = "usage: tidegate-bench-engine
  b2 W GROUPS BLOCK EVENTS PAIRS
  b3 STAGES BLOCK EVENTS PAIRS
  b6a ROWS BLOCK EVENTS PAIRS
  b6b ROWS BLOCK EVENTS PAIRS
  b7 PATTERNS MILLISECONDS BLOCK EVENTS PAIRS";

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let numbers: Option<Vec<usize>> = arguments.map(|argument| argument.parse().ok()).collect();
    let size = |block, events, pairs| Size { block, events, pairs };
    match (name.as_str(), numbers.as_deref()) {
        ("b2", Some(&[window, groups, block, events, pairs])) => {
            compare(&b2::GroupBy { window, groups: groups as u64 }, size(block, events, pairs));
        }
        ("b3", Some(&[stages, block, events, pairs])) => {
            compare(&b3::Pipeline { stages }, size(block, events, pairs));
        }
        ("b6a", Some(&[rows, block, events, pairs])) => {
            compare(&b6::Lookup { rows: rows as u64 }, size(block, events, pairs));
        }
        ("b6b", Some(&[rows, block, events, pairs])) => {
            compare(&b6::Streams { rows: rows as u64 }, size(block, events, pairs));
        }
        ("b7", Some(&[patterns, limit, block, events, pairs])) => {
            compare(
                &b7::Patterns { patterns: patterns as i64, limit: limit as i64 },
                size(block, events, pairs),
            );
        }
        _ => {
            eprintln!("{USAGE}");
            std::process::exit(1);
        }
    }
}
