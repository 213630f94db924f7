//! An ordinary user, in a process of its own: what the driver can do without root.

use crate::machine::Result;
use beehive_driver::{Device, DmaMemory, Vfio, pci};
use rustix::process::{Resource, Rlimit, setrlimit};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

/// Nobody in particular.
pub const USER: u32 = 1000;

/// Asks an ordinary user to open a device and to map memory, of which at most `limit` bytes may be locked; gives what it says.
pub fn ask(address: &str, limit: u64) -> Result<String> {
    let mut command = Command::new("/init");
    command.arg(address).arg(limit.to_string()).uid(USER).gid(USER);
    let output = command.output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_string())
}

/// The user.
pub fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    println!("{}", attempt(&words).map_or_else(|error| error.to_string(), |()| "done".into()));
    ExitCode::SUCCESS
}

fn attempt(words: &[String]) -> Result {
    let [_, address, limit] = words else { return Err("an address and a limit".into()) };
    let limit = Some(limit.parse()?);
    setrlimit(Resource::Memlock, Rlimit { current: limit, maximum: limit })?;
    let device = Vfio::open(address)?;
    pci::identity(&device)?;
    device.map_dma(&DmaMemory::new(1 << 20)?, 0x10_0000)?.unmap()?;
    Ok(())
}
