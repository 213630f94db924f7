//! [`Bar`]: memory of a device in this process. One of the three modules with `unsafe` code: the accesses.
#![allow(unsafe_code)]

use memmap2::{MmapOptions, MmapRaw};
use std::fs::File;
use std::io;

/// Memory behind a base address register, mapped. It stays the device's: there are no references to it, only single words are read and written.
#[derive(Debug)]
pub struct Bar(MmapRaw);

impl Bar {
    /// Maps what the device's file has at `offset`.
    pub fn map(device: &File, offset: u64, bytes: usize) -> io::Result<Bar> {
        MmapOptions::new().offset(offset).len(bytes).map_raw(device).map(Bar)
    }

    /// Reads a word.
    ///
    /// # Panics
    /// Outside and unaligned.
    pub fn read32(&self, offset: u64) -> u32 {
        let at = self.at(offset);
        // SAFETY: `at` is aligned and inside of the mapping, which lives as long as `self`; nothing in Rust refers to it, and a device may
        // change it at any moment, which a volatile read of an integer allows. Whether the device answers is not a matter of memory safety:
        // where it does not decode, the kernel sends SIGBUS, which the caller's gate prevents (see the module `vfio`).
        u32::from_le(unsafe { at.read_volatile() })
    }

    /// Writes a word.
    ///
    /// # Panics
    /// Outside and unaligned.
    pub fn write32(&self, offset: u64, value: u32) {
        let at = self.at(offset);
        // SAFETY: as for reading; the mapping is writable.
        unsafe { at.write_volatile(value.to_le()) }
    }

    fn at(&self, offset: u64) -> *mut u32 {
        let inside = offset.checked_add(4).is_some_and(|end| end <= self.0.len() as u64);
        assert!(inside && offset.is_multiple_of(4), "{offset:#x} of {:#x}", self.0.len());
        // The mapping begins at a page.
        self.0.as_mut_ptr().wrapping_add(offset as usize).cast()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
    use std::os::unix::fs::FileExt;

    fn file() -> File {
        let file = memfd_create("bar", MemfdFlags::CLOEXEC).unwrap();
        ftruncate(&file, 8192).unwrap();
        file.into()
    }

    #[test]
    fn words_are_little_endian_and_where_they_belong() {
        let file = file();
        let bar = Bar::map(&file, 4096, 4096).unwrap();
        bar.write32(4092, 0x0403_0201);
        let mut end = [0; 4];
        file.read_exact_at(&mut end, 8188).unwrap();
        assert_eq!(end, [1, 2, 3, 4]);
        file.write_all_at(&[5, 0, 0, 9], 4096).unwrap();
        assert_eq!(bar.read32(0), 0x0900_0005);
    }

    #[test]
    fn nothing_outside_is_touched() {
        let bar = Bar::map(&file(), 0, 4096).unwrap();
        for offset in [4096, 4094, 1, 2, u64::MAX - 3] {
            assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| bar.read32(offset))).is_err());
        }
    }
}
