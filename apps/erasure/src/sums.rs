//! The engine behind its front: sums of products, and columns of them that leave row by row.
//!
//! ```text
//!   stage 1   data    coefficients of one shard       registers
//!               |     multiples of them
//!   stage 2   data    multiples                       registers
//!                \    /
//!   stage 3    sums of each row --> columns           registers, LUT RAM
//!                                      |
//!                                   results
//! ```
//!
//! Nothing waits here: whoever gives work sees to it that there is room for its column.

use crate::field::{add_product, multiples, spread};
use crate::step::Step;
use beehive_hdl::blocks::Beat;
use beehive_hdl::blocks::beat::len_width;
use beehive_hdl::blocks::reduce::pick;
use beehive_hdl::prelude::*;
use beehive_wire::rpc::erasure;

bundle! {
    /// A beat of a shard's block.
    pub struct Work(bits: u32) {
        /// Its bytes.
        data: bits,
        /// What they are multiplied with in each row, the first row's lowest.
        coefficients: 32,
        /// It is the first shard's.
        first: 1,
        /// It is the last shard's.
        last: 1,
        /// Rows, counted from zero.
        last_row: 2,
    }
}

bundle! {
    /// What a column of results is.
    pub struct Column {
        /// No results at all.
        empty: 1,
        /// Rows, counted from zero.
        last_row: 2,
        /// The last of its packet.
        last: 1,
        /// The packet is damaged; meaningful with `last`.
        err: 1,
    }
}

/// Rows, at most.
pub const ROWS: usize = erasure::MAX_ROWS;
/// Columns of results that wait, at most: a power of two.
pub const COLUMNS: u32 = 4;
/// Bits of a place among them.
pub const COLUMN_BITS: u32 = clog2(COLUMNS);

/// Adds up `work` (where its first part is one), in blocks of `steps` beats; where the first part of `column` is one, the column ends with this beat.
/// Gives the results, and where a column has left.
#[hw]
#[track_caller]
pub fn sum_up(steps: u32, (works, work): (Bits, Work), (leaves, column): (Bits, Column)) -> (Stream<Beat>, Bits) {
    let bits = work.data.width();
    // First stage: the data and its coefficients.
    let works_1 = delay_init("works_1", works, 0);
    let leaves_1 = delay_init("leaves_1", leaves, 0);
    let (work_1, column_1) = (Work::reg("work_1", bits), Column::reg("column_1"));
    when(works, || work_1.set(work));
    when(leaves, || column_1.set(column));

    // Second stage: the coefficients' multiples.
    let leaves_2 = delay_init("leaves_2", leaves_1, 0);
    let (data_2, first_2) = (reg("data_2", bits), reg("first_2", 1));
    let last_2 = delay_init("last_2", works_1 & *work_1.last, 0);
    let column_2 = Column::reg("column_2");
    when(works_1, || {
        data_2.set(work_1.data);
        first_2.set(work_1.first);
    });
    when(leaves_1, || column_2.set(column_1.get()));
    let spread_2 = spread(*data_2);

    // Third stage: the sums, and columns of results from them.
    let (write, read) = (reg_init("write", COLUMN_BITS + 1, 0), reg_init("read", COLUMN_BITS + 1, 0));
    let (write_step, read_step) = (Step::new("write_step", steps), Step::new("read_step", steps));
    let write_at = write_step.address(write.trunc(COLUMN_BITS));
    let read_at = read_step.address(read.trunc(COLUMN_BITS));
    let mut rows = vec![];
    for row in 0..ROWS as u32 {
        rows.push(scope(&format!("row_{row}"), || {
            let active_1 = if row == 0 { works_1 } else { works_1 & work_1.last_row.ge(row) };
            let active_2 = delay_init("active_2", active_1, 0);
            let multiples_2 = reg("multiples_2", 64);
            when(active_1, || multiples_2.set(multiples(work_1.coefficients.byte(row))));
            // One sum per beat of a block; the one whose turn is next is at the front.
            let sums: Vec<Var> = (0..steps).map(|i| reg(&format!("sum_{i}"), bits)).collect();
            let before = first_2.mux(constant(Value::zero(bits)), sums[0]);
            let sum = add_product(before, &spread_2, *multiples_2);
            when(active_2, || {
                sums.iter().zip(&sums[1..]).for_each(|(sum, next)| sum.set(*next));
                sums[sums.len() - 1].set(sum);
            });
            let columns = lut_ram("columns", bits, COLUMNS * steps);
            let port = columns.write_port();
            when(active_2 & last_2, || port.write(write_at, sum));
            columns.peek(read_at)
        }));
    }
    when(last_2, || write_step.advance());
    let waiting = lut_ram("waiting", Column::width(), COLUMNS);
    let port = waiting.write_port();
    when(leaves_2, || {
        port.write(write.trunc(COLUMN_BITS), column_2.get().pack());
        write.set(write + 1);
        write_step.restart();
    });

    // Results, row by row.
    let row = reg_init("row", 2, 0);
    let result = Column::unpack(waiting.peek(read.trunc(COLUMN_BITS)));
    let ends_result = result.empty | (read_step.is_last() & row.eq(result.last_row));
    let (sink, results) = channel::<Beat>("result", bits);
    sink.valid.set(write.ne(read));
    let full = lit(len_width(bits), (bits / 8).into());
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
    (results, left)
}
