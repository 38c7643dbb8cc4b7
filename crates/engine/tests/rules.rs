//! Section 20 of model-xml, rule by rule: a model that breaks it, and where the mistake or warning must stand.
//!
//! The cases stand in `rules/*.txt`, one after the other: a line `= RULE REACTION KIND | what the message names | ...`,
//! then the model, or the windows and edges of one. `§` marks the place that must be named (it is taken out before the
//! load); it was put there by hand. Reactions: `invalid` (refused, by the validation call too: phase X), `refused` (by a
//! load: phase L), `warned`, `accepted`.

use std::fmt::Write;

use tidegate_engine::{Registry, build_project};
use tidegate_model::{
    ClassSpec, Direction, Document, Limits, MistakeKind, Mistakes, ParamSpec, Phase, Project, Tokens,
    Vocabulary,
};

const FILES: [&str; 6] = [
    include_str!("rules/document.txt"),
    include_str!("rules/windows.txt"),
    include_str!("rules/outputs.txt"),
    include_str!("rules/graph.txt"),
    include_str!("rules/types.txt"),
    include_str!("rules/connectors.txt"),
];

/// Rules that no model alone can show, and where they are shown.
const ELSEWHERE: &[(&[u32], &str)] = &[
    (&[39, 40, 60], "at run time: windows/source.rs, schedule/tests.rs"),
    (&[51], "statedb-reader does not run yet and is refused"),
    (
        &[54],
        "any scalar converts to any field type (functions.md 1.3); what cannot be held is null at run time",
    ),
    (&[95, 96, 97, 98, 99, 100, 101], "pattern: its own tests"),
    (&[102, 103], "geofence: its own tests"),
    (&[104, 105, 107, 111, 112, 113, 114], "window types that do not run yet and are refused"),
    (&[106], "calculate: its own tests"),
    (&[108, 109, 110], "transpose and remove-state: their own tests"),
    (&[115], "functional: its own tests"),
    (&[129], "at run time: the host's tests"),
];

/// One model against one rule.
struct Case {
    rule: u32,
    reaction: &'static str,
    /// The code of the mistake or warning.
    kind: &'static str,
    /// What the message must name: the window, the value found, what is allowed.
    names: Vec<&'static str>,
    model: &'static str,
}

fn cases() -> impl Iterator<Item = Case> {
    let texts = FILES.iter().flat_map(|file| format!("\n{file}").leak().split("\n= ").skip(1));
    texts.map(|text: &'static str| {
        let (head, model) = text.split_once('\n').expect("a line of the rule comes before its model");
        let mut head = head.split(" | ");
        let mut words = head.next().unwrap_or_default().split(' ');
        let rule = words.next().and_then(|word| word.parse().ok());
        Case {
            rule: rule.expect("a case begins with the number of its rule"),
            reaction: words.next().expect("the number of a rule is followed by its reaction"),
            kind: words.next().unwrap_or_default(),
            names: head.collect(),
            model: model.trim_end(),
        }
    })
}

const PARAMS: &[ParamSpec] = &[ParamSpec {
    name: "fsname",
    direction: Direction::Both,
    required: true,
    default: None,
    allowed: &[],
    internal: false,
    doc: "the file",
}];

/// A model; what begins with a window is put into a project.
fn whole(model: &str) -> String {
    if !model.trim_start_matches('§').starts_with("<window") {
        return model.to_owned();
    }
    let (windows, edges) = model.split_once("<edges>").unwrap_or((model, ""));
    let edges = if edges.is_empty() { String::new() } else { format!("<edges>{edges}") };
    format!(
        "<project name='p' threads='1' pubsub='auto'><contqueries><contquery name='cq'>\n<windows>{windows}</windows>\n\
         {edges}</contquery></contqueries></project>"
    )
}

fn load(text: &str, every_window: bool) -> Mistakes {
    let implemented: Vec<&str> = Registry::ENGINE.windows.iter().map(|window| window.element).collect();
    let classes = [ClassSpec { name: "fs", params: PARAMS }];
    let known = Vocabulary::new(&implemented, &classes);
    let all: Vec<&str> = known.windows().iter().map(|window| window.element).collect();
    let vocabulary = if every_window { Vocabulary::new(&all, &classes) } else { known };
    let mut mistakes = Mistakes::new();
    let document = Document::parse(text, &Tokens::default(), &Limits::MODEL, &mut mistakes);
    for element in document.iter().flat_map(|document| &document.projects) {
        if let Some(project) = Project::read(element, &vocabulary, &mut mistakes)
            && !every_window
        {
            build_project(&project, &Registry::ENGINE, &mut mistakes);
        }
    }
    mistakes
}

/// Line and column of the mark.
fn place(text: &str) -> Option<String> {
    let before = &text[..text.find('§')?];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Some(format!("{line}:{column}"))
}

fn check(case: &Case) -> Result<(), String> {
    let text = whole(case.model);
    // Windows that do not run yet are judged as far as their place in the graph goes.
    let mistakes = load(&text.replace('§', ""), matches!(case.rule, 80 | 83 | 84));
    let (sorted, warnings) = (mistakes.sorted(), mistakes.warnings());
    let found = match case.reaction {
        "invalid" | "refused" => &sorted,
        "warned" if sorted.is_empty() => &warnings,
        "accepted" if sorted.is_empty() && warnings.is_empty() => return Ok(()),
        reaction => return Err(format!("not {reaction}: {} {warnings:?}", mistakes.display("model"))),
    };
    let wanted = place(&text).expect("the case has a mark");
    let hit = found.iter().find(|m| m.kind.code() == case.kind && m.position.to_string() == wanted);
    let Some(hit) = hit else {
        let all: Vec<String> = found.iter().map(|m| format!("{m} [{}]", m.kind)).collect();
        return Err(format!("wanted {wanted} [{}], found {all:?}", case.kind));
    };
    if let Some(name) = case.names.iter().find(|name| !hit.to_string().contains(**name)) {
        return Err(format!("'{hit}' does not name '{name}'"));
    }
    match (case.reaction, hit.kind.phase()) {
        ("invalid", Phase::Load) => Err(format!("{} is a matter of validation too", hit.kind)),
        ("refused", Phase::Structure) => Err(format!("{} is a matter of the load alone", hit.kind)),
        _ => Ok(()),
    }
}

#[test]
fn each_rule_is_kept() {
    let mut wrong = String::new();
    for case in cases() {
        if let Err(why) = check(&case) {
            writeln!(wrong, "rule {}: {why}\n{}\n", case.rule, case.model).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Every number of the section has a case, or a reason why it is shown elsewhere.
#[test]
fn no_rule_is_left_out() {
    let rules = [1..=13, 20..=40, 50..=60, 70..=84, 90..=115, 120..=129];
    let missing: Vec<u32> = (rules.into_iter().flatten())
        .filter(|rule| !cases().any(|case| case.rule == *rule))
        .filter(|rule| !ELSEWHERE.iter().any(|(numbers, _)| numbers.contains(rule)))
        .collect();
    assert_eq!(missing, Vec::<u32>::new());
}

/// The mistakes of a file come together, by their place.
#[test]
fn one_load_reports_all() {
    let text = whole(
        "<window-source name='s' index='pi_HAHS'><schema-string>id*:int46</schema-string></window-source>\n\
         <window-source name='s' insert-only='yes'><schema-string>id*:int64</schema-string></window-source>\n\
         <window-lua name='l'><connectors><connector class='fs'/></connectors></window-lua>",
    );
    let mistakes = load(&text, false);
    let found: Vec<_> = mistakes.sorted().iter().map(|m| (m.position.line, m.kind)).collect();
    assert_eq!(
        found,
        [
            (2, MistakeKind::UnknownIndexType),
            (2, MistakeKind::UnknownFieldType),
            (3, MistakeKind::DuplicateName),
            (4, MistakeKind::NotImplemented),
            (4, MistakeKind::MissingSchema),
            (4, MistakeKind::NoConnectorType),
        ]
    );
}
