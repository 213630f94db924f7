use super::harness::*;
use super::rfc;
use beehive_hdl::blocks::Beat;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Failure, Packet, seeds};
use beehive_hw::packet::watch_sum;

/// At most four packets are ahead of their sums.
#[hw]
fn summed(width: u32) -> Def {
    module(width, |&width| {
        let rx = Stream::<Beat>::input("s_axis", width);
        let ahead = reg_init("ahead", 3, 0);
        let rx = rx.gate("open", ahead.lt(4));
        let sums = watch_sum("sum", rx);
        let (up, down) = (rx.fire() & rx.last, sums.fire());
        when(up & !down, || ahead.set(ahead + 1)).elsewhen(down & !up, || ahead.set(ahead - 1));
        rx.to(Sink::output("m_axis", width));
        sums.to(Sink::output("sums", 32));
    })
}

fn check(def: &Def, width: u32) -> Result<(), Failure> {
    for seed in seeds(4) {
        let mut bench = open(def, seed);
        let packets: Vec<Packet> = (0..80).map(|_| Packet::random(bench.rng(), 0..=200)).collect();
        bench.send_packets("s_axis", width, &packets);
        bench.expect_packets("m_axis", width, &packets);
        bench.expect("sums", packets.iter().map(|p| Value::from_u128(32, rfc::plain_sum(&p.bytes).into())));
        bench.finish(500_000)?;
    }
    Ok(())
}

#[test]
fn every_packet_has_its_sum() -> Result<(), Failure> {
    WIDTHS.into_iter().try_for_each(|width| check(&summed(width), width))
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("sums come when none is done", |m| m.change("sum_sums_valid", Change::Invert)),
        ("sums are off by one", |m| m.change("sum_sums_data", Change::AddOne)),
        ("sums are complemented", |m| m.change("sum_sums_data", Change::Invert)),
    ];
    assert_all_caught(&summed(64), mutants, |def| check(def, 64));
}
