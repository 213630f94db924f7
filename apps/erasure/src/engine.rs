//! The engine: sums of products of shards and coefficients, for one call after the other.
//!
//! ```text
//!   tasks --------------------+---> which coefficients, which column, when it ends
//!                             |
//!   s_axis --> narrow --> front --> coefficients --> multiples --+
//!                           |                                    |
//!                           +-----> data ------> data ---------- x --> sums of each row --> columns --> widen --> m_axis
//! ```
//!
//! For each task it takes one packet of `s_axis`: blocks of coefficients, then the shards' blocks interleaved, as [`erasure`] says. A column is
//! the k-th block of every shard; its sums are complete when the last shard's block has come, and go out row by row while the next column comes
//! in. No bubble between columns nor between packets: a beat of `lanes` bytes passes in every cycle.
//!
//! For each task one packet goes out, too, in order:
//!
//! - the rows' blocks, interleaved, for packets that are as the task says;
//! - a packet that is marked with `err`, of full blocks and of no more of them than the task says, where the packet ends early or late or with `err`;
//! - an empty packet for a task that is not `sound`, which takes a packet of any length.

use crate::step::Step;
use crate::sums::{COLUMN_BITS, COLUMNS, Column, ROWS, Work, sum_up};
use beehive_hdl::blocks::reduce::pick;
use beehive_hdl::blocks::{Beat, Cut};
use beehive_hdl::hw_assert;
use beehive_hdl::prelude::*;
use beehive_wire::rpc::erasure;

/// Parameters of [`erasure_engine`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Engine {
    /// Bits of a beat: 64, 128, 256 or 512.
    pub width: u32,
    /// Bytes of data per cycle: 8, 16, 32 or 64, at most a beat.
    pub lanes: u32,
}

bundle! {
    /// What is to be done with a packet.
    pub struct Task {
        /// Something is to be done; otherwise the rest means nothing.
        sound: 1,
        /// Shards: 2 to 32.
        shards: 6,
        /// Rows: 1 to 4.
        rows: 3,
        /// Bytes of a shard, from 1.
        length: 16,
    }
}

bundle! {
    /// A task as the engine counts: from zero.
    struct Plan {
        sound: 1,
        last_shard: 5,
        last_row: 2,
        last_column: 10,
    }
}

/// Bytes of a block.
const BLOCK: u32 = erasure::BLOCK as u32;
/// The module: streams `tasks` of [`Task`]s, `s_axis` and `m_axis` of [`Beat`]s. Outputs for counters, a cycle late: `busy`, a beat of shards is
/// taken; `block`, it ends a block; `rows`, so many rows it goes into.
#[hw]
pub fn erasure_engine(p: Engine) -> Def {
    module(p, |p| {
        require(
            [64, 128, 256, 512].contains(&p.width),
            || format!("an erasure engine of {} bits", p.width),
            "give 64, 128, 256 or 512",
        );
        require(
            [8, 16, 32, 64].contains(&p.lanes) && 8 * p.lanes <= p.width,
            || format!("{} lanes at {} bits", p.lanes, p.width),
            "give 8, 16, 32 or 64 bytes per cycle, not more than a beat has",
        );
        let tasks = Stream::<Task>::input("tasks", ());
        let rx = Stream::<Beat>::input("s_axis", p.width);
        let tx = Sink::<Beat>::output("m_axis", p.width);
        let (bits, steps) = (8 * p.lanes, BLOCK / p.lanes);

        // Where in the packet the next beat is. The task stays until the packet has ended.
        let plans = tasks.map((), plan).register_slice("plan", Cut::Full);
        let plan = plans.payload;
        let data = rx.convert_width("narrow", bits);
        let room = wire("room", 1);
        data.ready.set(plans.valid & room);
        let taken = data.fire();
        let in_shards = reg_init("in_shards", 1, 0);
        let is_late = reg_init("is_late", 1, 0); // all that was to come has come
        let step = Step::new("step", steps);
        let shard = reg_init("shard", 5, 0);
        let column = reg_init("column", 10, 0);
        // 16 shards' coefficients to a block.
        let two_blocks = plan.last_shard.bit(4);
        let coefficient_block = reg_init("coefficient_block", 1, 0);
        let ends_block = step.is_last();
        let ends_column = ends_block & shard.eq(plan.last_shard);
        let ends_task = in_shards & ends_column & column.eq(plan.last_column);
        let counts = taken & plan.sound & !is_late;
        let works = counts & in_shards;
        when(counts, || {
            step.advance();
            when(ends_block & !in_shards, || {
                coefficient_block.set(1);
                in_shards.set(!two_blocks | coefficient_block);
            });
            when(ends_block & in_shards, || shard.set(ends_column.mux(0, shard + 1)));
            when(ends_column & in_shards, || column.set(column + 1));
            when(ends_task, || is_late.set(1));
        });
        let ends_packet = taken & data.last;
        plans.ready.set(ends_packet);
        when(ends_packet, || {
            in_shards.set(0);
            is_late.set(0);
            step.restart();
            shard.set(0);
            column.set(0);
            coefficient_block.set(0);
        });

        // Coefficients, a shard's four after the other's.
        let store = lut_ram("coefficients", bits, 2 * steps);
        let port = store.write_port();
        when(counts & !in_shards, || port.write(step.address(*coefficient_block), data.data));
        let per_beat = p.lanes / ROWS as u32;
        let beat = store.peek(shard.slice(clog2(per_beat), 5 - clog2(per_beat)));
        let of_shards: Vec<Bits> = (0..per_beat).map(|i| beat.slice(32 * i, 32)).collect();
        let coefficients = pick(&of_shards, shard.trunc(clog2(per_beat)));

        // Each column that ends, and each end of a packet, leaves one column of results.
        let is_whole = data.len.eq(p.lanes) & !data.err;
        let leaves = taken & plan.sound.mux(!is_late & ((in_shards & ends_column) | data.last), data.last);
        let made = Column {
            empty: !plan.sound,
            last_row: plan.last_row,
            last: data.last | ends_task,
            err: plan.sound.mux((data.last | ends_task) & !(data.last & ends_task & is_whole), data.err),
        };

        let work = Work {
            data: data.data,
            coefficients,
            first: shard.eq(0),
            last: shard.eq(plan.last_shard),
            last_row: plan.last_row,
        };
        let (results, left) = sum_up(steps, (works, work), (leaves, made));
        results.register_slice("out", Cut::Full).convert_width("widen", p.width).to(tx);

        // Columns on their way and waiting; nothing moves unless one more finds room.
        let held = reg_init("held", COLUMN_BITS + 1, 0);
        room.set(held.ne(COLUMNS));
        when(leaves & !left, || held.set(held + 1)).elsewhen(left & !leaves, || held.set(held - 1));
        hw_assert!(held.le(COLUMNS), "more columns than there is room for");

        output("busy", 1).set(delay_init("works_q", works, 0));
        output("block", 1).set(delay_init("block_q", works & ends_block, 0));
        let last_row_q = reg("last_row_q", 2);
        when(works, || last_row_q.set(plan.last_row));
        output("rows", 3).set(last_row_q.zext(3) + 1);
    })
}

/// Counts from zero.
#[hw]
#[track_caller]
fn plan(task: Task) -> Plan {
    let last_shard = task.shards - 1;
    let last_row = task.rows - 1;
    let last_byte = task.length - 1;
    Plan {
        sound: task.sound,
        last_shard: last_shard.trunc(5),
        last_row: last_row.trunc(2),
        last_column: last_byte.slice(BLOCK.trailing_zeros(), 10),
    }
}
