//! Blocks on packets inside of tiles.

pub mod gather;
pub mod length;
pub mod pad;
pub mod prepend;
pub mod store;
pub mod sum;
pub mod trim;

pub use gather::{Head, gather};
pub use length::misses_length;
pub use pad::PadStream;
pub use prepend::prepend_each;
pub use store::{Stored, keep, store};
pub use sum::{is_sound, watch_sum};
pub use trim::trim;
