//! The memory that generated code works on: one block of words that never moves.

/// Words at fixed addresses.
pub(super) struct Arena {
    base: *mut u64,
    len: usize,
}

// SAFETY: an `Arena` owns its memory alone; addresses in it are used only by the machine that owns it.
unsafe impl Send for Arena {}

impl Arena {
    /// `len` zero words.
    pub fn new(len: usize) -> Arena {
        let memory: Box<[u64]> = vec![0; len].into_boxed_slice();
        Arena { base: Box::into_raw(memory).cast(), len }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    /// The word.
    pub fn pointer(&self, slot: usize) -> *mut u64 {
        assert!(slot < self.len, "slot {slot} of {}", self.len);
        // SAFETY: in bounds of the allocation.
        unsafe { self.base.add(slot) }
    }

    /// Its address as generated code stores it.
    pub fn address(&self, slot: usize) -> u64 {
        self.pointer(slot) as u64
    }

    pub fn get(&self, slot: usize) -> u64 {
        // SAFETY: `pointer` checks bounds; `&self` and generated code never run at the same time.
        unsafe { *self.pointer(slot) }
    }

    pub fn set(&mut self, slot: usize, word: u64) {
        // SAFETY: as in `get`.
        unsafe { *self.pointer(slot) = word }
    }

    /// Copies words.
    pub fn copy(&mut self, from: usize, to: usize, n: usize) {
        assert!(from.max(to) + n <= self.len, "{n} slots at {from} and {to} of {}", self.len);
        // SAFETY: both are in bounds; they may overlap.
        unsafe { std::ptr::copy(self.base.add(from), self.base.add(to), n) }
    }

    /// Several words.
    pub fn slice(&self, slot: usize, n: usize) -> &[u64] {
        assert!(slot + n <= self.len, "slots {slot}..{} of {}", slot + n, self.len);
        // SAFETY: in bounds; nothing writes while `self` is borrowed.
        unsafe { std::slice::from_raw_parts(self.base.add(slot), n) }
    }

    /// Several words.
    pub fn slice_mut(&mut self, slot: usize, n: usize) -> &mut [u64] {
        assert!(slot + n <= self.len, "slots {slot}..{} of {}", slot + n, self.len);
        // SAFETY: in bounds and borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(self.base.add(slot), n) }
    }

    /// The slot at an address that generated code stored; `None` if it is outside.
    pub fn slot_at(&self, address: u64) -> Option<usize> {
        let offset = (address as usize).checked_sub(self.base as usize)? / 8;
        (offset < self.len).then_some(offset)
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        // SAFETY: made by `Box::into_raw` of a slice of this length.
        drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(self.base, self.len)) });
    }
}
