//! Source of calls: makes calls of [`erasure`](beehive_wire::rpc::erasure) inside the mesh, to measure tiles without a MAC.
//!
//! ```text
//!   registers --> sizes --+--> header ---------------------+
//!                         +--> call's header, blocks ------+--> send --> noc_out
//! ```
//!
//! While `enable` is one it sends `count` calls (0: without end), without a pause between them unless `gap` says so; setting it anew begins anew. Messages
//! are like those of [`udp_rx`](beehive_hw::tiles::udp_rx). Call i has transaction i; coefficients and shards are numbers that count up.

use crate::sizes::{Shape, Sizes, sizes};
use beehive_hdl::blocks::beat::len_width;
use beehive_hdl::blocks::reduce::pick;
use beehive_hdl::blocks::{Beat, Cut};
use beehive_hdl::prelude::*;
use beehive_hw::bytes::swap_bytes;
use beehive_hw::control::{Register, Registers};
use beehive_hw::noc::COORDINATE_BITS;
use beehive_hw::noc::message::{ACTION_BITS, Header, Verdict, action, send};
use beehive_hw::tiles::next_hop::{self, Next, Policy, flow_hash, next_hop};
use beehive_wire::rpc::{self, DATA_AT, erasure as wire};
use beehive_wire::{ethertype, message, protocol};

/// Parameters of [`erasure_source`]: initial values of registers, the first and the last two apart.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Source {
    /// Bits of the data network: 64, 128, 256 or 512.
    pub width: u32,
    /// Shards.
    pub shards: u32,
    /// Rows.
    pub rows: u32,
    /// Bytes of a shard.
    pub length: u32,
    /// Idle cycles after each call.
    pub gap: u32,
    /// How many; 0: without end.
    pub count: u32,
    /// Send from the start.
    pub enable: bool,
    /// Next hop; keys are not looked at.
    pub next: Vec<Next>,
    /// How several next hops share the load.
    pub policy: Policy,
}

/// What register 0 of the tile tells.
pub const KIND: u32 = 0x101;

/// The address that calls seem to come from (RFC 5737), and where they seem to go.
const IPS: [u32; 2] = [0xc000_0201, 0xc000_0202];
/// The port that calls seem to come from.
const SOURCE_PORT: u16 = 1024;

/// Its registers.
pub fn registers(p: &Source) -> Vec<Register> {
    let mut list = next_hop::registers(p.next.len() as u32).to_vec();
    list.extend([
        Register::config("enable", "1: send; a change from 0 to 1 begins anew"),
        Register::config("shards", "shards of a call"),
        Register::config("rows", "rows of a call"),
        Register::config("length", "bytes of a shard; the call must fit into 65507 bytes"),
        Register::config("gap", "idle cycles after each call"),
        Register::config("count", "how many calls, 0: without end"),
        Register::counter("messages", "calls sent"),
        Register::status("running", "1: there are calls to send"),
    ]);
    list
}

/// A call that is to be sent, and its number.
type Plan = ((Shape, Sizes), Bits);

/// The module: stream `noc_out`, `here`, register bus.
#[hw]
pub fn erasure_source(p: Source) -> Def {
    module(p, |p| {
        let tx = Sink::<Beat>::output("noc_out", p.width);
        let here = input("here", 2 * COORDINATE_BITS);
        let mut regs = Registers::new(KIND, registers(p));
        let enable = regs.config("enable", 1, p.enable.into());
        let shards = regs.config("shards", 6, p.shards.into());
        let rows = regs.config("rows", 3, p.rows.into());
        let length = regs.config("length", 16, p.length.into());
        let gap = regs.config("gap", 32, p.gap.into());
        let count = regs.config("count", 32, p.count.into());
        let cycle = reg_init("cycle", 32, 0);
        cycle.set(cycle + 1);

        // Planned ahead, for the sizes take three cycles.
        let made = reg_init("made", 32, 0);
        let running = enable & (count.eq(0) | made.ne(count));
        let (ask, asked) = channel::<(Shape, Bits)>("ask", ((), 32));
        let flow =
            flow_hash(lit(32, IPS[0].into()), lit(32, IPS[1].into()), lit(16, SOURCE_PORT.into()), made.trunc(16));
        ask.valid.set(running);
        ask.payload.set((Shape { shards, rows, length }, *made));
        when(ask.fire(), || made.set(made + 1));
        when(!enable, || made.set(0));
        regs.status("running", running);

        let plans = sizes(asked, 32).fork("plans", 2);
        let started = plans[0].fire();
        let hop = next_hop(&mut regs, &p.next, p.policy, lit(16, 0), flow, started);
        let verdicts = plans[0].map::<Verdict>(((), ACTION_BITS), |((_, sizes), number)| {
            let length = data_length(sizes) + DATA_AT as u32;
            let header = Header {
                to: hop.to,
                from: here,
                kind: lit(8, message::kind::DATA.into()),
                number,
                ethertype: lit(16, ethertype::IPV4.into()),
                source_ip: lit(32, IPS[0].into()),
                destination_ip: lit(32, IPS[1].into()),
                source_port: lit(16, SOURCE_PORT.into()),
                destination_port: lit(16, wire::PORT.into()),
                length,
                protocol: lit(8, protocol::UDP.into()),
                hops: lit(8, 64),
                arrival: *cycle,
                ..Header::zero()
            };
            (header, hop.hit.mux(lit(ACTION_BITS, action::FORWARD.into()), action::DROP))
        });
        let verdicts = verdicts.register_slice("verdict", Cut::Full);
        let bodies = bodies(&mut regs, p.width, plans[1].register_slice("body_plan", Cut::Full), gap);
        let _ = send(verdicts, bodies.register_slice("body", Cut::Full), tx);
        // A plan is made in one cycle, so that any cycle is between two.
        regs.finish(lit(1, 1));
    })
}

/// Bytes of data of a call.
#[track_caller]
fn data_length(sizes: Sizes) -> Bits {
    let bits = wire::BLOCK.trailing_zeros();
    cat([lit(bits, 0), sizes.call.trunc(16 - bits)])
}

/// The bytes of calls: their first 64, then blocks of numbers.
#[hw]
#[track_caller]
fn bodies(regs: &mut Registers, width: u32, plans: Stream<Plan>, gap: Bits) -> Stream<Beat> {
    let ((shape, sizes), number) = plans.payload;
    let word = |value: u32| lit(32, value.into());
    let words = [
        number,
        word(rpc::CALL),
        word(rpc::RPC_VERSION),
        word(wire::PROGRAM),
        word(wire::VERSION),
        word(wire::COMBINE),
        word(rpc::AUTH_NONE),
        word(0),
        word(rpc::AUTH_NONE),
        word(0),
        shape.shards.zext(32),
        shape.rows.zext(32),
        shape.length.zext(32),
        word(0),
        word(0),
        data_length(sizes).zext(32),
    ];
    let head = cat(words.map(swap_bytes));
    let beats = 8 * DATA_AT as u32 / width;
    let beat = reg_init("beat", clog2(beats + 1), 0);
    let block = reg_init("block", 18, 0);
    let pause = reg_init("pause", 32, 0);
    let ends_block = beat.eq(beats - 1);
    let ends = ends_block & block.eq(sizes.call.zext(18));
    let heads: Vec<Bits> = (0..beats).map(|i| head.slice(i * width, width)).collect();
    let head_beat = if beats == 1 { heads[0] } else { pick(&heads, beat.trunc(clog2(beats))) };
    let numbers = cat((0..width / 32).map(|i| cat([beat.zext(4) ^ i, block.trunc(12), number.trunc(16)])));
    let (sink, bodies) = channel::<Beat>("bytes", width);
    sink.valid.set(plans.valid & pause.eq(0));
    sink.payload.set(Beat {
        data: block.eq(0).mux(head_beat, numbers),
        len: lit(len_width(width), (width / 8).into()),
        last: ends,
        err: lit(1, 0),
    });
    let passes = bodies.fire();
    plans.ready.set(passes & ends);
    when(passes, || {
        beat.set(ends_block.mux(0, beat + 1));
        when(ends_block, || block.set(block + 1));
        when(ends, || {
            block.set(0);
            pause.set(gap);
        });
    });
    when(pause.ne(0), || pause.set(pause - 1));
    regs.counter("messages", passes & ends);
    bodies
}
