//! The thread's stack of modules under construction, its memory of finished ones, and the errors.

use super::Bits;
use super::bits::MAX_WIDTH;
use crate::error::{Code, Error, Errors};
use crate::ir::{self, Dir, Loc, Module, Node, NodeId, Op, Port, Stmt, StreamPort};
use crate::value::Value;
use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::sync::Arc;

/// An elaborated module; cheap to clone.
pub type Def = Arc<Module>;

/// A module under construction.
pub(super) struct Builder {
    /// Distinguishes the values of different modules.
    pub uid: u32,
    pub module: Module,
    /// Assignments that hold wherever they were made: they come before all others.
    pub first: Vec<Stmt>,
    /// Open statement blocks, innermost last.
    pub blocks: Vec<Vec<Stmt>>,
    /// Connections so far, per instance and child port.
    pub connections: Vec<Vec<Option<(NodeId, Loc)>>>,
    /// Wires with an exclusive driver, and where it stands.
    pub driven: HashMap<NodeId, Loc>,
    /// Values that were part of a refused operation: they count as read.
    pub touched: HashSet<NodeId>,
    shared: HashMap<(Op, u32), NodeId>,
    names: HashMap<String, u32>,
    prefix: Vec<String>,
    errors: usize,
    /// A front-end builds it: the places in its own source mean nothing to the user.
    lowered: bool,
}

/// Parameters and the module they made.
type Finished = (Box<dyn Any>, Def);

#[derive(Default)]
struct Session {
    stack: Vec<Builder>,
    /// Finished modules by the function that describes them, with their parameters.
    done: HashMap<TypeId, Vec<Finished>>,
    open: Vec<TypeId>,
    errors: Vec<Error>,
    /// Modules with errors: never handed out again as finished.
    broken: Vec<Def>,
    /// Those of them that are not even complete: whoever instantiates one gives up, too.
    gave_up: Vec<Def>,
    /// Per open `elaborate`, how many errors there were before it.
    marks: Vec<usize>,
    uid: u32,
}

thread_local!(static SESSION: RefCell<Session> = RefCell::default());

fn session<R>(f: impl FnOnce(&mut Session) -> R) -> R {
    SESSION.with(|s| f(&mut s.borrow_mut()))
}

/// Runs `f` on the module under construction.
///
/// # Panics
/// If there is none.
#[track_caller]
pub(super) fn with<R>(f: impl FnOnce(&mut Builder) -> R) -> R {
    let caller = Location::caller();
    SESSION.with(|s| {
        let mut session = s.borrow_mut();
        match session.stack.last_mut() {
            Some(builder) => f(builder),
            None => {
                drop(session);
                panic!("hardware built outside of a module at {caller}: wrap it in `module(params, |p| ..)`")
            }
        }
    })
}

/// Records an error; the caller goes on with a stand-in.
pub(super) fn report(code: Code, loc: Loc, message: String, notes: Vec<(Loc, String)>, help: impl Into<String>) {
    session(|s| {
        let (module, loc) = s.stack.last_mut().map_or(("(none)".to_string(), loc), |b| {
            b.errors += 1;
            (b.module.name.clone(), b.place(loc))
        });
        let error = Error { code, module, message, loc, notes, help: help.into() };
        let mark = s.marks.last().copied().unwrap_or(0);
        if !s.errors[mark..].contains(&error) {
            s.errors.push(error);
        }
    });
}

/// Payload of an unwind that ends one module's construction after a reported error.
struct GiveUp;

/// Refuses a parameter: with `ok` false, the error is recorded and the module gives up (other
/// modules of the design are still built and checked).
///
/// ```
/// # use beehive_hdl::prelude::*;
/// # #[derive(Clone, PartialEq, Eq, Hash, Debug)] struct P { depth: u32 }
/// # fn queue(p: P) -> Def {
/// module(p, |p| {
///     require(p.depth >= 2, || format!("depth {} is less than 2", p.depth), "give at least 2");
///     // ...
/// # output("x", 1).set(0);
/// })
/// # }
/// # assert!(elaborate(|| queue(P { depth: 1 })).unwrap_err().to_string().contains("depth 1 is less than 2"));
/// ```
#[track_caller]
pub fn require(ok: bool, message: impl FnOnce() -> String, help: &str) {
    if !ok {
        report(Code::BadParameter, Location::caller(), message(), vec![], help);
        give_up();
    }
}

/// Ends the construction of the module after a recorded error.
fn give_up() -> ! {
    if session(|s| s.stack.is_empty() && s.marks.is_empty()) {
        panic!("{}", Errors(take_errors()));
    }
    resume_unwind(Box::new(GiveUp))
}

/// Refuses what a front-end was given, for all its reasons at once (message and help): each is
/// recorded with the place of the module and, if there is one, the module gives up as with [`require`].
#[track_caller]
pub fn refuse(reasons: impl IntoIterator<Item = (String, String)>) {
    let loc = with(|b| b.module.loc);
    let mut any = false;
    for (message, help) in reasons {
        report(Code::Refused, loc, message, vec![], help);
        any = true;
    }
    if any {
        give_up();
    }
}

/// Builds one module per function and parameter value; later calls with equal parameters return
/// the first result.
///
/// `body` must capture nothing (checked at compile time), so the parameters are all it can depend
/// on: a forgotten parameter is a compile error, not a wrong module. The module's name is that of
/// the enclosing function followed by the parameters as `Debug` shows them: `fifo(Fifo { width: 64,
/// depth: 4 })` makes `fifo_width64_depth4`.
///
/// # Panics
/// Outside of [`elaborate`], with the whole list of errors, if there are any.
#[track_caller]
pub fn module<P, F>(params: P, body: F) -> Def
where
    P: Clone + Eq + std::hash::Hash + Debug + 'static,
    F: Fn(&P) + 'static,
{
    const {
        assert!(
            size_of::<F>() == 0,
            "the body of a module may use its parameters only: pass what it captures as a parameter"
        )
    };
    let key = TypeId::of::<F>();
    let shown = |params: &P| format!("{params:?}");
    construct(key, params, std::any::type_name::<F>(), shown, Location::caller(), |p| body(p))
}

/// [`module`] for front-ends that lower a description of their own: `base` and `shown` make the
/// name as the function and its parameters do there, `loc` is where the user wrote it, and everything
/// that `body` depends on must be part of `key`: equal keys are one module. Errors within tell `loc`,
/// not the places in the front-end's source.
///
/// ```
/// # use beehive_hdl::prelude::*;
/// let def = elaborate(|| {
///     let table = vec![3, 1, 2]; // read from somewhere
///     module_of("sum", "3 1 2", std::panic::Location::caller(), table, |table| {
///         let sum: u64 = table.iter().sum();
///         output("sum", 8).set(sum);
///     })
/// });
/// assert_eq!(def.unwrap().name, "sum_3_1_2");
/// ```
///
/// # Panics
/// Outside of [`elaborate`], with the whole list of errors, if there are any.
pub fn module_of<K: Eq + 'static>(base: &str, shown: &str, loc: Loc, key: K, body: impl FnOnce(&K)) -> Def {
    let body = |key: &K| {
        with(|b| b.lowered = true);
        body(key);
    };
    construct(TypeId::of::<K>(), key, base, |_| shown.to_string(), loc, body)
}

/// What [`module`] and [`module_of`] do: `params` under `key` decide whether the module is known.
fn construct<P: Eq + 'static>(
    key: TypeId,
    params: P,
    function: &str,
    shown: impl FnOnce(&P) -> String,
    loc: Loc,
    body: impl FnOnce(&P),
) -> Def {
    let known = session(|s| {
        let list = s.done.get(&key)?;
        list.iter().find(|(p, _)| p.downcast_ref::<P>() == Some(&params)).map(|(_, def)| def.clone())
    });
    if let Some(def) = known {
        return def;
    }
    let shown = shown(&params);
    let name = module_name(function, &shown);
    let recursive = session(|s| s.open.contains(&key) && s.stack.iter().any(|b| b.module.name == name));
    let deep = session(|s| s.stack.len() >= 200);
    if recursive || deep {
        let what = if recursive { "contains itself" } else { "nests more than 200 levels deep" };
        report(
            Code::RecursiveModule,
            loc,
            format!("`{name}` {what}"),
            vec![],
            "a recursive module needs a parameter that shrinks",
        );
        resume_unwind(Box::new(GiveUp));
    }
    session(|s| {
        s.uid += 1;
        s.open.push(key);
        s.stack.push(Builder::new(s.uid, name, shown, loc));
    });
    let result = catch_unwind(AssertUnwindSafe(|| body(&params)));
    let mut builder = session(|s| {
        s.open.pop();
        s.stack.pop().expect("pushed above")
    });
    let outermost = session(|s| s.stack.is_empty());
    let def = match result {
        Ok(()) => {
            let found = builder.finish();
            let failed = builder.errors + found.len() > 0;
            let def = Arc::new(builder.module);
            session(|s| {
                s.errors.extend(found);
                if !failed && !def.insts.iter().any(|i| s.broken.iter().any(|b| Arc::ptr_eq(b, &i.module))) {
                    s.done.entry(key).or_default().push((Box::new(params), def.clone()));
                } else {
                    s.broken.push(def.clone());
                }
            });
            def
        }
        Err(payload) if payload.is::<GiveUp>() => {
            let def = Arc::new(builder.module);
            session(|s| {
                s.broken.push(def.clone());
                s.gave_up.push(def.clone());
            });
            def
        }
        Err(payload) => {
            // A panic in the user's code. Errors recorded before it explain it best.
            if outermost && session(|s| s.marks.is_empty()) {
                let errors = take_errors();
                if !errors.is_empty() {
                    panic!("{}\n(and then the module's code panicked, see above)", Errors(errors));
                }
            }
            resume_unwind(payload)
        }
    };
    if outermost && session(|s| s.marks.is_empty()) {
        let errors = take_errors();
        if !errors.is_empty() {
            panic!("{}", Errors(errors));
        }
    }
    def
}

/// Runs `f` and returns its result, or every error found while it built modules.
///
/// # Errors
/// All elaboration errors, in the order found.
///
/// # Panics
/// If `f` panics without having made an elaboration error.
pub fn elaborate<R>(f: impl FnOnce() -> R) -> Result<R, Errors> {
    session(|s| s.marks.push(s.errors.len()));
    let result = catch_unwind(AssertUnwindSafe(f));
    let errors = session(|s| {
        let before = s.marks.pop().unwrap_or(0);
        s.errors.split_off(before.min(s.errors.len()))
    });
    if session(|s| s.marks.is_empty() && s.stack.is_empty()) {
        session(Session::forget_broken);
    }
    match result {
        _ if !errors.is_empty() => Err(Errors(errors)),
        Ok(value) => Ok(value),
        Err(payload) => resume_unwind(payload),
    }
}

fn take_errors() -> Vec<Error> {
    session(|s| {
        s.forget_broken();
        std::mem::take(&mut s.errors)
    })
}

/// Ends the module under construction if `def` is not complete: its error is already recorded.
pub(super) fn give_up_with(def: &Def) {
    if session(|s| s.gave_up.iter().any(|b| Arc::ptr_eq(b, def))) {
        resume_unwind(Box::new(GiveUp));
    }
}

impl Session {
    fn forget_broken(&mut self) {
        self.broken.clear();
        self.gave_up.clear();
    }
}

/// `path::to::fifo::{{closure}}` and `Fifo { width: 64, depth: 4 }` make `fifo_width64_depth4`.
fn module_name(function: &str, params: &str) -> String {
    let function = function.trim_end_matches("::{{closure}}");
    // Generic arguments would repeat the path of every type.
    let mut depth = 0;
    let plain = |c: &char| {
        depth += i32::from(*c == '<');
        let inside = depth > 0;
        depth -= i32::from(*c == '>');
        !inside
    };
    let function: String = function.chars().filter(plain).collect();
    let base = crate::emit::module_name(function.rsplit("::").next().unwrap_or(&function));
    // Field names are glued to their values; the type's own name and nested type names go.
    let mut words: Vec<String> = vec![];
    let mut word = String::new();
    let mut chars = params.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => word.push(c),
            ':' => {
                while chars.peek() == Some(&' ') {
                    chars.next();
                }
            }
            '-' => word.push_str("minus"),
            '{' | '(' => word.clear(),
            ' ' if chars.peek() == Some(&'{') => word.clear(),
            _ => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    let mut name = std::iter::once(base.clone()).chain(words).collect::<Vec<_>>().join("_");
    if name.len() > 60 {
        // FNV-1a over the full text: short, stable from run to run and from build to build.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
        name = format!("{}_{:08x}", &base[..base.len().min(48)], hash >> 32);
    }
    name
}

/// What `f` assigns holds always, even if it is called inside a `when`.
pub(super) fn always<R>(f: impl FnOnce() -> R) -> R {
    let inner = with(|b| std::mem::replace(&mut b.blocks, vec![vec![]]));
    let result = f();
    with(|b| {
        let made = std::mem::replace(&mut b.blocks, inner).pop().unwrap_or_default();
        b.first.extend(made);
    });
    result
}

/// Prefixes every name made inside `f`: `scope("row0", || reg("sum", 8))` makes `row0_sum`.
#[track_caller]
pub fn scope<R>(name: &str, f: impl FnOnce() -> R) -> R {
    /// Closes the scope, after a panic as well.
    struct Open;
    impl Drop for Open {
        fn drop(&mut self) {
            with(|b| b.prefix.pop());
        }
    }
    with(|b| b.prefix.push(name.to_string()));
    let _open = Open;
    f()
}

impl Builder {
    fn new(uid: u32, name: String, params: String, loc: Loc) -> Builder {
        let module = Module {
            name,
            params,
            loc,
            nodes: vec![],
            ports: vec![],
            streams: vec![],
            body: vec![],
            mems: vec![],
            insts: vec![],
            checks: vec![],
            comb_inputs: vec![],
        };
        let reserved = [ir::ClockDomain::MAIN.clock, ir::ClockDomain::MAIN.reset];
        Builder {
            uid,
            module,
            first: vec![],
            blocks: vec![vec![]],
            connections: vec![],
            driven: HashMap::new(),
            touched: HashSet::new(),
            shared: HashMap::new(),
            names: reserved.iter().map(|n| (n.to_string(), 1)).collect(),
            prefix: vec![],
            errors: 0,
            lowered: false,
        }
    }

    /// Closes the module and checks it.
    fn finish(&mut self) -> Vec<Error> {
        self.module.body = std::mem::take(&mut self.first);
        self.module.body.extend(self.blocks.pop().unwrap_or_default());
        let mut found = vec![];
        for (index, connections) in std::mem::take(&mut self.connections).into_iter().enumerate() {
            let (child, loc) = (self.module.insts[index].module.clone(), self.module.insts[index].loc);
            for (port, connection) in connections.into_iter().enumerate() {
                let node = match connection {
                    Some((node, _)) => node,
                    None => {
                        let p = &child.ports[port];
                        if p.dir == Dir::In {
                            found.push(Error {
                                code: Code::Unconnected,
                                module: self.module.name.clone(),
                                message: format!(
                                    "input `{}` ({}) of instance `{}` is not connected",
                                    p.name,
                                    ir::Bits(p.width),
                                    self.module.insts[index].name
                                ),
                                loc,
                                notes: vec![(child.node(p.node).loc, format!("`{}` is declared here", p.name))],
                                help: format!("add `.connect(\"{}\", value)`", p.name),
                            });
                        }
                        self.stand_in(p.width, loc).id
                    }
                };
                self.module.insts[index].ports[port] = node;
            }
        }
        found.extend(self.drivers_beside_drive());
        let touched = &self.touched;
        let mut module = std::mem::replace(
            &mut self.module,
            Builder::new(0, String::new(), String::new(), Location::caller()).module,
        );
        found.extend(ir::check(&mut module, &|id| touched.contains(&id)));
        self.module = module;
        found
    }

    /// Assignments to wires that have an exclusive driver.
    fn drivers_beside_drive(&self) -> Vec<Error> {
        let mut found = vec![];
        ir::for_each_assign(&self.module.body, &mut |stmt| {
            let Stmt::Assign { target, default: false, loc, .. } = stmt else { return };
            if let Some(driver) = self.driven.get(target).filter(|driver| **driver != *loc) {
                found.push(Error {
                    code: Code::DoubleDriver,
                    module: self.module.name.clone(),
                    message: format!("{} has an only driver beside this one", self.module.describe(*target)),
                    loc,
                    notes: vec![(driver, "driven here".to_string())],
                    help: "a stream is consumed once, a wire driven once: fork the stream or merge the drivers".into(),
                });
            }
        });
        found
    }

    /// A name under the open scopes.
    pub fn prefixed(&self, name: &str) -> String {
        self.prefix.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join("_")
    }

    /// A name that is free in the module, built from `name` and the scopes.
    pub fn unique(&mut self, name: &str) -> String {
        self.unique_plain(&self.prefixed(name))
    }

    /// Where the user wrote what was made at `loc`.
    pub fn place(&self, loc: Loc) -> Loc {
        if self.lowered { self.module.loc } else { loc }
    }

    /// A free name built from `base` alone.
    pub fn unique_plain(&mut self, base: &str) -> String {
        let base = base.to_string();
        let mut candidate = base.clone();
        while self.names.contains_key(&candidate) {
            let count = self.names.entry(base.clone()).or_insert(1);
            *count += 1;
            candidate = format!("{base}_{count}");
        }
        self.names.insert(candidate.clone(), 1);
        candidate
    }

    /// Claims exactly this name. A wire, register, memory or instance that has it takes another; false
    /// if it belongs to a port, the clock or the reset.
    pub fn claim_for_port(&mut self, name: &str) -> bool {
        if self.names.insert(name.to_string(), 1).is_none() {
            return true;
        }
        let other = self.unique_plain(name);
        let ports = &self.module.ports;
        let nodes = self.module.nodes.iter_mut().filter_map(|n| n.name.as_mut());
        let mems = self.module.mems.iter_mut().map(|m| &mut m.name);
        let insts = self.module.insts.iter_mut().map(|i| &mut i.name);
        match nodes.chain(mems).chain(insts).find(|n| *n == name) {
            Some(holder) if !ports.iter().any(|p| p.name == name) => {
                *holder = other;
                true
            }
            _ => false,
        }
    }

    /// A new node with a name of its own.
    pub fn signal(&mut self, op: Op, width: u32, name: &str, loc: Loc) -> Bits {
        let name = self.unique(name);
        self.push(Node { op, width, name: Some(name), loc })
    }

    /// A new node whose name already carries the scopes.
    pub fn signal_plain(&mut self, op: Op, width: u32, name: &str, loc: Loc) -> Bits {
        let prefix = std::mem::take(&mut self.prefix);
        let bits = self.signal(op, width, name, loc);
        self.prefix = prefix;
        bits
    }

    pub fn push(&mut self, node: Node) -> Bits {
        let width = node.width;
        self.module.nodes.push(Node { loc: self.place(node.loc), ..node });
        Bits { id: NodeId(self.module.nodes.len() as u32 - 1), width, module: self.uid }
    }

    /// An expression; equal ones are one node.
    pub fn pure(&mut self, op: Op, width: u32, loc: Loc) -> Bits {
        if let Some(&id) = self.shared.get(&(op.clone(), width)) {
            return Bits { id, width, module: self.uid };
        }
        let bits = self.push(Node { op: op.clone(), width, name: None, loc });
        self.shared.insert((op, width), bits.id);
        bits
    }

    pub fn value(&mut self, value: Value, loc: Loc) -> Bits {
        let width = value.width();
        self.pure(Op::Const(value, None), width, loc)
    }

    /// What stands in for a value that could not be made.
    pub fn stand_in(&mut self, width: u32, loc: Loc) -> Bits {
        self.pure(Op::DontCare, width.clamp(1, MAX_WIDTH), loc)
    }

    pub fn port(&mut self, name: String, dir: Dir, bits: Bits) {
        self.module.ports.push(Port { name, dir, node: bits.id, width: bits.width, ignored: false });
    }

    pub fn block(&mut self) -> &mut Vec<Stmt> {
        self.blocks.last_mut().expect("a module has its outer block")
    }
}

/// Records that ports `name_valid`, `name_ready` and `name_<field>` form a stream.
pub(crate) fn record_stream(name: &str, dir: Dir, fields: &[(String, u32)]) {
    with(|b| {
        let name = b.prefixed(name);
        let index = |suffix: &str| b.module.port_index(&format!("{name}_{suffix}"));
        let payload = fields.iter().filter_map(|(f, _)| Some((f.clone(), index(f)?))).collect();
        if let (Some(valid), Some(ready)) = (index("valid"), index("ready")) {
            b.module.streams.push(StreamPort { name, dir, valid, ready, payload });
        }
    });
}

/// Records as streams the ports that are named so: `x_valid` and `x_ready` in opposite directions,
/// and as their payload all `x_<field>` in the direction of `valid` that are not part of a stream
/// with a longer name. For front-ends that do not make ports by [`Stream`](crate::stream::Stream).
pub fn streams_by_name() {
    with(|b| {
        let ports = &b.module.ports;
        let mut names: Vec<&str> = ports.iter().filter_map(|p| p.name.strip_suffix("_valid")).collect();
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        let mut taken = vec![false; ports.len()];
        let mut found = vec![];
        for name in names {
            let index = |suffix: &str| b.module.port_index(&format!("{name}_{suffix}"));
            let (Some(valid), Some(ready)) = (index("valid"), index("ready")) else { continue };
            let dir = ports[valid].dir;
            if ports[ready].dir == dir || ports[valid].width != 1 || ports[ready].width != 1 {
                continue;
            }
            (taken[valid], taken[ready]) = (true, true);
            let mut payload = vec![];
            for (i, port) in ports.iter().enumerate() {
                let field = port.name.strip_prefix(name).and_then(|rest| rest.strip_prefix('_'));
                if let Some(field) = field.filter(|_| port.dir == dir && !taken[i]) {
                    taken[i] = true;
                    payload.push((field.to_string(), i));
                }
            }
            found.push(StreamPort { name: name.to_string(), dir, valid, ready, payload });
        }
        found.sort_by_key(|stream| stream.valid);
        b.module.streams = found;
    });
}

#[cfg(test)]
mod tests {
    use super::module_name;

    #[test]
    fn names_spell_function_and_parameters() {
        let name = |p: &str| module_name("beehive::blocks::fifo::{{closure}}", p);
        assert_eq!(name("Fifo { width: 64, depth: 4 }"), "fifo_width64_depth4");
        assert_eq!(name("()"), "fifo");
        assert_eq!(module_name("<a::Tile as b::Make>::make::{{closure}}", "8"), "make_8");
        assert_eq!(module_name("a::Queue<u8>::tile::{{closure}}", "()"), "tile");
        assert_eq!(module_name("a::outer::{{closure}}::inner::{{closure}}", "()"), "inner");
        assert_eq!(module_name("a::outer::{{closure}}::{{closure}}", "()"), "outer");
        assert_eq!(module_name("a::größe::{{closure}}", "()"), module_name("a::gräße::{{closure}}", "()"));
        assert_eq!(module_name("a::initial::{{closure}}", "()"), "initial_");
        assert_eq!(name("Fifo"), "fifo_Fifo");
        assert_eq!(name("(64, 4)"), "fifo_64_4");
        assert_eq!(name("P { kind: Some(Lut), inner: Q { a: -1 } }"), "fifo_Lut_aminus1");
        assert!(name(&format!("P {{ {} }}", "long: 1234567, ".repeat(9))).len() < 60);
    }
}
