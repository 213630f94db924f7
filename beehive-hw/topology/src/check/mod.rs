//! From what is written to a [`Design`]: every rule but freedom of deadlock, all violations at once.
//!
//! ```text
//!   draft --> card: width, mtu, addresses
//!         --> tiles: kinds, parameters, replicas      --> connections: chains, --> reach --> place
//!                                                         interposed tiles, keys
//! ```

mod card;
mod connect;
mod reach;
mod tiles;

use crate::design::Design;
use crate::draft::Draft;
use crate::error::{Collector, Problems};
use crate::kind::{Kind, Registry};
use crate::mesh::MAX_SIDE;
use crate::place;

pub(crate) fn check<K: Kind + ?Sized>(draft: &Draft, registry: &Registry<K>) -> Result<Design, Problems> {
    let mut problems = Collector::default();
    card::check(draft, &mut problems);
    let address = draft.address.as_ref().and_then(|address| card::address(address, &mut problems));
    let (tiles, groups) = tiles::expand(draft, registry, &mut problems);
    let mut design = Design {
        name: draft.name.value.clone(),
        width: draft.width.value,
        columns: 0,
        rows: 0,
        mtu: draft.mtu.value,
        header_flits: registry.header_flits(draft.width.value.max(1)),
        address,
        control: tiles.iter().position(|tile| tile.shape.control),
        tiles,
        chains: Vec::new(),
        place: draft.name.place.clone(),
    };
    if problems.is_empty() {
        for index in 0..design.tiles.len() {
            design.tiles[index].queue = design.queue_depth(design.tiles[index].queue);
        }
    }
    // What follows would only repeat the consequences of an unknown kind or a name that is there twice.
    if problems.is_empty() {
        connect::connect(draft, &groups, &mut design, &mut problems);
        if problems.is_empty() {
            reach::check(draft, &design, &mut problems);
            fits(&design, registry, &mut problems);
        }
    } else {
        connect::names(draft, &groups, &mut problems);
    }
    let limit = draft.mesh.as_ref().map_or(MAX_SIDE * MAX_SIDE, |mesh| mesh.value.0.saturating_mul(mesh.value.1));
    if design.tiles.len() as u32 > limit {
        let place = draft.mesh.as_ref().map_or(&draft.name.place, |mesh| &mesh.place);
        let message = format!("{} tiles do not fit into {limit} places", design.tiles.len());
        problems.add(place, message, "a larger `mesh` (at most 16 x 16), or fewer replicas");
    }
    if problems.is_empty() {
        place::place(&mut design, draft.mesh.as_ref().map(|mesh| mesh.value));
    }
    problems.finish(design)
}

/// Asks every tile's kind.
fn fits<K: Kind + ?Sized>(design: &Design, registry: &Registry<K>, problems: &mut Collector) {
    for tile in &design.tiles {
        let Some(kind) = registry.get(&tile.kind) else { continue };
        if let Err(misfit) = kind.fits(design, tile) {
            problems.add(&tile.place, misfit.message, misfit.remedy);
        }
    }
}
