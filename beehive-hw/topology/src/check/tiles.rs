//! Tiles: names, kinds, parameters, replicas, coordinates, queues.

use super::card::is_identifier;
use crate::design::{Policy, Tile};
use crate::draft::{Draft, TileDraft};
use crate::error::{Collector, Place, did_you_mean};
use crate::kind::{Kind, Params, Registry};
use crate::mesh::{Coordinate, MAX_SIDE};
use std::collections::BTreeMap;
use std::ops::Range;

/// Deepest queue or buffer, in flits.
const MAX_QUEUE: u32 = 65_536;

/// A tile of the text: one tile of the design, or its replicas.
pub(super) struct Group {
    pub members: Range<usize>,
    pub policy: Policy,
}

/// The tiles of the text by name.
pub(super) type Groups = BTreeMap<String, Group>;

/// Makes the tiles. Where no coordinate is given, it is (0, 0) and `pinned` is false.
pub(super) fn expand<K: Kind + ?Sized>(
    draft: &Draft,
    registry: &Registry<K>,
    problems: &mut Collector,
) -> (Vec<Tile>, Groups) {
    let mut tiles: Vec<Tile> = Vec::new();
    let mut groups = Groups::new();
    let mut taken: BTreeMap<Coordinate, String> = BTreeMap::new();
    let mut first: BTreeMap<&str, &Place> = BTreeMap::new();
    for tile in &draft.tiles {
        let name = &tile.name;
        if !is_identifier(&name.value) {
            let message = format!("the tile's name `{}` is not an identifier", name.value);
            problems.add(&name.place, message, "lower-case letters, digits and `_`, a letter first");
        }
        if let Some(place) = first.insert(&name.value, &name.place) {
            let message = format!("there are two tiles `{}`, the other in {place}", name.value);
            problems.add(&name.place, message, "another name, or `replicas`");
            continue;
        }
        let start = tiles.len();
        let count = replicas(tile, problems);
        let positions = positions(draft, tile, count, &mut taken, problems);
        if let Some(made) = shape(draft, tile, registry, problems) {
            for index in 0..count {
                let name = if count > 1 { format!("{}.{index}", name.value) } else { name.value.clone() };
                let at = positions.get(index as usize).copied();
                tiles.push(Tile {
                    name,
                    at: at.unwrap_or(Coordinate::new(0, 0)),
                    pinned: at.is_some(),
                    ..made.clone()
                });
            }
        }
        let policy = match &tile.policy {
            _ if count == 1 => Policy::Single,
            Some(policy) => policy.value,
            None => Policy::FlowHash,
        };
        groups.insert(name.value.clone(), Group { members: start..tiles.len(), policy });
    }
    (tiles, groups)
}

fn replicas(tile: &TileDraft, problems: &mut Collector) -> u32 {
    let count = tile.replicas.as_ref().map_or(1, |count| count.value);
    let limit = MAX_SIDE * MAX_SIDE;
    if let Some(given) = tile.replicas.as_ref().filter(|given| !(1..=limit).contains(&given.value)) {
        problems.add(&given.place, format!("{} replicas", given.value), format!("from 1 to {limit}"));
    }
    if let (1, Some(policy)) = (count, &tile.policy) {
        let message = format!("`{}` has a policy, but no replicas", tile.name.value);
        problems.add(&policy.place, message, "`replicas = 2` or more, or no `policy`");
    }
    count.clamp(1, limit)
}

fn positions(
    draft: &Draft,
    tile: &TileDraft,
    count: u32,
    taken: &mut BTreeMap<Coordinate, String>,
    problems: &mut Collector,
) -> Vec<Coordinate> {
    let Some(at) = &tile.at else { return Vec::new() };
    if at.value.len() != count as usize {
        let message = format!("`{}` has {} coordinates for {count} tiles", tile.name.value, at.value.len());
        problems.add(&at.place, message, "one `[column, row]` for each replica, or none at all");
    }
    let (columns, rows) = draft.mesh.as_ref().map_or((MAX_SIDE, MAX_SIDE), |mesh| mesh.value);
    for position in &at.value {
        if position.x >= columns || position.y >= rows {
            let message = format!("`{}` at {position} is outside the mesh", tile.name.value);
            let remedy = format!("columns from 0 to {}, rows from 0 to {}", columns.max(1) - 1, rows.max(1) - 1);
            problems.add(&at.place, message, remedy);
        }
        if let Some(other) = taken.insert(*position, tile.name.value.clone()) {
            let message = format!("`{}` is at {position}, where `{other}` is", tile.name.value);
            problems.add(&at.place, message, "another `at`, or none: the tool finds a place");
        }
    }
    at.value.clone()
}

/// The tile without its name and place, if its kind is known and its parameters fit.
fn shape<K: Kind + ?Sized>(
    draft: &Draft,
    tile: &TileDraft,
    registry: &Registry<K>,
    problems: &mut Collector,
) -> Option<Tile> {
    let (kind_name, kind_place) = match &tile.kind {
        Some(kind) => (kind.value.as_str(), &kind.place),
        None if registry.get(&tile.name.value).is_some() => (tile.name.value.as_str(), &tile.name.place),
        None => {
            let stem = tile.name.value.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('_');
            (stem, &tile.name.place)
        }
    };
    let Some(kind) = registry.get(kind_name) else {
        let given = if tile.kind.is_some() { "" } else { " (from the tile's name)" };
        let message = format!("unknown kind `{kind_name}`{given}");
        problems.add(kind_place, message, did_you_mean(kind_name, registry.names()));
        return None;
    };
    let params = params(tile, kind_name, kind.as_ref(), problems)?;
    if let Err(message) = kind.check(&params) {
        problems.add(
            &tile.name.place,
            format!("`{}`: {message}", tile.name.value),
            format!("`params` of `{kind_name}`"),
        );
        return None;
    }
    let shape = kind.shape(&params);
    let queue = tile.queue.as_ref().map_or(if tile.buffer.is_some() { 0 } else { shape.queue }, |queue| queue.value);
    let buffer = tile.buffer.as_ref().map_or(0, |buffer| buffer.value);
    for (given, word) in [(&tile.queue, "queue"), (&tile.buffer, "buffer")] {
        if let Some(given) = given.as_ref().filter(|given| given.value > MAX_QUEUE) {
            let message = format!("a {word} of {} flits", given.value);
            problems.add(&given.place, message, format!("at most {MAX_QUEUE} flits"));
        }
    }
    if let Some(place) = tile.queue.as_ref().map(|queue| &queue.place) {
        if queue > 0 && !shape.may_drop {
            let message =
                format!("`{}` must not lose messages, and a queue drops them when it is full", tile.name.value);
            problems.add(place, message, "`buffer`, with a `window` for each chain to it");
        } else if queue > 0 && buffer > 0 {
            let message = format!("`{}` has a queue and a buffer", tile.name.value);
            problems.add(
                place,
                message,
                "a `queue` drops whole messages when full, a `buffer` never drops: one of them",
            );
        }
        let largest = registry.header_flits(draft.width.value.max(1)) + 1;
        if queue > 0 && queue < largest {
            let message = format!("a queue of {queue} flits cannot hold any message");
            problems.add(place, message, format!("at least {largest}, or 0 for none"));
        }
    }
    Some(Tile {
        name: String::new(),
        kind: kind_name.to_owned(),
        params,
        at: Coordinate::new(0, 0),
        pinned: false,
        queue,
        buffer,
        shape,
        outputs: Vec::new(),
        place: tile.name.place.clone(),
    })
}

/// The defaults with what the topology gives, if all of that fits.
fn params<K: Kind + ?Sized>(tile: &TileDraft, kind_name: &str, kind: &K, problems: &mut Collector) -> Option<Params> {
    let declared = kind.parameters();
    let mut params = Params(declared.iter().map(|p| (p.name.to_owned(), p.default.clone())).collect());
    let mut fit = true;
    for (name, given) in &tile.params {
        match declared.iter().find(|parameter| parameter.name == name) {
            None => {
                let message = format!("`{kind_name}` has no parameter `{name}`");
                problems.add(&given.place, message, did_you_mean(name, declared.iter().map(|p| p.name)));
                fit = false;
            }
            Some(parameter) => match parameter.refuses(&given.value) {
                Some(reason) => {
                    let message = format!("parameter `{name}` of `{}` {reason}", tile.name.value);
                    problems.add(&given.place, message, format!("{}: {}", parameter.name, parameter.help));
                    fit = false;
                }
                None => {
                    params.0.insert(name.clone(), given.value.clone());
                }
            },
        }
    }
    fit.then_some(params)
}
