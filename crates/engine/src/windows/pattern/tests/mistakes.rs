//! What a model cannot say (model-xml 20, rules 95 to 101).

use super::{pattern, windows};
use crate::testing::build;

fn mistakes(windows: &str) -> String {
    let model = format!(
        "<project name=\"p\" threads=\"1\" pubsub=\"auto\"><contqueries><contquery name=\"cq\">\
         <windows>{windows}</windows><edges><edge source=\"s\" target=\"p\"/></edges></contquery></contqueries></project>"
    );
    match build(&model) {
        Ok(_) => String::new(),
        Err(mistakes) => mistakes.display("m").to_string(),
    }
}

#[test]
fn mistakes_of_patterns_are_found_in_one_load() {
    let good = [("a", "v==1")];
    let times = "<timefields><timefield source=\"s\" field=\"v\"/></timefields>";
    for (pattern, found) in [
        (pattern("", &good, "fby(a,x)", ""), "the logic names 'x', which is no event of the pattern"),
        (pattern("", &good, "within(a)", ""), "'within' is no operator"),
        (pattern("", &good, "fby{5}(a,a)", ""), "'5' is no time limit"),
        (pattern("index=\"z\"", &good, "a", ""), "the index field 'z' must be in every source"),
        (pattern("", &good, "a", times), "the time field 'v' is no date or stamp field"),
        (pattern("", &[("a", "v==1"), ("a", "v==2")], "a", ""), "two events called 'a'"),
        (pattern("", &[("a", "v &lt; w")], "a", ""), "there is no field or variable 'w'"),
        (pattern("", &good, "a", "").replace("source=\"s\"", "source=\"q\""), "names the source 'q'"),
        (pattern("", &good, "a", "").replace("node=\"a\"", "node=\"q\""), "names the node 'q'"),
        (pattern("", &good, "a", "").replace("name=\"id\"", "name=\"q\""), "the field 'q' of an output"),
        (
            pattern("", &good, "a", "").replace("<field-expr node=\"a\"/>", ""),
            "has 5 fields that are no keys",
        ),
        (pattern("", &good, "a", "<code/>"), "code"),
        (String::new(), "there is no pattern"),
    ] {
        let text = mistakes(&windows("", &pattern));
        assert!(text.contains(found), "{found}: {text}");
    }
    let key = windows("", &pattern("", &good, "a", "")).replace("n*:int64", "n*:int32");
    assert!(mistakes(&key).contains("needs one key of type int64"));
}
