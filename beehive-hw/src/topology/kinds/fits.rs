//! What tiles ask of the design around them: each rule with a sentence for who breaks it.

use super::super::{Key, Misfit, Policy, Site};
use crate::control::registers::FIRST;
use crate::control::{ROUTER_REGISTERS, Register};
use std::collections::BTreeSet;

fn refuse(message: String, remedy: impl Into<String>) -> Result<(), Misfit> {
    Err(Misfit { message, remedy: remedy.into() })
}

/// No demand.
pub(super) fn always(_: &Site) -> Result<(), Misfit> {
    Ok(())
}

/// The tile's registers have addresses of their own: long next-hop tables may not.
pub(super) fn registers(site: &Site, list: &[Register]) -> Result<(), Misfit> {
    let room = ROUTER_REGISTERS - FIRST;
    let needed: u32 = list.iter().map(|register| register.count).sum();
    if needed <= room {
        return Ok(());
    }
    // An entry is a key and a place.
    let entries: usize = site.tile.outputs.iter().map(|output| output.to.len()).sum();
    let others = needed.saturating_sub(2 * entries as u32);
    let message = format!("the next-hop table of `{}` has {entries} entries", site.tile.name);
    refuse(message, format!("at most {}: fewer keys, or fewer replicas behind them", room.saturating_sub(others) / 2))
}

/// All next hops of a tile that are shared are shared in the same way.
pub(super) fn one_policy(site: &Site) -> Result<(), Misfit> {
    let shared = site.tile.outputs.iter().filter(|output| output.to.len() > 1);
    let policies: Vec<Policy> = shared.map(|output| output.policy).collect();
    if policies.windows(2).all(|pair| pair[0] == pair[1]) {
        return Ok(());
    }
    let message = format!("`{}` sends to replicas by flow hash and to others in turn", site.tile.name);
    refuse(message, "the same `policy` for all replicas that one tile sends to")
}

/// There is a control network, and no other tile that takes calls for it: a write that one was told could be repeated at the other.
pub(super) fn only_remote_control(site: &Site) -> Result<(), Misfit> {
    let first = site.design.tiles.iter().find(|tile| tile.kind == site.tile.kind);
    if let Some(other) = first.filter(|first| first.name != site.tile.name) {
        let message = format!("`{}` and `{}` take calls for registers", other.name, site.tile.name);
        return refuse(message, "one of them, without replicas");
    }
    has_control(site)
}

/// There is a control network.
fn has_control(site: &Site) -> Result<(), Misfit> {
    if site.design.control.is_some() {
        return Ok(());
    }
    refuse(
        format!("`{}` asks on the control network, which there is none of", site.tile.name),
        "a tile of kind `control`",
    )
}

/// Nothing is sent to a tile that takes no messages.
pub(super) fn takes_nothing(site: &Site) -> Result<(), Misfit> {
    let mut connections = site.design.connections().into_iter();
    let Some(to_it) = connections.find(|c| site.design.tiles[c.to].name == site.tile.name) else { return Ok(()) };
    let (sender, name) = (&site.design.tiles[to_it.from].name, &site.tile.name);
    refuse(format!("`{sender}` sends to `{name}`, which takes no messages"), "another receiver")
}

/// Of a table keyed by kind: `needed` is there, and nothing beside it but `other`.
pub(super) fn kinds(site: &Site, needed: &str, other: &str) -> Result<(), Misfit> {
    let name = &site.tile.name;
    let kind = |key: &Option<Key>| match key {
        Some(Key::Kind(kind)) => Some(kind.clone()),
        _ => None,
    };
    let found: BTreeSet<String> = site.tile.outputs.iter().filter_map(|output| kind(&output.key)).collect();
    if let Some(stranger) = found.iter().find(|kind| *kind != needed && *kind != other) {
        let message = format!("`{name}` has no messages for a tile of kind `{stranger}`");
        return refuse(message, format!("it sends to `{needed}` and `{other}` alone"));
    }
    if !found.contains(needed) {
        return refuse(
            format!("`{name}` does not send to a tile of kind `{needed}`"),
            format!("a chain with `{name} -> {needed}`"),
        );
    }
    Ok(())
}

/// Who cannot see flows does not share load by them.
pub(super) fn no_flow_hash(site: &Site) -> Result<(), Misfit> {
    let Some(shared) = site.tile.outputs.iter().find(|output| output.policy == Policy::FlowHash) else { return Ok(()) };
    let name = &site.tile.name;
    let replica = &site.design.tiles[shared.to[0]].name;
    let group = replica.split('.').next().unwrap_or(replica);
    let message = format!("`{name}` sends to the replicas of `{group}` by flow hash, but sees no flows");
    refuse(message, format!("`policy = \"round_robin\"` for `{group}`, or a `load_balancer` between the two"))
}
