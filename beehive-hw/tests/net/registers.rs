//! Reading and writing registers by name through the host's port.

use crate::design::{HOST, lists};
use beehive_hdl::testbench::{Bench, Failure};
use beehive_hdl::value::Value;
use beehive_hw::control::registers::{COMMIT, indices};
use beehive_hw::control::{Access, ROUTER_REGISTERS, Register};
use beehive_hw::top::PLACE_REGISTERS;
use beehive_wire::registers::address;
use std::collections::BTreeMap;

/// Counts by `tile.counter`; those at zero are missing.
pub type Counts = BTreeMap<String, u32>;

/// Reads or writes; the data of the answer, or `None` if it was refused.
pub fn access(bench: &mut Bench, (x, y): (u32, u32), index: u32, write: Option<u32>) -> Result<Option<u32>, Failure> {
    let addr = address(x as u8, y as u8, index as u16);
    let request = Value::cat(&[
        Value::from_u128(1, write.is_some().into()),
        Value::from_u128(20, addr.into()),
        Value::from_u128(32, write.unwrap_or(0).into()),
    ]);
    let before = bench.received("host_resp").len();
    bench.send("host_req", [request]);
    for _ in 0..1000 {
        bench.tick()?;
        if let Some(answer) = bench.received("host_resp").get(before) {
            let data = answer.slice(1, 32).words()[0] as u32;
            return Ok((!answer.bit(0)).then_some(data));
        }
    }
    Err(bench.failure(format!("no answer to an access of ({x}, {y})[{index}]")))
}

fn find(tile: &str, name: &str, i: u32) -> ((u32, u32), u32) {
    let (_, at, list) = lists(64, 1500).into_iter().find(|(listed, ..)| *listed == tile).expect("a tile of the design");
    let found = indices(&list).find(|(register, at, _)| register.name == name && *at == i);
    (at, found.expect("a register of the tile").2)
}

/// Writes the `i`th register `name` of a tile; it takes effect with [`commit`].
pub fn write(bench: &mut Bench, tile: &str, name: &str, i: u32, value: u32) -> Result<(), Failure> {
    let (at, index) = find(tile, name, i);
    let answer = access(bench, at, index, Some(value))?;
    if answer.is_none() { Err(bench.failure(format!("{tile}.{name}[{i}] was refused"))) } else { Ok(()) }
}

/// Commits a tile's configuration and waits until it is in effect.
pub fn commit(bench: &mut Bench, tile: &str) -> Result<(), Failure> {
    let (at, _) = find(tile, "key", 0);
    access(bench, at, COMMIT, Some(1))?;
    for _ in 0..1000 {
        if access(bench, at, COMMIT, None)? == Some(0) {
            return Ok(());
        }
    }
    Err(bench.failure(format!("{tile} never commits")))
}

/// All counters of the design.
pub fn counts(bench: &mut Bench) -> Result<Counts, Failure> {
    let mut counts = Counts::new();
    let is_counter = |register: &Register| register.access == Access::Counter;
    for (tile, at, list) in lists(64, 1500) {
        for (register, _, index) in indices(&list).filter(|(register, ..)| is_counter(register)) {
            match access(bench, at, index, None)? {
                None => return Err(bench.failure(format!("{tile}.{} was refused", register.name))),
                Some(0) => {}
                Some(n) => drop(counts.insert(format!("{tile}.{}", register.name), n)),
            }
        }
    }
    Ok(counts)
}

/// The messages that found no way or no reader, at all places but the host's.
pub fn place_losses(bench: &mut Bench) -> Result<u32, Failure> {
    let mut losses = 0;
    for at in (0..2).flat_map(|y| (0..5).map(move |x| (x, y))).filter(|at| *at != HOST) {
        for name in ["lost", "unread"] {
            let i = PLACE_REGISTERS.iter().position(|register| *register == name).expect("a counter of every place");
            let answer = access(bench, at, ROUTER_REGISTERS + i as u32, None)?;
            losses += answer.ok_or_else(|| bench.failure(format!("{name} of {at:?} was refused")))?;
        }
    }
    Ok(losses)
}

/// Is it a counter of messages that came to an end?
pub fn is_drop(name: &str) -> bool {
    name.contains(".drop_")
}
