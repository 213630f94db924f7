//! Lowered blocks: what they do, and how they read.
// Kernels have neither guards nor `let`: what clippy proposes instead would not be one.
#![allow(missing_docs, clippy::collapsible_match, clippy::identity_op, clippy::nonminimal_bool, clippy::single_match)]

mod agree;
mod blocks;
mod refused;

use beehive_hdl::build::elaborate;
use beehive_hdl::emit::{EmitOptions, verilog};
use beehive_hdl::value::Value;
use beehive_rust_hdl::block;
use blocks::{grid, indices, interfaces, lanes, probe, signed, table, tcp_rx, udp_rx, versions, widgets};

#[test]
fn probes_mean_what_they_mean_in_rust() {
    agree::with_rust(|| block((), |_| probe::Probe::default()), probe::Probe::default);
}

#[test]
fn a_table_is_the_same_everywhere() {
    agree::with_rust(|| block((), |_| table::Table::default()), table::Table::default);
}

#[test]
fn arrays_and_const_generics_are_the_same_everywhere() {
    agree::with_rust(|| block((), |_| grid::Grid::<3, 6>::default()), grid::Grid::<3, 6>::default);
}

#[test]
fn widgets_are_the_same_everywhere() {
    agree::with_rust(|| block((), |_| widgets::Widgets::default()), widgets::Widgets::default);
}

/// `value` modulo `limit`, as wide as before.
fn below(value: &Value, limit: u64) -> Value {
    Value::from_words(value.width(), &[value.words()[0] % limit])
}

#[test]
fn a_large_state_machine_is_the_same_everywhere() {
    // Few flows and small numbers, so that segments meet and states are reached.
    let shape = |port: &str, value: Value| match port {
        "reset" => below(&value, 1),
        "s_seg_op" => below(&value, 7),
        "s_seg_flow" => below(&value, 3),
        "s_seg_seq" | "s_seg_ack" => below(&value, 5),
        "s_seg_len" => below(&value, 3),
        "s_seg_wnd" => below(&value, 9),
        _ => value,
    };
    agree::with_rust_on(|| block((), |_| tcp_rx::TcpRx::default()), tcp_rx::TcpRx::default, 4000, shape);
}

/// A frame with a header that passes the checks of the receiver, and random bytes behind it.
fn udp_frame(value: &Value) -> Value {
    let mut bytes = value.to_bytes();
    bytes[12..16].copy_from_slice(&[8, 0, 0x45, 0]);
    let length = 28 + u16::from(bytes[39]);
    bytes[16..18].copy_from_slice(&length.to_be_bytes());
    bytes[20..22].copy_from_slice(&[0, 0]);
    bytes[23] = 17;
    bytes[24..26].copy_from_slice(&[0, 0]);
    bytes[38..40].copy_from_slice(&(length - 20).to_be_bytes());
    let sum: u32 = bytes[14..34].chunks(2).map(|b| u32::from(u16::from_be_bytes([b[0], b[1]]))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let checksum = !((folded & 0xffff) + (folded >> 16)) as u16;
    bytes[24..26].copy_from_slice(&checksum.to_be_bytes());
    Value::from_bytes(512, &bytes)
}

#[test]
fn a_wide_datapath_is_the_same_everywhere() {
    let shape = |port: &str, value: Value| match port {
        "reset" => below(&value, 1),
        "s_tdata" if value.bit(511) => udp_frame(&value),
        "s_tlen" => Value::from_words(7, &[1 + value.words()[0] % 64]),
        _ => value,
    };
    agree::with_rust_on(|| block((), |_| udp_rx::UdpRx::default()), udp_rx::UdpRx::default, 600, shape);
}

#[test]
fn locals_that_are_assigned_again_are_the_same_everywhere() {
    agree::with_rust(|| block((), |_| versions::Versions::default()), versions::Versions::default);
    agree::with_rust(|| block((), |_| versions::Twice::default()), versions::Twice::default);
}

/// What a person reads: names, fields, `case` and `if` as in the kernel.
#[test]
fn the_text_of_a_state_machine_is_as_checked_in() {
    let def = elaborate(|| block((), |_| table::Table::default())).expect("no errors");
    let text = verilog(&def, &EmitOptions::default());
    // The third line names the line of this file.
    let text: Vec<&str> = text.lines().filter(|line| !line.starts_with("//")).collect();
    let golden: Vec<&str> = include_str!("golden/table.sv").lines().collect();
    assert_eq!(text, golden, "the text has changed:\n{}", text.join("\n"));
}

#[test]
fn signed_arithmetic_is_the_same_everywhere() {
    // `signed_bit_cast` of the least number never returns in Rust.
    let shape = |port: &str, value: Value| {
        if port == "a" && value == Value::from_u128(8, 0x80) { Value::ones(8) } else { value }
    };
    agree::with_rust_on(|| block((), |_| signed::Arithmetic::default()), signed::Arithmetic::default, 400, shape);
}

#[test]
fn numbers_are_the_same_everywhere() {
    agree::with_rust(|| block((), |_| indices::Indices::default()), indices::Indices::default);
}

#[test]
fn interfaces_are_the_same_everywhere() {
    agree::with_rust(|| block((), |_| interfaces::Pair::default()), interfaces::Pair::default);
}

#[test]
fn equal_blocks_are_one_module_wherever_they_are_made() {
    let (one, two, other) = elaborate(|| {
        let one = block(3u32, |_| probe::Probe::default());
        let two = block::<_, probe::Probe>(3u32, |_| Default::default());
        (one, two, block(4u32, |_| probe::Probe::default()))
    })
    .expect("no errors");
    assert!(std::sync::Arc::ptr_eq(&one, &two));
    assert_eq!((one.name.as_str(), other.name.as_str()), ("probe_3", "probe_4"));
}

#[test]
fn bits_put_together_in_a_loop_are_one_concatenation() {
    agree::with_rust(|| block((), |_| lanes::Parities::default()), lanes::Parities::default);
    let def = elaborate(|| block((), |_| lanes::Parities::default())).expect("no errors");
    let text = verilog(&def, &EmitOptions::default());
    let nets: Vec<&str> = text.lines().filter(|line| line.trim_start().starts_with("wire")).collect();
    assert_eq!(nets.len(), 1, "one net, `bits`:\n{text}");
}
