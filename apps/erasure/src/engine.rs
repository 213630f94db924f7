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

use crate::field::{add_product, multiples, spread};
use beehive_hdl::blocks::beat::len_width;
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

bundle! {
    /// What a column of results is.
    struct Column {
        /// No results at all.
        empty: 1,
        last_row: 2,
        /// The last of its packet.
        last: 1,
        err: 1,
    }
}

/// Bytes of a block.
const BLOCK: u32 = erasure::BLOCK as u32;
/// Rows of a task, at most.
const ROWS: usize = erasure::MAX_ROWS;
/// Columns of results that wait, at most: a power of two.
const COLUMNS: u32 = 4;
const COLUMN_BITS: u32 = clog2(COLUMNS);

/// A counter of the beats of a block, or nothing where a block is one beat.
#[derive(Clone, Copy)]
struct Step {
    at: Option<Var>,
    steps: u32,
}

impl Step {
    fn new(name: &str, steps: u32) -> Step {
        Step { at: (steps > 1).then(|| reg_init(name, clog2(steps), 0)), steps }
    }

    /// The last beat of a block.
    fn is_last(self) -> Bits {
        self.at.map_or_else(|| lit(1, 1), |at| at.eq(self.steps - 1))
    }

    /// At this edge the next beat, around the end.
    fn advance(self) {
        if let Some(at) = self.at {
            at.set(at + 1);
        }
    }

    fn restart(self) {
        if let Some(at) = self.at {
            at.set(0);
        }
    }

    /// The address of this beat of entry `index` in a memory.
    fn address(self, index: Bits) -> Bits {
        self.at.map_or(index, |at| cat([*at, index]))
    }
}

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

        // First stage: the data and its coefficients.
        let works_1 = delay_init("works_1", works, 0);
        let leaves_1 = delay_init("leaves_1", leaves, 0);
        let made_1 = Column::reg("made_1");
        let data_1 = reg("data_1", bits);
        let coefficients_1 = reg("coefficients_1", 32);
        let first_1 = reg("first_1", 1);
        let final_1 = reg("final_1", 1);
        when(leaves, || made_1.set(made));
        when(works, || {
            data_1.set(data.data);
            coefficients_1.set(coefficients);
            first_1.set(shard.eq(0));
            final_1.set(shard.eq(plan.last_shard));
        });
        let last_row_1 = reg("last_row_1", 2);
        when(works, || last_row_1.set(plan.last_row));
        // Second stage: the coefficients' multiples.
        let leaves_2 = delay_init("leaves_2", leaves_1, 0);
        let made_2 = Column::reg("made_2");
        let data_2 = reg("data_2", bits);
        let first_2 = reg("first_2", 1);
        let final_2 = delay_init("final_2", works_1 & final_1, 0);
        when(leaves_1, || made_2.set(made_1.get()));
        when(works_1, || {
            data_2.set(data_1);
            first_2.set(first_1);
        });
        let spread_2 = spread(*data_2);

        // Third stage: the sums, and columns of results from them.
        let write = reg_init("write", COLUMN_BITS + 1, 0);
        let read = reg_init("read", COLUMN_BITS + 1, 0);
        let write_step = Step::new("write_step", steps);
        let read_step = Step::new("read_step", steps);
        let write_at = write_step.address(write.trunc(COLUMN_BITS));
        let read_at = read_step.address(read.trunc(COLUMN_BITS));
        let mut rows = vec![];
        for row in 0..ROWS {
            rows.push(scope(&format!("row_{row}"), || {
                let active_1 = if row == 0 { works_1 } else { works_1 & last_row_1.ge(row as u32) };
                let active_2 = delay_init("active_2", active_1, 0);
                let multiples_2 = reg("multiples_2", 64);
                when(active_1, || multiples_2.set(multiples(coefficients_1.byte(row as u32))));
                // One sum per beat of a block; the next one's turn is at the front.
                let sums: Vec<Var> = (0..steps).map(|i| reg(&format!("sum_{i}"), bits)).collect();
                let before = first_2.mux(constant(Value::zero(bits)), sums[0]);
                let sum = add_product(before, &spread_2, *multiples_2);
                let columns = lut_ram("columns", bits, COLUMNS * steps);
                let port = columns.write_port();
                when(active_2, || {
                    for (sum, next) in sums.iter().zip(&sums[1..]) {
                        sum.set(*next);
                    }
                    sums[sums.len() - 1].set(sum);
                });
                when(active_2 & final_2, || port.write(write_at, sum));
                columns.peek(read_at)
            }));
        }
        when(final_2, || write_step.advance());
        let waiting = lut_ram("waiting", Column::width(), COLUMNS);
        let port = waiting.write_port();
        when(leaves_2, || {
            port.write(write.trunc(COLUMN_BITS), made_2.get().pack());
            write.set(write + 1);
            write_step.restart();
        });

        // Results, row by row.
        let row = reg_init("row", 2, 0);
        let result = Column::unpack(waiting.peek(read.trunc(COLUMN_BITS)));
        let ends_result = result.empty | (read_step.is_last() & row.eq(result.last_row));
        let (sink, results) = channel::<Beat>("result", bits);
        sink.valid.set(write.ne(read));
        let full = lit(len_width(bits), p.lanes.into());
        sink.payload.set(Beat {
            data: pick(&rows, *row),
            len: result.empty.mux(0, full),
            last: result.last & ends_result,
            err: result.err,
        });
        let sent = results.fire();
        let left = sent & ends_result;
        when(sent, || {
            read_step.advance();
            when(read_step.is_last(), || row.set(row + 1));
        });
        when(left, || {
            read_step.restart();
            row.set(0);
            read.set(read + 1);
        });
        results.register_slice("out", Cut::Full).convert_width("widen", p.width).to(tx);

        // Columns on their way and waiting; nothing moves unless one more finds room.
        let held = reg_init("held", COLUMN_BITS + 1, 0);
        room.set(held.ne(COLUMNS));
        when(leaves & !left, || held.set(held + 1)).elsewhen(left & !leaves, || held.set(held - 1));
        hw_assert!(held.le(COLUMNS), "more columns than there is room for");
        hw_assert!((write - *read).le(held), "a column that nobody counted");

        output("busy", 1).set(works_1);
        output("block", 1).set(delay_init("block_1", works & ends_block, 0));
        output("rows", 3).set(last_row_1.zext(3) + 1);
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
