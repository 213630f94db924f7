//! Ready/valid streams with typed payloads.
//!
//! ```text
//!   producer: Sink<T>                       consumer: Stream<T>
//!     valid (Var)  ------- valid --------->   valid (Bits)
//!     payload      ------- payload ------->   payload (T)
//!     ready (Bits) <------ ready ----------   ready (Var)
//! ```
//!
//! A beat passes at a clock edge with `valid` and `ready` high. A producer must not wait for `ready`
//! before it raises `valid`, and once raised keeps `valid` and the payload until the beat passed.
//! Ports are named after AXI4-Stream interfaces: `s_axis_valid`, `s_axis_ready`, `s_axis_data`, ...

use crate::build::{
    Bits, Inst, Named, ToBits, Var, backward_output, backward_wire, dont_care, input, output, record_stream, wire,
};
use crate::bundle::{Bundle, BundleVars};
use crate::ir::Dir;
use std::ops::Deref;

/// The consumer's end of a stream. Reads like its payload: `rx.data` is `rx.payload.data`.
#[derive(Clone, Copy)]
pub struct Stream<T: Bundle> {
    /// A beat is there.
    pub valid: Bits,
    /// The beat; meaningless while `valid` is low.
    pub payload: T,
    /// To be driven by the consumer: the beat is taken.
    pub ready: Var,
    shape: T::Shape,
}

/// The producer's end of a stream.
#[derive(Clone, Copy)]
pub struct Sink<T: Bundle> {
    /// To be driven: a beat is there.
    pub valid: Var,
    /// To be driven: the beat.
    pub payload: T::Vars,
    /// The beat is taken.
    pub ready: Bits,
    shape: T::Shape,
}

/// Both ends of a stream inside the module, made of wires.
#[track_caller]
pub fn channel<T: Bundle>(name: &str, shape: T::Shape) -> (Sink<T>, Stream<T>) {
    let valid = wire(&format!("{name}_valid"), 1);
    let payload = T::wire_as(shape, name);
    let ready = backward_wire(&format!("{name}_ready"), 1);
    let sink = Sink { valid, payload, ready: ready.get(), shape };
    (sink, Stream { valid: valid.get(), payload: payload.get(), ready, shape })
}

impl<T: Bundle> Stream<T> {
    /// Ports of a stream into the module: `name_valid`, `name_<field>`, and the output `name_ready`.
    #[track_caller]
    pub fn input(name: &str, shape: T::Shape) -> Stream<T> {
        let valid = input(&format!("{name}_valid"), 1);
        let payload = T::input_as(shape, name);
        let ready = backward_output(&format!("{name}_ready"), 1);
        record_stream(name, Dir::In, &T::fields(shape));
        Stream { valid, payload, ready, shape }
    }

    /// What fixes the widths of the payload.
    pub fn shape(self) -> T::Shape {
        self.shape
    }

    /// A beat passes at this clock edge.
    #[track_caller]
    pub fn fire(self) -> Bits {
        fire(self.valid, self.ready.get(), self.ready.get(), "ready")
    }

    /// Passes everything on to `sink`.
    #[track_caller]
    pub fn to(self, sink: Sink<T>) {
        sink.valid.drive(self.valid);
        sink.payload.drive(self.payload);
        self.ready.drive(sink.ready);
    }

    /// A stream on which nothing ever comes, to tie off an input.
    #[track_caller]
    pub fn never(shape: T::Shape) -> Stream<T> {
        let (sink, stream) = channel::<T>("never", shape);
        sink.valid.drive(0);
        for var in sink.payload.to_vars() {
            var.drive(dont_care(var.width()));
        }
        stream
    }

    /// Takes every beat and drops it.
    #[track_caller]
    pub fn discard(self) {
        self.ready.drive(1);
    }

    /// The same beats with another payload, computed combinationally.
    #[track_caller]
    pub fn map<U: Bundle>(self, shape: U::Shape, f: impl FnOnce(T) -> U) -> Stream<U> {
        Stream { valid: self.valid, payload: f(self.payload), ready: self.ready, shape }
    }

    /// Holds beats back while `open` (1 bit) is zero.
    #[track_caller]
    pub fn gate(self, name: &str, open: impl ToBits) -> Stream<T> {
        let open = open.to_bits(Some(1));
        let ready = backward_wire(&format!("{name}_ready"), 1);
        self.ready.drive(ready & open);
        let valid = (self.valid & open).named(&format!("{name}_valid"));
        Stream { valid, ready, ..self }
    }
}

impl<T: Bundle> Deref for Stream<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.payload
    }
}

impl<T: Bundle> Sink<T> {
    /// Ports of a stream out of the module: `name_valid`, `name_<field>`, and the input `name_ready`.
    #[track_caller]
    pub fn output(name: &str, shape: T::Shape) -> Sink<T> {
        let valid = output(&format!("{name}_valid"), 1);
        let payload = T::output_as(shape, name);
        let ready = input(&format!("{name}_ready"), 1);
        record_stream(name, Dir::Out, &T::fields(shape));
        Sink { valid, payload, ready, shape }
    }

    /// What fixes the widths of the payload.
    pub fn shape(self) -> T::Shape {
        self.shape
    }

    /// A beat passes at this clock edge.
    #[track_caller]
    pub fn fire(self) -> Bits {
        fire(self.valid.get(), self.ready, self.valid.get(), "valid")
    }

    /// The default: no beat. To be overridden by [`send`](Sink::send) inside a `when`.
    #[track_caller]
    pub fn idle(self) {
        self.valid.set_default(0);
        for var in self.payload.to_vars() {
            var.set_default(dont_care(var.width()));
        }
    }

    /// Offers a beat; whether it passes says [`fire`](Sink::fire).
    #[track_caller]
    pub fn send(self, payload: T) {
        self.valid.set(1);
        self.payload.set(payload);
    }
}

impl<T: Bundle> Deref for Sink<T> {
    type Target = T::Vars;
    fn deref(&self) -> &T::Vars {
        &self.payload
    }
}

/// `valid & ready`, named after the stream: `s_axis_fire`.
#[track_caller]
fn fire(valid: Bits, ready: Bits, named: Bits, suffix: &str) -> Bits {
    let both = valid & ready;
    match named.name().as_deref().and_then(|name| name.strip_suffix(suffix)) {
        Some(stream) => both.named_exactly(&format!("{stream}fire")),
        None => both,
    }
}

impl Inst {
    /// Drives the inputs `port_<field>`.
    #[track_caller]
    pub fn connect_bundle<T: Bundle>(&self, port: &str, shape: T::Shape, value: T) -> &Self {
        for ((field, _), value) in T::fields(shape).into_iter().zip(value.to_fields()) {
            self.connect(&format!("{port}_{field}"), value);
        }
        self
    }

    /// The outputs `port_<field>`.
    #[track_caller]
    pub fn bundle<T: Bundle>(&self, port: &str, shape: T::Shape) -> T {
        let mut values = vec![];
        for (field, _) in T::fields(shape) {
            values.push(self.out(&format!("{port}_{field}")));
        }
        T::from_fields(&values)
    }

    /// The stream that comes out of the instance's ports `port_*`.
    #[track_caller]
    pub fn stream<T: Bundle>(&self, port: &str, shape: T::Shape) -> Stream<T> {
        let valid = self.out(&format!("{port}_valid"));
        let payload = self.bundle(port, shape);
        let ready = backward_wire(&format!("{}_{port}_ready", self.name()), 1);
        self.connect(&format!("{port}_ready"), ready);
        Stream { valid, payload, ready, shape }
    }

    /// Feeds a stream into the instance's ports `port_*`.
    #[track_caller]
    pub fn feed<T: Bundle>(&self, port: &str, stream: Stream<T>) -> &Self {
        self.connect(&format!("{port}_valid"), stream.valid);
        self.connect_bundle(port, stream.shape, stream.payload);
        stream.ready.drive(self.out(&format!("{port}_ready")));
        self
    }
}
