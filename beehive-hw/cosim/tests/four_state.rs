//! A whole card as it is emitted for synthesis, under a simulator that knows unknown values: none of them reaches a handshake.
//!
//! Which frame is the first after power-up matters: so several short runs, each with frames of its own.

use beehive_cosim::iverilog::{Recording, replay};
use beehive_cosim::{Source, Tools, or_skip};
use beehive_hdl::dut::{Dut, DutExt};
use beehive_hdl::testbench::Rng;
use beehive_hdl::value::Value;
use beehive_hw::device::{axis, generate_axis};
use beehive_hw::topology::{Draft, standard};
use beehive_wire::checksum;
use beehive_wire::device::{BAR_BYTES, DESCRIPTION_AT, TILES_AT};
use beehive_wire::rpc::echo;
use std::collections::VecDeque;
use std::path::Path;

const RUNS: u64 = 4;
const CYCLES: u64 = 700;
const CONTROL: [&str; 8] = [
    "s_axis_tready",
    "m_axis_tvalid",
    "s_axil_awready",
    "s_axil_wready",
    "s_axil_arready",
    "s_axil_bvalid",
    "s_axil_rvalid",
    "irq",
];
const HOST: [u8; 6] = [2, 0, 0, 0, 0, 9];
const CARD: [u8; 6] = [0x02, 0xbe, 0xe0, 0x00, 0x00, 0x01];
const ADDRESSES: [u8; 8] = [10, 77, 0, 1, 10, 77, 0, 2];

/// A request for the card's address; an echo of few bytes, or of many; noise.
fn frame(rng: &mut Rng) -> Vec<u8> {
    let ethernet = |to: [u8; 6], kind: u16| [&to[..], &HOST, &kind.to_be_bytes()].concat();
    let packet = |protocol: u8, body: &[u8]| {
        let length = (20 + body.len() as u16).to_be_bytes();
        let mut header = [&[0x45, 0], &length[..], &[0, 1, 0, 0, 64, protocol, 0, 0], &ADDRESSES].concat();
        let sum = checksum(&header);
        header[10..12].copy_from_slice(&sum.to_be_bytes());
        [ethernet(CARD, 0x0800), header, body.to_vec()].concat()
    };
    let length = *rng.one_of(&[0, 1, 2, 17, 18, 22, 23, 64, 300]);
    let data = rng.bytes(length);
    match rng.within(0..6) {
        0 => {
            let request = [0, 1, 8, 0, 6, 4, 0, 1];
            [&ethernet([0xff; 6], 0x0806), &request[..], &HOST, &ADDRESSES[..4], &[0; 6], &ADDRESSES[4..]].concat()
        }
        1 => {
            let mut body = [&[8, 0, 0, 0, 0, 1, 0, 1], &data[..]].concat();
            let sum = checksum(&body);
            body[2..4].copy_from_slice(&sum.to_be_bytes());
            packet(1, &body)
        }
        2 => [ethernet(CARD, 0x0800), data].concat(),
        kind => {
            // A call of some program, or an echo; without a checksum.
            let program = rng.within(1..5) as u32;
            let (port, data) = if kind < 4 { (20900 + program as u16, call(rng, program, &data)) } else { (7, data) };
            let header = [7000, port, 8 + data.len() as u16, 0].map(u16::to_be_bytes).concat();
            packet(17, &[header, data].concat())
        }
    }
}

/// A remote procedure call (RFC 5531) of one of the programs of the wire formats.
fn call(rng: &mut Rng, program: u32, data: &[u8]) -> Vec<u8> {
    let procedure = rng.within(0..3) as u32;
    let header = [1, 0, 2, echo::PROGRAM - 1 + program, 1, procedure, 0, 0, 0, 0];
    let words = [TILES_AT + 4 * rng.within(0..24) as u32, 2, 3, 4, 5, data.len() as u32];
    let end = if procedure == 0 { 0 } else { words.len() };
    let bytes = header.iter().chain(&words[..end]).flat_map(|word| word.to_be_bytes());
    bytes.chain(data.iter().copied().filter(|_| end > 0)).collect()
}

/// What ours sees in a run, with a reset of the function somewhere in it.
fn record(topology: &str, width: u32, run: u64) -> Recording {
    let registry = standard();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../topologies").join(topology);
    let text = std::fs::read_to_string(file).expect("a topology").replace("width = 512", &format!("width = {width}"));
    let design = Draft::from_toml(topology, &text).and_then(|draft| draft.check(&registry)).expect("a design");
    let shell = generate_axis(&design, &registry).expect("a shell");
    let mut dut = beehive_sim::open(&shell);
    let source = Source { files: axis::modules(&shell), module: shell };
    let mut recording = Recording::of_control(source, &CONTROL);
    let mut rng = Rng::new(run);
    let bytes = width as usize / 8;
    let mut beats: VecDeque<(Vec<u8>, bool)> = VecDeque::new();
    let set = |dut: &mut dyn Dut, port: &str, value: u64| {
        let pin = dut.pin(port);
        dut.set(pin, value);
    };
    let (mut frames, mut waits) = (0, [false; 2]);
    for cycle in 0..CYCLES {
        let reset = cycle < 4;
        dut.set_reset(reset);
        if beats.is_empty() && !reset && rng.one_in(8) {
            let frame = frame(&mut rng);
            let count = frame.len().div_ceil(bytes);
            beats.extend(frame.chunks(bytes).enumerate().map(|(i, chunk)| (chunk.to_vec(), i + 1 == count)));
        }
        let offered = !beats.is_empty();
        set(&mut *dut, "s_axis_tvalid", offered.into());
        if let Some((chunk, last)) = beats.front() {
            let [data, keep] = ["s_axis_tdata", "s_axis_tkeep"].map(|name| dut.pin(name));
            let mut ones = Value::zero(bytes as u32);
            (0..chunk.len() as u32).for_each(|bit| ones.set_bit(bit, true));
            dut.set_value(data, &Value::from_bytes(width, chunk));
            dut.set_value(keep, &ones);
            set(&mut *dut, "s_axis_tlast", (*last).into());
        }
        set(&mut *dut, "m_axis_tready", u64::from(!rng.one_in(3)));
        set(&mut *dut, "flr", u64::from(cycle == 300 + 10 * run));
        // Reads, and writes of which nothing comes: what is offered stays until it is taken.
        for (wait, valids, address) in
            [(0, &["s_axil_arvalid"][..], "s_axil_araddr"), (1, &["s_axil_awvalid", "s_axil_wvalid"], "s_axil_awaddr")]
        {
            if !waits[wait] && !reset && rng.one_in(8) {
                waits[wait] = true;
                let base = *rng.one_of(&[0, DESCRIPTION_AT, TILES_AT, TILES_AT + 0x11000]);
                let at = if wait == 0 { base + 4 * rng.within(0..24) as u32 } else { BAR_BYTES - 4 };
                set(&mut *dut, address, at.into());
            }
            valids.iter().for_each(|valid| set(&mut *dut, valid, waits[wait].into()));
        }
        set(&mut *dut, "s_axil_wstrb", 15);
        set(&mut *dut, "s_axil_bready", u64::from(rng.one_in(2)));
        set(&mut *dut, "s_axil_rready", u64::from(rng.one_in(2)));
        recording.note(&mut *dut, reset);
        let mut get = |port: &str| {
            let pin = dut.pin(port);
            dut.get(pin) == 1
        };
        frames += u32::from(get("m_axis_tvalid") & get("m_axis_tready") & get("m_axis_tlast"));
        waits[0] &= !get("s_axil_arready");
        waits[1] &= !get("s_axil_awready");
        if offered && get("s_axis_tready") {
            beats.pop_front();
        }
        dut.step();
    }
    assert!(frames > 5, "{topology}, run {run}, width {width}: {frames} frames came back");
    recording
}

fn no_handshake_is_unknown(topology: &str, width: u32) {
    let tools = Tools::find();
    if or_skip("the card under iverilog", tools.iverilog().and(tools.vvp())).is_none() {
        return;
    }
    let recordings: Vec<Recording> = (0..RUNS).map(|run| record(topology, width, run)).collect();
    let found = replay(&tools, &recordings).expect("iverilog takes it");
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "{topology}, {width} bits, recordings by seed:\n{}", found.join("\n"));
}

#[test]
fn narrow_udp_echo() {
    no_handshake_is_unknown("udp_echo.toml", 64);
}

#[test]
fn logged_udp_echo() {
    no_handshake_is_unknown("udp_echo_logged.toml", 512);
}

#[test]
fn remote_procedure_calls() {
    no_handshake_is_unknown("rpc_echo.toml", 512);
}
