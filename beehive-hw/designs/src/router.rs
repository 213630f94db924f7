//! Five-port wormhole router with XY dimension order.
//!
//! ```text
//!                 north                 input:  FIFO, head flit decoded to a route
//!                   |                   output: round-robin arbiter, locked from head to tail,
//!         west -- router -- east                one-hot select of the flit
//!                 / |
//!             local south
//! ```
//!
//! A packet is a head flit, which carries its destination (`x` in bits 0..4, `y` in bits 4..8 of
//! the data), and more flits up to the one with `tail` set. It travels along x first, then along y;
//! y grows southwards. Dimension order leaves a router only 17 of 25 turns ([`Port::turns_to`]),
//! and only these are built.
//!
//! An output whose neighbour is not ready may still change its mind about which packet to start:
//! the choice is binding from the first flit that passes.

use beehive_hdl::blocks::RoundRobin;
use beehive_hdl::blocks::one_hot::encode;
use beehive_hdl::prelude::*;

/// Bits of a coordinate.
pub const COORDINATE_BITS: u32 = 4;

bundle! {
    /// What passes a link in a cycle.
    pub struct Flit(width: u32) {
        /// Payload; in a head flit, bits 0..8 are the destination.
        data: width,
        /// The last flit of its packet.
        tail: 1,
    }
}

/// Parameters of [`router`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Router {
    /// Payload bits of a flit, at least 8.
    pub width: u32,
    /// Flits in an input FIFO: a power of two.
    pub depth: u32,
}

/// A side of the router.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Port {
    /// The tile.
    Local,
    /// Towards y - 1.
    North,
    /// Towards y + 1.
    South,
    /// Towards x + 1.
    East,
    /// Towards x - 1.
    West,
}

impl Port {
    /// All, in the order of arbitration.
    pub const ALL: [Port; 5] = [Port::Local, Port::North, Port::South, Port::East, Port::West];

    /// As it begins the names of the stream ports: `north` for `north_in` and `north_out`.
    pub fn name(self) -> &'static str {
        ["local", "north", "south", "east", "west"][self as usize]
    }

    /// The neighbour's side of the same link.
    pub fn opposite(self) -> Port {
        [Port::Local, Port::South, Port::North, Port::West, Port::East][self as usize]
    }

    /// Can a packet that came in here leave at `to`? Not back where it came from, and never from y to x.
    pub fn turns_to(self, to: Port) -> bool {
        match (self, to) {
            (Port::Local, _) | (_, Port::Local) => true,
            (Port::North | Port::South, Port::East | Port::West) => false,
            _ => self != to,
        }
    }
}

/// A FIFO's output inside the router.
#[derive(Clone, Copy)]
struct Head {
    port: Port,
    valid: Bits,
    flit: Flit,
    /// Requested outputs, one-hot by [`Port`]; zero for the flits that follow a head.
    route: Bits,
}

/// The router. Ports: streams `<side>_in` and `<side>_out` of [`Flit`], its place `here_x`, `here_y`.
#[hw]
pub fn router(p: Router) -> Def {
    module(p, |p| {
        require(p.width >= 2 * COORDINATE_BITS, || format!("{} bits of data", p.width), "a head flit needs 8 bits");
        let here = [input("here_x", COORDINATE_BITS), input("here_y", COORDINATE_BITS)];
        let body = reg_init("body", Port::ALL.len() as u32, 0);
        let queues = Port::ALL.map(|port| {
            let input = Stream::<Flit>::input(&format!("{}_in", port.name()), p.width);
            input.fifo(&format!("{}_fifo", port.name()), p.depth)
        });
        let heads = Port::ALL.map(|port| {
            let queue = queues[port as usize];
            scope(port.name(), || {
                let flit = queue.payload;
                let at_head = queue.valid & !body.bit(port as u32);
                Head { port, valid: queue.valid, flit, route: route(port, at_head, flit.data, here) }
            })
        });
        let mut taken = Port::ALL.map(|_| Vec::<Bits>::new());
        for port in Port::ALL {
            let out = Sink::<Flit>::output(&format!("{}_out", port.name()), p.width);
            let heads = heads.into_iter().filter(|head| head.port.turns_to(port)).collect::<Vec<_>>();
            let grant = scope(port.name(), || arbitrate(port, &heads, out));
            for (i, head) in heads.iter().enumerate() {
                taken[head.port as usize].push(grant.bit(i as u32) & out.ready);
            }
        }
        for (port, taken) in Port::ALL.into_iter().zip(taken) {
            let queue = queues[port as usize];
            queue.ready.drive(cat(taken).any());
            when(queue.fire(), || body.part(port as u32, 1).set(!queue.payload.tail));
        }
    })
}

/// The output that a head flit asks for: along x until it is in its column, then along y.
#[hw]
fn route(port: Port, at_head: Bits, data: Bits, [here_x, here_y]: [Bits; 2]) -> Bits {
    let x = data.trunc(COORDINATE_BITS);
    let y = data.slice(COORDINATE_BITS, COORDINATE_BITS);
    let same_x = x.eq(here_x);
    let local = same_x & y.eq(here_y);
    let north = same_x & y.lt(here_y);
    let south = same_x & y.gt(here_y);
    let wanted = [local, north, south, x.gt(here_x), x.lt(here_x)];
    for to in Port::ALL.into_iter().filter(|to| !port.turns_to(*to)) {
        hw_assert!(!(at_head & wanted[to as usize]), "a packet from {} may not turn to {}", port.name(), to.name());
    }
    let route = cat(wanted) & at_head.repeat(5);
    route
}

/// Sends the flits of one head after the other to `out`, packet by packet; gives the head (one-hot)
/// that may send in this cycle.
#[hw]
fn arbitrate(port: Port, heads: &[Head], out: Sink<Flit>) -> Bits {
    let n = heads.len() as u32;
    let request = cat(heads.iter().map(|head| head.route.bit(port as u32)));
    let locked = reg_init("locked", 1, 0);
    let owner = reg_init("owner", n, 0);
    let turn = RoundRobin::new("turn", n);
    let grant = locked.mux(owner, turn.grant(request));
    let present = cat(heads.iter().map(|head| head.valid));
    out.valid.drive((grant & present).any());
    let flit = choose(heads, grant);
    out.payload.set(flit);
    when(out.fire(), || {
        locked.set(!flit.tail);
        owner.set(grant);
        turn.advance(grant);
    });
    grant
}

/// The flit of the head that has the grant. Binary indices halve the logic of a wide one-hot mux:
/// four flits take one LUT6 per bit.
#[hw]
fn choose(heads: &[Head], grant: Bits) -> Flit {
    let index = encode(grant);
    let mut left = heads.iter().map(|head| head.flit).collect::<Vec<_>>();
    for bit in 0..index.width() {
        let one_of = |pair: &[Flit]| if let [a, b] = *pair { Flit::select(index.bit(bit), b, a) } else { pair[0] };
        let chosen = left.chunks(2).map(one_of).collect::<Vec<_>>();
        left = chosen;
    }
    left[0]
}
