//! Windows with geometries whose distances were worked out by hand.

use crate::testing::{Run, build};

const NONE: [&str; 0] = [];

fn windows(window: &str, geofence: &str, position: &str, output: &str) -> String {
    format!(
        "<window-source name=\"p\"><schema-string>id*:int32,x:double,y:double</schema-string></window-source>\
         <window-source name=\"e\" index=\"pi_EMPTY\"><schema-string>id*:int32,x:double,y:double</schema-string></window-source>\
         <window-source name=\"g\"><schema-string>gid*:int64,data:string,gx:double,gy:double,r:double,name:string</schema-string>\
         </window-source>\
         <window-geofence name=\"f\" {window}><geofence {geofence}/>\
         <geometry data-fieldname=\"data\" x-fieldname=\"gx\" y-fieldname=\"gy\" radius-fieldname=\"r\" radius=\"2\" \
         desc-fieldname=\"name\" data-separator=\"_\"/>\
         <position x-fieldname=\"x\" y-fieldname=\"y\" {position}/><output geoid-fieldname=\"geo\" {output}/></window-geofence>"
    )
}

fn run_of(source: &str, window: &str, geofence: &str, position: &str, output: &str) -> Run {
    let edges = format!(
        "<edge source=\"g\" target=\"f\" role=\"geometry\"/><edge source=\"{source}\" target=\"f\"/>"
    );
    Run::new("", &windows(window, geofence, position, output), &edges)
}

/// Circles, and the nearest: of two that are as near the one that came first.
#[test]
fn every_position_goes_out_with_its_nearest_circle() {
    let output = "geodesc-fieldname=\"desc\" geotype-fieldname=\"type\" geodistance-fieldname=\"dist\"";
    let mut run = run_of("p", "", "", "", output);
    assert_eq!(run.feed(1, "p", "I N 1 4 0", "f"), ["I N 1 4 0 ∅ ∅ ∅ ∅"]);
    assert_eq!(run.feed(1, "g", "I N 1 ∅ 0 0 5 home\nI N 2 ∅ 8 0 5 work", "f"), NONE);
    assert_eq!(
        run.feed(1, "p", "I N 2 4 0\nI N 3 5 0", "f"),
        ["I N 2 4 0 1 home Circle 4", "I N 3 5 0 2 work Circle 3"]
    );
    run.save_and_load();
    assert_eq!(run.feed(1, "p", "U N 2 0 6", "f"), ["UB N 2 0 6 ∅ ∅ ∅ ∅", "D N 2 4 0 1 home Circle 4"]);
    // Moved, and of the default radius 2.
    assert_eq!(run.feed(1, "g", "U N 1 ∅ 0 8 ∅ away\nD N 2 ∅ ∅ ∅ ∅ ∅", "f"), NONE);
    assert_eq!(run.feed(1, "p", "P N 2 0 6", "f"), ["UB N 2 0 6 1 away Circle 2", "D N 2 0 6 ∅ ∅ ∅ ∅"]);
    assert_eq!(
        run.feed(1, "p", "D N 3 ∅ ∅\nI N 4 ∅ 1", "f"),
        ["D N 3 5 0 2 work Circle 3", "I N 4 ∅ 1 ∅ ∅ ∅ ∅"]
    );
}

#[test]
fn polygons() {
    let square = "I N 7 0_0_10_0_10_10_0_10_0_0 ∅ ∅ ∅ sq";
    let output = "geodistance-fieldname=\"dist\" include-geo-fields=\"name, r\"";
    let positions = "I N 1 5 8\nI N 2 10 5\nI N 3 11 5\nI N 4 13 5";
    let mut run = run_of("p", "", "", "", output);
    run.feed(1, "g", square, "f");
    let wanted = ["I N 1 5 8 7 3 sq ∅", "I N 2 10 5 7 5 sq ∅", "I N 3 11 5 ∅ ∅ ∅ ∅", "I N 4 13 5 ∅ ∅ ∅ ∅"];
    assert_eq!(run.feed(1, "p", positions, "f"), wanted);
    let mut run = run_of("p", "", "", "lookupdistance=\"1\"", "geodistance-fieldname=\"dist\"");
    run.feed(1, "g", square, "f");
    assert_eq!(run.feed(1, "p", "I N 3 11 5\nI N 4 12 5", "f"), ["I N 3 11 5 7 6", "I N 4 12 5 ∅ ∅"]);
    let near = "proximity-analysis=\"true\" polygon-compute-distance-to=\"segment\"";
    let mut run = run_of("p", "", near, "", "geodistance-fieldname=\"dist\"");
    run.feed(1, "g", square, "f");
    let wanted = ["I N 1 5 8 7 -2", "I N 2 10 5 7 0", "I N 3 11 5 7 1", "I N 4 13 5 ∅ ∅"];
    assert_eq!(run.feed(1, "p", positions, "f"), wanted);
}

/// A star of one line (a pentagram) winds twice around its middle.
#[test]
fn crossing_and_winding() {
    let star = "I N 7 0_10_6_-8_-10_3_10_3_-6_-8_0_10 ∅ ∅ ∅ s";
    for (algorithm, wanted) in [("crossing", "∅"), ("winding", "7")] {
        let mut run = run_of("p", "", &format!("geofencing-algorithm=\"{algorithm}\""), "", "");
        run.feed(1, "g", star, "f");
        assert_eq!(run.feed(1, "p", "I N 1 0 0", "f"), [format!("I N 1 0 0 {wanted}")]);
    }
}

/// Left of the direction is negative; segments count from 1.
#[test]
fn polylines() {
    let line = "I N 7 0_0_10_0_10_10 ∅ ∅ ∅ l";
    let output = "geodistance-fieldname=\"dist\" segmentnumber-fieldname=\"seg\"";
    let positions = "I N 1 5 1\nI N 2 5 -1\nI N 3 11 5\nI N 4 -1 0\nI N 5 9 1\nI N 6 5 3";
    let lines = |beyond: &str| {
        let fixed = ["I N 1 5 1 7 -1 1", "I N 2 5 -1 7 1 1", "I N 3 11 5 7 1 2"];
        let last = ["I N 5 9 1 7 -1 1", "I N 6 5 3 ∅ ∅ ∅"];
        let mut all: Vec<String> = fixed.iter().map(|line| (*line).to_owned()).collect();
        all.push(beyond.to_owned());
        all.extend(last.iter().map(|line| (*line).to_owned()));
        all
    };
    let mut run = run_of("p", "", "", "", output);
    run.feed(1, "g", line, "f");
    assert_eq!(run.feed(1, "p", positions, "f"), lines("I N 4 -1 0 7 1 1"));
    let mut run = run_of("p", "", "strict-projection=\"true\"", "", output);
    run.feed(1, "g", line, "f");
    assert_eq!(run.feed(1, "p", positions, "f"), lines("I N 4 -1 0 ∅ ∅ ∅"));
}

const TWO: &str = "I N 1 ∅ 0 0 5 a\nI N 2 ∅ 4 0 5 b";

#[test]
fn several_results_with_an_index() {
    let several = "output-multiple-results=\"true\" output-sorted-results=\"true\"";
    let output = "geodistance-fieldname=\"dist\" eventnumber-fieldname=\"nr\"";
    let mut run = run_of("p", "", several, "", output);
    run.feed(1, "g", TWO, "f");
    assert_eq!(run.feed(1, "p", "I N 1 1 0", "f"), ["I N 1 1 0 1 1 0", "I N 1 1 0 2 3 1"]);
    run.save_and_load();
    assert_eq!(
        run.feed(1, "p", "U N 1 4 0", "f"),
        ["UB N 1 4 0 2 0 0", "D N 1 1 0 1 1 0", "UB N 1 4 0 1 4 1", "D N 1 1 0 2 3 1"]
    );
    assert_eq!(
        run.feed(1, "p", "U N 1 -4 0", "f"),
        ["UB N 1 -4 0 1 4 0", "D N 1 4 0 2 0 0", "D N 1 4 0 1 4 1"]
    );
    assert_eq!(run.feed(1, "p", "U N 1 50 0", "f"), ["UB N 1 50 0 ∅ ∅ 0", "D N 1 -4 0 1 4 0"]);
    assert_eq!(run.feed(1, "p", "D N 1 ∅ ∅", "f"), ["D N 1 50 0 ∅ ∅ 0"]);
}

#[test]
fn several_results_without_index() {
    let several = "output-multiple-results=\"true\"";
    let output = "geodistance-fieldname=\"dist\" eventnumber-fieldname=\"nr\"";
    let mut run = run_of("e", "index=\"pi_EMPTY\"", several, "", output);
    run.feed(1, "g", TWO, "f");
    assert_eq!(run.feed(1, "e", "U N 1 3 0", "f"), ["U N 1 3 0 1 3 0", "U N 1 3 0 2 1 1"]);
    assert_eq!(run.feed(1, "e", "D N 1 50 0", "f"), ["D N 1 50 0 ∅ ∅ 0"]);
    let mut run = run_of("p", "index=\"pi_EMPTY\"", several, "", output);
    run.feed(1, "g", TWO, "f");
    run.feed(1, "p", "I N 1 -4 0", "f");
    assert_eq!(
        run.feed(1, "p", "U N 1 1 0", "f"),
        ["UB N 1 1 0 1 1 0", "D N 1 -4 0 1 4 0", "I N 1 1 0 2 3 1"]
    );
}

/// One degree of latitude is 6371000 * pi / 180 = 111194.93 m.
#[test]
fn geographic_circles() {
    let geographic = "coordinate-type=\"geographic\"";
    let mut run = run_of("p", "", geographic, "", "");
    run.feed(1, "g", "I N 1 ∅ 179.5 0 111194 a\nI N 2 ∅ 0 60 111195 b", "f");
    let wanted = ["I N 1 -179.5 0 ∅", "I N 2 -179.51 0 1", "I N 3 0 61 2", "I N 4 0 91 ∅"];
    assert_eq!(run.feed(1, "p", "I N 1 -179.5 0\nI N 2 -179.51 0\nI N 3 0 61\nI N 4 0 91", "f"), wanted);
}

#[test]
fn what_does_not_exist_is_refused() {
    let mistakes = |windows: String| {
        let model = format!(
            "<project name=\"p\" threads=\"1\" pubsub=\"auto\"><contqueries><contquery name=\"cq\"><windows>{windows}</windows>\
             <edges><edge source=\"p e\" target=\"f\"/></edges></contquery></contqueries></project>"
        );
        let Err(mistakes) = build(&model) else { panic!("built") };
        mistakes.display("m").to_string()
    };
    assert!(mistakes(windows("", "", "", "")).contains("'data' is no field of its input 'e'"));
    let several = "output-multiple-results=\"true\"";
    let wrong = windows("", several, "lookupdistance=\"-1\"", "")
        .replace("geometry data-field", "geometry no-data-field");
    let wrong = wrong
        .replace("x-fieldname=\"gx\"", "")
        .replace("radius-fieldname=\"r\"", "")
        .replace("desc-fieldname=\"name\"", "");
    let wrong = wrong.replace("y-fieldname=\"gy\"", "");
    let text = mistakes(wrong);
    for part in [
        "'-1' of 'lookupdistance'",
        "'geometry' needs 'data-fieldname'",
        "needs the attribute 'eventnumber-fieldname'",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}
