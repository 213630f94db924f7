//! Where the tiles go: short chains, and no cycle in the dependency graph.
//!
//! Simulated annealing over exchanges of two places, from fixed seeds, in the smallest meshes that
//! hold the tiles. Tiles with coordinates stay. The same design is placed the same way every time.
//!
//! One more start is placed in layers: where every connection between inputs that may wait leads
//! east, no cycle can be, since messages travel along x first. It helps where many replicas send to
//! many, and chance finds nothing.

use crate::deadlock::{Graph, Network, Traffic, connections, waits};
use crate::design::{Connection, Design};
use crate::mesh::{Coordinate, MAX_SIDE};
use fastrand::Rng;
use std::collections::BTreeMap;

const SEED: u64 = 7;
/// Attempts from different starts in each mesh.
const STARTS: usize = 3;
/// Meshes tried when the design does not say which.
const MESHES: usize = 4;
/// Edges of the graph looked at from each start, about.
const EFFORT: usize = 1_000_000;
/// How much a hop of the first chain counts: it is what the card is for.
const FIRST_CHAIN: i64 = 4;
/// What a cycle costs, in hops: more than it takes to avoid one.
const CYCLE_COST: i64 = 1000;

/// Gives every tile that is not pinned a place, and the design its mesh.
///
/// A design for which no placement without a cycle is found gets the best with one.
pub(crate) fn place(design: &mut Design, mesh: Option<(u32, u32)>) {
    let layers = layers(design);
    let layered_mesh = layers.as_ref().and_then(|layers| layered_mesh(layers, mesh));
    let mut meshes = mesh.map_or_else(|| meshes(design), |mesh| vec![mesh]);
    if let Some(mesh) = layered_mesh.filter(|mesh| !meshes.contains(mesh)) {
        meshes.push(mesh);
    }
    let mut best: Option<(i64, (u32, u32), Vec<Coordinate>)> = None;
    for (columns, rows) in meshes {
        let placer = Placer::new(design, columns, rows);
        let shortest: i64 = placer.weights.iter().sum();
        let layered = layers.as_ref().and_then(|layers| in_layers(layers, columns, rows));
        let starts = (0..STARTS).map(|_| None).chain(layered.map(Some));
        for (number, start) in starts.enumerate() {
            // A router without a tile costs as much as a hop.
            let area = i64::from(columns * rows);
            if best.as_ref().is_some_and(|best| best.0 <= shortest + area) {
                break;
            }
            let (cost, at) = placer.anneal(SEED + number as u64, start);
            if best.as_ref().is_none_or(|best| cost + area < best.0) {
                best = Some((cost + area, (columns, rows), at));
            }
        }
    }
    let (_, (columns, rows), at) = best.expect("at least one mesh");
    (design.columns, design.rows) = (columns, rows);
    design.tiles.iter_mut().zip(at).for_each(|(tile, at)| tile.at = at);
}

/// Tiles by their longest way from a start, if there is one for all: no coordinates given, no tiles in a ring.
///
/// What a sinking tile sends on begins anew: it waits for nobody.
fn layers(design: &Design) -> Option<Vec<Vec<usize>>> {
    if design.tiles.iter().any(|tile| tile.pinned) {
        return None;
    }
    let (connections, waits) = (connections(design, Network::Data), waits(design, Network::Data));
    let mut layer = vec![0; design.tiles.len()];
    for round in 0.. {
        let mut changed = false;
        for &Connection { from, to } in &connections {
            if waits[to] && layer[to] <= layer[from] {
                layer[to] = layer[from] + 1;
                changed = true;
            }
        }
        if !changed {
            break;
        }
        if round > design.tiles.len() {
            return None;
        }
    }
    // Tiles that take everything stand east of all others.
    let last = layer.iter().max().map_or(0, |last| last + 1);
    let sent_to = |tile: usize| connections.iter().any(|connection| connection.to == tile);
    (0..layer.len()).filter(|&tile| !waits[tile] && sent_to(tile)).for_each(|tile| layer[tile] = last);
    let mut layers = vec![Vec::new(); last + 1];
    layer.iter().enumerate().for_each(|(tile, layer)| layers[*layer].push(tile));
    Some(layers)
}

fn layered_columns(layers: &[Vec<usize>], rows: u32) -> u32 {
    layers.iter().map(|layer| (layer.len() as u32).div_ceil(rows)).sum()
}

/// The smallest mesh for the layers.
fn layered_mesh(layers: &[Vec<usize>], mesh: Option<(u32, u32)>) -> Option<(u32, u32)> {
    if mesh.is_some() {
        return mesh;
    }
    let meshes = (1..=MAX_SIDE).map(|rows| (layered_columns(layers, rows), rows));
    meshes.filter(|(columns, _)| *columns <= MAX_SIDE).min_by_key(|(columns, rows)| columns * rows)
}

/// Every layer in columns of its own, from west to east.
fn in_layers(layers: &[Vec<usize>], columns: u32, rows: u32) -> Option<Vec<Coordinate>> {
    if layered_columns(layers, rows) > columns {
        return None;
    }
    let mut at = vec![Coordinate::new(0, 0); layers.iter().map(Vec::len).sum()];
    let mut x = 0;
    for layer in layers {
        for column in layer.chunks(rows as usize) {
            column.iter().zip(0..).for_each(|(&tile, y)| at[tile] = Coordinate { x, y });
            x += 1;
        }
    }
    Some(at)
}

/// The smallest meshes that hold the tiles and all given coordinates, nearly square ones first.
fn meshes(design: &Design) -> Vec<(u32, u32)> {
    let tiles = design.tiles.len() as u32;
    let pinned = || design.tiles.iter().filter(|tile| tile.pinned);
    let least_columns = pinned().map(|tile| tile.at.x + 1).max().unwrap_or(1);
    let least_rows = pinned().map(|tile| tile.at.y + 1).max().unwrap_or(1);
    let mut meshes: Vec<(u32, u32)> = (least_rows..=MAX_SIDE)
        .map(|rows| (tiles.div_ceil(rows).max(least_columns), rows))
        .filter(|(columns, _)| *columns <= MAX_SIDE)
        .collect();
    // One that leaves room, for designs that need it.
    let side = |least: u32| (least.max((tiles as f64).sqrt().ceil() as u32) + 1).min(MAX_SIDE);
    let roomy = (side(least_columns), side(least_rows));
    meshes.sort_by_key(|(columns, rows)| (columns * rows, columns.abs_diff(*rows), *rows));
    meshes.truncate(MESHES);
    if !meshes.contains(&roomy) {
        meshes.push(roomy);
    }
    meshes
}

struct Placer {
    columns: u32,
    rows: u32,
    connections: Vec<Connection>,
    /// How many chains use each connection.
    weights: Vec<i64>,
    waits: Vec<bool>,
    fixed: Vec<Option<Coordinate>>,
    /// Connections of each tile, by index.
    of_tile: Vec<Vec<usize>>,
}

impl Placer {
    fn new(design: &Design, columns: u32, rows: u32) -> Self {
        let connections = connections(design, Network::Data);
        let mut uses: BTreeMap<Connection, i64> = BTreeMap::new();
        for (number, chain) in design.chains.iter().enumerate() {
            let weight = if number == 0 { FIRST_CHAIN } else { 1 };
            for pair in chain.path.windows(2) {
                for &from in &pair[0] {
                    pair[1].iter().for_each(|&to| *uses.entry(Connection { from, to }).or_default() += weight);
                }
            }
        }
        let weights = connections.iter().map(|connection| uses.get(connection).copied().unwrap_or(1)).collect();
        let touches = |tile: usize| {
            let touching = connections.iter().enumerate().filter(move |(_, c)| c.from == tile || c.to == tile);
            touching.map(|(index, _)| index).collect()
        };
        Placer {
            columns,
            rows,
            of_tile: (0..design.tiles.len()).map(touches).collect(),
            weights,
            waits: waits(design, Network::Data),
            fixed: design.tiles.iter().map(|tile| tile.pinned.then_some(tile.at)).collect(),
            connections,
        }
    }

    /// Cost and places after one annealing, from places at random or from given ones, which only get better.
    fn anneal(&self, seed: u64, start: Option<Vec<Coordinate>>) -> (i64, Vec<Coordinate>) {
        let mut rng = Rng::with_seed(seed);
        let cells = || (0..self.rows).flat_map(|y| (0..self.columns).map(move |x| Coordinate { x, y }));
        // Free places, tiles first: an exchange swaps two entries.
        let mut places: Vec<Coordinate> = cells().filter(|cell| !self.fixed.contains(&Some(*cell))).collect();
        let movable: Vec<usize> = (0..self.fixed.len()).filter(|&tile| self.fixed[tile].is_none()).collect();
        rng.shuffle(&mut places);
        let heat = if start.is_some() { 0.0 } else { 4.0 };
        if let Some(start) = start {
            // The places of the tiles come first, in the tiles' order.
            places.sort_by_key(|place| start.iter().position(|at| at == place).unwrap_or(start.len()));
        }
        let mut at: Vec<Coordinate> = self.fixed.iter().map(|fixed| fixed.unwrap_or(Coordinate::new(0, 0))).collect();
        movable.iter().zip(&places).for_each(|(&tile, place)| at[tile] = *place);

        let mut hops: i64 = (0..self.connections.len()).map(|connection| self.hops(&at, connection)).sum();
        let mut cyclic = self.is_cyclic(&at);
        let cost = |hops: i64, cyclic: bool| hops + if cyclic { CYCLE_COST } else { 0 };
        let mut best = (cost(hops, cyclic), at.clone());
        if movable.is_empty() || places.len() < 2 {
            return best;
        }
        let edges = 6 * self.connections.len() + self.fixed.len();
        let steps = (EFFORT / edges).min(400 * movable.len());
        for step in 0..steps {
            let temperature = heat * (1.0 - step as f64 / steps as f64).powi(2) + 0.05;
            let (a, b) = (rng.usize(..movable.len()), rng.usize(..places.len()));
            let threshold = -temperature * rng.f64().max(1e-9).ln();
            if a == b {
                continue;
            }
            let exchanged = [Some((movable[a], a)), movable.get(b).map(|tile| (*tile, b))];
            let mut exchange = |at: &mut [Coordinate]| {
                places.swap(a, b);
                exchanged.iter().flatten().for_each(|&(tile, slot)| at[tile] = places[slot]);
            };
            let before = self.hops_of(&at, a, b, &movable);
            exchange(&mut at);
            let new_hops = hops + self.hops_of(&at, a, b, &movable) - before;
            // The graph is only built where the hops alone do not forbid the exchange.
            let allowed = |new_cyclic| (cost(new_hops, new_cyclic) - cost(hops, cyclic)) as f64 <= threshold;
            let new_cyclic = if allowed(false) { self.is_cyclic(&at) } else { true };
            if !allowed(new_cyclic) {
                exchange(&mut at);
                continue;
            }
            (hops, cyclic) = (new_hops, new_cyclic);
            if cost(hops, cyclic) < best.0 {
                best = (cost(hops, cyclic), at.clone());
            }
        }
        best
    }

    fn hops(&self, at: &[Coordinate], connection: usize) -> i64 {
        let Connection { from, to } = self.connections[connection];
        self.weights[connection] * i64::from(at[from].distance(at[to]))
    }

    /// Hops of all connections of the movable tiles number `a` and, if there is one, `b`.
    fn hops_of(&self, at: &[Coordinate], a: usize, b: usize, movable: &[usize]) -> i64 {
        let first = &self.of_tile[movable[a]];
        let second = movable.get(b).map_or(&[][..], |tile| &self.of_tile[*tile]);
        let others = second.iter().filter(|connection| !first.contains(connection));
        first.iter().chain(others).map(|&connection| self.hops(at, connection)).sum()
    }

    fn is_cyclic(&self, at: &[Coordinate]) -> bool {
        let traffic = Traffic { columns: self.columns, at, connections: &self.connections, waits: &self.waits };
        Graph::new(&traffic).is_cyclic()
    }
}
