//! A wormhole network in plain Rust, flit by flit: what a design's messages do under random traffic.
//!
//! ```text
//!   tile --> inject FIFO --> link FIFOs --> eject --> [queue | buffer] --> tile
//! ```
//!
//! Each FIFO is entered by one message at a time, from its header to its tail. In a step, every FIFO and
//! every tile may pass on one flit, in random order, some of them not at all. Afterwards sources stop and
//! the network is given time to become empty: what is left then is in a deadlock.

use beehive_topology::deadlock::{Channel, sinking};
use beehive_topology::{Design, Input, Keys};
use fastrand::Rng;
use std::collections::{BTreeMap, VecDeque};

/// Flits of a FIFO between routers: as in hardware, input FIFO and output register.
pub const DEPTH: usize = 17;

#[derive(Clone, Copy)]
struct Flit {
    message: usize,
    /// Index in the message's route of the FIFO the flit is in.
    hop: usize,
    head: bool,
    tail: bool,
}

/// A message on its way between two tiles.
struct Message {
    to: usize,
    flits: u32,
    /// The chain it came from, and its position there, if it is still on that path.
    chain: usize,
    station: Option<usize>,
    relayed: u32,
    route: Vec<usize>,
}

struct Fifo {
    flits: VecDeque<Flit>,
    depth: usize,
    /// The message that entered with its header and not yet with its tail.
    entering: Option<usize>,
}

#[derive(Default)]
struct TileState {
    /// Message being sent, and flits of it that were sent.
    sending: Option<(usize, u32)>,
    /// Queue or buffer before the input.
    waiting: VecDeque<Flit>,
    /// The rest of the message that comes in is thrown away.
    dropping: bool,
}

/// What remained in the network, and what happened before.
#[derive(Debug)]
pub struct Outcome {
    pub stuck_flits: usize,
    /// Messages that came to their end or were dropped by a queue.
    pub ended: u32,
}

pub struct Simulator<'a> {
    design: &'a Design,
    rng: Rng,
    fifos: Vec<Fifo>,
    index: BTreeMap<Channel, usize>,
    tiles: Vec<TileState>,
    messages: Vec<Message>,
    under_way: Vec<u32>,
    ended: u32,
    draining: bool,
    /// All messages are as long as they may be.
    longest: bool,
}

impl<'a> Simulator<'a> {
    /// Runs with traffic for that many steps, then lets the network become empty.
    pub fn run(design: &'a Design, seed: u64, steps: u32, longest: bool) -> Outcome {
        let mut simulator = Simulator {
            design,
            rng: Rng::with_seed(seed),
            fifos: Vec::new(),
            index: BTreeMap::new(),
            tiles: design.tiles.iter().map(|_| TileState::default()).collect(),
            messages: Vec::new(),
            under_way: vec![0; design.chains.len()],
            ended: 0,
            draining: false,
            longest,
        };
        for _ in 0..steps {
            simulator.step(80);
        }
        simulator.draining = true;
        while simulator.step(100) {}
        let queued = |tile: &TileState| tile.waiting.len();
        Outcome {
            stuck_flits: simulator.fifos.iter().map(|fifo| fifo.flits.len()).sum::<usize>()
                + simulator.tiles.iter().map(queued).sum::<usize>(),
            ended: simulator.ended,
        }
    }

    fn fifo(&mut self, channel: Channel) -> usize {
        let fifos = &mut self.fifos;
        *self.index.entry(channel).or_insert_with(|| {
            let depth = if matches!(channel, Channel::Eject(_)) { 1 } else { DEPTH };
            fifos.push(Fifo { flits: VecDeque::new(), depth, entering: None });
            fifos.len() - 1
        })
    }

    /// Everybody's turn, in random order, each with a chance in percent; whether anything moved.
    fn step(&mut self, chance: u32) -> bool {
        let tiles = self.tiles.len();
        let mut turns: Vec<usize> = (0..tiles * 2 + self.fifos.len()).collect();
        self.rng.shuffle(&mut turns);
        let mut moved = false;
        for turn in turns {
            if self.rng.u32(0..100) < chance {
                moved |= match turn {
                    turn if turn < tiles => self.tile(turn),
                    turn if turn < 2 * tiles => self.take(turn - tiles),
                    turn => self.pass(turn - 2 * tiles),
                };
            }
        }
        moved
    }

    /// One flit into a FIFO, if there is room and no other message is entering.
    fn enter(&mut self, fifo: usize, flit: Flit) -> bool {
        let fifo = &mut self.fifos[fifo];
        let may = if flit.head { fifo.entering.is_none() } else { fifo.entering == Some(flit.message) };
        if !may || fifo.flits.len() >= fifo.depth {
            return false;
        }
        fifo.entering = (!flit.tail).then_some(flit.message);
        fifo.flits.push_back(flit);
        true
    }

    /// One flit from a FIFO into the next one of its route.
    fn pass(&mut self, fifo: usize) -> bool {
        let Some(&flit) = self.fifos[fifo].flits.front() else { return false };
        let Some(&next) = self.messages[flit.message].route.get(flit.hop + 1) else { return false };
        let moved = self.enter(next, Flit { hop: flit.hop + 1, ..flit });
        if moved {
            self.fifos[fifo].flits.pop_front();
        }
        moved
    }

    /// One flit from the router into the queue or buffer of a tile that has one.
    fn take(&mut self, tile: usize) -> bool {
        let it = &self.design.tiles[tile];
        let sinks = matches!(it.shape.input, Input::Sinking { .. });
        if it.queue == 0 && it.buffer == 0 && !sinks {
            return false;
        }
        let eject = self.fifo(Channel::Eject(tile));
        let Some(&flit) = self.fifos[eject].flits.front() else { return false };
        let state = &mut self.tiles[tile];
        if it.queue > 0 && !sinks {
            if flit.head {
                let room = it.queue as usize - state.waiting.len();
                state.dropping = room < self.messages[flit.message].flits as usize;
            }
            if !state.dropping {
                state.waiting.push_back(flit);
            } else if flit.tail {
                self.under_way[self.messages[flit.message].chain] -= 1;
                self.ended += 1;
            }
        } else {
            if !sinks && state.waiting.len() >= it.buffer as usize {
                return false;
            }
            state.waiting.push_back(flit);
        }
        self.fifos[eject].flits.pop_front();
        true
    }

    fn tile(&mut self, tile: usize) -> bool {
        let it = &self.design.tiles[tile];
        if it.shape.starts && !self.start(tile) {
            return false;
        }
        let eject = self.fifo(Channel::Eject(tile));
        let direct = self.tiles[tile].waiting.is_empty() && sinking(self.design, tile).is_none() && it.buffer == 0;
        let next = if direct { self.fifos[eject].flits.front() } else { self.tiles[tile].waiting.front() }.copied();
        if it.shape.starts {
            return self.send(tile);
        }
        let Some(flit) = next else { return false };
        let old = &self.messages[flit.message];
        let lost_its_way = self.draining && old.relayed > 64;
        if it.shape.keys == Keys::Nothing || (lost_its_way && self.tiles[tile].sending.is_none()) {
            if flit.tail {
                self.under_way[old.chain] -= 1;
                self.ended += 1;
            }
        } else {
            if flit.head && self.tiles[tile].sending.is_none() {
                let (chain, station, relayed, flits) = (old.chain, old.station, old.relayed + 1, old.flits);
                self.forward(tile, chain, station, relayed, flits);
            }
            if !self.send(tile) {
                return false;
            }
        }
        if direct {
            self.fifos[eject].flits.pop_front();
        } else {
            self.tiles[tile].waiting.pop_front();
        }
        true
    }

    /// Begins a message of one of the chains that begin here; whether one is being sent.
    fn start(&mut self, tile: usize) -> bool {
        if self.tiles[tile].sending.is_some() {
            return true;
        }
        let chains: Vec<usize> =
            (0..self.design.chains.len()).filter(|&chain| self.design.chains[chain].path[0].contains(&tile)).collect();
        let Some(chain) = self.rng.choice(chains) else { return false };
        let it = &self.design.chains[chain];
        // The window holds for each replica of the first tile; together they may use the sum.
        let window = it.window.map_or(u32::MAX, |window| window * it.path[0].len() as u32);
        if self.draining || self.under_way[chain] >= window {
            return false;
        }
        self.under_way[chain] += 1;
        let longest = self.design.flits(it.max_message);
        let flits = if self.longest { longest } else { self.rng.u32(1..=longest) };
        self.forward(tile, chain, Some(0), 0, flits);
        true
    }

    /// Chooses the next hop of a message and begins to send it.
    fn forward(&mut self, tile: usize, chain: usize, station: Option<usize>, relayed: u32, flits: u32) {
        let path = &self.design.chains[chain].path;
        let station = station.filter(|&station| station + 1 < path.len() && path[station].contains(&tile));
        let choices = match station {
            Some(station) => path[station + 1].clone(),
            None => self.design.tiles[tile].outputs.iter().flat_map(|output| output.to.clone()).collect(),
        };
        let to = self.rng.choice(choices).expect("a checked design sends somewhere");
        let links = beehive_topology::route(self.design.tiles[tile].at, self.design.tiles[to].at);
        let channels = std::iter::once(Channel::Inject(tile)).chain(links.into_iter().map(Channel::Link));
        let route = channels.chain([Channel::Eject(to)]).map(|channel| self.fifo(channel)).collect();
        let station = station.map(|station| station + 1);
        self.messages.push(Message { to, flits, chain, station, relayed, route });
        self.tiles[tile].sending = Some((self.messages.len() - 1, 0));
    }

    /// One flit into the router: the next of a message made here, or the one for a flit that came in.
    fn send(&mut self, tile: usize) -> bool {
        let Some((message, sent)) = self.tiles[tile].sending else { return false };
        debug_assert_ne!(self.messages[message].to, tile);
        let tail = sent + 1 == self.messages[message].flits;
        let inject = self.messages[message].route[0];
        let moved = self.enter(inject, Flit { message, hop: 0, head: sent == 0, tail });
        if moved {
            self.tiles[tile].sending = (!tail).then_some((message, sent + 1));
        }
        moved
    }
}
