//! A user and network namespace of one's own: a TAP interface without being root.
//!
//! ```text
//!   the host's network          the process's own network namespace
//!   (untouched)                 root in it, and only in it
//!        |                          lo, beehive0 ==TAP== NIC
//!        +-- nsenter -t PID -U -n --preserve-credentials ping 10.0.0.2
//! ```

use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};
use std::fs;
use std::io;

/// Why there is no namespace.
#[derive(Debug, thiserror::Error)]
pub enum NamespaceError {
    /// Other threads run already: a process cannot change its user namespace then.
    #[error("a user namespace must be entered before any thread is started; this process has {0} threads")]
    Threads(usize),
    /// The system does not let users make namespaces.
    #[error(
        "this system refuses user namespaces ({0}); look at sysctl user.max_user_namespaces, \
         kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns, or run as root"
    )]
    Refused(io::Error),
    /// The namespace was made but the user cannot be mapped to root in it. The process is in it nevertheless.
    #[error("cannot write {file}: {source}")]
    Map {
        /// The file below `/proc/self`.
        file: &'static str,
        /// Why.
        source: io::Error,
    },
}

/// Puts the process into a new user namespace, as root, and a new network namespace. There is no way back.
///
/// # Errors
/// If other threads run, or the system refuses.
pub fn enter() -> Result<(), NamespaceError> {
    let threads = fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
    if threads > 1 {
        return Err(NamespaceError::Threads(threads));
    }
    let (user, group) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET).map_err(|e| NamespaceError::Refused(e.into()))?;
    let write =
        |file: &'static str, text: String| fs::write(file, text).map_err(|source| NamespaceError::Map { file, source });
    write("/proc/self/setgroups", "deny".into())?;
    write("/proc/self/uid_map", format!("0 {user} 1"))?;
    write("/proc/self/gid_map", format!("0 {group} 1"))
}

/// What to put before a command so that it runs in this process's network, as [`enter`] made it.
pub fn prefix() -> String {
    format!("nsenter -t {} -U -n --preserve-credentials", std::process::id())
}
