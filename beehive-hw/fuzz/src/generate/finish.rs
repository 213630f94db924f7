//! The end of a module: everything is driven and everything is seen.

use super::pool::Signal;
use super::{Choices, Gen, MAX_WIDTH};
use beehive_hdl::prelude::*;

impl Gen {
    pub(super) fn finish(mut self, mut c: Choices) {
        let c = &mut c;
        while !self.forward.is_empty() {
            self.drive(c);
        }
        for i in 0..self.targets.len() {
            if !self.targets[i].assigned {
                let var = self.targets[i].var;
                let value = self.fitting(c, var.width(), None);
                var.set(value.bits);
            }
        }
        let mut seen: Vec<Bits> = vec![];
        for signal in self.inputs.clone() {
            match c.below(4) {
                0 => seen.push(signal.bits),
                1 => signal.bits.ignore(),
                2 => seen.push(delay("held", signal.bits)),
                _ => seen.push(delay("seen", signal.bits.parity())),
            }
        }
        let unread = self.pool.signals.iter().zip(&self.pool.read).filter(|(_, read)| !**read);
        let unread: Vec<Signal> = unread.map(|(signal, _)| *signal).collect();
        for signal in unread {
            seen.push(if c.one_in(3) { delay("later", signal.bits) } else { signal.bits });
        }
        // As few outputs as hold them all.
        let mut group: Vec<Bits> = vec![];
        let mut groups = vec![];
        for bits in seen {
            if bits.width() + group.iter().map(|b| b.width()).sum::<u32>() > MAX_WIDTH {
                groups.push(std::mem::take(&mut group));
            }
            group.push(bits);
        }
        if group.is_empty() && self.outputs + groups.len() == 0 {
            group.push(self.inputs[0].bits);
        }
        if !group.is_empty() {
            groups.push(group);
        }
        for (i, group) in groups.into_iter().enumerate() {
            let mut all = cat(group);
            // What reaches an output through a register is computed at the clock edge.
            if c.one_in(2) {
                all = delay("last", all);
            }
            output(&format!("all{i}"), all.width()).set(all);
        }
    }
}
