//! Reed-Solomon erasure coding on the card: [`ErasureCoder`].
//!
//! ```text
//!   ErasureCoder --- Accelerator --+-- Nic ---- Endpoint or Balance ---- cards
//!    code, checks                  +-- Cpu
//!                                  +-- WithFallback: the one, then the other
//! ```

mod accelerator;
mod builder;
mod code;
mod coder;
mod cpu;
mod error;
mod fallback;
mod nic;
mod stream;

pub use crate::fallback::Fallback;
pub use accelerator::{Accelerator, Combine};
pub use builder::Builder;
pub use coder::ErasureCoder;
pub use cpu::Cpu;
pub use error::ErasureError;
pub use fallback::WithFallback;
pub use nic::{Nic, NicWork};
