//! The back end that runs a program for one event, step by step.

use tidegate_event::{FieldType, MONEY_SCALE, Opcode, RowView};

use crate::faults::FaultKind;
use crate::function::kernel::{MAX_ARGS, Run, end_text};
use crate::function::{Answer, Days, Type, Word};
use crate::object::{Method, Object};
use crate::program::{EvalContext, Scratch};
use crate::typed::{self, Code, Constant, Load, Node, NodeKind, Step, Target};
use crate::variables::Variable;

/// Loop steps and calls of user functions that one evaluation may take.
pub(crate) const STEP_LIMIT: u32 = 100_000;
/// How deep evaluation may recurse through user functions, in levels of the typed tree.
const DEPTH_LIMIT: usize = 600;

/// Runs `code` with the user functions `udfs`; the result's text lies in the scratch arena.
pub(crate) fn run(code: &Code, udfs: &[Code], max_string: usize, ctx: &mut EvalContext<'_>) -> Word {
    let scratch = &mut *ctx.scratch;
    scratch.texts.arena.clear();
    let mut machine = Machine::new(udfs, max_string, ctx);
    let result = machine.run(code, &[None; 0]);
    if machine.aborted { None } else { result }
}

/// Evaluates a formula without steps.
pub(crate) fn run_formula(node: &Node, max_string: usize, ctx: &mut EvalContext<'_>) -> Word {
    ctx.scratch.texts.arena.clear();
    Machine::new(&[], max_string, ctx).eval(node)
}

struct Machine<'m, 'a> {
    udfs: &'m [Code],
    max_string: usize,
    ctx: &'m mut EvalContext<'a>,
    /// Where the running code's variables begin.
    base: usize,
    /// Where its objects begin.
    objects: usize,
    /// The running code.
    code: Option<&'m Code>,
    /// What the objects of the running codes hold.
    held: usize,
    steps: u32,
    depth: usize,
    aborted: bool,
}

enum Flow {
    Next,
    Stop,
    /// To a label of a list of steps around.
    Goto(usize),
}

impl<'m, 'a> Machine<'m, 'a> {
    fn new(udfs: &'m [Code], max_string: usize, ctx: &'m mut EvalContext<'a>) -> Self {
        Self {
            udfs,
            max_string,
            ctx,
            base: 0,
            objects: 0,
            code: None,
            held: 0,
            steps: 0,
            depth: 0,
            aborted: false,
        }
    }

    fn run(&mut self, code: &'m Code, args: &[Word]) -> Word {
        let scratch = &mut *self.ctx.scratch;
        let base = scratch.frame_end;
        let end = base + code.locals.len();
        if scratch.locals.len() < end {
            scratch.locals.resize_with(end, || Variable::new(Type::Null));
        }
        for (variable, &ty) in scratch.locals[base..end].iter_mut().zip(&code.locals) {
            variable.clear(ty);
        }
        for (variable, &arg) in scratch.locals[base + 1..end].iter_mut().zip(args) {
            variable.set(arg, &scratch.texts);
        }
        scratch.frame_end = end;
        let objects = scratch.objects_end;
        scratch.objects_end += code.objects.len();
        for (i, &ty) in code.objects.iter().enumerate() {
            match scratch.objects.get_mut(objects + i) {
                Some(object) => object.reset(ty),
                None => scratch.objects.push(Object::new(ty)),
            }
        }
        let caller = std::mem::replace(&mut self.base, base);
        let caller_objects = std::mem::replace(&mut self.objects, objects);
        let caller_code = self.code.replace(code);
        self.depth += code.height;
        self.run_steps(&code.steps);
        self.depth -= code.height;
        self.base = caller;
        self.objects = caller_objects;
        self.code = caller_code;
        let scratch = &mut *self.ctx.scratch;
        let left = &scratch.objects[objects..scratch.objects_end];
        self.held -= left.iter().map(Object::bytes).sum::<usize>();
        scratch.objects_end = objects;
        scratch.frame_end = base;
        scratch.locals[base].get(&mut scratch.texts)
    }

    fn run_steps(&mut self, steps: &[Step]) -> Flow {
        self.run_from(steps, 0)
    }

    fn run_from(&mut self, steps: &[Step], mut next: usize) -> Flow {
        while let Some(step) = steps.get(next) {
            next += 1;
            match self.step(step) {
                Flow::Next => {}
                Flow::Stop => return Flow::Stop,
                Flow::Goto(label) => match place_of(label, steps) {
                    Some(_) if !self.count_step() => return Flow::Stop,
                    Some(place) => next = place,
                    None => return Flow::Goto(label),
                },
            }
        }
        Flow::Next
    }

    /// Runs the outermost list from behind a label, to a return or its end.
    fn call_label(&mut self, label: usize) -> Flow {
        let Some(code) = self.code else { return Flow::Next };
        if self.depth + code.height > DEPTH_LIMIT {
            self.ctx.faults.add(FaultKind::TooDeep);
            self.aborted = true;
        }
        let place = place_of(label, &code.steps);
        if let (true, Some(place)) = (self.count_step(), place) {
            self.depth += code.height;
            self.run_from(&code.steps, place);
            self.depth -= code.height;
        }
        if self.aborted { Flow::Stop } else { Flow::Next }
    }

    fn step(&mut self, step: &Step) -> Flow {
        match step {
            Step::Assign(target, node) => self.assign(*target, node),
            Step::Value(node) => self.assign(Target::Local(0), node),
            Step::Return(node) => {
                self.assign(Target::Local(0), node);
                return Flow::Stop;
            }
            Step::If(condition, yes, no) => {
                let steps = if self.truth(condition) { yes } else { no };
                return self.run_steps(steps);
            }
            Step::While(condition, body) => {
                while self.truth(condition) {
                    if !self.count_step() {
                        return Flow::Stop;
                    }
                    match self.run_steps(body) {
                        Flow::Next => {}
                        leave => return leave,
                    }
                }
            }
            Step::Do(node) => {
                let mark = self.ctx.scratch.texts.arena.len();
                self.eval(node);
                self.ctx.scratch.texts.arena.truncate(mark);
            }
            Step::Label(_) => {}
            Step::Goto(label) => return Flow::Goto(*label),
            Step::Call(label) => return self.call_label(*label),
            Step::For(target, range, body) => return self.count(*target, range, body),
        }
        if self.aborted { Flow::Stop } else { Flow::Next }
    }

    fn count(&mut self, target: Target, range: &[Node; 3], body: &[Step]) -> Flow {
        let [from, to, by] = range.each_ref().map(|node| self.eval(node).map(u64::cast_signed));
        let (Some(from), Some(to), Some(by)) = (from, to, by) else { return Flow::Next };
        let mut value = from;
        while by != 0 && (by > 0 && value <= to || by < 0 && value >= to) {
            if !self.count_step() {
                return Flow::Stop;
            }
            self.set(target, Some(value.cast_unsigned()));
            match self.run_steps(body) {
                Flow::Next => {}
                leave => return leave,
            }
            // A body may move the variable: the loop goes on from where it stands.
            let Some(now) = self.get(target).map(u64::cast_signed) else { return Flow::Next };
            let Some(next) = now.checked_add(by) else { return Flow::Next };
            value = next;
        }
        Flow::Next
    }

    fn count_step(&mut self) -> bool {
        if self.aborted {
            return false;
        }
        self.steps += 1;
        if self.steps > STEP_LIMIT {
            self.ctx.faults.add(FaultKind::TooManySteps);
            self.aborted = true;
        }
        !self.aborted
    }

    fn truth(&mut self, condition: &Node) -> bool {
        let mark = self.ctx.scratch.texts.arena.len();
        let value = self.eval(condition);
        self.ctx.scratch.texts.arena.truncate(mark);
        value.is_some_and(|w| w != 0) && !self.aborted
    }

    fn assign(&mut self, target: Target, node: &Node) {
        let mark = self.ctx.scratch.texts.arena.len();
        let word = self.eval(node);
        self.set(target, word);
        self.ctx.scratch.texts.arena.truncate(mark);
    }

    fn set(&mut self, target: Target, word: Word) {
        let scratch = &mut *self.ctx.scratch;
        match target {
            Target::Local(i) => scratch.locals[self.base + i].set(word, &scratch.texts),
            Target::Global(i) => {
                if let Some(variable) = self.ctx.variables.values.get_mut(i) {
                    variable.set(word, &scratch.texts);
                }
            }
        }
    }

    fn get(&mut self, target: Target) -> Word {
        let scratch = &mut *self.ctx.scratch;
        match target {
            Target::Local(i) => scratch.locals[self.base + i].get(&mut scratch.texts),
            Target::Global(i) => self.ctx.variables.values.get(i).and_then(|v| v.get(&mut scratch.texts)),
        }
    }

    fn eval(&mut self, node: &Node) -> Word {
        match &node.kind {
            NodeKind::Constant(Constant::Null) => None,
            NodeKind::Constant(Constant::Word(word)) => Some(*word),
            NodeKind::Constant(Constant::Text(text)) => self.text(text),
            NodeKind::Field { source, field, load } => self.field(*source, *field, *load),
            NodeKind::Opcode => self.text(opcode_text(self.ctx.opcode)),
            NodeKind::Flags => self.text(self.ctx.flags.letters()),
            NodeKind::Today => today(self.ctx.time),
            NodeKind::Local(i) => self.get(Target::Local(*i)),
            NodeKind::Global(i) => self.get(Target::Global(*i)),
            NodeKind::Call(signature, args) => {
                let mut words = [None; MAX_ARGS];
                for (word, arg) in words.iter_mut().zip(args) {
                    *word = self.eval(arg);
                }
                let mut run = Run { faults: self.ctx.faults, max_string: self.max_string };
                (signature.row)(&words[..args.len()], &mut self.ctx.scratch.texts, &mut run)
            }
            NodeKind::And(pair) => self.logic(pair, 0),
            NodeKind::Or(pair) => self.logic(pair, 1),
            NodeKind::If(parts) => {
                let [condition, yes, no] = &**parts;
                let branch = if self.truth(condition) { yes } else { no };
                self.eval(branch)
            }
            NodeKind::User(number, args) => self.call(*number, args),
            NodeKind::Method(object, method, args) => self.method(*object, *method, args),
            NodeKind::Parse(parts, words) => self.parse(parts, words),
            NodeKind::ParseArray(parts, array) => self.parse_array(parts, *array),
            NodeKind::Print(inner) => {
                let word = self.eval(inner);
                let text = word.map_or("", |word| self.ctx.scratch.texts.get(word));
                (self.ctx.print)(text);
                Some(1)
            }
        }
    }

    /// `and` is decided by 0, `or` by 1; null only when neither side decides.
    fn logic(&mut self, pair: &[Node; 2], decisive: u64) -> Word {
        let left = self.eval(&pair[0]);
        if left == Some(decisive) {
            return left;
        }
        let right = self.eval(&pair[1]);
        if right == Some(decisive) { right } else { left.and(right) }
    }

    fn call(&mut self, number: usize, args: &[Node]) -> Word {
        let udfs = self.udfs;
        let code = &udfs[number];
        if self.depth + code.height > DEPTH_LIMIT {
            self.ctx.faults.add(FaultKind::TooDeep);
            self.aborted = true;
        }
        if !self.count_step() {
            return None;
        }
        let mut words = [None; MAX_PARAMETERS];
        for (word, arg) in words.iter_mut().zip(args) {
            *word = self.eval(arg);
        }
        self.run(code, &words[..args.len()])
    }

    fn field(&mut self, source: usize, field: usize, load: Load) -> Word {
        let row = self.ctx.rows.get(source).copied().flatten()?;
        if row.is_null(field) {
            return None;
        }
        if load == Load::Text { self.text(row.text(field)) } else { Some(fixed(&row, field, load)) }
    }

    fn method(&mut self, object: Target, method: Method, args: &[Node]) -> Word {
        let mut words = [None; 2];
        for (word, arg) in words.iter_mut().zip(args) {
            *word = self.eval(arg);
        }
        let words = &words[..args.len()];
        let EvalContext { scratch, variables, faults, .. } = &mut *self.ctx;
        let Scratch { texts, objects, .. } = &mut **scratch;
        let found = match object {
            Target::Local(i) => objects.get_mut(self.objects + i),
            Target::Global(i) => variables.objects.get_mut(i),
        };
        let object_ref = found?;
        let cost = object_ref.cost(method, words, texts);
        self.steps = self.steps.saturating_add(cost);
        if self.aborted {
            return None;
        }
        if self.steps > STEP_LIMIT {
            faults.add(FaultKind::TooManySteps);
            self.aborted = true;
            return None;
        }
        let before = object_ref.bytes();
        let answer = object_ref.call(method, words, texts, &mut Run { faults, max_string: self.max_string });
        let after = object_ref.bytes();
        self.hold(object, before, after);
        answer
    }

    /// Counts what objects of the running codes have grown by. Those of the window have limits of their own.
    fn hold(&mut self, object: Target, before: usize, after: usize) {
        if matches!(object, Target::Local(_)) {
            self.held = self.held + after - before;
            if self.held > HELD_BYTES_MAX {
                self.ctx.faults.add(FaultKind::TooManySteps);
                self.aborted = true;
            }
        }
    }

    fn parse(&mut self, parts: &[Node; 2], into: &[typed::Word]) -> Word {
        let (text, delimiter) = (self.eval(&parts[0])?, self.eval(&parts[1])?);
        let text = self.ctx.scratch.texts.get(text).to_owned();
        let delimiter = self.ctx.scratch.texts.get(delimiter).to_owned();
        let mut words = crate::array::words(&text, &delimiter);
        let mut count = 0;
        for word in into {
            let mut value = words.next().map(|found| {
                count += 1;
                let end = word.bound.and_then(|bound| found.char_indices().nth(bound as usize));
                self.ctx.scratch.texts.push(&found[..end.map_or(found.len(), |(at, _)| at)])
            });
            if let Some(conversion) = word.conversion {
                let mut run = Run { faults: self.ctx.faults, max_string: self.max_string };
                value = (conversion.row)(&[value], &mut self.ctx.scratch.texts, &mut run);
            }
            self.set(word.target, value);
        }
        Some(count + words.count() as u64)
    }

    fn parse_array(&mut self, parts: &[Node; 2], array: Target) -> Word {
        let (Some(text), Some(delimiter)) = (self.eval(&parts[0]), self.eval(&parts[1])) else {
            // A null text is an error here (functions.md 1.8).
            self.ctx.faults.add(FaultKind::BadArgument);
            return None;
        };
        let text = self.ctx.scratch.texts.get(text).to_owned();
        let delimiter = self.ctx.scratch.texts.get(delimiter).to_owned();
        let EvalContext { scratch, variables, faults, .. } = &mut *self.ctx;
        let Scratch { texts, objects, .. } = &mut **scratch;
        let found = match array {
            Target::Local(i) => objects.get_mut(self.objects + i),
            Target::Global(i) => variables.objects.get_mut(i),
        };
        let Some(Object::Array(to)) = found else { return None };
        let before = to.bytes();
        let filled = to.fill(crate::array::words(&text, &delimiter), texts);
        let after = to.bytes();
        let mut run = Run { faults, max_string: self.max_string };
        let count = filled.word(&mut run);
        self.hold(array, before, after);
        count
    }

    fn text(&mut self, text: &str) -> Word {
        let arena = &mut self.ctx.scratch.texts.arena;
        let start = arena.len();
        arena.push_str(text);
        let mut run = Run { faults: self.ctx.faults, max_string: self.max_string };
        end_text(arena, start, Some(0), &mut run)
    }
}

/// What the arrays of one evaluation may hold.
const HELD_BYTES_MAX: usize = 64 << 20;

/// Where to go on for a label of this list of steps.
fn place_of(label: usize, steps: &[Step]) -> Option<usize> {
    let here = |step: &Step| matches!(step, Step::Label(other) if *other == label);
    steps.iter().position(here).map(|place| place + 1)
}

/// The most arguments of a user function.
pub(crate) const MAX_PARAMETERS: usize = 16;

/// `ESP_OPCODE` (functions.md 1.7).
pub(crate) fn opcode_text(opcode: Opcode) -> &'static str {
    match opcode {
        Opcode::Insert => "I",
        Opcode::Update | Opcode::UpdateBlock => "U",
        Opcode::Delete => "D",
        Opcode::Upsert => "P",
        Opcode::SafeDelete => "S",
    }
}

/// `today()`; null before any time has been handed to the engine.
pub(crate) fn today(time: tidegate_event::EngineTime) -> Word {
    time.is_set().then(|| Days::from_micros(time.micros()).0.to_bits())
}

#[inline]
fn fixed(row: &RowView<'_>, field: usize, load: Load) -> u64 {
    load_word(row.word(field), load)
}

/// A fixed-size slot's word as a value.
#[inline]
pub(crate) fn load_word(word: u64, load: Load) -> u64 {
    let int = word.cast_signed();
    match load {
        Load::Word | Load::Text => word,
        Load::Money => (int as f64 / MONEY_SCALE as f64).to_bits(),
        Load::Seconds => Days::from_seconds(int).0.to_bits(),
        Load::Micros => Days::from_micros(int).0.to_bits(),
    }
}

/// A value as the word of a field's slot; texts stay as they are.
#[inline]
pub(crate) fn store_word(word: u64, ty: FieldType, run: &mut Run<'_>) -> Word {
    let int = match ty {
        FieldType::Int32 => i32::try_from(word.cast_signed()).ok().map(i64::from),
        FieldType::Date => Days(f64::from_bits(word)).seconds(),
        FieldType::Stamp => Days(f64::from_bits(word)).micros(),
        FieldType::Money => {
            crate::operators::real_to_integer((f64::from_bits(word) * MONEY_SCALE as f64).round()).ok()
        }
        _ => return Some(word),
    };
    int.ok_or(FaultKind::FailedCast).word(run)
}
