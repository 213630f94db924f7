//! Steps that are statements: assignments, `when`, `switch`, checks.

use super::pool::{Signal, fit};
use super::{Choices, Gen, Kind, MAX_DEPTH, Phase, Whole};
use crate::tape::Step;
use beehive_hdl::prelude::*;
use std::collections::HashSet;

impl Gen {
    /// A block of a `when` or `switch`: perhaps assigns `first`, then a few steps or until one that ends it.
    fn block(&mut self, c: &mut Choices, first: Option<usize>, most: usize) {
        self.full.push(HashSet::new());
        if let Some(target) = first.filter(|target| self.may_assign(*target)) {
            self.assign_to(c, target);
        }
        for _ in 0..most {
            match self.records.next() {
                Some(record) if record.step != Step::End => self.step(record),
                _ => break,
            }
        }
        self.full.pop();
    }

    /// What all branches of a `when` or `switch` assign: which one comes first must matter.
    fn common(&mut self, c: &mut Choices) -> Option<usize> {
        if self.targets.is_empty() || !c.one_in(2) {
            return None;
        }
        Some(c.below(self.targets.len()))
    }

    fn may_assign(&self, target: usize) -> bool {
        let path = self.path.iter().fold(0, |all, reads| all | reads);
        self.targets[target].open && self.pool.is_free(path, self.targets[target].wire)
    }

    pub(super) fn assign(&mut self, c: &mut Choices) {
        let candidates: Vec<usize> = (0..self.targets.len()).filter(|i| self.may_assign(*i)).collect();
        if !candidates.is_empty() {
            let target = candidates[candidates.len() - 1 - c.below(candidates.len())];
            self.assign_to(c, target);
        }
    }

    fn assign_to(&mut self, c: &mut Choices, target: usize) {
        let (var, wire) = (self.targets[target].var, self.targets[target].wire);
        let here = self.full.last_mut().expect("the outermost block");
        let how = c.below(6);
        let reads = if how < 3 && here.insert(Whole::Target(target)) {
            let value = self.fitting(c, var.width(), wire);
            var.set(value.bits);
            value.reads
        } else if how < 5 {
            let lo = c.next() % var.width();
            let width = 1 + c.next() % (var.width() - lo);
            let value = self.fitting(c, width, wire);
            var.part(lo, width).set(value.bits);
            value.reads
        } else {
            let most = clog2(var.width());
            let index_width = if c.one_in(3) { 1 + c.next() % most } else { most };
            let index = self.any_for(c, wire);
            let index = index.map(fit(index.bits, index_width, c.next()));
            let value = self.condition(c, wire);
            var.part_at(index.bits).set(value.bits);
            index.reads | value.reads
        };
        self.gave(target, reads);
    }

    pub(super) fn when(&mut self, c: &mut Choices) {
        if self.full.len() >= MAX_DEPTH {
            return self.assign(c);
        }
        let outside = self.path.len();
        let first = self.condition(c, None);
        self.path.push(first.reads);
        let (most, more, ends) = (1 + c.below(5), c.below(3), c.one_in(2));
        let common = self.common(c);
        let mut chain = when(first.bits, || self.block(c, common, most));
        for _ in 0..more {
            let next = self.condition(c, None);
            self.path.push(next.reads);
            chain = chain.elsewhen(next.bits, || self.block(c, common, most));
        }
        if ends {
            chain.otherwise(|| self.block(c, common, most));
        }
        self.path.truncate(outside);
    }

    pub(super) fn switch(&mut self, c: &mut Choices) {
        if self.full.len() >= MAX_DEPTH {
            return self.assign(c);
        }
        let (how, most, arms, ends) = (c.below(6), 1 + c.below(4), 1 + c.below(4), c.one_in(2));
        let on = self.any(c);
        let on = match how {
            0 | 1 => on.map(fit(on.bits, 2, c.next())),
            2 => on.map(fit(on.bits, Phase::WIDTH, c.next())),
            3 => on.map(fit(on.bits, Kind::WIDTH, c.next())),
            _ => on,
        };
        let labels: Vec<Vec<Bits>> = match how {
            0 => vec![vec![lit(2, 2)], vec![lit(2, 0), lit(2, 3)], vec![lit(2, 1)]],
            2 => Phase::ALL.iter().take(arms).map(|v| vec![v.to_bits(None)]).collect(),
            3 => vec![Kind::ALL.iter().take(arms).map(|v| v.to_bits(None)).collect()],
            _ => {
                let mut seen = HashSet::new();
                let mut label = |g: &Gen, c: &mut Choices| {
                    let value = g.number(c, on.width());
                    seen.insert(value.clone()).then(|| constant(value))
                };
                (0..arms).map(|_| (0..1 + c.below(2)).filter_map(|_| label(self, c)).collect()).collect()
            }
        };
        let common = self.common(c);
        self.path.push(on.reads);
        switch(on.bits, |s| {
            for arm in labels.into_iter().filter(|arm| !arm.is_empty()) {
                s.cases(arm, || self.block(c, common, most));
            }
            if ends {
                s.default(|| self.block(c, common, most));
            }
        });
        self.path.pop();
    }

    pub(super) fn check(&mut self, c: &mut Choices) {
        let how = c.below(4);
        let mut cond = self.condition(c, None);
        if how > 1 {
            // Rarely false.
            let value = self.any(c);
            let never = constant(self.number(c, value.width()));
            cond = Signal { bits: cond.bits | value.bits.ne(never), reads: 0 };
        }
        self.checks += 1;
        let text = ["it holds", "50% of \"it\" holds", "a\\b %d", "{it}"][c.below(4)];
        if how.is_multiple_of(2) {
            hw_assert!(cond.bits, "{text} ({})", self.checks);
        } else {
            hw_cover!(cond.bits, "{text} ({})", self.checks);
        }
    }
}
