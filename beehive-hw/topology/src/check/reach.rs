//! What can only be seen of all tiles together: unreachable tiles, empty tables, owners of the MAC.

use super::connect::reached;
use crate::design::Design;
use crate::draft::Draft;
use crate::error::{Collector, list};
use crate::kind::{Keys, Mac};

pub(super) fn check(draft: &Draft, design: &Design, problems: &mut Collector) {
    if design.tiles.is_empty() {
        problems.add(&draft.name.place, "the design has no tiles", "`[[tile]] name = \"...\"`");
    }
    let reached = reached(design);
    let sends_to: Vec<usize> = design.connections().iter().map(|connection| connection.to).collect();
    for (index, tile) in design.tiles.iter().enumerate() {
        if !reached[index] {
            let message = if sends_to.contains(&index) {
                format!(
                    "no message ever comes to `{}`: no chain from a tile that starts messages leads there",
                    tile.name
                )
            } else {
                format!("nobody sends to `{}`", tile.name)
            };
            problems.add(&tile.place, message, "a `[[chain]]` that leads to it, or remove the tile");
        }
        if tile.outputs.is_empty() && tile.shape.keys != Keys::Nothing && !tile.shape.control {
            let message = format!("the next-hop table of `{}` has no entry", tile.name);
            problems.add(&tile.place, message, "a `[[chain]]` that goes on from it");
        }
    }
    for (side, word) in [(Mac::Rx, "receives frames from"), (Mac::Tx, "sends frames to")] {
        let owners: Vec<_> = design.tiles.iter().filter(|tile| tile.shape.mac == Some(side)).collect();
        if let [_, .., last] = owners.as_slice() {
            let names: Vec<&str> = owners.iter().map(|tile| tile.name.as_str()).collect();
            let message = format!("more than one tile {word} the MAC: {}", list(&names));
            problems.add(&last.place, message, "one of them; replicate the tiles behind it");
        }
        if let ([owner, ..], None) = (owners.as_slice(), &design.address) {
            let message = format!("`{}` {word} the MAC, but the design has no address", owner.name);
            problems.add(&draft.name.place, message, "`[address]` with `mac` and `ip`");
        }
    }
    let asking: Vec<_> = design.tiles.iter().filter(|tile| tile.shape.control).collect();
    if let [_, .., last] = asking.as_slice() {
        let names: Vec<&str> = asking.iter().map(|tile| tile.name.as_str()).collect();
        let message = format!("more than one tile asks on the control network: {}", list(&names));
        problems.add(&last.place, message, "one of them");
    }
}
