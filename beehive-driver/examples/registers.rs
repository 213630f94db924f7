//! Prints tiles and counters of the card at an address, or of a simulated one in this process, and resets it:
//! `cargo run -p beehive-driver --features sim --example registers -- [ADDRESS]`.

use beehive_driver::{Nic, Result, open};

fn main() -> Result<()> {
    let simulated = concat!("sim:", env!("CARGO_MANIFEST_DIR"), "/../topologies/udp_echo.toml");
    let nic = Nic::open(open(&std::env::args().nth(1).unwrap_or(simulated.into()))?)?;
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
