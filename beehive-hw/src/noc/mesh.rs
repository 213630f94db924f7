//! The mesh: routers and the links between them.

use super::router::{Router, router};
use super::{COORDINATE_BITS, Side};
use beehive_hdl::blocks::Beat;
use beehive_hdl::prelude::*;

/// Parameters of [`mesh`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Mesh {
    /// Routers along x, 1 to 16.
    pub columns: u32,
    /// Routers along y, 1 to 16.
    pub rows: u32,
    /// Data bits of a flit.
    pub width: u32,
    /// Flits in the FIFO of each router input.
    pub depth: u32,
    /// Count flits and stalls of every link.
    pub counters: bool,
}

/// The mesh. For each place (x, y): stream `in_<x>_<y>` from the tile, `out_<x>_<y>` to it; output `lost`, high
/// for a cycle when a message was dropped for want of a route. With counters, the outputs
/// `<side>_flits_<x>_<y>`, `<side>_stalls_<x>_<y>` and `lost_messages_<x>_<y>` of each router.
#[hw]
pub fn mesh(p: Mesh) -> Def {
    module(p, |p| {
        let fits = |n: u32| (1..=1 << COORDINATE_BITS).contains(&n);
        require(
            fits(p.columns) && fits(p.rows) && p.columns * p.rows > 1,
            || format!("a mesh of {} x {}", p.columns, p.rows),
            "give 1 to 16 columns and rows, and two places or more",
        );
        let places: Vec<(u32, u32)> = (0..p.rows).flat_map(|y| (0..p.columns).map(move |x| (x, y))).collect();
        let neighbour = |(x, y): (u32, u32), side: Side| match side {
            Side::North if y > 0 => Some((x, y - 1)),
            Side::South if y + 1 < p.rows => Some((x, y + 1)),
            Side::East if x + 1 < p.columns => Some((x + 1, y)),
            Side::West if x > 0 => Some((x - 1, y)),
            _ => None,
        };
        let mut routers: Vec<Inst> = vec![];
        for &(x, y) in &places {
            let exists = |side: &Side| *side == Side::Local || neighbour((x, y), *side).is_some();
            let sides = Side::ALL.into_iter().filter(exists).map(|side| 1u32 << side as u32).sum::<u32>();
            let def = router(Router { width: p.width, depth: p.depth, sides, counters: p.counters });
            let node = instance(&format!("router_{x}_{y}"), &def);
            node.connect("here_x", lit(COORDINATE_BITS, x.into())).connect("here_y", lit(COORDINATE_BITS, y.into()));
            routers.push(node);
        }
        let at = |(x, y): (u32, u32)| &routers[(y * p.columns + x) as usize];
        for &(x, y) in &places {
            let node = at((x, y));
            node.feed("local_in", Stream::<Beat>::input(&format!("in_{x}_{y}"), p.width));
            node.stream::<Beat>("local_out", p.width).to(Sink::output(&format!("out_{x}_{y}"), p.width));
            for side in &Side::ALL[1..] {
                if let Some(there) = neighbour((x, y), *side) {
                    let from = format!("{}_out", side.name());
                    let to = format!("{}_in", side.opposite().name());
                    at(there).feed(&to, node.stream::<Beat>(&from, p.width));
                }
            }
            if p.counters {
                output(&format!("lost_messages_{x}_{y}"), 32).set(node.out("lost_messages"));
                for side in Side::ALL {
                    if side == Side::Local || neighbour((x, y), side).is_some() {
                        for what in ["flits", "stalls"] {
                            let name = format!("{}_{what}", side.name());
                            output(&format!("{name}_{x}_{y}"), 32).set(node.out(&name));
                        }
                    }
                }
            }
        }
        let lost = cat(routers.iter().map(|node| node.out("lost")));
        output("lost", 1).set(lost.any());
    })
}
