//! Kernel or twin with a peer that sends at random and adds up what comes back.

use super::{checksum, meter};
use crate::tcp::xorshift;
use beehive_checksum::engine::{Chunk, Engine, Task, crc32c_engine};
use beehive_hdl::blocks::beat::len_width;
use beehive_hdl::prelude::*;
use beehive_meter::policy::{Ask, Policy, RATE_BITS, TIME_BITS, Verdict, meter_policy};

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Side {
    /// In rust-hdl.
    Kernel,
    /// In the builder.
    Twin,
}

/// A sum over all results, and how many there were.
#[hw]
#[track_caller]
fn add_up(results: Stream<Bits>) {
    results.ready.set(1);
    let sum = reg_init("sum", 32, 0);
    let count = reg_init("count", 32, 0);
    when(results.fire(), || {
        sum.set(cat([sum.msb(), sum.trunc(31)]) ^ results.payload);
        count.set(count + 1);
    });
    output("checksum", 32).set(sum);
    output("results", 32).set(count);
}

/// Packets of 32 beats on average, a beat in every cycle.
#[hw]
pub fn crc32c_bench((width, side): (u32, Side)) -> Def {
    module((width, side), |&(width, side)| {
        let engine = match side {
            Side::Kernel => crc32c_engine(Engine { width }),
            Side::Twin => checksum::crc32c_engine(Engine { width }),
        };
        let engine = instance("engine", &engine);
        let random = xorshift();
        let (to_tasks, tasks) = channel::<Task>("tasks", ());
        to_tasks.valid.set(1);
        to_tasks.payload.set(Task { so_far: random.trunc(32), padding: random.slice(32, 2) });
        let (to_bytes, bytes) = channel::<Chunk>("bytes", width);
        let last = random.slice(40, 5).eq(0);
        let full = lit(len_width(width), (width / 8).into());
        let part = cat([lit(2, 0), random.slice(50, len_width(width) - 3), lit(1, 0)]) + 4;
        to_bytes.valid.set(1);
        to_bytes.payload.set(Chunk { data: random.repeat(width / 64), len: last.mux(part, full), last });
        engine.feed("tasks", tasks);
        engine.feed("bytes", bytes);
        add_up(engine.stream("sum", 32));
    })
}

/// Packets of 256 sources as fast as they are judged.
#[hw]
pub fn meter_bench((entries, side): (u32, Side)) -> Def {
    module((entries, side), |&(entries, side)| {
        let policy = match side {
            Side::Kernel => meter_policy(Policy { entries }),
            Side::Twin => meter::meter_policy(Policy { entries }),
        };
        let policy = instance("policy", &policy);
        let random = xorshift();
        let cycle = reg_init("cycle", TIME_BITS, 0);
        cycle.set(cycle + 1);
        let ask = Ask::reg("ask");
        let (sink, asks) = channel::<Ask>("asks", ());
        sink.valid.set(1);
        sink.payload.set(ask.get());
        when(asks.fire(), || {
            ask.set(Ask { key: random.slice(8, 8).zext(32), length: random.slice(16, 11).zext(17), time: *cycle });
        });
        policy.feed("asks", asks);
        for (name, value) in [("rate", 30_000), ("committed_burst", 9000), ("excess_burst", 9000)] {
            policy.connect(name, lit(RATE_BITS, value));
        }
        let verdicts = policy.stream::<Verdict>("verdicts", ());
        add_up(verdicts.map(32, |verdict| cat([verdict.color, verdict.is_new]).zext(32)));
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use beehive_hdl::dut::DutExt;

    /// Cycle by cycle.
    fn same(make: impl Fn(Side) -> Def, results: u64) {
        let [mut kernel, mut twin] = [Side::Kernel, Side::Twin].map(|side| beehive_sim::open(&make(side)));
        let pins = ["checksum", "results"].map(|name| kernel.pin(name));
        for _ in 0..5000 {
            kernel.step();
            twin.step();
            assert_eq!(pins.map(|pin| kernel.get(pin)), pins.map(|pin| twin.get(pin)), "cycle {}", kernel.cycle());
        }
        assert!(kernel.get(pins[1]) > results);
    }

    #[test]
    fn kernels_and_twins_do_the_same_in_every_cycle() {
        same(|side| crc32c_bench((64, side)), 100);
        same(|side| crc32c_bench((512, side)), 100);
        same(|side| meter_bench((16, side)), 100);
        same(|side| meter_bench((1024, side)), 100);
    }
}
