//! Properties of the impairment engine, for many seeds.

use beehive_hdl::testbench::{Rng, seeds};
use beehive_nic::impair::{Burst, Chance, Impaired, Impairment, Impairments, Spec};
use std::num::NonZeroU64;
use std::time::Duration;

const US: Duration = Duration::from_micros(1);

/// Frames with their number in the first four bytes, at times that never run backwards.
fn traffic(rng: &mut Rng, count: u32) -> Vec<(Duration, Vec<u8>)> {
    let mut now = Duration::ZERO;
    let frame = |i: u32| {
        let length = rng.within(14..=1514) as usize;
        let mut frame = rng.bytes(length);
        frame[..4].copy_from_slice(&i.to_be_bytes());
        now += US * rng.within(0..100) as u32;
        (now, frame)
    };
    (0..count).map(frame).collect()
}

fn number(frame: &[u8]) -> u32 {
    u32::from_be_bytes(frame[..4].try_into().unwrap())
}

/// Everything that comes out, with its time. Checks that `next_at` tells exactly when.
fn run(spec: Spec, seed: u64, traffic: &[(Duration, Vec<u8>)]) -> (Vec<(Duration, Vec<u8>)>, Impaired) {
    let mut engine = Impairment::new(spec, seed);
    let mut out: Vec<(Duration, Vec<u8>)> = vec![];
    let mut drain = |engine: &mut Impairment, until: Option<Duration>| {
        while let Some(at) = engine.next_at().filter(|at| until.is_none_or(|until| *at <= until)) {
            let at = at.max(out.last().map_or(Duration::ZERO, |(at, _)| *at));
            let early = at.checked_sub(Duration::from_nanos(1)).filter(|_| engine.next_at() == Some(at));
            if let Some(early) = early {
                assert_eq!(engine.pop(early), None, "seed {seed}: a frame before its time");
            }
            out.push((at, engine.pop(at).unwrap_or_else(|| panic!("seed {seed}: no frame at {at:?}"))));
        }
    };
    for (now, frame) in traffic {
        drain(&mut engine, Some(*now));
        engine.push(*now, frame.clone());
    }
    drain(&mut engine, None);
    assert!(engine.is_empty());
    (out, engine.impaired())
}

fn random_spec(rng: &mut Rng) -> Spec {
    let mut chance = |most: u64| Chance::per_million(rng.within(0..=most) as u32);
    let mut spec = Spec {
        loss: chance(300_000),
        burst: Burst { enter: chance(100_000), leave: chance(1_000_000), loss: chance(1_000_000) },
        reorder: chance(300_000),
        duplicate: chance(300_000),
        corrupt: chance(300_000),
        truncate: chance(300_000),
        ..Spec::default()
    };
    spec.delay = US * rng.within(0..5000) as u32;
    spec.jitter = US * rng.within(0..5000) as u32;
    spec.rate = NonZeroU64::new(rng.within(1_000_000..1_000_000_000)).filter(|_| rng.one_in(2));
    spec.queue = rng.within(1..100) as usize;
    spec
}

#[test]
fn the_same_seed_gives_the_same_and_frames_are_conserved() {
    for seed in seeds(50) {
        let rng = &mut Rng::new(seed);
        let (spec, traffic) = (random_spec(rng), traffic(rng, 300));
        let (out, impaired) = run(spec, seed, &traffic);
        assert_eq!((&out, impaired), (&run(spec, seed, &traffic).0, impaired), "seed {seed}");
        // A copy may be lost in the queue as well as its original.
        let expected = 300 + impaired.duplicated - impaired.dropped();
        assert_eq!(out.len() as u64, expected, "seed {seed}: {impaired:?}");
    }
}

#[test]
fn another_seed_gives_something_else() {
    let traffic = traffic(&mut Rng::new(1), 300);
    let spec = Spec { loss: Chance::percent(50), ..Spec::default() };
    assert_ne!(run(spec, 1, &traffic).0, run(spec, 2, &traffic).0);
    let both = Impairments { rx: spec, tx: spec, seed: 0 };
    let (mut rx, mut tx) = both.engines();
    traffic.iter().for_each(|(now, frame)| [&mut rx, &mut tx].into_iter().for_each(|e| e.push(*now, frame.clone())));
    let end = Duration::MAX;
    let outs = [&mut rx, &mut tx].map(|e| std::iter::from_fn(|| e.pop(end)).collect::<Vec<_>>());
    assert_ne!(outs[0], outs[1], "the directions throw the same dice");
}

#[test]
fn a_perfect_network_changes_nothing() {
    for seed in seeds(5) {
        let traffic = traffic(&mut Rng::new(seed), 300);
        assert_eq!(run(Spec::default(), seed, &traffic), (traffic, Impaired::default()), "seed {seed}");
    }
}

#[test]
fn delay_and_jitter_keep_order_and_bounds() {
    for seed in seeds(20) {
        let rng = &mut Rng::new(seed);
        let traffic = traffic(rng, 300);
        let spec = Spec { delay: US * 500, jitter: US * 300, ..Spec::default() };
        let (out, _) = run(spec, seed, &traffic);
        assert_eq!(out.len(), 300);
        let mut earliest = Duration::MAX;
        let mut latest = Duration::ZERO;
        for ((before, sent), (after, got)) in traffic.iter().zip(&out) {
            assert_eq!(sent, got, "seed {seed}: out of order");
            let late = *after - *before;
            assert!((US * 200..=US * 800).contains(&late), "seed {seed}: {late:?}");
            (earliest, latest) = (earliest.min(late), latest.max(late));
        }
        assert!(earliest < US * 400 && latest > US * 700, "seed {seed}: no jitter: {earliest:?} to {latest:?}");
    }
}

#[test]
fn chances_come_true() {
    let traffic = traffic(&mut Rng::new(1), 20_000);
    for seed in seeds(3) {
        let tenth = Chance::percent(10);
        let spec = Spec { loss: tenth, duplicate: tenth, corrupt: tenth, truncate: tenth, ..Spec::default() };
        let (_, i) = run(spec, seed, &traffic);
        // Six standard deviations of 20,000 throws are 255.
        assert!(i.lost.abs_diff(2000) < 255, "seed {seed}: {i:?}");
        for count in [i.duplicated, i.corrupted, i.truncated] {
            assert!(count.abs_diff(1800) < 255, "seed {seed}: {i:?}");
        }
    }
}

#[test]
fn bursts_have_their_length() {
    let traffic = traffic(&mut Rng::new(1), 50_000);
    for seed in seeds(3) {
        let burst = Burst { enter: Chance::percent(1), leave: Chance::percent(20), loss: Chance::ALWAYS };
        let (out, impaired) = run(Spec { burst, ..Spec::default() }, seed, &traffic);
        let mut bursts = 0;
        let mut next = 0;
        for (_, frame) in &out {
            bursts += u64::from(number(frame) != next);
            next = number(frame) + 1;
        }
        // 1 / 20% frames per burst, and bad for 1 / (1 + 20) of the time.
        let mean = impaired.burst_lost as f64 / bursts as f64;
        assert!((4.3..5.7).contains(&mean), "seed {seed}: {mean} frames per burst");
        assert!((1900..2900).contains(&impaired.burst_lost), "seed {seed}: {impaired:?}");
    }
}

#[test]
fn the_line_has_its_rate_and_its_queue() {
    for seed in seeds(10) {
        let traffic = traffic(&mut Rng::new(seed), 500);
        let rate = NonZeroU64::new(10_000_000).unwrap();
        let (out, impaired) = run(Spec { rate: Some(rate), queue: 20, ..Spec::default() }, seed, &traffic);
        assert!(impaired.queue_lost > 0, "seed {seed}");
        for pair in out.windows(2) {
            let bits = pair[1].1.len() as u64 * 8;
            assert!(pair[1].0 - pair[0].0 >= Duration::from_nanos(bits * 100), "seed {seed}: faster than the line");
        }
        // 20 frames wait at most; the slowest takes 1.2 ms.
        for (after, frame) in &out {
            assert!(*after - traffic[number(frame) as usize].0 <= Duration::from_micros(1212 * 20), "seed {seed}");
        }
    }
}

#[test]
fn reordered_frames_are_overtaken() {
    for seed in seeds(20) {
        let traffic = traffic(&mut Rng::new(seed), 300);
        let (out, impaired) = run(Spec { reorder: Chance::percent(10), ..Spec::default() }, seed, &traffic);
        let mut numbers: Vec<u32> = out.iter().map(|(_, frame)| number(frame)).collect();
        let overtaken = numbers.windows(2).filter(|pair| pair[1] < pair[0]).count();
        assert!(overtaken > 5 && impaired.reordered >= overtaken as u64, "seed {seed}: {overtaken}");
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..300), "seed {seed}");
    }
    // Nobody comes to overtake: the frame leaves all the same.
    let alone = [(Duration::ZERO, vec![1; 60])];
    let (out, _) = run(Spec { reorder: Chance::ALWAYS, ..Spec::default() }, 1, &alone);
    assert_eq!(out, [(Duration::from_millis(10), vec![1; 60])]);
}

#[test]
fn damage_is_of_the_kind_told() {
    for seed in seeds(5) {
        let traffic = traffic(&mut Rng::new(seed), 500);
        let (out, _) = run(Spec { corrupt: Chance::ALWAYS, ..Spec::default() }, seed, &traffic);
        for ((_, sent), (_, got)) in traffic.iter().zip(&out) {
            let flipped: u32 = sent.iter().zip(got).map(|(a, b)| (a ^ b).count_ones()).sum();
            assert!(sent.len() == got.len() && flipped == 1, "seed {seed}: {flipped} bits");
        }
        let (out, _) = run(Spec { truncate: Chance::ALWAYS, ..Spec::default() }, seed, &traffic);
        for ((_, sent), (_, got)) in traffic.iter().zip(&out) {
            assert!(!got.is_empty() && got.len() < sent.len() && sent.starts_with(got), "seed {seed}");
        }
        // One byte cannot lose its end.
        let (out, _) = run(Spec { truncate: Chance::ALWAYS, ..Spec::default() }, seed, &[(Duration::ZERO, vec![9])]);
        assert_eq!(out[0].1, [9]);
    }
}

#[test]
fn one_impairment_leaves_the_dice_of_the_others() {
    for seed in seeds(10) {
        let traffic = traffic(&mut Rng::new(seed), 300);
        let survivors = |spec| run(spec, seed, &traffic).0.iter().map(|(_, frame)| number(frame)).collect::<Vec<_>>();
        let loss = Spec { loss: Chance::percent(20), ..Spec::default() };
        let more = Spec { delay: US, jitter: US, rate: NonZeroU64::new(1 << 40), ..loss };
        assert_eq!(survivors(loss), survivors(more), "seed {seed}");
    }
}

#[test]
fn texts_parse_and_come_back() {
    for seed in seeds(200) {
        let rng = &mut Rng::new(seed);
        let all = Impairments { rx: random_spec(rng), tx: random_spec(rng), seed: rng.within(..) };
        assert_eq!(all.to_string().parse(), Ok(all), "seed {seed}: {all}");
    }
    assert_eq!(Impairments::default().to_string(), "");
    assert_eq!("".parse(), Ok(Impairments::default()));
    let text = "loss=1%,delay=2ms,jitter=1ms,reorder=5%,dup=1%,corrupt=0.1%,truncate=0.1%,rate=100mbit,seed=7";
    let all: Impairments = text.parse().unwrap();
    let rate = NonZeroU64::new(100_000_000);
    assert_eq!((all.rx, all.rx.rate, all.seed), (all.tx, rate, 7));
    assert_eq!((all.rx.delay, all.rx.truncate), (US * 2000, Chance::per_million(1000)));
    let all: Impairments = " rx.burst = 0.5%/20% , tx.queue=5".parse().unwrap();
    assert_eq!((all.rx.burst.leave, all.rx.burst.loss, all.tx.queue), (Chance::percent(20), Chance::ALWAYS, 5));
    assert_eq!(all.tx.burst, Burst::default());
}

#[test]
fn mistakes_are_explained() {
    for (text, part) in [
        ("loss", "`loss` is not of the form key=value"),
        ("lost=1%", "no impairment `lost`"),
        ("rx.seed=1", "no impairment `rx.seed`"),
        ("loss=1%,loss=2%", "`loss` is given twice"),
        ("loss=0.01", "loss=0.01: not a percentage"),
        ("loss=101%", "loss=101%: not a percentage"),
        ("loss=-1%", "loss=-1%: not a percentage"),
        ("dup=1e1%", "dup=1e1%: not a percentage"),
        ("tx.delay=5", "tx.delay=5: not a time"),
        ("jitter=2m", "jitter=2m: not a time"),
        ("delay=2000s", "delay=2000s: not a time"),
        ("rate=0mbit", "rate=0mbit: not a rate"),
        ("rate=10MB", "rate=10MB: not a rate"),
        ("burst=1%", "burst=1%: not two or three percentages"),
        ("queue=0", "queue=0: not a number of frames"),
        ("seed=x", "seed=x: not a number"),
    ] {
        let error = text.parse::<Impairments>().expect_err(text).to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}
