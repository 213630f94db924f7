//! The card as a user plugin of the [OpenNIC shell](https://github.com/Xilinx/open-nic-shell), in its 250 MHz box.
//!
//! ```text
//!                box_250mhz of the shell
//!   +----------------------------------------------------------------+
//!   | beehive_250mhz             axil_aclk : axis_aclk               |
//!   |                                      :                         |
//!   | s_axil ----> beehive_axil_crossing --:--> folded map --+       |
//!   | mod_rstn --> beehive_reset ----------:--> rst, flr ----+       |
//!   |                                      :    +------------v---+   |
//!   | adap_rx[0] --------------------------:--->|     device     |   |
//!   | adap_tx[0] <-------------------------:----| <- whole frames|   |
//!   | adap[1], qdma: taken and thrown away :    +----------------+   |
//!   +----------------------------------------------------------------+
//! ```
//!
//! What has one clock is made here, as one module, [`open_nic`]; what has two, or parameters of the shell, is written in SystemVerilog, beside this file.
//! What the shell's ports mean is said in docs/boards.md, where they are listed too.

use super::axil::ADDRESS_BITS;
use super::axis::{received, registers};
use super::whole::{Whole, whole};
use super::{Part, called, generate_device};
use crate::topology::{Design, TileRegistry};
use beehive_hdl::blocks::{Beat, Cut};
use beehive_hdl::emit::{EmitOptions, files};
use beehive_hdl::prelude::*;
use beehive_wire::open_nic as map;
use beehive_wire::{device::TILES_AT, ethernet};

/// Parameters of [`open_nic`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct OpenNic {
    /// The device, with both streams of the MAC.
    pub device: Part,
    /// Bits of the MAC's streams: [`WIDTH`].
    pub width: u32,
    /// Bytes of the largest IP packet.
    pub mtu: u32,
    /// Rows of the mesh.
    pub rows: u32,
}

/// Bits of the shell's streams.
pub const WIDTH: u32 = 512;

/// Fewest bytes of a frame without check sequence.
const SHORTEST: u32 = 60;

/// Bits of an address in the box.
const BOX_BITS: u32 = map::BOX_BYTES.trailing_zeros();

/// A design for the shell.
pub struct Plugin {
    /// What has one clock: [`open_nic`], called `NAME_open_nic` after the design.
    pub card: Def,
    /// Bytes of the longest frame of the card, with check sequence: the least that the shell's `MAX_PKT_LEN` can be.
    pub longest: u32,
}

/// The plugin of a checked design.
///
/// # Errors
/// As [`generate_device`]; a design that has not both sides of the MAC, is not [`WIDTH`] bits wide, or has more rows than there are addresses for.
///
/// # Panics
/// As [`generate_device`].
pub fn generate_open_nic(design: &Design, registry: &TileRegistry) -> Result<Plugin, Errors> {
    let device = Part(generate_device(design, registry)?);
    let (width, mtu, rows) = (design.width, design.mtu, design.rows);
    let card = elaborate(|| open_nic(OpenNic { device, width, mtu, rows }))?;
    let longest = longest(mtu) + 4;
    Ok(Plugin { card: called(&card, format!("{}_open_nic", design.name)), longest })
}

/// Bytes of the longest frame, without check sequence.
fn longest(mtu: u32) -> u32 {
    (mtu + ethernet::LEN as u32).max(SHORTEST)
}

impl Plugin {
    /// The SystemVerilog, as pairs of module name and text: the card's modules, what has two clocks, and `beehive_250mhz` at the end.
    pub fn modules(&self) -> Vec<(String, String)> {
        let mut modules = files(&self.card, &EmitOptions::default());
        modules.extend(self.shell_modules());
        modules
    }

    /// Those of [`modules`](Plugin::modules) that are written in SystemVerilog.
    pub fn shell_modules(&self) -> Vec<(String, String)> {
        let wrapper = include_str!("beehive_250mhz.sv")
            .replace("CARD_MODULE", &self.card.name)
            .replace("LONGEST_FRAME", &self.longest.to_string());
        [
            ("beehive_sync", include_str!("beehive_sync.sv")),
            ("beehive_reset", include_str!("beehive_reset.sv")),
            ("beehive_axil_crossing", include_str!("beehive_axil_crossing.sv")),
            ("beehive_250mhz", &wrapper),
        ]
        .map(|(name, text)| (name.to_string(), text.to_string()))
        .into()
    }

    /// What the shell's build script wants of a plugin beside the modules, as pairs of path and text.
    pub fn glue(&self) -> Vec<(&'static str, String)> {
        let mut build = String::from("# The modules of the card, for the shell's build script.\n");
        for (module, _) in self.modules() {
            build += &format!("read_verilog -quiet -sv {module}.sv\n");
        }
        vec![
            ("build_box_250mhz.tcl", build),
            ("box_250mhz/user_plugin_250mhz_inst.vh", include_str!("user_plugin_250mhz_inst.vh").into()),
            ("box_250mhz/box_250mhz_address_map_inst.vh", format!("// {NO_MAP}\n")),
            ("box_250mhz/box_250mhz_address_map.v", format!("// {NO_MAP}\n")),
            ("box_250mhz/box_250mhz_axi_crossbar.tcl", format!("# {NO_MAP}\n")),
        ]
    }
}

const NO_MAP: &str = "The card decodes all addresses of the box itself.";

/// The module: AXI4-Stream `s_axis_t*` as of [`axis()`](super::axis::axis); `m_axis_t*` alike, but with `m_axis_tuser_size` instead of `m_axis_tuser`: the
/// bytes of the frame, in all its beats; AXI4-Lite `s_axil_*` of 20 bits of address, folded as [`map`] tells; `flr`, `irq`. Damaged frames are not
/// sent, but counted.
#[hw]
pub fn open_nic(p: OpenNic) -> Def {
    module(p, |p| {
        require(
            p.width == WIDTH,
            || format!("the OpenNIC shell has streams of 512 bits, the design of {}", p.width),
            "give the design `width = 512`",
        );
        require(
            p.rows <= map::ROWS,
            || format!("the box of the OpenNIC shell has addresses for 14 rows of tiles, not for {}", p.rows),
            "give the design a mesh that is wider and less high",
        );
        let device = instance("device", &p.device.0);
        let has = |name: &str| p.device.0.streams.iter().any(|stream| stream.name == name);
        require(
            has("mac_rx") && has("mac_tx"),
            || format!("`{}` has no MAC", p.device.0.name),
            "give a design with tiles for both sides of the MAC",
        );
        device.feed("mac_rx", received(p.width).register_slice("receive", Cut::Full));
        let whole = instance("whole", &whole(Whole { width: p.width, most: longest(p.mtu) }));
        whole.feed("s_axis", device.stream::<Beat>("mac_tx", p.width));
        device.connect("unsent", whole.out("dropped"));
        sent(p.width, whole.stream("m_axis", (p.width, 16)));
        registers(&device, BOX_BITS, unfolded);
        device.connect("flr", input("flr", 1));
        let interrupts = device.out("interrupts");
        output("irq", interrupts.width()).set(interrupts);
    })
}

/// Where in the device's map an address of the box is: the inverse of [`map::place`].
#[hw]
fn unfolded(address: Bits) -> Bits {
    const ROW_BITS: u32 = 16;
    let row = address.slice(ROW_BITS, BOX_BITS - ROW_BITS);
    let in_tiles = row.ge(map::BOX_TILES_AT >> ROW_BITS);
    let tiles = lit(ADDRESS_BITS - ROW_BITS, u128::from(TILES_AT >> ROW_BITS));
    let folded = row.zext(ADDRESS_BITS - ROW_BITS);
    let place = in_tiles.mux(tiles + folded - (map::BOX_TILES_AT >> ROW_BITS), folded);
    cat([address.trunc(ROW_BITS), place])
}

/// Whole frames as the stream `m_axis`.
fn sent(width: u32, frames: Stream<(Beat, Bits)>) {
    let (beat, size) = frames.payload;
    output("m_axis_tdata", width).set(beat.data);
    output("m_axis_tkeep", width / 8).set(beat.byte_enables());
    output("m_axis_tlast", 1).set(beat.last);
    output("m_axis_tuser_size", 16).set(size);
    output("m_axis_tvalid", 1).set(frames.valid);
    frames.ready.set(input("m_axis_tready", 1));
}
