//! A whole design: tiles at their places, both networks, the host's port.
//!
//! Ports of the top: `mac_rx`, `mac_tx` (streams of [`Beat`], frames without check sequence), `host_req`, `host_resp`
//! ([`control::host`](crate::control::host)), and `lost`, high for a cycle when a message is dropped for want of a route or of a reader.

use crate::bytes::field;
use crate::control::CONTROL_WIDTH;
use crate::control::endpoint::{Endpoint, endpoint};
use crate::control::host::{Host, Request, Response, host};
use crate::noc::queue::{Queue, queue};
use crate::noc::{Mesh, Side, mesh, place_bits};
use beehive_hdl::blocks::Beat;
use beehive_hdl::blocks::arbiter::{Policy, arbitrate};
use beehive_hdl::ir::Module;
use beehive_hdl::prelude::*;
use beehive_wire::registers::{access, operation};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// What stands at a place.
#[derive(Clone)]
pub struct Slot {
    /// Name of the tile.
    pub name: String,
    /// x, y.
    pub at: (u32, u32),
    /// The tile's module. Of the streams `noc_in`, `noc_out`, `mac_rx`, `mac_tx`, the input `here` and the register bus those it has are
    /// connected, and the inputs `queue_dropped` and `queue_cut` (high for a cycle per message) to its tail-drop queue; other streams become ports of the top under the tile's name.
    pub tile: Def,
    /// What messages wait in before `noc_in`.
    pub waiting: Option<Waiting>,
}

/// What messages wait in between a router and its tile.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Waiting {
    /// Drops whole messages when full.
    Queue(Queue),
    /// Never drops.
    Buffer {
        /// Flits that fit.
        flits: u32,
    },
}

// The module by its name: its text is long.
impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (x, y) = self.at;
        write!(f, "{} at ({x}, {y}): {}, waiting {:?}", self.name, self.tile.name, self.waiting)
    }
}

// Modules are equal if they are the same; names tell them apart well enough for a hash.
impl PartialEq for Slot {
    fn eq(&self, other: &Slot) -> bool {
        self.name == other.name
            && self.at == other.at
            && Arc::ptr_eq(&self.tile, &other.tile)
            && self.waiting == other.waiting
    }
}
impl Eq for Slot {}
impl Hash for Slot {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.name, self.at, &self.tile.name).hash(state);
    }
}

/// Parameters of [`top`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Top {
    /// Name of the design.
    pub name: String,
    /// Of the mesh.
    pub columns: u32,
    /// Of the mesh.
    pub rows: u32,
    /// Bits of the data network.
    pub width: u32,
    /// Flits in the FIFO of a router's input.
    pub depth: u32,
    /// Count flits and stalls of every link of the data network.
    pub counters: bool,
    /// The tiles.
    pub slots: Vec<Slot>,
    /// Place of the host's port onto the control network; without one there is no control network.
    pub host: Option<(u32, u32)>,
}

fn has_stream(module: &Module, name: &str) -> bool {
    module.streams.iter().any(|stream| stream.name == name)
}

/// The module.
#[hw]
pub fn top(p: Top) -> Def {
    module(p, |p| {
        let (columns, rows) = (p.columns, p.rows);
        for slot in &p.slots {
            let (x, y) = slot.at;
            require(
                x < columns && y < rows,
                || format!("tile `{}` at ({x}, {y}) of a mesh of {columns} x {rows}", slot.name),
                "give a place inside",
            );
            let others = p.slots.iter().filter(|other| other.at == slot.at).count();
            require(
                others == 1 && Some(slot.at) != p.host,
                || format!("two tiles at ({x}, {y})"),
                "give each a place of its own",
            );
        }
        let shape = Mesh { columns, rows, width: p.width, depth: p.depth, counters: p.counters };
        let data = instance("data", &mesh(shape.clone()));
        let control = p
            .host
            .map(|_| instance("control", &mesh(Mesh { width: CONTROL_WIDTH, depth: 4, counters: false, ..shape })));
        // Messages to places where nobody reads.
        let mut unread = vec![];
        for y in 0..rows {
            for x in 0..columns {
                let slot = p.slots.iter().find(|slot| slot.at == (x, y));
                let here = format!("{x}_{y}");
                let tile = slot.map(|slot| place_tile(p, slot, &data, &here));
                let ends = match &tile {
                    Some(placed) => placed.unread,
                    None => {
                        data.feed(&format!("in_{here}"), Stream::<Beat>::never(p.width));
                        Some(lose(data.stream::<Beat>(&format!("out_{here}"), p.width)))
                    }
                };
                unread.extend(ends);
                if let Some(placed) = &tile
                    && control.is_none()
                {
                    let name = placed.tile.name();
                    require(
                        !has_stream(placed.tile.def(), "ctl_out"),
                        || format!("tile `{name}` asks on the control network, which there is none of"),
                        "add a tile of kind `control`",
                    );
                }
                match &control {
                    Some(control) if Some((x, y)) == p.host => host_port(p, control, &here),
                    Some(control) => place_endpoint(&data, control, tile.as_ref(), ends, (x, y)),
                    None => tile.iter().for_each(|placed| silent_bus(&placed.tile)),
                }
            }
        }
        let unread = if unread.is_empty() { lit(1, 0) } else { delay_init("unread_q", cat(unread).any(), 0) };
        let lost = data.out("lost") | unread;
        output("lost", 1).set(control.as_ref().map_or(lost, |control| lost | control.out("lost")));
    })
}

/// A tile, the pulses `dropped` and `cut` of the queue before it, if it does not count them itself, and if it reads no messages,
/// when one ends.
struct Placed {
    tile: Inst,
    unread: Option<Bits>,
    losses: Option<(Bits, Bits)>,
}

/// Takes every message and drops it; high when one ends.
#[track_caller]
fn lose(arriving: Stream<Beat>) -> Bits {
    let ends = arriving.valid & arriving.last;
    arriving.discard();
    ends
}

/// Connects a tile to the data network and the MAC.
fn place_tile(p: &Top, slot: &Slot, data: &Inst, here: &str) -> Placed {
    let (mut losses, mut unread) = (None, None);
    let counts_itself = slot.tile.port_index("queue_dropped").is_some();
    let tile = instance(&slot.name, &slot.tile);
    if slot.tile.port_index("here").is_some() {
        tile.connect("here", place_bits(slot.at));
    }
    let arriving = data.stream::<Beat>(&format!("out_{here}"), p.width);
    if has_stream(&slot.tile, "noc_in") {
        let waited = match &slot.waiting {
            None => arriving,
            Some(Waiting::Buffer { flits }) => arriving.fifo(&format!("{}_buffer", slot.name), (*flits).max(2)),
            Some(Waiting::Queue(size)) => {
                let waiting = instance(&format!("{}_queue", slot.name), &queue(size.clone()));
                waiting.feed("s_axis", arriving);
                losses = Some((waiting.out("dropped"), waiting.out("cut")));
                waiting.stream::<Beat>("m_axis", p.width)
            }
        };
        tile.feed("noc_in", waited);
        if counts_itself {
            let (dropped, cut) = losses.take().unwrap_or((lit(1, 0), lit(1, 0)));
            tile.connect("queue_dropped", dropped).connect("queue_cut", cut);
        }
    } else {
        unread = Some(lose(arriving));
    }
    let network = format!("in_{here}");
    if has_stream(&slot.tile, "noc_out") {
        data.feed(&network, tile.stream::<Beat>("noc_out", p.width));
    } else {
        data.feed(&network, Stream::<Beat>::never(p.width));
    }
    if has_stream(&slot.tile, "mac_rx") {
        tile.feed("mac_rx", Stream::<Beat>::input("mac_rx", p.width));
    }
    if has_stream(&slot.tile, "mac_tx") {
        tile.stream::<Beat>("mac_tx", p.width).to(Sink::output("mac_tx", p.width));
    }
    Placed { tile, unread, losses }
}

/// The host's port, at a place of its own.
fn host_port(p: &Top, control: &Inst, here: &str) {
    let port = instance("host", &host(Host { columns: p.columns, rows: p.rows }));
    port.connect("here", place_bits(p.host.unwrap_or_default()));
    port.feed("host_req", Stream::<Request>::input("host_req", ()));
    port.stream::<Response>("host_resp", ()).to(Sink::output("host_resp", ()));
    port.feed("ctl_in", control.stream::<Beat>(&format!("out_{here}"), CONTROL_WIDTH));
    control.feed(&format!("in_{here}"), port.stream::<Beat>("ctl_out", CONTROL_WIDTH));
}

/// Registers that every place has, from [`ROUTER_REGISTERS`](crate::control::ROUTER_REGISTERS) on: flits and stalls of the outputs of its
/// data router in the order of [`Side::ALL`], the messages that it dropped for want of a route and those that came to it where nobody reads,
/// then the losses of its queue. Sides that do not exist read as zero.
pub const PLACE_REGISTERS: [&str; 14] = [
    "local_flits",
    "local_stalls",
    "north_flits",
    "north_stalls",
    "south_flits",
    "south_stalls",
    "east_flits",
    "east_stalls",
    "west_flits",
    "west_stalls",
    "lost",
    "unread",
    "queue_dropped",
    "queue_cut",
];

/// Counts the cycles in which `event` is one.
#[track_caller]
fn count(name: &str, event: Bits) -> Bits {
    let count = reg_init(name, 32, 0);
    when(event, || count.set(count + 1));
    *count
}

/// The end of the control network at a place that is not the host's; `unread` is high when a message ends that nobody reads there.
fn place_endpoint(data: &Inst, control: &Inst, placed: Option<&Placed>, unread: Option<Bits>, (x, y): (u32, u32)) {
    let here = format!("{x}_{y}");
    let mut counters = vec![];
    let read = |port: String| if data.def().port_index(&port).is_some() { data.out(&port) } else { lit(32, 0) };
    for name in &PLACE_REGISTERS[..2 * Side::ALL.len()] {
        counters.push(read(format!("{name}_{here}")));
    }
    counters.push(read(format!("lost_messages_{here}")));
    counters.push(unread.map_or(lit(32, 0), |ends| count(&format!("unread_{here}"), ends)));
    if let Some((dropped, cut)) = placed.and_then(|placed| placed.losses) {
        counters.push(count(&format!("dropped_{here}"), dropped));
        counters.push(count(&format!("cut_{here}"), cut));
    }
    let tile = placed.map(|placed| &placed.tile).filter(|tile| has_bus(tile));
    let def = endpoint(Endpoint { tile: tile.is_some(), counters: counters.len() as u32 });
    let end = instance(&format!("endpoint_{here}"), &def);
    for (i, counter) in counters.into_iter().enumerate() {
        end.connect(&format!("counter_{i}"), counter);
    }
    let arriving = control.stream::<Beat>(&format!("out_{here}"), CONTROL_WIDTH);
    let leaving = end.stream::<Beat>("ctl_out", CONTROL_WIDTH);
    let asks = placed.map(|placed| &placed.tile).filter(|tile| has_stream(tile.def(), "ctl_out"));
    let (arriving, leaving) = match asks {
        Some(tile) => share(tile, &here, arriving, leaving),
        None => (arriving, leaving),
    };
    end.feed("ctl_in", arriving);
    control.feed(&format!("in_{here}"), leaving);
    if let Some(tile) = tile {
        for port in ["reg_valid", "reg_write", "reg_index", "reg_data"] {
            tile.connect(port, end.out(port));
        }
        for port in ["reg_answer", "reg_known"] {
            end.connect(port, tile.out(port));
        }
    }
}

/// A tile that asks on the control network itself, from a place where it is asked, too: answers go to the tile, requests to the place's endpoint.
/// Gives what is left for the endpoint, and what both send.
fn share(tile: &Inst, here: &str, arriving: Stream<Beat>, leaving: Stream<Beat>) -> (Stream<Beat>, Stream<Beat>) {
    let operation = field(arriving.data, access::OPERATION);
    let is_answer = operation.eq(operation::DONE) | operation.eq(operation::REFUSED);
    let (to_tile, answers) = channel::<Beat>(&format!("answers_{here}"), CONTROL_WIDTH);
    let (to_end, requests) = channel::<Beat>(&format!("requests_{here}"), CONTROL_WIDTH);
    to_tile.valid.set(arriving.valid & is_answer);
    to_end.valid.set(arriving.valid & !is_answer);
    to_tile.payload.set(arriving.payload);
    to_end.payload.set(arriving.payload);
    arriving.ready.set(is_answer.mux(to_tile.ready, to_end.ready));
    tile.feed("ctl_in", answers);
    let asked = tile.stream::<Beat>("ctl_out", CONTROL_WIDTH);
    let (both, _) = arbitrate(&format!("control_{here}"), Policy::RoundRobin, &[leaving, asked], |beat| beat.last);
    (requests, both)
}

/// Has it a register bus?
fn has_bus(tile: &Inst) -> bool {
    tile.def().port_index("reg_valid").is_some()
}

/// A register bus on which nothing is ever asked.
fn silent_bus(tile: &Inst) {
    if has_bus(tile) {
        for (port, width) in [("reg_valid", 1), ("reg_write", 1), ("reg_index", 10), ("reg_data", 32)] {
            tile.connect(port, lit(width, 0));
        }
    }
}
