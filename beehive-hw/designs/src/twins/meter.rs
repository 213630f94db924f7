//! The policy of [`beehive_meter::policy`], in the builder.

use beehive_hdl::prelude::*;
use beehive_meter::policy::{Ask, FRACTION_BITS, GREEN, Policy, RATE_BITS, RED, TIME_BITS, Verdict, YELLOW};

bundle! {
    /// What is known of a source.
    struct Row {
        used: 1,
        key: 32,
        time: TIME_BITS,
        committed: TOKEN_BITS,
        excess: TOKEN_BITS,
    }
}

hw_enum! {
    enum State { Clear, Idle, Look, Earn, Fill, Spill, Judge, Tell }
}

/// Bits of a count of tokens.
const TOKEN_BITS: u32 = RATE_BITS + FRACTION_BITS;
/// Bits of tokens earned: more than fill both buckets, and one addition more.
const EARNED_BITS: u32 = TOKEN_BITS + 3;

/// The module: streams `asks` of [`Ask`]s and `verdicts` of [`Verdict`]s, one after the other; inputs `rate` (2^-16 bytes per cycle), `committed_burst` and
/// `excess_burst` (bytes), 24 bits each.
#[hw]
pub fn meter_policy(p: Policy) -> Def {
    module(p, |p| {
        require(
            p.entries.is_power_of_two() && (16..=16_384).contains(&p.entries),
            || format!("a meter of {} sources", p.entries),
            "give a power of two from 16 to 16384",
        );
        let asks = Stream::<Ask>::input("asks", ());
        let verdicts = Sink::<Verdict>::output("verdicts", ());
        let rate = input("rate", RATE_BITS);
        let capacity = |name| cat([lit(FRACTION_BITS, 0), input(name, RATE_BITS)]);
        let (committed_burst, excess_burst) = (capacity("committed_burst"), capacity("excess_burst"));
        let bits = clog2(p.entries);

        let state = State::reg("state", State::Clear);
        let sweep = reg_init("sweep", bits, 0);
        let ask = Ask::reg("ask");
        let time = reg("time", TIME_BITS);
        let is_new = reg("is_new", 1);
        let committed = reg("committed", TOKEN_BITS);
        let excess = reg("excess", TOKEN_BITS);
        let elapsed = reg("elapsed", TIME_BITS);
        let addend = reg("addend", EARNED_BITS);
        let earned = reg("earned", EARNED_BITS);
        let color = reg("color", 2);

        let rows = block_ram("rows", Row::width(), p.entries);
        let index_of = |key: Bits| key.trunc(bits) ^ key.slice(16, bits);
        let row = Row::unpack(rows.read(lit(1, 1), index_of(asks.key)));
        let known = row.used & row.key.eq(*ask.key);
        let since = *ask.time - row.time;
        let is_late = since.msb();
        let enough = earned.slice(EARNED_BITS - 2, 2).any();
        let filled = committed.zext(EARNED_BITS) + *earned;
        let committed_limit = committed_burst.zext(EARNED_BITS);
        let overflows = filled.gt(committed_limit);
        let spilled = excess.zext(EARNED_BITS) + *earned;
        let excess_limit = excess_burst.zext(EARNED_BITS);
        let size = cat([lit(FRACTION_BITS, 0), *ask.length, lit(TOKEN_BITS - FRACTION_BITS - 17, 0)]);
        let is_green = committed.ge(size);
        let is_yellow = excess.ge(size);

        let port = rows.write_port();
        let write = |committed: Bits, excess: Bits| {
            let row = Row { used: lit(1, 1), key: *ask.key, time: *time, committed, excess };
            port.write(index_of(*ask.key), row.pack());
        };
        asks.ready.set(0);
        verdicts.valid.set(0);
        verdicts.payload.set(Verdict { color: *color, is_new: *is_new });
        switch(state, |s| {
            s.case(State::Clear, || {
                port.write(*sweep, constant(Value::zero(Row::width())));
                sweep.set(sweep + 1);
                when(sweep.all(), || state.set(State::Idle));
            });
            s.case(State::Idle, || {
                asks.ready.set(1);
                when(asks.valid, || {
                    ask.set(asks.payload);
                    state.set(State::Look);
                });
            });
            s.case(State::Look, || {
                is_new.set(!known);
                time.set((known & is_late).mux(row.time, *ask.time));
                elapsed.set((known & !is_late).mux(since, 0));
                committed.set(known.mux(row.committed, committed_burst));
                excess.set(known.mux(row.excess, excess_burst));
                earned.set(0);
                addend.set(rate.zext(EARNED_BITS));
                state.set(State::Earn);
            });
            s.case(State::Earn, || {
                when(enough | elapsed.eq(0), || state.set(State::Fill)).otherwise(|| {
                    when(elapsed.bit(0), || earned.set(earned + *addend));
                    // Once it fills the buckets alone it need not grow.
                    when(!addend.bit(EARNED_BITS - 2), || addend.set(addend << 1));
                    elapsed.set(elapsed >> 1);
                });
            });
            s.case(State::Fill, || {
                committed.set(overflows.mux(committed_limit, filled).trunc(TOKEN_BITS));
                earned.set(overflows.mux(filled - committed_limit, 0));
                state.set(State::Spill);
            });
            s.case(State::Spill, || {
                excess.set(spilled.gt(excess_limit).mux(excess_limit, spilled).trunc(TOKEN_BITS));
                state.set(State::Judge);
            });
            s.case(State::Judge, || {
                when(is_green, || {
                    color.set(GREEN);
                    write(committed - size, *excess);
                })
                .elsewhen(is_yellow, || {
                    color.set(YELLOW);
                    write(*committed, excess - size);
                })
                .otherwise(|| {
                    color.set(RED);
                    write(*committed, *excess);
                });
                state.set(State::Tell);
            });
            s.case(State::Tell, || {
                verdicts.valid.set(1);
                when(verdicts.ready, || state.set(State::Idle));
            });
        });
    })
}
