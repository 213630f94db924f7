//! A card that several threads use: what takes two accesses is whole.

use beehive_driver::sim::{Backend, Plain, Sim};
use beehive_driver::{Nic, map};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;

/// Plain memory whose cycles go on at every look, both halves alike; the high half is that of the last look at the low one.
struct Clock {
    plain: Plain,
    cycles: AtomicU32,
}

impl Backend for Clock {
    fn config_read(&self, offset: u16, data: &mut [u8]) -> io::Result<()> {
        self.plain.config_read(offset, data)
    }
    fn config_write(&self, offset: u16, data: &[u8]) -> io::Result<()> {
        self.plain.config_write(offset, data)
    }
    fn bar_bytes(&self, bar: u8) -> u64 {
        self.plain.bar_bytes(bar)
    }
    fn bar_read(&self, bar: u8, offset: u64, data: &mut [u8]) -> io::Result<()> {
        if offset == u64::from(map::CYCLES_LOW.offset) {
            let cycles = self.cycles.fetch_add(1, Relaxed) + 1;
            data.copy_from_slice(&cycles.to_le_bytes());
            thread::yield_now();
            return Ok(());
        }
        if offset == u64::from(map::CYCLES_HIGH.offset) {
            data.copy_from_slice(&self.cycles.load(Relaxed).to_le_bytes());
            return Ok(());
        }
        self.plain.bar_read(bar, offset, data)
    }
    fn bar_write(&self, bar: u8, offset: u64, data: &[u8]) -> io::Result<()> {
        self.plain.bar_write(bar, offset, data)
    }
    fn set_vector(&self, vector: u32, target: Option<OwnedFd>) -> io::Result<()> {
        self.plain.set_vector(vector, target)
    }
    fn reset(&self) -> io::Result<()> {
        self.plain.reset()
    }
}

#[test]
fn cycles_are_those_of_one_moment() {
    let nic = Nic::open(Sim::new(Clock { plain: Plain::sample(), cycles: AtomicU32::new(0) })).unwrap();
    let torn = || (0..10_000).map(|_| nic.cycles().unwrap()).find(|cycles| cycles >> 32 != cycles & 0xffff_ffff);
    let torn = thread::scope(|scope| [(); 4].map(|()| scope.spawn(torn)).map(|thread| thread.join().unwrap()));
    assert_eq!(torn, [None; 4]);
}
