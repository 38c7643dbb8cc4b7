//! The rules of functions.md 3.1 and engine-semantics 3.8, and what follows from them for updates and deletes.

use crate::step::{Notice, Reject};
use crate::testing::{Run, build};

const NONE: [&str; 0] = [];

/// A source `s` (id, text, n) and a functional window `f`.
fn model(source: &str, functional: &str, schema: &str, inside: &str) -> String {
    format!(
        "<window-source name=\"s\" {source}><schema-string>id*:int64,text:string,n:int64</schema-string></window-source>\
         <window-functional name=\"f\" {functional}><schema-string>{schema}</schema-string>{inside}</window-functional>"
    )
}

fn stateless(schema: &str, inside: &str) -> Run {
    Run::new("index=\"pi_EMPTY\"", &model("", "", schema, inside), EDGE)
}

const EDGE: &str = "<edge source=\"s\" target=\"f\"/>";

fn functions(list: &[(&str, &str)]) -> String {
    let list: String =
        list.iter().map(|(name, text)| format!("<function name=\"{name}\">{text}</function>")).collect();
    format!("<function-context><functions>{list}</functions></function-context>")
}

/// A loop over the items of `text`, which are separated by `/`, with these functions.
fn items(list: &[(&str, &str)]) -> String {
    format!(
        "<event-loops><event-loop-regex name=\"items\" data=\"item\"><use-text>$text</use-text><regex>[^/]+</regex>{}\
         </event-loop-regex></event-loops>",
        functions(list)
    )
}

#[test]
fn functions_run_in_order_and_fields_are_copied() {
    let inside = functions(&[
        ("double", "product($n,2)"),
        ("sum", "sum($double,$helper,$n)"),
        ("helper", "100"),
        ("text", ""),
    ]);
    let mut run = stateless("id*:int64,text:string,double:int64,sum:int64,n:string,none:int32", &inside);
    // `helper` is not yet there when `sum` runs; `text` is emptied; `n` is copied into another type; `none` has no source.
    assert_eq!(run.feed(1, "s", "I N 1 abc 5", "f"), ["I N 1 ∅ 10 ∅ 5 ∅"]);
    let inside = functions(&[("helper", "100"), ("sum", "sum($helper,$n)"), ("n", "7"), ("double", "$n")]);
    let mut run = stateless("id*:int64,text:string,double:int64,sum:int64,n:int64", &inside);
    assert_eq!(run.feed(1, "s", "I N 1 abc 5", "f"), ["I N 1 abc 7 105 7"]);
}

#[test]
fn opcodes_pass_through_a_stateless_window() {
    let inside = functions(&[("n", "sum($n,1)")]);
    let mut run = stateless("id*:int64,n:int64", &inside);
    let input = "I N 1 a 5\nU N 1 a 6\nP N 1 a 7\nD R 1 a 7\nSD N 2 a 1";
    assert_eq!(run.feed(1, "s", input, "f"), ["I N 1 6", "U N 1 7", "P N 1 8", "D R 1 8", "SD N 2 2"]);
}

#[test]
fn the_opcode_function_and_produces_only_inserts() {
    let opcode = "<opcode>if(gt($n,5),'upsert','delete')</opcode>".to_owned();
    let mut run = stateless("id*:int64,n:int64", &opcode);
    assert_eq!(run.feed(1, "s", "I N 1 a 6\nU N 2 a 5", "f"), ["P N 1 6", "D N 2 5"]);
    let mut run = stateless("id*:int64,n:int64", "<opcode>insert</opcode>");
    assert_eq!(run.feed(1, "s", "U N 1 a 6\nD N 2 a 5", "f"), ["I N 1 6", "I N 2 5"]);
    // Null leaves the input's opcode; what is none is a fault, and leaves it, too.
    let mut run = stateless("id*:int64,n:int64", "<opcode>$text</opcode>");
    assert_eq!(run.feed(1, "s", "U N 1 ∅ 6\nU N 2 what 5", "f"), ["U N 1 6", "U N 2 5"]);
    assert!(matches!(run.out.notices[..], [(_, Notice::Fault(_))]));
    let model = model("index=\"pi_HASH\"", "produces-only-inserts=\"true\"", "id*:int64,n:int64", "");
    let mut run = Run::new("index=\"pi_EMPTY\"", &model, EDGE);
    assert_eq!(run.feed(1, "s", "I N 1 a 6\nU N 1 b 7\nD N 1 b 7", "f"), ["I N 1 6", "I N 1 7", "I N 1 7"]);
}

#[test]
fn values_stay_from_hit_to_hit_and_end_with_the_event() {
    let inside = functions(&[("key", "$id"), ("kind", "main")])
        + &items(&[("key", "string($key,'-',eventNumber())"), ("item", "$item"), ("kind", "hit")]);
    let mut run = stateless("key*:string,item:string,kind:string,n:int64", &inside);
    let expected =
        ["I N 7 ∅ main 3", "I N 7-0 a hit 3", "I N 7-0-1 b hit 3", "I N 8 ∅ main 4", "I N 8-0 c hit 4"];
    assert_eq!(run.feed(1, "s", "I N 7 a/b 3\nI N 8 c 4", "f"), expected);
    // No hits, no text.
    assert_eq!(run.feed(1, "s", "I N 9 / 3\nI N 10 ∅ 4", "f"), ["I N 9 ∅ main 3", "I N 10 ∅ main 4"]);
}

#[test]
fn a_main_event_that_calls_event_number_counts_for_the_loops() {
    let inside = functions(&[("key", "string($id,'-',eventNumber())")])
        + &items(&[("key", "string($id,'-',eventNumber())")]);
    let mut run = stateless("key*:string", &inside);
    assert_eq!(run.feed(1, "s", "I N 7 a/b 3", "f"), ["I N 7-0", "I N 7-1", "I N 7-2"]);
}

#[test]
fn generate_decides_about_the_main_event_alone() {
    for (generate, main) in
        [("gt($n,2)", true), ("0", false), ("false()", false), ("$nothing", false), ("yes", true)]
    {
        let inside = format!("<generate>{generate}</generate>") + &items(&[("id", "sum($id,10)")]);
        let mut run = stateless("id*:int64", &inside);
        let mut expected = vec!["I N 17", "I N 27"];
        if main {
            expected.insert(0, "I N 7");
        }
        assert_eq!(run.feed(1, "s", "I N 7 a/b 3", "f"), expected, "{generate}");
    }
}

#[test]
fn an_update_is_one_change_for_each_key() {
    for index in ["pi_EMPTY", "pi_HASH"] {
        let inside = functions(&[("key", "string($id)"), ("value", "$n")])
            + &items(&[("key", "string($id,$item)"), ("value", "sum($n,1)")]);
        let model =
            model("index=\"pi_HASH\"", &format!("index=\"{index}\""), "key*:string,value:int64", &inside);
        let mut run = Run::new("", &model, EDGE);
        assert_eq!(run.feed(1, "s", "I N 1 a/b 5", "f"), ["I N 1 5", "I N 1a 6", "I N 1b 6"]);
        // The hit `a` goes, `c` comes.
        let expected = ["D N 1a 6", "UB N 1 7", "D N 1 5", "UB N 1b 8", "D N 1b 6", "I N 1c 8"];
        assert_eq!(run.feed(1, "s", "U N 1 b/c 7", "f"), expected, "{index}");
        assert_eq!(run.feed(1, "s", "D N 1 ∅ ∅", "f"), ["D N 1 7", "D N 1b 8", "D N 1c 8"], "{index}");
    }
}

#[test]
fn an_update_whose_opcode_is_given_has_no_old_half() {
    let model =
        model("index=\"pi_HASH\"", "index=\"pi_EMPTY\"", "id*:int64,n:int64", "<opcode>upsert</opcode>");
    let mut run = Run::new("", &model, EDGE);
    assert_eq!(run.feed(1, "s", "I N 1 a 5\nU N 1 a 6", "f"), ["P N 1 5", "P N 1 6"]);
}

#[test]
fn an_event_may_begin_and_cease_to_be_generated() {
    let model =
        model("index=\"pi_HASH\"", "index=\"pi_HASH\"", "id*:int64,n:int64", "<generate>gt($n,5)</generate>");
    let mut run = Run::new("", &model, EDGE);
    assert_eq!(run.feed(1, "s", "I N 1 a 5", "f"), NONE);
    assert_eq!(run.feed(1, "s", "U N 1 a 6", "f"), ["I N 1 6"]);
    assert_eq!(run.feed(1, "s", "U N 1 a 7", "f"), ["UB N 1 7", "D N 1 6"]);
    run.save_and_load();
    assert_eq!(run.feed(1, "s", "U N 1 a 1", "f"), ["D N 1 7"]);
    assert_eq!(run.feed(1, "s", "D N 1 a 1", "f"), NONE);
    assert!(run.out.rejects.is_empty());
}

#[test]
fn a_stateful_window_refuses_keys_that_come_twice() {
    let inside = items(&[("id", "$n")]);
    let model = model("insert-only=\"true\"", "index=\"pi_HASH\"", "id*:int64", &inside);
    let mut run = Run::new("index=\"pi_EMPTY\"", &model, EDGE);
    assert_eq!(run.feed(1, "s", "I N 1 a/b 5", "f"), ["I N 1", "I N 5"]);
    assert!(matches!(run.out.rejects[..], [(_, _, Reject::DuplicateKey)]));
}

#[test]
fn the_counter_of_events_is_saved() {
    let mut run = stateless("id*:int64,count:int64", &functions(&[("count", "eventCounter()")]));
    assert_eq!(run.feed(1, "s", "I N 5 a 1\nI N 6 a 1", "f"), ["I N 5 1", "I N 6 2"]);
    run.save_and_load();
    assert_eq!(run.feed(1, "s", "I N 7 a 1", "f"), ["I N 7 3"]);
}

#[test]
fn a_replay_gives_the_same_random_values_and_other_blocks_others() {
    let inside = functions(&[("guid", "guid()"), ("random", "random(0,1)"), ("time", "systemMicro()")]);
    let run_once = || {
        let mut run = stateless("id*:int64,guid:string,random:double,time:int64", &inside);
        [run.feed(1_000, "s", "I N 5 a 1\nI N 6 a 1", "f"), run.feed(2_000, "s", "I N 5 a 1", "f")].concat()
    };
    let first = run_once();
    assert_eq!(first, run_once());
    assert!(first[2].ends_with(" 2000"));
    let ids: Vec<&str> = first.iter().map(|line| line.split(' ').nth(3).unwrap()).collect();
    assert!(ids[0] != ids[1] && ids[0] != ids[2] && ids[1] != ids[2]);
}

#[test]
fn several_inputs_are_told_apart() {
    let windows = "<window-source name=\"a\"><schema-string>id*:int64,x:string</schema-string></window-source>\
        <window-source name=\"b\"><schema-string>id*:int64,y:string</schema-string></window-source>\
        <window-functional name=\"f\"><schema-string>id*:int64,x:string,y:string,from:string,b:int32</schema-string>\
        <function-context><functions><function name=\"from\">input()</function>\
        <function name=\"b\">if (equals(input(),'b'),1)</function></functions></function-context></window-functional>";
    let mut run = Run::new("index=\"pi_EMPTY\"", windows, "<edge source=\"a b\" target=\"f\"/>");
    assert_eq!(run.feed(1, "a", "I N 1 q", "f"), ["I N 1 q ∅ a ∅"]);
    assert_eq!(run.feed(1, "b", "I N 1 r", "f"), ["I N 1 ∅ r b 1"]);
}

#[test]
fn loops_over_documents() {
    let inside = "<function-context><properties><property-xml name=\"xml\">$text</property-xml></properties></function-context>\
        <event-loops>\
        <event-loop-xml name=\"a\" data=\"hit\"><use-xml>#xml</use-xml><xpath>//i</xpath><function-context>\
        <properties><property-xml name=\"one\">$hit</property-xml></properties><functions>\
        <function name=\"id\">xpath(#one,'@k')</function><function name=\"text\">$hit</function></functions></function-context></event-loop-xml>\
        <event-loop-json name=\"b\" data=\"hit\"><use-json>xpath(#xml,'j')</use-json><json>$.list</json><function-context><functions>\
        <function name=\"id\">json($hit,'k')</function><function name=\"text\">json(#_context,'v')</function></functions></function-context></event-loop-json>\
        </event-loops>";
    let mut run = stateless("id*:int64,text:string", inside);
    let input =
        r#"I N 1 "<r><i k='11'/><i k='12'>x</i><j>{\"list\":[{\"k\":21,\"v\":\"p\"},{\"k\":22}]}</j></r>" 0"#;
    let lines = run.feed(1, "s", input, "f");
    assert_eq!(lines.len(), 5);
    assert_eq!(lines[1], "I N 11 \"<i k='11'/>\"");
    assert_eq!(lines[2], "I N 12 \"<i k='12'>x</i>\"");
    assert_eq!(lines[3], "I N 21 p");
    assert_eq!(lines[4], "I N 22 ∅");
    // Not well-formed: a fault, no hits.
    assert_eq!(run.feed(1, "s", "I N 1 <r> 0", "f"), ["I N 1 <r>"]);
    assert_eq!(run.out.notices.len(), 1);
}

#[test]
fn properties_of_every_kind() {
    let inside = "<function-context><expressions><expression name=\"word\">[a-z]+</expression></expressions><properties>\
        <property-string name=\"twice\">product($n,2)</property-string>\
        <property-list name=\"list\" delimiter=\"-\">$text</property-list>\
        <property-set name=\"set\" delimiter=\"-\">$text</property-set>\
        <property-map name=\"map\" outer=\";\" inner=\":\">k:v;l:w</property-map>\
        <property-json name=\"json\">{\"a\":[1,2]}</property-json></properties>\
        <functions><function name=\"a\">string(#twice,listItem(#list,1),setContains(#set,'x'),mapValue(#map,'l'))</function>\
        <function name=\"b\">string(json(#json,'a'),rgx(#word,$text))</function></functions></function-context>";
    let mut run = stateless("id*:int64,a:string,b:string", inside);
    assert_eq!(run.feed(1, "s", "I N 1 1-xy 5", "f"), ["I N 1 10xy0w [1,2]xy"]);
}

#[test]
fn regex_loops_take_groups_and_named_expressions() {
    let inside = "<function-context><expressions><expression name=\"pair\">(\\w)=(\\w)</expression></expressions></function-context>\
        <generate>0</generate><event-loops><event-loop-regex name=\"l\" data=\"v\"><use-text>$text</use-text>\
        <regex group=\"2\">#pair</regex><function-context><functions><function name=\"id\">$v</function></functions>\
        </function-context></event-loop-regex></event-loops>";
    let mut run = stateless("id*:string", inside);
    assert_eq!(run.feed(1, "s", "I N 1 a=1,b=2 5", "f"), ["I N 1", "I N 2"]);
}

#[test]
fn mistakes_of_a_model_have_their_places() {
    let inside = "<opcode>nope</opcode><function-context>\n<expressions><expression name=\"e\">(</expression></expressions>\
        <properties><property-xml>$text</property-xml></properties>\n<functions><function name=\"id\">sum($id,</function>\
        <function name=\"n\">nada()</function></functions></function-context>\n<event-loops><event-loop-xml name=\"l\"><use-xml>$text</use-xml>\
        <xpath>//</xpath></event-loop-xml><event-loop-json name=\"m\"><use-json>$text</use-json></event-loop-json>\
        <event-loop-regex name=\"r\"><use-text>$text</use-text><regex group=\"3\">a</regex></event-loop-regex></event-loops>";
    let windows = model("", "", "id*:int64,n:int64", inside);
    let model = format!(
        "<project name=\"p\" threads=\"1\" pubsub=\"auto\"><contqueries><contquery name=\"cq\"><windows>{windows}</windows>\
         <edges>{EDGE}</edges></contquery></contqueries></project>"
    );
    let text = build(&model).err().unwrap().display("m.xml").to_string();
    for wanted in [
        "'nope' is no opcode",
        "'(' is no regular expression",
        "needs the attribute 'name'",
        "the parenthesis of 'sum' is not closed",
        "there is no function 'nada'",
        "the name of an element is missing",
        "needs the element 'json'",
        "'a' has 0 groups, hence no group 3",
    ] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
    assert!(text.contains("m.xml:3:35"), "the place of sum's parenthesis\n{text}");
}
