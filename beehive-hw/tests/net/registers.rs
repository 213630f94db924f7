//! Reading and writing registers through the host's port.

use beehive_hdl::dut::DutExt;
use beehive_hdl::testbench::{Bench, Failure};
use beehive_hdl::value::Value;
use beehive_wire::registers::address;

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
    let cycle = bench.dut().cycle();
    Err(bench.failure(format!("no answer to an access of ({x}, {y})[{index}] by cycle {cycle}")))
}

/// Every register of a tile that is not zero, by name.
pub fn dump(bench: &mut Bench, at: (u32, u32), list: &[beehive_hw::control::Register]) -> Result<String, Failure> {
    let mut text = String::new();
    for (register, i, index) in beehive_hw::control::registers::indices(list) {
        let value = access(bench, at, index, None)?;
        if value != Some(0) {
            text += &format!(" {}[{i}]={value:x?}", register.name);
        }
    }
    let _ = bench.dut().pin("lost");
    Ok(text)
}
