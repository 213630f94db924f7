//! A cycle in the user's words.

use super::{Channel, Graph, Network, Remedy, connections, graph};
use crate::design::{Connection, Design};
use crate::error::{Place, Problem};
use serde::Serialize;
use std::fmt;

/// A set of messages that can wait for each other for ever.
#[derive(Clone, PartialEq, Debug, Serialize, thiserror::Error)]
pub struct Deadlock {
    /// The network.
    pub network: Network,
    /// The resources: who holds one waits for the next, and who holds the last for the first.
    pub cycle: Vec<Channel>,
    /// The same by message.
    pub waits: Vec<Wait>,
    /// The way out.
    pub remedy: Remedy,
    /// The first chain that takes part.
    pub place: Place,
}

/// A message that waits.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Wait {
    /// Sender and receiver, by index.
    pub connection: Connection,
    /// `sender -> receiver`.
    pub message: String,
    /// Where the chain is written that it belongs to.
    pub place: Option<Place>,
    /// What it holds.
    pub holds: Channel,
    /// What it waits for.
    pub waits_for: Channel,
    /// Both in words.
    pub text: String,
}

impl Deadlock {
    pub(super) fn new(design: &Design, network: Network, cycle: Vec<Channel>) -> Self {
        let waits = waits(design, network, &graph(design, network), &cycle);
        let place = waits.iter().filter_map(|wait| wait.place.clone()).min().unwrap_or_else(|| design.place.clone());
        let remedy = Remedy::find(design, network, &cycle);
        Deadlock { network, cycle, waits, remedy, place }
    }

    /// The problem to print.
    pub fn problem(&self) -> Problem {
        let mut message = format!("deadlock: on the {} these messages can wait for each other for ever:", self.network);
        for wait in &self.waits {
            message += &format!("\n    {}", wait.text);
        }
        Problem { place: self.place.clone(), message, remedy: Some(self.remedy.to_string()) }
    }
}

impl fmt::Display for Deadlock {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.problem().fmt(f)
    }
}

/// Divides the cycle into runs that one message can hold.
fn waits(design: &Design, network: Network, graph: &Graph, cycle: &[Channel]) -> Vec<Wait> {
    let all = connections(design, network);
    let next = |index: usize| cycle[(index + 1) % cycle.len()];
    let mut waits: Vec<Wait> = Vec::new();
    let mut index = 0;
    while index < cycle.len() {
        let (start, holds) = (index, cycle[index]);
        let mut by = graph.holders(cycle[index], next(index));
        index += 1;
        if by.is_empty() {
            continue; // An input that waits for its tile to send: told with the message that waits for it.
        }
        while index < cycle.len() {
            let further: Vec<usize> =
                graph.holders(cycle[index], next(index)).into_iter().filter(|c| by.contains(c)).collect();
            if further.is_empty() {
                break;
            }
            by = further;
            index += 1;
        }
        let connection = all[by[0]];
        let message = design.arrow(connection);
        let place = chain_of(design, network, connection);
        let waits_for = cycle[index % cycle.len()];
        let line = place.as_ref().map(|place| format!(" (line {})", place.line)).unwrap_or_default();
        let held = match holds {
            Channel::Inject(tile) => {
                format!("must leave `{}` before that takes more, and waits for", design.tiles[tile].name)
            }
            _ => format!("holds {} and waits for", describe(design, holds)),
        };
        debug_assert!(index > start);
        let text = format!("`{message}`{line} {held} {}", describe(design, waits_for));
        waits.push(Wait { connection, message, place, holds, waits_for, text });
    }
    waits
}

fn describe(design: &Design, channel: Channel) -> String {
    let name = |tile: usize| &design.tiles[tile].name;
    match channel {
        Channel::Inject(tile) => format!("the output of `{}`", name(tile)),
        Channel::Link(link) => format!("the link {link}"),
        Channel::Eject(tile) => format!("the way into `{}`", name(tile)),
        Channel::Input(tile) => format!("`{}`", name(tile)),
    }
}

/// Where the first chain with this connection is written.
fn chain_of(design: &Design, network: Network, connection: Connection) -> Option<Place> {
    let has = |pair: &[Vec<usize>]| pair[0].contains(&connection.from) && pair[1].contains(&connection.to);
    let chain = design.chains.iter().find(|chain| chain.path.windows(2).any(has))?;
    (network == Network::Data).then(|| chain.place.clone())
}
