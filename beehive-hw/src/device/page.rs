//! The device's own registers: [`beehive_wire::device::REGISTERS`].

use beehive_hdl::blocks::one_hot::one_hot_mux;
use beehive_hdl::prelude::*;
use beehive_wire::device::{self as map, Access, interrupt};

/// Parameters of [`page`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Page {
    /// Bytes of the description.
    pub description: u32,
    /// Hash of the description.
    pub design: u32,
}

/// The module.
///
/// - Bus: inputs `access` (high for a cycle), `write`, `offset` (12 bits), `data`; in the same cycle outputs `answer` and `known`: there is such a
///   register, and it can be accessed so.
/// - Events, high for a cycle each: inputs `lost`, `cut`, `skipped`, `unsent`, `refused`, `timeout`; `flr`, the reset of the whole function.
/// - Outputs `clear`, high while the card is reset; `interrupts`, a bit per vector, high for a cycle for each interrupt that is sent.
#[hw]
pub fn page(p: Page) -> Def {
    module(p, |p| {
        let access = input("access", 1);
        let write = input("write", 1);
        let offset = input("offset", 12);
        let data = input("data", 32);
        let flr = input("flr", 1);
        let written = |register: map::Register| access & write & offset.eq(register.offset);
        let read = |register: map::Register| access & !write & offset.eq(register.offset);

        // Reset.
        let left = reg_init("clear_left", 8, 0);
        let clearing = left.ne(0);
        let asked = flr | written(map::RESET) & data.eq(map::RESET_KEY);
        when(asked, || left.set(map::RESET_CYCLES)).elsewhen(clearing, || left.set(*left - 1));
        let reset_done = (left.eq(1) & !asked).named("reset_done");
        output("clear", 1).set(clearing);

        let cycles = reg_init("cycles", 64, 0);
        cycles.set(*cycles + 1);
        let cycles_high = reg("cycles_high", 32);
        when(read(map::CYCLES_LOW), || cycles_high.set(cycles.slice(32, 32)));

        let scratch = reg_init("scratch", 32, 0);
        when(written(map::SCRATCH), || scratch.set(data));
        when(flr, || scratch.set(0));

        // Interrupts.
        let vectors = interrupt::VECTORS;
        let (lost, timeout) = (input("lost", 1), input("timeout", 1));
        let raised = written(map::INTERRUPT_RAISE).mux(data.trunc(vectors), 0);
        let mut events = vec![lit(1, 0); vectors as usize];
        events[interrupt::RESET_DONE as usize] = reset_done;
        events[interrupt::LOST as usize] = lost;
        events[interrupt::TIMEOUT as usize] = timeout;
        let happens = (cat(events) | raised).named("happens");
        let status = reg_init("status", vectors, 0);
        let cleared = written(map::INTERRUPT_STATUS).mux(data.trunc(vectors), 0);
        status.set(status & !cleared | happens);
        let enable = reg_init("enable", vectors, 0);
        let enables = written(map::INTERRUPT_ENABLE);
        when(enables, || enable.set(data.trunc(vectors)));
        // What happened while nobody wanted to know is told when somebody does, as is what happens in that very cycle.
        let wakes = enables.mux(data.trunc(vectors) & !enable & (status | happens), 0);
        let sent = reg_init("sent", vectors, 0);
        sent.set(enable & happens | wakes);
        when(flr, || {
            enable.set(0);
            status.set(0);
            sent.set(0);
        });
        output("interrupts", vectors).set(*sent);

        let count = |name: &str, event: Bits| {
            let count = reg_init(name, 32, 0);
            when(event, || count.set(count + 1));
            *count
        };
        let values = [
            (map::MAGIC, lit(32, map::MAGIC_VALUE.into())),
            (map::VERSION, lit(32, map::VERSION_VALUE.into())),
            (map::LAYOUT, lit(32, map::LAYOUT_VALUE.into())),
            (map::DESIGN, lit(32, p.design.into())),
            (map::DESCRIPTION, lit(32, p.description.into())),
            (map::VECTORS, lit(32, vectors.into())),
            (map::RESET, clearing.zext(32)),
            (map::RESETS, count("resets", reset_done)),
            (map::CYCLES_LOW, cycles.trunc(32)),
            (map::CYCLES_HIGH, *cycles_high),
            (map::SCRATCH, *scratch),
            (map::INTERRUPT_STATUS, status.zext(32)),
            (map::INTERRUPT_ENABLE, enable.zext(32)),
            (map::INTERRUPT_RAISE, lit(32, 0)),
            (map::LOST, count("lost_count", lost)),
            (map::CUT_FRAMES, count("cut_count", input("cut", 1))),
            (map::SKIPPED_FRAMES, count("skipped_count", input("skipped", 1))),
            (map::REFUSED, count("refused_count", input("refused", 1))),
            (map::TIMEOUTS, count("timeout_count", timeout)),
            (map::UNSENT_FRAMES, count("unsent_count", input("unsent", 1))),
        ];
        let mut hits = vec![];
        let mut answers = vec![];
        let mut writable = vec![];
        for register in map::REGISTERS {
            let value = values.iter().find(|(made, _)| made == register).map(|(_, value)| *value);
            require(value.is_some(), || format!("register `{}` of the map is not made", register.name), "make it");
            hits.push(offset.eq(register.offset));
            answers.push(value.unwrap_or_else(|| lit(32, 0)));
            if register.access != Access::ReadOnly {
                writable.push(offset.eq(register.offset));
            }
        }
        let hits = cat(hits);
        output("answer", 32).set(one_hot_mux(hits, &answers));
        output("known", 1).set(write.mux(cat(writable).any(), hits.any()));
    })
}
