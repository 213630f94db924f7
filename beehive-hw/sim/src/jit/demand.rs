//! What a function must compute: for its roots, backwards, every cell and of wide cells every word
//! that is needed, and whether a cell is needed only behind one guard.
//!
//! Everything works on the sorted cell list without recursion: chains may be of any depth.

use super::unit::{Form, Unit};
use beehive_hdl::ir::{BinOp, NodeId, Op};
use beehive_hdl::value::words;
use std::collections::{BinaryHeap, HashMap};

/// Index of a stretch of code: 0 always runs, others behind a guard each.
pub(super) type Region = usize;

/// What is needed of one cell.
#[derive(Clone, Debug)]
pub(super) struct Need {
    /// Which words of a [`Form::Words`] cell; empty for others.
    pub words: Vec<bool>,
    /// Where.
    pub region: Region,
}

/// A root and how much of it.
#[derive(Clone, Copy)]
pub(super) struct Root {
    pub id: NodeId,
    pub region: Region,
}

/// What a function computes.
pub(super) struct Demand {
    pub needs: HashMap<NodeId, Need>,
    /// Per region, in order of computation.
    pub regions: Vec<Vec<NodeId>>,
}

/// How to look at the cells.
pub(super) struct Rules<'a> {
    pub unit: &'a Unit,
    /// Cells that are there already: their operands are not needed.
    pub known: &'a dyn Fn(NodeId) -> bool,
    /// Cells that must be computed before anything that is guarded.
    pub pinned: &'a dyn Fn(NodeId) -> bool,
}

impl Demand {
    /// Nothing.
    pub fn empty() -> Demand {
        Demand { needs: HashMap::new(), regions: vec![] }
    }

    /// Roots are needed as a whole.
    pub fn new(rules: &Rules, regions: usize, roots: &[Root]) -> Demand {
        let mut search = Search { unit: rules.unit, needs: HashMap::new(), open: BinaryHeap::new() };
        for root in roots {
            search.all(root.id, root.region);
        }
        let mut order: Vec<Vec<NodeId>> = vec![vec![]; regions];
        while let Some(id) = search.open.pop() {
            let need = search.needs.get_mut(&id).expect("opened with a need");
            if (rules.pinned)(id) {
                need.region = 0;
            }
            let need = need.clone();
            order[need.region].push(id);
            if !(rules.known)(id) {
                search.operands(id, &need);
            }
        }
        order.iter_mut().for_each(|region| region.reverse());
        Demand { needs: search.needs, regions: order }
    }

    pub fn has(&self, id: NodeId) -> bool {
        self.needs.contains_key(&id)
    }
}

struct Search<'a> {
    unit: &'a Unit,
    needs: HashMap<NodeId, Need>,
    open: BinaryHeap<NodeId>,
}

impl Search<'_> {
    fn touch(&mut self, id: NodeId, region: Region) -> &mut Need {
        let (unit, open) = (self.unit, &mut self.open);
        let need = self.needs.entry(id).or_insert_with(|| {
            open.push(id);
            let computed = unit.form(id) == Form::Words;
            Need { words: vec![false; if computed { words(unit.width(id)) } else { 0 }], region }
        });
        if need.region != region {
            need.region = 0;
        }
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
        let width = self.unit.width(id);
        let computed = self.unit.form(id) == Form::Words;
        let wanted = |i: usize| need.words.get(i).is_some_and(|w| *w);
        let op = self.unit.op(id);
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
                    let end = at + self.unit.width(*part);
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
