//! Outstanding calls by transaction.

use std::fmt;

/// Names a call of a client: its transaction on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub(super) u32);

impl CallId {
    /// XID: the transaction on the wire.
    pub fn xid(self) -> u32 {
        self.0
    }
}

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

/// What a transaction is to the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Its call is outstanding.
    Outstanding,
    /// Its call was answered of late.
    Answered,
    /// Its call ended otherwise of late.
    Ended,
    /// None of these.
    Unknown,
}

struct Slot<T> {
    /// The transaction that has it or had it last.
    xid: u32,
    /// What to call it when it is empty.
    last: Known,
    call: Option<T>,
}

/// Calls by transaction, in twice as many slots as there may be calls. A transaction has the slot that its low bits name;
/// a new call skips transactions whose slot is taken, so that none is given twice, and the slot remembers how its last call
/// ended until it is taken again.
pub(super) struct Table<T> {
    slots: Vec<Slot<T>>,
    next: u32,
    most: usize,
    len: usize,
}

impl<T> Table<T> {
    /// For up to `most` calls, the first to be transaction `first`.
    pub(super) fn new(most: usize, first: u32) -> Self {
        let slots = (2 * most).next_power_of_two();
        let empty = || Slot { xid: 0, last: Known::Unknown, call: None };
        Table { slots: (0..slots).map(|_| empty()).collect(), next: first, most, len: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_full(&self) -> bool {
        self.len == self.most
    }

    fn index(&self, xid: u32) -> usize {
        xid as usize & (self.slots.len() - 1)
    }

    /// The transaction that the next call would have.
    ///
    /// # Panics
    /// If the table is full.
    pub(super) fn vacant(&mut self) -> u32 {
        assert!(!self.is_full(), "no vacant transaction: the table is full");
        while self.slots[self.index(self.next)].call.is_some() {
            self.next = self.next.wrapping_add(1);
        }
        self.next
    }

    /// Puts a call under a transaction that [`vacant`](Self::vacant) gave.
    pub(super) fn insert(&mut self, xid: u32, call: T) {
        let at = self.index(xid);
        debug_assert!(self.slots[at].call.is_none());
        self.slots[at] = Slot { xid, last: Known::Unknown, call: Some(call) };
        self.next = xid.wrapping_add(1);
        self.len += 1;
    }

    pub(super) fn known(&self, xid: u32) -> Known {
        match &self.slots[self.index(xid)] {
            slot if slot.xid != xid => Known::Unknown,
            Slot { call: Some(_), .. } => Known::Outstanding,
            slot => slot.last,
        }
    }

    pub(super) fn get(&mut self, xid: u32) -> Option<&mut T> {
        let at = self.index(xid);
        let slot = &mut self.slots[at];
        slot.call.as_mut().filter(|_| slot.xid == xid)
    }

    /// Takes a call out that was answered or not.
    pub(super) fn remove(&mut self, xid: u32, answered: bool) -> Option<T> {
        let at = self.index(xid);
        let slot = &mut self.slots[at];
        if slot.xid != xid {
            return None;
        }
        let call = slot.call.take()?;
        slot.last = if answered { Known::Answered } else { Known::Ended };
        self.len -= 1;
        Some(call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transactions_wrap_and_skip_what_is_outstanding() {
        let mut table = Table::new(2, u32::MAX - 1);
        let old = table.vacant();
        table.insert(old, "old");
        let mut seen = vec![old];
        for _ in 0..20 {
            let xid = table.vacant();
            assert_ne!(xid, old);
            assert_eq!(table.known(xid), Known::Unknown);
            table.insert(xid, "new");
            assert!(table.is_full());
            assert_eq!(table.known(xid), Known::Outstanding);
            assert_eq!(table.remove(xid, true), Some("new"));
            assert_eq!((table.remove(xid, true), table.known(xid)), (None, Known::Answered));
            seen.push(xid);
        }
        assert!(seen.contains(&0), "it wrapped");
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 21, "none twice");
        assert_eq!(table.get(old), Some(&mut "old"));
        assert_eq!(table.remove(old, false), Some("old"));
        assert_eq!((table.known(old), table.len()), (Known::Ended, 0));
        assert_eq!(table.known(old ^ 0x8000_0000), Known::Unknown);
    }
}
