//! The engine of [`beehive_checksum::engine`], in the builder.

use beehive_checksum::engine::{Chunk, Engine, Task};
use beehive_checksum::gf2::{self, Rows};
use beehive_hdl::blocks::beat::len_width;
use beehive_hdl::prelude::*;

/// The linear map of these rows.
#[track_caller]
fn apply(rows: &Rows, x: Bits) -> Bits {
    cat(rows.iter().map(|row| (x & constant(Value::from_bytes(x.width(), row))).parity()))
}

/// The module: for each [`Task`] of the stream `tasks` a packet of `bytes`, in [`Chunk`]s, and a checksum of 32 bits from `sum`.
#[hw]
pub fn crc32c_engine(p: Engine) -> Def {
    module(p, |p| {
        require(
            [64, 128, 256, 512].contains(&p.width),
            || format!("a CRC-32C engine of {} bits", p.width),
            "give 64, 128, 256 or 512",
        );
        let tasks = Stream::<Task>::input("tasks", ());
        let chunks = Stream::<Chunk>::input("bytes", p.width);
        let sums = Sink::<Bits>::output("sum", 32);
        let stages = len_width(p.width);
        let moves = wire("moves", 1);

        // A packet's first beat waits for its task and takes the checksum along.
        let starts = reg_init("starts", 1, 1);
        chunks.ready.set(moves & (!*starts | tasks.valid));
        tasks.ready.set(moves & *starts & chunks.valid);
        let taken = chunks.fire();
        let padding_kept = reg("padding_kept", 2);
        let padding = starts.mux(tasks.padding, *padding_kept);
        when(taken, || {
            starts.set(chunks.last);
            padding_kept.set(padding);
        });
        let count = chunks.len - chunks.last.mux(padding, 0).zext(stages);
        let ones = constant(Value::ones(p.width));
        let beyond = ones.shift_left(cat([lit(3, 0), count]));
        let seed = starts.mux(!tasks.so_far, 0);

        let text = reg("text", p.width);
        let text_first = reg("text_first", 1);
        let text_last = reg("text_last", 1);
        let text_surplus = reg("text_surplus", stages);
        when(taken, || {
            text.set((chunks.data & !beyond) ^ seed.zext(p.width));
            text_first.set(*starts);
            text_last.set(chunks.last);
            text_surplus.set(lit(stages, (p.width / 8).into()) - count);
        });
        let text_there = reg_init("text_there", 1, 0);
        when(moves, || text_there.set(taken));

        let part = reg("part", 32);
        let part_first = reg("part_first", 1);
        let part_last = reg("part_last", 1);
        let part_surplus = reg("part_surplus", stages);
        let part_there = reg_init("part_there", 1, 0);
        when(moves, || part_there.set(text_there));
        when(moves & *text_there, || {
            part.set(apply(&gf2::absorb(p.width), *text));
            part_first.set(text_first);
            part_last.set(text_last);
            part_surplus.set(text_surplus);
        });

        let state = reg("state", 32);
        let ended = reg("ended", 32);
        let surplus = reg("surplus", stages);
        let there = reg_init("there", 1, 0);
        let before = part_first.mux(0, apply(&gf2::advance(p.width), *state));
        when(moves, || there.set(part_there & *part_last));
        when(moves & *part_there, || {
            state.set(part ^ before);
            when(*part_last, || {
                ended.set(part ^ before);
                surplus.set(part_surplus);
            });
        });

        let (mut state, mut surplus, mut there) = (ended, surplus, there);
        for i in 0..stages {
            let undone = reg(&format!("undone_{i}"), 32);
            let left = reg(&format!("left_{i}"), stages);
            let undone_there = reg_init(&format!("undone_there_{i}"), 1, 0);
            when(moves, || undone_there.set(there));
            when(moves & *there, || {
                undone.set(surplus.bit(i).mux(apply(&gf2::undo(1 << i), *state), *state));
                left.set(surplus);
            });
            (state, surplus, there) = (undone, left, undone_there);
        }
        moves.set(!*there | sums.ready);
        sums.valid.set(there);
        sums.payload.set(!*state);
    })
}
