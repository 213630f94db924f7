//! [`Plain`]: a card of plain memory.

use super::Backend;
use crate::lock;
use crate::nic::{COMMIT, FIRST, PLACE, VENDOR_AND_DEVICE};
use beehive_wire::description::{Access, Description, Register, Tile};
use beehive_wire::device::{self as map, BAR_BYTES, DESCRIPTION_AT, REGISTERS, TILES_AT, fnv1a, interrupt};
use beehive_wire::registers::address;
use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

const VECTORS: usize = interrupt::VECTORS as usize;
/// Bytes of BAR 2, which has the MSI-X table.
const TABLE_BYTES: usize = 0x1000;
const COMMAND: usize = 0x04;
const MEMORY: u8 = 1 << 1;
const MASTER: u8 = 1 << 2;
const POWER: usize = 0x40;
const DEVICE_CONTROL: usize = 0x68;

/// A card without hardware: its registers are memory, its description is given. It has the reset of a function, interrupts and everything else that software
/// sees of an idle card, but no cycles pass and nothing counts. To measure the driver alone, and for tests of programs that use it.
pub struct Plain {
    words: Vec<AtomicU32>,
    /// What can be done with each word.
    uses: Vec<Use>,
    config: Mutex<[u8; 256]>,
    table: Mutex<Box<[u8]>>,
    vectors: Mutex<[Option<File>; VECTORS]>,
    decodes: AtomicBool,
    gone: AtomicBool,
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plain")
    }
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Use {
    Nothing,
    Read,
    Write,
    ReadWrite,
}

impl Plain {
    /// A card that describes itself so.
    ///
    /// # Panics
    /// If the description is longer than a card has room for.
    pub fn new(description: &Description) -> Plain {
        let mut plain = Plain {
            words: (0..BAR_BYTES / 4).map(|_| AtomicU32::new(0)).collect(),
            uses: vec![Use::Nothing; BAR_BYTES as usize / 4],
            config: Mutex::new(config()),
            table: Mutex::new(vec![0; TABLE_BYTES].into()),
            vectors: Mutex::default(),
            decodes: AtomicBool::new(false),
            gone: AtomicBool::new(false),
        };
        for register in REGISTERS {
            plain.uses[register.offset as usize / 4] = match register.access {
                map::Access::ReadOnly => Use::Read,
                map::Access::WriteOnly => Use::Write,
                map::Access::ReadWrite | map::Access::WriteOneToClear => Use::ReadWrite,
            };
        }
        let mut text = serde_json::to_vec(description).expect("strings and numbers");
        text.resize(text.len().next_multiple_of(4), b' ');
        assert!(text.len() <= map::DESCRIPTION_BYTES as usize, "a description of {} bytes", text.len());
        let initial = [
            (map::MAGIC, map::MAGIC_VALUE),
            (map::VERSION, map::VERSION_VALUE),
            (map::LAYOUT, map::LAYOUT_VALUE),
            (map::DESIGN, fnv1a(&text)),
            (map::DESCRIPTION, text.len() as u32),
            (map::VECTORS, interrupt::VECTORS),
        ];
        initial.into_iter().for_each(|(register, value)| plain.set(register, value));
        for (i, word) in text.chunks_exact(4).enumerate() {
            let at = DESCRIPTION_AT as usize / 4 + i;
            plain.words[at] = AtomicU32::new(u32::from_le_bytes(word.try_into().expect("four bytes")));
            plain.uses[at] = Use::Read;
        }
        for tile in description.tiles.iter().filter(|_| description.host.is_some()) {
            let (page, list) = (page(tile.at), &description.registers[tile.registers]);
            (page..page + COMMIT as usize).for_each(|at| plain.uses[at] = Use::Read);
            plain.uses[page + COMMIT as usize] = Use::ReadWrite;
            let mut at = page + FIRST as usize;
            for register in list {
                for _ in 0..register.count {
                    plain.uses[at] = match register.access {
                        Access::Counter | Access::Status => Use::Read,
                        Access::Config => Use::ReadWrite,
                        Access::Command => Use::Write,
                    };
                    at += 1;
                }
            }
        }
        for (x, y) in (0..description.rows).flat_map(|y| (0..description.columns).map(move |x| (x, y))) {
            if description.host.is_some_and(|host| host != (x, y)) {
                let at = page((x, y)) + PLACE as usize;
                plain.uses[at..at + description.place.len()].fill(Use::Read);
            }
        }
        plain
    }

    /// A card with the tiles `host` and `table`: a counter, a word, a table of four, a command and a state.
    pub fn sample() -> Plain {
        let register =
            |name: &str, count, access| Register { name: name.into(), count, access, about: format!("a {name}") };
        let list = vec![
            register("counter", 1, Access::Counter),
            register("word", 1, Access::Config),
            register("entry", 4, Access::Config),
            register("command", 1, Access::Command),
            register("state", 1, Access::Status),
        ];
        let tile = |name: &str, x, registers| Tile { name: name.into(), kind: name.into(), at: (x, 0), registers };
        Plain::new(&Description {
            design: "plain".into(),
            width: 512,
            columns: 2,
            rows: 1,
            mtu: 1500,
            host: Some((0, 0)),
            tiles: vec![tile("host", 0, 0), tile("table", 1, 1)],
            chains: vec![vec![vec!["table".into()]]],
            registers: vec![vec![], list],
            place: vec!["flits".into(), "stalls".into()],
        })
    }

    /// Sets a register of the device, as hardware would.
    pub fn set(&self, register: map::Register, value: u32) {
        self.words[register.offset as usize / 4].store(value, Relaxed);
    }

    /// Takes it off its bus: everything reads as ones from now on.
    pub fn unplug(&self) {
        self.gone.store(true, Relaxed);
    }

    fn get(&self, register: map::Register) -> u32 {
        self.words[register.offset as usize / 4].load(Relaxed)
    }

    fn add(&self, register: map::Register, value: u32) {
        self.words[register.offset as usize / 4].fetch_add(value, Relaxed);
    }

    fn answers(&self) -> bool {
        self.decodes.load(Relaxed) && !self.gone.load(Relaxed)
    }

    fn write_word(&self, at: usize, value: u32) {
        if !matches!(self.uses[at], Use::Write | Use::ReadWrite) {
            return self.add(map::REFUSED, 1);
        }
        let is = |register: map::Register| at == register.offset as usize / 4;
        if is(map::RESET) {
            if value == map::RESET_KEY {
                self.clear();
                self.happen(1 << interrupt::RESET_DONE);
            }
        } else if is(map::INTERRUPT_STATUS) {
            self.words[at].fetch_and(!value, Relaxed);
        } else if is(map::INTERRUPT_RAISE) {
            self.happen(value & ((1 << VECTORS) - 1));
        } else if is(map::INTERRUPT_ENABLE) {
            let enabled = value & ((1 << VECTORS) - 1);
            let before = self.words[at].swap(enabled, Relaxed);
            self.send(enabled & !before & self.get(map::INTERRUPT_STATUS));
        } else if self.uses[at] == Use::ReadWrite && !(at >= TILES_AT as usize / 4 && at % 1024 == COMMIT as usize) {
            self.words[at].store(value, Relaxed);
        }
    }

    /// Interrupts, a bit per vector.
    fn happen(&self, bits: u32) {
        self.words[map::INTERRUPT_STATUS.offset as usize / 4].fetch_or(bits, Relaxed);
        self.send(bits & self.get(map::INTERRUPT_ENABLE));
    }

    fn send(&self, sent: u32) {
        if lock(&self.config)[COMMAND] & MASTER == 0 {
            return;
        }
        for (vector, target) in lock(&self.vectors).iter_mut().enumerate() {
            if let Some(target) = target.as_mut().filter(|_| sent >> vector & 1 == 1) {
                // Fails only where the counter is full: then it tells already.
                let _ = target.write_all(&1u64.to_ne_bytes());
            }
        }
    }

    /// What a reset by register does.
    fn clear(&self) {
        self.words[TILES_AT as usize / 4..].iter().for_each(|word| word.store(0, Relaxed));
        self.add(map::RESETS, 1);
    }
}

/// Index of the first word of a tile's page.
fn page(at: (u8, u8)) -> usize {
    (TILES_AT + address(at.0, at.1, 0)) as usize / 4
}

/// As after power-up: power management at 0x40, MSI-X at 0x50, PCI Express with the reset of the function at 0x60.
fn config() -> [u8; 256] {
    let mut bytes = [0; 256];
    let mut put = |at: usize, data: &[u8]| bytes[at..at + data.len()].copy_from_slice(data);
    put(0x00, &VENDOR_AND_DEVICE.0.to_le_bytes());
    put(0x02, &VENDOR_AND_DEVICE.1.to_le_bytes());
    put(0x06, &[0x10, 0, 1, 0, 0, 2]);
    put(0x34, &[0x40]);
    put(0x40, &[0x01, 0x50, 0x03, 0, 0x08, 0]);
    put(0x50, &[0x11, 0x60, VECTORS as u8 - 1, 0, 2, 0, 0, 0, 2, 8, 0, 0]);
    put(0x60, &[0x10, 0, 0x02, 0]);
    put(0x64, &(1u32 << 28 | 1 << 15).to_le_bytes());
    bytes
}

impl Backend for Plain {
    fn config_read(&self, offset: u16, data: &mut [u8]) -> io::Result<()> {
        let at = usize::from(offset);
        let bytes = lock(&self.config);
        if self.gone.load(Relaxed) {
            data.fill(0xff)
        } else {
            data.copy_from_slice(&bytes[at..at + data.len()])
        }
        Ok(())
    }

    fn config_write(&self, offset: u16, data: &[u8]) -> io::Result<()> {
        if self.gone.load(Relaxed) {
            return Ok(());
        }
        let mut reset = false;
        {
            let mut bytes = lock(&self.config);
            for (at, byte) in (usize::from(offset)..).zip(data) {
                let mask = match at {
                    COMMAND => MEMORY | MASTER,
                    _ if at == POWER + 4 => 3,
                    0x3c => 0xff,
                    _ => 0,
                };
                bytes[at] = bytes[at] & !mask | byte & mask;
                reset |= at == DEVICE_CONTROL + 1 && byte >> 7 == 1;
            }
            self.decodes.store(bytes[COMMAND] & MEMORY != 0 && bytes[POWER + 4] & 3 == 0, Relaxed);
        }
        if reset { self.reset() } else { Ok(()) }
    }

    fn bar_bytes(&self, bar: u8) -> u64 {
        [BAR_BYTES.into(), 0, TABLE_BYTES as u64, 0, 0, 0].get(usize::from(bar)).copied().unwrap_or(0)
    }

    fn bar_read(&self, bar: u8, offset: u64, data: &mut [u8]) -> io::Result<()> {
        let at = offset as usize;
        if !self.answers() {
            data.fill(0xff);
        } else if bar == 2 {
            data.copy_from_slice(&lock(&self.table)[at..at + data.len()]);
        } else {
            for (at, bytes) in (at / 4..).zip(data.chunks_exact_mut(4)) {
                let word = match self.uses[at] {
                    Use::Nothing => {
                        self.add(map::REFUSED, 1);
                        u32::MAX
                    }
                    Use::Write => 0,
                    Use::Read | Use::ReadWrite => self.words[at].load(Relaxed),
                };
                bytes.copy_from_slice(&word.to_le_bytes());
            }
        }
        Ok(())
    }

    fn bar_write(&self, bar: u8, offset: u64, data: &[u8]) -> io::Result<()> {
        let at = offset as usize;
        if !self.answers() {
            return Ok(());
        }
        if bar == 2 {
            lock(&self.table)[at..at + data.len()].copy_from_slice(data);
            return Ok(());
        }
        for (at, bytes) in (at / 4..).zip(data.chunks_exact(4)) {
            self.write_word(at, u32::from_le_bytes(bytes.try_into().expect("four bytes")));
        }
        Ok(())
    }

    fn set_vector(&self, vector: u32, target: Option<OwnedFd>) -> io::Result<()> {
        let mut vectors = lock(&self.vectors);
        let place = vectors.get_mut(vector as usize).ok_or(io::ErrorKind::InvalidInput)?;
        *place = target.map(File::from);
        Ok(())
    }

    fn reset(&self) -> io::Result<()> {
        if !self.gone.load(Relaxed) {
            *lock(&self.config) = config();
            lock(&self.table).fill(0);
            self.decodes.store(false, Relaxed);
            self.clear();
            for register in [map::SCRATCH, map::INTERRUPT_ENABLE] {
                self.set(register, 0);
            }
            self.set(map::INTERRUPT_STATUS, 1 << interrupt::RESET_DONE);
        }
        Ok(())
    }

    fn gone(&self) -> bool {
        self.gone.load(Relaxed)
    }
}
