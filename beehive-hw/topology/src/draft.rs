//! A topology as it is written down, not yet checked: by a text file or by the Rust builder.

use crate::design::{Design, Key, Policy};
use crate::error::{At, Place, Problems};
use crate::kind::{Kind, Registry, Value};
use crate::mesh::Coordinate;
use crate::{check, deadlock};
use std::collections::BTreeMap;

/// A topology under construction.
///
/// What the builder says is what the [text file](Draft::from_toml) can say, and errors name the line of
/// the Rust source.
///
/// ```
/// use beehive_topology::{Draft, Key, Keys, Kind, Params, Policy, Registry, Shape};
/// # use std::sync::Arc;
/// # struct K(&'static str, Shape);
/// # impl Kind for K {
/// #     fn name(&self) -> &str { self.0 }
/// #     fn about(&self) -> &str { "" }
/// #     fn shape(&self, _: &Params) -> Shape { self.1.clone() }
/// # }
/// # let mut registry: Registry = Registry::new();
/// # registry.add(Arc::new(K("source", Shape::new(Keys::Any).starting()))).unwrap();
/// # registry.add(Arc::new(K("worker", Shape::new(Keys::Any)))).unwrap();
/// # registry.add(Arc::new(K("sink", Shape::new(Keys::Nothing).sinking("it throws all away")))).unwrap();
/// let mut draft = Draft::new("pool");
/// draft.width(128);
/// draft.tile("source");
/// draft.tile("worker").replicas(2, Policy::RoundRobin);
/// draft.tile("sink");
/// draft.chain("source -> worker -> sink").max_message(256);
/// let design = draft.check(&registry)?;
/// assert_eq!(design.tiles[0].outputs[0].to.len(), 2);
/// # Ok::<(), beehive_topology::Problems>(())
/// ```
#[derive(Clone, Debug)]
pub struct Draft {
    pub(crate) name: At<String>,
    pub(crate) width: At<u32>,
    pub(crate) mesh: Option<At<(u32, u32)>>,
    pub(crate) mtu: At<u32>,
    pub(crate) address: Option<AddressDraft>,
    pub(crate) tiles: Vec<TileDraft>,
    pub(crate) chains: Vec<ChainDraft>,
    pub(crate) matches: Vec<MatchDraft>,
    pub(crate) interposes: Vec<InterposeDraft>,
}

#[derive(Clone, Debug)]
pub(crate) struct AddressDraft {
    pub mac: At<String>,
    pub ip: At<String>,
    pub gateway: Option<At<String>>,
}

/// A tile under construction.
#[derive(Clone, Debug)]
pub struct TileDraft {
    pub(crate) name: At<String>,
    pub(crate) kind: Option<At<String>>,
    pub(crate) at: Option<At<Vec<Coordinate>>>,
    pub(crate) replicas: Option<At<u32>>,
    pub(crate) policy: Option<At<Policy>>,
    pub(crate) queue: Option<At<u32>>,
    pub(crate) buffer: Option<At<u32>>,
    pub(crate) params: BTreeMap<String, At<Value>>,
}

/// A chain under construction.
#[derive(Clone, Debug)]
pub struct ChainDraft {
    pub(crate) path: At<String>,
    pub(crate) max_message: Option<At<u32>>,
    pub(crate) window: Option<At<u32>>,
}

#[derive(Clone, Debug)]
pub(crate) struct MatchDraft {
    pub from: At<String>,
    pub to: At<String>,
    pub keys: Vec<At<Key>>,
    pub place: Place,
}

#[derive(Clone, Debug)]
pub(crate) struct InterposeDraft {
    pub tile: At<String>,
    pub between: At<String>,
}

impl Draft {
    /// Width of the data network unless said otherwise, in bits.
    pub const DEFAULT_WIDTH: u32 = 512;
    /// Largest IP packet unless said otherwise, in bytes.
    pub const DEFAULT_MTU: u32 = 1500;

    /// An empty topology.
    #[track_caller]
    pub fn new(name: &str) -> Self {
        Draft {
            name: At::here(name.into()),
            width: At::here(Self::DEFAULT_WIDTH),
            mesh: None,
            mtu: At::here(Self::DEFAULT_MTU),
            address: None,
            tiles: Vec::new(),
            chains: Vec::new(),
            matches: Vec::new(),
            interposes: Vec::new(),
        }
    }

    /// Bits of the data network: 64, 128, 256 or 512.
    #[track_caller]
    pub fn width(&mut self, bits: u32) -> &mut Self {
        self.width = At::here(bits);
        self
    }

    /// Columns and rows of the mesh; else the tool chooses.
    #[track_caller]
    pub fn mesh(&mut self, columns: u32, rows: u32) -> &mut Self {
        self.mesh = Some(At::here((columns, rows)));
        self
    }

    /// Bytes of the largest IP packet.
    #[track_caller]
    pub fn mtu(&mut self, bytes: u32) -> &mut Self {
        self.mtu = At::here(bytes);
        self
    }

    /// Initial MAC address such as `02:be:e0:00:00:01` and IP address such as `10.77.0.2/24`.
    #[track_caller]
    pub fn address(&mut self, mac: &str, ip: &str) -> &mut Self {
        self.address = Some(AddressDraft { mac: At::here(mac.into()), ip: At::here(ip.into()), gateway: None });
        self
    }

    /// Initial gateway.
    ///
    /// # Panics
    /// Before [`address`](Draft::address).
    #[track_caller]
    pub fn gateway(&mut self, ip: &str) -> &mut Self {
        let address = self.address.as_mut().expect("the address comes before the gateway");
        address.gateway = Some(At::here(ip.into()));
        self
    }

    /// Adds a tile. Its kind is its name without trailing digits, unless said otherwise.
    #[track_caller]
    pub fn tile(&mut self, name: &str) -> &mut TileDraft {
        self.tiles.push(TileDraft {
            name: At::here(name.into()),
            kind: None,
            at: None,
            replicas: None,
            policy: None,
            queue: None,
            buffer: None,
            params: BTreeMap::new(),
        });
        self.tiles.last_mut().expect("just pushed")
    }

    /// Adds a chain such as `eth_rx -> arp -> eth_tx`.
    #[track_caller]
    pub fn chain(&mut self, path: &str) -> &mut ChainDraft {
        self.chains.push(ChainDraft { path: At::here(path.into()), max_message: None, window: None });
        self.chains.last_mut().expect("just pushed")
    }

    /// The next-hop table of `from` leads to `to` for that key. Replaces the default keys of this connection.
    #[track_caller]
    pub fn select(&mut self, from: &str, to: &str, key: Key) -> &mut Self {
        let (from, to, keys) = (At::here(from.into()), At::here(to.into()), vec![At::here(key)]);
        self.matches.push(MatchDraft { from, to, keys, place: Place::here() });
        self
    }

    /// Puts a tile into a connection such as `ip_rx -> udp_rx`.
    #[track_caller]
    pub fn interpose(&mut self, tile: &str, between: &str) -> &mut Self {
        self.interposes.push(InterposeDraft { tile: At::here(tile.into()), between: At::here(between.into()) });
        self
    }

    /// Checks everything, places the tiles and proves the design free of deadlock.
    ///
    /// # Errors
    /// Everything that is wrong; a deadlock only if nothing else is.
    pub fn check<K: Kind + ?Sized>(&self, registry: &Registry<K>) -> Result<Design, Problems> {
        let design = self.check_all_but_deadlock(registry)?;
        match deadlock::check(&design) {
            Ok(()) => Ok(design),
            Err(deadlock) => Err(Problems(vec![deadlock.problem()])),
        }
    }

    /// As [`check`](Draft::check) without the proof: for tests that want to see a deadlock happen.
    ///
    /// # Errors
    /// Everything else that is wrong.
    pub fn check_all_but_deadlock<K: Kind + ?Sized>(&self, registry: &Registry<K>) -> Result<Design, Problems> {
        check::check(self, registry)
    }
}

impl TileDraft {
    /// Its kind.
    #[track_caller]
    pub fn kind(&mut self, kind: &str) -> &mut Self {
        self.kind = Some(At::here(kind.into()));
        self
    }

    /// Its place in the mesh; for replicas once for each.
    #[track_caller]
    pub fn at(&mut self, x: u32, y: u32) -> &mut Self {
        self.at.get_or_insert_with(|| At::here(Vec::new())).value.push(Coordinate { x, y });
        self
    }

    /// How many of them there are, and how senders choose one.
    #[track_caller]
    pub fn replicas(&mut self, count: u32, policy: Policy) -> &mut Self {
        self.replicas = Some(At::here(count));
        self.policy = Some(At::here(policy));
        self
    }

    /// Flits of a tail-drop queue before its input; 0: none.
    #[track_caller]
    pub fn queue(&mut self, flits: u32) -> &mut Self {
        self.queue = Some(At::here(flits));
        self
    }

    /// Flits of a lossless buffer before its input.
    #[track_caller]
    pub fn buffer(&mut self, flits: u32) -> &mut Self {
        self.buffer = Some(At::here(flits));
        self
    }

    /// A parameter of its kind.
    #[track_caller]
    pub fn param(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        self.params.insert(name.into(), At::here(value.into()));
        self
    }
}

impl ChainDraft {
    /// Bytes of the largest payload; else the MTU.
    #[track_caller]
    pub fn max_message(&mut self, bytes: u32) -> &mut Self {
        self.max_message = Some(At::here(bytes));
        self
    }

    /// Messages under way at most; the first tile's kind must promise to keep it.
    #[track_caller]
    pub fn window(&mut self, messages: u32) -> &mut Self {
        self.window = Some(At::here(messages));
        self
    }
}
