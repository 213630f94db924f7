//! The engine alone: random tasks x random back-pressure x widths x lanes, packets that are not as their task says, mutants, cycles.

use crate::layout::{call, interleave};
use crate::program::combine;
use beehive_erasure::engine::{Engine, erasure_engine};
use beehive_hdl::blocks::Beat;
use beehive_hdl::dut::DutExt;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Bench, Failure, Packet, Rng, packets_of, seeds};
use beehive_wire::rpc::erasure::reply_data;

/// All combinations of width and lanes.
const PARAMETERS: [(u32, u32); 10] =
    [(64, 8), (128, 8), (128, 16), (256, 8), (256, 16), (256, 32), (512, 8), (512, 16), (512, 32), (512, 64)];

/// What the engine must make of a packet.
enum Fate {
    Results(Vec<u8>),
    /// A marked packet of whole blocks, so many bytes at most.
    Marked(usize),
    Empty {
        err: bool,
    },
}

struct Job {
    task: [u64; 4],
    packet: Packet,
    fate: Fate,
}

fn sound(k: usize, rows: usize, length: usize, rng: &mut Rng) -> Job {
    let coefficients: Vec<Vec<u8>> = (0..rows).map(|_| rng.bytes(k)).collect();
    let shards: Vec<Vec<u8>> = (0..k).map(|_| rng.bytes(length)).collect();
    let results = interleave(&combine(&coefficients, &shards));
    Job {
        task: [1, k as u64, rows as u64, length as u64],
        packet: Packet::new(call(&coefficients, &shards)),
        fate: Fate::Results(results),
    }
}

fn any(rng: &mut Rng) -> Job {
    let k = if rng.one_in(4) { *rng.one_of(&[2, 15, 16, 17, 32]) } else { rng.within(2..=12) as usize };
    let rows = rng.within(1..=4) as usize;
    let length = if rng.one_in(2) { rng.within(1..=64) } else { rng.within(1..=200) } as usize;
    let mut job = sound(k, rows, length, rng);
    let most = reply_data(rows, length);
    let bytes = &mut job.packet.bytes;
    match rng.within(0..12) {
        0 => bytes.truncate(rng.within(0..bytes.len() as u64) as usize),
        1 => {
            let more = rng.within(1..=300) as usize;
            bytes.extend(rng.bytes(more));
        }
        2 => job.packet.err = true,
        3 => {
            job.packet = Packet::random(rng, 0..=300);
            job.task = [0, rng.within(0..64), rng.within(0..8), rng.within(0..65536)];
            job.fate = Fate::Empty { err: job.packet.err };
            return job;
        }
        _ => return job,
    }
    job.fate = Fate::Marked(most);
    job
}

fn send(bench: &mut Bench, width: u32, job: &Job) {
    let widths = [1, 6, 3, 16];
    let fields = [0, 1, 2, 3].map(|i| Value::from_u128(widths[i], job.task[i].into()));
    bench.send("tasks", [Value::cat(&fields)]);
    bench.send_packets("s_axis", width, [&job.packet]);
}

fn run(bench: &mut Bench, width: u32, jobs: &[Job]) -> Result<(), Failure> {
    jobs.iter().for_each(|job| send(bench, width, job));
    let is_last = |beat: &Value| Beat::unpacked(beat, width).last.bit(0);
    let mut quiet = 0;
    for _ in 0..1_000_000 {
        bench.tick()?;
        quiet = if bench.is_done() { quiet + 1 } else { 0 };
        if quiet > 100
            && (bench.received("m_axis").iter().filter(|beat| is_last(beat)).count() >= jobs.len() || quiet > 5_000)
        {
            break;
        }
    }
    let beats = bench.received("m_axis").to_vec();
    let packets = packets_of(&beats, width).map_err(|text| bench.failure(text))?;
    bench.equal("packets", packets.len(), jobs.len())?;
    for (i, (got, job)) in packets.into_iter().zip(jobs).enumerate() {
        let what = format!("packet {i}, task {:?}", job.task);
        match &job.fate {
            Fate::Results(results) => bench.equal(&what, got, Packet::new(results.clone()))?,
            Fate::Empty { err } => bench.equal(&what, got, Packet { bytes: vec![], err: *err })?,
            Fate::Marked(most) => {
                bench.equal(&format!("{what} is marked"), got.err, true)?;
                let length = got.bytes.len();
                let fits = length > 0 && length.is_multiple_of(64) && length <= *most;
                bench.equal(&format!("{what} has {length} of {most} bytes"), fits, true)?;
            }
        }
    }
    Ok(())
}

fn random(def: &Def, width: u32, count: u64) -> Result<(), Failure> {
    for seed in seeds(3) {
        let mut bench = Bench::new(beehive_sim::open(def), seed);
        bench.shuffle_patterns();
        let jobs: Vec<Job> = (0..count).map(|_| any(bench.rng())).collect();
        run(&mut bench, width, &jobs)?;
    }
    Ok(())
}

#[test]
fn any_task_at_any_width_and_lanes() -> Result<(), Failure> {
    for (width, lanes) in PARAMETERS {
        random(&erasure_engine(Engine { width, lanes }), width, 60)?;
    }
    Ok(())
}

#[test]
fn every_length_up_to_three_columns() -> Result<(), Failure> {
    for (width, lanes) in [(64, 8), (512, 16), (512, 64)] {
        let mut bench = Bench::new(beehive_sim::open(&erasure_engine(Engine { width, lanes })), 1);
        let jobs: Vec<Job> = (1..=200).map(|length| sound(3, 2, length, bench.rng())).collect();
        run(&mut bench, width, &jobs)?;
    }
    Ok(())
}

/// The longest datagrams: 65535 bytes.
#[test]
fn largest_tasks() -> Result<(), Failure> {
    for (width, lanes) in [(64, 8), (512, 64)] {
        let mut bench = Bench::new(beehive_sim::open(&erasure_engine(Engine { width, lanes })), 1);
        let sizes = [(2, 4, 32_640), (32, 1, 1_984), (32, 4, 1_984), (17, 3, 3_800)];
        let jobs: Vec<Job> = sizes.iter().map(|&(k, rows, length)| sound(k, rows, length, bench.rng())).collect();
        run(&mut bench, width, &jobs)?;
    }
    Ok(())
}

/// Beats go in without a pause, within calls and between them, as long as no more rows come out than shards go in.
#[test]
fn a_beat_passes_in_every_cycle() -> Result<(), Failure> {
    for (width, lanes) in PARAMETERS {
        for (k, rows) in [(8, 2), (10, 4), (4, 4)] {
            let mut bench = Bench::new(beehive_sim::open(&erasure_engine(Engine { width, lanes })), 1);
            let jobs: Vec<Job> = (0..6).map(|_| sound(k, rows, 128, bench.rng())).collect();
            let beats = (jobs.iter().map(|job| job.packet.bytes.len()).sum::<usize>() / lanes as usize) as u64;
            jobs.iter().for_each(|job| send(&mut bench, width, job));
            let count = bench.dut().pin("busy");
            let (mut first, mut last) = (None, 0);
            while !bench.is_done() || bench.dut().cycle() < last + 50 {
                let now = bench.dut().cycle();
                if bench.tick_with(|dut| dut.get(count))? == 1 {
                    first.get_or_insert(now);
                    last = now;
                }
            }
            // All but the first call's coefficients.
            let wanted = beats - 64 / u64::from(lanes);
            bench.equal(
                &format!("cycles at {width} bits, {lanes} lanes, {k}+{rows}"),
                last + 1 - first.unwrap_or(0),
                wanted,
            )?;
        }
    }
    Ok(())
}

#[test]
fn silly_parameters_are_refused() {
    for (width, lanes) in [(64, 16), (512, 12), (96, 8), (32, 4)] {
        let errors = elaborate(|| erasure_engine(Engine { width, lanes })).expect_err("no engine");
        assert!(errors.to_string().contains("give "), "{errors}");
    }
}

#[test]
fn the_tests_would_notice() {
    let mutants: &[Mutant] = &[
        ("a coefficient's bit is lost", |m| m.change("work_1_coefficients", Change::Stick { bit: 9, at: false })),
        ("the sum of before stays", |m| m.change_assigned("work_1_first", 0, Change::Constant(0))),
        ("only the last shard counts", |m| m.change_assigned("work_1_first", 0, Change::Constant(1))),
        ("the next shard's coefficient", |m| m.change_assigned("first_2", 0, Change::Invert)),
        ("rows beyond the first are not made", |m| m.change("row_1_active_1", Change::Constant(0))),
        ("the last row is missing", |m| m.change_assigned("work_1_last_row", 0, Change::SubOne)),
        ("a second block of coefficients is not known", |m| m.change("two_blocks", Change::Constant(0))),
        ("no damage is told", |m| m.change("is_whole", Change::Constant(1))),
        ("what is late is taken for the next", |m| m.drop_assignment("is_late", 1)),
        ("the step is not begun anew", |m| m.drop_assignment("step", 1)),
        ("the shard is not begun anew", |m| m.drop_assignment("shard", 1)),
        ("the column is not begun anew", |m| m.drop_assignment("column", 1)),
        ("room for one more than there is", |m| m.change("room", Change::Constant(1))),
        ("columns are written over each other", |m| m.change_assigned("write_step", 1, Change::AddOne)),
        ("a task for two packets", |m| m.change("ends_packet", Change::Constant(0))),
    ];
    assert_all_caught(&erasure_engine(Engine { width: 64, lanes: 8 }), mutants, |def| random(def, 64, 60));
}
