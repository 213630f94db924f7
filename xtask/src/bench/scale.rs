//! Packets a cycle of the receive path: two replicas against one, fed by sources within the mesh.

use super::net::shipped;
use super::report::{Figure, Target};
use anyhow::{Context, Result, ensure};
use beehive_hdl::dut::{Dut, DutExt, Pin};
use beehive_hdl::prelude::Def;
use beehive_hw::control::registers::COMMIT;
use beehive_hw::topology::{Design, TileRegistry, registers, standard};
use beehive_sim::{Backend, Simulator};
use beehive_wire::registers::address;

/// `net.scale_udp_2x`.
pub fn figure() -> Result<Figure> {
    let measured = |name: &str| {
        let (design, card) = shipped(name)?;
        packets_per_cycle(&design, &card, &standard(), "packet_source")
    };
    let (one, two) = (measured("udp_scale_1")?, measured("udp_scale_2")?);
    Ok(Figure {
        name: "net.scale_udp_2x",
        value: two / one,
        unit: "ratio",
        target: Some(Target::AtLeast(1.9)),
        peer: format!("{two:.3} to {one:.3} packets a cycle"),
    })
}

/// What all sinks of a design take while all its sources, of this kind, send.
pub fn packets_per_cycle(design: &Design, card: &Def, registry: &TileRegistry, sources: &str) -> Result<f64> {
    const WARM: u64 = 2_000;
    const CYCLES: u64 = 40_000;
    let mut host = Host::new(Box::new(Simulator::new().backend(Backend::Jit).build(card)?));
    for (tile, enable) in find(design, registry, sources, "enable")? {
        let at = design.tiles[tile].at;
        host.access(enable, Some(1))?;
        host.access(address(at.x as u8, at.y as u8, COMMIT as u16), Some(1))?;
    }
    let sinks = find(design, registry, "packet_sink", "messages")?;
    host.dut.run(WARM);
    let before = host.counts(&sinks)?;
    host.dut.run(CYCLES);
    let after = host.counts(&sinks)?;
    let rate = |((cycle, messages), (then, more)): (&(u64, u32), &(u64, u32))| {
        f64::from(more - messages) / (then - cycle) as f64
    };
    Ok(before.iter().zip(&after).map(rate).sum())
}

/// Of all tiles of a kind the index and the address of a register.
fn find(design: &Design, registry: &TileRegistry, kind: &str, name: &str) -> Result<Vec<(usize, u32)>> {
    let mut found = vec![];
    for listed in registers(design, registry) {
        let tile = design.tile(&listed.tile).context("registers of a tile")?;
        if design.tiles[tile].kind == kind {
            let register = listed.registers.iter().find(|(listed, ..)| listed == name);
            found.push((tile, register.with_context(|| format!("{kind} has no register {name}"))?.1));
        }
    }
    ensure!(!found.is_empty(), "{} has no {kind}", design.name);
    Ok(found)
}

/// A design in the JIT with a host at its register port.
struct Host {
    dut: Box<dyn Dut>,
    request: [Pin; 5],
    response: [Pin; 3],
}

impl Host {
    fn new(mut dut: Box<dyn Dut>) -> Host {
        let request = ["valid", "write", "addr", "data", "ready"].map(|field| dut.pin(&format!("host_req_{field}")));
        let response = ["valid", "err", "data"].map(|field| dut.pin(&format!("host_resp_{field}")));
        let ready = dut.pin("host_resp_ready");
        dut.reset(2);
        dut.set(ready, 1);
        Host { dut, request, response }
    }

    /// Reads a register, or writes it.
    fn access(&mut self, addr: u32, write: Option<u32>) -> Result<u32> {
        let [valid, write_it, addr_pin, data, ready] = self.request;
        self.dut.set(valid, 1);
        self.dut.set(write_it, write.is_some().into());
        self.dut.set(addr_pin, addr.into());
        self.dut.set(data, write.unwrap_or(0).into());
        for _ in 0..1_000 {
            let taken = self.dut.get(ready) == 1;
            let [answered, err, data] = self.response.map(|pin| self.dut.get(pin));
            self.dut.step();
            if taken {
                self.dut.set(valid, 0);
            }
            if answered == 1 {
                ensure!(err == 0, "register {addr:#x} is refused");
                return Ok(data as u32);
            }
        }
        anyhow::bail!("register {addr:#x} does not answer")
    }

    /// Registers, each with the cycle of its answer.
    fn counts(&mut self, registers: &[(usize, u32)]) -> Result<Vec<(u64, u32)>> {
        let read = |(_, addr): &(usize, u32)| self.access(*addr, None).map(|count| (self.dut.cycle(), count));
        registers.iter().map(read).collect()
    }
}
