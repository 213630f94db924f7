//! [`Gate`]: may memory be accessed? The module `vfio` says why.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};

/// A lock around "the function decodes memory", which is tried and not waited for. Whoever wants to change it keeps new accesses out: threads that access
/// registers one behind the other would never let it have its turn.
#[derive(Debug)]
pub struct Gate {
    decodes: RwLock<bool>,
    changes: AtomicU32,
}

/// Somebody wants to change it, until this is dropped.
pub struct Change<'a>(&'a Gate);

impl Gate {
    /// A closed one.
    pub fn new() -> Gate {
        Gate { decodes: RwLock::new(false), changes: AtomicU32::new(0) }
    }

    /// For an access, unless somebody changes it or wants to.
    pub fn enter(&self) -> Option<RwLockReadGuard<'_, bool>> {
        if self.changes.load(Ordering::Relaxed) > 0 {
            return None;
        }
        tried(self.decodes.try_read())
    }

    /// Announces a change.
    pub fn change(&self) -> Change<'_> {
        self.changes.fetch_add(1, Ordering::Relaxed);
        Change(self)
    }
}

impl<'a> Change<'a> {
    /// For the change, unless somebody is inside.
    pub fn begin(&self) -> Option<RwLockWriteGuard<'a, bool>> {
        tried(self.0.decodes.try_write())
    }

    /// For the change, as soon as nobody is inside.
    pub fn wait(&self) -> RwLockWriteGuard<'a, bool> {
        self.0.decodes.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        self.0.changes.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A guard, unless somebody else has the lock.
fn tried<G>(tried: Result<G, TryLockError<G>>) -> Option<G> {
    match tried {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accesses_do_not_keep_a_change_from_its_turn() {
        let gate = Gate::new();
        let (first, second) = (gate.enter().unwrap(), gate.enter().unwrap());
        let change = gate.change();
        assert!(change.begin().is_none());
        drop(first);
        // As long as the second is inside, a third would follow, and a fourth.
        assert!(gate.enter().is_none() && change.begin().is_none());
        drop(second);
        *change.begin().unwrap() = true;
        assert!(gate.enter().is_none());
        drop(change);
        assert!(*gate.enter().unwrap());
    }
}
