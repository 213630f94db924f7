//! Ways out of a deadlock, each tried on the design before it is told.

use super::{Channel, Network, flits_under_way, graph};
use crate::design::{Design, Tile};
use crate::mesh::Coordinate;
use crate::place;
use serde::Serialize;
use std::fmt;

/// A change after which the design has no cycle.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Put one tile elsewhere.
    Move {
        /// Name of the tile.
        tile: String,
        /// A free place.
        to: Coordinate,
    },
    /// Put all tiles elsewhere.
    Place {
        /// Columns of the mesh.
        columns: u32,
        /// Rows of the mesh.
        rows: u32,
        /// Every tile's name and place.
        tiles: Vec<(String, Coordinate)>,
    },
    /// Give a tile a buffer for everything that can be under way to it.
    Buffer {
        /// Name of the tile.
        tile: String,
        /// Depth.
        flits: u32,
    },
    /// Let tiles drop messages that they cannot take.
    Queue {
        /// Names of the tiles.
        tiles: Vec<String>,
        /// Depth.
        flits: u32,
    },
    /// Nothing that was tried helps.
    None,
}

impl Remedy {
    /// The first that helps of: move a tile, place all again, buffer one, let some drop.
    pub(super) fn find(design: &Design, network: Network, cycle: &[Channel]) -> Remedy {
        let waiting: Vec<usize> = cycle
            .iter()
            .filter_map(|channel| match channel {
                Channel::Input(tile) => Some(*tile),
                _ => None,
            })
            .collect();
        let moved = move_one(design).or_else(|| place_again(design));
        if network == Network::Control {
            return moved.unwrap_or(Remedy::None);
        }
        moved.or_else(|| buffer(design, &waiting)).or_else(|| queue(design, &waiting)).unwrap_or(Remedy::None)
    }

    /// Does to the design for which it was found what the message tells the user to do; [`None`](Remedy::None) changes nothing.
    ///
    /// # Panics
    /// If the design is another one, without the tiles that the remedy names.
    pub fn apply(&self, design: &mut Design) {
        fn tile<'a>(design: &'a mut Design, name: &str) -> &'a mut Tile {
            let index = design.tile(name).unwrap_or_else(|| panic!("the design has no tile `{name}`"));
            &mut design.tiles[index]
        }
        match self {
            Remedy::Move { tile: name, to } => tile(design, name).at = *to,
            Remedy::Place { columns, rows, tiles } => {
                (design.columns, design.rows) = (*columns, *rows);
                tiles.iter().for_each(|(name, at)| tile(design, name).at = *at);
            }
            Remedy::Buffer { tile: name, flits } => tile(design, name).buffer = *flits,
            Remedy::Queue { tiles, flits } => tiles.iter().for_each(|name| tile(design, name).queue = *flits),
            Remedy::None => {}
        }
    }
}

fn is_free_of_deadlock(design: &Design) -> bool {
    [Network::Data, Network::Control].into_iter().all(|network| !graph(design, network).is_cyclic())
}

/// The free place for one tile with the fewest hops.
///
/// Only where the topology gives all coordinates: else the others would be placed anew with it.
fn move_one(design: &Design) -> Option<Remedy> {
    if !design.tiles.iter().all(|tile| tile.pinned) {
        return None;
    }
    let places = (0..design.rows).flat_map(|y| (0..design.columns).map(move |x| Coordinate { x, y }));
    let free: Vec<Coordinate> = places.filter(|at| design.tile_at(*at).is_none()).collect();
    let mut best: Option<(u32, usize, Coordinate)> = None;
    let mut trial = design.clone();
    for tile in 0..design.tiles.len() {
        for &to in &free {
            trial.tiles[tile].at = to;
            let hops = trial.hops();
            if best.is_none_or(|best| hops < best.0) && is_free_of_deadlock(&trial) {
                best = Some((hops, tile, to));
            }
        }
        trial.tiles[tile].at = design.tiles[tile].at;
    }
    best.map(|(_, tile, to)| Remedy::Move { tile: design.tiles[tile].name.clone(), to })
}

/// All tiles anew: in the same mesh, else in one of the tool's choice.
fn place_again(design: &Design) -> Option<Remedy> {
    let mut trial = design.clone();
    trial.tiles.iter_mut().for_each(|tile| tile.pinned = false);
    [Some((design.columns, design.rows)), None].into_iter().find_map(|mesh| {
        place::place(&mut trial, mesh);
        is_free_of_deadlock(&trial).then(|| Remedy::Place {
            columns: trial.columns,
            rows: trial.rows,
            tiles: trial.tiles.iter().map(|tile| (tile.name.clone(), tile.at)).collect(),
        })
    })
}

fn buffer(design: &Design, waiting: &[usize]) -> Option<Remedy> {
    waiting.iter().find_map(|&tile| {
        let flits = flits_under_way(design, tile).and_then(|flits| u32::try_from(flits).ok())?;
        let mut trial = design.clone();
        trial.tiles[tile].buffer = Some(flits).filter(|flits| *flits <= 4096)?;
        is_free_of_deadlock(&trial).then(|| Remedy::Buffer { tile: design.tiles[tile].name.clone(), flits })
    })
}

/// One tile of the cycle; if no single one helps, one after the other of all that may drop.
fn queue(design: &Design, waiting: &[usize]) -> Option<Remedy> {
    let largest = design.chains.iter().map(|chain| design.flits(chain.max_message)).max()?;
    let flits = (2 * largest).next_power_of_two();
    let with_queues = |tiles: &[usize]| {
        let mut trial = design.clone();
        tiles.iter().for_each(|&tile| trial.tiles[tile].queue = flits);
        is_free_of_deadlock(&trial).then(|| Remedy::Queue {
            tiles: tiles.iter().map(|&tile| design.tiles[tile].name.clone()).collect(),
            flits,
        })
    };
    let may_drop = |tile: &usize| design.tiles[*tile].shape.may_drop;
    if let Some(remedy) = waiting.iter().copied().filter(may_drop).find_map(|tile| with_queues(&[tile])) {
        return Some(remedy);
    }
    // All that receive and may drop; then those that are not needed, the ones beside the cycle first, go again.
    let waits = super::waits(design, Network::Data);
    let receives: Vec<usize> = design.connections().iter().map(|connection| connection.to).collect();
    let others = (0..waits.len()).filter(|tile| waits[*tile] && receives.contains(tile) && !waiting.contains(tile));
    let mut chosen: Vec<usize> = waiting.iter().copied().chain(others).filter(may_drop).collect();
    with_queues(&chosen)?;
    for index in (0..chosen.len()).rev() {
        let tile = chosen.remove(index);
        if with_queues(&chosen).is_none() {
            chosen.insert(index, tile);
        }
    }
    with_queues(&chosen)
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Remedy::Move { tile, to } => {
                write!(f, "`at = [{}, {}]` for `{tile}` (tried: no cycle is left)", to.x, to.y)
            }
            Remedy::Place { columns, rows, tiles } => {
                write!(f, "`mesh = [{columns}, {rows}]` with these places (tried: no cycle is left):")?;
                tiles.iter().try_for_each(|(tile, at)| write!(f, "\n    `{tile}` at = [{}, {}]", at.x, at.y))
            }
            Remedy::Buffer { tile, flits } => {
                write!(
                    f,
                    "`buffer = {flits}` for `{tile}`: it holds all that can be under way (tried: no cycle is left)"
                )
            }
            Remedy::Queue { tiles, flits } => {
                let names = crate::error::list(tiles);
                write!(
                    f,
                    "`queue = {flits}` for {names}: messages are dropped when it is full (tried: no cycle is left)"
                )
            }
            Remedy::None => {
                f.write_str("none was found: no other places help, and the tiles that wait may not drop messages")
            }
        }
    }
}
