//! The rewriter of request lines: any bytes give the same output however they are cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate_http::request_line::RequestLineRewriter;

fuzz_target!(|data: &[u8]| {
    let mut whole = Vec::new();
    RequestLineRewriter::new().push(data, &mut whole);
    let step = usize::from(data.first().copied().unwrap_or(0)) % 32 + 1;
    let mut rewriter = RequestLineRewriter::new();
    let mut pieces = Vec::new();
    data.chunks(step).for_each(|piece| rewriter.push(piece, &mut pieces));
    assert_eq!(whole, pieces);
});
