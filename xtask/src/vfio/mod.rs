//! `cargo xtask vfio`: the driver's test-bed, from memory in one process to the kernel's VFIO in a virtual machine.
//!
//! ```text
//!   tier 0   driver --> device in this process
//!   tier 1   driver --> UNIX socket --> `beehive sim --vfio-user`
//!   tier 2   driver --> the kernel's VFIO --> IOMMU --> QEMU's `edu`                        a stock Debian kernel in QEMU
//!   tier 3   driver --> the kernel's VFIO --> IOMMU --> vfio-user-pci --> UNIX socket --> `beehive sim --vfio-user`   QEMU 11.1
//!   tier 4   tiers 2 and 3 once more                                                      a kernel with iommufd, without groups
//! ```

mod card;
mod machine;
mod packages;
mod socket;
mod tally;

use crate::sh;
use anyhow::{Context, Result};
use beehive_cosim::tools::{on_path, target_dir};
use card::Card;
use machine::Machine;
use packages::{Kernel, Packages};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;
pub use tally::Tally;

/// Test the driver: in process (0), over a socket (1), through the kernel in a virtual machine (2), with the card there (3), and
/// through iommufd (4).
#[derive(clap::Args)]
#[command(
    after_help = "Tiers 0 to 2 are part of `cargo xtask ci`. A tier whose packages cannot be had is SKIPPED aloud.\n\
                        The last line is the total."
)]
pub struct Args {
    /// Only this tier; may be given several times (default: 0, 1 and 2).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=4))]
    tier: Vec<u8>,
}

/// What every transport has to pass, at least.
const CASES: u64 = 60;

/// A kernel for the guest.
#[derive(Clone, Copy)]
struct Guest {
    name: &'static str,
    kernel: fn(&Packages) -> Result<Kernel>,
}

/// As Debian builds it: groups and containers.
const STOCK: Guest = Guest { name: "Debian's kernel", kernel: Packages::kernel };
const IOMMUFD: Guest = Guest { name: "a kernel with iommufd", kernel: Packages::iommufd_kernel };

/// Runs the tiers; gives whether nothing failed.
pub fn main(args: &Args) -> Result<bool> {
    let tiers = if args.tier.is_empty() { &[0, 1, 2] } else { &args.tier[..] };
    let total = run(tiers)?;
    total.skipped.iter().for_each(|what| println!("SKIPPED: {what}"));
    println!("{total}");
    Ok(total.failed == 0)
}

/// Runs these tiers, and prints a line about each.
pub fn run(tiers: &[u8]) -> Result<Tally> {
    let mut total = Tally::default();
    for tier in tiers {
        let start = Instant::now();
        let tally = match tier {
            0 => cases("sim_of")?,
            1 => cases("vfio_user")?.plus(socket()?),
            2 => edu(STOCK)?,
            3 => card(STOCK)?,
            _ => edu(IOMMUFD)?.plus(card(IOMMUFD)?),
        };
        println!("tier {tier}: {tally} in {:.1} s", start.elapsed().as_secs_f64());
        total = total.plus(tally);
    }
    Ok(total)
}

/// The conformance cases of the transport of a tier: how many passed and failed, if the tier can be run here.
pub fn conformance(tier: u8) -> Result<Option<(u64, u64)>> {
    let tally = match tier {
        0 => cases("sim_of_the_card")?,
        1 => cases("vfio_user")?,
        _ => card(STOCK)?,
    };
    Ok((tally.passed + tally.failed > 0).then_some((tally.passed, tally.failed)))
}

/// The conformance cases as cargo runs them.
fn cases(filter: &str) -> Result<Tally> {
    let mut command = sh::cargo();
    // Of the whole workspace: what `cargo test --workspace` has built is not built again with other features.
    command.args(["test", "--quiet", "--workspace", "--test", "conformance", "--", "--nocapture"]);
    let mut tally = Tally::default();
    let ok = sh::tee(command.arg(filter), |line| tally.totals(line))?;
    Ok(tally.checked(ok, CASES))
}

/// The conformance cases over `beehive sim --vfio-user`.
fn socket() -> Result<Tally> {
    Card::build()?;
    Ok(match socket::conformance(folder("socket")?)? {
        Ok(tally) => tally.checked(true, CASES),
        Err(why) => Tally::skipped(format!("`beehive sim --vfio-user`: {why}")),
    })
}

/// QEMU's device for education, behind the kernel's VFIO.
fn edu(guest: Guest) -> Result<Tally> {
    let skipped = |why: String| Ok(Tally::skipped(format!("`edu` behind {}: {why}", guest.name)));
    if cfg!(not(target_arch = "x86_64")) {
        return skipped("the guest is an x86-64 machine".into());
    }
    let Some(qemu) = on_path("qemu-system-x86_64") else {
        return skipped("there is no qemu-system-x86_64 (Debian: qemu-system-x86)".into());
    };
    let kernel = match (guest.kernel)(&Packages::new()?) {
        Ok(kernel) => kernel,
        Err(why) => return skipped(format!("it cannot be had: {why:#}")),
    };
    let machine = Machine { folder: folder("edu")?, qemu: Command::new(qemu), kernel, init: machine::guest()? };
    let slot = ["-device", "edu,id=edu0", "-device", "pcie-root-port,id=slot1,slot=1,chassis=1"];
    machine.run(&[&slot[..], &["-device", "edu,id=edu1,bus=slot1"]].concat(), CASES / 2)
}

/// The card, behind the kernel's VFIO.
fn card(guest: Guest) -> Result<Tally> {
    let skipped = |why: String| Ok(Tally::skipped(format!("the card behind {}: {why}", guest.name)));
    if cfg!(not(target_arch = "x86_64")) {
        return skipped("the guest is an x86-64 machine".into());
    }
    let packages = Packages::new()?;
    let (qemu, kernel) = match packages.qemu().and_then(|qemu| Ok((qemu, (guest.kernel)(&packages)?))) {
        Ok(found) => found,
        Err(why) => return skipped(format!("it, or QEMU 11.1, cannot be had: {why:#}")),
    };
    let folder = folder("card")?;
    Card::build()?;
    let card = match Card::start(&folder)? {
        Ok(card) => card,
        Err(why) => return skipped(format!("`beehive sim --vfio-user`: {why}")),
    };
    let machine = Machine { folder, qemu, kernel, init: machine::guest()? };
    let device = format!(
        r#"{{"driver":"vfio-user-pci","id":"card","bus":"slot1","socket":{{"type":"unix","path":"{}"}}}}"#,
        card.socket.display()
    );
    let memory = "memory-backend-memfd,id=memory,size=512M,share=on";
    let devices = ["-object", memory, "-machine", "memory-backend=memory"];
    let slot = ["-device", "pcie-root-port,id=slot1,slot=1,chassis=1", "-device", &device];
    machine.run(&[&devices[..], &slot].concat(), CASES)
}

/// An empty folder.
fn folder(name: &str) -> Result<PathBuf> {
    let folder = target_dir().join("vfio").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}
