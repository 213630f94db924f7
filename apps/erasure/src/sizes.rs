//! How large calls and replies are, in three cycles: no path is long, and one question is taken in every cycle.

use beehive_hdl::blocks::Cut;
use beehive_hdl::prelude::*;
use beehive_wire::rpc::erasure::BLOCK;

bundle! {
    /// What is asked.
    pub struct Shape {
        /// Shards, 2 to 32.
        shards: 6,
        /// Rows, 1 to 4.
        rows: 3,
        /// Bytes of a shard, from 1.
        length: 16,
    }
}

bundle! {
    /// Blocks of a call's data and of its reply's; of what is asked within its ranges.
    pub struct Sizes {
        /// Coefficients and shards.
        call: 17,
        /// Rows.
        reply: 13,
    }
}

/// Bits of a number of blocks of one shard.
const COLUMN_BITS: u32 = 11;

/// The sizes beside each beat of `shapes`; the rest of the beat, of that shape, comes along.
#[hw]
#[track_caller]
pub fn sizes<T: Bundle>(shapes: Stream<(Shape, T)>, shape: T::Shape) -> Stream<((Shape, Sizes), T)> {
    let counted = shapes
        .map::<((Shape, Bits), T)>((((), COLUMN_BITS), shape), |(asked, rest)| {
            let last_byte = asked.length - 1;
            let last_column = last_byte.slice(BLOCK.trailing_zeros(), COLUMN_BITS - 1);
            ((asked, last_column.zext(COLUMN_BITS) + 1), rest)
        })
        .register_slice("columns", Cut::Full);
    // The product of shards and columns in two halves.
    let halves = counted
        .map::<((Shape, (Bits, Bits)), (Bits, T))>((((), (14, 14)), (13, shape)), |((asked, columns), rest)| {
            let low = times(columns, asked.shards.trunc(3));
            let high = times(columns, asked.shards.slice(3, 3));
            let reply = times(columns, asked.rows);
            ((asked, (low, high)), (reply.trunc(13), rest))
        })
        .register_slice("halves", Cut::Full);
    halves
        .map::<((Shape, Sizes), T)>((((), ()), shape), |((asked, (low, high)), (reply, rest))| {
            let product = low.zext(17) + (high.zext(17) << 3);
            let coefficients = asked.shards.gt(16).mux(lit(17, 2), 1);
            ((asked, Sizes { call: product + coefficients, reply }), rest)
        })
        .register_slice("sizes", Cut::Full)
}

/// `value` times a number of three bits, three bits wider.
#[hw]
#[track_caller]
fn times(value: Bits, number: Bits) -> Bits {
    let width = value.width() + 3;
    let part = |bit: u32| (value.zext(width) << bit) & number.bit(bit).repeat(width);
    part(0) + part(1) + part(2)
}
