//! Frames to beats and back.

mod common;

use beehive_hdl::dut::{Dut, DutExt};
use beehive_hdl::testbench::{Pattern, Rng, seeds};
use beehive_nic::PortError;
use beehive_nic::mac::Mac;
use common::{loopback, mangle};

/// Everything that comes out until nothing moves any more.
fn run(mac: &mut Mac, dut: &mut dyn Dut) -> Vec<Vec<u8>> {
    let mut quiet = 0;
    while quiet < 200 {
        mac.drive(dut);
        let moved = mac.sample(dut);
        dut.step();
        quiet = if moved { 0 } else { quiet + 1 };
    }
    std::iter::from_fn(|| mac.pop()).collect()
}

#[test]
fn frames_come_back_at_every_width() {
    for width in [8, 24, 64, 72, 512] {
        for seed in seeds(4) {
            let rng = &mut Rng::new(seed);
            let mut dut = beehive_sim::open(&loopback(width));
            dut.reset(4);
            let mut mac = Mac::new(&dut.module().clone(), 9018).unwrap();
            let pattern = Pattern::any(rng);
            mac.set_tx_pattern(pattern, seed);
            let lengths = [1, 13, 14, 59, 60, 63, 64, 65, 1514, 9018];
            let mut frames: Vec<Vec<u8>> = lengths.iter().map(|length| rng.bytes(*length)).collect();
            frames.extend((0..30).map(|_| {
                let length = rng.within(1..300) as usize;
                rng.bytes(length)
            }));
            // The second half arrives when the first is through.
            let (early, late) = frames.split_at(20);
            early.iter().for_each(|frame| mac.push(frame.clone()));
            let mut out = run(&mut mac, &mut dut);
            late.iter().for_each(|frame| mac.push(frame.clone()));
            out.extend(run(&mut mac, &mut dut));
            assert!(out == frames, "width {width}, seed {seed}, {pattern:?}");
            assert_eq!((mac.tx_errors(), mac.queued()), (Default::default(), 0));
        }
    }
}

#[test]
fn a_frame_takes_one_cycle_per_beat() {
    let mut dut = beehive_sim::open(&loopback(512));
    dut.reset(4);
    let mut mac = Mac::new(&dut.module().clone(), 9018).unwrap();
    (0..10).for_each(|_| mac.push(vec![1; 1500]));
    for cycle in 0..240 {
        assert_eq!(mac.queued(), 10 - cycle / 24, "cycle {cycle}: there must be no gap");
        mac.drive(&mut dut);
        mac.sample(&mut dut);
        dut.step();
    }
    assert_eq!(mac.queued(), 0);
}

#[test]
fn what_is_no_frame_is_dropped_and_counted() {
    for width in [64, 512] {
        let mut dut = beehive_sim::open(&mangle(width));
        dut.reset(4);
        let mut mac = Mac::new(&dut.module().clone(), 2000).unwrap();
        let order = |first: u8, length: usize| [vec![first], vec![0; length - 1]].concat();
        let good = order(1, 60);
        // The frame with 0xcc in its last beat runs into the next one: together they are one frame.
        let joined = [order(0, width as usize / 8), order(2, 60)].concat();
        let without_end = [vec![0; 1984], order(0xcc, width as usize / 8)].concat();
        for frame in [
            good.clone(),
            order(0xee, width as usize / 8),
            good.clone(),
            order(0xbb, 30),
            good.clone(),
            without_end,
            good.clone(),
            good.clone(),
            order(0xcc, width as usize / 8),
            order(2, 60),
            vec![1; 2000],
            vec![1; 2001],
            good.clone(),
        ] {
            mac.push(frame);
        }
        let out = run(&mut mac, &mut dut);
        let expected = [&good, &good, &good, &good, &joined, &vec![1; 2000], &good].map(|frame| frame.len());
        assert_eq!(out.iter().map(Vec::len).collect::<Vec<_>>(), expected, "width {width}");
        let errors = mac.tx_errors();
        assert_eq!((errors.err, errors.framing, errors.long), (1, 1, 2), "width {width}");
    }
}

#[test]
fn other_modules_are_refused() {
    let plain = beehive_hdl::blocks::fifo(beehive_hdl::blocks::Fifo { width: 8, depth: 2 });
    let error = Mac::new(&plain, 2000).unwrap_err();
    assert!(matches!(&error, PortError::Missing { port, .. } if port == "mac_rx_data"), "{error}");
    assert!(error.to_string().contains("it has: "), "{error}");
}
