//! What a function must compute: for its roots, backwards, every cell and of wide cells every word
//! that is needed, and where: always, behind the guard of a write, or in one arm of a choice.
//!
//! Muxes with one condition become a *choice*: a branch to one of two arms, each with the cells that
//! nothing else needs. This gets back the `if` and `case` that statements were before.
//!
//! ```text
//!   region 0 --+-- guard (enable of a write)
//!              +-- choice on c --+-- arm c = 1 -- choice on d -- ...
//!                                +-- arm c = 0
//! ```
//!
//! Everything works on the sorted cell list, users before operands and without recursion: chains may
//! be of any depth.

use super::unit::{Form, Unit};
use beehive_hdl::ir::{BinOp, NodeId, Op};
use beehive_hdl::value::words;
use std::collections::{BinaryHeap, HashMap, HashSet};

/// Index in [`Demand::regions`]: 0 always runs, guards follow, then the arms of choices.
pub(super) type Region = usize;

/// What is needed of one cell.
#[derive(Clone, Debug)]
pub(super) struct Need {
    /// Which words of a [`Form::Words`] cell; empty for others.
    pub words: Vec<bool>,
    /// Where: the innermost region that encloses all uses.
    pub region: Region,
    /// The mux takes part in this choice.
    pub choice: Option<usize>,
    /// In this region the cell always equals another one.
    pub same_as: Option<NodeId>,
    /// The cells it is computed from. Not all operands: some belong to words that nobody needs.
    pub from: Vec<NodeId>,
    /// Bit set: choices that use it, directly or not.
    used_by: Vec<u64>,
}

/// A root and how much of it.
#[derive(Clone, Copy)]
pub(super) struct Root {
    pub id: NodeId,
    pub region: Region,
}

/// A stretch of code.
#[derive(Default)]
pub(super) struct Stretch {
    parent: Region,
    depth: usize,
    /// Bits that are known while it runs.
    facts: Vec<(NodeId, bool)>,
    /// Cells of the regions around it that it uses.
    pub outside: Vec<NodeId>,
    /// The choice whose arm it is.
    choice: Option<usize>,
}

/// Muxes with the same condition.
pub(super) struct Choice {
    pub cond: NodeId,
    pub members: Vec<NodeId>,
    /// For the condition being one, and zero.
    pub arms: [Region; 2],
    /// Bit set: choices that use it, directly.
    used_by: Vec<u64>,
}

/// What a function computes.
pub(super) struct Demand {
    pub needs: HashMap<NodeId, Need>,
    pub regions: Vec<Stretch>,
    pub choices: Vec<Choice>,
}

/// How to look at the cells.
pub(super) struct Rules<'a> {
    pub unit: &'a Unit,
    /// Cells that are there already: their operands are not needed.
    pub known: &'a dyn Fn(NodeId) -> bool,
    /// Cells that must be computed before anything that is guarded.
    pub pinned: &'a dyn Fn(NodeId) -> bool,
    /// A choice of fewer instructions than this stays a mux; `None`: all do.
    pub worth_a_branch: Option<usize>,
}

/// More choices than this in one function, or deeper ones, stay muxes: the bit sets and the
/// recursion of the code generator have an end.
const MOST_CHOICES: usize = 1024;
const DEEPEST: usize = 48;

impl Demand {
    /// Nothing.
    pub fn empty() -> Demand {
        Demand { needs: HashMap::new(), regions: vec![], choices: vec![] }
    }

    /// Roots are needed as a whole. `guards`: the enables of regions 1 and up.
    pub fn new(rules: &Rules, guards: &[Option<NodeId>], roots: &[Root]) -> Demand {
        let mut single = HashSet::new();
        // Rejecting one choice moves its cells to others: a few rounds settle almost all.
        for round in 0.. {
            let demand = Search::run(rules, guards, roots, &single);
            let cheap = demand.cheap_choices(rules);
            if cheap.is_empty() || round == 3 {
                return demand;
            }
            single.extend(cheap);
        }
        unreachable!("the last round returns")
    }

    /// Is it computed in every run of the function?
    pub fn always(&self, id: NodeId) -> bool {
        self.needs.get(&id).is_some_and(|need| need.region == 0)
    }

    /// Members of the choices that are not worth a branch.
    fn cheap_choices(&self, rules: &Rules) -> Vec<NodeId> {
        let mut weights = vec![0; self.regions.len()];
        for (id, need) in &self.needs {
            weights[need.region] += cost(rules, *id, need);
        }
        // Arms come after the regions they are in.
        for region in (1..self.regions.len()).rev() {
            weights[self.regions[region].parent] += weights[region];
        }
        let weight = |choice: &Choice| weights[choice.arms[0]] + weights[choice.arms[1]] + choice.members.len();
        let limit = rules.worth_a_branch.unwrap_or(0);
        let cheap = self.choices.iter().filter(|choice| weight(choice) < limit);
        cheap.flat_map(|choice| choice.members.iter().copied()).collect()
    }
}

/// About how many instructions the cell takes.
fn cost(rules: &Rules, id: NodeId, need: &Need) -> usize {
    let op = rules.unit.op(id);
    match op {
        _ if (rules.known)(id) || need.same_as.is_some() => 1,
        Op::Const(..) => 0,
        Op::Shift(..) | Op::Binary(BinOp::Mul, ..) if rules.unit.width(id) > 64 => 50,
        Op::Peek(..) => 3,
        Op::Cat(parts) => parts.len(),
        Op::Binary(BinOp::Add | BinOp::Sub, ..) => 1 + 4 * need.words.len(),
        Op::Binary(..) => 1 + op.operands().iter().map(|o| words(rules.unit.width(*o)) - 1).sum::<usize>(),
        _ => need.words.iter().filter(|w| **w).count().max(1),
    }
}

struct Search<'a> {
    rules: &'a Rules<'a>,
    demand: Demand,
    open: BinaryHeap<NodeId>,
    /// The latest choice on a condition in a region.
    latest: HashMap<(Region, NodeId), usize>,
    /// The cell whose operands are being looked at, and the choices that use it.
    used_by: Vec<u64>,
    /// What it is computed from.
    from: Vec<NodeId>,
}

impl Search<'_> {
    fn run(rules: &Rules, guards: &[Option<NodeId>], roots: &[Root], single: &HashSet<NodeId>) -> Demand {
        let demand = Demand { needs: HashMap::new(), regions: vec![Stretch::default()], choices: vec![] };
        let mut search =
            Search { rules, demand, open: BinaryHeap::new(), latest: HashMap::new(), used_by: vec![], from: vec![] };
        for guard in guards {
            let facts = guard.map_or(vec![], |enable| search.facts(enable, true));
            search.demand.regions.push(Stretch { depth: 1, facts, ..Stretch::default() });
        }
        for root in roots {
            search.all(root.id, root.region);
        }
        while let Some(id) = search.open.pop() {
            let need = search.demand.needs.get_mut(&id).expect("opened with a need");
            if (rules.pinned)(id) {
                need.region = 0;
            }
            if (rules.known)(id) {
                continue;
            }
            let need = need.clone();
            search.used_by = need.used_by.clone();
            search.from.clear();
            search.add_choices_around(need.region);
            if let Some(same) = search.shortcut(id, need.region) {
                search.demand.needs.get_mut(&id).expect("opened").same_as = Some(same);
                search.same_words(same, &need.words, need.region);
            } else if let Some(choice) = search.choose(id, &need, single) {
                search.demand.needs.get_mut(&id).expect("opened").choice = Some(choice);
                let Op::Mux(cond, a, b) = *rules.unit.op(id) else { unreachable!("only muxes choose") };
                set_bit(&mut search.used_by, choice);
                search.all(cond, need.region);
                let arms = search.demand.choices[choice].arms;
                for (operand, arm) in [(a, arms[0]), (b, arms[1])] {
                    search.same_words(operand, &need.words, arm);
                }
            } else {
                search.operands(id, &need);
            }
            search.demand.needs.get_mut(&id).expect("opened").from = search.from.clone();
        }
        search.close();
        search.demand
    }

    /// Fills [`Stretch::outside`].
    fn close(&mut self) {
        let mut uses: Vec<(NodeId, Region)> =
            std::mem::take(&mut self.demand.regions[0].outside).into_iter().map(|id| (id, 0)).collect();
        for region in 1..self.demand.regions.len() {
            let used = std::mem::take(&mut self.demand.regions[region].outside);
            uses.extend(used.into_iter().map(|id| (id, region)));
        }
        for (id, mut region) in uses {
            let home = self.demand.needs[&id].region;
            while region != home {
                self.demand.regions[region].outside.push(id);
                self.from.push(id);
                region = self.demand.regions[region].parent;
            }
        }
        for region in &mut self.demand.regions {
            region.outside.sort();
            region.outside.dedup();
        }
    }

    /// What follows from a bit.
    fn facts(&self, bit: NodeId, value: bool) -> Vec<(NodeId, bool)> {
        let mut facts = vec![];
        let mut open = vec![(bit, value)];
        while let Some((bit, value)) = open.pop() {
            if facts.contains(&(bit, value)) {
                continue;
            }
            facts.push((bit, value));
            match (self.rules.unit.op(bit), value) {
                (Op::Not(a), _) => open.push((*a, !value)),
                (Op::Binary(BinOp::And, a, b), true) | (Op::Binary(BinOp::Or, a, b), false) => {
                    open.extend([(*a, value), (*b, value)]);
                }
                _ => {}
            }
        }
        facts
    }

    /// The bit's value while the region runs, if that is known.
    fn fact(&self, bit: NodeId, mut region: Region) -> Option<bool> {
        while region != 0 {
            let stretch = &self.demand.regions[region];
            if let Some((_, value)) = stretch.facts.iter().find(|(known, _)| *known == bit) {
                return Some(*value);
            }
            region = stretch.parent;
        }
        None
    }

    /// The operand that the cell always equals in the region.
    fn shortcut(&self, id: NodeId, region: Region) -> Option<NodeId> {
        if region == 0 {
            return None;
        }
        match *self.rules.unit.op(id) {
            Op::Mux(cond, a, b) => self.fact(cond, region).map(|value| if value { a } else { b }),
            Op::Binary(op @ (BinOp::And | BinOp::Or), a, b) if self.rules.unit.width(id) == 1 => {
                let neutral = Some(op == BinOp::And);
                match (self.fact(a, region), self.fact(b, region)) {
                    (value, _) if value == neutral => Some(b),
                    (_, value) if value == neutral => Some(a),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn add_choices_around(&mut self, mut region: Region) {
        while region != 0 {
            if let Some(choice) = self.demand.regions[region].choice {
                set_bit(&mut self.used_by, choice);
            }
            region = self.demand.regions[region].parent;
        }
    }

    /// The choice that a mux joins or opens.
    fn choose(&mut self, id: NodeId, need: &Need, single: &HashSet<NodeId>) -> Option<usize> {
        let Op::Mux(cond, ..) = *self.rules.unit.op(id) else { return None };
        let pointer = matches!(self.rules.unit.form(id), Form::Pointer { .. });
        if self.rules.worth_a_branch.is_none() || pointer || single.contains(&id) {
            return None;
        }
        let latest = self.latest.get(&(need.region, cond)).copied();
        if let Some(choice) = latest.filter(|choice| !self.uses(&need.used_by, *choice)) {
            let joined = &mut self.demand.choices[choice];
            joined.members.push(id);
            merge(&mut joined.used_by, &need.used_by);
            return Some(choice);
        }
        let depth = self.demand.regions[need.region].depth + 1;
        if self.demand.choices.len() >= MOST_CHOICES || depth > DEEPEST {
            return None;
        }
        let choice = self.demand.choices.len();
        let arms = [true, false].map(|value| {
            let facts = self.facts(cond, value);
            let arm = Stretch { parent: need.region, depth, facts, outside: vec![], choice: Some(choice) };
            self.demand.regions.push(arm);
            self.demand.regions.len() - 1
        });
        self.demand.choices.push(Choice { cond, members: vec![id], arms, used_by: need.used_by.clone() });
        self.latest.insert((need.region, cond), choice);
        Some(choice)
    }

    /// Is `choice` among these, or do they use it through others?
    fn uses(&self, direct: &[u64], choice: usize) -> bool {
        let mut seen = vec![0u64; self.demand.choices.len().div_ceil(64)];
        let mut open = bits(direct);
        while let Some(at) = open.pop() {
            if at == choice {
                return true;
            }
            if seen[at / 64] >> (at % 64) & 1 == 0 {
                seen[at / 64] |= 1 << (at % 64);
                open.extend(bits(&self.demand.choices[at].used_by));
            }
        }
        false
    }

    /// The innermost region around both.
    fn common(&self, mut a: Region, mut b: Region) -> Region {
        let regions = &self.demand.regions;
        while a != b {
            if regions[a].depth >= regions[b].depth {
                a = regions[a].parent;
            } else {
                b = regions[b].parent;
            }
        }
        a
    }

    fn touch(&mut self, id: NodeId, region: Region) -> &mut Need {
        self.demand.regions[region].outside.push(id);
        self.from.push(id);
        let common = self.demand.needs.get(&id).map(|need| self.common(need.region, region));
        let (unit, open) = (self.rules.unit, &mut self.open);
        let need = self.demand.needs.entry(id).or_insert_with(|| {
            open.push(id);
            let computed = unit.form(id) == Form::Words;
            let words = vec![false; if computed { words(unit.width(id)) } else { 0 }];
            Need { words, region, choice: None, same_as: None, from: vec![], used_by: vec![] }
        });
        need.region = common.unwrap_or(region);
        merge(&mut need.used_by, &self.used_by);
        need
    }

    fn all(&mut self, id: NodeId, region: Region) {
        self.touch(id, region).words.fill(true);
    }

    /// Bits `lo .. lo + width`.
    fn bits(&mut self, id: NodeId, lo: u32, width: u32, region: Region) {
        let need = self.touch(id, region);
        if !need.words.is_empty() {
            need.words[lo as usize / 64..=(lo + width - 1) as usize / 64].fill(true);
        }
    }

    fn same_words(&mut self, id: NodeId, wanted: &[bool], region: Region) {
        let need = self.touch(id, region);
        for (need, want) in need.words.iter_mut().zip(wanted) {
            *need |= want;
        }
    }

    fn operands(&mut self, id: NodeId, need: &Need) {
        let region = need.region;
        let unit = self.rules.unit;
        let width = unit.width(id);
        let computed = unit.form(id) == Form::Words;
        let wanted = |i: usize| need.words.get(i).is_some_and(|w| *w);
        let op = unit.op(id);
        match op {
            Op::Binary(BinOp::And | BinOp::Or | BinOp::Xor, a, b) if computed => {
                self.same_words(*a, &need.words, region);
                self.same_words(*b, &need.words, region);
            }
            Op::Binary(BinOp::Add | BinOp::Sub, a, b) if computed => {
                let top = need.words.iter().rposition(|w| *w).unwrap_or(0) as u32;
                for operand in [a, b] {
                    self.bits(*operand, 0, width.min(64 * (top + 1)), region);
                }
            }
            Op::Not(a) if computed => self.same_words(*a, &need.words, region),
            Op::Mux(cond, a, b) if computed => {
                self.all(*cond, region);
                self.same_words(*a, &need.words, region);
                self.same_words(*b, &need.words, region);
            }
            Op::Slice(a, lo) if computed => {
                for i in (0..words(width)).filter(|i| wanted(*i)) {
                    let at = 64 * i as u32;
                    self.bits(*a, lo + at, 64.min(width - at), region);
                }
            }
            Op::Slice(a, lo) => self.bits(*a, *lo, width, region),
            Op::Cat(parts) => {
                let mut at = 0;
                for part in parts {
                    let end = at + unit.width(*part);
                    for i in at / 64..=(end - 1) / 64 {
                        if !computed || wanted(i as usize) {
                            let (from, to) = (at.max(64 * i), end.min(64 * i + 64));
                            self.bits(*part, from - at, to - from, region);
                        }
                    }
                    at = end;
                }
            }
            _ => op.operands().into_iter().for_each(|operand| self.all(operand, region)),
        }
    }
}

// Bit sets that grow.

fn set_bit(set: &mut Vec<u64>, at: usize) {
    if set.len() <= at / 64 {
        set.resize(at / 64 + 1, 0);
    }
    set[at / 64] |= 1 << (at % 64);
}

fn merge(into: &mut Vec<u64>, from: &[u64]) {
    if into.len() < from.len() {
        into.resize(from.len(), 0);
    }
    into.iter_mut().zip(from).for_each(|(into, from)| *into |= from);
}

fn bits(set: &[u64]) -> Vec<usize> {
    let mut all = vec![];
    for (i, word) in set.iter().enumerate() {
        let mut rest = *word;
        while rest != 0 {
            all.push(64 * i + rest.trailing_zeros() as usize);
            rest &= rest - 1;
        }
    }
    all
}
