//! Objects: variables that are used through methods (functions.md 1.10).

use crate::array::Array;
use crate::faults::FaultKind;
use crate::function::kernel::{Run, end_text, pack, text_of};
use crate::function::{Answer, Texts, Type, Word};
use crate::matcher::Matcher;

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ObjectType {
    /// An array of this type.
    Array(Type),
    Regex,
}

impl ObjectType {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Array(_) => "array",
            Self::Regex => "regex",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Size,
    Resize,
    Get,
    Set,
    Compile,
    FindFirst,
    FindNext,
    MatchStart,
    MatchLength,
    SubstringCount,
    SubstringStart,
    SubstringLength,
    Replace,
}

/// A method's name, usage, argument types and result. Where a type is `Null`, it is that of the array's elements.
pub(crate) struct MethodDef {
    pub(crate) name: &'static str,
    pub(crate) usage: &'static str,
    pub(crate) args: &'static [Type],
    pub(crate) result: Type,
    pub(crate) method: Method,
}

const fn def(
    name: &'static str,
    usage: &'static str,
    args: &'static [Type],
    result: Type,
    method: Method,
) -> MethodDef {
    MethodDef { name, usage, args, result, method }
}

const INTEGER: &[Type] = &[Type::Integer];
const TEXT: &[Type] = &[Type::String];

static OF_ARRAYS: [MethodDef; 4] = [
    def("dim", "dim()", &[], Type::Integer, Method::Size),
    def("dim", "dim(size)", INTEGER, Type::Integer, Method::Resize),
    def("get", "get(number)", INTEGER, Type::Null, Method::Get),
    def("set", "set(number, value)", &[Type::Integer, Type::Null], Type::Null, Method::Set),
];
static OF_REGEX: [MethodDef; 9] = [
    def("compile", "compile(pattern)", TEXT, Type::Boolean, Method::Compile),
    def("findfirst", "findfirst(text)", TEXT, Type::Boolean, Method::FindFirst),
    def("findnext", "findnext(text)", TEXT, Type::Boolean, Method::FindNext),
    def("matchstart", "matchstart()", &[], Type::Integer, Method::MatchStart),
    def("matchlength", "matchlength()", &[], Type::Integer, Method::MatchLength),
    def("substringcount", "substringcount()", &[], Type::Integer, Method::SubstringCount),
    def("substringstart", "substringstart(number)", INTEGER, Type::Integer, Method::SubstringStart),
    def("substringlength", "substringlength(number)", INTEGER, Type::Integer, Method::SubstringLength),
    def("replace", "replace(text, replacement)", &[Type::String; 2], Type::String, Method::Replace),
];

impl ObjectType {
    pub(crate) fn methods(self) -> &'static [MethodDef] {
        match self {
            Self::Array(_) => &OF_ARRAYS,
            Self::Regex => &OF_REGEX,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Object {
    Array(Array),
    Regex(Box<Matcher>),
}

impl Object {
    pub(crate) fn new(ty: ObjectType) -> Self {
        match ty {
            ObjectType::Array(ty) => Self::Array(Array::new(ty)),
            ObjectType::Regex => Self::Regex(Box::default()),
        }
    }

    /// As if newly declared, with this type.
    pub(crate) fn reset(&mut self, ty: ObjectType) {
        match (&mut *self, ty) {
            (Self::Array(array), ObjectType::Array(ty)) => array.reset(ty),
            (Self::Regex(matcher), ObjectType::Regex) => matcher.reset(),
            _ => *self = Self::new(ty),
        }
    }

    /// What the object counts against the limit of an evaluation.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Array(array) => array.bytes(),
            Self::Regex(_) => 0,
        }
    }

    /// How many steps the call counts, so that loops over expensive calls end too.
    pub(crate) fn cost(&self, method: Method, args: &[Word], texts: &Texts) -> u32 {
        match (self, method, args) {
            (Self::Array(array), Method::Resize, [Some(size)]) => {
                let change = size.cast_signed().abs_diff(array.cells.len() as i64);
                u32::try_from(change / 16).unwrap_or(u32::MAX)
            }
            (Self::Regex(matcher), Method::Compile, [Some(pattern)]) if !matcher.has(texts.get(*pattern)) => {
                500
            }
            (Self::Regex(_), ..) => 1,
            _ => 0,
        }
    }

    /// Calls a method with arguments of its types.
    pub(crate) fn call(
        &mut self,
        method: Method,
        args: &[Word],
        texts: &mut Texts,
        run: &mut Run<'_>,
    ) -> Word {
        let done = match self {
            Self::Array(array) => call_array(array, method, args, texts),
            Self::Regex(matcher) => call_regex(matcher, method, args, texts, run),
        };
        match done {
            Ok(word) => word,
            Err(fault) => Err::<bool, _>(fault).word(run),
        }
    }
}

fn call_array(
    array: &mut Array,
    method: Method,
    args: &[Word],
    texts: &mut Texts,
) -> Result<Word, FaultKind> {
    match (method, args) {
        (Method::Resize, &[Some(size)]) => {
            array.resize(size.cast_signed())?;
            Ok(Some(array.cells.len() as u64))
        }
        (Method::Size, []) => Ok(Some(array.cells.len() as u64)),
        (Method::Get, &[Some(number)]) => array.get(number.cast_signed(), texts),
        (Method::Set, &[Some(number), word]) => array.set(number.cast_signed(), word, texts),
        _ => Err(FaultKind::BadArgument),
    }
}

fn call_regex(
    matcher: &mut Matcher,
    method: Method,
    args: &[Word],
    texts: &mut Texts,
    run: &mut Run<'_>,
) -> Result<Word, FaultKind> {
    let blank = |text: &&str| text.trim().is_empty();
    let truth = |found: bool| Some(u64::from(found));
    let count = |value: i64| value.cast_unsigned();
    let group = |number: u64| usize::try_from(number).ok().and_then(|n| n.checked_sub(1));
    Ok(match (method, args) {
        (Method::Compile, &[Some(pattern)]) => {
            let done = matcher.compile(texts.get(pattern));
            if !done {
                run.faults.add(FaultKind::BadArgument);
            }
            truth(done)
        }
        (Method::FindFirst | Method::FindNext, &[Some(text)]) => {
            let text = Some(texts.get(text)).filter(|text| !blank(text)).ok_or(FaultKind::BadArgument)?;
            let found =
                if method == Method::FindFirst { matcher.find_first(text) } else { matcher.find_next(text) };
            truth(found.ok_or(FaultKind::BadArgument)?)
        }
        (Method::MatchStart, []) => matcher.group(0).map(|(start, _)| count(start)),
        (Method::MatchLength, []) => matcher.group(0).map(|(_, length)| count(length)),
        (Method::SubstringCount, []) => Some(count(matcher.groups())),
        (Method::SubstringStart, &[Some(number)]) => {
            group(number).and_then(|group| matcher.group(group)).map(|(start, _)| count(start))
        }
        (Method::SubstringLength, &[Some(number)]) => {
            group(number).and_then(|group| matcher.group(group)).map(|(_, length)| count(length))
        }
        (Method::Replace, &[Some(text), Some(replacement)]) => {
            let Texts { arena, scratch } = texts;
            scratch.clear();
            let given: &str = arena;
            let [text, by] = [text, replacement].map(|word| text_of(word, given));
            let done = matcher.replace(text, by, run.max_string, scratch);
            done.ok_or(FaultKind::BadArgument)?;
            end_text(scratch, 0, Some(0), run);
            let start = arena.len();
            arena.push_str(scratch);
            Some(pack(start, scratch.len()))
        }
        // A null argument.
        (Method::Compile | Method::FindFirst | Method::FindNext, _) => return Err(FaultKind::BadArgument),
        _ => None,
    })
}
