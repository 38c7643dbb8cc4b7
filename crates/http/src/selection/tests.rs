//! Selections over a few rows, names and windows.

use std::sync::Arc;

use tidegate_api::{EventList, Response};
use tidegate_event::pretty;

use super::*;

/// Rows in the order of an index.
const ROWS: &str = "
       ID*:int32  symbol:string  price:double  at:stamp  amount:money  raw:blob  list:array(i32)
I  N   1          ibm            10.5          7         1.25          0x0102    [1;2]
I  N   2          sas            9             ∅         ∅             ∅         ∅
I  N   3          \"a<b&c\"      ∅             8         2             0x        []
I  N   4          sas            100           9         2.5           ∅         [3]
";

fn query(text: &str) -> Query {
    Query::parse(text).unwrap()
}

#[track_caller]
fn check(parameters: &str, expected: &[&str]) {
    let (schema, block) = pretty::parse(ROWS);
    let selection = EventSelection::new(&query(parameters), "filter", true).unwrap();
    let events = selection.of("P/CQ/W", &schema, &[Arc::new(block)], false).unwrap();
    let ids: Vec<&str> = events.iter().map(|event| event.fields[0].1.as_deref().unwrap()).collect();
    assert_eq!(ids, expected, "{parameters}");
}

#[track_caller]
fn message(refused: Refused) -> (u16, String) {
    (refused.0.status, refused.0.message)
}

/// rest-api 6.1: children in schema order, nulls left out, six decimals, base64, arrays in brackets.
#[test]
fn a_row_as_a_client_sees_it() {
    let (schema, block) = pretty::parse(ROWS);
    let selection = EventSelection::new(&query("limit=3"), "filter", true).unwrap();
    let events = selection.of("P/CQ/W", &schema, &[Arc::new(block)], false).unwrap();
    let expected = r#"<events count="3">
  <event opcode="insert" window="P/CQ/W">
    <ID>1</ID>
    <symbol>ibm</symbol>
    <price>10.500000</price>
    <at>7</at>
    <amount>1.2500</amount>
    <raw>AQI=</raw>
    <list>[1;2]</list>
  </event>
  <event opcode="insert" window="P/CQ/W">
    <ID>2</ID>
    <symbol>sas</symbol>
    <price>9.000000</price>
  </event>
  <event opcode="insert" window="P/CQ/W">
    <ID>3</ID>
    <symbol>a&lt;b&amp;c</symbol>
    <at>8</at>
    <amount>2.0000</amount>
    <raw></raw>
    <list>[]</list>
  </event>
</events>
"#;
    assert_eq!(EventList { events }.to_xml(), expected);
}

#[test]
fn filters_of_fields() {
    check("", &["1", "2", "3", "4"]);
    check("filter=in(ID,1,4)", &["1", "4"]);
    check("filter=gt(price,9.5)", &["1", "4"]);
    check("filter=match(symbol,'^s')|eq(ID,1)", &["1", "2", "4"]);
    check("filter=isNull(price)", &["3"]);
    check("filter=eq(opcode,'insert')", &["1", "2", "3", "4"]);
    let error = EventSelection::new(&query("filter=nonsense"), "filter", true).unwrap_err();
    assert_eq!(message(error).0, 400);
}

#[test]
fn fields_by_their_value() {
    check("ID=4", &["4"]);
    check("ID=04", &["4"]);
    check("symbol=sas", &["2", "4"]);
    check("price=10.50", &["1"]);
    check("amount=2.5000", &["4"]);
    check("symbol=sas&ID=2", &["2"]);
    check("ID=x", &[]);
    check("unknown=1", &["1", "2", "3", "4"]);
}

#[test]
fn order_and_number() {
    check("sortBy=price:ascending", &["3", "2", "1", "4"]);
    check("sortBy=price:descending", &["4", "1", "2", "3"]);
    check("sortBy=symbol", &["3", "1", "2", "4"]);
    check("sortBy=symbol:descending", &["2", "4", "1", "3"]);
    check("sortBy=ID:descending&limit=2", &["4", "3"]);
    check("limit=0", &[]);
    let error = EventSelection::new(&query("sortBy=ID:up"), "filter", true).unwrap_err();
    let expected = "parameter 'sortBy' is 'ID:up', expected a field and ':ascending' or ':descending'";
    assert_eq!(message(error), (400, expected.to_owned()));
    let (schema, block) = pretty::parse(ROWS);
    let selection = EventSelection::new(&query("sortBy=x:ascending"), "filter", true).unwrap();
    let blocks = [Arc::new(block)];
    assert_eq!(selection.of("P/CQ/W", &schema, &blocks, true).unwrap().len(), 4);
    let error = selection.of("P/CQ/W", &schema, &blocks, false).unwrap_err();
    assert_eq!(message(error), (400, "sortBy: the window 'P/CQ/W' has no field 'x'".to_owned()));
    assert_eq!(message(EventSelection::new(&query("limit=-1"), "filter", true).unwrap_err()).0, 400);
}

#[test]
fn projects_by_name_and_filter() {
    let holds = |path: &[&str], parameters: &str, name: &str| {
        let path: Vec<String> = path.iter().map(|&part| part.to_owned()).collect();
        ProjectSelection::new(&path, &query(parameters)).unwrap().holds(name, "running")
    };
    assert!(holds(&[], "", "P"));
    assert!(holds(&[], "name=&filter=", "P"));
    assert!(holds(&[], "name=A|P", "P"));
    assert!(!holds(&[], "name=A|B", "P"));
    assert!(holds(&[], "filter=match(name, '^.*UnitTest.*$')", "ESPUnitTestProject"));
    assert!(!holds(&[], "name=P&filter=eq(state,'stopped')", "P"));
    assert!(holds(&["P"], "name=P", "P"));
    assert!(!holds(&["Q"], "", "P"));
}

#[test]
fn windows_by_place_type_and_filter() {
    let window = WindowName {
        project: "P",
        contquery: "CQ",
        name: "w_data",
        element: "window-source",
        index: "pi_EMPTY",
    };
    let holds = |path: &[&str], parameters: &str| {
        let path: Vec<String> = path.iter().map(|&part| part.to_owned()).collect();
        WindowSelection::new(&path, &query(parameters), "filter").unwrap().holds(window)
    };
    assert!(holds(&[], ""));
    assert!(holds(&["P", "CQ"], ""));
    assert!(!holds(&["P", "CQ", "other"], ""));
    assert!(holds(&[], "project=P|Q&contquery=CQ&name=w_data"));
    assert!(!holds(&[], "project=Q"));
    assert!(holds(&[], "type=source"));
    assert!(holds(&[], "type=window-copy|window-source"));
    assert!(!holds(&[], "type=copy"));
    assert!(holds(&[], "filter=match(name, \"data|request\")"));
    assert!(!holds(&[], "filter=eq(type,'window-aggregate')"));
    assert!(holds(&[], "filter=eq(index,'pi_EMPTY')"));
}
