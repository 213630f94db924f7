//! A mesh of routers, bare and with a traffic generator at every node.
//!
//! ```text
//!   generator  generator          node i stands at x = i % columns, y = i / columns
//!       |          |
//!    router --- router --- ...
//!       |          |
//!    router --- router --- ...
//! ```

use crate::generator::{Generator, generator};
use crate::router::{COORDINATE_BITS, Flit, Port, Router, router};
use beehive_hdl::prelude::*;

/// Parameters of [`mesh`] and [`fabric`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Mesh {
    /// Payload bits of a flit.
    pub width: u32,
    /// Nodes along x, at most 16.
    pub columns: u32,
    /// Nodes along y, at most 16.
    pub rows: u32,
    /// Flits in an input FIFO: a power of two.
    pub depth: u32,
}

impl Mesh {
    /// The mesh of the benchmark: 4x4, FIFOs of 4 flits.
    pub fn benchmark(width: u32) -> Mesh {
        Mesh { width, columns: 4, rows: 4, depth: 4 }
    }

    /// Number of nodes.
    pub fn nodes(&self) -> u32 {
        self.columns * self.rows
    }

    /// The node on that side of `node`.
    fn neighbour(&self, node: u32, side: Port) -> Option<u32> {
        let (x, y) = (node % self.columns, node / self.columns);
        match side {
            Port::North if y > 0 => Some(node - self.columns),
            Port::South if y + 1 < self.rows => Some(node + self.columns),
            Port::East if x + 1 < self.columns => Some(node + 1),
            Port::West if x > 0 => Some(node - 1),
            _ => None,
        }
    }
}

/// What the generator of a node starts its random numbers from.
pub fn seed(node: u32) -> u32 {
    0xACE1_0001u32.wrapping_add(node * 7919)
}

/// The routers, all links between them made; their local ports are free.
fn grid(p: &Mesh) -> Vec<Inst> {
    let side = 1..=1 << COORDINATE_BITS;
    let fits = side.contains(&p.columns) && side.contains(&p.rows);
    require(fits, || format!("a mesh of {}x{}", p.columns, p.rows), "a side has 1 to 16 nodes");
    let def = router(Router { width: p.width, depth: p.depth });
    let routers: Vec<Inst> = (0..p.nodes()).map(|i| instance(&format!("router_{i}"), &def)).collect();
    for (i, router) in (0..).zip(&routers) {
        router.connect("here_x", lit(COORDINATE_BITS, u128::from(i % p.columns)));
        router.connect("here_y", lit(COORDINATE_BITS, u128::from(i / p.columns)));
        for side in [Port::North, Port::South, Port::East, Port::West] {
            let (into, out) = (format!("{}_in", side.name()), format!("{}_out", side.name()));
            match p.neighbour(i, side) {
                Some(j) => {
                    let link = routers[j as usize].stream::<Flit>(&format!("{}_out", side.opposite().name()), p.width);
                    router.feed(&into, link);
                }
                None => {
                    router.connect(&format!("{into}_valid"), 0);
                    router.connect(&format!("{into}_data"), Value::zero(p.width));
                    router.connect(&format!("{into}_tail"), 0);
                    router.connect(&format!("{out}_ready"), 0);
                }
            }
        }
    }
    routers
}

/// The bare mesh: streams `in_<node>` into and `out_<node>` out of it.
#[hw]
pub fn fabric(p: Mesh) -> Def {
    module(p, |p| {
        for (i, router) in grid(p).iter().enumerate() {
            router.feed("local_in", Stream::<Flit>::input(&format!("in_{i}"), p.width));
            router.stream::<Flit>("local_out", p.width).to(Sink::output(&format!("out_{i}"), p.width));
        }
    })
}

/// The mesh under random traffic.
///
/// Ports: `rate`, the probability in 1/256 that an idle generator starts a packet (0 to 256), and
/// per node the flits `sent_<node>` and `received_<node>` and the `checksum_<node>` of what it received.
#[hw]
pub fn mesh(p: Mesh) -> Def {
    module(p, |p| {
        let rate = input("rate", 9);
        let def = generator(Generator { width: p.width, columns: p.columns, rows: p.rows });
        for (i, router) in (0..).zip(grid(p)) {
            let node = instance(&format!("generator_{i}"), &def);
            node.connect("seed", seed(i)).connect("rate", rate);
            router.feed("local_in", node.stream::<Flit>("tx", p.width));
            node.feed("rx", router.stream::<Flit>("local_out", p.width));
            for what in ["sent", "received", "checksum"] {
                output(&format!("{what}_{i}"), 32).set(node.out(what));
            }
        }
    })
}
