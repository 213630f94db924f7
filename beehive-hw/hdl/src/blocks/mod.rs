//! The standard library: hardware blocks that every tile needs.
//!
//! Functions over [`Bits`] are combinational and draw into the module under construction; a
//! function from a parameter struct to a [`Def`] is a module with state. The stream blocks carry a
//! packed payload of plain width, so one module per width serves every payload type, and are
//! mostly used as methods of [`Stream`]: `rx.fifo("rx_fifo", 16)`.
//!
//! | block | what it is | latency (cycles) | combinational through it |
//! | --- | --- | --- | --- |
//! | [`fifo()`] | queue in LUT RAM | 1 | nothing |
//! | [`register_slice()`] | pipeline stage of a stream | 1 | nothing (`Full`, `Half`), `ready` (`Forward`) |
//! | [`arbiter()`] | n streams to one, packet by packet | 0 | everything |
//! | [`fork()`] | one stream to n | 0 | everything |
//! | [`join`](Stream::join) | pairs of beats | 0 | everything |
//! | [`width_convert()`] | packets on a wider or narrower path | 1 | `ready` |
//! | [`strip()`], [`prepend()`] | leading bytes of packets go, come | 2, 1 | `ready` |
//! | [`checksum()`] | Internet checksum of packets | [`checksum_latency`] | nothing |
//! | [`crc32()`] | Ethernet CRC of packets | [`crc32_latency`] | nothing |
//! | [`gf256`] | multiplication in GF(2^8) | 0 | everything |
//! | [`RoundRobin`] | fair grant | 0 | requests to grant |
//! | [`lfsr()`] | pseudo-random bits | - | nothing |
//! | [`Beat`] | a beat of a packet | | |
//! | [`one_hot`], [`reduce`] | one-hot helpers, balanced trees | 0 | everything |

pub mod arbiter;
pub mod beat;
pub mod checksum;
pub mod crc32;
pub mod fifo;
pub mod fork;
pub mod gf256;
pub mod lfsr;
pub mod one_hot;
pub mod realign;
pub mod reduce;
pub mod register_slice;
pub mod round_robin;
pub mod width;

pub use arbiter::{Arbiter, Policy, arbiter, arbitrate};
pub use beat::Beat;
pub use checksum::{Checksum, checksum, checksum_latency, ones_complement_sum};
pub use crc32::{Crc32, crc32, crc32_latency};
pub use fifo::{Fifo, fifo};
pub use fork::{Fork, fork};
pub use lfsr::{Lfsr, LfsrKind, lfsr};
pub use realign::{Prepend, Strip, prepend, strip};
pub use register_slice::{Cut, RegisterSlice, register_slice};
pub use round_robin::RoundRobin;
pub use width::{WidthConvert, width_convert};

use crate::build::{Bits, Def, Named, constant, instance};
use crate::bundle::Bundle;
use crate::stream::Stream;
use crate::value::Value;

/// The bits of `x` that are set in `mask`: a net of its own where the constant fills lines.
#[track_caller]
fn masked(x: Bits, mask: Value, name: &str) -> Bits {
    let bits = x & constant(mask);
    if x.width() > 64 { bits.named(name) } else { bits }
}

impl<T: Bundle> Stream<T> {
    /// Through an instance of `def`, a block with the packed streams `s_axis` and `m_axis`.
    #[track_caller]
    fn through(self, name: &str, def: &Def) -> Stream<T> {
        let (shape, width) = (self.shape(), T::packed_width(self.shape()));
        let block = instance(name, def);
        block.feed("s_axis", self.map::<Bits>(width, T::pack));
        block.stream::<Bits>("m_axis", width).map(shape, |packed| T::unpack_as(shape, packed))
    }
}
