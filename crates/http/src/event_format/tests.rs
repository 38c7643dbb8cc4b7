//! Events as clients write them, for a window of three fields.

use tidegate_event::pretty;

use super::*;

const SCHEMA: &str = "id*:int32,text:string,x:double";

/// The blocks of an input, one under the other, or the error.
fn read(parameters: &str, media_type: Option<&str>, input: &str) -> Result<String, ReadError> {
    let schema = Arc::new(Schema::parse(SCHEMA).unwrap());
    let reading = EventReading::new(&Query::parse(parameters).unwrap(), media_type, None).unwrap();
    let mut tables = String::new();
    let mut count = 0;
    let result = reading.read(&schema, &mut input.as_bytes(), &mut |kind, block| {
        count += block.len() as u64;
        if kind == BlockKind::Transactional {
            tables.push_str("transaction: ");
        }
        for event in block.iter() {
            let values: Vec<String> = (0..3).map(|field| format!("{:?}", event.row.value(field))).collect();
            tables.push_str(&format!("{} {}; ", event.opcode.token(), values.join(" ")));
        }
        tables.push_str("| ");
        Ok(())
    });
    assert_eq!(result?, count);
    Ok(tables)
}

#[track_caller]
fn check(parameters: &str, media_type: Option<&str>, input: &str, expected: &str) {
    assert_eq!(read(parameters, media_type, input).unwrap().trim_end(), expected, "{input}");
}

const ONE: &str = r#"Int32(1) String("a") Double(1.5)"#;
const TWO: &str = r#"Int32(2) Null Null"#;

/// The bodies of rest-api 5.4.
#[test]
fn xml() {
    let body = "<events><event><opcode>i</opcode><id key='true'>1</id><text>a</text><x>1.5</x><y>ignored</y></event>\
                <event opcode=\"upsert\"><id>2</id></event></events>";
    let expected = format!("I {ONE}; | P {TWO}; |");
    for media_type in
        [Some("application/xml"), Some("text/xml"), None, Some("application/x-www-form-urlencoded")]
    {
        check("", media_type, body, &expected);
    }
    check("blocksize=10", Some("text/xml"), body, &format!("I {ONE}; P {TWO}; |"));
    check("", None, "<event><id>2</id><text><![CDATA[]]></text></event>", &format!("I {TWO}; |"));
    // connectors-adapters 4.3: the events of a transaction are one block, whatever `blocksize` says.
    let body = "<events><transaction><event><id>1</id><text>a</text><x>1.5</x></event><event><id>2</id></event>\
                </transaction><event><id>2</id></event></events>";
    let expected = format!("transaction: I {ONE}; I {TWO}; | I {TWO}; |");
    check("", Some("text/xml"), body, &expected);
    check("blocksize=8", Some("text/xml"), body, &expected);
}

#[test]
fn json() {
    let both = format!("I {ONE}; I {TWO}; |");
    let list = r#"[{"id":"1","text":"a","x":1.5},{"id":2}]"#;
    check("", Some("application/json"), list, &both);
    check("", None, list, &both);
    check("blocksize=1", None, list, &format!("I {ONE}; | I {TWO}; |"));
    check(
        "",
        None,
        r#"[[{"id":1,"text":"a","x":1.5}],[{"opcode":"d","id":2}]]"#,
        &format!("I {ONE}; | D {TWO}; |"),
    );
    check("", None, r#"{"id":"2"}"#, &format!("I {TWO}; |"));
    check("opcode=upsert", None, r#"{"id":"2"}"#, &format!("P {TWO}; |"));
}

#[test]
fn csv() {
    check("", Some("text/csv"), "i,n,1,a,1.5\nd,n,2\n", &format!("I {ONE}; | D {TWO}; |"));
    check("format=csv&blocksize=2", Some("text/xml"), "i,n,1,a,1.5\nd,n,2", &format!("I {ONE}; D {TWO}; |"));
    check("", None, "p,n,2,,\n", &format!("P {TWO}; |"));
}

#[test]
fn dates_by_their_pattern() {
    let schema = Arc::new(Schema::parse("id*:int32,at:date").unwrap());
    // The request's own pattern, and that of the server for requests without one.
    for (query, of_server) in [("dateformat=%Y-%m-%d", Some("%d")), ("", Some("%Y-%m-%d"))] {
        let reading = EventReading::new(&Query::parse(query).unwrap(), None, of_server).unwrap();
        let mut blocks = Vec::new();
        let mut give = |_, block| {
            blocks.push(block);
            Ok(())
        };
        reading.read(&schema, &mut "i,n,1,1970-01-02".as_bytes(), &mut give).unwrap();
        let expected = pretty::block(&schema, "I N 1 86400");
        assert_eq!(expected.event(0).row.value(1), blocks[0].event(0).row.value(1));
    }
}

#[test]
fn what_is_no_event_ends_the_reading() {
    for input in [
        "i,n,x,a,1\n",
        "<events><event><id>x</id></event></events>",
        "{\"id\":\"x\"}",
        "[{\"id\":1}",
        "<events>",
    ] {
        assert!(matches!(read("", None, input), Err(ReadError::Decode(_))), "{input}");
    }
    check("", None, "", "");
}

#[test]
fn wrong_parameters() {
    for parameters in
        ["blocksize=0", "blocksize=x", "format=binary", "opcode=delete", "opcode=x", "dateformat=%Q"]
    {
        let error = EventReading::new(&Query::parse(parameters).unwrap(), None, None).unwrap_err();
        assert_eq!(error.0.status, 400, "{parameters}");
    }
}

#[test]
fn a_refusal_ends_the_reading() {
    let schema = Arc::new(Schema::parse(SCHEMA).unwrap());
    let reading = EventReading::new(&Query::default(), None, None).unwrap();
    let mut calls = 0;
    let result = reading.read(&schema, &mut "i,n,1,,\ni,n,2,,\n".as_bytes(), &mut |_, _| {
        calls += 1;
        Err(bad("stopped"))
    });
    assert!(matches!(result, Err(ReadError::Refused(_))));
    assert_eq!(calls, 1);
}
