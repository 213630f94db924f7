//! The SystemVerilog text: whole modules against golden files, and one property after the other.
//!
//! That tools accept the text and compute the same as the simulators is tested by `beehive-cosim`;
//! these tests need cargo alone.

use beehive_hdl::emit::{EmitOptions, anonymous_nets, files, is_keyword, verilog};
use beehive_hdl::ir::Op;
use beehive_hdl::prelude::*;

fn text(def: &Def) -> String {
    verilog(def, &EmitOptions::default())
}

/// A module of its own from the statements of a test.
macro_rules! build {
    ($($body:tt)*) => {
        elaborate(|| module((), |_: &()| { $($body)* })).expect("a module without errors")
    };
}

/// The text with the line numbers of this file left out.
fn without_lines(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("emit.rs:") {
        let start = rest[..at].rfind([' ', '(']).map_or(0, |i| i + 1);
        out += &rest[..start];
        out += "emit.rs";
        rest = rest[at + "emit.rs:".len()..].trim_start_matches(|c: char| c.is_ascii_digit());
    }
    out + rest
}

fn assert_golden(def: &Def, golden: &str) {
    let text = without_lines(&text(def));
    assert!(text == golden, "the text of `{}` differs from its golden file; it is now:\n{text}", def.name);
}

fn assert_has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
}

fn assert_has_not(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(!text.contains(part), "`{part}` is in\n{text}");
    }
}

hw_enum! { enum State: 2 { Idle, Head, Body } }
bundle! { struct Beat { data: 16, last: 1 } }

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Framer {
    limit: u32,
}

/// A stream with both directions, an enum, registers with and without reset, checks.
#[hw]
fn framer(p: Framer) -> Def {
    module(p, |p| {
        let rx = Stream::<Beat>::input("s_axis", ());
        let tx = Sink::<Beat>::output("m_axis", ());
        let state = State::reg("state", State::Idle);
        let count = reg("count", 8);
        let full = count.eq(p.limit);
        rx.ready.set(0);
        tx.idle();
        switch(*state, |s| {
            s.case(State::Idle, || {
                when(rx.valid, || {
                    state.set(State::Head);
                    count.set(0);
                });
            });
            s.case(State::Head, || {
                rx.ready.set(tx.ready);
                tx.valid.set(rx.valid);
                tx.payload.data.set(cat([rx.data.byte(1), rx.data.byte(0)]));
                tx.payload.last.set(full | rx.last);
                when(rx.fire(), || state.set(State::Body));
            });
            s.default(|| when(full, || state.set(State::Idle)).otherwise(|| count.set(*count + 1)));
        });
        hw_assert!(count.le(p.limit), "at most {} \"beats\"", p.limit);
        when(rx.valid, || hw_cover!(full, "100% full"));
    })
}

#[test]
fn golden_framer() {
    assert_golden(&framer(Framer { limit: 200 }), include_str!("golden/framer.sv"));
}

/// Block RAM with byte lanes and two ports, LUT RAM with contents.
#[hw]
fn memories() -> Def {
    module((), |_| {
        let (addr, data, lanes, enable) = (input("addr", 4), input("data", 16), input("lanes", 2), input("enable", 1));
        let ram = block_ram("ram", 16, 16);
        let bytes = ram.write_port_lanes(8);
        when(enable, || bytes.write_lanes(addr, data, lanes));
        let clear = ram.write_port();
        when(input("clear", 1), || clear.write(addr + 1, lit(16, 0)));
        let table = lut_ram_init("table", 4, 4, (5..8).map(|v| Value::from_u128(4, v)));
        output("q", 16).set(ram.read(lit(1, 1), addr));
        output("entry", 4).set(table.peek(addr.trunc(2)));
    })
}

#[test]
fn golden_memories() {
    assert_golden(&memories(), include_str!("golden/memories.sv"));
}

/// Partial assignments, instances, unread bits.
#[hw]
fn parent() -> Def {
    fn half_adder() -> Def {
        module((), |_| {
            let (a, b) = (input("a", 1), input("b", 1));
            output("sum", 1).set(a ^ b);
            output("carry", 1).set(a & b);
        })
    }
    module((), |_| {
        let (a, i) = (input("a", 6), input("i", 2));
        input("spare", 3).ignore();
        let low = instance("low", &half_adder());
        low.connect("a", a.bit(0)).connect("b", a.bit(1));
        let high = instance("high", &half_adder());
        high.connect("a", low.out("sum")).connect("b", lit(1, 1));
        let flags = output("flags", 5);
        flags.set(0);
        flags.part(3, 2).set(a.slice(1, 2));
        flags.part_at(i).set(high.out("carry"));
        let sparse = reg("sparse", 8);
        sparse.part(2, 3).set(a.trunc(3));
        output("y", 2).set(sparse.slice(4, 2));
    })
}

#[test]
fn golden_parent() {
    assert_golden(&parent(), include_str!("golden/parent.sv"));
}

/// Operations on `a` and `b` (8 bits) and `c` (1 bit), and their text.
type Operation = (&'static str, fn(Bits, Bits, Bits) -> Bits);

const OPERATIONS: [Operation; 36] = [
    ("a & b", |a, b, _| a & b),
    ("a | b", |a, b, _| a | b),
    ("a ^ b", |a, b, _| a ^ b),
    ("a + b", |a, b, _| a + b),
    ("a - b", |a, b, _| a - b),
    ("a * b", |a, b, _| a * b),
    ("~a", |a, _, _| !a),
    ("!c", |_, _, c| !c),
    ("a == b", |a, b, _| a.eq(b)),
    ("a != b", |a, b, _| a.ne(b)),
    ("a < b", |a, b, _| a.lt(b)),
    ("a <= b", |a, b, _| a.le(b)),
    ("$signed(a) < $signed(b)", |a, b, _| a.signed_lt(b)),
    ("$signed(a) <= $signed(b)", |a, b, _| a.signed_le(b)),
    ("|a", |a, _, _| a.any()),
    ("&a", |a, _, _| a.all()),
    ("^a", |a, _, _| a.parity()),
    ("a << b", |a, b, _| a.shift_left(b)),
    ("a >> b", |a, b, _| a.shift_right(b)),
    // Unsigned around it: the neighbour must not make the shift unsigned.
    ("$unsigned($signed(a) >>> b) & b", |a, b, _| a.signed_shift_right(b) & b),
    ("c ? a : b", |a, b, c| c.mux(a, b)),
    ("c ? a : (a == b) ? b : 8'd7", |a, b, c| c.mux(a, a.eq(b).mux(b, lit(8, 7)))),
    ("(c ? a : b) + 8'd1", |a, b, c| c.mux(a, b) + 1),
    ("a[5:2]", |a, _, _| a.slice(2, 4)),
    ("a[7]", |a, _, _| a.bit(7)),
    ("{b, a}", |a, b, _| cat([a, b])),
    ("{3{a}}", |a, _, _| a.repeat(3)),
    ("{4'd0, a}", |a, _, _| a.zext(12)),
    ("a[b[2:0]]", |a, b, _| a.bit_at(b.trunc(3))),
    // An index is as wide as tools expect.
    ("a[{1'd0, b[1:0]}]", |a, b, _| a.bit_at(b.trunc(2))),
    ("c ? 8'bx : a", |a, _, c| c.mux(dont_care(8), a)),
    ("a & b & ~a", |a, b, _| a & b & !a),
    ("(a & b) | (a ^ b)", |a, b, _| (a & b) | (a ^ b)),
    ("a - (b - a)", |a, b, _| a - (b - a)),
    ("(|a) & (^b)", |a, b, _| a.any() & b.parity()),
    ("!(a == b)", |a, b, _| !a.eq(b)),
];

#[test]
fn every_operation_has_its_text() {
    let text = text(&build! {
        let (a, b, c) = (input("a", 8), input("b", 8), input("c", 1));
        for (i, (_, operation)) in OPERATIONS.iter().enumerate() {
            let value = operation(a, b, c);
            output(&format!("y{i}"), value.width()).set(value);
        }
    });
    for (i, (want, _)) in OPERATIONS.iter().enumerate() {
        assert_has(&text, &[&format!("assign y{i} = {want};\n")]);
    }
}

#[test]
fn names_that_mean_something_else_get_a_number() {
    let text = text(&build! {
        let a = input("a", 8);
        let index = reg("i", 8);
        index.set((a + 1).named("case"));
        let label = (a ^ 3).named("State_Idle");
        let unused = (a * a).named("_unused");
        switch(a.trunc(2), |s| {
            s.case(State::Idle, || index.set(label));
            s.case(State::Head, || index.set(unused));
        });
        let ram = lut_ram("wire", 8, 4);
        ram.write_port().write(a.trunc(2), index.get());
        output("y", 8).set(ram.peek(index.trunc(2)));
    });
    assert_has(&text, &["wire [7:0] case_2 = a + 8'd1;", "wire [7:0] State_Idle_2 = a ^ 8'd3;", "wire_2 [0:3];"]);
    assert_has(&text, &["localparam logic [1:0] State_Idle = 2'd0;", "State_Idle: i <= State_Idle_2;"]);
    for word in ["module", "logic", "always_comb", "class", "int8_t", "bool"] {
        assert!(is_keyword(word), "{word}");
    }
    assert!(!is_keyword("data") && !is_keyword("valid") && !is_keyword("Case"));
}

/// `verilator -Wall` says that what is in the child hides the instance.
#[test]
fn an_instance_is_not_named_like_something_in_its_module() {
    fn inner() -> Def {
        module((), |_| {
            let count = reg_init("count", 8, 0);
            count.set(count + input("step", 8));
            output("total", 8).set(count);
        })
    }
    let def = elaborate(|| {
        module((), |_| {
            for name in ["count", "step", "other"] {
                let inst = instance(name, &inner());
                inst.connect("step", input(&format!("step_{name}"), 8));
                output(&format!("total_{name}"), 8).set(inst.out("total"));
            }
        })
    });
    assert_has(&text(&def.unwrap()), &[" count_2 (", " step_2 (", " other ("]);
}

#[test]
fn unread_bits_are_collected() {
    let text = text(&build! {
        let a = input("a", 8);
        input("never", 4).ignore();
        let r = reg("kept", 8);
        r.set(a);
        output("y", 3).set(cat([a.bit(7), a.slice(2, 2)]));
        let only_checked = reg("only_checked", 2);
        only_checked.set(a.trunc(2));
        hw_assert!(only_checked.slice(0, 1), "checked");
    });
    assert_has(&text, &["wire _unused = &{1'b0, never, kept, only_checked[1]};"]);
    assert_has(&text, &["`else\n  wire _unused_checks = &{1'b0, rst, only_checked[0]};\n`endif\n"]);
}

#[test]
fn checks_stand_under_their_conditions() {
    let text = text(&build! {
        let (on, ok) = (input("on", 1), input("ok", 1));
        when(on, || hw_assert!(ok, "say \"why\" at 100%")).otherwise(|| hw_cover!(ok, "quiet"));
    });
    let text = without_lines(&text);
    assert_has(
        &text,
        &[
            "(\n  input  logic clk,\n  input  logic rst,\n",
            "`ifndef SYNTHESIS\n  always @(posedge clk) begin\n    if (!rst) begin",
        ],
    );
    let assert = "      if (on) begin
        assert (ok)
`ifndef FORMAL
          else $error(\"say \\\"why\\\" at 100%% (emit.rs)\")
`endif
        ;
      end else begin
        // quiet (emit.rs)
        cover (ok);
      end\n";
    assert_has(&text, &[assert]);
}

/// An expression that is sliced, or long and used twice, needs a net; a wire that is that very
/// value serves as one.
#[test]
fn nets_appear_only_where_needed() {
    let def = build! {
        let (a, b, c) = (input("a", 8), input("b", 8), input("c", 1));
        let sum = output("sum", 8);
        sum.set(a + b);
        output("nibble", 4).set((a + b).slice(2, 4));
        output("part", 2).set((a - b).slice(1, 2));
        let y = output("y", 8);
        y.set(a);
        when(c & a.bit(3), || y.set(b));
    };
    let text = text(&def);
    assert_has(
        &text,
        &["assign sum = a + b;", "assign part = part_difference[2:1];", "wire a_3 = a[3];", "if (c & a_3) begin"],
    );
    assert_eq!(anonymous_nets(&def), (1, 9), "only `part_difference` has an invented name:\n{text}");
}

#[test]
fn what_is_constant_is_not_compared() {
    let text = text(&build! {
        let (a, zero) = (input("a", 8), wire("zero", 8));
        zero.set(0);
        output("y0", 1).set(a.lt(lit(8, 0)));
        output("y1", 1).set(a.le(lit(8, 255)));
        output("y2", 1).set(zero.get().le(a));
        output("y3", 1).set((a & lit(a.width(), 0)).any());
        output("y4", 1).set(lit(8, 128).signed_le(a));
        output("y5", 1).set(a.zext(9).lt(lit(9, 256)));
        output("y6", 8).set(a.shift_left(lit(4, 9)));
        output("y7", 8).set(a.signed_shift_right(lit(70, 3)));
        when(zero.get().any(), || hw_assert!(a.any()));
    });
    for line in ["y0 = 1'b0", "y1 = 1'b1", "y2 = 1'b1", "y3 = 1'b0", "y4 = 1'b1", "y5 = 1'b1", "y6 = 8'd0"] {
        assert_has(&text, &[&format!("assign {line};\n")]);
    }
    assert_has(&text, &["assign y7 = {{3{a[7]}}, a[7:3]};"]);
    assert_has_not(&text, &["assert", "0 <", "<="]);
}

/// A label that cannot occur goes; what is left still covers everything.
#[test]
fn impossible_branches_are_not_printed() {
    let text = text(&build! {
        let (a, c) = (input("a", 8), input("c", 1));
        let y = output("y", 8);
        switch(cat([lit(1, 0), c]), |s| {
            s.case(0, || y.set(a));
            s.case(1, || y.set(1));
            s.case(2, || y.set(2));
            s.case(3, || y.set(3));
        });
        let ram = block_ram_init("ram", 8, 2, [Value::ones(8)]);
        output("z", 8).set(ram.read(lit(1, 0), c));
    });
    assert_has(&text, &["case ({c, 1'b0})\n      2'd0: y = a;\n      default: y = 8'd2;\n    endcase"]);
    assert_has(&text, &["ram_rdata <= ram_rdata;"]);
}

#[test]
fn dont_cares_reach_assignments_only() {
    let def = build! {
        let (a, c) = (input("a", 8), input("c", 1));
        let y = output("y", 8);
        y.set(dont_care(8));
        when(c, || y.set(c.mux(a, dont_care(8))));
        output("z", 1).set(a.bit_at(c.mux(dont_care(3), a.trunc(3))));
    };
    assert_has(&text(&def), &["y = 8'bx;", "y = c ? a : 8'bx;", "assign z = a[c ? 3'd0 : a[2:0]];"]);
    let two_state = verilog(&def, &EmitOptions { two_state: true });
    assert_has_not(&two_state, &["'bx"]);
}

#[test]
fn two_state_text_starts_with_values() {
    let def = build! {
        let (a, c) = (input("a", 8), input("c", 1));
        let (plain, reset) = (reg("plain", 8), reg_init("reset", 8, 7));
        plain.set(a);
        reset.set(a);
        let ram = block_ram("ram", 8, 4);
        ram.write_port().write(a.trunc(2), a);
        let y = output("y", 8);
        y.set(plain);
        when(c, || y.set(*reset ^ ram.read(c, a.trunc(2))));
    };
    let two_state = verilog(&def, &EmitOptions { two_state: true });
    let loop_over_all = "for (int i = 0; i < 4; i = i + 1) begin\n      ram[i] = 8'd0;";
    assert_has(&two_state, &["    plain = 8'd0;\n", "    reset = 8'd7;\n", "    ram_rdata = 8'd0;\n", loop_over_all]);
    assert_has_not(&text(&def), &["initial"]);
}

/// `sum` leaves the child and, changed, comes back as `limit`: one process for both outputs would
/// wait for itself, so below such a parent they get one each.
#[test]
fn processes_split_where_a_parent_closes_a_loop() {
    fn child() -> Def {
        module((), |_| {
            let (a, limit, c) = (input("a", 8), input("limit", 8), input("c", 1));
            let (sum, over) = (output("sum", 8), output("over", 1));
            sum.set(a);
            over.set(0);
            when(c, || {
                sum.set(a + 1);
                over.set(limit.lt(a));
            });
        })
    }
    let alone = elaborate(child).expect("no errors");
    assert_eq!(text(&alone).matches("always_comb").count(), 1);
    let parent = build! {
        let (a, c) = (input("a", 8), input("c", 1));
        let u = instance("u", &child());
        u.connect("a", a).connect("c", c).connect("limit", u.out("sum") ^ 1);
        output("over", 1).set(u.out("over"));
    };
    let files = files(&parent, &EmitOptions::default());
    assert_eq!(
        files.iter().map(|file| file.0.as_str()).collect::<Vec<_>>(),
        ["child", "processes_split_where_a_parent_closes_a_loop"]
    );
    assert_eq!(files[0].1.matches("always_comb").count(), 2, "{}", files[0].1);
}

/// yosys fails on the shift itself at a port.
#[test]
fn a_signed_shift_reaches_a_port_as_a_net() {
    fn child() -> Def {
        module((), |_| output("y", 8).set(input("a", 8)))
    }
    let text = text(&build! {
        let (a, by) = (input("a", 8), input("by", 3));
        let u = instance("u", &child());
        u.connect("a", a.signed_shift_right(by));
        output("y", 8).set(u.out("y"));
    });
    assert_has(&text, &["wire [7:0] u_a_shifted = $unsigned($signed(a) >>> by);", ".a(u_a_shifted)"]);
}

/// `ready` never shares a process with what travels the other way.
#[test]
fn directions_of_a_stream_are_apart() {
    let text = text(&framer(Framer { limit: 9 }));
    let ready = text.split("always_comb").find(|process| process.contains("s_axis_ready = 1'b0")).expect("a process");
    assert_has_not(ready.split("\n  end\n").next().unwrap_or(ready), &["m_axis_valid"]);
}

#[test]
fn deep_and_wide_expressions_print_in_the_same_way_every_time() {
    let def = build! {
        let (a, b) = (input("a", 600), input("b", 600));
        let mut x = a;
        for i in 0..50_000u32 {
            x = if i % 3 == 0 { x ^ b } else { x + a };
        }
        output("y", 600).set(x);
        output("z", 600).set(a.shift_left(b) * lit(600, 12345));
    };
    let first = text(&def);
    assert!(first == text(&def));
    let longest = first.lines().map(str::len).max().unwrap_or(0);
    assert!(longest <= 120, "a line of {longest} characters");
    // An amount over 32 bits is cut to what shifts everything out.
    assert_has(&first, &["assign z = (a << ((|b[599:10]) ? 10'h3ff : b[9:0])) * 600'h3039;"]);
}

/// A front-end may append operands after their users.
#[test]
fn nodes_may_come_in_any_order() {
    let def = build! {
        let (a, b) = (input("a", 4), input("b", 4));
        let early = (a & b).named("early");
        let late = (a | b).named("late");
        output("y", 4).set(early ^ late);
    };
    let mut module = (*def).clone();
    let position = |name: &str| module.nodes.iter().position(|n| n.name.as_deref() == Some(name)).expect("a net");
    let (early, late) = (position("early"), position("late"));
    module.nodes[early].op = Op::Not(beehive_hdl::ir::NodeId(late as u32));
    let text = verilog(&module, &EmitOptions::default());
    let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("no `{part}` in\n{text}"));
    assert!(at("wire [3:0] late = a | b;") < at("wire [3:0] early = ~late;"));
}
