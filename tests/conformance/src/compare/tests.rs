//! Each strictness, with what it lets pass and what it finds.

use super::*;
use crate::case::{Flags, Fold, Strictness};

fn window(strictness: Strictness, fold: Fold, flags: Flags) -> Window {
    let field = |name: &str, kind: &str, key| (name.to_owned(), kind.to_owned(), key);
    Window {
        label: "w".to_owned(),
        window: "w".to_owned(),
        strictness,
        fold,
        flags,
        dateformat: None,
        columns: None,
        header: None,
        fields: vec![field("id", "int32", true), field("v", "double", false)],
    }
}

fn check(window: &Window, expected: &str, actual: &str, difference: &str) {
    let found = compare(window, expected, actual).err().unwrap_or_default();
    assert_eq!(found, difference);
}

#[test]
fn events_are_compared_in_order_with_flags_when_asked() {
    let exact = window(Strictness::Events, Fold::Strict, Flags::Exact);
    check(&exact, "I,N,1,2\nD,R,1,2\n", "i,n,1,2.0000001\nD,R,1,2\n", "");
    check(&exact, "D,R,1,2\n", "D,N,1,2\n", "event 1: expected D,R,1,2 but got D,N,1,2");
    check(&exact, "I,N,1,2\n", "", "event 1: expected I,N,1,2 but the file ends");
    check(&exact, "", "I,N,1,\n", "event 1: I,N,1, is one too many");
    check(&window(Strictness::Events, Fold::Strict, Flags::Ignore), "D,R,1,2\n", "D,N,1,2\n", "");
}

#[test]
fn columns_that_are_not_listed_do_not_count() {
    let mut some = window(Strictness::Events, Fold::Strict, Flags::Exact);
    some.columns = Some(vec!["id".to_owned()]);
    check(&some, "I,N,1,2\n", "I,N,1,3\n", "");
}

#[test]
fn order_is_free_inside_a_step_but_pairs_stay_together() {
    let sets = window(Strictness::SetPerStep, Fold::Strict, Flags::Exact);
    check(&sets, "I,N,1,2\nI,N,2,2\n\nI,N,3,1\n", "I,N,2,2\nI,N,1,2\nI,N,3,1\n", "");
    check(&sets, "UB,N,1,3\nD,N,1,2\nI,N,4,1\n", "I,N,4,1\nUB,N,1,3\nD,N,1,2\n", "");
    check(
        &sets,
        "UB,N,1,3\nD,N,1,2\nI,N,4,1\n",
        "UB,N,1,3\nI,N,4,1\nD,N,1,2\n",
        "step 1: UB,N,1,3 is not followed by its D half",
    );
    check(
        &sets,
        "I,N,1,2\n\nI,N,2,2\n",
        "I,N,2,2\nI,N,1,2\n",
        "step 1: nothing matches I,N,1,2; the step is I,N,2,2",
    );
}

#[test]
fn state_is_what_the_events_leave() {
    let lenient = window(Strictness::State, Fold::Lenient, Flags::Exact);
    check(&lenient, "I,N,1,3\n", "I,N,1,2\nUB,N,1,3\nD,N,1,2\nI,N,2,2\nD,N,2,2\n", "");
    check(&lenient, "I,N,1,3\n", "I,N,1,2\n", "final state has I,N,1,2 instead of I,N,1,3");
    check(&lenient, "I,N,1,3\n", "", "final state lacks I,N,1,3");
    check(&lenient, "", "I,N,1,3\n", "final state has I,N,1,3 too many");
    let strict = window(Strictness::State, Fold::Strict, Flags::Exact);
    check(&strict, "I,N,1,3\n", "I,N,1,3\nI,N,1,3\n", "event 2: I,N,1,3 inserts an existing key");
    check(&strict, "", "D,N,1,3\n", "event 1: D,N,1,3: the key does not exist");
    check(&strict, "", "I,N,1,3\nD,N,1,4\n", "event 2: D,N,1,4 does not carry the stored row I,N,1,3");
}
