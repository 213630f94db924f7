use beehive_hdl::dut::{Dut, DutExt};
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught, mutant};
use beehive_hdl::testbench::{Bench, Failure, seeds};
use beehive_hw::device::page::{Page, page};
use beehive_wire::device::{self as map, Access, REGISTERS, RESET_CYCLES, RESET_KEY, interrupt};
use std::collections::HashMap;

const DESCRIPTION: u32 = 0x1234;
const DESIGN: u32 = 0xfeed_beef;

fn example() -> Def {
    page(Page { description: DESCRIPTION, design: DESIGN })
}

/// Cycles at the beginning.
const START: u64 = (1 << 32) - 2_000;

const ALL: u32 = (1 << interrupt::VECTORS) - 1;

/// The page in plain Rust, a cycle at a time.
#[derive(Default)]
struct Model {
    values: HashMap<&'static str, u32>,
    cycles: u64,
    /// Cycles of the reset that are left.
    left: u32,
    /// Interrupts that are sent in this cycle.
    sent: u32,
}

/// What goes in during a cycle.
#[derive(Clone, Copy, Debug, Default)]
struct Inputs {
    /// Offset, and data of a write.
    access: Option<(u32, Option<u32>)>,
    flr: bool,
    lost: bool,
    cut: bool,
    skipped: bool,
    refused: bool,
    timeout: bool,
}

impl Model {
    fn new() -> Model {
        let constants = [
            (map::MAGIC, map::MAGIC_VALUE),
            (map::VERSION, map::VERSION_VALUE),
            (map::LAYOUT, map::LAYOUT_VALUE),
            (map::DESIGN, DESIGN),
            (map::DESCRIPTION, DESCRIPTION),
            (map::VECTORS, interrupt::VECTORS),
        ];
        Model {
            values: constants.into_iter().map(|(register, value)| (register.name, value)).collect(),
            ..Model::default()
        }
    }

    fn get(&self, register: map::Register) -> u32 {
        match register {
            map::CYCLES_LOW => self.cycles as u32,
            map::RESET => u32::from(self.left > 0),
            _ => self.values.get(register.name).copied().unwrap_or(0),
        }
    }

    /// What the page answers in this cycle: the value if the access is possible.
    fn answer(&self, access: (u32, Option<u32>)) -> Option<u32> {
        let register = REGISTERS.iter().find(|register| register.offset == access.0)?;
        let possible = access.1.is_none() || register.access != Access::ReadOnly;
        possible.then(|| self.get(*register))
    }

    /// The clock edge.
    fn step(&mut self, inputs: Inputs) {
        let get = |model: &Model, register: map::Register| model.values.get(register.name).copied().unwrap_or(0);
        let written = |register: map::Register| match inputs.access {
            Some((offset, Some(data))) if offset == register.offset => Some(data),
            _ => None,
        };
        let asked = inputs.flr || written(map::RESET) == Some(RESET_KEY);
        let done = self.left == 1 && !asked;
        self.left = if asked { RESET_CYCLES } else { self.left.saturating_sub(1) };
        if inputs.access == Some((map::CYCLES_LOW.offset, None)) {
            self.values.insert(map::CYCLES_HIGH.name, (self.cycles >> 32) as u32);
        }
        self.cycles += 1;

        let mut happens = written(map::INTERRUPT_RAISE).unwrap_or(0) & ALL;
        for (vector, event) in
            [(interrupt::RESET_DONE, done), (interrupt::LOST, inputs.lost), (interrupt::TIMEOUT, inputs.timeout)]
        {
            happens |= u32::from(event) << vector;
        }
        let (status, enable) = (get(self, map::INTERRUPT_STATUS), get(self, map::INTERRUPT_ENABLE));
        let enables = written(map::INTERRUPT_ENABLE).map(|data| data & ALL);
        self.sent = enable & happens | enables.unwrap_or(0) & !enable & (status | happens);
        let cleared = written(map::INTERRUPT_STATUS).unwrap_or(0);
        self.values.insert(map::INTERRUPT_STATUS.name, status & !cleared | happens);
        self.values.insert(map::INTERRUPT_ENABLE.name, enables.unwrap_or(enable));
        if let Some(data) = written(map::SCRATCH) {
            self.values.insert(map::SCRATCH.name, data);
        }
        if inputs.flr {
            for register in [map::INTERRUPT_STATUS, map::INTERRUPT_ENABLE, map::SCRATCH] {
                self.values.insert(register.name, 0);
            }
            self.sent = 0;
        }
        for (register, event) in [
            (map::RESETS, done),
            (map::LOST, inputs.lost),
            (map::CUT_FRAMES, inputs.cut),
            (map::SKIPPED_FRAMES, inputs.skipped),
            (map::REFUSED, inputs.refused),
            (map::TIMEOUTS, inputs.timeout),
        ] {
            *self.values.entry(register.name).or_default() += u32::from(event);
        }
    }
}

fn put(dut: &mut dyn Dut, name: &str, value: u32) {
    let pin = dut.pin(name);
    dut.set(pin, value.into());
}

fn see(dut: &mut dyn Dut, name: &str) -> u32 {
    let pin = dut.pin(name);
    dut.get(pin) as u32
}

fn check(def: &Def) -> Result<(), Failure> {
    for seed in seeds(6) {
        // The same page, shortly before the low half of the cycles is full.
        let late = mutant(def, |m| m.change_reset("cycles", START.into())).expect("a register");
        let mut bench = Bench::new(beehive_sim::open(&late), seed);
        let mut model = Model { cycles: START, ..Model::new() };
        for _ in 0..4_000 {
            let rng = bench.rng();
            let offset = if rng.one_in(8) { 4 * rng.within(0..1024) as u32 } else { rng.one_of(REGISTERS).offset };
            let data = match offset {
                offset if offset == map::RESET.offset && rng.one_in(4) => RESET_KEY,
                _ => rng.within(0..1 << 32) as u32,
            };
            let access = rng.one_in(2).then(|| (offset, rng.one_in(2).then_some(data)));
            let mut event = || rng.one_in(16);
            let mut inputs = Inputs { access, ..Inputs::default() };
            let events = [&mut inputs.lost, &mut inputs.cut, &mut inputs.skipped, &mut inputs.refused];
            events.into_iter().for_each(|to| *to = event());
            (inputs.timeout, inputs.flr) = (event(), event() && event());
            let seen = bench.tick_with(|dut| {
                put(dut, "access", access.is_some().into());
                let (at, write) = access.unwrap_or((offset, None));
                put(dut, "offset", at);
                put(dut, "write", write.is_some().into());
                put(dut, "data", write.unwrap_or(0));
                for (name, value) in [
                    ("flr", inputs.flr),
                    ("lost", inputs.lost),
                    ("cut", inputs.cut),
                    ("skipped", inputs.skipped),
                    ("refused", inputs.refused),
                    ("timeout", inputs.timeout),
                ] {
                    put(dut, name, value.into());
                }
                let known = see(dut, "known") == 1;
                (known.then(|| see(dut, "answer")), see(dut, "clear"), see(dut, "interrupts"))
            })?;
            if let Some(access) = access {
                bench.equal(&format!("answer to {access:x?}"), seen.0, model.answer(access))?;
            }
            bench.equal("clear", seen.1, u32::from(model.left > 0))?;
            bench.equal("interrupts", seen.2, model.sent)?;
            model.step(inputs);
        }
    }
    Ok(())
}

#[test]
fn the_page_does_what_the_map_says() -> Result<(), Failure> {
    check(&example())
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("a reset is not told", |m| m.change("reset_done", Change::Constant(0))),
        ("a reset lasts on", |m| m.drop_assignment("clear_left", 1)),
        ("any value resets", |m| m.change("asked", Change::Stick { bit: 0, at: true })),
        ("interrupts that happened are forgotten", |m| m.change("wakes", Change::Constant(0))),
        ("interrupts are not cleared", |m| m.change("cleared", Change::Constant(0))),
        ("the high half runs on", |m| m.drop_assignment("cycles_high", 0)),
        ("the function's reset keeps the scratch", |m| m.drop_assignment("scratch", 1)),
        ("everything can be written", |m| m.change_assigned("known", 0, Change::Constant(1))),
        ("nothing is lost", |m| m.drop_assignment("lost_count", 0)),
    ];
    assert_all_caught(&example(), mutants, check);
}
