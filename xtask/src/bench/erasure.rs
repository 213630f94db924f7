//! Area `erasure`: the erasure tile alone, in the mesh, and in a whole card. All cycles are exact. Then the client.

#[path = "../../../apps/erasure/tests/erasure/layout.rs"]
mod layout;
#[path = "../../../apps/erasure/tests/erasure/matrix.rs"]
mod matrix;

use super::client;
use super::net::cycles_per_frame;
use super::report::{Figure, Target};
use super::scale::packets_per_cycle;
use super::wire::datagram;
use crate::sh;
use crate::synth;
use anyhow::{Context, Result, ensure};
use beehive_erasure::tile::{Erasure, erasure};
use beehive_hdl::dut::DutExt;
use beehive_hdl::prelude::{Def, elaborate};
use beehive_hdl::testbench::{Bench, Rng};
use beehive_hw::testbench::{Message, MessageBench};
use beehive_hw::tiles::Policy;
use beehive_hw::topology::{Design, Draft, TileRegistry, generate, standard};
use beehive_wire::message;
use beehive_wire::rpc::{self, DATA_AT, arguments, call, erasure as wire};
use indicatif::ProgressBar;
use matrix::{Rows, parity_rows, recovery_rows};
use reed_solomon_erasure::galois_8::ReedSolomon;
use std::fs;

/// Bits of the data networks measured here.
const WIDTH: u32 = 512;
const JUMBO: u32 = 9000;

/// What a call asks for: shards, rows, bytes of a shard.
#[derive(Clone, Copy)]
struct Code {
    shards: usize,
    rows: usize,
    length: usize,
}

/// The longest shards whose call fits.
fn code(shards: usize, rows: usize, mtu: u32) -> Code {
    let fits = |blocks: &usize| 28 + DATA_AT + wire::call_data(shards, blocks * wire::BLOCK) <= mtu as usize;
    let blocks = (1..).take_while(fits).last().unwrap_or(1);
    Code { shards, rows, length: blocks * wire::BLOCK }
}

/// All figures.
pub fn figures(bar: &ProgressBar) -> Result<Vec<Figure>> {
    let mut figures = vec![];
    bar.set_message("one tile");
    let least = Some(Target::AtLeast(50.0));
    let [small, large] = [(8, 2), (10, 4)].map(|(k, m)| code(k, m, JUMBO));
    let rates = [
        ("erasure.tile_bytes_per_cycle_8_2", Job::Encode, small, JUMBO, least),
        ("erasure.tile_bytes_per_cycle_10_4", Job::Encode, large, JUMBO, least),
        ("erasure.rebuild_bytes_per_cycle_8_2", Job::Rebuild, small, JUMBO, least),
        ("erasure.rebuild_bytes_per_cycle_10_4", Job::Rebuild, large, JUMBO, least),
        ("erasure.tile_bytes_per_cycle_8_2_1500", Job::Encode, code(8, 2, 1500), 1500, None),
        ("erasure.tile_bytes_per_cycle_10_4_1500", Job::Encode, code(10, 4, 1500), 1500, None),
        ("erasure.rebuild_bytes_per_cycle_8_2_1500", Job::Rebuild, code(8, 2, 1500), 1500, None),
        ("erasure.rebuild_bytes_per_cycle_10_4_1500", Job::Rebuild, code(10, 4, 1500), 1500, None),
    ];
    for (name, job, code, mtu, target) in rates {
        let peer = format!("{} bytes a shard", code.length);
        figures.push(Figure { name, value: rate(job, code, mtu)?, unit: "bytes", target, peer });
    }
    let products = figures[1].value * large.rows as f64;
    bar.set_message("four tiles in the mesh");
    figures.push(scale("erasure.scale_4x_inmesh", |tiles| in_mesh(tiles, small))?);
    bar.set_message("four tiles in a card");
    figures.push(scale("erasure.scale_4x_16B_lanes", |tiles| through_the_port(tiles, small))?);
    figures.push(plain("erasure.macs_per_cycle_10_4", products, "products", "at most 256"));
    bar.set_message("yosys");
    let luts = synth::luts("erasure_engine", Some(WIDTH))?;
    let peer = format!("engine of {luts} LUTs");
    figures.push(plain("erasure.macs_per_cycle_per_lut", products / f64::from(luts), "products", &peer));
    figures.extend(client::figures(bar)?);
    Ok(figures)
}

fn plain(name: &'static str, value: f64, unit: &'static str, peer: &str) -> Figure {
    Figure { name, value, unit, target: None, peer: peer.into() }
}

/// What a call is for.
#[derive(Clone, Copy)]
enum Job {
    /// Parity of data shards.
    Encode,
    /// As many data shards as there are rows, of the others and the parity.
    Rebuild,
}

/// Coefficients, shards, and what must come of them.
fn job(job: Job, code: Code, rng: &mut Rng) -> Result<(Rows, Rows, Rows)> {
    let Code { shards: k, rows: m, length } = code;
    let data: Rows = (0..k).map(|_| rng.bytes(length)).collect();
    let mut parity = vec![vec![0; length]; m];
    ReedSolomon::new(k, m)?.encode_sep(&data, &mut parity)?;
    Ok(match job {
        Job::Encode => (parity_rows(k, m), data, parity),
        Job::Rebuild => {
            let (lost, present): (Vec<usize>, Vec<usize>) = ((0..m).collect(), (m..k + m).collect());
            let rest = data[m..].iter().chain(&parity).cloned().collect();
            (recovery_rows(k, m, &present, &lost), rest, data[..m].to_vec())
        }
    })
}

/// The bytes of a call.
fn bytes_of(number: u32, rows: &Rows, shards: &Rows) -> Vec<u8> {
    let data = layout::call(rows, shards);
    let mut bytes = vec![0; DATA_AT];
    call::XID.set(&mut bytes, number.into());
    call::RPC_VERSION.set(&mut bytes, rpc::RPC_VERSION.into());
    call::PROGRAM.set(&mut bytes, wire::PROGRAM.into());
    call::VERSION.set(&mut bytes, wire::VERSION.into());
    call::PROCEDURE.set(&mut bytes, wire::COMBINE.into());
    let words = &mut bytes[call::LEN..];
    arguments::WORD_0.set(words, shards.len() as u64);
    arguments::WORD_1.set(words, rows.len() as u64);
    arguments::WORD_2.set(words, shards[0].len() as u64);
    arguments::DATA_LENGTH.set(words, data.len() as u64);
    bytes.extend(data);
    bytes
}

/// Bytes of shards per cycle of a tile that always has a next call; its answers are checked.
fn rate(what: Job, code: Code, mtu: u32) -> Result<f64> {
    const CALLS: u32 = 40;
    const WARM: usize = 4;
    let next = vec![beehive_hw::tiles::Next { key: 0, to: 0x11 }];
    let tile = elaborate(|| {
        erasure(Erasure { width: WIDTH, lanes: WIDTH / 8, mtu, next: next.clone(), policy: Policy::First })
    })?;
    let mut bench = Bench::new(beehive_sim::open(&tile), 1);
    let mut wanted = vec![];
    for number in 0..CALLS {
        let (rows, shards, results) = job(what, code, bench.rng())?;
        let bytes = bytes_of(number, &rows, &shards);
        let header = [(message::SOURCE_PORT, 5000), (message::LENGTH, bytes.len() as u64)];
        bench.send_messages("noc_in", WIDTH, [&Message::new(&header, bytes)]);
        wanted.push(results);
    }
    let [valid, last] = ["noc_out_valid", "noc_out_last"].map(|name| bench.dut().pin(name));
    let mut ends = vec![];
    for cycle in 0..20_000u32 {
        let ended = bench.tick_with(|dut| dut.get(valid) == 1 && dut.get(last) == 1);
        if ended.map_err(|failure| anyhow::anyhow!("{failure}"))? {
            ends.push(cycle);
        }
    }
    ensure!(ends.len() == wanted.len(), "{} replies to {CALLS} calls", ends.len());
    let replies = bench.received_messages("noc_out", WIDTH).map_err(|failure| anyhow::anyhow!("{failure}"))?;
    for (reply, wanted) in replies.iter().zip(&wanted) {
        let data = reply.payload.bytes.get(DATA_AT..).context("a reply without results")?;
        ensure!(layout::rows_of(data, code.rows, code.length) == *wanted, "wrong results: this is no benchmark");
    }
    let calls = ends.len() - 1 - WARM;
    Ok((calls * code.shards * code.length) as f64 / f64::from(ends[ends.len() - 1] - ends[WARM]))
}

/// How many times as much four tiles do as one, in bytes of shards per cycle.
fn scale(name: &'static str, measure: impl Fn(u32) -> Result<f64>) -> Result<Figure> {
    let (one, four) = (measure(1)?, measure(4)?);
    let peer = format!("{four:.1} to {one:.1} bytes");
    Ok(Figure { name, value: four / one, unit: "ratio", target: Some(Target::AtLeast(3.6)), peer })
}

fn registry() -> Result<TileRegistry> {
    let mut registry = standard();
    beehive_erasure::register(&mut registry)?;
    beehive_checksum::register(&mut registry)?;
    Ok(registry)
}

fn card(text: &str) -> Result<(Design, Def)> {
    let registry = registry()?;
    let design = Draft::from_toml("erasure.toml", text)?.check(&registry)?;
    let hardware = generate(&design, &registry)?;
    Ok((design, hardware))
}

/// Full-width tiles, each with a source and a sink of its own beside it.
fn in_mesh(tiles: u32, code: Code) -> Result<f64> {
    let Code { shards, rows, length } = code;
    let mut text = format!("[design]\nname = \"erasure_scale\"\nmtu = {JUMBO}\nmesh = [4, {tiles}]\n");
    for i in 0..tiles {
        text += &format!(
            "[[tile]]\nname = \"source{i}\"\nkind = \"erasure_source\"\nat = [0, {i}]\n\
             params = {{ shards = {shards}, rows = {rows}, length = {length} }}\n\
             [[tile]]\nname = \"erasure{i}\"\nat = [1, {i}]\n\
             [[tile]]\nname = \"sink{i}\"\nkind = \"packet_sink\"\nat = [2, {i}]\n\
             [[chain]]\npath = \"source{i} -> erasure{i} -> sink{i}\"\n"
        );
    }
    text += "[[tile]]\nname = \"control\"\nat = [3, 0]\n";
    let (design, hardware) = card(&text)?;
    let replies = packets_per_cycle(&design, &hardware, &registry()?, "erasure_source")?;
    Ok(replies * (shards * length) as f64)
}

/// One or four tiles of 16 lanes in the shipped card, with as many calls as the network port takes.
fn through_the_port(tiles: u32, code: Code) -> Result<f64> {
    let path = sh::root().join("topologies/erasure.toml");
    let mut text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    for wanted in ["lanes = 64", "replicas = 4\n", "policy = "] {
        ensure!(text.contains(wanted), "topologies/erasure.toml has no `{}`", wanted.trim());
    }
    text = text.replace("lanes = 64", "lanes = 16");
    if tiles == 1 {
        let of_replicas = |line: &&str| line.starts_with("replicas") || line.starts_with("policy");
        text = text.lines().filter(|line| !of_replicas(line)).flat_map(|line| [line, "\n"]).collect();
    }
    let (_, hardware) = card(&text)?;
    let (rows, shards, _) = job(Job::Encode, code, &mut Rng::new(1))?;
    let frame = datagram(wire::PORT, &bytes_of(7, &rows, &shards));
    Ok((code.shards * code.length) as f64 / cycles_per_frame(&hardware, &frame)?)
}
