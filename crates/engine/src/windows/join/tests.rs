//! The tables of engine-semantics 3.6 and the published cases of joins.

mod mistakes;
mod property;

use crate::step::Reject;
use crate::testing::Run;

const NONE: [&str; 0] = [];

/// A fact `f` (id, k, q) and a dimension `d` (k, name), joined in `j`.
fn model(join: &str, index: &str, output: &str) -> String {
    format!(
        "<window-source name=\"f\" index=\"pi_RBTREE\"><schema-string>id*:int32,k:int32,q:int32</schema-string></window-source>\
         <window-source name=\"d\"><schema-string>k*:int32,name:string</schema-string></window-source>\
         <window-join name=\"j\" index=\"{index}\"><join {join}><conditions><fields left=\"k\" right=\"k\"/></conditions></join>\
         <output>{output}</output></window-join>"
    )
}

const FACT_LEFT: &str =
    "<field-selection name=\"q\" source=\"l_q\"/><field-selection name=\"name\" source=\"r_name\"/>";
const FACT_RIGHT: &str =
    "<field-selection name=\"q\" source=\"r_q\"/><field-selection name=\"name\" source=\"l_name\"/>";
const LEFT_EDGES: &str = "<edge source=\"f d\" target=\"j\"/>";
const RIGHT_EDGES: &str = "<edge source=\"f\" target=\"j\" role=\"right\"/><edge source=\"d\" target=\"j\"/>";

/// The three mirror-image set-ups in which `f` is the fact.
fn outer_joins(index: &str) -> [Run; 2] {
    [
        Run::new("", &model("type=\"leftouter\"", index, FACT_LEFT), LEFT_EDGES),
        Run::new("", &model("type=\"rightouter\"", index, FACT_RIGHT), RIGHT_EDGES),
    ]
}

#[test]
fn fact_changes_of_an_outer_join() {
    for mut run in outer_joins("pi_HASH") {
        assert_eq!(run.feed(1, "d", "I N 1 one\nI N 2 two", "j"), NONE);
        assert_eq!(run.feed(1, "f", "I N 10 1 5", "j"), ["I N 10 5 one"]);
        assert_eq!(run.feed(1, "f", "I N 11 9 6\nI N 12 ∅ 7", "j"), ["I N 11 6 ∅", "I N 12 7 ∅"]);
        assert_eq!(run.feed(1, "f", "U N 10 1 50", "j"), ["UB N 10 50 one", "D N 10 5 one"]);
        // Another partner, none, one again.
        assert_eq!(run.feed(1, "f", "U N 10 2 50", "j"), ["UB N 10 50 two", "D N 10 50 one"]);
        assert_eq!(run.feed(1, "f", "U N 10 3 50", "j"), ["UB N 10 50 ∅", "D N 10 50 two"]);
        run.save_and_load();
        assert_eq!(run.feed(1, "f", "U N 10 1 50", "j"), ["UB N 10 50 one", "D N 10 50 ∅"]);
        assert_eq!(run.feed(1, "f", "D N 10 ∅ ∅\nD N 11 ∅ ∅", "j"), ["D N 10 50 one", "D N 11 6 ∅"]);
    }
}

#[test]
fn fact_changes_of_an_inner_join() {
    let mut run = Run::new("", &model("type=\"inner\"", "pi_HASH", FACT_LEFT), LEFT_EDGES);
    assert_eq!(run.feed(1, "d", "I N 1 one\nI N 2 two", "j"), NONE);
    assert_eq!(run.feed(1, "f", "I N 10 1 5\nI N 11 9 6", "j"), ["I N 10 5 one"]);
    assert_eq!(run.feed(1, "f", "U N 10 1 50", "j"), ["UB N 10 50 one", "D N 10 5 one"]);
    assert_eq!(run.feed(1, "f", "U N 10 3 50", "j"), ["D N 10 50 one"]);
    assert_eq!(run.feed(1, "f", "U N 10 2 50", "j"), ["I N 10 50 two"]);
    assert_eq!(run.feed(1, "f", "U N 11 8 6", "j"), NONE);
    assert_eq!(run.feed(1, "f", "D N 10 ∅ ∅\nD N 11 ∅ ∅", "j"), ["D N 10 50 two"]);
}

#[test]
fn dimension_changes_of_an_outer_join() {
    for mut run in outer_joins("pi_HASH") {
        run.feed(1, "f", "I N 30 1 5\nI N 20 1 6\nI N 40 2 7", "j");
        // The facts' index is pi_RBTREE: ascending key.
        assert_eq!(
            run.feed(1, "d", "I N 1 one", "j"),
            ["UB N 20 6 one", "D N 20 6 ∅", "UB N 30 5 one", "D N 30 5 ∅"]
        );
        run.save_and_load();
        assert_eq!(
            run.feed(1, "d", "U N 1 uno", "j"),
            ["UB N 20 6 uno", "D N 20 6 one", "UB N 30 5 uno", "D N 30 5 one"]
        );
        assert_eq!(
            run.feed(1, "d", "D N 1 ∅", "j"),
            ["UB N 20 6 ∅", "D N 20 6 uno", "UB N 30 5 ∅", "D N 30 5 uno"]
        );
        assert_eq!(run.feed(1, "d", "I N 7 seven\nD N 7 ∅", "j"), NONE);
    }
}

#[test]
fn dimension_changes_of_an_inner_join() {
    let mut run = Run::new("", &model("type=\"inner\"", "pi_HASH", FACT_LEFT), LEFT_EDGES);
    run.feed(1, "f", "I N 30 1 5\nI N 20 1 6\nI N 40 2 7", "j");
    assert_eq!(run.feed(1, "d", "I N 1 one", "j"), ["I N 20 6 one", "I N 30 5 one"]);
    assert_eq!(
        run.feed(1, "d", "U N 1 uno", "j"),
        ["UB N 20 6 uno", "D N 20 6 one", "UB N 30 5 uno", "D N 30 5 one"]
    );
    assert_eq!(run.feed(1, "d", "D N 1 ∅", "j"), ["D N 20 6 uno", "D N 30 5 uno"]);
}

/// C43 in small: regenerated rows are single upserts; facts and their changes are as they are.
#[test]
fn a_join_without_index_regenerates_upserts() {
    for mut run in outer_joins("pi_EMPTY") {
        assert_eq!(run.feed(1, "f", "I N 10 1 5", "j"), ["I N 10 5 ∅"]);
        assert_eq!(run.feed(1, "d", "I N 1 one", "j"), ["P N 10 5 one"]);
        assert_eq!(run.feed(1, "d", "U N 1 uno", "j"), ["P N 10 5 uno"]);
        assert_eq!(run.feed(1, "f", "U N 10 1 6", "j"), ["UB N 10 6 uno", "D N 10 5 uno"]);
        assert_eq!(run.feed(1, "d", "D N 1 ∅", "j"), ["P N 10 6 ∅"]);
        assert_eq!(run.feed(1, "f", "D N 10 ∅ ∅", "j"), ["D N 10 6 ∅"]);
    }
}

/// Retention deletes carry R on, from either side.
#[test]
fn flags_travel() {
    let windows = model("type=\"inner\"", "pi_HASH", FACT_LEFT).replace(
        "</schema-string></window-source>",
        "</schema-string><retention type=\"bycount_sliding\">1</retention></window-source>",
    );
    let mut run = Run::new("", &windows, LEFT_EDGES);
    run.feed(1, "d", "I N 1 one", "j");
    run.feed(1, "f", "I N 10 1 5", "j");
    assert_eq!(run.feed(1, "f", "I N 11 1 6", "j"), ["I N 11 6 one", "D R 10 5 one"]);
    assert_eq!(run.feed(1, "d", "I N 2 two", "j"), ["D R 11 6 one"]);
}

/// Both ways to keep no facts put out the same: what passes is looked up, and a dimension change is silent.
#[test]
fn a_lookup_keeps_no_facts() {
    for join in ["type=\"inner\" no-regenerates=\"true\"", "type=\"inner\" left-index=\"pi_EMPTY\""] {
        let mut run = Run::new("", &model(join, "pi_HASH", FACT_LEFT), LEFT_EDGES);
        run.feed(1, "d", "I N 1 one\nI N 2 two", "j");
        assert_eq!(run.feed(1, "f", "I N 10 1 5\nI N 11 9 6", "j"), ["I N 10 5 one"]);
        assert_eq!(run.feed(1, "d", "U N 1 uno", "j"), NONE);
        // The stored row is what had been put out.
        assert_eq!(run.feed(1, "f", "U N 10 1 7", "j"), ["UB N 10 7 uno", "D N 10 5 one"]);
        run.save_and_load();
        assert_eq!(run.feed(1, "f", "U N 10 3 7", "j"), ["D N 10 7 uno"]);
        assert_eq!(run.feed(1, "f", "U N 10 2 7", "j"), ["I N 10 7 two"]);
        assert_eq!(run.feed(1, "d", "D N 2 ∅", "j"), NONE);
        assert_eq!(run.feed(1, "f", "D N 10 ∅ ∅\nD N 11 ∅ ∅", "j"), ["D N 10 7 two"]);
        assert!(run.out.rejects.is_empty());
    }
}

/// C09, and the mirror image: a row stays while either side is there.
#[test]
fn full_outer_joins_share_a_key() {
    let windows = "<window-source name=\"l\"><schema-string>k*:int32,a:string</schema-string></window-source>\
        <window-source name=\"r\"><schema-string>n*:int32,b:string</schema-string></window-source>\
        <window-join name=\"j\"><join type=\"fullouter\"><conditions><fields left=\"k\" right=\"n\"/></conditions></join>\
        <output><field-selection name=\"a\" source=\"l_a\"/><field-selection name=\"b\" source=\"r_b\"/></output></window-join>";
    let mut run = Run::new("", windows, "<edge source=\"l r\" target=\"j\"/>");
    assert_eq!(run.project.window(run.id("j")).schema.to_string(), "k*:int32,a:string,b:string");
    assert_eq!(run.feed(1, "l", "I N 111 Alice", "j"), ["I N 111 Alice ∅"]);
    assert_eq!(run.feed(1, "r", "P N 111 Gold", "j"), ["UB N 111 Alice Gold", "D N 111 Alice ∅"]);
    assert_eq!(run.feed(1, "r", "P N 666 Bronze", "j"), ["I N 666 ∅ Bronze"]);
    assert_eq!(run.feed(1, "l", "I N 666 Eve", "j"), ["UB N 666 Eve Bronze", "D N 666 ∅ Bronze"]);
    assert_eq!(run.feed(1, "l", "D N 111 ∅", "j"), ["UB N 111 ∅ Gold", "D N 111 Alice Gold"]);
    assert_eq!(run.feed(1, "r", "D N 111 ∅", "j"), ["D N 111 ∅ Gold"]);
    assert_eq!(run.feed(1, "r", "D N 666 ∅", "j"), ["UB N 666 Eve ∅", "D N 666 Eve Bronze"]);
    assert_eq!(run.feed(1, "l", "D N 666 ∅", "j"), ["D N 666 Eve ∅"]);
}

#[test]
fn many_to_many_joins_pair_all() {
    let windows = "<window-source name=\"l\"><schema-string>a*:int32,k:int32</schema-string></window-source>\
        <window-source name=\"r\"><schema-string>b*:int32,k:int32,w:string</schema-string></window-source>\
        <window-join name=\"j\"><join type=\"inner\"><conditions><fields left=\"k\" right=\"k\"/></conditions></join>\
        <output><right-select>w</right-select></output></window-join>";
    let mut run = Run::new("", windows, "<edge source=\"l r\" target=\"j\"/>");
    run.feed(1, "l", "I N 1 7\nI N 2 7\nI N 3 8\nI N 4 ∅", "j");
    assert_eq!(run.feed(1, "r", "I N 50 7 m\nI N 51 ∅ x", "j"), ["I N 1 50 m", "I N 2 50 m"]);
    assert_eq!(
        run.feed(1, "r", "U N 50 7 o", "j"),
        ["UB N 1 50 o", "D N 1 50 m", "UB N 2 50 o", "D N 2 50 m"]
    );
    assert_eq!(run.feed(1, "r", "U N 50 8 o", "j"), ["D N 1 50 o", "D N 2 50 o", "I N 3 50 o"]);
    assert_eq!(run.feed(1, "l", "D N 3 ∅", "j"), ["D N 3 50 o"]);
}

/// Inputs without index are resolved against the side's own rows, by the table of engine-semantics 1.6.
#[test]
fn sides_resolve_unresolved_inputs() {
    let windows = "<window-source name=\"f\" index=\"pi_EMPTY\"><schema-string>id*:int32,k:int32,q:int32</schema-string></window-source>\
        <window-source name=\"d\" index=\"pi_EMPTY\"><schema-string>k*:int32,name:string</schema-string></window-source>\
        <window-join name=\"j\"><join type=\"leftouter\"><conditions><fields left=\"k\" right=\"k\"/></conditions></join>\
        <output><field-selection name=\"q\" source=\"l_q\"/><field-selection name=\"name\" source=\"r_name\"/></output></window-join>";
    let mut run = Run::new("", windows, LEFT_EDGES);
    run.feed(1, "d", "P N 1 one", "j");
    assert_eq!(run.feed(1, "f", "P N 10 1 5", "j"), ["I N 10 5 one"]);
    assert_eq!(run.feed(1, "f", "P N 10 1 6", "j"), ["UB N 10 6 one", "D N 10 5 one"]);
    assert_eq!(run.feed(1, "f", "U P 10 = 7", "j"), ["UB N 10 7 one", "D N 10 6 one"]);
    assert_eq!(run.feed(1, "f", "SD N 11 ∅ ∅", "j"), NONE);
    assert!(run.out.rejects.is_empty());
    assert_eq!(run.feed(1, "f", "I N 10 1 5\nU N 11 1 5\nD N 11 ∅ ∅\nI N ∅ 1 1", "j"), NONE);
    let reasons: Vec<Reject> = run.out.rejects.iter().map(|(_, _, reason)| *reason).collect();
    assert_eq!(reasons, [Reject::DuplicateKey, Reject::MissingKey, Reject::MissingKey, Reject::NullKey]);
    run.feed_as(1, "f", tidegate_event::BlockKind::Transactional, "I N 20 1 1\nI N 10 1 1");
    assert_eq!(run.lines_of("j"), NONE);
    assert_eq!(run.out.rejects.len(), 2);
    assert_eq!(run.feed(1, "f", "I N 20 1 1", "j"), ["I N 20 1 one"]);
}

/// C38: an expression over both rows, and facts regenerated in order of their keys.
#[test]
fn expressions_see_both_rows() {
    let windows = "<window-source name=\"l\" index=\"pi_RBTREE\"><schema-string>id*:int32,symbol:string,quantity:int32,price:double,trader:int64</schema-string></window-source>\
        <window-source name=\"r\"><schema-string>id*:int64,name:string</schema-string></window-source>\
        <window-join name=\"j\"><join type=\"leftouter\"><conditions><fields left=\"trader\" right=\"id\"/></conditions></join>\
        <output><field-selection name=\"symbol\" source=\"l_symbol\"/><field-expr name=\"trader\" type=\"string\">r_name</field-expr>\
        <field-expr name=\"amount\" type=\"double\">l_quantity*l_price</field-expr></output></window-join>";
    let mut run = Run::new("", windows, "<edge source=\"l r\" target=\"j\"/>");
    assert_eq!(run.feed(1, "r", "I N 1001 Bill\nI N 1004 Alesha", "j"), NONE);
    assert_eq!(run.feed(1, "l", "I N 20 abc 1000 9.5 1004", "j"), ["I N 20 abc Alesha 9500"]);
    assert_eq!(run.feed(1, "l", "I N 50 xyz 2500 16.5 1002", "j"), ["I N 50 xyz ∅ 41250"]);
    assert_eq!(run.feed(1, "l", "I N 30 xyz 2000 16.5 1002", "j"), ["I N 30 xyz ∅ 33000"]);
    assert_eq!(
        run.feed(1, "r", "I N 1002 Fred", "j"),
        ["UB N 30 xyz Fred 33000", "D N 30 xyz ∅ 33000", "UB N 50 xyz Fred 41250", "D N 50 xyz ∅ 41250"]
    );
}

/// Conditions beyond the dimension's key: null matches nothing, not even null, and a dimension change may bring
/// facts together with it or part them from it.
#[test]
fn conditions_may_go_beyond_the_key() {
    let windows = "<window-source name=\"f\" index=\"pi_RBTREE\"><schema-string>id*:int32,k:int32,x:string</schema-string></window-source>\
        <window-source name=\"d\"><schema-string>k*:int32,y:string,name:string</schema-string></window-source>\
        <window-join name=\"j\"><join type=\"leftouter\"><conditions><fields left=\"x\" right=\"y\"/><fields left=\"k\" right=\"k\"/></conditions></join>\
        <output><field-selection name=\"name\" source=\"r_name\"/></output></window-join>";
    let mut run = Run::new("", windows, LEFT_EDGES);
    run.feed(1, "d", "I N 1 a one\nI N 2 ∅ two", "j");
    assert_eq!(
        run.feed(1, "f", "I N 10 1 a\nI N 11 1 b\nI N 12 2 ∅", "j"),
        ["I N 10 one", "I N 11 ∅", "I N 12 ∅"]
    );
    assert_eq!(run.feed(1, "d", "U N 1 b uno", "j"), ["UB N 10 ∅", "D N 10 one", "UB N 11 uno", "D N 11 ∅"]);
    assert_eq!(run.feed(1, "d", "U N 1 ∅ uno", "j"), ["UB N 11 ∅", "D N 11 uno"]);
    assert_eq!(run.feed(1, "d", "U N 2 ∅ deux", "j"), NONE);
}
