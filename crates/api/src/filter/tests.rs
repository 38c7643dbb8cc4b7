//! Filters seen in clients (rest-api 2.8) and the corners of the grammar.

use proptest::prelude::*;

use super::*;

fn lookup(name: &str) -> Property {
    match name {
        "name" => Property::Value("w_data".to_owned()),
        "type" => Property::Value("window-aggregate".to_owned()),
        "id" => Property::Value("123".to_owned()),
        "price" => Property::Value("12.50".to_owned()),
        "gone" => Property::Null,
        _ => Property::Unknown,
    }
}

fn passes(text: &str) -> bool {
    Filter::parse(text).unwrap().matches(&lookup)
}

#[test]
fn filters_seen_in_clients() {
    assert!(passes("match(name, \"data|request\")"));
    assert!(passes("match(name, '^.*dat.*$')"));
    assert!(passes("match(name, \".*d.*\")"));
    assert!(!passes("match(name,\"ESPUnitTestProjectSA\")"));
    assert!(passes("eq(type,'window-aggregate')"));
    assert!(passes("in(id,123)"));
    assert!(!passes("in(id, 1, 2, 3, 4, 5, 6)"));
    assert!(passes("in(name,'w_data')"));
}

#[test]
fn numbers_compare_as_numbers_and_texts_as_texts() {
    assert!(passes("eq(price, 12.5)"));
    assert!(passes("gt(id, 13)"));
    assert!(passes("gt(name, 'w_a')"));
    assert!(passes("lte(price, '12.5')"));
    assert!(passes("between(id, 123, 124)"));
    assert!(!passes("between(id, 1, 122)"));
    assert!(passes("lt(9007199254740992, 9007199254740993)"), "whole numbers are exact");
}

#[test]
fn words_are_fields_only_if_such_a_field_exists() {
    assert!(passes("eq(w_data, name)"));
    assert!(passes("eq($name, w_data)"));
    assert!(!passes("eq($nothing, nothing)"));
    assert!(passes("eq(nothing, 'nothing')"));
}

#[test]
fn a_null_is_seen_by_is_null_alone() {
    assert!(passes("isNull(gone)"));
    assert!(passes("isNull($nothing)"));
    assert!(!passes("isNull(name)"));
    for function in ["eq", "neq", "gt", "gte", "lt", "lte", "contains", "in"] {
        assert!(!passes(&format!("{function}(gone, gone)")), "{function}");
    }
}

#[test]
fn logic_and_letter_case() {
    assert!(passes("and(eq(id,123), or(eq(id,1), not(isnull(name))))"));
    assert!(!passes("AND(true, 0)"));
    assert!(passes("or(0, 2)"));
    assert!(passes(" startsWith ( name , 'w_' ) "));
    assert!(passes("endsWith(name,'data')"));
    assert!(passes("contains(name,_d)"));
}

#[test]
fn mistakes_say_where() {
    let cases = [
        ("", "filter, character 1: expected a function, a name, a text or a number, found the end"),
        ("name", "filter, character 1: expected a function call, found 'n'"),
        ("eq(a,'b", "filter, character 8: expected a closing quote, found the end"),
        ("eq(a b", "filter, character 7: expected ',' or ')', found the end"),
        ("eq(a,b) x", "filter, character 9: expected the end of the filter, found 'x'"),
        ("eq(a,frob(b))", "filter, character 6: unknown function 'frob'"),
        ("eq(a)", "filter, character 1: 'eq' takes 2 arguments, found 1"),
        ("and()", "filter, character 1: 'and' takes 1 or more arguments, found 0"),
        ("match(a,'(')", "filter, character 1: invalid regular expression '('"),
    ];
    for (text, expected) in cases {
        assert_eq!(Filter::parse(text).unwrap_err().to_string(), expected, "{text}");
    }
}

#[test]
fn nesting_is_bounded() {
    let text = format!("{}true{}", "not(".repeat(65), ")".repeat(65));
    assert_eq!(Filter::parse(&text).unwrap_err(), FilterError::TooDeep { at: 257 });
    let text = format!("{}true{}", "not(".repeat(64), ")".repeat(64));
    assert!(passes(&text));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[a-z$ '\"(),|0-9.\u{e9}]{0,40}") {
        if let Ok(filter) = Filter::parse(&text) {
            filter.matches(&lookup);
        }
    }

    #[test]
    fn comparisons_agree_with_integers(a in -1000_i64..1000, b in -1000_i64..1000) {
        for (function, expected) in
            [("eq", a == b), ("neq", a != b), ("gt", a > b), ("gte", a >= b), ("lt", a < b), ("lte", a <= b)]
        {
            prop_assert_eq!(passes(&format!("{function}({a},{b})")), expected);
        }
    }
}
