//! `sort`, `sort_words`.

use crate::function::{Body, Function, Mark};
use crate::signature;

fn sort(s: &str, ascending: bool, distinct: bool, out: &mut String) {
    let mut characters: Vec<char> = s.chars().collect();
    order(&mut characters, ascending, distinct);
    out.extend(characters);
}

fn sort_words(s: &str, ascending: bool, distinct: bool, out: &mut String) {
    let mut words: Vec<&str> = s.split_whitespace().collect();
    order(&mut words, ascending, distinct);
    for (i, word) in words.into_iter().enumerate() {
        if i > 0 {
            out.push(' ');
        }
        out.push_str(word);
    }
}

fn order<T: Ord>(items: &mut Vec<T>, ascending: bool, distinct: bool) {
    items.sort();
    if !ascending {
        items.reverse();
    }
    if distinct {
        items.dedup();
    }
}

/// `sort(s [, ascending [, remove_dup]])`.
pub(crate) static SORT: Function = Function {
    name: "sort",
    category: "Strings",
    usage: "(s [, ascending [, remove_dup]])",
    doc: "The characters of s in order; ascending (true), duplicates kept (false).",
    mark: Mark::Manual,
    body: Body::Overloads(&[
        signature!((s: &str) -> text, |s, out: &mut String| sort(s, true, false, out)),
        signature!((s: &str, a: bool) -> text, |s, a, out: &mut String| sort(s, a, false, out)),
        signature!((s: &str, a: bool, d: bool) -> text, sort),
    ]),
    examples: &[
        ("sort(\"bca\")", "abc"),
        ("sort(\"abab\",false)", "bbaa"),
        ("sort(\"abab\",true,true)", "ab"),
    ],
};

/// `sort_words(s [, ascending [, remove_dup]])`.
pub(crate) static SORT_WORDS: Function = Function {
    name: "sort_words",
    category: "Strings",
    usage: "(s [, ascending [, remove_dup]])",
    doc: "The words of s in order, with single blanks between them; ascending (true), duplicates kept (false).",
    mark: Mark::Manual,
    body: Body::Overloads(&[
        signature!((s: &str) -> text, |s, out: &mut String| sort_words(s, true, false, out)),
        signature!((s: &str, a: bool) -> text, |s, a, out: &mut String| sort_words(s, a, false, out)),
        signature!((s: &str, a: bool, d: bool) -> text, sort_words),
    ]),
    examples: &[("sort_words(\"b c  a\")", "a b c"), ("sort_words(\"b a b\",false,true)", "b a")],
};
