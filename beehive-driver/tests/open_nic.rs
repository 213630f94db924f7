//! A card inside the OpenNIC shell: a shell of memory, folded as `docs/boards.md` draws it.

use beehive_driver::sim::{Backend, Plain, Sim};
use beehive_driver::{Error, Nic, ResetKind, map};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// The shell: BAR 2 has its registers, the card at 1 MiB, and another box.
struct Shell {
    card: Plain,
    bytes: AtomicU64,
    resets: AtomicBool,
}

impl Shell {
    fn new() -> Arc<Shell> {
        Arc::new(Shell { card: Plain::sample(), bytes: AtomicU64::new(4 << 20), resets: AtomicBool::new(true) })
    }

    /// Where in the card's map this is.
    fn unfold(offset: u64) -> Option<u64> {
        match offset {
            0x10_0000..0x12_0000 => Some(offset - 0x10_0000),
            0x12_0000..0x20_0000 => Some(offset - 0x12_0000 + 0x10_0000),
            _ => None,
        }
    }
}

impl Backend for Shell {
    fn config_read(&self, offset: u16, data: &mut [u8]) -> io::Result<()> {
        self.card.config_read(offset, data)?;
        for (at, byte) in (offset..).zip(data) {
            if at < 4 {
                *byte = [0xee, 0x10, 0x3f, 0x90][usize::from(at)];
            }
        }
        Ok(())
    }
    fn config_write(&self, offset: u16, data: &[u8]) -> io::Result<()> {
        self.card.config_write(offset, data)
    }
    fn bar_bytes(&self, bar: u8) -> u64 {
        if bar == 2 { self.bytes.load(Ordering::Relaxed) } else { 0x4_0000 }
    }
    fn bar_read(&self, bar: u8, offset: u64, data: &mut [u8]) -> io::Result<()> {
        assert_eq!(bar, 2, "the others are the queues'");
        match (Shell::unfold(offset), offset) {
            (Some(offset), _) => self.card.bar_read(0, offset, data)?,
            (None, 0x18) => data.copy_from_slice(&if self.resets.load(Ordering::Relaxed) { [0xff; 4] } else { [0; 4] }),
            (None, _) => data.copy_from_slice(&0xdead_beef_u32.to_le_bytes()),
        }
        Ok(())
    }
    fn bar_write(&self, bar: u8, offset: u64, data: &[u8]) -> io::Result<()> {
        assert_eq!(bar, 2, "the others are the queues'");
        match (Shell::unfold(offset), offset) {
            (Some(offset), _) => self.card.bar_write(0, offset, data),
            (None, 0x14) if self.resets.load(Ordering::Relaxed) => {
                assert_eq!(data, [1, 0, 0, 0], "the pair of the plugin");
                // The function's configuration space stays: it is the shell's.
                self.card.bar_write(0, map::RESET.offset.into(), &map::RESET_KEY.to_le_bytes())
            }
            _ => Ok(()),
        }
    }
    fn set_vector(&self, _: u32, _: Option<OwnedFd>) -> io::Result<()> {
        Ok(())
    }
    fn reset(&self) -> io::Result<()> {
        panic!("a reset of the PCI function resets the shell's queues, not the card")
    }
}

#[test]
fn a_card_in_the_shell_is_a_card() {
    let nic = Nic::open(Sim::new(Shell::new())).unwrap();
    assert_eq!(nic.description().design, "plain");
    nic.write_table("table", "entry", &[1, 2, 3, 4]).unwrap();
    assert_eq!((0..4).map(|i| nic.read("table", &format!("entry[{i}]")).unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(nic.snapshot().unwrap().tiles.len(), 1);
    nic.soft_reset().unwrap();
    assert_eq!(nic.read("table", "entry[3]").unwrap(), 0);
}

#[test]
fn the_shells_register_resets_it() {
    let shell = Shell::new();
    let nic = Nic::open(Sim::new(shell.clone()).with_timeout(Duration::from_millis(50))).unwrap();
    nic.write("table", "word", 7).unwrap();
    assert_eq!(nic.reset().unwrap(), ResetKind::Function);
    assert_eq!(nic.read("table", "word").unwrap(), 0);
    shell.resets.store(false, Ordering::Relaxed);
    assert!(matches!(nic.reset(), Err(Error::Timeout { .. })));
    assert_eq!(nic.read("table", "word").unwrap(), 0);
}

#[test]
fn what_the_shell_has_not_is_told() {
    let nic = Nic::open(Sim::new(Shell::new())).unwrap();
    assert!(nic.interrupts().unwrap_err().to_string().contains("interrupt_status"));
    let last_row = u64::from(map::BAR_BYTES) - 4;
    assert!(nic.device().read32(0, last_row).unwrap_err().to_string().contains("row"));
    for refused in [nic.device().read32(2, 0), nic.device().read32(0, map::BAR_BYTES.into())] {
        assert!(matches!(refused, Err(Error::Bar { .. })), "{refused:?}");
    }
    let shell = Shell::new();
    shell.bytes.store(1 << 20, Ordering::Relaxed);
    assert!(matches!(Nic::open(Sim::new(shell)), Err(Error::Bar { .. })));
}

#[test]
fn a_shell_with_something_else_inside_is_no_card() {
    let shell = Shell::new();
    shell.card.set(map::MAGIC, 0xdead_beef);
    assert!(matches!(Nic::open(Sim::new(shell)), Err(Error::NotACard { .. })));
}
