//! Arrays, regular expressions, labels, `parse`: functions.md 1.7, 1.8 and 1.10.

use tidegate_event::FieldType;

use super::{Window, scope, string};
use crate::FaultKind;

#[test]
fn arrays() {
    for (source, expected) in [
        ("string array a return a.dim()", "0"),
        ("string array a integer rc rc = a.dim(5) return rc", "5"),
        ("string array a a.dim(5) a.set(1,\"Hello\") return a.get(1)", "Hello"),
        ("integer array a a.dim(2) a.set(2, 7) a.dim(10) return a.get(2) & a.dim()", "710"),
        // What was there is the answer of set.
        ("integer array a a.dim(1) a.set(1, 4) return a.set(1, 5) & a.get(1)", "45"),
        ("integer array a a.dim(1) return isnull(a.get(1))", "true"),
        ("integer array a a.dim(1) return a.get(2)", "null"),
        ("integer array a a.dim(1) return a.get(0)", "null"),
        ("integer array a return a.dim(-1)", "null"),
        ("real array a a.dim(1) a.set(1, '1.5') return a.get(1) + 1", "2.5"),
        ("date array a a.dim(1) a.set(1, #2010-02-12#) return formatdate(a.get(1), 'YYYY')", "2010"),
        ("boolean array a a.dim(1) a.set(1, 1 < 2) return a.get(1)", "true"),
        ("integer array a, b a.dim(1) b.dim(2) return a.dim() & b.dim()", "12"),
        ("integer i integer array a a.dim(5) for i = 1 to 5 a.set(i, i * i) return a.get(5)", "25"),
        ("STRING ARRAY Words words.DIM(1) words.Set(1, 'x') return WORDS.get(1)", "x"),
    ] {
        assert_eq!(string(source), expected, "{source}");
    }
}

#[test]
fn arrays_are_new_for_each_evaluation() {
    let mut window = Window::new(scope());
    let source = "integer array a integer before before = a.dim() a.dim(3) a.set(1, 1) return before";
    assert_eq!(window.text(source, FieldType::Int32, 0), "0");
    assert_eq!(window.text(source, FieldType::Int32, 0), "0");
}

#[test]
fn regular_expressions() {
    let regex = |rest: &str| string(&format!("regex r r.compile('(Mr|Mrs) Smith') {rest}"));
    assert_eq!(regex("return r.findfirst('Hello Mrs Smith')"), "true");
    assert_eq!(regex("return r.findfirst('Hello')"), "false");
    assert_eq!(regex("r.findfirst('é Mrs Smith') return r.matchstart() & ',' & r.matchlength()"), "3,9");
    assert_eq!(regex("r.findfirst('Mrs Smith') return r.substringcount()"), "2");
    assert_eq!(regex("r.findfirst('x') return r.substringcount()"), "0");
    assert_eq!(regex("r.findfirst('x') return r.matchlength()"), "null");
    let group = "r.findfirst('a Mrs Smith') return r.substringstart(2) & ',' & r.substringlength(2)";
    assert_eq!(regex(group), "3,3");
    assert_eq!(regex("r.findfirst('Mrs Smith') return r.substringlength(3)"), "null");
    assert_eq!(regex("return r.replace('Mr Smith, Mrs Smith', 'x')"), "x, x");
    for (source, expected) in [
        ("regex r r.compile('b+') r.findfirst('abbab') r.findnext('abbab') return r.matchstart()", "5"),
        ("regex r r.compile('b+') r.findfirst('abb') return r.findnext('abb')", "false"),
        ("regex r r.compile('x*') r.findfirst('ab') r.findnext('ab') return r.matchstart()", "2"),
        ("regex r r.compile('a') r.findfirst('ba') return r.substringcount()", "1"),
        ("regex r return r.compile('(')", "false"),
        ("regex r return r.findfirst('a')", "null"),
        ("regex r r.compile('a') return r.findfirst(null)", "null"),
        ("regex r r.compile('a') return r.findfirst('  ')", "null"),
        ("regex r r.compile('[0-9]+') if r.findfirst(s) return 1 else return 0", "0"),
        (
            "regex r integer n n = 0 r.compile('o') if r.findfirst('foo boo') begin n = 1 while r.findnext('foo boo') n = n + 1 end return n",
            "4",
        ),
    ] {
        assert_eq!(string(source), expected, "{source}");
    }
}

#[test]
fn labels() {
    for (source, expected) in [
        ("integer n n = 0 again: n = n + 1 if n < 5 goto again return n", "5"),
        ("goto done return 'no' done: return 'yes'", "yes"),
        ("integer k k = 0 while true begin k = k + 1 if k == 3 goto out end out: return k", "3"),
        ("integer k for k = 1 to 9 begin if k == 4 goto out end out: return k", "4"),
        ("integer n n = 1 call twice call twice return n twice: n = n * 2 return", "4"),
        ("integer n n = 1 if true begin call twice end return n twice: n = n * 2", "2"),
        ("call f return 'after'", "after"),
    ] {
        let mut scope = scope();
        scope.udf("f", FieldType::Int32, "return 1").unwrap();
        assert_eq!(Window::new(scope).text(source, FieldType::String, 0), expected, "{source}");
    }
}

#[test]
fn objects_of_an_initializer_live_on_and_are_saved() {
    let mut scope = scope();
    let source = "integer array seen seen.dim(2) seen.set(1, 0) seen.set(2, 0) string(3) short regex r r.compile('[a-z]+')";
    scope.initialize(FieldType::Int32, source).unwrap();
    scope
        .udf(
            "count",
            FieldType::Int32,
            "private integer n n = parameter(1) seen.set(n, seen.get(n) + 1) return seen.get(n)",
        )
        .unwrap();
    let mut window = Window::new(scope.clone());
    assert_eq!(window.text("count(2)", FieldType::Int32, 0), "1");
    assert_eq!(window.text("count(2)", FieldType::Int32, 0), "2");
    assert_eq!(window.text("short = s return short", FieldType::String, 0), "a l");
    assert_eq!(window.text("r.findfirst(s)", FieldType::Int32, 0), "1");
    let mut saved = Vec::new();
    window.variables.save(&mut saved);
    let mut other = Window::new(scope.clone());
    other.variables.load(&saved).unwrap();
    assert!(other.variables == window.variables);
    for window in [&mut window, &mut other] {
        assert_eq!(window.text("count(2)", FieldType::Int32, 0), "3");
        // "a longer text": behind "a" comes "longer".
        assert_eq!(window.text("r.findnext(s) return r.matchstart()", FieldType::Int32, 0), "3");
    }
    for len in 0..saved.len() {
        assert!(Window::new(scope.clone()).variables.load(&saved[..len]).is_err());
    }
}

#[test]
fn what_costs_much_ends() {
    for source in [
        "again: goto again",
        "integer array a while true begin a.dim(200000) a.dim(0) end",
        "regex r integer n n = 0 while true begin n = n + 1 r.compile('a' & n) end",
        "call deep return 1 deep: call deep",
    ] {
        let mut window = Window::new(scope());
        assert_eq!(window.text(source, FieldType::Int32, 0), "null", "{source}");
        let faults = &window.faults;
        assert_eq!(faults.count(FaultKind::TooManySteps) + faults.count(FaultKind::TooDeep), 1, "{source}");
    }
    let mut window = Window::new(scope().max_string(10));
    assert_eq!(
        window.text("regex r r.compile('a') return r.replace('aaaa', 'xxxx')", FieldType::String, 0),
        "xxxxxxxxxx"
    );
    assert_eq!(window.faults.count(FaultKind::TextTooLong), 1);
}

#[test]
fn parse_sets_variables_of_their_types() {
    let mut window = Window::new(scope());
    let source = "integer a real b string(2) c boolean d integer n n = parse('1|2.5|abc|yes|more', '|', a, b, c, d) return n & ',' & (a + b) & ',' & c & ',' & d";
    assert_eq!(window.text(source, FieldType::String, 0), "5,3.5,ab,true");
    let source = "string array a integer n n = aparse('a,b,,d', ',', a) return n & a.get(2) & a.get(3) & a.get(4) & a.dim()";
    assert_eq!(window.text(source, FieldType::String, 0), "4bd4");
    assert_eq!(window.faults.total(), 0);
}
