//! What cannot be lowered is told with block, signal and construct.

use beehive_hdl::build::elaborate;
use beehive_hdl::error::{Code, Errors};
use beehive_rust_hdl::block;
use beehive_rust_hdl::prelude::*;

/// The errors of lowering the default of a block.
fn errors<B: Block + Default + 'static>() -> Errors {
    elaborate(|| block((), |_| B::default())).expect_err("it is refused")
}

/// Declares a block with these fields and this kernel, and expects these texts in its only error.
macro_rules! refused {
    ($test:ident, $name:ident { $($field:ident: $type:ty),* $(,)? } { $($update:tt)* } $($text:literal),+) => {
        #[test]
        fn $test() {
            #[derive(LogicBlock, Default)]
            struct $name { $(pub $field: $type),* }
            impl Logic for $name {
                $($update)*
            }
            let errors = errors::<$name>();
            assert_eq!(errors.0.len(), 1, "{errors}");
            assert_eq!(errors.0[0].code, Code::Refused, "{errors}");
            $(assert!(errors.to_string().contains($text), "{errors}");)+
        }
    };
}

refused!(
    an_output_that_a_path_forgets,
    Forgets { a: Signal<In, Bit>, y: Signal<Out, Bit> } {
        #[hdl_gen]
        fn update(&mut self) {
            if self.a.val() {
                self.y.next = true;
            }
        }
    }
    "block `Forgets`: signal `y`: is not assigned on every path (a latch)"
);

refused!(
    a_match_that_forgets_in_one_arm,
    Arm { a: Signal<In, Bit>, y: Signal<Out, Bits<4>> } {
        #[hdl_gen]
        fn update(&mut self) {
            match self.a.val() {
                true => self.y.next = 3.into(),
                false => {}
            }
        }
    }
    "block `Arm`: signal `y`: is not assigned on every path"
);

refused!(
    a_field_that_is_forgotten,
    Field { a: Signal<In, Bit>, y: Signal<Out, Pair> } {
        #[hdl_gen]
        fn update(&mut self) {
            self.y.next.low = self.a.val();
        }
    }
    "block `Field`: signal `y.high`: is never assigned"
);

refused!(
    a_local_that_is_read_too_early,
    Early { a: Signal<In, Bit>, t: Signal<Local, Bit>, y: Signal<Out, Bit> } {
        #[hdl_gen]
        fn update(&mut self) {
            self.y.next = self.t.val();
            self.t.next = self.a.val();
        }
    }
    "signal `t`: is read where it is not assigned on every path before (a latch)"
);

refused!(
    a_register_without_a_value,
    Hold { clock: Signal<In, Clock>, a: Signal<In, Bit>, y: Signal<Out, Bit>, d: DFF<Bit> } {
        #[hdl_gen]
        fn update(&mut self) {
            self.d.clock.next = self.clock.val();
            if self.a.val() {
                self.d.d.next = true;
            }
            self.y.next = self.d.q.val();
        }
    }
    "signal `d.d`: is not assigned on every path (a latch)"
);

refused!(
    a_register_without_a_clock,
    Unclocked { a: Signal<In, Bit>, y: Signal<Out, Bit>, d: DFF<Bit> } {
        #[hdl_gen]
        fn update(&mut self) {
            self.d.d.next = self.a.val();
            self.y.next = self.d.q.val();
        }
    }
    "signal `d.clock`: this clock is not connected"
);

refused!(
    two_clocks,
    Two { clock: Signal<In, Clock>, other: Signal<In, Clock>, y: Signal<Out, Bit>, d: DFF<Bit> } {
        #[hdl_gen]
        fn update(&mut self) {
            self.d.clock.next = self.clock.val();
            self.d.d.next = !self.d.q.val();
            self.y.next = self.d.q.val();
        }
    }
    "it has the clocks `clock`, `other`; a module has one"
);

refused!(
    an_inverted_clock,
    Inverted { clock: Signal<In, Clock>, y: Signal<Out, Bit>, d: DFF<Bit> } {
        #[hdl_gen]
        fn update(&mut self) {
            self.d.clock.next = !self.clock.val();
            self.d.d.next = !self.d.q.val();
            self.y.next = self.d.q.val();
        }
    }
    "signal `d.clock`: a clock that is inverted, gated or made"
);

refused!(
    a_literal_that_does_not_fit,
    Literal { a: Signal<In, Bits<4>>, y: Signal<Out, Bit> } {
        #[hdl_gen]
        fn update(&mut self) {
            self.y.next = self.a.val() == 16;
        }
    }
    "signal `y`: literal 16 does not fit 4 bits"
);

refused!(
    a_bit_beyond_the_width,
    Beyond { a: Signal<In, Bits<4>>, y: Signal<Out, Bit> } {
        #[hdl_gen]
        fn update(&mut self) {
            self.y.next = self.a.val().get_bit(4);
        }
    }
    "signal `y`: bit 4 of a value of 4 bits"
);

refused!(
    an_assigned_input,
    Assigns { a: Signal<In, Bit>, y: Signal<Out, Bit> } {
        #[hdl_gen]
        fn update(&mut self) {
            self.a.next = true;
            self.y.next = self.a.val();
        }
    }
    "signal `a`: it is an input and cannot be assigned"
);

refused!(
    a_tristate_pin,
    Pin { a: Signal<InOut, Bit>, y: Signal<Out, Bit> } {
        #[hdl_gen]
        fn update(&mut self) {
            self.y.next = self.a.val();
        }
    }
    "block `Pin`: signal `a`: a bidirectional or stub signal cannot be lowered"
);

refused!(
    a_keyword_as_a_port,
    Keyword { table: Signal<In, Bit>, y: Signal<Out, Bit> } {
        #[hdl_gen]
        fn update(&mut self) {
            self.y.next = self.table.val();
        }
    }
    "block `Keyword`: signal `table`: a port cannot have this name"
);

refused!(
    the_name_of_the_reset,
    Reset { rst: Signal<In, Bit>, y: Signal<Out, Bit> } {
        #[hdl_gen]
        fn update(&mut self) {
            self.y.next = self.rst.val();
        }
    }
    "signal `rst`: a port cannot have this name",
    "the module's clock and reset"
);

refused!(
    a_signal_without_bits,
    Empty { a: Signal<In, Bits<0>>, y: Signal<Out, Bit> } {
        #[hdl_gen]
        fn update(&mut self) {
            self.y.next = true;
        }
    }
    "signal `a`: it has 0 bits"
);

refused!(
    a_sub_block_of_verilog,
    Foreign { y: Signal<Out, Bit>, inner: Text } {
        #[hdl_gen]
        fn update(&mut self) {
            self.inner.d.next = true;
            self.y.next = self.inner.y.val();
        }
    }
    "block `Foreign.inner`: its function is Verilog text"
);

refused!(
    a_sub_block_without_a_kernel,
    Handmade { y: Signal<Out, Bit>, inner: NoKernel } {
        #[hdl_gen]
        fn update(&mut self) {
            self.y.next = self.inner.y.val();
        }
    }
    "block `Handmade.inner`: it has no kernel",
    "`#[hdl_gen]`"
);

refused!(
    a_cast_whose_width_is_lost,
    Cast { a: Signal<In, Signed<4>>, b: Signal<In, Signed<4>>, y: Signal<Out, Bit> } {
        #[hdl_gen]
        fn update(&mut self) {
            self.y.next = signed_bit_cast::<8, 4>(self.a.val()) < signed_bit_cast::<8, 4>(self.b.val());
        }
    }
    "the width of this signed cast is not in the kernel's tree"
);

refused!(
    a_constant_of_rust,
    Outside { a: Signal<In, Bits<8>>, y: Signal<Out, Bit> } {
        #[hdl_gen]
        fn update(&mut self) {
            self.y.next = self.a.val().get_bit(WHICH);
        }
    }
    "signal `y`: `WHICH` is not known here",
    "`Constant` field of the same name"
);

const WHICH: usize = 3;

refused!(
    a_loop_variable_with_the_name_of_a_signal,
    Loop { i: Signal<In, Bits<8>>, y: Signal<Out, Bits<8>> } {
        #[hdl_gen]
        fn update(&mut self) {
            self.y.next = 0.into();
            for i in 0..3 {
                self.y.next = self.y.val() ^ (self.i.val() >> i);
            }
        }
    }
    "block `Loop`: loop variable `i`: in the kernel's tree it is the same as `self.i`",
    "rename one of them"
);

refused!(
    a_pattern_of_rust_against_a_loop_variable,
    Pattern { a: Signal<In, Bits<8>>, y: Signal<Out, Bit> } {
        #[hdl_gen]
        fn update(&mut self) {
            self.y.next = false;
            for k in 0..8 {
                match k {
                    WHICH => self.y.next = self.a.val().get_bit(k),
                    _ => {}
                }
            }
        }
    }
    "block `Pattern`: pattern `WHICH` is not known"
);

refused!(
    two_arms_of_one_pattern,
    Arms { a: Signal<In, Bit>, y: Signal<Out, Bit> } {
        #[hdl_gen]
        fn update(&mut self) {
            match self.a.val() {
                true => self.y.next = true,
                true => self.y.next = false,
                false => self.y.next = false,
            }
        }
    }
    "block `Arms`: pattern `true` comes after one that matches the same",
    "for a guard"
);

refused!(
    an_arm_after_all,
    After { a: Signal<In, Bits<2>>, y: Signal<Out, Bit> } {
        #[hdl_gen]
        fn update(&mut self) {
            match self.a.val().index() {
                0 => self.y.next = true,
                _ => self.y.next = false,
                2 => self.y.next = true,
            }
        }
    }
    "block `After`: pattern `2` comes after one that matches the same"
);

refused!(
    an_index_that_is_shifted,
    Shifted { i: Signal<In, Bits<2>>, a: Signal<In, Bits<16>>, y: Signal<Out, Bits<4>> } {
        #[hdl_gen]
        fn update(&mut self) {
            self.y.next = self.a.val().get_bits::<4>(self.i.val().index() << 2);
        }
    }
    "block `Shifted`: signal `y`: an index is computed with other operators than + - *"
);

refused!(
    a_slice_without_bits,
    Slice { a: Signal<In, Bits<8>>, y: Signal<Out, Bit> } {
        #[hdl_gen]
        fn update(&mut self) {
            self.y.next = self.a.val().get_bits::<0>(0).any();
        }
    }
    "block `Slice`: signal `y`: a cast or slice of 0 bits"
);

refused!(
    a_field_of_a_field,
    Deep { a: Signal<In, Outer>, y: Signal<Out, Bit> } {
        #[hdl_gen]
        fn update(&mut self) {
            self.y.next = self.a.val().inner.low;
        }
    }
    "signal `y`: `a.val().inner.low` is the field of a field",
    "by a Local of its type"
);

refused!(
    two_ports_of_one_name,
    Ports { a: Signal<In, Outer>, a_inner_low: Signal<In, Bit>, y: Signal<Out, Bit> } {
        #[hdl_gen]
        fn update(&mut self) {
            self.y.next = self.a_inner_low.val();
        }
    }
    "block `Ports`: signal `a_inner_low`: it and `a.inner.low` both make the port `a_inner_low`"
);

refused!(
    a_clock_from_nowhere,
    Nowhere { clock: Signal<In, Clock>, other: Signal<Local, Clock>, y: Signal<Out, Bit>, d: DFF<Bit> } {
        #[hdl_gen]
        fn update(&mut self) {
            self.d.clock.next = self.other.val();
            self.d.d.next = !self.d.q.val();
            self.y.next = self.d.q.val();
        }
    }
    "signal `d.clock`: a clock that is inverted, gated or made"
);

refused!(
    a_state_machine_with_one_state,
    One { clock: Signal<In, Clock>, y: Signal<Out, Bit>, s: DFF<Only> } {
        #[hdl_gen]
        fn update(&mut self) {
            dff_setup!(self, clock, s);
            self.y.next = self.s.q.val() == Only::State;
        }
    }
    "block `One`: signal `s.d`: it has 0 bits",
    "an enum at least two variants"
);

#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
enum Only {
    State,
}

#[derive(LogicStruct, Copy, Clone, Debug, Default, PartialEq)]
pub struct Outer {
    inner: Pair,
}

#[derive(LogicStruct, Copy, Clone, Debug, Default, PartialEq)]
pub struct Pair {
    low: Bit,
    high: Bits<3>,
}

/// Something that only looks like a flip-flop.
#[derive(LogicBlock, Default)]
struct Text {
    pub d: Signal<In, Bit>,
    pub y: Signal<Out, Bit>,
}

impl Logic for Text {
    fn update(&mut self) {}
    fn hdl(&self) -> Verilog {
        Verilog::Custom("assign y = d;".to_string())
    }
}

#[derive(LogicBlock, Default)]
struct NoKernel {
    pub y: Signal<Out, Bit>,
}

impl Logic for NoKernel {
    fn update(&mut self) {
        self.y.next = true;
    }
}

/// All problems of a kernel are told, the sub-block of an array is named.
#[test]
fn problems_are_collected() {
    #[derive(LogicBlock, Default)]
    struct Many {
        a: Signal<In, Bits<4>>,
        x: Signal<Out, Bit>,
        y: Signal<Out, Bits<8>>,
    }
    impl Logic for Many {
        #[hdl_gen]
        fn update(&mut self) {
            self.x.next = self.a.val() > 99;
            self.y.next = bit_cast::<8, 4>(self.a.val()) + 300;
        }
    }
    let errors = errors::<Many>();
    assert_eq!(errors.0.len(), 2, "{errors}");
    assert!(errors.to_string().contains("signal `y`: literal 300 does not fit 8 bits"), "{errors}");
}

#[test]
fn panics_of_rust_hdl_are_told() {
    // A FIFO whose second width is not the first plus one.
    let errors = errors::<SynchronousFIFO<Bits<8>, 4, 6, 1>>();
    assert!(errors.to_string().contains("block `SynchronousFIFO`: making it panicked: assertion"), "{errors}");
}

#[test]
fn two_enums_of_one_name_are_ambiguous_only_if_they_differ() {
    mod other {
        use super::*;
        #[derive(LogicState, Copy, Clone, Debug, PartialEq)]
        pub enum State {
            Busy,
            Idle,
        }
    }
    #[derive(LogicState, Copy, Clone, Debug, PartialEq)]
    pub enum State {
        Idle,
        Busy,
    }
    #[derive(LogicBlock, Default)]
    struct Twice {
        a: Signal<In, State>,
        b: Signal<In, other::State>,
        y: Signal<Out, Bit>,
    }
    impl Logic for Twice {
        #[hdl_gen]
        fn update(&mut self) {
            self.y.next = (self.a.val() == State::Busy) & (self.b.val() == other::State::Busy);
        }
    }
    let _ = (State::Idle, other::State::Idle);
    let errors = errors::<Twice>();
    assert!(errors.to_string().contains("two different enums have that name"), "{errors}");
}
