//! The mesh and its generators as a program: cycle by cycle, node by node.

use beehive_designs::generator::PACKET;
use beehive_designs::mesh::{Mesh, seed};
use std::collections::VecDeque;

const LOCAL: usize = 0;
const NORTH: usize = 1;
const SOUTH: usize = 2;
const EAST: usize = 3;
const WEST: usize = 4;

/// A flit, by what it was made from.
#[derive(Clone, Copy)]
struct Flit {
    /// Flits sent before it by its node.
    sequence: u32,
    /// Where to, if it is a head.
    to: Option<(u32, u32)>,
    tail: bool,
}

impl Flit {
    /// Exclusive or of its lanes.
    fn fold(self, width: u32) -> u32 {
        let lane = |k: u32| self.sequence.wrapping_add(k);
        let plain = (0..width / 32).fold(0, |sum, k| sum ^ lane(k));
        match self.to {
            Some((x, y)) => plain ^ (lane(0) & 0xff) ^ (x | y << 4),
            None => plain,
        }
    }
}

/// What the outputs of a node show.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Counts {
    pub sent: u32,
    pub received: u32,
    pub checksum: u32,
}

#[derive(Clone, Default)]
struct Node {
    random: u32,
    active: bool,
    index: u32,
    counts: Counts,
    queues: [VecDeque<Flit>; 5],
    /// The queue is inside a packet.
    body: [bool; 5],
    /// Per output: the queue whose packet is passing, and the one that comes first next.
    owner: [Option<usize>; 5],
    first: [usize; 5],
}

pub struct Model {
    mesh: Mesh,
    nodes: Vec<Node>,
}

impl Model {
    pub fn new(mesh: Mesh) -> Model {
        let nodes = (0..mesh.nodes()).map(|i| Node { random: seed(i), ..Node::default() }).collect();
        Model { mesh, nodes }
    }

    pub fn counts(&self, node: u32) -> Counts {
        self.nodes[node as usize].counts
    }

    /// Over all nodes: the sums, and the exclusive or of the checksums.
    pub fn total(&self) -> Counts {
        self.nodes.iter().fold(Counts::default(), |sum, node| Counts {
            sent: sum.sent + node.counts.sent,
            received: sum.received + node.counts.received,
            checksum: sum.checksum ^ node.counts.checksum,
        })
    }

    /// Which output the first flit of a queue asks for.
    fn route(&self, node: usize, queue: usize) -> Option<usize> {
        if self.nodes[node].body[queue] {
            return None;
        }
        let (x, y) = self.nodes[node].queues[queue].front()?.to?;
        let (here_x, here_y) = (node as u32 % self.mesh.columns, node as u32 / self.mesh.columns);
        Some(match (x.cmp(&here_x), y.cmp(&here_y)) {
            (std::cmp::Ordering::Greater, _) => EAST,
            (std::cmp::Ordering::Less, _) => WEST,
            (_, std::cmp::Ordering::Greater) => SOUTH,
            (_, std::cmp::Ordering::Less) => NORTH,
            _ => LOCAL,
        })
    }

    /// The queue at the far end of an output.
    fn beyond(&self, node: usize, output: usize) -> (usize, usize) {
        match output {
            NORTH => (node - self.mesh.columns as usize, SOUTH),
            SOUTH => (node + self.mesh.columns as usize, NORTH),
            EAST => (node + 1, WEST),
            _ => (node - 1, EAST),
        }
    }

    pub fn step(&mut self, rate: u32) {
        let full = |node: &Node, queue: usize| node.queues[queue].len() == self.mesh.depth as usize;
        // All decisions are taken on the state before the clock edge.
        let mut moves = vec![];
        for (i, node) in self.nodes.iter().enumerate() {
            for output in 0..5 {
                let turn = (0..5).map(|k| (node.first[output] + k) % 5);
                let grant = node.owner[output].or_else(|| turn.into_iter().find(|q| self.route(i, *q) == Some(output)));
                let Some(queue) = grant.filter(|queue| !node.queues[*queue].is_empty()) else { continue };
                let to = (output != LOCAL).then(|| self.beyond(i, output));
                if to.is_none_or(|(j, q)| !full(&self.nodes[j], q)) {
                    moves.push((i, queue, output, to));
                }
            }
        }
        let sends: Vec<bool> = self.nodes.iter().map(|node| node.active && !full(node, LOCAL)).collect();

        for (i, queue, output, to) in moves {
            let node = &mut self.nodes[i];
            let flit = node.queues[queue].pop_front().expect("looked at above");
            node.body[queue] = !flit.tail;
            node.owner[output] = (!flit.tail).then_some(queue);
            node.first[output] = (queue + 1) % 5;
            match to {
                Some((j, q)) => self.nodes[j].queues[q].push_back(flit),
                None => {
                    node.counts.received += 1;
                    node.counts.checksum = node.counts.checksum.rotate_left(1) ^ flit.fold(self.mesh.width);
                }
            }
        }
        for (node, sends) in self.nodes.iter_mut().zip(sends) {
            node.generate(&self.mesh, sends, rate);
        }
    }
}

impl Node {
    fn generate(&mut self, mesh: &Mesh, sends: bool, rate: u32) {
        let tail = self.index == PACKET - 1;
        if sends {
            let to = (self.index == 0)
                .then(|| (coordinate(self.random, mesh.columns), coordinate(self.random >> 4, mesh.rows)));
            self.queues[LOCAL].push_back(Flit { sequence: self.counts.sent, to, tail });
            self.counts.sent += 1;
            self.index = (self.index + 1) % PACKET;
        }
        if !self.active || (sends && tail) {
            self.active = (self.random >> 8 & 0xff) < rate;
            let bit = |i: u32| self.random >> i & 1;
            self.random = self.random << 1 | (bit(31) ^ bit(21) ^ bit(1) ^ bit(0));
        }
    }
}

fn coordinate(random: u32, n: u32) -> u32 {
    let drawn = random % n.next_power_of_two();
    if drawn >= n { drawn - n } else { drawn }
}
