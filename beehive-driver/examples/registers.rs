//! Prints tiles and counters of a simulated card in this process, or of the one behind a socket of vfio-user:
//! `cargo run -p beehive-driver --features sim --example registers -- [SOCKET]`.

use beehive_driver::{Device, Nic, Sim, VfioUser};
use beehive_hw::topology::{Draft, standard};
use beehive_nic::Card;
use beehive_nic::pci::PciFunction;
use std::error::Error;

fn open() -> Result<Box<dyn Device>, Box<dyn Error>> {
    if let Some(socket) = std::env::args().nth(1) {
        return Ok(Box::new(VfioUser::connect(socket)?));
    }
    let text = include_str!("../../topologies/udp_echo.toml");
    let design = Draft::from_toml("udp_echo.toml", text)?.check(&standard())?;
    Ok(Box::new(Sim::new(PciFunction::spawn(Card::device(design, &standard(), None)?)?)))
}

fn main() -> Result<(), Box<dyn Error>> {
    let nic = Nic::open(open()?)?;
    let snapshot = nic.snapshot()?;
    println!("{} after {} cycles: {:?}", snapshot.design, snapshot.cycles.unwrap_or(0), snapshot.device);
    for tile in &snapshot.tiles {
        println!("{} ({}) at {:?}", tile.name, tile.kind, tile.at);
        for register in tile.registers.iter().filter(|register| register.value != 0) {
            println!("  {:<20} {:#10x}  {}", register.name, register.value, register.about);
        }
    }
    let interrupts = nic.interrupts()?;
    nic.raise(0)?;
    println!("interrupts: {}", interrupts[0].wait_timeout(nic.device().timeout())?);
    println!("reset: {:?}", nic.reset()?);
    Ok(())
}
