//! Reads and writes in order: is every signal assigned before it is read and on every path, and
//! where does a signal that was read get a new value?
//!
//! A wire of Beehive has one value per cycle; a Local of rust-hdl may be read and then assigned
//! again. Such a signal becomes numbered versions, each a wire that keeps what the version before
//! had unless it is assigned. Branches that exclude each other share a version, unless wires would
//! then depend on themselves: `if c { t = a; u = t; } else { u = b; t = u; }`.

use crate::error::Problem;
use crate::scope::{Role, Scope};
use crate::tree::{Assign, Expr, Kind, PartId, Stmt};
use std::collections::{HashMap, HashSet};

/// One version of a part.
#[derive(Clone, Default, Debug)]
pub(crate) struct Version {
    pub writes: usize,
    /// The first write assigns all of it, whatever happens.
    pub settled: bool,
    /// Its own writes assign all of it on every path. The first version need not if later ones do.
    pub complete: bool,
}

/// What the kernel does with each part.
pub(crate) struct Flow {
    /// Versions of each part, at least one if it is assigned.
    pub versions: Vec<Vec<Version>>,
    /// Which version each assignment makes.
    pub version_of: HashMap<usize, usize>,
    /// Parts that something reads.
    pub read: HashSet<PartId>,
    pub problems: Vec<Problem>,
}

/// Follows all paths through `body`; `clocked` are the clocks that are connected.
pub(crate) fn follow(body: &[Stmt], clocked: &HashSet<PartId>, scope: &Scope) -> Flow {
    let shared = Walk::new(scope, true).run(body, clocked);
    let walk = if has_loop(&shared.depends) { Walk::new(scope, false).run(body, clocked) } else { shared };
    walk.flow
}

/// A part's version.
type Wire = (PartId, usize);

/// Does a wire depend on itself?
fn has_loop(depends: &HashMap<Wire, HashSet<Wire>>) -> bool {
    let mut done: HashSet<Wire> = HashSet::new();
    for root in depends.keys() {
        let mut open: Vec<(Wire, Vec<Wire>)> = vec![];
        let mut next = Some(*root);
        loop {
            if let Some(wire) = next.take().filter(|wire| !done.contains(wire)) {
                if open.iter().any(|(other, _)| *other == wire) {
                    return true;
                }
                open.push((wire, depends.get(&wire).into_iter().flatten().copied().collect()));
            }
            let Some((wire, rest)) = open.last_mut() else { break };
            next = rest.pop();
            if next.is_none() {
                done.insert(*wire);
                open.pop();
            }
        }
    }
    false
}

/// What has happened on the way to a statement.
#[derive(Clone, Default)]
struct Path {
    /// Bits that are assigned.
    assigned: HashMap<PartId, Vec<bool>>,
    /// Bits that the first version is assigned.
    first: HashMap<PartId, Vec<bool>>,
    /// Parts whose present version was read.
    read: HashSet<PartId>,
}

/// Bits that are set in both.
fn both(all: &mut HashMap<PartId, Vec<bool>>, other: &HashMap<PartId, Vec<bool>>) {
    all.retain(|part, _| other.contains_key(part));
    for (part, bits) in all {
        bits.iter_mut().zip(&other[part]).for_each(|(a, b)| *a &= b);
    }
}

struct Walk<'a> {
    scope: &'a Scope<'a>,
    flow: Flow,
    /// Do branches that exclude each other share versions?
    share: bool,
    /// What each version is made from.
    depends: HashMap<Wire, HashSet<Wire>>,
    /// What the open conditions read.
    conditions: Vec<Wire>,
    /// What the present expression reads.
    wires: Vec<Wire>,
    /// Parts whose present version was read on any path.
    seen: HashSet<PartId>,
    /// Parts that a problem was told of.
    told: HashSet<PartId>,
}

impl<'a> Walk<'a> {
    fn new(scope: &'a Scope<'a>, share: bool) -> Walk<'a> {
        let versions = vec![vec![]; scope.parts.len()];
        let flow = Flow { versions, version_of: HashMap::new(), read: HashSet::new(), problems: vec![] };
        let (depends, conditions, wires) = (HashMap::new(), vec![], vec![]);
        Walk { scope, flow, share, depends, conditions, wires, seen: HashSet::new(), told: HashSet::new() }
    }

    fn run(mut self, body: &[Stmt], clocked: &HashSet<PartId>) -> Walk<'a> {
        let mut path = Path::default();
        self.block(body, &mut path, true);
        self.end(&path, clocked);
        self
    }

    fn block(&mut self, body: &[Stmt], path: &mut Path, outer: bool) {
        for stmt in body {
            match stmt {
                Stmt::Assign(assign) => self.assign(assign, path, outer),
                Stmt::If(condition, then, other) => self.branches(condition, &[then, other], path),
                Stmt::Match(m) => {
                    let blocks: Vec<&Vec<Stmt>> = m.arms.iter().map(|a| &a.1).chain(&m.default).collect();
                    self.branches(&m.on, &blocks, path);
                }
            }
        }
    }

    fn branches(&mut self, on: &Expr, blocks: &[&Vec<Stmt>], path: &mut Path) {
        self.reads(on, path);
        let outside = self.conditions.len();
        self.conditions.append(&mut self.wires);
        let mut ends = vec![];
        for block in blocks {
            let mut end = path.clone();
            self.block(block, &mut end, false);
            ends.push(end);
        }
        self.conditions.truncate(outside);
        let Some(mut all) = ends.pop() else { return };
        for end in ends {
            all.read.extend(end.read);
            both(&mut all.assigned, &end.assigned);
            both(&mut all.first, &end.first);
        }
        *path = all;
    }

    fn assign(&mut self, assign: &Assign, path: &mut Path, outer: bool) {
        self.reads(&assign.value, path);
        let (part, width) = (assign.part, self.scope.parts[assign.part].width);
        let versions = &mut self.flow.versions[part];
        let read = if self.share { path.read.remove(&part) } else { self.seen.remove(&part) };
        if versions.is_empty() || read {
            let settled = outer && assign.value.width == width;
            versions.push(Version { writes: 0, settled, complete: settled });
        }
        let number = versions.len() - 1;
        versions[number].writes += 1;
        self.flow.version_of.insert(assign.id, number);
        let depends = self.depends.entry((part, number)).or_default();
        depends.extend(self.wires.drain(..).chain(self.conditions.iter().copied()));
        if number > 0 && !versions[number].settled {
            depends.insert((part, number - 1));
        }
        let first = (number == 0).then_some(&mut path.first);
        for map in first.into_iter().chain([&mut path.assigned]) {
            let bits = map.entry(part).or_insert_with(|| vec![false; width as usize]);
            let lo = assign.lo as usize;
            bits[lo..lo + assign.value.width as usize].fill(true);
        }
    }

    fn reads(&mut self, expr: &Expr, path: &mut Path) {
        match &expr.kind {
            Kind::Const(_) | Kind::Label(..) => {}
            Kind::Read(part, lo) => self.read(*part, *lo, expr.width, path),
            Kind::Not(a) | Kind::Negate(a) | Kind::Reduce(_, a) | Kind::Extend(a) | Kind::Slice(a, _) => {
                self.reads(a, path);
            }
            Kind::Binary(_, a, b) | Kind::BitAt(a, b) | Kind::SliceAt(a, b) => {
                self.reads(a, path);
                self.reads(b, path);
            }
            Kind::ReplaceBit(a, b, c) => [a, b, c].into_iter().for_each(|e| self.reads(e, path)),
            Kind::Cat(parts) => parts.iter().for_each(|e| self.reads(e, path)),
        }
    }

    fn read(&mut self, part: PartId, lo: u32, width: u32, path: &mut Path) {
        self.flow.read.insert(part);
        let p = &self.scope.parts[part];
        // `.val()` of Locals and outputs is what was assigned before; of all else, what the cycle ends with.
        if !matches!(p.role, Role::Local | Role::Output) {
            return;
        }
        path.read.insert(part);
        self.seen.insert(part);
        self.wires.push((part, self.flow.versions[part].len().saturating_sub(1)));
        let assigned = path.assigned.get(&part);
        let range = lo as usize..(lo + width) as usize;
        if !assigned.is_some_and(|bits| bits[range].iter().all(|b| *b)) && self.told.insert(part) {
            let help = "assign it before; to keep a value over clock edges use a `DFF`";
            let message = "is read where it is not assigned on every path before (a latch)";
            self.flow.problems.push(Problem::new(message, help).at(&p.shown));
        }
    }

    /// Everything that has a reader outside must be assigned.
    fn end(&mut self, path: &Path, clocked: &HashSet<PartId>) {
        for (id, part) in self.scope.parts.iter().enumerate() {
            let never = self.flow.versions[id].is_empty();
            let needed = match part.role {
                Role::Output | Role::ChildInput(_) => true,
                Role::Local => !never,
                Role::Input | Role::ChildOutput(_) => false,
            };
            if part.clock {
                if needed && !clocked.contains(&id) {
                    let help = "connect it: `clock!(self, clock, ..)` or `dff_setup!(self, clock, ..)`";
                    self.flow.problems.push(Problem::new("this clock is not connected", help).at(&part.shown));
                }
                continue;
            }
            let all = |map: &HashMap<PartId, Vec<bool>>| map.get(&id).is_some_and(|bits| bits.iter().all(|b| *b));
            let full = all(&path.assigned);
            if let Some(first) = self.flow.versions[id].first_mut() {
                first.complete = all(&path.first);
            }
            if needed && !full && self.told.insert(id) {
                let (message, help) = if never {
                    ("is never assigned", "assign it in `update`")
                } else {
                    (
                        "is not assigned on every path (a latch)",
                        "give it a value before the `if` or `match`, or in every branch",
                    )
                };
                self.flow.problems.push(Problem::new(message, help).at(&part.shown));
            }
        }
    }
}
