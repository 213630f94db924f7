//! Small blocks of the router.

use crate::router::Flit;
use beehive_hdl::prelude::*;

/// Parameters of [`fifo`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Fifo {
    /// Payload bits of a flit.
    pub width: u32,
    /// Flits: a power of two.
    pub depth: u32,
}

/// A FIFO of flits in LUT RAM: streams `enq` in, `deq` out.
#[hw]
pub fn fifo(p: Fifo) -> Def {
    module(p, |p| {
        let enq = Stream::<Flit>::input("enq", (p.width,));
        let deq = Sink::<Flit>::output("deq", (p.width,));
        let entries = lut_ram("entries", p.width + 1, p.depth);
        let bits = clog2(p.depth);
        let (head, tail) = (reg_init("head", bits + 1, 0), reg_init("tail", bits + 1, 0));
        enq.ready.drive((tail - head).ne(u64::from(p.depth)));
        deq.valid.drive(tail.ne(head));
        deq.payload.set(Flit::unpack(entries.peek(head.trunc(bits)), p.width));
        let port = entries.write_port();
        when(enq.fire(), || {
            port.write(tail.trunc(bits), enq.payload.pack());
            tail.set(tail + 1);
        });
        when(deq.fire(), || head.set(head + 1));
    })
}

/// The first requester from the one-hot `first` upwards, cyclically, one-hot; zero if there is none.
#[hw]
pub fn round_robin(request: Bits, first: Bits) -> Bits {
    let n = request.width();
    let twice = request.repeat(2);
    let beyond = twice - first.zext(2 * n);
    let found = twice & !beyond;
    found.trunc(n) | found.slice(n, n)
}

/// Or of all.
pub fn or_all(values: Vec<Bits>) -> Bits {
    values.into_iter().reduce(|a, b| a | b).expect("at least one value")
}

/// The value at the place where `select` has its one; the first if it has none.
#[hw]
pub fn one_hot_select<T: Bundle>(select: Bits, mut values: Vec<T>) -> T {
    let mut level = 0;
    while values.len() > 1 {
        let odd = or_all((0..select.width()).filter(|i| i >> level & 1 == 1).map(|i| select.bit(i)).collect());
        values = values.chunks(2).map(|pair| if let [a, b] = *pair { T::select(odd, b, a) } else { pair[0] }).collect();
        level += 1;
    }
    values[0]
}
