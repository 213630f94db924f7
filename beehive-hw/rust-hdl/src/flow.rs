//! Reads and writes in order: is every signal assigned before it is read and on every path, and
//! where does a signal that was read get a new value?
//!
//! A wire of Beehive has one value per cycle; a Local of rust-hdl may be read and then assigned
//! again. Such a signal becomes numbered versions, each a wire that keeps what the version before
//! had unless it is assigned.

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
}

/// What the kernel does with each part.
pub(crate) struct Flow {
    /// Versions of each part, at least one if it is assigned.
    pub versions: Vec<Vec<Version>>,
    /// Assignments that begin a new version.
    pub begins: HashSet<usize>,
    /// Parts that something reads.
    pub read: HashSet<PartId>,
    pub problems: Vec<Problem>,
}

/// Follows all paths through `body`; `clocked` are the clocks that are connected.
pub(crate) fn follow(body: &[Stmt], clocked: &HashSet<PartId>, scope: &Scope) -> Flow {
    let flow = Flow {
        versions: vec![vec![]; scope.parts.len()],
        begins: HashSet::new(),
        read: HashSet::new(),
        problems: vec![],
    };
    let mut walk = Walk { scope, flow, told: HashSet::new() };
    let mut path = Path::default();
    walk.block(body, &mut path, true);
    walk.end(&path, clocked);
    walk.flow
}

/// What has happened on the way to a statement.
#[derive(Clone, Default)]
struct Path {
    /// Bits that are assigned.
    assigned: HashMap<PartId, Vec<bool>>,
    /// Parts whose present version was read.
    read: HashSet<PartId>,
}

struct Walk<'a> {
    scope: &'a Scope<'a>,
    flow: Flow,
    /// Parts that a problem was told of.
    told: HashSet<PartId>,
}

impl Walk<'_> {
    fn block(&mut self, body: &[Stmt], path: &mut Path, outer: bool) {
        for stmt in body {
            match stmt {
                Stmt::Assign(assign) => self.assign(assign, path, outer),
                Stmt::If(condition, then, other) => {
                    self.reads(condition, path);
                    self.branches(&[then, other], path);
                }
                Stmt::Match(m) => {
                    self.reads(&m.on, path);
                    let blocks: Vec<&Vec<Stmt>> = m.arms.iter().map(|a| &a.1).chain(&m.default).collect();
                    self.branches(&blocks, path);
                }
            }
        }
    }

    fn branches(&mut self, blocks: &[&Vec<Stmt>], path: &mut Path) {
        let mut ends = vec![];
        for block in blocks {
            let mut end = path.clone();
            self.block(block, &mut end, false);
            ends.push(end);
        }
        let Some(mut all) = ends.pop() else { return };
        for end in ends {
            all.read.extend(end.read);
            all.assigned.retain(|part, _| end.assigned.contains_key(part));
            for (part, bits) in &mut all.assigned {
                bits.iter_mut().zip(&end.assigned[part]).for_each(|(a, b)| *a &= b);
            }
        }
        *path = all;
    }

    fn assign(&mut self, assign: &Assign, path: &mut Path, outer: bool) {
        self.reads(&assign.value, path);
        let (part, width) = (assign.part, self.scope.parts[assign.part].width);
        let versions = &mut self.flow.versions[part];
        if versions.is_empty() || path.read.remove(&part) {
            if !versions.is_empty() {
                self.flow.begins.insert(assign.id);
            }
            let settled = outer && assign.value.width == width;
            versions.push(Version { writes: 0, settled });
        }
        if let Some(version) = versions.last_mut() {
            version.writes += 1;
        }
        let bits = path.assigned.entry(part).or_insert_with(|| vec![false; width as usize]);
        let lo = assign.lo as usize;
        bits[lo..lo + assign.value.width as usize].fill(true);
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
            let full = path.assigned.get(&id).is_some_and(|bits| bits.iter().all(|b| *b));
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
