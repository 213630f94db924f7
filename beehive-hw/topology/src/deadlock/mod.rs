//! Whether messages of a design can wait for each other for ever, and the way out.
//!
//! Of each physical network the [`Graph`] of resources is searched for a cycle. What cuts a chain of
//! waiting is an input that always takes messages in finite time ([`sinking`]): the tile is made so,
//! drops what it cannot take, or has a buffer for everything that can be under way to it.
//!
//! On the control network the control tile asks, all others answer, and the control tile always takes
//! answers. A tile answers without waiting for its data side.

mod graph;
mod remedy;
mod report;

pub use graph::{Channel, Graph};
pub use remedy::Remedy;
pub use report::{Deadlock, Wait};

pub(crate) use graph::Traffic;

use crate::design::{Connection, Design};
use crate::kind::{Input, Keys};
use crate::mesh::Coordinate;
use serde::Serialize;
use std::fmt;

/// A physical network.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// Messages of the chains.
    Data,
    /// Register accesses of the control tile.
    Control,
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Network::Data => "data network",
            Network::Control => "control network",
        })
    }
}

/// Searches both networks.
///
/// # Errors
/// A smallest cycle, with a remedy that was tried.
pub fn check(design: &Design) -> Result<(), Box<Deadlock>> {
    for network in [Network::Data, Network::Control] {
        if let Some(cycle) = graph(design, network).shortest_cycle() {
            return Err(Box::new(Deadlock::new(design, network, cycle)));
        }
    }
    Ok(())
}

/// The resource-dependency graph of a network.
pub fn graph(design: &Design, network: Network) -> Graph {
    let at: Vec<Coordinate> = design.tiles.iter().map(|tile| tile.at).collect();
    let (connections, waits) = (connections(design, network), waits(design, network));
    Graph::new(&Traffic { columns: design.columns, at: &at, connections: &connections, waits: &waits })
}

/// Who sends to whom on a network.
pub(crate) fn connections(design: &Design, network: Network) -> Vec<Connection> {
    match (network, design.control) {
        (Network::Data, _) => design.connections(),
        (Network::Control, None) => Vec::new(),
        (Network::Control, Some(control)) => (0..design.tiles.len())
            .filter(|tile| *tile != control)
            .flat_map(|tile| [Connection { from: control, to: tile }, Connection { from: tile, to: control }])
            .collect(),
    }
}

/// Of each tile, whether its input on a network may wait for its output there.
pub(crate) fn waits(design: &Design, network: Network) -> Vec<bool> {
    (0..design.tiles.len())
        .map(|tile| match network {
            Network::Data => sinking(design, tile).is_none(),
            Network::Control => design.control != Some(tile),
        })
        .collect()
}

/// Why the data input of a tile always takes messages in finite time, if it does.
pub fn sinking(design: &Design, tile: usize) -> Option<String> {
    let it = &design.tiles[tile];
    if let Input::Sinking { why } = it.shape.input {
        return Some(why.into());
    }
    if it.shape.keys == Keys::Nothing {
        return Some("it sends nothing".into());
    }
    if it.queue > 0 {
        return Some(format!("its queue of {} flits drops whole messages when it is full", it.queue));
    }
    let most = flits_under_way(design, tile)?;
    (u64::from(it.buffer) >= most && it.buffer > 0)
        .then(|| format!("its buffer of {} flits holds all {most} that can be under way to it", it.buffer))
}

/// Flits that can be under way to a tile at once, if every chain that leads there has a window.
///
/// A message occupies at most its own flits, wherever it is, so each chain counts once.
pub fn flits_under_way(design: &Design, tile: usize) -> Option<u64> {
    let mut sum = 0;
    for chain in &design.chains {
        if leads_to(design, &chain.path, tile) {
            sum += u64::from(chain.window?) * u64::from(design.flits(chain.max_message)) * chain.path[0].len() as u64;
        }
    }
    Some(sum)
}

/// Whether messages of a chain come to the tile: on its path, or beyond its end if that tile sends them on.
fn leads_to(design: &Design, path: &[Vec<usize>], tile: usize) -> bool {
    if path[1..].iter().any(|stop| stop.contains(&tile)) {
        return true;
    }
    let (first, last) = (&path[0], &path[path.len() - 1]);
    if first == last {
        return false;
    }
    let mut seen = vec![false; design.tiles.len()];
    let mut open = last.clone();
    while let Some(at) = open.pop() {
        for &to in design.tiles[at].outputs.iter().flat_map(|output| &output.to) {
            if to == tile {
                return true;
            }
            if !std::mem::replace(&mut seen[to], true) {
                open.push(to);
            }
        }
    }
    false
}
