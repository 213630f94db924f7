//! Traffic generator and sink of a mesh node.
//!
//! Sends packets of 8 flits to random nodes, itself included, and takes whatever arrives at once.
//! Lane `k` (32 bits) of a flit is the number of flits sent before it plus `k`; the destination
//! replaces the lowest 8 bits of a head flit. The checksum rotates left by one and adds (exclusive
//! or) all lanes of each flit received, so that it depends on their order.

use crate::router::{COORDINATE_BITS, Flit};
use beehive_hdl::blocks::reduce::reduce;
use beehive_hdl::prelude::*;

/// Parameters of [`generator`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Generator {
    /// Payload bits of a flit: a multiple of 32.
    pub width: u32,
    /// Nodes along x.
    pub columns: u32,
    /// Nodes along y.
    pub rows: u32,
}

/// Flits in a packet.
pub const PACKET: u32 = 8;

/// The generator. Ports: streams `tx` out and `rx` in; constants `seed` (not zero) and `rate` (see
/// [`mesh`](fn@crate::mesh::mesh)); counters `sent`, `received`, and `checksum`.
#[hw]
pub fn generator(p: Generator) -> Def {
    module(p, |p| {
        let fits = p.width > 0 && p.width.is_multiple_of(32);
        require(fits, || format!("{} bits of data", p.width), "the generator fills lanes of 32 bits");
        let (seed, rate) = (input("seed", 32), input("rate", 9));
        let tx = Sink::<Flit>::output("tx", p.width);
        let rx = Stream::<Flit>::input("rx", p.width);
        rx.ready.drive(true);
        rx.payload.tail.ignore();

        // The seed is an input, so that all nodes share one module: it is taken in the first cycle.
        let fresh = delay_init("fresh", false, true);
        let random_reg = reg_init("random_reg", 32, 0);
        let random = fresh.mux(seed, random_reg);
        let active = reg_init("active", 1, 0);
        let index = reg_init("index", clog2(PACKET), 0);
        let sequence = reg_init("sequence", 32, 0);
        let (head, tail) = (index.eq(0), index.eq(u64::from(PACKET - 1)));

        let x = coordinate(random.slice(0, COORDINATE_BITS), p.columns);
        let y = coordinate(random.slice(COORDINATE_BITS, COORDINATE_BITS), p.rows);
        let mut lanes = (0..p.width / 32).map(|k| sequence + k).collect::<Vec<_>>();
        let low = head.mux(cat([x, y]), lanes[0].trunc(8));
        lanes[0] = cat([low, lanes[0].slice(8, 24)]);
        tx.valid.drive(active);
        tx.payload.set(Flit { data: cat(lanes), tail });

        let feedback = random.bit(31) ^ random.bit(21) ^ random.bit(1) ^ random.bit(0);
        when(!active | (tx.fire() & tail), || {
            random_reg.set(cat([feedback, random.trunc(31)]));
            active.set(random.slice(8, 8).zext(9).lt(rate));
        })
        .otherwise(|| random_reg.set(random));
        when(tx.fire(), || {
            index.set(index + 1);
            sequence.set(sequence + 1);
        });
        output("sent", 32).set(sequence);

        let received = reg_init("received_count", 32, 0);
        let checksum = reg_init("checksum_reg", 32, 0);
        when(rx.valid, || {
            let arrived = (0..p.width / 32).map(|k| rx.data.slice(32 * k, 32)).collect::<Vec<_>>();
            let folded = reduce(&arrived, |a, b| a ^ b);
            received.set(received + 1);
            checksum.set(cat([checksum.msb(), checksum.trunc(31)]) ^ folded);
        });
        output("received", 32).set(received);
        output("checksum", 32).set(checksum);
    })
}

/// A random coordinate below `n`, from as many of the lowest bits as `n` takes.
#[hw]
fn coordinate(random: Bits, n: u32) -> Bits {
    if n == 1 {
        return lit(COORDINATE_BITS, 0);
    }
    let drawn = random.trunc(clog2(n));
    let below = if n.is_power_of_two() { drawn } else { drawn.ge(u64::from(n)).mux(drawn - u64::from(n), drawn) };
    below.zext(COORDINATE_BITS)
}
