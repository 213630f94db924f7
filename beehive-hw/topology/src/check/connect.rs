//! Chains, interposed tiles and keys: who sends to whom.

use super::tiles::Groups;
use crate::design::{Chain, Design, Key, Output, Policy};
use crate::draft::{Draft, MatchDraft};
use crate::error::{At, Collector, Place, did_you_mean, list};
use crate::kind::Keys;
use std::collections::BTreeMap;

/// A station of a chain.
#[derive(Clone)]
struct Stop {
    /// As written: `echo`, or `echo.1` for one replica.
    name: String,
    /// The tiles.
    tiles: Vec<usize>,
    policy: Policy,
    /// The station a message that arrives here is for: another one if this one was interposed.
    purpose: String,
}

/// Splits `a -> b -> c`.
fn split(path: &At<String>, problems: &mut Collector) -> Vec<String> {
    let names: Vec<String> = path.value.split("->").map(|name| name.trim().to_owned()).collect();
    if names.len() < 2 || names.iter().any(String::is_empty) {
        problems.add(
            &path.place,
            format!("`{}` is not a path", path.value),
            "names with arrows between: `a -> b -> c`",
        );
        return Vec::new();
    }
    for pair in names.windows(2).filter(|pair| pair[0] == pair[1]) {
        problems.add(&path.place, format!("`{}` sends to itself", pair[0]), "two different tiles beside each arrow");
    }
    names
}

fn find(name: &str, place: &Place, groups: &Groups, problems: &mut Collector) -> Option<(Vec<usize>, Policy)> {
    let (group, index) = match name.split_once('.') {
        Some((group, index)) => (group, Some(index)),
        None => (name, None),
    };
    let Some(found) = groups.get(group) else {
        let remedy =
            format!("{} Or add `[[tile]] name = \"{group}\"`", did_you_mean(group, groups.keys().map(String::as_str)));
        problems.add(place, format!("there is no tile `{group}`"), remedy);
        return None;
    };
    let Some(index) = index else { return Some((found.members.clone().collect(), found.policy)) };
    let count = found.members.len();
    match index.parse::<usize>().ok().filter(|index| *index < count && count > 1) {
        Some(index) => Some((vec![found.members.start + index], Policy::Single)),
        None => {
            let remedy = match count {
                0 | 1 => format!("`{group}` is one tile"),
                _ => format!("replicas are counted from 0 to {}", count - 1),
            };
            problems.add(place, format!("`{group}` has no replica `{index}`"), remedy);
            None
        }
    }
}

/// Only looks whether all names exist, for designs whose tiles are wrong already.
pub(super) fn names(draft: &Draft, groups: &Groups, problems: &mut Collector) {
    for chain in &draft.chains {
        for name in split(&chain.path, problems) {
            let group = name.split('.').next().unwrap_or_default();
            if !groups.contains_key(group) {
                find(group, &chain.path.place, groups, problems);
            }
        }
    }
}

pub(super) fn connect(draft: &Draft, groups: &Groups, design: &mut Design, problems: &mut Collector) {
    let mut paths: Vec<Vec<Stop>> = Vec::new();
    for chain in &draft.chains {
        let mut path = Vec::new();
        for name in split(&chain.path, problems) {
            if let Some((tiles, policy)) = find(&name, &chain.path.place, groups, problems) {
                path.push(Stop { purpose: name.clone(), name, tiles, policy });
            }
        }
        limits(draft, chain, &path, design, problems);
        paths.push(path);
    }
    if !problems.is_empty() {
        return;
    }
    interpose(draft, groups, &mut paths, problems);
    let mut table = Tables::new(draft, design, problems);
    for (chain, path) in draft.chains.iter().zip(&paths) {
        for pair in path.windows(2) {
            table.arrow(&pair[0], &pair[1], &chain.path.place);
        }
    }
    let outputs = table.finish();
    for (tile, outputs) in design.tiles.iter_mut().zip(outputs) {
        tile.outputs = outputs;
    }
    for (chain, path) in draft.chains.iter().zip(paths) {
        design.chains.push(Chain {
            path: path.into_iter().map(|stop| stop.tiles).collect(),
            max_message: chain.max_message.as_ref().map_or(design.mtu, |bytes| bytes.value),
            window: chain.window.as_ref().map(|messages| messages.value),
            place: chain.path.place.clone(),
        });
    }
}

fn limits(draft: &Draft, chain: &crate::draft::ChainDraft, path: &[Stop], design: &Design, problems: &mut Collector) {
    if let Some(bytes) = chain.max_message.as_ref().filter(|bytes| !(1..=65_535).contains(&bytes.value)) {
        let message = format!("a largest message of {} bytes", bytes.value);
        problems.add(&bytes.place, message, format!("from 1 to 65535; the MTU is {}", draft.mtu.value));
    }
    let Some(window) = &chain.window else { return };
    if !(1..=65_535).contains(&window.value) {
        problems.add(&window.place, format!("a window of {} messages", window.value), "from 1 to 65535");
    }
    for &tile in path.first().iter().flat_map(|stop| &stop.tiles) {
        let tile = &design.tiles[tile];
        if !tile.shape.keeps_window {
            let message =
                format!("`{}` begins a chain with a window, but its kind `{}` keeps none", tile.name, tile.kind);
            problems.add(&window.place, message, "no `window`, or a first tile that limits its own messages");
        }
    }
}

/// Puts tiles into connections, in the order of the text: of two between the same tiles, the first comes first.
fn interpose(draft: &Draft, groups: &Groups, paths: &mut [Vec<Stop>], problems: &mut Collector) {
    for entry in &draft.interposes {
        let names = split(&entry.between, problems);
        let Some((tiles, policy)) = find(&entry.tile.value, &entry.tile.place, groups, problems) else { continue };
        let [from, to] = names.as_slice() else {
            if names.len() > 2 {
                let message = format!("`{}` is more than one connection", entry.between.value);
                problems.add(&entry.between.place, message, "an `[[interpose]]` for each");
            }
            continue;
        };
        let mut found = false;
        for path in paths.iter_mut() {
            let ends: Vec<usize> = (1..path.len())
                .filter(|&end| {
                    // What an earlier line put between the two is passed over.
                    let before = path[..end].iter().rev().find(|stop| stop.purpose != *to);
                    let passed_over = path[end].purpose == *to && before.is_some_and(|stop| stop.name == *from);
                    path[end].name == *to && (path[end - 1].name == *from || passed_over)
                })
                .collect();
            for end in ends.into_iter().rev() {
                found = true;
                let name = entry.tile.value.clone();
                let purpose = path[end].purpose.clone();
                path.insert(end, Stop { name, tiles: tiles.clone(), policy, purpose });
            }
        }
        if !found {
            let mut arrows: Vec<String> = paths
                .iter()
                .flat_map(|path| path.windows(2))
                .map(|pair| format!("{} -> {}", pair[0].name, pair[1].name))
                .collect();
            arrows.sort();
            arrows.dedup();
            let message = format!("no chain has `{from} -> {to}`");
            problems.add(&entry.between.place, message, format!("connections are {}", list(&arrows)));
        }
    }
}

/// The next-hop tables while the chains are read.
struct Tables<'a> {
    draft: &'a Draft,
    design: &'a Design,
    problems: &'a mut Collector,
    /// Of each tile the entries, with the place of the chain that made them.
    entries: Vec<Vec<(Output, Place)>>,
    used_matches: Vec<bool>,
}

impl<'a> Tables<'a> {
    fn new(draft: &'a Draft, design: &'a Design, problems: &'a mut Collector) -> Self {
        let entries = vec![Vec::new(); design.tiles.len()];
        Tables { draft, design, problems, entries, used_matches: vec![false; draft.matches.len()] }
    }

    fn arrow(&mut self, from: &Stop, to: &Stop, place: &Place) {
        let keys = self.keys(from, to, place);
        for &sender in &from.tiles {
            for key in &keys {
                let output = Output { key: key.value.clone(), to: to.tiles.clone(), policy: to.policy };
                self.add(sender, output, &key.place);
            }
        }
    }

    /// What selects this arrow in the sender's table: the `[[match]]` lines, or the default of the receiver's kind.
    fn keys(&mut self, from: &Stop, to: &Stop, place: &Place) -> Vec<At<Option<Key>>> {
        let sender = &self.design.tiles[from.tiles[0]];
        let keys = sender.shape.keys;
        let names = |stop: &str, text: &str| stop == text || stop.split('.').next() == Some(text);
        let mut explicit = Vec::new();
        let mut matched = false;
        for (entry, used) in self.draft.matches.iter().zip(&mut self.used_matches) {
            if names(&from.name, &entry.from.value) && names(&to.purpose, &entry.to.value) {
                (*used, matched) = (true, true);
                explicit.extend(entry.keys.iter().map(|key| At { value: key.value.clone(), place: key.place.clone() }));
            }
        }
        for key in explicit.iter().filter(|key| key.value.keys() != keys) {
            let message = format!("the table of `{}` has no key {}", sender.name, key.value);
            let remedy = match keys {
                Keys::Nothing => "it sends to nobody".into(),
                Keys::Any => "it has one next hop for all messages: no `[[match]]`".into(),
                Keys::Kind => "it is keyed by the receiver's kind: no `[[match]]`".into(),
                _ => format!("it is keyed by `{keys}`"),
            };
            self.problems.add(&key.place, message, remedy);
        }
        if matched {
            return explicit.into_iter().map(|key| At { value: Some(key.value), place: key.place }).collect();
        }
        let here = |key| At { value: key, place: place.clone() };
        let purpose = self.purpose(to);
        match keys {
            Keys::Nothing => {
                let message =
                    format!("`{}` sends to `{}`, but its kind `{}` sends to nobody", from.name, to.name, sender.kind);
                self.problems.add(place, message, "end the chain there");
                Vec::new()
            }
            Keys::Any => vec![here(None)],
            Keys::Kind => vec![here(Some(Key::Kind(purpose.kind.clone())))],
            Keys::Ethertype | Keys::Protocol | Keys::Port => {
                let defaults: Vec<_> =
                    purpose.shape.selected_by.iter().filter(|key| key.keys() == keys).cloned().collect();
                if defaults.is_empty() {
                    let message = format!("nothing tells `{}` which messages are for `{}`", from.name, to.purpose);
                    let remedy = format!("`[[match]] from = \"{}\" to = \"{}\" {keys} = ...`", from.name, to.purpose);
                    self.problems.add(place, message, remedy);
                }
                defaults.into_iter().map(|key| here(Some(key))).collect()
            }
        }
    }

    /// A tile of the station that messages to this one are for.
    fn purpose(&self, to: &Stop) -> &'a crate::design::Tile {
        let replica = format!("{}.0", to.purpose);
        let found = self.design.tiles.iter().find(|tile| tile.name == to.purpose || tile.name == replica);
        found.unwrap_or(&self.design.tiles[to.tiles[0]])
    }

    fn add(&mut self, sender: usize, output: Output, place: &Place) {
        let entries = &mut self.entries[sender];
        let Some((other, other_place)) = entries.iter().find(|(other, _)| other.key == output.key) else {
            return entries.push((output, place.clone()));
        };
        if other.to == output.to {
            return;
        }
        let tile = &self.design.tiles[sender];
        let names = |to: &[usize]| list(&to.iter().map(|&to| self.design.tiles[to].name.as_str()).collect::<Vec<_>>());
        let what = output.key.as_ref().map_or("all messages".into(), Key::to_string);
        let message = format!(
            "`{}` cannot send {what} both to {} and, by {other_place}, to {}",
            tile.name,
            names(&output.to),
            names(&other.to)
        );
        let remedy = match output.key {
            None => "one next hop; several tiles of a kind can be `replicas` of one",
            Some(Key::Kind(_)) => "one receiver of each kind; several can be `replicas` of one",
            Some(_) => "different keys in `[[match]]`, or `replicas` of one tile",
        };
        self.problems.add(place, message, remedy);
    }

    fn finish(self) -> Vec<Vec<Output>> {
        for (MatchDraft { from, to, keys, place }, used) in self.draft.matches.iter().zip(self.used_matches) {
            if keys.is_empty() {
                self.problems.add(place, "the match has no key", "`port`, `protocol` or `ethertype`");
            }
            if !used {
                let message = format!("no chain has `{} -> {}`", from.value, to.value);
                self.problems.add(place, message, "a chain with this arrow, or other names");
            }
        }
        let entries = self.entries.into_iter();
        entries.map(|entries| entries.into_iter().map(|(output, _)| output).collect()).collect()
    }
}

/// Of each tile, whether messages that enter the card can come to it.
pub(super) fn reached(design: &Design) -> Vec<bool> {
    let mut reached: Vec<bool> = design.tiles.iter().map(|tile| tile.shape.starts || tile.shape.control).collect();
    let mut open: Vec<usize> = (0..reached.len()).filter(|&tile| reached[tile]).collect();
    let mut next: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for connection in design.connections() {
        next.entry(connection.from).or_default().push(connection.to);
    }
    while let Some(tile) = open.pop() {
        for &to in next.get(&tile).into_iter().flatten() {
            if !std::mem::replace(&mut reached[to], true) {
                open.push(to);
            }
        }
    }
    reached
}
