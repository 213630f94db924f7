//! The card as a device: registers over AXI4-Lite, interrupts, a reset that harms nobody outside.
//!
//! ```text
//!   s_axil --> slave --+--> page: identity, reset, interrupts, counters --> interrupts, clear
//!                      +--> description of the design
//!                      +--> host_req, host_resp --+
//!                                            +----v------+
//!   mac_rx --> receive guard --------------->|   card    |--------------> send guard --> mac_tx
//!                                            +-----------+  cleared by a reset
//! ```
//!
//! The map of registers is [`beehive_wire::device`]. A reset, asked for by register or by the input `flr`, clears the card: frames inside are
//! gone, tables have their initial values. A frame that was being sent ends with `err`, a frame that was being received is thrown away to its end, an
//! access under way ends with an error.

pub mod axil;
pub mod axis;
pub mod description;
pub mod frames;
pub mod open_nic;
pub mod page;
pub mod whole;

pub use description::describe;
pub use open_nic::generate_open_nic;

use crate::control::host::{Request, Response};
use crate::topology::{Design, TileRegistry, generate};
use axil::{ADDRESS_BITS, ReadData, Slave, WriteData, slave};
use beehive_hdl::blocks::Beat;
use beehive_hdl::ir::{CLEAR, Module, clearable};
use beehive_hdl::prelude::*;
use beehive_wire::device::{DESCRIPTION_BYTES, fnv1a, interrupt};
use frames::{Guard, receive_guard, send_guard};
use page::{Page, page};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Parameters of [`device`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Device {
    /// The card's top level, see [`crate::top`].
    pub card: Part,
    /// Bits of the MAC's streams.
    pub width: u32,
    /// What it says of itself.
    pub description: Text,
}

/// A module as a parameter of another.
#[derive(Clone)]
pub struct Part(pub Def);

// By name: its text is long.
impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.name)
    }
}
impl PartialEq for Part {
    fn eq(&self, other: &Part) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
impl Eq for Part {}
impl Hash for Part {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

/// Bytes, told by their hash.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Text(pub Vec<u8>);

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", fnv1a(&self.0))
    }
}

/// The device of a checked design: [`device`] around what [`generate()`] makes.
///
/// # Errors
/// What elaboration finds; a description that is longer than there is room for.
///
/// # Panics
/// If `registry` is not the one that the design was checked with.
pub fn generate_device(design: &Design, registry: &TileRegistry) -> Result<Def, Errors> {
    let mut description = serde_json::to_vec(&describe(design, registry)).expect("strings and numbers");
    // Whole words: white space behind JSON means nothing.
    description.resize(description.len().next_multiple_of(4), b' ');
    let card = generate(design, registry)?;
    elaborate(|| {
        let card = Part(clearable(&card));
        device(Device { card, width: design.width, description: Text(description) })
    })
}

/// The device of a checked design with the port names of the AXI standards: [`axis()`](axis::axis) around what [`generate_device`] makes. It is
/// called `NAME_axis`, after the design, whatever is in it.
///
/// # Errors
/// As [`generate_device`]; a design that has not both sides of the MAC.
///
/// # Panics
/// As [`generate_device`].
pub fn generate_axis(design: &Design, registry: &TileRegistry) -> Result<Def, Errors> {
    let device = generate_device(design, registry)?;
    let shell = elaborate(|| axis::axis(axis::Axis { device: Part(device), width: design.width }))?;
    Ok(called(&shell, format!("{}_axis", design.name)))
}

/// The same module with a name that stays when its parameters change.
fn called(module: &Def, name: String) -> Def {
    Arc::new(Module { name, ..Module::clone(module) })
}

/// The module: streams `mac_rx`, `mac_tx`, and those of [`slave`]; inputs `flr`, high for a cycle or more to reset the function, and `unsent`,
/// high for a cycle for each frame that was not sent because it is damaged; output `interrupts`, a bit per vector, high for a cycle for each interrupt to be sent.
#[hw]
pub fn device(p: Device) -> Def {
    module(p, |p| {
        let bytes = p.description.0.len();
        require(
            bytes <= DESCRIPTION_BYTES as usize && bytes.is_multiple_of(4),
            || format!("a description of {bytes} bytes"),
            "it has room for 65536 bytes: give the design fewer tiles or registers shorter sentences",
        );
        let card = instance("card", &p.card.0);
        let page = instance("page", &page(Page { description: bytes as u32, design: fnv1a(&p.description.0) }));
        let clear = page.out("clear");
        if card.def().port_index(CLEAR).is_some() {
            card.connect(CLEAR, clear);
        }
        let tiles = card.def().port_index("host_req_valid").is_some();
        let slave = instance("slave", &slave(Slave { description: p.description.clone(), tiles }));
        slave.connect("clear", clear);
        slave.feed("s_axil_aw", Stream::<Bits>::input("s_axil_aw", ADDRESS_BITS));
        slave.feed("s_axil_w", Stream::<WriteData>::input("s_axil_w", ()));
        slave.feed("s_axil_ar", Stream::<Bits>::input("s_axil_ar", ADDRESS_BITS));
        slave.stream::<Bits>("s_axil_b", 2).to(Sink::output("s_axil_b", 2));
        slave.stream::<ReadData>("s_axil_r", ()).to(Sink::output("s_axil_r", ()));
        if tiles {
            card.feed("host_req", slave.stream::<Request>("host_req", ()));
            slave.feed("host_resp", card.stream::<Response>("host_resp", ()));
        }
        for (port, width) in [("access", 1), ("write", 1), ("offset", 12), ("data", 32)] {
            page.connect(port, slave.out(&format!("page_{port}")).zext(width));
        }
        slave.connect("page_answer", page.out("answer")).connect("page_known", page.out("known"));
        page.connect("refused", slave.out("refused")).connect("timeout", slave.out("timeout"));
        page.connect("flr", input("flr", 1)).connect("unsent", input("unsent", 1));
        page.connect("lost", card.out("lost"));
        output("interrupts", interrupt::VECTORS).set(page.out("interrupts"));

        let guard = Guard { width: p.width };
        let has = |stream: &str| card.def().streams.iter().any(|known| known.name == stream);
        let mut skipped = lit(1, 0);
        if has("mac_rx") {
            let receive = instance("receive", &receive_guard(guard.clone()));
            receive.connect("clear", clear);
            receive.feed("s_axis", Stream::<Beat>::input("mac_rx", p.width));
            card.feed("mac_rx", receive.stream::<Beat>("m_axis", p.width));
            skipped = receive.out("skipped");
        }
        let mut cut = lit(1, 0);
        if has("mac_tx") {
            let send = instance("send", &send_guard(guard));
            send.connect("clear", clear);
            send.feed("s_axis", card.stream::<Beat>("mac_tx", p.width));
            send.stream::<Beat>("m_axis", p.width).to(Sink::output("mac_tx", p.width));
            cut = send.out("cut");
        }
        page.connect("skipped", skipped).connect("cut", cut);
    })
}
