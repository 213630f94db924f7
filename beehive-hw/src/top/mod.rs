//! A whole design: tiles at their places, both networks, the host's port.
//!
//! Ports of the top: `mac_rx`, `mac_tx` (streams of [`Beat`], frames without check sequence), `host_req`, `host_resp`
//! ([`control::host`](crate::control::host)), and `lost`, high for a cycle when a message is dropped for want of a route or of a reader.

use crate::control::CONTROL_WIDTH;
use crate::control::endpoint::{Endpoint, endpoint};
use crate::control::host::{Host, Request, Response, host};
use crate::noc::queue::{Queue, queue};
use crate::noc::{Mesh, Side, mesh, place_bits};
use beehive_hdl::blocks::Beat;
use beehive_hdl::ir::Module;
use beehive_hdl::prelude::*;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// What stands at a place.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Name of the tile.
    pub name: String,
    /// x, y.
    pub at: (u32, u32),
    /// The tile's module. Of the streams `noc_in`, `noc_out`, `mac_rx`, `mac_tx`, the input `here` and the register bus those it has are
    /// connected, and the inputs `queue_dropped` and `queue_cut` (high for a cycle per message) to its tail-drop queue; other streams become ports of the top under the tile's name.
    pub tile: Def,
    /// A tail-drop queue before `noc_in`.
    pub queue: Option<Queue>,
}

// Modules are equal if they are the same; names tell them apart well enough for a hash.
impl PartialEq for Slot {
    fn eq(&self, other: &Slot) -> bool {
        self.name == other.name
            && self.at == other.at
            && Arc::ptr_eq(&self.tile, &other.tile)
            && self.queue == other.queue
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
    /// Place of the host's port onto the control network.
    pub host: (u32, u32),
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
                others == 1 && slot.at != p.host,
                || format!("two tiles at ({x}, {y})"),
                "give each a place of its own",
            );
        }
        let shape = Mesh { columns, rows, width: p.width, depth: p.depth, counters: p.counters };
        let data = instance("data", &mesh(shape.clone()));
        let control = instance("control", &mesh(Mesh { width: CONTROL_WIDTH, depth: 4, counters: false, ..shape }));
        // Messages to places where nobody reads.
        let mut unread = vec![];
        for y in 0..rows {
            for x in 0..columns {
                let slot = p.slots.iter().find(|slot| slot.at == (x, y));
                let here = format!("{x}_{y}");
                let tile = slot.map(|slot| place_tile(p, slot, &data, &here, &mut unread));
                if (x, y) == p.host {
                    host_port(p, &control, &here);
                } else {
                    let answers = tile.as_ref().filter(|tile| tile.def().port_index("reg_valid").is_some());
                    place_endpoint(p, &data, &control, answers, (x, y));
                }
                if slot.is_none() {
                    data.feed(&format!("in_{here}"), Stream::<Beat>::never(p.width));
                    unread.push(lose(data.stream::<Beat>(&format!("out_{here}"), p.width)));
                }
            }
        }
        let unread = if unread.is_empty() { lit(1, 0) } else { delay_init("unread_q", cat(unread).any(), 0) };
        output("lost", 1).set(data.out("lost") | control.out("lost") | unread);
    })
}

/// Takes every message and drops it; high when one ends.
#[track_caller]
fn lose(arriving: Stream<Beat>) -> Bits {
    let ends = arriving.valid & arriving.last;
    arriving.discard();
    ends
}

/// Connects a tile to the data network and the MAC.
fn place_tile(p: &Top, slot: &Slot, data: &Inst, here: &str, unread: &mut Vec<Bits>) -> Inst {
    let tile = instance(&slot.name, &slot.tile);
    if slot.tile.port_index("here").is_some() {
        tile.connect("here", place_bits(slot.at));
    }
    let arriving = data.stream::<Beat>(&format!("out_{here}"), p.width);
    if has_stream(&slot.tile, "noc_in") {
        match &slot.queue {
            None => {
                tile.feed("noc_in", arriving);
                if slot.tile.port_index("queue_dropped").is_some() {
                    tile.connect("queue_dropped", lit(1, 0)).connect("queue_cut", lit(1, 0));
                }
            }
            Some(size) => {
                let waiting = instance(&format!("{}_queue", slot.name), &queue(size.clone()));
                waiting.feed("s_axis", arriving);
                tile.feed("noc_in", waiting.stream::<Beat>("m_axis", p.width));
                if slot.tile.port_index("queue_dropped").is_some() {
                    tile.connect("queue_dropped", waiting.out("dropped")).connect("queue_cut", waiting.out("cut"));
                }
            }
        }
    } else {
        unread.push(lose(arriving));
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
    tile
}

/// The host's port, at a place of its own.
fn host_port(p: &Top, control: &Inst, here: &str) {
    let port = instance("host", &host(Host { columns: p.columns, rows: p.rows }));
    port.connect("here", place_bits(p.host));
    port.feed("host_req", Stream::<Request>::input("host_req", ()));
    port.stream::<Response>("host_resp", ()).to(Sink::output("host_resp", ()));
    port.feed("ctl_in", control.stream::<Beat>(&format!("out_{here}"), CONTROL_WIDTH));
    control.feed(&format!("in_{here}"), port.stream::<Beat>("ctl_out", CONTROL_WIDTH));
}

/// The end of the control network at a place that is not the host's.
fn place_endpoint(p: &Top, data: &Inst, control: &Inst, tile: Option<&Inst>, (x, y): (u32, u32)) {
    let here = format!("{x}_{y}");
    let mut counters = vec![];
    if p.counters {
        for side in Side::ALL {
            for what in ["flits", "stalls"] {
                let name = format!("{}_{what}_{here}", side.name());
                // Sides that do not exist count nothing; so each register has its fixed place.
                let exists = data.def().port_index(&name).is_some();
                counters.push(if exists { data.out(&name) } else { lit(32, 0) });
            }
        }
    }
    let def = endpoint(Endpoint { tile: tile.is_some(), counters: counters.len() as u32 });
    let end = instance(&format!("endpoint_{here}"), &def);
    for (i, counter) in counters.into_iter().enumerate() {
        end.connect(&format!("counter_{i}"), counter);
    }
    end.feed("ctl_in", control.stream::<Beat>(&format!("out_{here}"), CONTROL_WIDTH));
    control.feed(&format!("in_{here}"), end.stream::<Beat>("ctl_out", CONTROL_WIDTH));
    if let Some(tile) = tile {
        for port in ["reg_valid", "reg_write", "reg_index", "reg_data"] {
            tile.connect(port, end.out(port));
        }
        for port in ["reg_answer", "reg_known"] {
            end.connect(port, tile.out(port));
        }
    }
}
