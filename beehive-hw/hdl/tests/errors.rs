//! Every elaboration error: its code, its message, the file and line of both operands, its remedy.

use beehive_hdl::error::{Code, Error};
use beehive_hdl::prelude::*;
use std::collections::BTreeSet;
use std::panic::Location;

/// The errors of a module made by `body`.
macro_rules! errors_of {
    ($body:expr) => {
        elaborate(|| module((), |_: &()| $body)).expect_err("an error").0
    };
}

/// The only error of a module made by `body`.
macro_rules! error_of {
    ($body:expr) => {{
        let errors = errors_of!($body);
        assert_eq!(errors.len(), 1, "{errors:#?}");
        errors.into_iter().next().expect("one error")
    }};
}

/// Checks code and text, that the error is in this file at `line`, and that it says what to do.
#[track_caller]
fn expect(error: &Error, code: Code, message: &str, line: u32) {
    assert_eq!(error.code, code, "{error}");
    assert!(error.message.contains(message), "`{message}` is not in: {error}");
    assert!(error.loc.file().ends_with("tests/errors.rs"), "{error}");
    assert_eq!(error.loc.line(), line, "{error}");
    assert!(!error.help.is_empty(), "{error}");
}

fn lines_of_notes(error: &Error) -> Vec<u32> {
    error.notes.iter().map(|(loc, _)| loc.line()).collect()
}

#[test]
fn width_mismatch_names_both_operands() {
    let line = line!() + 4;
    let error = error_of!({
        let a = input("a", 16);
        let b = input("b", 17);
        output("sum", 16).set(a + b);
    });
    expect(&error, Code::WidthMismatch, "`add` of `a` (16 bits, ", line);
    assert!(error.message.contains("and `b` (17 bits, "));
    assert_eq!(lines_of_notes(&error), [line - 2, line - 1]);
    assert!(error.help.contains(".zext(17)"));
}

#[test]
fn width_mismatch_in_assignment_mux_connection_address_and_case() {
    let line = line!() + 4;
    let error = error_of!({
        let a = input("a", 4);
        let y = output("y", 8);
        y.set(a);
    });
    expect(&error, Code::WidthMismatch, "cannot assign `a` (4 bits", line);
    let errors = errors_of!({
        let (a, b, c) = (input("a", 4), input("b", 5), input("c", 1));
        output("y", 4).set(c.mux(a, b));
        let ram = lut_ram("ram", 8, 4);
        output("z", 8).set(ram.peek(a));
        switch(a, |s| s.case(b, || ()));
    });
    let texts: Vec<&str> = errors.iter().map(|e| e.message.split(' ').next().unwrap()).collect();
    assert_eq!(texts, ["`mux`", "address", "case"]);
    fn child() -> Def {
        module((), |_| output("y", 8).set(input("x", 8)))
    }
    let line = line!() + 2;
    let error = error_of!({
        instance("c", &child()).connect("x", lit(4, 0));
    });
    expect(&error, Code::WidthMismatch, "input `x` of `c` has 8 bits, got constant 4'h0", line);
}

#[test]
fn literals_fit_or_are_refused() {
    let line = line!() + 3;
    let errors = errors_of!({
        let a = input("a", 4);
        output("x", 4).set(a + 16);
        output("y", 4).set(a + -1);
        let z = lit(0, 0);
        output("z", 1).set(z);
        let _ = delay("d", 3);
    });
    expect(&errors[0], Code::LiteralTooWide, "16 does not fit 4 bits", line);
    expect(&errors[1], Code::LiteralTooWide, "-1 does not fit 4 bits", line + 1);
    expect(&errors[2], Code::BadWidth, "a constant of 0 bits", line + 2);
    expect(&errors[3], Code::LiteralNeedsWidth, "how wide 3 is", line + 4);
}

#[test]
fn bits_out_of_range() {
    let line = line!() + 3;
    let errors = errors_of!({
        let a = input("a", 16);
        output("x", 8).set(a.slice(12, 8));
        output("y", 1).set(a.bit(16));
        output("z", 4).set(a.zext(4));
        let r = reg("r", 8);
        r.part(6, 4).set(0);
        r.set(r + 1);
    });
    expect(&errors[0], Code::OutOfRange, "bits 12..20 of `a` (16 bits", line);
    expect(&errors[1], Code::OutOfRange, "bits 16..17 of `a`", line + 1);
    expect(&errors[2], Code::OutOfRange, "`zext(4)` of `a`", line + 2);
    expect(&errors[3], Code::OutOfRange, "bits 6..10 of `r`", line + 4);
}

#[test]
fn conditions_have_one_bit() {
    let line = line!() + 4;
    let errors = errors_of!({
        let a = input("a", 2);
        let r = reg_init("r", 1, 0);
        when(a, || r.set(1)).elsewhen(a.eq(0), || r.set(0));
        hw_assert!(a);
        output("q", 1).set(r);
    });
    expect(&errors[0], Code::NotOneBit, "`a` (2 bits", line);
    expect(&errors[1], Code::NotOneBit, "`a` (2 bits", line + 1);
}

#[test]
fn widths_are_at_least_one() {
    let line = line!() + 2;
    let error = error_of!({
        let a = input("a", 0);
        output("y", 1).set(a);
    });
    expect(&error, Code::BadWidth, "input `a` of 0 bits", line);
}

#[test]
fn ports_have_names_of_their_own() {
    let line = line!() + 3;
    let errors = errors_of!({
        let a = input("a", 1);
        let b = input("a", 1);
        let c = input("always", 1);
        let d = input("1st", 1);
        let e = input("clk", 1);
        output("y", 1).set(a & b & c & d & e);
    });
    expect(&errors[0], Code::DuplicatePort, "`a` is already taken", line);
    assert_eq!(lines_of_notes(&errors[0]), [line - 1]);
    expect(&errors[1], Code::BadName, "`always`", line + 1);
    expect(&errors[2], Code::BadName, "`1st`", line + 2);
    expect(&errors[3], Code::DuplicatePort, "`clk` is already taken", line + 3);
}

#[test]
fn other_names_give_way_to_ports() {
    let def = elaborate(|| {
        module((), |_| {
            let count = reg_init("count", 8, 0);
            count.set(count + 1);
            output("count", 8).set(count);
        })
    })
    .expect("the register is renamed");
    assert_eq!(def.ports[0].name, "count");
    assert!(def.nodes.iter().any(|n| n.name.as_deref() == Some("count_2")));
}

#[test]
fn values_stay_in_their_module() {
    use std::cell::Cell;
    thread_local!(static LEAKED: Cell<Option<Bits>> = const { Cell::new(None) });
    fn child() -> Def {
        module((), |_| {
            let x = input("x", 4);
            LEAKED.set(Some(x));
            output("y", 4).set(x);
        })
    }
    let line = line!() + 4;
    let errors = errors_of!({
        let c = instance("c", &child());
        c.connect("x", lit(4, 1));
        output("y", 4).set(c.out("y") + LEAKED.get().unwrap());
    });
    expect(&errors[0], Code::ForeignValue, "belongs to another module", line);
}

#[test]
fn loops_name_the_way_round() {
    let line = line!() + 2;
    let error = error_of!({
        let a = wire("a", 1);
        let b = wire("b", 1);
        a.set(!b);
        b.set(a | input("c", 1));
        output("y", 1).set(a);
    });
    assert_eq!(error.code, Code::CombinationalLoop);
    assert!(error.message.contains("`a` -> `b` -> `a`") || error.message.contains("`b` -> `a` -> `b`"), "{error}");
    assert!([line, line + 1].contains(&error.loc.line()), "{error}");
    assert_eq!(error.notes.len(), 1);
}

#[test]
fn loops_through_instances_are_found_and_registered_ways_are_not_loops() {
    fn comb() -> Def {
        module((), |_| output("y", 1).set(!input("x", 1)))
    }
    fn registered() -> Def {
        module((), |_| output("y", 1).set(delay_init("q", input("x", 1), 0)))
    }
    let error = error_of!({
        let inverter = instance("inverter", &comb());
        inverter.connect("x", inverter.out("y"));
        output("y", 1).set(inverter.out("y"));
    });
    assert_eq!(error.code, Code::CombinationalLoop);
    assert!(error.message.contains("`inverter_y`"), "{error}");
    elaborate(|| {
        module((), |_| {
            let flop = instance("flop", &registered());
            flop.connect("x", !flop.out("y"));
            output("y", 1).set(flop.out("y"));
        })
    })
    .expect("a register breaks the loop");
}

#[test]
fn latches_and_unassigned() {
    let line = line!() + 3;
    let errors = errors_of!({
        let c = input("c", 1);
        let y = output("y", 8);
        when(c, || y.set(1));
        let z = output("z", 8);
        z.part(0, 4).set(1);
        let _never = output("never", 1);
        let _reg = reg("idle", 1);
        let w = wire("w", 2);
        switch(input("s", 1), |s| s.case(0, || w.set(0)));
    });
    expect(&errors[0], Code::Latch, "output `y` (8 bits", line);
    assert_eq!(lines_of_notes(&errors[0]), [line + 1]);
    expect(&errors[1], Code::Latch, "output `z` (8 bits", line + 2);
    assert!(errors[1].message.contains("(bit 4 is not)"));
    expect(&errors[2], Code::Unassigned, "output `never`", line + 4);
    expect(&errors[3], Code::Unassigned, "register `idle`", line + 5);
    expect(&errors[4], Code::Latch, "wire `w`", line + 6);
}

#[test]
fn complete_branches_are_no_latch() {
    elaborate(|| {
        module((), |_| {
            let s = input("s", 1);
            let (x, y, z) = (output("x", 2), output("y", 2), output("z", 2));
            when(s, || x.set(1)).otherwise(|| x.set(2));
            switch(s, |c| {
                c.case(0, || y.set(0));
                c.case(1, || y.set(3));
            });
            z.part(0, 1).set(s);
            when(s, || z.part(1, 1).set(0)).otherwise(|| z.part(1, 1).set(1));
        })
    })
    .expect("every path assigns");
}

#[test]
fn double_drivers() {
    let line = line!() + 5;
    let errors = errors_of!({
        let a = input("a", 1);
        let y = output("y", 1);
        y.set(a);
        y.set(!a);
        let w = wire("w", 1);
        w.drive(a);
        w.set(1);
        output("z", 1).set(w);
    });
    assert_eq!(errors.len(), 2);
    let by_code = |text: &str| errors.iter().find(|e| e.message.contains(text)).expect("the error");
    expect(by_code("never takes effect"), Code::DoubleDriver, "`y` (1 bit", line);
    assert_eq!(lines_of_notes(by_code("never takes effect")), [line - 1]);
    expect(by_code("only driver"), Code::DoubleDriver, "`w` (1 bit", line + 3);
    assert_eq!(lines_of_notes(by_code("only driver")), [line + 2]);
}

#[test]
fn a_stream_is_consumed_once() {
    let errors = errors_of!({
        let rx = Stream::<Bits>::input("s_axis", 8);
        rx.to(Sink::output("m_axis", 8));
        rx.to(Sink::output("n_axis", 8));
    });
    assert!(errors.iter().all(|e| e.code == Code::DoubleDriver), "{errors:#?}");
    assert!(errors[0].message.contains("`s_axis_ready`"), "{}", errors[0]);
}

#[test]
fn inputs_are_read_or_ignored() {
    let line = line!() + 2;
    let errors = errors_of!({
        let _a = input("a", 3);
        let _sum = input("b", 3) + 1; // read by an expression that nothing uses
        input("c", 3).ignore();
        output("y", 1).set(input("d", 2).bit(1));
    });
    expect(&errors[0], Code::UnreadInput, "input `a` (3 bits)", line);
    expect(&errors[1], Code::UnreadInput, "input `b` (3 bits)", line + 1);
    assert_eq!(errors.len(), 2);
}

#[test]
fn instances_are_connected_once_and_completely() {
    fn child() -> Def {
        module((), |_| output("sum", 4).set(input("a", 4) + input("b", 4)))
    }
    let line = line!() + 2;
    let errors = errors_of!({
        let c = instance("c", &child());
        c.connect("a", lit(4, 1)).connect("a", lit(4, 2));
        c.connect("q", 1);
        output("y", 4).set(c.out("sum") + c.out("a"));
    });
    let find = |code: Code| errors.iter().find(|e| e.code == code).unwrap_or_else(|| panic!("{code:?}"));
    expect(find(Code::Unconnected), Code::Unconnected, "input `b` (4 bits) of instance `c`", line);
    expect(find(Code::DoubleDriver), Code::DoubleDriver, "input `a` of `c` is connected twice", line + 1);
    expect(find(Code::NoSuchPort), Code::NoSuchPort, "has no input `q`", line + 2);
    assert!(find(Code::NoSuchPort).help.contains("a, b"));
    assert!(errors.iter().any(|e| e.message.contains("has no output `a`")));
}

#[test]
fn cases_are_distinct_constants() {
    let line = line!() + 6;
    let errors = errors_of!({
        let (a, b) = (input("a", 2), input("b", 2));
        let r = reg("r", 1);
        switch(a, |s| {
            s.case(1, || r.set(1));
            s.cases([2, 1], || r.set(0));
            s.case(b, || r.set(0));
            s.default(|| r.set(0));
            s.default(|| r.set(1));
        });
        output("q", 1).set(r);
    });
    expect(&errors[0], Code::BadCase, "case 2'h1 of `a`", line);
    assert_eq!(lines_of_notes(&errors[0]), [line - 1]);
    expect(&errors[1], Code::BadCase, "case `b` (2 bits", line + 1);
    expect(&errors[2], Code::BadCase, "has a default already", line + 3);
}

#[test]
fn memories_are_possible() {
    let line = line!() + 2;
    let errors = errors_of!({
        let _ = lut_ram("a", 8, 1);
        let _ = lut_ram_init("b", 8, 2, [Value::zero(9)]);
        let _ = lut_ram_init("c", 8, 2, vec![Value::zero(8); 3]);
        let ram = block_ram("d", 8, 16);
        output("x", 8).set(ram.peek(0));
        let lut = lut_ram("e", 8, 16);
        output("y", 8).set(lut.read(1, 0));
        lut.write_port_lanes(3).write(0, 0);
        lut.write_port().write_lanes(0, 0, 1);
    });
    let messages = ["depth 1", "entry 0 of memory `b`", "given 3 initial values", "`peek` of the block RAM"];
    for (i, message) in messages.into_iter().enumerate() {
        expect(&errors[i], Code::BadMemory, message, line + [0, 1, 2, 4][i]);
    }
    expect(&errors[4], Code::BadMemory, "`read` of the LUT RAM", line + 6);
    expect(&errors[5], Code::BadMemory, "lanes of 3 bits", line + 7);
    expect(&errors[6], Code::BadMemory, "no lanes", line + 8);
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Depth(u32);

fn queue(p: Depth) -> Def {
    module(p, |p| {
        require(p.0.is_power_of_two(), || format!("depth {} is not a power of two", p.0), "use 2, 4, 8, ...");
        output("y", p.0).set(0);
    })
}

#[test]
fn bad_parameters_give_up_one_module_only() {
    let errors = elaborate(|| {
        module((), |_| {
            let _ = input("unread", 1); // not reported: this module cannot be finished
            instance("q", &queue(Depth(3)));
            unreachable!("a module around an unfinished one gives up, too");
        });
        queue(Depth(5))
    })
    .expect_err("two bad depths")
    .0;
    assert_eq!(errors.len(), 2, "{errors:#?}");
    assert!(errors.iter().all(|e| e.code == Code::BadParameter && e.loc.file().ends_with("errors.rs")));
    assert!(errors[0].message.contains("depth 3") && errors[1].message.contains("depth 5"));
    assert!(queue(Depth(4)).name == "queue_4", "the next module is built");
}

#[test]
fn recursion_is_refused() {
    fn ouroboros() -> Def {
        module((), |_| {
            instance("inner", &ouroboros());
        })
    }
    fn endless(n: u32) -> Def {
        module(n, |n| {
            instance("inner", &endless(n + 1));
        })
    }
    for errors in [elaborate(ouroboros), elaborate(|| endless(0))] {
        let errors = errors.expect_err("recursion").0;
        assert_eq!(errors.len(), 1, "{errors:#?}");
        assert_eq!(errors[0].code, Code::RecursiveModule);
    }
}

mod one {
    use super::*;
    pub fn same() -> Def {
        module((), |_| output("y", 1).set(0))
    }
}
mod two {
    use super::*;
    pub fn same() -> Def {
        module((), |_| output("y", 1).set(1))
    }
}

#[test]
fn one_name_means_one_module() {
    let error = error_of!({
        output("a", 1).set(instance("x", &one::same()).out("y"));
        output("b", 1).set(instance("y", &two::same()).out("y"));
    });
    assert_eq!(error.code, Code::NameClash);
    assert!(error.message.contains("`same`") && error.notes.len() == 1, "{error}");
}

#[test]
fn else_follows_its_when() {
    let line = line!() + 6;
    let error = error_of!({
        let c = input("c", 1);
        let r = reg_init("r", 2, 0);
        let open = when(c, || r.set(1));
        r.part(0, 1).set(0);
        open.otherwise(|| r.set(2));
        output("q", 2).set(r);
    });
    expect(&error, Code::MisplacedElse, "does not follow its `when`", line);
}

#[test]
fn a_front_end_refuses_for_all_its_reasons_at_once() {
    let errors = elaborate(|| {
        module_of("lowered", "", Location::caller(), 1u8, |_| {
            refuse([("first".to_string(), "do this".to_string()), ("second".to_string(), "do that".to_string())]);
            unreachable!("the module gives up");
        })
    })
    .expect_err("it is refused");
    assert_eq!(errors.0.iter().map(|e| e.code).collect::<Vec<_>>(), [Code::Refused; 2]);
    let text = errors.to_string();
    assert!(text.contains("error[HW023]: cannot be lowered: second") && text.contains("help: do that"), "{text}");
}

#[test]
fn errors_in_a_module_of_a_front_end_tell_where_the_user_wrote_it() {
    let place = Location::caller();
    let errors = elaborate(|| {
        module_of("lowered", "", place, 2u8, |_| {
            let (x, y) = (wire("x", 1), wire("y", 1));
            x.set(!y.get());
            y.set(x);
            output("z", 4).set(y);
            output("z", 1).set(x);
        })
    })
    .expect_err("a loop, two ports of one name, two widths");
    let codes: Vec<Code> = errors.0.iter().map(|e| e.code).collect();
    for code in [Code::CombinationalLoop, Code::DuplicatePort, Code::WidthMismatch] {
        assert!(codes.contains(&code), "{code:?}: {errors}");
    }
    for error in &errors.0 {
        assert_eq!(error.loc, place, "{errors}");
        assert!(error.notes.iter().all(|(loc, _)| *loc == place), "{errors}");
    }
}

#[test]
fn modules_of_a_front_end_are_known_by_their_keys() {
    elaborate(|| {
        let make = |key: u8| {
            module_of("keyed", &format!("{key}"), Location::caller(), key, |key| {
                output("y", 8).set(lit(8, u128::from(*key)));
            })
        };
        let (one, two, again) = (make(1), make(2), make(1));
        assert!(std::sync::Arc::ptr_eq(&one, &again));
        assert_eq!((one.name.as_str(), two.name.as_str()), ("keyed_1", "keyed_2"));
        one
    })
    .expect("no error");
}

#[test]
fn streams_are_found_by_the_names_of_ports() {
    let def = elaborate(|| {
        module((), |_| {
            let ready = input("m_ready", 1);
            let (valid, data, meta) = (input("s_valid", 1), input("s_data", 8), input("m_meta_ready", 1));
            output("s_ready", 1).set(ready & meta);
            output("m_valid", 1).set(valid);
            output("m_data", 8).set(data);
            output("m_meta_valid", 1).set(valid);
            output("m_meta_len", 8).set(data);
            output("lone_valid", 1).set(valid);
            streams_by_name();
        })
    })
    .expect("no error");
    let fields = |i: usize| def.streams[i].payload.iter().map(|f| f.0.as_str()).collect::<Vec<_>>();
    let names: Vec<&str> = def.streams.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["s", "m", "m_meta"]);
    assert_eq!((fields(0), fields(1), fields(2)), (vec!["data"], vec!["data"], vec!["len"]));
}

/// Each code appears in this file's expectations and has its place in the catalogue.
#[test]
fn every_code_is_tested() {
    let source = include_str!("errors.rs");
    let named: BTreeSet<String> = Code::ALL.iter().map(|c| format!("Code::{c:?}")).collect();
    let missing: Vec<&String> = named.iter().filter(|name| !source.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "no test names {missing:?}");
    let numbers: BTreeSet<&str> = Code::ALL.iter().map(|c| c.number()).collect();
    assert_eq!(numbers.len(), Code::ALL.len(), "error numbers are distinct");
}

#[test]
fn all_errors_of_a_design_are_listed_and_readable() {
    let errors = elaborate(|| {
        module((), |_| {
            let a = input("a", 4);
            output("x", 4).set(a + input("b", 5));
            output("y", 3).set(a);
        })
    })
    .expect_err("two errors");
    let text = errors.to_string();
    assert!(text.contains("error[HW001]: width mismatch: `add` of `a` (4 bits"), "{text}");
    assert!(text.contains("  --> ") && text.contains("  note: ") && text.contains("  help: "), "{text}");
    assert!(text.ends_with("the design has 2 errors"), "{text}");
}

#[test]
fn outside_of_elaborate_the_panic_lists_the_errors() {
    let panic = std::panic::catch_unwind(|| queue(Depth(6))).expect_err("a panic");
    let text = panic.downcast_ref::<String>().expect("a message");
    assert!(text.contains("error[HW019]: bad parameter: depth 6"), "{text}");
    let panic = std::panic::catch_unwind(|| input("a", 1)).expect_err("a panic");
    assert!(panic.downcast_ref::<String>().expect("a message").contains("outside of a module at"));
    assert_eq!(queue(Depth(8)).ports.len(), 1, "the thread goes on");
}

#[test]
fn cases_stand_in_their_switch_alone() {
    let line = line!() + 5;
    let error = error_of!({
        let (x, c) = (input("x", 2), input("c", 1));
        let y = output("y", 4);
        switch(x, |s| {
            when(c, || s.case(0, || y.set(1)));
            s.default(|| y.set(2));
        });
    });
    expect(&error, Code::BadCase, "inside another `when`", line);
}

#[test]
fn a_driver_sees_what_stands_before_it() {
    let line = line!() + 4;
    let errors = errors_of!({
        let (hold, rx) = (input("hold", 1), Stream::<Bits>::input("s_axis", 8));
        let tx = Sink::<Bits>::output("m_axis", 8);
        when(hold, || rx.ready.set(0));
        rx.to(tx);
    });
    expect(&errors[0], Code::DoubleDriver, "`s_axis_ready`", line);
    assert_eq!(errors.len(), 1, "{errors:#?}");
}

#[test]
fn odd_values_are_refused_without_a_panic() {
    let errors = errors_of!({
        let a = input("a", 8);
        let x = cat([constant(Value::zero(0)), a]);
        output("x", x.width()).set(x);
        output("y", 8).set(a.byte(1 << 29));
    });
    assert_eq!(errors[0].code, Code::BadWidth, "{errors:#?}");
    assert!(errors.iter().any(|e| e.code == Code::OutOfRange), "{errors:#?}");
}

#[test]
fn an_old_handle_does_not_take_another_if() {
    let error = error_of!({
        let (a, b) = (input("a", 1), input("b", 1));
        let y = reg_init("y", 2, 0);
        let mut kept = None;
        when(a, || kept = Some(when(b, || y.set(1)))).otherwise(|| {
            when(a & b, || y.set(2));
            kept.take().expect("made above").otherwise(|| y.set(3));
        });
        output("q", 2).set(y);
    });
    assert_eq!(error.code, Code::MisplacedElse, "{error}");
}

#[test]
fn a_condition_may_make_signals_of_its_own() {
    elaborate(|| {
        module((), |_| {
            let (a, b) = (input("a", 1), input("b", 1));
            let y = reg_init("y", 2, 0);
            when(a, || y.set(1)).elsewhen(delay("b_before", b), || y.set(2));
            output("q", 2).set(y);
        })
    })
    .expect("it is chained");
}

#[test]
fn a_broken_module_is_an_error_wherever_it_is_asked_for() {
    let bad = || {
        module((), |_| {
            let a = input("a", 8);
            output("y", 9).set(a);
        })
    };
    let inner = std::cell::Cell::new(None);
    let outer = elaborate(|| {
        bad();
        inner.set(Some(elaborate(bad).is_err()));
    });
    assert!(outer.is_err() && inner.get() == Some(true));
}

#[test]
fn a_panic_in_a_module_does_not_hide_its_errors() {
    let panicking = || {
        module((), |_| {
            let (a, b) = (input("a", 8), input("b", 9));
            output("y", 8).set(a + b);
            let empty: Vec<Bits> = vec![];
            output("z", 8).set(empty[3]);
        })
    };
    let panic = std::panic::catch_unwind(panicking).expect_err("a panic");
    let text = panic.downcast_ref::<String>().expect("a message");
    assert!(text.contains("HW001"), "{text}");
    assert_eq!(queue(Depth(16)).ports.len(), 1, "the thread goes on");
}

#[test]
fn a_port_outside_of_a_module_names_the_users_line() {
    let line = line!() + 1;
    let panic = std::panic::catch_unwind(|| input("a", 1)).expect_err("a panic");
    let text = panic.downcast_ref::<String>().expect("a message");
    assert!(text.contains(&format!("tests/errors.rs:{line}")), "{text}");
}
