//! QEMU's device for education (`docs/specs/edu.rst`), which nobody here wrote: registers, interrupts and DMA through the kernel's VFIO. There are two
//! of them: one fixed to the root bus, one in a slot from which it can be pulled.

use crate::machine::{Result, bind, files, log, sysfs, until};
use crate::suite::Suite;
use crate::user::{self, USER};
use beehive_driver::conformance::Fixture;
use beehive_driver::vfio::PciAddress;
use beehive_driver::{Device, DmaMemory, Error, ResetKind, Vfio, open, pci};
use std::time::{Duration, Instant};

pub const IDENTITY: (u16, u16) = (0x1234, 0x11e8);
const LONG: Duration = Duration::from_secs(20);

/// Registers, and where its own memory is.
const ID: u64 = 0x00;
const LIVENESS: u64 = 0x04;
const FACTORIAL: u64 = 0x08;
const STATUS: u64 = 0x20;
const INTERRUPTS: u64 = 0x24;
const RAISE: u64 = 0x60;
const ACKNOWLEDGE: u64 = 0x64;
const SOURCE: u64 = 0x80;
const DESTINATION: u64 = 0x88;
const COUNT: u64 = 0x90;
const COMMAND: u64 = 0x98;
const BUFFER: u32 = 0x4_0000;
/// Commands: go, from its memory to ours, tell when done.
const GO: u32 = 1;
const TO_US: u32 = 2;
const TELL: u32 = 4;

/// Where our memory is for the device: it counts 28 bits.
const IOVA: u64 = 0x10_0000;
/// Older QEMUs do not let it end at the end of its memory.
const BLOCK: u32 = 2048;

macro_rules! same {
    ($left:expr, $right:expr) => {{
        let (left, right) = ($left, $right);
        if left != right {
            return Err(format!("{} is {left:x?}, not {right:x?}", stringify!($left)).into());
        }
    }};
}

struct Edu(PciAddress);

impl Fixture for Edu {
    fn name(&self) -> &str {
        "edu"
    }

    fn open(&self) -> beehive_driver::Result<Box<dyn Device>> {
        Ok(Box::new(Vfio::open_within(self.0, LONG)?))
    }
}

/// The device, answering in memory.
fn edu(address: PciAddress) -> Result<Vfio> {
    let device = Vfio::open_within(address, LONG)?;
    pci::set_command(&device, pci::MEMORY | pci::BUS_MASTER, 0)?;
    Ok(device)
}

pub fn run(suite: &mut Suite, fixed: PciAddress, plugged: PciAddress) {
    suite.case("a_function_that_is_not_bound_says_how", || is_not_bound(fixed));
    suite.case("functions_are_bound_as_the_hint_says", || bind(fixed).and_then(|()| bind(plugged)));
    suite.case("an_address_opens_it", || {
        let device = open(&format!("vfio:{fixed}"))?;
        same!(pci::identity(&device)?.device, IDENTITY.1);
        Ok(())
    });
    suite.case("a_second_handle_is_refused", || is_refused_twice(fixed));
    suite.case("a_card_is_not_seen_where_none_is", || {
        let opened = beehive_driver::Nic::open(edu(fixed)?);
        if matches!(opened, Err(Error::NotACard { .. })) { Ok(()) } else { Err(format!("{opened:?}").into()) }
    });
    suite.case("registers_answer", || registers(fixed));
    suite.case("registers_are_shared_by_threads", || threads(fixed));
    suite.case("factorials_are_computed", || factorial(fixed));
    suite.case("interrupts_reach_tokio", || interrupts(fixed));
    suite.case("interrupts_that_are_disabled_are_silent", || silence(fixed));
    suite.case("memory_goes_there_and_back", || dma(fixed));
    suite.case("memory_that_is_not_mapped_is_a_fault", || fault(fixed, IOVA + 0x10_0000, false));
    suite.case("memory_that_was_unmapped_is_a_fault", || fault(fixed, IOVA, true));
    suite.case("addresses_are_those_of_the_iommu", || ranges(fixed));
    suite.case("memory_decoding_off_is_an_error_and_no_signal", || decoding(fixed));
    suite.case("a_reset_that_is_not_possible_is_an_error", || {
        let reset = edu(fixed)?.reset();
        if matches!(reset, Err(Error::Reset { .. })) { Ok(()) } else { Err(format!("{reset:?}").into()) }
    });
    suite.case("a_reset_of_the_bus_says_so", || bus_reset(plugged));
    suite.case("ordinary_users_need_the_device's_files", || ordinary_user(fixed));
    suite.conformance(&Edu(fixed), |case| !case.card);
    match Vfio::open_within(plugged, LONG) {
        Err(error) => suite.case("a_device_is_pulled_out", || Err(error.into())),
        Ok(device) => {
            let waits = device.enable_interrupts(1).map(|mut all| all.remove(0));
            let waits = waits.map(|interrupt| std::thread::spawn(move || interrupt.wait_timeout(LONG)));
            suite.say("@unplug edu1");
            suite.case("a_device_is_pulled_out", || {
                let waited = waits?.join().map_err(|_| "it panicked")?;
                same!(waited.is_err_and(|error| error.is_gone()), true);
                unplug(device)
            });
        }
    }
}

fn is_not_bound(address: PciAddress) -> Result {
    match Vfio::open_within(address, LONG) {
        Err(error @ Error::Permission { .. }) if error.to_string().contains("bind the device") => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

fn is_refused_twice(address: PciAddress) -> Result {
    let _first = edu(address)?;
    let error = edu(address).err().ok_or("it opens twice")?.to_string();
    if error.contains("somebody has it open") { Ok(()) } else { Err(error.into()) }
}

fn registers(address: PciAddress) -> Result {
    let device = edu(address)?;
    same!(device.read32(0, ID)? & 0xff, 0xed);
    for value in [0, 1, 0x1234_5678, u32::MAX] {
        device.write32(0, LIVENESS, value)?;
        same!(device.read32(0, LIVENESS)?, !value);
    }
    same!(device.read64(0, ID)? as u32, device.read32(0, ID)?);
    Ok(())
}

fn threads(address: PciAddress) -> Result {
    let device = edu(address)?;
    let id = device.read32(0, ID)?;
    let reads = || (0..1000).all(|_| device.read32(0, ID).is_ok_and(|read| read == id));
    // Configuration space closes the gate now and then.
    let writes = || (0..100).all(|_| pci::set_command(&device, pci::MEMORY, 0).is_ok());
    let right = std::thread::scope(|scope| {
        let threads = [scope.spawn(reads), scope.spawn(reads), scope.spawn(writes)];
        threads.map(|thread| thread.join().unwrap_or(false))
    });
    same!(right, [true; 3]);
    Ok(())
}

fn factorial(address: PciAddress) -> Result {
    let device = edu(address)?;
    for (of, is) in [(1, 1), (5, 120), (10, 3_628_800), (12, 479_001_600)] {
        device.write32(0, FACTORIAL, of)?;
        until(LONG, "a factorial", || device.read32(0, STATUS).is_ok_and(|status| status & 1 == 0))?;
        same!(device.read32(0, FACTORIAL)?, is);
    }
    Ok(())
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

fn interrupts(address: PciAddress) -> Result {
    let device = edu(address)?;
    same!(device.vectors()?, 1);
    let interrupt = device.enable_interrupts(1)?.remove(0);
    runtime()?.block_on(async {
        for number in 1..=100 {
            device.write32(0, RAISE, number)?;
            same!(tokio::time::timeout(LONG, interrupt.wait()).await??, 1);
            same!(device.read32(0, INTERRUPTS)?, number);
            device.write32(0, ACKNOWLEDGE, number)?;
        }
        Ok(())
    })
}

fn silence(address: PciAddress) -> Result {
    let device = edu(address)?;
    let interrupt = device.enable_interrupts(1)?.remove(0);
    device.disable_interrupts()?;
    device.write32(0, RAISE, 1)?;
    let status = device.read32(0, INTERRUPTS)?;
    device.write32(0, ACKNOWLEDGE, status)?;
    std::thread::sleep(Duration::from_millis(50));
    same!(interrupt.take()?, 0);
    let again = device.enable_interrupts(1)?.remove(0);
    device.write32(0, RAISE, 2)?;
    same!(again.wait_timeout(LONG)?, 1);
    device.write32(0, ACKNOWLEDGE, 2)?;
    Ok(())
}

/// Copies a block, and waits for the interrupt.
fn copy(device: &Vfio, interrupt: &beehive_driver::Interrupt, from: u32, to: u32, way: u32) -> Result {
    for (register, value) in [(SOURCE, from), (DESTINATION, to), (COUNT, BLOCK), (COMMAND, GO | TELL | way)] {
        device.write32(0, register, value)?;
    }
    interrupt.wait_timeout(LONG)?;
    let status = device.read32(0, INTERRUPTS)?;
    device.write32(0, ACKNOWLEDGE, status)?;
    Ok(())
}

fn dma(address: PciAddress) -> Result {
    let device = edu(address)?;
    let interrupt = device.enable_interrupts(1)?.remove(0);
    let memory = DmaMemory::new(8192)?;
    let sent: Vec<u8> = (0..BLOCK).map(|i| (i * 7 + i / 256) as u8).collect();
    memory.write(0, &sent)?;
    let mapping = device.map_dma(&memory, IOVA)?;
    copy(&device, &interrupt, IOVA as u32, BUFFER, 0)?;
    copy(&device, &interrupt, BUFFER, IOVA as u32 + 4096, TO_US)?;
    let mut back = vec![0; BLOCK as usize];
    memory.read(4096, &mut back)?;
    if back != sent {
        return Err("what comes back is not what was sent".into());
    }
    mapping.unmap()?;
    Ok(())
}

/// The device reads where nothing is mapped, or nothing any more.
fn fault(address: PciAddress, iova: u64, mapped_before: bool) -> Result {
    let device = edu(address)?;
    let interrupt = device.enable_interrupts(1)?.remove(0);
    if mapped_before {
        device.map_dma(&DmaMemory::new(4096)?, iova)?.unmap()?;
    }
    let line = |log: &str| log.lines().filter(|line| line.contains("DMAR") && line.contains("fault addr")).count();
    let before = line(&log()?);
    copy(&device, &interrupt, iova as u32, BUFFER, 0)?;
    until(LONG, "a fault of the IOMMU in the kernel's log", || log().is_ok_and(|log| line(&log) > before))?;
    Ok(())
}

fn ranges(address: PciAddress) -> Result {
    let device = edu(address)?;
    let ranges = device.iova_ranges();
    let holds = |iova: u64| ranges.iter().any(|range| range.contains(&iova));
    if !holds(IOVA) || holds(0xfee0_0000) {
        return Err(format!("they are {ranges:x?}").into());
    }
    let beyond = ranges.last().ok_or("there are none")?.end().wrapping_add(1);
    let refused = device.map_dma(&DmaMemory::new(4096)?, beyond);
    if matches!(refused, Err(Error::Dma { .. })) { Ok(()) } else { Err(format!("{refused:?} at {beyond:#x}").into()) }
}

fn decoding(address: PciAddress) -> Result {
    let device = edu(address)?;
    pci::set_command(&device, 0, pci::MEMORY)?;
    let (read, written) = (device.read32(0, ID), device.write32(0, LIVENESS, 1));
    if !matches!((&read, &written), (Err(Error::Bar { .. }), Err(Error::Bar { .. }))) {
        return Err(format!("{read:?}, {written:?}").into());
    }
    pci::set_command(&device, pci::MEMORY, 0)?;
    same!(device.read32(0, ID)? & 0xff, 0xed);
    Ok(())
}

fn bus_reset(address: PciAddress) -> Result {
    let device = edu(address)?;
    let interrupt = device.enable_interrupts(1)?.remove(0);
    // The device itself keeps its registers in a reset. What can be seen is that everything works behind it.
    same!(device.reset()?, ResetKind::Hot);
    same!(pci::command(&device)? & (pci::MEMORY | pci::BUS_MASTER), pci::MEMORY | pci::BUS_MASTER);
    same!(device.read32(0, ID)? & 0xff, 0xed);
    device.write32(0, RAISE, 1)?;
    same!(interrupt.wait_timeout(LONG)?, 1);
    device.write32(0, ACKNOWLEDGE, 1)?;
    Ok(())
}

fn ordinary_user(address: PciAddress) -> Result {
    let (name, files) = (address.to_string(), files(address)?);
    let give = |to: u32| files.iter().try_for_each(|file| std::os::unix::fs::chown(file, Some(to), None));
    let expect = |limit: u64, words: &str| {
        let said = user::ask(&name, limit)?;
        if said.contains(words) { Ok(()) } else { Err(format!("{said:?}, not {words:?}").into()) }
    };
    let done = expect(8 << 20, "let your user open it").and_then(|()| {
        give(USER)?;
        expect(64 << 10, "raise the limit")?;
        expect(8 << 20, "done")
    });
    give(0)?;
    done
}

/// The device is wanted back: everything is refused soon, and when the handle is closed it is no more.
fn unplug(device: Vfio) -> Result {
    let address = device.address();
    until(LONG, "the wish for the device", || device.gone())?;
    let start = Instant::now();
    let refused = [
        device.read32(0, ID).map(drop),
        device.write32(0, LIVENESS, 1),
        device.config_read(0, &mut [0; 4]),
        device.enable_interrupts(1).map(drop),
        device.reset().map(drop),
        device.map_dma(&DmaMemory::new(4096)?, IOVA).map(drop),
    ];
    if let Some(other) = refused.iter().find(|result| !result.as_ref().is_err_and(|error| error.is_gone())) {
        return Err(format!("{other:?}").into());
    }
    same!(start.elapsed() < Duration::from_secs(1), true);
    drop(device);
    until(LONG, "the end of the device", || !sysfs(address).exists())?;
    match Vfio::open_within(address, LONG) {
        Err(Error::Permission { .. }) => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}
