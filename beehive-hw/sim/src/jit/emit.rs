//! Code for values: how they are held, loaded, cut and copied. Operations are in [`ops`](super::ops).
//!
//! A value up to 64 bits is one SSA value with zeros above its width. A wide one is an address, as
//! long as nothing computes it: a register, a memory entry, another instance's output, a choice
//! between those. Only computed wide values are SSA values, word by word, and only the words that
//! somebody needs.

use super::demand::{Demand, Region};
use super::layout::Layout;
use super::runtime;
use super::unit::Unit;
use crate::fault::Fault;
use beehive_hdl::ir::{NodeId, Op};
use beehive_hdl::value::{Value, top_mask, words};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I64, I64X2};
use cranelift_codegen::ir::{
    self as clif, AbiParam, InstBuilder, MemFlagsData, SigRef, Signature, StackSlotData, StackSlotKind, Value as Ssa,
};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::FunctionBuilder;
use std::collections::{HashMap, HashSet};

/// A value as code sees it.
#[derive(Clone, Debug)]
pub(super) enum Val {
    Narrow(Ssa),
    /// `base + offset` bytes; if not `clean`, the last word has garbage above the width.
    Pointer {
        base: Ssa,
        offset: i32,
        clean: bool,
    },
    /// The needed words.
    Words(Vec<Option<Ssa>>),
}

/// Memory that nothing but generated code touches, at valid addresses.
pub(super) fn trusted() -> MemFlagsData {
    MemFlagsData::trusted()
}

/// Valid addresses, 8-byte aligned only: for 16-byte moves.
fn unaligned() -> MemFlagsData {
    MemFlagsData::new().with_notrap()
}

/// Where a cell that an earlier function computed lies.
#[derive(Clone, Copy)]
pub(super) enum Known {
    /// In this slot (its address, if wide).
    Slot(usize),
}

pub(super) struct Emit<'f, 'u> {
    pub b: FunctionBuilder<'f>,
    pub unit: &'u Unit,
    pub layout: &'u Layout,
    pub demand: &'u Demand,
    /// What need not be computed.
    pub known: &'u dyn Fn(NodeId) -> Option<Known>,
    /// Address of the state block.
    pub state: Ssa,
    /// Wide constants: must live as long as the code.
    pub pool: &'u mut Pool,
    pub fault: Option<Fault>,
    config: TargetFrontendConfig,
    pub(super) values: HashMap<NodeId, Val>,
    /// Words loaded from pointers.
    loaded: HashMap<(NodeId, usize), Ssa>,
    /// Computed values that were written to memory, for code that wants an address.
    spilled: HashMap<NodeId, Ssa>,
    signatures: HashMap<usize, SigRef>,
}

/// Wide constants at fixed addresses.
#[derive(Default)]
pub(super) struct Pool(Vec<Box<[u64]>>);

impl Pool {
    pub(super) fn address(&mut self, value: &Value) -> i64 {
        let known = self.0.iter().find(|c| c[..] == *value.words()).map(|c| c.as_ptr());
        let address = known.unwrap_or_else(|| {
            self.0.push(value.words().into());
            self.0[self.0.len() - 1].as_ptr()
        });
        address as i64
    }
}

pub(super) fn mask(width: u32) -> i64 {
    if width >= 64 { -1 } else { top_mask(width) as i64 }
}

impl<'f, 'u> Emit<'f, 'u> {
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        mut b: FunctionBuilder<'f>,
        unit: &'u Unit,
        layout: &'u Layout,
        demand: &'u Demand,
        known: &'u dyn Fn(NodeId) -> Option<Known>,
        pool: &'u mut Pool,
        fault: Option<Fault>,
        config: TargetFrontendConfig,
    ) -> Emit<'f, 'u> {
        let entry = b.create_block();
        b.append_block_params_for_function_params(entry);
        b.switch_to_block(entry);
        b.seal_block(entry);
        let state = b.block_params(entry)[0];
        Emit {
            b,
            unit,
            layout,
            demand,
            known,
            state,
            pool,
            fault,
            config,
            values: HashMap::new(),
            loaded: HashMap::new(),
            spilled: HashMap::new(),
            signatures: HashMap::new(),
        }
    }

    // ---- small things ----

    pub fn constant(&mut self, value: i64) -> Ssa {
        self.b.ins().iconst(I64, value)
    }

    pub fn load(&mut self, slot: usize) -> Ssa {
        self.b.ins().load(I64, trusted(), self.state, (slot * 8) as i32)
    }

    pub fn store(&mut self, value: Ssa, slot: usize) {
        self.b.ins().store(trusted(), value, self.state, (slot * 8) as i32);
    }

    pub fn address(&mut self, slot: usize) -> Ssa {
        self.offset(self.state, (slot * 8) as i32)
    }

    pub fn offset(&mut self, base: Ssa, bytes: i32) -> Ssa {
        if bytes == 0 { base } else { self.b.ins().iadd_imm_s(base, i64::from(bytes)) }
    }

    /// Address of an entry of a memory.
    pub fn entry(&mut self, mem: usize, addr: Ssa) -> Ssa {
        let bytes = (words(self.unit.net.mems[mem].width) * 8) as i64;
        let offset = self.b.ins().imul_imm_s(addr, bytes);
        let base = self.address(self.layout.mems[mem]);
        self.b.ins().iadd(base, offset)
    }

    pub(super) fn and_imm(&mut self, value: Ssa, mask: i64) -> Ssa {
        if mask == -1 {
            return value;
        }
        let mask = self.constant(mask);
        self.b.ins().band(value, mask)
    }

    pub fn shl(&mut self, value: Ssa, by: u32) -> Ssa {
        if by == 0 {
            return value;
        }
        let by = self.constant(i64::from(by));
        self.b.ins().ishl(value, by)
    }

    pub(super) fn shr(&mut self, value: Ssa, by: u32) -> Ssa {
        if by == 0 {
            return value;
        }
        let by = self.constant(i64::from(by));
        self.b.ins().ushr(value, by)
    }

    /// All ones if the 1-bit value is one, else zero.
    pub fn spread(&mut self, bit: Ssa) -> Ssa {
        self.b.ins().ineg(bit)
    }

    pub fn or_all(&mut self, values: impl IntoIterator<Item = Ssa>) -> Ssa {
        let or = values.into_iter().collect::<Vec<_>>().into_iter().reduce(|a, b| self.b.ins().bor(a, b));
        or.unwrap_or_else(|| self.constant(0))
    }

    pub(super) fn compare(&mut self, cc: IntCC, a: Ssa, b: Ssa) -> Ssa {
        let bit = self.b.ins().icmp(cc, a, b);
        self.b.ins().uextend(I64, bit)
    }

    pub(super) fn compare_imm(&mut self, cc: IntCC, a: Ssa, b: i64) -> Ssa {
        let b = self.constant(b);
        self.compare(cc, a, b)
    }

    pub(super) fn is(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    // ---- regions ----

    /// Computes a cell and all it takes, unless that has been done.
    ///
    /// Values are computed when the first code wants them: what is loaded early would lie on the
    /// stack until then.
    pub fn need(&mut self, id: NodeId) {
        let mut stack = vec![id];
        let mut open = HashSet::new();
        while let Some(&id) = stack.last() {
            if self.values.contains_key(&id) {
                stack.pop();
                continue;
            }
            let mut missing = self.operands(id);
            missing.retain(|operand| !self.values.contains_key(operand));
            if missing.is_empty() {
                stack.pop();
                match self.demand.needs[&id].choice {
                    Some(choice) if (self.known)(id).is_none() => self.choice(choice),
                    _ => {
                        let value = self.eval(id);
                        self.values.insert(id, value);
                    }
                }
            } else {
                assert!(open.insert(id), "choices that wait for each other");
                stack.extend(missing.into_iter().rev());
            }
        }
    }

    /// What must be there before a cell.
    fn operands(&self, id: NodeId) -> Vec<NodeId> {
        if (self.known)(id).is_some() {
            return vec![];
        }
        let need = &self.demand.needs[&id];
        let Some(choice) = need.choice else { return need.from.clone() };
        let choice = &self.demand.choices[choice];
        let arms = choice.arms.iter().flat_map(|arm| &self.demand.regions[*arm].outside);
        [choice.cond].iter().chain(arms).copied().collect()
    }

    /// Branches to one arm of a choice; afterwards all its muxes have their values.
    fn choice(&mut self, index: usize) {
        let choice = &self.demand.choices[index];
        let cond = self.narrow(choice.cond);
        let [yes, no, after] = [(); 3].map(|()| self.b.create_block());
        self.b.ins().brif(cond, yes, &[], no, &[]);
        for (arm, block) in [yes, no].into_iter().enumerate() {
            self.b.switch_to_block(block);
            self.b.seal_block(block);
            let before = (self.loaded.clone(), self.spilled.clone());
            let mut results: Vec<clif::BlockArg> = vec![];
            for member in &choice.members {
                let Op::Mux(_, a, b) = *self.unit.op(*member) else { unreachable!("only muxes choose") };
                let operand = if arm == 0 { a } else { b };
                self.need(operand);
                let wanted = &self.demand.needs[member].words;
                if wanted.is_empty() {
                    results.push(self.narrow(operand).into());
                }
                for i in (0..wanted.len()).filter(|i| wanted[*i]) {
                    results.push(self.word(operand, i).into());
                }
            }
            (self.loaded, self.spilled) = before;
            self.b.ins().jump(after, &results);
        }
        self.b.switch_to_block(after);
        self.b.seal_block(after);
        for member in &choice.members {
            let wanted = &self.demand.needs[member].words;
            let mut next = || self.b.append_block_param(after, I64);
            let value = if wanted.is_empty() {
                Val::Narrow(next())
            } else {
                Val::Words(wanted.iter().map(|wanted| wanted.then(&mut next)).collect())
            };
            self.values.insert(*member, value);
        }
    }

    /// `body` behind a branch on the 1-bit `cond`, with the values of that region.
    pub fn guarded(&mut self, cond: Ssa, region: Region, body: impl FnOnce(&mut Self)) {
        self.guarded_bit(cond, region, |e| {
            body(e);
            None
        });
    }

    /// As [`guarded`](Self::guarded); gives the value that `body` gives, zero if it does not run.
    pub fn guarded_bit(
        &mut self,
        cond: Ssa,
        region: Region,
        body: impl FnOnce(&mut Self) -> Option<Ssa>,
    ) -> Option<Ssa> {
        let demand = self.demand;
        demand.regions[region].outside.iter().for_each(|id| self.need(*id));
        let (yes, no, after) = (self.b.create_block(), self.b.create_block(), self.b.create_block());
        self.b.ins().brif(cond, yes, &[], no, &[]);
        self.b.switch_to_block(yes);
        self.b.seal_block(yes);
        // What is loaded or spilled in here is not there afterwards.
        let (loaded, spilled) = (self.loaded.clone(), self.spilled.clone());
        let result = body(self);
        (self.loaded, self.spilled) = (loaded, spilled);
        let args: Vec<clif::BlockArg> = result.into_iter().map(Into::into).collect();
        self.b.ins().jump(after, &args);
        self.b.switch_to_block(no);
        self.b.seal_block(no);
        let zero: Vec<clif::BlockArg> = result.into_iter().map(|_| self.constant(0).into()).collect();
        self.b.ins().jump(after, &zero);
        self.b.switch_to_block(after);
        self.b.seal_block(after);
        result.map(|_| self.b.append_block_param(after, I64))
    }

    // ---- parts of values ----

    pub(super) fn value(&mut self, id: NodeId) -> Val {
        self.need(id);
        self.values[&id].clone()
    }

    /// A value of at most 64 bits.
    pub fn narrow(&mut self, id: NodeId) -> Ssa {
        self.need(id);
        match self.values[&id] {
            Val::Narrow(value) => value,
            ref other => unreachable!("{other:?} is not narrow"),
        }
    }

    pub(super) fn constant_of(&self, id: NodeId) -> Option<&'u Value> {
        match self.unit.op(id) {
            Op::Const(value, _) => Some(value),
            _ => None,
        }
    }

    /// Word `i` of any value; the last one perhaps with garbage above the width if the value is not clean.
    pub(super) fn raw_word(&mut self, id: NodeId, i: usize) -> Ssa {
        if let Some(value) = self.constant_of(id) {
            return self.constant(value.words()[i] as i64);
        }
        match self.value(id) {
            Val::Narrow(value) => value,
            Val::Words(all) => all[i].expect("demanded"),
            Val::Pointer { base, offset, .. } => {
                if let Some(word) = self.loaded.get(&(id, i)) {
                    return *word;
                }
                let word = self.b.ins().load(I64, trusted(), base, offset + 8 * i as i32);
                self.loaded.insert((id, i), word);
                word
            }
        }
    }

    pub(super) fn is_clean(&mut self, id: NodeId) -> bool {
        self.need(id);
        !matches!(self.values[&id], Val::Pointer { clean: false, .. })
    }

    /// Word `i`, zeros above the width.
    pub(super) fn word(&mut self, id: NodeId, i: usize) -> Ssa {
        let width = self.unit.width(id);
        let word = self.raw_word(id, i);
        let dirty = !self.is_clean(id) && i + 1 == words(width);
        if dirty { self.and_imm(word, top_mask(width) as i64) } else { word }
    }

    pub(super) fn all_words(&mut self, id: NodeId) -> Vec<Ssa> {
        (0..words(self.unit.width(id))).map(|i| self.word(id, i)).collect()
    }

    /// Bits `lo .. lo + width`, at most 64 of them.
    pub fn bits(&mut self, id: NodeId, lo: u32, width: u32) -> Ssa {
        let whole = self.unit.width(id);
        if let (Val::Pointer { base, offset, .. }, None) = (self.value(id), self.constant_of(id)) {
            let at = offset + (lo / 8) as i32;
            let aligned = lo.is_multiple_of(8);
            match width {
                8 if aligned => return self.b.ins().uload8(I64, trusted(), base, at),
                16 if aligned => return self.b.ins().uload16(I64, trusted(), base, at),
                32 if aligned => return self.b.ins().uload32(trusted(), base, at),
                _ => {}
            }
        }
        let (first, shift) = (lo as usize / 64, lo % 64);
        let low = self.raw_word(id, first);
        let mut out = self.shr(low, shift);
        if shift + width > 64 {
            let high = self.raw_word(id, first + 1);
            let high = self.shl(high, 64 - shift);
            out = self.b.ins().bor(out, high);
        }
        let top = lo + width == whole && self.is_clean(id) || shift + width == 64;
        if top { out } else { self.and_imm(out, mask(width)) }
    }

    /// Address of the words of a wide value, its last word perhaps dirty. A computed value is
    /// written to the stack: such an address must not leave the function.
    pub(super) fn pointer(&mut self, id: NodeId) -> Ssa {
        if let Val::Pointer { base, offset, .. } = self.value(id) {
            return self.offset(base, offset);
        }
        if let Some(base) = self.spilled.get(&id) {
            return *base;
        }
        let all = self.all_words(id);
        let slot = StackSlotData::new(StackSlotKind::ExplicitSlot, 8 * all.len() as u32, 4);
        let slot = self.b.create_sized_stack_slot(slot);
        let base = self.b.ins().stack_addr(I64, slot, 0);
        for (i, word) in all.into_iter().enumerate() {
            self.b.ins().store(trusted(), word, base, 8 * i as i32);
        }
        self.spilled.insert(id, base);
        base
    }

    /// Writes a value of any width to memory, upper bits clean.
    pub fn copy(&mut self, id: NodeId, to: Ssa) {
        let n = words(self.unit.width(id));
        match self.value(id) {
            Val::Pointer { base, offset, clean } => {
                let full = if clean { n } else { n - 1 };
                if full > 64 {
                    let from = self.offset(base, offset);
                    let count = self.constant(full as i64);
                    self.call(runtime::copy as *const () as usize, &[to, from, count]);
                } else {
                    self.move_words(base, offset, to, full);
                }
                if !clean {
                    let last = self.word(id, n - 1);
                    self.b.ins().store(trusted(), last, to, 8 * (n - 1) as i32);
                }
            }
            _ => {
                for i in 0..n {
                    let word = self.word(id, i);
                    self.b.ins().store(trusted(), word, to, 8 * i as i32);
                }
            }
        }
    }

    /// Moves words 16 bytes at a time. Source and destination are the same or apart.
    pub fn move_words(&mut self, from: Ssa, offset: i32, to: Ssa, n: usize) {
        let mut i = 0;
        while i < n {
            // A few loads before their stores keep the loads in flight.
            let mut batch = vec![];
            while i < n && batch.len() < 8 {
                let (ty, step) = if i + 2 <= n { (I64X2, 2) } else { (I64, 1) };
                batch.push((i, self.b.ins().load(ty, unaligned(), from, offset + 8 * i as i32)));
                i += step;
            }
            for (i, value) in batch {
                self.b.ins().store(unaligned(), value, to, 8 * i as i32);
            }
        }
    }

    /// Moves an even number of words, 16 bytes at a time; their difference from what was there, if there are any.
    fn move_and_compare(&mut self, from: Ssa, offset: i32, to: Ssa, n: usize) -> Option<Ssa> {
        let mut sum = None;
        for i in (0..n).step_by(2).map(|i| 8 * i as i32) {
            let new = self.b.ins().load(I64X2, unaligned(), from, offset + i);
            let old = self.b.ins().load(I64X2, unaligned(), to, i);
            self.b.ins().store(unaligned(), new, to, i);
            let difference = self.b.ins().bxor(old, new);
            sum = Some(sum.map_or(difference, |sum| self.b.ins().bor(sum, difference)));
        }
        let sum = sum?;
        let (low, high) = (self.b.ins().extractlane(sum, 0), self.b.ins().extractlane(sum, 1));
        Some(self.b.ins().bor(low, high))
    }

    /// Calls a runtime routine that takes 64-bit arguments and gives nothing.
    pub(super) fn call(&mut self, routine: usize, args: &[Ssa]) {
        let (b, call_conv) = (&mut self.b, self.config.default_call_conv);
        let signature = *self.signatures.entry(args.len()).or_insert_with(|| {
            let mut signature = Signature::new(call_conv);
            signature.params.resize(args.len(), AbiParam::new(I64));
            b.import_signature(signature)
        });
        let routine = self.constant(routine as i64);
        self.b.ins().call_indirect(signature, routine, args);
    }

    /// Word `i` of a value of any width, for code outside.
    pub fn word_of(&mut self, id: NodeId, i: usize) -> Ssa {
        self.word(id, i)
    }

    /// Writes a wide value, clean, to slots that stay as they are until the next edge. Gives their address and, if
    /// asked for, its difference from what was there: zero if there is none.
    pub fn fill_buffer(&mut self, id: NodeId, slot: usize, compare: bool) -> (Ssa, Option<Ssa>) {
        let to = self.address(slot);
        if !compare {
            self.copy(id, to);
            return (to, None);
        }
        let n = words(self.unit.width(id));
        let mut differences = vec![];
        let mut done = 0;
        if let (Val::Pointer { base, offset, clean }, false) = (self.value(id), self.is(Fault::FirstWordAlone)) {
            done = if clean { n } else { n - 1 } & !1;
            differences.extend(self.move_and_compare(base, offset, to, done));
        }
        for i in done..n {
            let (old, new) = (self.load(slot + i), self.word(id, i));
            if i == 0 || !self.is(Fault::FirstWordAlone) {
                differences.push(self.b.ins().bxor(old, new));
            }
            self.store(new, slot + i);
        }
        (to, Some(self.or_all(differences)))
    }

    /// Ors a difference into slot `at` of [`Layout::gathered`]; `used` are the slots so far.
    ///
    /// In memory and not in a register, because the code generator would compute all differences
    /// where their sum is used, long after, and keep old and new values on the stack until then.
    pub fn gather(&mut self, used: &mut Vec<usize>, at: usize, difference: Ssa) {
        let mut sum = difference;
        if used.contains(&at) {
            let before = self.load(self.layout.gathered + at);
            sum = self.b.ins().bor(before, difference);
        } else {
            used.push(at);
        }
        self.store(sum, self.layout.gathered + at);
    }

    /// Sets the byte at `flag`.
    pub fn set_flag(&mut self, flag: Ssa) {
        let one = self.b.ins().iconst(I8, 1);
        self.b.ins().store(trusted(), one, flag, 0);
    }

    /// Sets the byte at `flag` if `changed` is not zero.
    pub fn raise_flag(&mut self, flag: Ssa, changed: Ssa) {
        let old = self.b.ins().load(I8, trusted(), flag, 0);
        let changed = self.b.ins().icmp_imm_u(IntCC::NotEqual, changed, 0);
        let new = self.b.ins().bor(old, changed);
        self.b.ins().store(trusted(), new, flag, 0);
    }

    /// Ends the function.
    pub fn finish(mut self, results: &[Ssa]) {
        self.b.ins().return_(results);
        self.b.seal_all_blocks();
        self.b.finalize(self.config);
    }

    /// Equal, as 0 or 1.
    pub fn equal(&mut self, a: Ssa, b: Ssa) -> Ssa {
        self.compare(IntCC::Equal, a, b)
    }

    /// Is it other than zero, as 0 or 1?
    pub fn nonzero(&mut self, a: Ssa) -> Ssa {
        self.compare_imm(IntCC::NotEqual, a, 0)
    }
}

pub(super) use clif::Value as SsaValue;
