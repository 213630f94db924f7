//! Five-port wormhole router with XY dimension order.
//!
//! ```text
//!   north_in --> route --> FIFO --+            input: the route of a message is worked out as its header comes in,
//!   south_in --> route --> FIFO --+--> 4:1 --> register --> east_out       and kept with its flits
//!   local_in --> route --> FIFO --+    ...     output: round robin over messages, bound to one up to its last flit
//! ```
//!
//! Two cycles from input to output. Both sides of every port end in registers: no combinational path
//! leads through. Only sides that exist and turns that dimension order knows are built. A message with a
//! destination that no route leads to is taken and dropped, so a wrong table entry cannot stop the network.

use super::{COORDINATE_BITS, Side};
use beehive_hdl::blocks::Beat;
use beehive_hdl::prelude::*;
use beehive_hdl::{hw_assert, hw_cover};

/// Parameters of [`router`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Router {
    /// Data bits of a flit: a multiple of 8.
    pub width: u32,
    /// Flits in an input FIFO: a power of two.
    pub depth: u32,
    /// Which sides exist, by [`Side`]: bit 0 local, 1 north, ...
    pub sides: u32,
    /// Count flits and stalls of every output.
    pub counters: bool,
}

/// All five sides.
pub const ALL_SIDES: u32 = 0b11111;

bundle! {
    /// Where a flit goes.
    struct Way {
        /// First flit of its message.
        first: 1,
        /// The output, one-hot by [`Side`]; zero: nowhere.
        route: 5,
    }
}

/// What an input offers to the outputs.
#[derive(Clone, Copy)]
struct Head {
    side: Side,
    valid: Bits,
    flit: Beat,
    way: Way,
    /// Taken at this edge.
    pop: Var,
}

/// The router. Ports: streams `<side>_in` and `<side>_out` of [`Beat`], its place `here_x`, `here_y`, output
/// `lost`, high for a cycle after messages were dropped for want of a route, and, with counters (32 bits, around the end),
/// `lost_messages`, and `<side>_flits` and `<side>_stalls` of every output.
#[hw]
pub fn router(p: Router) -> Def {
    module(p, |p| {
        require(
            p.width >= 16 && p.width.is_multiple_of(8),
            || format!("flits of {} bits", p.width),
            "give whole bytes, 2 or more",
        );
        require(p.depth.is_power_of_two(), || format!("FIFOs of {} flits", p.depth), "give a power of two");
        let sides: Vec<Side> = Side::ALL.into_iter().filter(|side| p.sides >> *side as u32 & 1 != 0).collect();
        require(
            p.sides & 1 != 0 && sides.len() > 1,
            || format!("sides {:05b}", p.sides),
            "a router has its tile and a neighbour",
        );
        let here = [input("here_x", COORDINATE_BITS), input("here_y", COORDINATE_BITS)];
        let mut heads: Vec<Head> = vec![];
        let mut lost = vec![];
        for &side in &sides {
            let (head, nowhere) = scope(side.name(), || input_side(p, &sides, side, here));
            heads.push(head);
            lost.push(nowhere);
        }
        if p.counters {
            let messages = reg_init("lost_messages_q", 32, 0);
            let now: Vec<Bits> = lost.iter().map(|lost: &Bits| lost.zext(3)).collect();
            let more = messages + now.into_iter().reduce(|sum, lost| sum + lost).expect("a side").zext(32);
            when(cat(lost.clone()).any(), || messages.set(more));
            output("lost_messages", 32).set(messages);
        }
        output("lost", 1).set(delay_init("lost_q", cat(lost).any(), 0));
        let mut taken: Vec<Vec<Bits>> = sides.iter().map(|_| vec![]).collect();
        for &side in &sides {
            let from: Vec<usize> = (0..heads.len()).filter(|i| heads[*i].side.turns_to(side)).collect();
            let takes =
                scope(side.name(), || output_side(p, side, &from.iter().map(|i| heads[*i]).collect::<Vec<_>>()));
            for (i, take) in from.into_iter().zip(takes) {
                taken[i].push(take);
            }
        }
        for (head, taken) in heads.iter().zip(taken) {
            let nowhere = head.valid & !head.way.route.any();
            head.pop.set(cat(taken).any() | nowhere);
        }
    })
}

/// FIFO of one input; the route is worked out on the way in. Gives its head, and whether a message
/// without a route ends.
#[hw]
fn input_side(p: &Router, sides: &[Side], side: Side, here: [Bits; 2]) -> (Head, Bits) {
    let rx = Stream::<Beat>::input("in", p.width);
    let [here_x, here_y] = here;
    let x = rx.data.trunc(COORDINATE_BITS);
    let y = rx.data.slice(COORDINATE_BITS, COORDINATE_BITS);
    let same_x = x.eq(here_x);
    let wanted = [same_x & y.eq(here_y), same_x & y.lt(here_y), same_x & y.gt(here_y), x.gt(here_x), x.lt(here_x)];
    // Turns that cannot be built are no routes.
    let open = |to: Side| side.turns_to(to) && sides.contains(&to);
    let computed = cat(Side::ALL.map(|to| if open(to) { wanted[to as usize] } else { lit(1, 0) }));
    let first = reg_init("first", 1, 1);
    let kept = reg("kept_route", 5);
    let route = first.mux(computed, kept);
    when(rx.fire(), || {
        first.set(rx.last);
        kept.set(route);
    });

    let store = lut_ram("fifo", Beat::width(p.width), p.depth);
    let ways = lut_ram("ways", Way::width(), p.depth);
    let address_bits = store.addr_width();
    // One bit more than an address: the lap.
    let write = reg_init("write", address_bits + 1, 0);
    let read = reg_init("read", address_bits + 1, 0);
    let full = write.trunc(address_bits).eq(read.trunc(address_bits)) & write.msb().ne(read.msb());
    rx.ready.set(!full);
    let way_in = Way { first: *first, route };
    let write_at = write.trunc(address_bits);
    let read_at = read.trunc(address_bits);
    let (port, way_port) = (store.write_port(), ways.write_port());
    let push = rx.fire();
    let next_write = write + 1;
    when(push, || {
        port.write(write_at, rx.payload.pack());
        way_port.write(write_at, way_in.pack());
        write.set(next_write);
    });
    let head = store.peek(read_at);
    let flit = Beat::unpack(head, p.width);
    let pop = wire("pop", 1);
    let next_read = read + 1;
    when(pop, || read.set(next_read));

    // Arbitration is the longest path: whether there is a flit and where it goes come from registers, which look one flit ahead.
    let valid = reg_init("valid", 1, 0);
    let way = Way::reg("way");
    let more = write.ne(next_read);
    let next_at = next_read.trunc(address_bits);
    let second_entry = ways.peek(next_at);
    let second = Way::unpack(second_entry);
    let following = Way::select(more, second, way_in);
    when(pop, || {
        valid.set(more | push);
        way.set(following);
    })
    .elsewhen(push & !valid, || {
        valid.set(1);
        way.set(way_in);
    });
    hw_assert!(valid.eq(write.ne(read)), "the head and the FIFO disagree");
    let held = write - read;
    hw_assert!(held.le(p.depth), "more flits than the FIFO holds");
    hw_cover!(full, "full");
    let nowhere = valid & !way.route.any() & flit.last;
    (Head { side, valid: *valid, flit, way: way.get(), pop }, nowhere)
}

/// One output: which input may send, and its register. Gives who is taken at this edge, one bit per head.
#[hw]
fn output_side(p: &Router, side: Side, heads: &[Head]) -> Vec<Bits> {
    let tx = Sink::<Beat>::output("out", p.width);
    let n = heads.len() as u32;
    let choice_bits = clog2(n.max(2));
    let out_valid = reg_init("out_valid", 1, 0);
    let out = Beat::reg("out", p.width);
    tx.valid.set(out_valid);
    tx.payload.set(out.get());
    let open = !out_valid | tx.ready;

    // Bound to the input `owner` from the first flit of a message to its last.
    let bound = reg_init("bound", 1, 0);
    let owner = reg_init("owner", choice_bits, 0);
    let asks: Vec<Bits> = heads.iter().map(|head| head.valid & head.way.route.bit(side as u32)).collect();
    let waiting: Vec<Bits> = heads.iter().zip(&asks).map(|(head, asks)| *asks & head.way.first).collect();
    // The next after the one served last: a function of six bits for four inputs.
    let mut choice = lit(choice_bits, 0);
    for last in 0..n {
        let mut after = *owner;
        for i in (1..=n).rev() {
            let candidate = (last + i) % n;
            after = waiting[candidate as usize].mux(lit(choice_bits, u128::from(candidate)), after);
        }
        let next_one = after;
        let so_far = if last == 0 { next_one } else { owner.eq(last).mux(next_one, choice) };
        choice = so_far;
    }
    let choice = choice;
    let any = cat(waiting.iter().copied()).any();
    let present = cat(asks).zext(1 << choice_bits);
    let source = bound.mux(owner, choice);
    let sends = bound.mux(present.bit_at(*owner), any);
    let taken = sends & open;
    let mut flits: Vec<Beat> = heads.iter().map(|head| head.flit).collect();
    for bit in 0..choice_bits {
        let pairs = flits.chunks(2);
        flits =
            pairs.map(|pair| if let [a, b] = *pair { Beat::select(source.bit(bit), b, a) } else { pair[0] }).collect();
    }
    let flit = flits[0];
    when(open, || out_valid.set(sends));
    when(taken, || {
        out.set(flit);
        bound.set(!flit.last);
        owner.set(source);
    });
    if p.counters {
        let flits = reg_init("flits_q", 32, 0);
        let stalls = reg_init("stalls_q", 32, 0);
        let more_flits = flits + 1;
        let more_stalls = stalls + 1;
        when(out_valid & tx.ready, || flits.set(more_flits));
        when(out_valid & !tx.ready, || stalls.set(more_stalls));
        output("flits", 32).set(flits);
        output("stalls", 32).set(stalls);
    }
    if !n.is_power_of_two() {
        hw_assert!(owner.lt(n), "the output is bound to no input");
    }
    (0..n).map(|i| taken & source.eq(i)).collect()
}
