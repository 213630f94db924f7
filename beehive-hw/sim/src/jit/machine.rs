//! A design linked together: state blocks, the order in which settle functions run, and who has to
//! run at all.
//!
//! ```text
//!   arena:  dirty flags | top inputs | constants | fan-outs | state block | state block | ...
//!
//!   settle: for (instance, group) in topological order, if the instance is dirty: compute outputs;
//!           an output that changed raises the flags of those who look at it
//!   step:   for dirty instances: clock edge; stays dirty if its state changed
//! ```

use super::arena::Arena;
use super::code::{Code, Settle, Step};
use super::design::{Design, Source};
use super::program::{Program, STEP_CHECKS, STEP_DIRTY, STEP_STAGED};
use super::runtime;
use super::{Error, Options};
use crate::fault::Fault;
use beehive_hdl::ir::{Dir, Module};
use beehive_hdl::value::{Value, words};
use std::collections::VecDeque;

/// A settle function and its argument.
struct Call {
    flag: usize,
    function: Settle,
    state: *mut u64,
}

/// The clock edge of one instance.
struct Edge {
    function: Step,
    state: *mut u64,
    checked: bool,
}

/// Where a value is.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// The words themselves.
    Words(usize),
    /// The slot holds their address.
    Address(usize),
}

/// A running design.
pub(super) struct Machine {
    pub design: Design,
    pub programs: Vec<Option<Program>>,
    arena: Arena,
    pub code: Code,
    /// Per instance its state block; `None` if it has nothing to run.
    pub blocks: Vec<Option<usize>>,
    /// Instances with something to run, as in `edges`.
    pub active: Vec<usize>,
    flag_count: usize,
    schedule: Vec<Call>,
    edges: Vec<Edge>,
    probes: Vec<(Settle, *mut u64)>,
    /// Per edge: the stages of its instance with their lengths.
    stages: Vec<Vec<(usize, usize)>>,
    staged: Vec<usize>,
    /// Per edge: does some check have its bit set?
    pub hot: Vec<bool>,
    /// How many of them.
    pub hot_count: usize,
    /// Per port of the top: its words, if it is an input.
    pub inputs: Vec<Option<usize>>,
    /// Per port of the top: flags of those who look at it.
    listeners: Vec<Vec<usize>>,
    /// Per port of the top.
    pub outputs: Vec<Option<Place>>,
    /// Words that never change.
    links: Vec<(usize, u64)>,
    gating: bool,
    fault: Option<Fault>,
    /// Is any flag up?
    busy: bool,
    /// Are outputs up to date?
    settled: bool,
    probed: bool,
}

// SAFETY: the raw pointers point into `arena` and `code`, which move along with the machine and are
// used by it alone.
unsafe impl Send for Machine {}

/// Hands out slots.
struct Allocator(usize);

impl Allocator {
    fn take(&mut self, n: usize) -> usize {
        self.0 += n;
        self.0 - n
    }
    /// At the start of a cache line (as far as the arena's base is aligned).
    fn align(&mut self) {
        self.0 = self.0.next_multiple_of(8);
    }
}

impl Machine {
    pub fn new(top: &Module, design: Design, options: &Options) -> Result<Machine, Error> {
        let wiring = Wiring::new(&design, options);
        let mut programs = vec![];
        for (index, unit) in design.units.iter().enumerate() {
            let (dynamic, audiences) = (&wiring.dynamic[index], &wiring.audiences[index]);
            programs.push(if unit.is_active() { Some(Program::new(unit, dynamic, audiences, options)?) } else { None });
        }
        let code = Code::new(&design, &programs, options)?;
        let order = schedule(&design, &programs)?;

        // Lay out the arena.
        let mut slots = Allocator(0);
        let mut flags = vec![usize::MAX; design.insts.len()];
        let mut active = vec![];
        for (index, inst) in design.insts.iter().enumerate() {
            if programs[inst.unit].is_some() {
                flags[index] = active.len();
                active.push(index);
            }
        }
        let fans: Vec<(usize, usize)> = wiring.fan_outs(&design, &programs);
        // One flag per active instance, one per fan-out, one that nobody looks at.
        let flag_count = active.len() + fans.len() + 1;
        slots.take(flag_count.div_ceil(8));
        slots.align();
        let inputs: Vec<Option<usize>> =
            top.ports.iter().map(|p| (p.dir == Dir::In).then(|| slots.take(words(p.width)))).collect();
        let input_slots: Vec<usize> = top
            .ports
            .iter()
            .zip(&inputs)
            .map(|(p, words)| if p.width > 64 { slots.take(1) } else { words.unwrap_or(0) })
            .collect();
        let mut constants: Vec<(Value, usize, usize)> = vec![];
        for source in design.insts.iter().flat_map(|i| &i.sources).chain(design.outputs.iter().flatten()) {
            if let Source::Const(value) = source
                && !constants.iter().any(|(c, ..)| c == value)
            {
                let data = slots.take(words(value.width()));
                let slot = if value.width() > 64 { slots.take(1) } else { data };
                constants.push((value.clone(), slot, data));
            }
        }
        let fan_slots: Vec<usize> = fans.iter().map(|(i, o)| slots.take(2 + wiring.consumers[*i][*o].len())).collect();
        let mut blocks = vec![None; design.insts.len()];
        for index in &active {
            slots.align();
            let program = programs[design.insts[*index].unit].as_ref().expect("active");
            blocks[*index] = Some(slots.take(program.layout.size));
        }
        let arena = Arena::new(slots.0 + 1);

        // Links and listeners.
        let flag_address = |flag: usize| arena.address(0) + flag as u64;
        let mut links = vec![];
        for (port, slot) in top.ports.iter().zip(&input_slots) {
            if let (true, Some(words)) = (port.width > 64, inputs[top_index(top, port)]) {
                links.push((*slot, arena.address(words)));
            }
        }
        for (value, slot, data) in &constants {
            links.extend(value.words().iter().enumerate().map(|(i, word)| (data + i, *word)));
            if slot != data {
                links.push((*slot, arena.address(*data)));
            }
        }
        let layout_of = |inst: usize| &programs[design.insts[inst].unit].as_ref().expect("active").layout;
        let block_of = |inst: usize| blocks[inst].expect("active");
        let slot_of = |source: &Source| match source {
            Source::Out(inst, output) => block_of(*inst) + layout_of(*inst).outs + output,
            Source::Top(port) => input_slots[*port],
            Source::Const(value) => constants.iter().find(|(c, ..)| c == value).expect("collected").1,
        };
        for index in &active {
            let (block, layout) = (block_of(*index), layout_of(*index));
            for (input, source) in design.insts[*index].sources.iter().enumerate() {
                links.push((block + layout.links + input, arena.address(slot_of(source))));
            }
            for (output, consumers) in wiring.consumers[*index].iter().enumerate() {
                let flag = match consumers[..] {
                    [] => flag_count - 1,
                    [one] => flags[one],
                    _ => match fans.iter().position(|f| *f == (*index, output)) {
                        Some(fan) => active.len() + fan,
                        None => continue, // another output wakes them
                    },
                };
                links.push((block + layout.listeners + output, flag_address(flag)));
            }
        }
        for (k, ((inst, output), slot)) in fans.iter().zip(&fan_slots).enumerate() {
            let consumers = &wiring.consumers[*inst][*output];
            links.push((*slot, flag_address(active.len() + k)));
            links.push((slot + 1, consumers.len() as u64));
            links.extend(consumers.iter().enumerate().map(|(i, c)| (slot + 2 + i, flag_address(flags[*c]))));
        }

        // Calls.
        let functions = |inst: usize| code.units[design.insts[inst].unit].as_ref().expect("active");
        let mut calls = vec![];
        for (inst, group) in order {
            let program = programs[design.insts[inst].unit].as_ref().expect("active");
            let state = arena.pointer(block_of(inst));
            calls.push(Call { flag: flags[inst], function: functions(inst).settle[group], state });
            for output in &program.groups[group].outputs {
                if let Some(k) = fans.iter().position(|f| *f == (inst, *output)) {
                    let (flag, state) = (active.len() + k, arena.pointer(fan_slots[k]));
                    calls.push(Call { flag, function: runtime::fan_out, state });
                }
            }
        }
        let mut edges = vec![];
        let mut stages = vec![];
        let mut probes = vec![];
        for index in &active {
            let unit = &design.units[design.insts[*index].unit];
            let state = arena.pointer(block_of(*index));
            edges.push(Edge { function: functions(*index).step, state, checked: !unit.net.checks.is_empty() });
            if !unit.probes.is_empty() {
                probes.push((functions(*index).probe, state));
            }
            let layout = layout_of(*index);
            let wide = unit.net.mems.iter().zip(&layout.stages).filter(|(m, _)| m.width > 64);
            stages.push(wide.flat_map(|(m, s)| s.iter().map(|s| (block_of(*index) + s, words(m.width)))).collect());
        }
        let mut listeners = vec![vec![]; top.ports.len()];
        for index in &active {
            let inst = &design.insts[*index];
            for (input, source) in inst.sources.iter().enumerate() {
                if let Source::Top(port) = source
                    && wiring.triggers[inst.unit][input]
                    && !listeners[*port].contains(&flags[*index])
                {
                    listeners[*port].push(flags[*index]);
                }
            }
        }
        let place = |(port, source): (usize, &Option<Source>)| {
            let slot = slot_of(source.as_ref()?);
            Some(if top.ports[port].width > 64 { Place::Address(slot) } else { Place::Words(slot) })
        };
        let outputs = design.outputs.iter().enumerate().map(place).collect();
        let hot = vec![false; edges.len()];
        let mut machine = Machine {
            design,
            programs,
            arena,
            code,
            blocks,
            active,
            flag_count,
            schedule: calls,
            edges,
            probes,
            stages,
            staged: vec![],
            hot,
            hot_count: 0,
            inputs,
            listeners,
            outputs,
            links,
            gating: options.gating,
            fault: options.fault,
            busy: true,
            settled: false,
            probed: false,
        };
        machine.power_up();
        Ok(machine)
    }

    // ---- running ----

    /// Brings all outputs up to date.
    pub fn settle(&mut self) {
        if self.settled {
            return;
        }
        self.settled = true;
        if !self.busy {
            return;
        }
        let flags: *const u8 = self.arena.pointer(0).cast();
        for call in &self.schedule {
            // SAFETY: flags are the first bytes of the arena. The function was compiled (or written)
            // for the block that `state` points to, whose links `power_up` wrote.
            unsafe {
                if *flags.add(call.flag) != 0 {
                    (call.function)(call.state);
                }
            }
        }
    }

    /// One clock edge. Outputs must be settled before.
    pub fn step(&mut self, reset: bool) {
        debug_assert!(self.settled);
        if self.busy {
            self.step_dirty();
            self.settled = false;
            self.probed = false;
        }
        if reset {
            self.reset();
        }
    }

    fn step_dirty(&mut self) {
        let flags: *mut u8 = self.arena.pointer(0).cast();
        let mut any = 0;
        for (index, edge) in self.edges.iter().enumerate() {
            // SAFETY: as in `settle`; each instance has a flag.
            let result = unsafe {
                let flag = flags.add(index);
                if *flag == 0 {
                    if self.fault == Some(Fault::SleepingChecks) && self.hot[index] {
                        self.hot[index] = false;
                        self.hot_count -= 1;
                    }
                    continue;
                }
                let result = (edge.function)(edge.state);
                if self.gating {
                    *flag = (result & STEP_DIRTY) as u8;
                    any |= result & STEP_DIRTY;
                }
                result
            };
            if result & STEP_STAGED != 0 {
                self.staged.push(index);
            }
            if edge.checked {
                let hot = result & STEP_CHECKS != 0;
                self.hot_count = self.hot_count + usize::from(hot) - usize::from(self.hot[index]);
                self.hot[index] = hot;
            }
        }
        self.busy = !self.gating || any != 0;
        for index in self.staged.drain(..) {
            for (stage, n) in &self.stages[index] {
                let Some(entry) = self.arena.slot_at(self.arena.get(*stage)) else { continue };
                self.arena.copy(stage + 1, entry, *n);
                self.arena.set(*stage, 0);
            }
        }
    }

    /// Raises every flag.
    fn wake_all(&mut self) {
        for flag in 0..self.edges.len() {
            self.wake(flag);
        }
    }

    fn wake(&mut self, flag: usize) {
        debug_assert!(flag < self.flag_count);
        let flags: *mut u8 = self.arena.pointer(0).cast();
        // SAFETY: the arena starts with `flag_count` flags.
        unsafe { *flags.add(flag) = 1 }
        self.busy = true;
        self.settled = false;
    }

    /// Registers take their reset values.
    fn reset(&mut self) {
        for index in 0..self.design.insts.len() {
            let inst = &self.design.insts[index];
            let (Some(block), Some(program)) = (self.blocks[index], &self.programs[inst.unit]) else { continue };
            let unit = &self.design.units[inst.unit];
            for (update, place) in unit.updates.iter().zip(&program.layout.regs) {
                let Some(value) = &update.reset else { continue };
                let wide = value.width() > 64;
                if wide && self.fault == Some(Fault::PartialReset) {
                    continue;
                }
                let slot = block + place.slot;
                let at = if wide { self.arena.slot_at(self.arena.get(slot)).expect("a buffer") } else { slot };
                self.arena.slice_mut(at, value.words().len()).copy_from_slice(value.words());
            }
        }
        self.probed = false;
        self.wake_all();
    }

    /// State, memories and inputs as at power-up.
    pub fn power_up(&mut self) {
        self.arena.slice_mut(0, self.arena.len()).fill(0);
        for (slot, word) in &self.links {
            self.arena.set(*slot, *word);
        }
        for (index, inst) in self.design.insts.iter().enumerate() {
            let (Some(block), Some(program)) = (self.blocks[index], &self.programs[inst.unit]) else { continue };
            let (unit, layout) = (&self.design.units[inst.unit], &program.layout);
            for (update, place) in unit.updates.iter().zip(&layout.regs) {
                let slot = block + place.slot;
                let mut at = slot;
                if unit.width(update.node) > 64 {
                    at = block + place.buffers();
                    self.arena.set(slot, self.arena.address(at));
                }
                if let Some(value) = &update.reset {
                    self.arena.slice_mut(at, value.words().len()).copy_from_slice(value.words());
                }
            }
            for (m, mem) in unit.net.mems.iter().enumerate() {
                for place in layout.reads[m].iter().filter(|_| mem.width > 64) {
                    self.arena.set(block + place.slot, self.arena.address(block + place.buffers()));
                }
                let n = words(mem.width);
                for (i, value) in mem.init.iter().enumerate() {
                    self.arena.slice_mut(block + layout.mems[m] + n * i, n).copy_from_slice(value.words());
                }
            }
        }
        self.hot.fill(false);
        self.hot_count = 0;
        self.probed = false;
        self.wake_all();
        self.busy = true;
        self.settled = false;
    }

    // ---- looking in ----

    /// Sets an input of the top (clean words).
    pub fn poke(&mut self, port: usize, value: &[u64]) {
        let slot = self.inputs[port].expect("an input");
        let words = self.arena.slice_mut(slot, value.len());
        if words == value {
            return;
        }
        words.copy_from_slice(value);
        self.probed = false;
        for i in 0..self.listeners[port].len() {
            self.wake(self.listeners[port][i]);
        }
    }

    /// Words at a place.
    pub fn read(&self, place: Place, out: &mut [u64]) {
        match place {
            Place::Words(slot) => out.copy_from_slice(self.arena.slice(slot, out.len())),
            Place::Address(slot) => {
                let address = self.arena.get(slot) as *const u64;
                // SAFETY: generated code (or a link) left the address of a value this wide here; it
                // points into the arena or to a constant of the code.
                let words = unsafe { std::slice::from_raw_parts(address, out.len()) };
                out.copy_from_slice(words);
            }
        }
    }

    /// Words of the arena, for memories.
    pub fn words(&self, slot: usize, n: usize) -> &[u64] {
        self.arena.slice(slot, n)
    }

    /// Overwrites state of an instance.
    pub fn overwrite(&mut self, slot: usize, value: &[u64]) {
        self.arena.slice_mut(slot, value.len()).copy_from_slice(value);
        self.probed = false;
        // Whoever holds the entry's address sees no other change.
        self.wake_all();
    }

    /// Brings all probes up to date.
    pub fn probe(&mut self) {
        self.settle();
        if std::mem::replace(&mut self.probed, true) {
            return;
        }
        for (function, state) in &self.probes {
            // SAFETY: as in `settle`.
            unsafe { function(*state) }
        }
    }

    /// One bit per check of an active instance.
    pub fn check_words(&self, inst: usize) -> &[u64] {
        let unit = self.design.insts[inst].unit;
        let layout = &self.programs[unit].as_ref().expect("active").layout;
        let n = self.design.units[unit].net.checks.len().div_ceil(64);
        self.arena.slice(self.blocks[inst].expect("active") + layout.checks, n)
    }
}

fn top_index(top: &Module, port: &beehive_hdl::ir::Port) -> usize {
    top.ports.iter().position(|p| std::ptr::eq(p, port)).expect("a port of the top")
}

/// Who listens to whom.
struct Wiring {
    /// Per unit and input: does another instance drive it, in any instance of the unit?
    dynamic: Vec<Vec<bool>>,
    /// Per unit and input: does a change matter by itself?
    triggers: Vec<Vec<bool>>,
    /// Per instance and output: instances with a trigger on it.
    consumers: Vec<Vec<Vec<usize>>>,
    /// Per unit and output: equal numbers for those with the same consumers in every instance;
    /// `None` if there are none anywhere.
    audiences: Vec<Vec<Option<usize>>>,
}

impl Wiring {
    fn new(design: &Design, options: &Options) -> Wiring {
        let units = &design.units;
        let mut triggers: Vec<Vec<bool>> = units.iter().map(|u| u.triggers()).collect();
        if options.fault == Some(Fault::ForgottenTrigger) {
            triggers.iter_mut().for_each(|t| t[..].first_mut().into_iter().for_each(|t| *t = false));
        }
        let mut dynamic: Vec<Vec<bool>> = units.iter().map(|u| vec![false; u.inputs.len()]).collect();
        let mut consumers: Vec<Vec<Vec<usize>>> =
            design.insts.iter().map(|i| vec![vec![]; units[i.unit].outputs.len()]).collect();
        for (index, inst) in design.insts.iter().enumerate() {
            for (input, source) in inst.sources.iter().enumerate() {
                let Source::Out(from, output) = source else { continue };
                dynamic[inst.unit][input] = true;
                if options.gating && triggers[inst.unit][input] {
                    let list = &mut consumers[*from][*output];
                    if !list.contains(&index) {
                        list.push(index);
                    }
                }
            }
        }
        let mut audiences = vec![];
        for (unit, of) in units.iter().enumerate() {
            let insts = || (0..design.insts.len()).filter(|i| design.insts[*i].unit == unit);
            let same = |a: usize, b: usize| insts().all(|i| consumers[i][a] == consumers[i][b]);
            let heard = |output: usize| insts().any(|i| !consumers[i][output].is_empty());
            let number = |output: usize| heard(output).then(|| (0..=output).find(|first| same(*first, output)));
            audiences.push((0..of.outputs.len()).map(|output| number(output).flatten()).collect());
        }
        Wiring { dynamic, triggers, consumers, audiences }
    }

    /// Outputs that wake several consumers.
    fn fan_outs(&self, design: &Design, programs: &[Option<Program>]) -> Vec<(usize, usize)> {
        let mut fans = vec![];
        for (index, inst) in design.insts.iter().enumerate() {
            let Some(program) = &programs[inst.unit] else { continue };
            let several = |o: &usize| self.consumers[index][*o].len() > 1 && program.wakes(*o);
            fans.extend((0..self.consumers[index].len()).filter(several).map(|o| (index, o)));
        }
        fans
    }
}

/// Orders (instance, group) by combinational dependence.
fn schedule(design: &Design, programs: &[Option<Program>]) -> Result<Vec<(usize, usize)>, Error> {
    let program = |inst: usize| programs[design.insts[inst].unit].as_ref();
    // Number all (instance, group) pairs.
    let mut first = vec![];
    let mut pairs: Vec<(usize, usize)> = vec![];
    for inst in 0..design.insts.len() {
        first.push(pairs.len());
        pairs.extend((0..program(inst).map_or(0, |p| p.groups.len())).map(|g| (inst, g)));
    }
    let group_of: Vec<Vec<usize>> = programs
        .iter()
        .map(|p| {
            let mut of = vec![0; p.as_ref().map_or(0, |p| p.wakers.len())];
            for (g, group) in p.iter().flat_map(|p| p.groups.iter().enumerate()) {
                group.outputs.iter().for_each(|o| of[*o] = g);
            }
            of
        })
        .collect();
    let mut after: Vec<Vec<usize>> = vec![vec![]; pairs.len()];
    let mut waits = vec![0; pairs.len()];
    for (k, (inst, group)) in pairs.iter().enumerate() {
        for dep in &program(*inst).expect("has groups").groups[*group].deps {
            if let Source::Out(from, output) = design.insts[*inst].sources[*dep] {
                after[first[from] + group_of[design.insts[from].unit][output]].push(k);
                waits[k] += 1;
            }
        }
    }
    let mut ready: VecDeque<usize> = (0..pairs.len()).filter(|k| waits[*k] == 0).collect();
    let mut order = vec![];
    while let Some(k) = ready.pop_front() {
        order.push(pairs[k]);
        for next in &after[k] {
            waits[*next] -= 1;
            if waits[*next] == 0 {
                ready.push_back(*next);
            }
        }
    }
    if order.len() == pairs.len() { Ok(order) } else { Err(Error::Loop) }
}
