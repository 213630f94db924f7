//! The state block of an instance: what lies where. Slots are 64-bit words.
//!
//! ```text
//!   links | outputs | listeners | differences | narrow registers | kept values | checks | writes | wide registers | stages | buffers | memories
//!   \_______________________ touched every cycle ___________________________/
//! ```

use super::Error;
use super::unit::{Form, Unit};
use beehive_hdl::ir::{BinOp, NodeId, Op};
use beehive_hdl::value::words;
use std::collections::{HashMap, HashSet};

/// A register: a narrow one is a slot; a wide one the address of its current buffer and two buffers.
/// A new value goes to the other buffer, so that addresses handed out this cycle stay good.
#[derive(Clone, Copy)]
pub(super) struct RegPlace {
    pub slot: usize,
}

impl RegPlace {
    /// First of the two buffers of a wide register.
    pub fn buffers(self) -> usize {
        self.slot + 1
    }
}

/// The clock edge gathers its differences in this many slots in turn: none waits for the one before.
pub(super) const GATHERED: usize = 4;

/// Slots of a unit's state block.
pub(super) struct Layout {
    /// Per input: address of the slot with its value (or with its address, if wide).
    pub links: usize,
    /// Per output: the value, or its address.
    pub outs: usize,
    /// Per output: address of the dirty flag (a byte) of what depends on it.
    pub listeners: usize,
    /// Per register.
    pub regs: Vec<RegPlace>,
    /// Per memory, per block RAM read port.
    pub reads: Vec<Vec<RegPlace>>,
    /// Values computed for the outputs that the clock edge needs again: the value or its address.
    pub kept: HashMap<NodeId, usize>,
    /// One bit per check: did it fail, or was it covered?
    pub checks: usize,
    /// Per wide memory: was it written at the last edge?
    pub written: Vec<usize>,
    /// Differences between old and new values, or-ed together as they are found: a slot per output,
    /// at least [`GATHERED`].
    pub gathered: usize,
    /// Per memory, per write port: address of the entry to write (0: none) and the data, for a
    /// write that must wait until all instances have stepped.
    pub stages: Vec<Vec<usize>>,
    /// Per output with [`Form::Words`] or dirty upper bits: its words.
    pub out_buffers: Vec<Option<usize>>,
    /// Results of runtime routines.
    pub scratch: HashMap<NodeId, usize>,
    /// First entry of each memory.
    pub mems: Vec<usize>,
    /// Per probe: its words.
    pub probes: Vec<usize>,
    /// Total.
    pub size: usize,
}

impl Layout {
    pub fn new(unit: &Unit, kept: &HashSet<NodeId>) -> Result<Layout, Error> {
        let mut next = 0;
        let mut take = |n: usize| {
            next += n;
            next - n
        };
        let links = take(unit.inputs.len());
        let outs = take(unit.outputs.len());
        let listeners = take(unit.outputs.len());
        let gathered = take(unit.outputs.len().max(GATHERED));
        let is_narrow = |id: NodeId| unit.width(id) <= 64;
        // Narrow ones first: they are touched in every cycle.
        let mut regs = vec![RegPlace { slot: 0 }; unit.updates.len()];
        let mut reads: Vec<Vec<RegPlace>> =
            unit.net.mems.iter().map(|m| vec![RegPlace { slot: 0 }; m.reads.len()]).collect();
        let mut kept: Vec<NodeId> = kept.iter().copied().collect();
        kept.sort();
        let mut kept_slots = HashMap::new();
        let mut checks = 0;
        let mut written = vec![];
        for narrow in [true, false] {
            for (place, update) in regs.iter_mut().zip(&unit.updates) {
                if is_narrow(update.node) == narrow {
                    place.slot = take(if narrow { 1 } else { 1 + 2 * words(unit.width(update.node)) });
                }
            }
            for (places, mem) in reads.iter_mut().zip(&unit.net.mems) {
                if (mem.width <= 64) == narrow {
                    places.iter_mut().for_each(|p| p.slot = take(if narrow { 1 } else { 1 + 2 * words(mem.width) }));
                }
            }
            if narrow {
                kept_slots = kept.iter().map(|id| (*id, take(1))).collect();
                checks = take(unit.net.checks.len().div_ceil(64));
                written = unit.net.mems.iter().map(|m| if m.width > 64 { take(1) } else { 0 }).collect();
            }
        }
        let mut stages = vec![];
        for mem in &unit.net.mems {
            stages
                .push(mem.writes.iter().map(|_| if mem.width > 64 { take(1 + words(mem.width)) } else { 0 }).collect());
        }
        let mut out_buffers = vec![];
        for id in &unit.outputs {
            let own = matches!(unit.form(*id), Form::Words | Form::Pointer { clean: false });
            out_buffers.push(own.then(|| take(words(unit.width(*id)))));
        }
        let mut scratch = HashMap::new();
        for (index, cell) in unit.net.cells.iter().enumerate() {
            if cell.width > 64 && matches!(cell.op, Op::Shift(..) | Op::Binary(BinOp::Mul, ..)) {
                scratch.insert(NodeId(index as u32), take(words(cell.width)));
            }
        }
        let mut mems = vec![];
        for mem in &unit.net.mems {
            mems.push(take(words(mem.width) * mem.depth as usize));
        }
        let probes = unit.probes.iter().map(|id| take(words(unit.width(*id)))).collect();
        let size = take(0).next_multiple_of(8);
        if size > i32::MAX as usize / 8 {
            return Err(Error::TooLarge(unit.module.name.clone()));
        }
        Ok(Layout {
            links,
            outs,
            listeners,
            regs,
            reads,
            kept: kept_slots,
            checks,
            written,
            gathered,
            stages,
            out_buffers,
            scratch,
            mems,
            probes,
            size,
        })
    }
}
