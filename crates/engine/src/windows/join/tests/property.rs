//! Joins against nested loops over two plain tables.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::testing::Run;

/// Condition values: short, long, and null.
const CONDITIONS: [&str; 6] = ["a", "b", "c", "condition-beyond-a-word", "condition-beyond-a-word-2", "∅"];

#[derive(Debug, Clone)]
struct Change {
    opcode: &'static str,
    key: usize,
    condition: usize,
    value: i32,
}

#[derive(Debug, Clone)]
struct Block {
    left: bool,
    changes: Vec<Change>,
    save: bool,
}

#[derive(Debug, Clone, Copy)]
struct Setting {
    ty: &'static str,
    /// Whether the condition field is the side's key.
    by_key: [bool; 2],
    index: &'static str,
    inputs: &'static str,
    no_regenerates: bool,
}

fn setting() -> impl Strategy<Value = Setting> {
    let ty = prop::sample::select(vec!["inner", "leftouter", "rightouter", "fullouter"]);
    let index = prop::sample::select(vec!["pi_HASH", "pi_RBTREE", "pi_EMPTY"]);
    let inputs = prop::sample::select(vec!["pi_HASH", "pi_RBTREE", "pi_EMPTY"]);
    (ty, any::<[bool; 2]>(), index, inputs, any::<bool>()).prop_map(|(ty, mut by_key, index, inputs, no)| {
        by_key[0] |= matches!(ty, "rightouter" | "fullouter");
        by_key[1] |= matches!(ty, "leftouter" | "fullouter");
        // Without regeneration an index tells what was put out; pairs of many need inserts only there.
        let no_regenerates = no
            && ty != "fullouter"
            && by_key != [false, false]
            && index != "pi_EMPTY"
            && inputs != "pi_EMPTY";
        Setting { ty, by_key, index, inputs, no_regenerates }
    })
}

fn block() -> impl Strategy<Value = Block> {
    let opcode = prop::sample::select(vec!["I", "I", "U", "P", "P", "D", "SD"]);
    let change = (opcode, 0..5_usize, 0..CONDITIONS.len(), 0..4_i32)
        .prop_map(|(opcode, key, condition, value)| Change { opcode, key, condition, value });
    (any::<bool>(), prop::collection::vec(change, 1..=6), prop::bool::weighted(0.2))
        .prop_map(|(left, changes, save)| Block { left, changes, save })
}

/// A side's rows: key to condition and value, as text. Where the condition is the key they are the same.
type Table = BTreeMap<String, (String, String)>;

fn key_of(change: &Change, by_key: bool) -> String {
    if by_key { CONDITIONS[change.key].to_owned() } else { change.key.to_string() }
}

fn condition_of(change: &Change, by_key: bool) -> String {
    if by_key { CONDITIONS[change.key].to_owned() } else { CONDITIONS[change.condition].to_owned() }
}

/// Applies a change by the table of engine-semantics 1.6; tells whether it was taken.
fn apply(table: &mut Table, change: &Change, by_key: bool) -> bool {
    let key = key_of(change, by_key);
    let row = (condition_of(change, by_key), change.value.to_string());
    match (change.opcode, table.contains_key(&key)) {
        ("I", true) | ("U" | "D" | "SD", false) => return false,
        ("D" | "SD", true) => drop(table.remove(&key)),
        _ => drop(table.insert(key, row)),
    }
    true
}

/// The join's rows: key to values.
type Joined = BTreeMap<Vec<String>, Vec<String>>;

fn key_by_right(setting: &Setting) -> bool {
    setting.by_key == [true, false]
}

fn add(out: &mut Joined, setting: &Setting, left: Option<(&str, &str)>, right: Option<(&str, &str)>) {
    let key = match (left, right) {
        (Some(l), Some(r)) if setting.by_key == [false, false] => vec![l.0.to_owned(), r.0.to_owned()],
        (_, Some(r)) if key_by_right(setting) => vec![r.0.to_owned()],
        (Some((key, _)), _) | (None, Some((key, _))) => vec![key.to_owned()],
        (None, None) => unreachable!("a row of no row"),
    };
    let value = |side: Option<(&str, &str)>| side.map_or("∅", |(_, value)| value).to_owned();
    assert!(out.insert(key, vec![value(left), value(right)]).is_none(), "a key of two rows");
}

/// Nested loops over both tables.
fn naive(setting: &Setting, left: &Table, right: &Table) -> Joined {
    let mut out = Joined::new();
    let matches = |a: &str, b: &str| a == b && a != "∅";
    for (l, (lc, lv)) in left {
        let mut alone = true;
        for (r, (_, rv)) in right.iter().filter(|(_, (rc, _))| matches(lc, rc)) {
            alone = false;
            add(&mut out, setting, Some((l, lv)), Some((r, rv)));
        }
        if alone && matches!(setting.ty, "leftouter" | "fullouter") {
            add(&mut out, setting, Some((l, lv)), None);
        }
    }
    for (r, (rc, rv)) in right {
        let alone = !left.values().any(|(lc, _)| matches(lc, rc));
        if alone && matches!(setting.ty, "rightouter" | "fullouter") {
            add(&mut out, setting, None, Some((r, rv)));
        }
    }
    out
}

/// Folds output into the rows that it leaves, and checks every event against what is there.
fn fold(rows: &mut Joined, lines: &[String], keys: usize) {
    let parse = |line: &str| {
        let mut words = line.split(' ').map(str::to_owned);
        let (opcode, flags) = (words.next().unwrap(), words.next().unwrap());
        assert_eq!(flags, "N");
        let mut key: Vec<String> = words.collect();
        let values = key.split_off(keys);
        (opcode, key, values)
    };
    let mut lines = lines.iter();
    while let Some(line) = lines.next() {
        let (opcode, key, values) = parse(line);
        match opcode.as_str() {
            "I" => assert_eq!(rows.insert(key, values), None, "inserted twice: {line}"),
            "P" => drop(rows.insert(key, values)),
            "D" => assert_eq!(rows.remove(&key), Some(values), "deleted: {line}"),
            "UB" => {
                let (second, old_key, old) = parse(lines.next().expect("an update pair has two halves"));
                assert_eq!((second.as_str(), &old_key), ("D", &key));
                assert_eq!(rows.insert(key, values), Some(old), "changed: {line}");
            }
            _ => panic!("{line}"),
        }
    }
}

fn model(setting: &Setting) -> String {
    let source = |name: &str, by_key: bool, value: &str| {
        let fields = if by_key {
            format!("k*:string,{value}:int32")
        } else {
            format!("{name}i*:int32,k:string,{value}:int32")
        };
        format!(
            "<window-source name=\"{name}\" index=\"{}\"><schema-string>{fields}</schema-string></window-source>",
            setting.inputs
        )
    };
    format!(
        "{}{}<window-join name=\"j\" index=\"{}\"><join type=\"{}\" no-regenerates=\"{}\"><conditions><fields left=\"k\" right=\"k\"/></conditions></join>\
         <output><field-selection name=\"a\" source=\"l_a\"/><field-expr name=\"b\" type=\"int32\">r_b</field-expr></output></window-join>",
        source("l", setting.by_key[0], "a"),
        source("r", setting.by_key[1], "b"),
        setting.index,
        setting.ty,
        setting.no_regenerates
    )
}

/// A table of the block's changes, as the source of this side takes them.
fn table_of(block: &Block, by_key: bool) -> String {
    let line = |change: &Change| {
        let Change { opcode, value, .. } = change;
        let (key, condition) = (key_of(change, by_key), condition_of(change, by_key));
        if by_key {
            format!("{opcode} N {key} {value}")
        } else {
            format!("{opcode} N {key} {condition} {value}")
        }
    };
    block.changes.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// What a join without regeneration leaves of a fact's change: its key's row as the dimension is now.
fn look_up(setting: &Setting, rows: &mut Joined, change: &Change, fact: usize, dimension: &Table) {
    let (key, condition) = (key_of(change, setting.by_key[fact]), condition_of(change, setting.by_key[fact]));
    rows.remove(&vec![key.clone()]);
    let partner = dimension.get(&condition).map(|(_, value)| value.clone());
    if change.opcode.ends_with('D') || partner.is_none() && setting.ty == "inner" {
        return;
    }
    let mut values = vec![change.value.to_string(), partner.unwrap_or_else(|| "∅".to_owned())];
    if fact == 1 {
        values.reverse();
    }
    rows.insert(vec![key], values);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn joins_equal_nested_loops(setting in setting(), blocks in prop::collection::vec(block(), 1..24)) {
        let mut run = Run::new("", &model(&setting), "<edge source=\"l\" target=\"j\" role=\"left\"/><edge source=\"r\" target=\"j\" role=\"right\"/>");
        let mut tables = [Table::new(), Table::new()];
        let (mut rows, mut looked_up) = (Joined::new(), Joined::new());
        let keys = 1 + usize::from(setting.by_key == [false, false]);
        let fact = usize::from(setting.ty == "rightouter" || key_by_right(&setting) && setting.ty == "inner");
        for block in &blocks {
            let side = usize::from(!block.left);
            let by_key = setting.by_key[side];
            // No key is null: sources refuse them, which is another test's matter.
            let mut block = block.clone();
            block.changes.retain(|change| key_of(change, by_key) != "∅");
            if block.changes.is_empty() {
                continue;
            }
            for change in &block.changes {
                if apply(&mut tables[side], change, by_key) && setting.no_regenerates && side == fact {
                    look_up(&setting, &mut looked_up, change, fact, &tables[1 - fact]);
                }
            }
            let lines = run.feed(1, ["l", "r"][side], &table_of(&block, by_key), "j");
            fold(&mut rows, &lines, keys);
            if setting.no_regenerates {
                prop_assert_eq!(&rows, &looked_up);
            } else {
                prop_assert_eq!(&rows, &naive(&setting, &tables[0], &tables[1]));
            }
            if block.save {
                run.save_and_load();
            }
        }
    }
}
