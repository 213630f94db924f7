//! Routines that generated code calls: wide arithmetic too long to write inline.

use beehive_hdl::value::{top_mask, words};

/// `to = a * b` modulo 2^width.
///
/// # Safety
/// All three point to `words(width)` words; `to` overlaps neither operand.
pub(super) unsafe extern "C" fn multiply(to: *mut u64, a: *const u64, b: *const u64, width: u64) {
    let n = words(width as u32);
    // SAFETY: the caller's promise.
    let (to, a, b) = unsafe {
        (std::slice::from_raw_parts_mut(to, n), std::slice::from_raw_parts(a, n), std::slice::from_raw_parts(b, n))
    };
    to.fill(0);
    for i in 0..n {
        let mut carry = 0u128;
        for j in 0..n - i {
            let total = u128::from(to[i + j]) + u128::from(a[i]) * u128::from(b[j]) + carry;
            to[i + j] = total as u64;
            carry = total >> 64;
        }
    }
    to[n - 1] &= top_mask(width as u32);
}

/// Copies `n` words.
///
/// # Safety
/// Both point to `n` words.
pub(super) unsafe extern "C" fn copy(to: *mut u64, from: *const u64, n: u64) {
    // SAFETY: the caller's promise.
    unsafe { std::ptr::copy(from, to, n as usize) }
}

/// `to = a << by`, zeros below.
///
/// # Safety
/// Both point to `words(width)` words and do not overlap; `by` is at most `width`.
pub(super) unsafe extern "C" fn shift_left(to: *mut u64, a: *const u64, width: u64, by: u64) {
    let n = words(width as u32);
    // SAFETY: the caller's promise.
    let (to, a) = unsafe { (std::slice::from_raw_parts_mut(to, n), std::slice::from_raw_parts(a, n)) };
    let (skip, shift) = ((by / 64) as usize, by % 64);
    to[..skip.min(n)].fill(0);
    let mut below = 0;
    for i in skip..n {
        let word = a[i - skip];
        // `>> 1 >> (63 - shift)` is a shift by 64 - shift that is right for shift 0, too.
        to[i] = word << shift | below >> 1 >> (63 - shift);
        below = word;
    }
    to[n - 1] &= top_mask(width as u32);
}

/// `to = a >> by`, zeros above.
///
/// # Safety
/// As [`shift_left`].
pub(super) unsafe extern "C" fn shift_right(to: *mut u64, a: *const u64, width: u64, by: u64) {
    // SAFETY: the caller's promise.
    unsafe { shift_right_filling(to, a, width, by, false) }
}

/// `to = a >> by`, the sign above.
///
/// # Safety
/// As [`shift_left`].
pub(super) unsafe extern "C" fn shift_right_signed(to: *mut u64, a: *const u64, width: u64, by: u64) {
    // SAFETY: the caller's promise.
    unsafe { shift_right_filling(to, a, width, by, true) }
}

unsafe fn shift_right_filling(to: *mut u64, a: *const u64, width: u64, by: u64, signed: bool) {
    let (n, top) = (words(width as u32), top_mask(width as u32));
    // SAFETY: the caller's promise.
    let (to, a) = unsafe { (std::slice::from_raw_parts_mut(to, n), std::slice::from_raw_parts(a, n)) };
    let negative = signed && a[n - 1] >> ((width - 1) % 64) & 1 != 0;
    let fill = if negative { u64::MAX } else { 0 };
    let last = if negative { a[n - 1] | !top } else { a[n - 1] & top };
    let word = |i: usize| match i + 1 {
        above if above < n => a[i],
        above if above == n => last,
        _ => fill,
    };
    let (skip, shift) = ((by / 64) as usize, by % 64);
    for (i, out) in to.iter_mut().enumerate() {
        *out = word(i + skip) >> shift | word(i + skip + 1) << 1 << (63 - shift);
    }
    to[n - 1] &= top;
}

/// Raises the flags of all that listens to an output. `block` is its own flag's address, the
/// number of listeners and their flags' addresses.
///
/// # Safety
/// As described; all addresses are valid bytes.
pub(super) unsafe extern "C" fn fan_out(block: *mut u64) {
    // SAFETY: the caller's promise.
    unsafe {
        *(*block as *mut u8) = 0;
        let count = *block.add(1) as usize;
        for i in 0..count {
            *(*block.add(2 + i) as *mut u8) = 1;
        }
    }
}
