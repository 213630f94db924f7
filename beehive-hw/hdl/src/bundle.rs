//! Groups of signals: [`bundle!`](crate::bundle!) and [`hw_enum!`](crate::hw_enum!).

use crate::build::{Bits, Named, Var, cat, input, mux, output, reg, wire};
use std::fmt::Debug;

/// A group of named values that travels as one: through ports, registers, memories, streams.
///
/// Made by [`bundle!`](crate::bundle!); single [`Bits`] and pairs are bundles, too.
pub trait Bundle: Copy + 'static {
    /// What fixes the widths: the bundle's parameter, a tuple if there are several, `()` if none.
    type Shape: Copy + PartialEq + Debug + 'static;
    /// The same group of assignable signals.
    type Vars: BundleVars<Bundle = Self>;

    /// Names and widths, in order; the first field is least significant when packed.
    fn fields(shape: Self::Shape) -> Vec<(String, u32)>;
    /// From one value per field.
    ///
    /// # Panics
    /// If there are fewer values than fields.
    fn from_fields(values: &[Bits]) -> Self;
    /// One value per field.
    fn to_fields(self) -> Vec<Bits>;

    /// Total width in bits.
    fn packed_width(shape: Self::Shape) -> u32 {
        Self::fields(shape).iter().map(|f| f.1).sum()
    }

    /// All fields in one value, the first least significant.
    #[track_caller]
    fn pack(self) -> Bits {
        cat(self.to_fields())
    }

    /// The fields of a packed value.
    #[track_caller]
    fn unpack_as(shape: Self::Shape, packed: Bits) -> Self {
        let mut at = 0;
        let mut values = vec![];
        for (_, width) in Self::fields(shape) {
            values.push(packed.slice(at, width));
            at += width;
        }
        Self::from_fields(&values)
    }

    /// Where `cond` (1 bit) is one `then`, else `other`.
    #[track_caller]
    fn select(cond: Bits, then: Self, other: Self) -> Self {
        let mut values = vec![];
        for (a, b) in then.to_fields().into_iter().zip(other.to_fields()) {
            values.push(mux(cond, a, b));
        }
        Self::from_fields(&values)
    }

    /// Input ports `name_<field>`.
    #[track_caller]
    fn input_as(shape: Self::Shape, name: &str) -> Self {
        let mut values = vec![];
        for (field, width) in Self::fields(shape) {
            values.push(input(&format!("{name}_{field}"), width));
        }
        Self::from_fields(&values)
    }

    /// Output ports `name_<field>`.
    #[track_caller]
    fn output_as(shape: Self::Shape, name: &str) -> Self::Vars {
        let mut vars = vec![];
        for (field, width) in Self::fields(shape) {
            vars.push(output(&format!("{name}_{field}"), width));
        }
        Self::Vars::from_vars(&vars)
    }

    /// Registers `name_<field>` without reset.
    #[track_caller]
    fn reg_as(shape: Self::Shape, name: &str) -> Self::Vars {
        let mut vars = vec![];
        for (field, width) in Self::fields(shape) {
            vars.push(reg(&format!("{name}_{field}"), width));
        }
        Self::Vars::from_vars(&vars)
    }

    /// Wires `name_<field>`.
    #[track_caller]
    fn wire_as(shape: Self::Shape, name: &str) -> Self::Vars {
        let mut vars = vec![];
        for (field, width) in Self::fields(shape) {
            vars.push(wire(&format!("{name}_{field}"), width));
        }
        Self::Vars::from_vars(&vars)
    }
}

/// The assignable form of a [`Bundle`].
pub trait BundleVars: Copy + 'static {
    /// The values.
    type Bundle: Bundle<Vars = Self>;

    /// From one signal per field.
    ///
    /// # Panics
    /// If there are fewer signals than fields.
    fn from_vars(vars: &[Var]) -> Self;
    /// One signal per field.
    fn to_vars(self) -> Vec<Var>;

    /// Assigns every field.
    #[track_caller]
    fn set(self, value: Self::Bundle) {
        for (var, value) in self.to_vars().into_iter().zip(value.to_fields()) {
            var.set(value);
        }
    }

    /// The only driver of every field, see [`Var::drive`].
    #[track_caller]
    fn drive(self, value: Self::Bundle) {
        for (var, value) in self.to_vars().into_iter().zip(value.to_fields()) {
            var.drive(value);
        }
    }

    /// The values of the fields.
    fn get(self) -> Self::Bundle {
        let values: Vec<Bits> = self.to_vars().into_iter().map(Var::get).collect();
        Self::Bundle::from_fields(&values)
    }
}

/// A single value; its shape is its width.
impl Bundle for Bits {
    type Shape = u32;
    type Vars = Var;

    fn fields(shape: u32) -> Vec<(String, u32)> {
        vec![("data".to_string(), shape)]
    }
    fn from_fields(values: &[Bits]) -> Bits {
        values[0]
    }
    fn to_fields(self) -> Vec<Bits> {
        vec![self]
    }
}

impl BundleVars for Var {
    type Bundle = Bits;

    fn from_vars(vars: &[Var]) -> Var {
        vars[0]
    }
    fn to_vars(self) -> Vec<Var> {
        vec![self]
    }
}

/// Nothing, beside something in a pair.
impl Bundle for () {
    type Shape = ();
    type Vars = ();

    fn fields((): ()) -> Vec<(String, u32)> {
        vec![]
    }
    fn from_fields(_: &[Bits]) {}
    fn to_fields(self) -> Vec<Bits> {
        vec![]
    }
}

impl BundleVars for () {
    type Bundle = ();

    fn from_vars(_: &[Var]) {}
    fn to_vars(self) -> Vec<Var> {
        vec![]
    }
}

/// Two bundles side by side; the fields are named `a_..` and `b_..`.
impl<A: Bundle, B: Bundle> Bundle for (A, B) {
    type Shape = (A::Shape, B::Shape);
    type Vars = (A::Vars, B::Vars);

    fn fields((a, b): Self::Shape) -> Vec<(String, u32)> {
        let prefixed = |prefix: &str, fields: Vec<(String, u32)>| {
            fields.into_iter().map(|(name, width)| (format!("{prefix}_{name}"), width)).collect::<Vec<_>>()
        };
        [prefixed("a", A::fields(a)), prefixed("b", B::fields(b))].concat()
    }
    fn from_fields(values: &[Bits]) -> Self {
        let a = A::from_fields(values);
        (a, B::from_fields(&values[a.to_fields().len()..]))
    }
    fn to_fields(self) -> Vec<Bits> {
        [self.0.to_fields(), self.1.to_fields()].concat()
    }
}

impl<A: BundleVars, B: BundleVars> BundleVars for (A, B) {
    type Bundle = (A::Bundle, B::Bundle);

    fn from_vars(vars: &[Var]) -> Self {
        let a = A::from_vars(vars);
        (a, B::from_vars(&vars[a.to_vars().len()..]))
    }
    fn to_vars(self) -> Vec<Var> {
        [self.0.to_vars(), self.1.to_vars()].concat()
    }
}

/// Names every field `name_<field>`.
#[doc(hidden)]
pub fn name_fields<T: Bundle>(value: T, shape_names: &[&str], name: &str) {
    for (value, field) in value.to_fields().into_iter().zip(shape_names) {
        let _ = value.named(&format!("{name}_{field}"));
    }
}

/// Declares a group of signals.
///
/// `bundle! { pub struct Meta { src_ip: 32, port: 16 } }` makes a struct `Meta<T>` with a field of
/// type `T` per line: `Meta` (that is `Meta<Bits>`) holds values, `Meta<Var>` registers, wires or
/// outputs, and `Meta<u64>` or `Meta<Value>` serve golden models. Widths may depend on parameters:
///
/// ```
/// use beehive_hdl::prelude::*;
///
/// bundle! {
///     /// A word and its mark.
///     pub struct Word(width: u32) {
///         /// The word.
///         data: width,
///         /// Is it the last?
///         last: 1,
///     }
/// }
///
/// let def = elaborate(|| {
///     module((), |_| {
///         let word = Word::input("in", 8);                // ports in_data, in_last
///         let kept = Word::reg("kept", 8);                // registers kept_data, kept_last
///         kept.set(word);
///         Word::output("out", 8).set(kept.get());
///     })
/// });
/// assert_eq!(def.unwrap().ports.len(), 4);
/// ```
#[macro_export]
macro_rules! bundle {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident $(($($param:ident : $type:ty),* $(,)?))? {
            $($(#[$field_meta:meta])* $field:ident : $width:expr),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        $vis struct $name<T = $crate::build::Bits> {
            $($(#[$field_meta])* pub $field: T),*
        }

        #[allow(dead_code, missing_docs, unused_parens, clippy::unused_unit)]
        impl $name<$crate::build::Bits> {
            $vis fn width($($($param: $type),*)?) -> u32 {
                <Self as $crate::bundle::Bundle>::packed_width(($($($param),*)?))
            }
            #[track_caller]
            $vis fn input(name: &str $($(, $param: $type)*)?) -> Self {
                <Self as $crate::bundle::Bundle>::input_as(($($($param),*)?), name)
            }
            #[track_caller]
            $vis fn output(name: &str $($(, $param: $type)*)?) -> $name<$crate::build::Var> {
                <Self as $crate::bundle::Bundle>::output_as(($($($param),*)?), name)
            }
            #[track_caller]
            $vis fn reg(name: &str $($(, $param: $type)*)?) -> $name<$crate::build::Var> {
                <Self as $crate::bundle::Bundle>::reg_as(($($($param),*)?), name)
            }
            #[track_caller]
            $vis fn wire(name: &str $($(, $param: $type)*)?) -> $name<$crate::build::Var> {
                <Self as $crate::bundle::Bundle>::wire_as(($($($param),*)?), name)
            }
            #[track_caller]
            $vis fn unpack(packed: $crate::build::Bits $($(, $param: $type)*)?) -> Self {
                <Self as $crate::bundle::Bundle>::unpack_as(($($($param),*)?), packed)
            }
        }

        #[allow(unused_parens, clippy::unused_unit)]
        impl $crate::bundle::Bundle for $name<$crate::build::Bits> {
            type Shape = ($($($type),*)?);
            type Vars = $name<$crate::build::Var>;

            fn fields(($($($param),*)?): Self::Shape) -> ::std::vec::Vec<(::std::string::String, u32)> {
                ::std::vec![$((::std::string::String::from(stringify!($field).trim_start_matches("r#")), $width)),*]
            }
            fn from_fields(values: &[$crate::build::Bits]) -> Self {
                let mut values = values.iter().copied();
                $name { $($field: values.next().expect("a value per field")),* }
            }
            fn to_fields(self) -> ::std::vec::Vec<$crate::build::Bits> {
                ::std::vec![$(self.$field),*]
            }
        }

        impl $crate::bundle::BundleVars for $name<$crate::build::Var> {
            type Bundle = $name<$crate::build::Bits>;

            fn from_vars(vars: &[$crate::build::Var]) -> Self {
                let mut vars = vars.iter().copied();
                $name { $($field: vars.next().expect("a signal per field")),* }
            }
            fn to_vars(self) -> ::std::vec::Vec<$crate::build::Var> {
                ::std::vec![$(self.$field),*]
            }
        }

        #[allow(dead_code, missing_docs)]
        impl $name<$crate::build::Var> {
            #[track_caller]
            $vis fn set(self, value: $name<$crate::build::Bits>) {
                $crate::bundle::BundleVars::set(self, value);
            }
            $vis fn get(self) -> $name<$crate::build::Bits> {
                $crate::bundle::BundleVars::get(self)
            }
        }

        impl $crate::build::Named for $name<$crate::build::Bits> {
            fn named(self, name: &str) -> Self {
                $crate::bundle::name_fields(self, &[$(stringify!($field)),*], name);
                self
            }
        }
    };
}

/// A Rust enum whose variants are labelled constants of the hardware.
///
/// ```
/// use beehive_hdl::prelude::*;
///
/// hw_enum! {
///     /// What the tile does.
///     pub enum State { Idle, Header, Body }
/// }
///
/// let def = elaborate(|| {
///     module((), |_| {
///         let start = input("start", 1);
///         let state = State::reg("state", State::Idle);
///         switch(state, |s| {
///             s.case(State::Idle, || when(start, || state.set(State::Header)));
///             s.default(|| state.set(State::Idle));
///         });
///         output("busy", 1).set(state.ne(State::Idle));
///     })
/// });
/// assert!(def.is_ok());
/// assert_eq!((State::WIDTH, State::from_number(1)), (2, Some(State::Header)));
/// ```
///
/// Variants count from 0; `Body = 5` sets a number, `enum State: 3 { .. }` the width.
#[macro_export]
macro_rules! hw_enum {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident $(: $width:literal)? {
            $($(#[$variant_meta:meta])* $variant:ident $(= $number:literal)?),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        $vis enum $name { $($(#[$variant_meta])* $variant $(= $number)?),* }

        #[allow(dead_code)]
        impl $name {
            /// All variants, in order.
            $vis const ALL: &'static [$name] = &[$($name::$variant),*];

            /// Width in bits.
            $vis const WIDTH: u32 = {
                let (mut greatest, mut i) = (0, 0);
                while i < Self::ALL.len() {
                    if Self::ALL[i] as u32 > greatest {
                        greatest = Self::ALL[i] as u32;
                    }
                    i += 1;
                }
                let need = $crate::build::clog2(greatest + 1);
                let width: &[u32] = &[need $(, $width)?];
                let width = width[width.len() - 1];
                assert!(width >= need, "the variants do not fit the width");
                width
            };

            /// A register that holds a variant; `init` after reset.
            #[track_caller]
            $vis fn reg(name: &str, init: $name) -> $crate::build::Var {
                $crate::build::reg_init(name, Self::WIDTH, init)
            }

            /// The variant of that number.
            $vis fn from_number(number: u64) -> ::std::option::Option<$name> {
                Self::ALL.iter().copied().find(|v| *v as u64 == number)
            }
        }

        impl $crate::build::ToBits for $name {
            #[track_caller]
            fn to_bits(self, _: ::std::option::Option<u32>) -> $crate::build::Bits {
                let variant = match self { $($name::$variant => stringify!($variant)),* };
                let label = $crate::ir::Label { kind: stringify!($name), variant };
                $crate::build::labelled(Self::WIDTH, self as u128, label)
            }
            fn own_width(&self) -> ::std::option::Option<u32> {
                ::std::option::Option::Some(Self::WIDTH)
            }
        }
    };
}
