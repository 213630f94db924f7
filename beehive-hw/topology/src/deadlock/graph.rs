//! The resource-dependency graph of one physical network.
//!
//! ```text
//!   inject a --> link --> link --> eject b --> input b --> inject b --> ...
//!                  ^                              |
//!                  another message holds it       only if the input of b waits for its output
//! ```
//!
//! A node is a resource that holds flits of one message at a time; an edge says that a message which
//! holds the one may wait for the other. A wormhole holds a chain of them, so a cycle is a deadlock
//! that can happen; without a cycle none can (Dally and Seitz, 1987).

use crate::design::Connection;
use crate::mesh::{Coordinate, Direction, Link, route};
use serde::Serialize;

/// A resource for which messages wait.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// From the tile of that index into its router.
    Inject(usize),
    /// Between routers.
    Link(Link),
    /// From a router to its tile.
    Eject(usize),
    /// The input of the tile.
    Input(usize),
}

/// Who sends to whom, where they are, and whose input waits for its output.
pub(crate) struct Traffic<'a> {
    pub columns: u32,
    pub at: &'a [Coordinate],
    pub connections: &'a [Connection],
    pub waits: &'a [bool],
}

/// An edge: who holds `from` may wait for `to`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    from: u32,
    to: u32,
    /// Index of the connection whose messages do so; of the waiting input itself, `NOBODY`.
    by: u32,
}

const NOBODY: u32 = u32::MAX;

/// The graph. Nodes are numbered: injections, inputs, ejections by tile, then the links by router.
pub struct Graph {
    tiles: u32,
    columns: u32,
    edges: Vec<Edge>,
    /// Where the edges of each node begin.
    starts: Vec<u32>,
}

impl Graph {
    pub(crate) fn new(traffic: &Traffic) -> Self {
        let tiles = traffic.at.len() as u32;
        let mut graph = Graph { tiles, columns: traffic.columns, edges: Vec::with_capacity(128), starts: Vec::new() };
        for (by, connection) in traffic.connections.iter().enumerate() {
            let mut held = connection.from as u32;
            let mut wait = |graph: &mut Graph, node: u32| {
                graph.edges.push(Edge { from: held, to: node, by: by as u32 });
                held = node;
            };
            for link in route(traffic.at[connection.from], traffic.at[connection.to]) {
                let node = graph.link(link);
                wait(&mut graph, node);
            }
            wait(&mut graph, 2 * tiles + connection.to as u32);
            wait(&mut graph, tiles + connection.to as u32);
        }
        for tile in (0..tiles).filter(|&tile| traffic.waits[tile as usize]) {
            graph.edges.push(Edge { from: tiles + tile, to: tile, by: NOBODY });
        }
        graph.edges.sort_unstable();
        graph.edges.dedup();
        let nodes = graph.edges.iter().map(|edge| edge.from.max(edge.to) + 1).max().unwrap_or(0);
        let mut next = 0;
        for node in 0..=nodes {
            while graph.edges.get(next).is_some_and(|edge| edge.from < node) {
                next += 1;
            }
            graph.starts.push(next as u32);
        }
        graph
    }

    fn link(&self, link: Link) -> u32 {
        3 * self.tiles + (link.from.y * self.columns + link.from.x) * 4 + link.towards as u32
    }

    fn node_count(&self) -> usize {
        self.starts.len() - 1
    }

    fn edges(&self, node: u32) -> &[Edge] {
        &self.edges[self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize]
    }

    fn channel(&self, node: u32) -> Channel {
        let tile = (node % self.tiles.max(1)) as usize;
        match node / self.tiles.max(1) {
            0 => Channel::Inject(tile),
            1 => Channel::Input(tile),
            2 => Channel::Eject(tile),
            _ => {
                let link = node - 3 * self.tiles;
                let from = Coordinate { x: link / 4 % self.columns, y: link / 4 / self.columns };
                Channel::Link(Link { from, towards: Direction::ALL[(link % 4) as usize] })
            }
        }
    }

    fn node(&self, channel: Channel) -> u32 {
        match channel {
            Channel::Inject(tile) => tile as u32,
            Channel::Input(tile) => self.tiles + tile as u32,
            Channel::Eject(tile) => 2 * self.tiles + tile as u32,
            Channel::Link(link) => self.link(link),
        }
    }

    /// The resources and for which others who holds them may wait, without doubles.
    pub fn dependencies(&self) -> Vec<(Channel, Channel)> {
        let mut pairs: Vec<_> = self.edges.iter().map(|e| (self.channel(e.from), self.channel(e.to))).collect();
        pairs.dedup();
        pairs
    }

    /// Whether a set of messages can wait for each other for ever.
    pub fn is_cyclic(&self) -> bool {
        // Kahn: take away what nobody waits for until nothing is left, or a cycle.
        let mut waiters = vec![0u32; self.node_count()];
        self.edges.iter().for_each(|edge| waiters[edge.to as usize] += 1);
        let mut free: Vec<u32> = (0..self.node_count() as u32).filter(|&node| waiters[node as usize] == 0).collect();
        let mut taken = 0;
        while let Some(node) = free.pop() {
            taken += 1;
            for edge in self.edges(node) {
                waiters[edge.to as usize] -= 1;
                if waiters[edge.to as usize] == 0 {
                    free.push(edge.to);
                }
            }
        }
        taken < self.node_count()
    }

    /// A cycle with the fewest resources, beginning at an injection; the same one every time.
    pub fn shortest_cycle(&self) -> Option<Vec<Channel>> {
        // Links alone cannot form a cycle when messages travel along x first: every cycle has an injection.
        let mut shortest: Option<Vec<u32>> = None;
        for start in 0..self.tiles.min(self.node_count() as u32) {
            if let Some(cycle) = self.cycle_through(start)
                && shortest.as_ref().is_none_or(|shortest| cycle.len() < shortest.len())
            {
                shortest = Some(cycle);
            }
        }
        shortest.map(|nodes| nodes.into_iter().map(|node| self.channel(node)).collect())
    }

    /// Breadth first from the node back to itself.
    fn cycle_through(&self, start: u32) -> Option<Vec<u32>> {
        let mut came_from = vec![NOBODY; self.node_count()];
        let mut queue = std::collections::VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            for edge in self.edges(node) {
                if edge.to == start {
                    let mut cycle = vec![node];
                    while *cycle.last().expect("not empty") != start {
                        cycle.push(came_from[cycle[cycle.len() - 1] as usize]);
                    }
                    cycle.reverse();
                    return Some(cycle);
                }
                if came_from[edge.to as usize] == NOBODY {
                    came_from[edge.to as usize] = node;
                    queue.push_back(edge.to);
                }
            }
        }
        None
    }

    /// Indices of the connections whose messages hold the one resource and wait for the other.
    pub(crate) fn holders(&self, held: Channel, awaited: Channel) -> Vec<usize> {
        let to = self.node(awaited);
        let edges = self.edges(self.node(held)).iter();
        edges.filter(|edge| edge.to == to && edge.by != NOBODY).map(|edge| edge.by as usize).collect()
    }
}
