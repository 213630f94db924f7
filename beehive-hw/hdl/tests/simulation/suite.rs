//! What a cycle means: registers, reset, memories, checks, as the IR documents it, on the simulator
//! that `super::open` gives.

use super::open;
use beehive_hdl::dut::{Dut, DutExt};
use beehive_hdl::prelude::*;

macro_rules! dut {
    ($body:expr) => {
        open(&elaborate(|| module((), |_: &()| $body)).expect("a module without errors"))
    };
}

fn set(dut: &mut dyn Dut, port: &str, value: u64) {
    let pin = dut.pin(port);
    dut.set(pin, value);
}

fn get(dut: &mut dyn Dut, port: &str) -> u64 {
    let pin = dut.pin(port);
    dut.get(pin)
}

#[test]
fn registers_power_up_reset_and_hold() {
    let mut dut = dut!({
        let (load, d) = (input("load", 1), input("d", 8));
        let with_reset = reg_init("with_reset", 8, 0x5a);
        let without = reg("without", 8);
        when(load, || {
            with_reset.set(d);
            without.set(d);
        });
        output("a", 8).set(with_reset);
        output("b", 8).set(without);
    });
    let dut = &mut *dut;
    let both = |dut: &mut dyn Dut| (get(dut, "a"), get(dut, "b"));
    assert_eq!(both(dut), (0x5a, 0), "at power-up");
    set(dut, "d", 7);
    dut.step();
    assert_eq!(both(dut), (0x5a, 0), "not loaded");
    set(dut, "load", 1);
    assert_eq!(both(dut), (0x5a, 0), "nothing before the edge");
    dut.step();
    assert_eq!(both(dut), (7, 7));
    set(dut, "d", 9);
    dut.set_reset(true);
    dut.step();
    assert_eq!(both(dut), (0x5a, 9), "reset reaches only the register that has one");
    dut.set_reset(false);
    assert_eq!(dut.cycle(), 3);
    dut.restart();
    assert_eq!((both(dut), dut.cycle()), ((0x5a, 0), 0), "power-up again");
}

#[test]
fn the_last_assignment_wins() {
    let mut dut = dut!({
        let (a, b) = (input("a", 1), input("b", 1));
        let y = output("y", 4);
        y.set(1);
        when(a, || y.set(2));
        when(b, || y.part(3, 1).set(1));
    });
    for (a, b, want) in [(0, 0, 1), (1, 0, 2), (0, 1, 9), (1, 1, 10)] {
        set(&mut *dut, "a", a);
        set(&mut *dut, "b", b);
        assert_eq!(get(&mut *dut, "y"), want);
    }
}

#[test]
fn dynamic_bits_read_and_write_within_the_width() {
    let mut dut = dut!({
        let i = input("i", 3);
        let r = reg_init("r", 5, 0);
        r.part_at(i).set(1);
        output("r", 5).set(r);
        let only = output("only", 1);
        only.set_default(0);
        only.part_at(i.bit(0)).set(1);
        output("picked", 1).set(lit(5, 0b10110).bit_at(i));
        output("beyond", 1).set(input("x", 5).bit_at(input("j", 16)));
    });
    for i in 0..8 {
        set(&mut *dut, "i", i);
        assert_eq!(get(&mut *dut, "picked"), 0b10110 >> i & 1, "bit {i}");
        assert_eq!(get(&mut *dut, "only"), 1 - i % 2, "a single bit has index 0 only");
        dut.step();
        assert_eq!(get(&mut *dut, "r"), (2 << i.min(4)) - 1, "an index of {i} beyond the width writes nothing");
    }
    set(&mut *dut, "x", 0x1f);
    for (j, want) in [(0, 1), (4, 1), (5, 0), (8, 0), (32, 0), (0x8000, 0)] {
        set(&mut *dut, "j", j);
        assert_eq!(get(&mut *dut, "beyond"), want, "bit {j} of 5");
    }
}

#[test]
fn block_ram_reads_the_old_entry_and_keeps_it() {
    let mut dut = dut!({
        let ram = block_ram_init("ram", 8, 4, (10..13).map(|v| Value::from_u128(8, v)));
        let port = ram.write_port();
        when(input("we", 1), || port.write(input("wa", 2), input("wd", 8)));
        output("q", 8).set(ram.read(input("re", 1), input("ra", 2)));
    });
    let dut = &mut *dut;
    assert_eq!(get(dut, "q"), 0, "the read register powers up as zero");
    set(dut, "re", 1);
    set(dut, "ra", 1);
    set(dut, "we", 1);
    set(dut, "wa", 1);
    set(dut, "wd", 99);
    assert_eq!(get(dut, "q"), 0, "one cycle of latency");
    dut.step();
    assert_eq!(get(dut, "q"), 11, "the old entry");
    set(dut, "re", 0);
    dut.step();
    assert_eq!(get(dut, "q"), 11, "kept without enable");
    set(dut, "re", 1);
    set(dut, "we", 0);
    dut.step();
    assert_eq!(get(dut, "q"), 99);
    set(dut, "ra", 3);
    dut.set_reset(true);
    dut.step();
    assert_eq!(get(dut, "q"), 0, "beyond the initial contents; reset does not hinder reads");
    assert_eq!(dut.memories()[0].path, "ram");
    assert_eq!(dut.read_entry(0, 1), Value::from_u128(8, 99));
    dut.write_entry(0, 3, &Value::from_u128(8, 77));
    dut.step();
    assert_eq!(get(dut, "q"), 77);
}

#[test]
fn lanes_and_the_order_of_ports() {
    let mut dut = dut!({
        let ram = lut_ram("ram", 24, 3);
        let (first, second) = (ram.write_port(), ram.write_port_lanes(8));
        when(input("we1", 1), || first.write(input("wa1", 2), lit(24, 0x111111)));
        when(input("we2", 1), || second.write_lanes(input("wa2", 2), lit(24, 0x222222), input("lanes", 3)));
        output("q", 24).set(ram.peek(input("ra", 2)));
    });
    let dut = &mut *dut;
    set(dut, "we1", 1);
    set(dut, "we2", 1);
    set(dut, "lanes", 0b101);
    dut.step();
    assert_eq!(get(dut, "q"), 0x221122, "the later port wins, lane by lane");
    set(dut, "wa1", 1);
    dut.step();
    set(dut, "ra", 1);
    assert_eq!(get(dut, "q"), 0x111111);
    set(dut, "ra", 3);
    assert_eq!(get(dut, "q"), 0, "the depth was rounded up to 4");
}

#[test]
fn instances_keep_their_own_state() {
    fn toggle() -> Def {
        module((), |_| {
            let q = reg_init("q", 1, 0);
            when(input("t", 1), || q.set(!q));
            output("y", 1).set(q);
        })
    }
    let mut dut = dut!({
        let (a, b) = (instance("a", &toggle()), instance("b", &toggle()));
        a.connect("t", lit(1, 1));
        b.connect("t", a.out("y"));
        output("y", 2).set(cat([a.out("y"), b.out("y")]));
    });
    let counted: Vec<u64> = (0..6)
        .map(|_| {
            let y = get(&mut *dut, "y");
            dut.step();
            y
        })
        .collect();
    assert_eq!(counted, [0, 1, 2, 3, 0, 1]);
}

#[test]
fn checks_count_where_they_stand() {
    let mut dut = dut!({
        let (armed, ok) = (input("armed", 1), input("ok", 1));
        when(armed, || {
            hw_assert!(ok, "ok while armed");
            hw_cover!(ok);
        })
        .otherwise(|| hw_cover!(!ok, "idle"));
    });
    let dut = &mut *dut;
    dut.step(); // idle
    set(dut, "armed", 1);
    dut.step(); // fails
    dut.set_reset(true);
    dut.step(); // not looked at
    dut.set_reset(false);
    set(dut, "ok", 1);
    dut.run(3);
    let report = dut.report();
    assert_eq!(report.failure_count, 1);
    let text = report.failures[0].to_string();
    assert!(text.starts_with("cycle 1: assertion failed in top: ok while armed ("), "{text}");
    let hits: Vec<(&str, u64)> = report.covers.iter().map(|c| (c.message.as_str(), c.hits)).collect();
    assert_eq!(hits, [("ok", 3), ("idle", 1)]);
}

#[test]
fn wide_values_pass_through() {
    let mut dut = dut!({
        let (a, b) = (input("a", 600), input("b", 600));
        output("sum", 600).set(a + b);
        output("product", 600).set(a * b);
        output("shifted", 600).set(a.shift_left(input("by", 10)));
    });
    let ones = Value::ones(600);
    for pin in ["a", "b"].map(|name| dut.pin(name)) {
        dut.set_value(pin, &ones);
    }
    set(&mut *dut, "by", 599);
    let mut read = |name: &str| {
        let pin = dut.pin(name);
        dut.get_value(pin)
    };
    let mut minus_two = ones.clone();
    minus_two.set_bit(0, false);
    assert_eq!(read("sum"), minus_two, "-1 + -1");
    assert_eq!(read("product"), Value::from_u128(600, 1), "-1 * -1");
    let mut top = Value::zero(600);
    top.set_bit(599, true);
    assert_eq!(read("shifted"), top);
}

#[test]
#[should_panic(expected = "does not fit the 4 bits of `a`")]
fn a_poke_that_does_not_fit_is_refused() {
    let mut dut = dut!(output("y", 4).set(input("a", 4)));
    set(&mut *dut, "a", 16);
}

#[test]
#[should_panic(expected = "has no port `b`; it has: y, a")]
fn an_unknown_port_is_named() {
    let dut = dut!(output("y", 4).set(input("a", 4)));
    dut.pin("b");
}

#[test]
#[should_panic(expected = "is an output: it cannot be poked")]
fn outputs_cannot_be_poked() {
    let mut dut = dut!(output("y", 4).set(input("a", 4)));
    set(&mut *dut, "y", 1);
}

/// Expressions nest as deep as a generator makes them.
#[test]
fn deep_chains_do_not_overflow_the_stack() {
    let mut dut = dut!({
        let a = input("a", 8);
        let mut x = a;
        for i in 0..50_000u32 {
            x = (x + (i & 1)) ^ a;
        }
        output("y", 8).set(x);
    });
    set(&mut *dut, "a", 3);
    let want = (0..50_000u32).fold(3u8, |x, i| x.wrapping_add((i & 1) as u8) ^ 3);
    assert_eq!(get(&mut *dut, "y"), u64::from(want));
}
