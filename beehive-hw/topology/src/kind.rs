//! Kinds of tiles and the registry that knows them.
//!
//! This crate knows no hardware: a [`Kind`] tells the shape of its tiles, and a sub-trait elsewhere
//! adds how they are built. The registry is generic over that sub-trait:
//!
//! ```
//! use beehive_topology::{Keys, Kind, Params, Registry, Shape};
//! use std::sync::Arc;
//!
//! trait Hardware: Kind {
//!     fn flip_flops(&self) -> u32;
//! }
//!
//! struct Echo;
//! impl Kind for Echo {
//!     fn name(&self) -> &str { "echo" }
//!     fn about(&self) -> &str { "sends every message back" }
//!     fn shape(&self, _: &Params) -> Shape { Shape::new(Keys::Any).with_queue(64) }
//! }
//! impl Hardware for Echo {
//!     fn flip_flops(&self) -> u32 { 600 }
//! }
//!
//! let mut registry: Registry<dyn Hardware> = Registry::new();
//! registry.add(Arc::new(Echo)).unwrap();
//! assert_eq!(registry.get("echo").unwrap().flip_flops(), 600);
//! ```

use crate::design::{Design, Key, Tile};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// A kind of tile.
pub trait Kind: Send + Sync {
    /// What topologies call it: a lower-case identifier.
    fn name(&self) -> &str;

    /// What it does, in one line.
    fn about(&self) -> &str;

    /// The parameters a topology may give in `params`.
    fn parameters(&self) -> Vec<Parameter> {
        Vec::new()
    }

    /// What a topology must know of a tile with these parameters.
    fn shape(&self, params: &Params) -> Shape;

    /// Checks what the range of each parameter alone cannot say.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the parameters together.
    fn check(&self, _params: &Params) -> Result<(), String> {
        Ok(())
    }

    /// Checks what can only be seen in the whole design: the MTU, who the tile sends to, who sends to it. Tiles have no places yet.
    ///
    /// # Errors
    /// What is wrong, and what to do about it.
    fn fits(&self, _design: &Design, _tile: &Tile) -> Result<(), Misfit> {
        Ok(())
    }
}

/// Why a tile does not fit into its design.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Misfit {
    /// What is wrong, in one sentence with the tile's name.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

/// What a topology must know of a tile.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Shape {
    /// What its next-hop table is keyed by.
    pub keys: Keys,
    /// Keys that select a tile of this kind when the sender's table has such keys and no `[[match]]` says otherwise.
    pub selected_by: Vec<Key>,
    /// Whether its input may wait for its own output.
    pub input: Input,
    /// Flits of the tail-drop queue before its input unless the topology says otherwise; 0: none.
    pub queue: u32,
    /// Whether messages to it may be lost: a tile that may lose none cannot be given a tail-drop queue.
    pub may_drop: bool,
    /// Makes messages without having received any.
    pub starts: bool,
    /// Keeps the `window` of a chain that begins at it.
    pub keeps_window: bool,
    /// The side of the MAC it owns.
    pub mac: Option<Mac>,
    /// Asks on the control network; every other tile answers.
    pub control: bool,
}

impl Shape {
    /// A tile with a blocking input, no queue and nothing special.
    pub fn new(keys: Keys) -> Self {
        Shape {
            keys,
            selected_by: Vec::new(),
            input: Input::Blocking,
            queue: 0,
            may_drop: true,
            starts: false,
            keeps_window: false,
            mac: None,
            control: false,
        }
    }

    /// With a key that selects it.
    pub fn selected_by(mut self, key: Key) -> Self {
        self.selected_by.push(key);
        self
    }

    /// With an input that always takes messages in finite time, and why.
    pub fn sinking(mut self, why: &'static str) -> Self {
        self.input = Input::Sinking { why };
        self
    }

    /// With a tail-drop queue of so many flits unless the topology says otherwise.
    pub fn with_queue(mut self, flits: u32) -> Self {
        self.queue = flits;
        self
    }

    /// A tile that must not lose messages.
    pub fn lossless(mut self) -> Self {
        self.may_drop = false;
        self
    }

    /// A tile that makes messages by itself.
    pub fn starting(mut self) -> Self {
        self.starts = true;
        self
    }

    /// A tile that never has more messages under way than the `window` of its chains.
    pub fn keeping_window(mut self) -> Self {
        self.keeps_window = true;
        self
    }

    /// The owner of a side of the MAC. The receiving side starts messages; the sending side takes all.
    pub fn mac(mut self, side: Mac) -> Self {
        self.mac = Some(side);
        match side {
            Mac::Rx => self.starting(),
            Mac::Tx => self.sinking("the MAC sends what it is given"),
        }
    }

    /// The tile that asks on the control network.
    pub fn controlling(mut self) -> Self {
        self.control = true;
        self
    }
}

/// What keys the next-hop table of a tile.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Keys {
    /// It sends to nobody.
    Nothing,
    /// One next hop for all messages.
    Any,
    /// The Ethernet type of the frame.
    Ethertype,
    /// The protocol number of the IPv4 header.
    Protocol,
    /// The UDP or TCP destination port.
    Port,
    /// What the message is for: one next hop for each kind of receiver.
    Kind,
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Keys::Nothing => "nothing",
            Keys::Any => "one next hop",
            Keys::Ethertype => "ethertype",
            Keys::Protocol => "protocol",
            Keys::Port => "port",
            Keys::Kind => "kind",
        })
    }
}

/// Whether a tile takes a message without waiting for its own output.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// May wait until it has sent what it made of earlier messages.
    Blocking,
    /// Always takes messages in finite time.
    Sinking {
        /// The reason, for reports.
        why: &'static str,
    },
}

/// A side of the Ethernet MAC.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mac {
    /// Frames from the wire.
    Rx,
    /// Frames to the wire.
    Tx,
}

/// A parameter of a kind.
#[derive(Clone, Debug, Serialize)]
pub struct Parameter {
    /// Its name in `params`.
    pub name: &'static str,
    /// Its value when not given; also tells its type.
    pub default: Value,
    /// The values an integer may have.
    pub range: Option<RangeInclusive<i64>>,
    /// What it does, in one line.
    pub help: &'static str,
}

impl Parameter {
    /// An integer in a range.
    pub fn int(name: &'static str, default: i64, range: RangeInclusive<i64>, help: &'static str) -> Self {
        Parameter { name, default: Value::Int(default), range: Some(range), help }
    }

    /// True or false.
    pub fn flag(name: &'static str, default: bool, help: &'static str) -> Self {
        Parameter { name, default: Value::Flag(default), range: None, help }
    }

    /// A text.
    pub fn text(name: &'static str, default: &str, help: &'static str) -> Self {
        Parameter { name, default: Value::Text(default.into()), range: None, help }
    }

    /// Why a value does not fit, if it does not.
    pub(crate) fn refuses(&self, value: &Value) -> Option<String> {
        match (&self.default, value) {
            (Value::Int(_), Value::Int(value)) => {
                let range = self.range.as_ref().filter(|range| !range.contains(value))?;
                Some(format!("is {value}: it ranges from {} to {}", range.start(), range.end()))
            }
            (Value::Flag(_), Value::Flag(_)) | (Value::Text(_), Value::Text(_)) => None,
            (expected, _) => Some(format!("is {value}: it must be {}", expected.type_name())),
        }
    }
}

/// The value of a parameter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// An integer.
    Int(i64),
    /// True or false.
    Flag(bool),
    /// A text.
    Text(String),
}

impl Value {
    fn type_name(&self) -> &'static str {
        match self {
            Value::Int(_) => "an integer",
            Value::Flag(_) => "true or false",
            Value::Text(_) => "a text",
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Value::Int(value) => value.fmt(f),
            Value::Flag(value) => value.fmt(f),
            Value::Text(value) => write!(f, "{value:?}"),
        }
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Flag(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(value.into())
    }
}

/// The parameters of a tile, every one its kind has.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize)]
pub struct Params(pub BTreeMap<String, Value>);

impl Params {
    /// An integer parameter of the kind.
    ///
    /// # Panics
    /// If the kind has no integer of that name.
    pub fn int(&self, name: &str) -> i64 {
        match self.0.get(name) {
            Some(Value::Int(value)) => *value,
            _ => panic!("the kind declares no integer parameter `{name}`"),
        }
    }

    /// A parameter of the kind that is true or false.
    ///
    /// # Panics
    /// If the kind has no flag of that name.
    pub fn flag(&self, name: &str) -> bool {
        match self.0.get(name) {
            Some(Value::Flag(value)) => *value,
            _ => panic!("the kind declares no flag `{name}`"),
        }
    }

    /// A text parameter of the kind.
    ///
    /// # Panics
    /// If the kind has no text of that name.
    pub fn text(&self, name: &str) -> &str {
        match self.0.get(name) {
            Some(Value::Text(value)) => value,
            _ => panic!("the kind declares no text parameter `{name}`"),
        }
    }
}

/// The kinds a topology may use, by name.
pub struct Registry<K: ?Sized = dyn Kind> {
    kinds: BTreeMap<String, Arc<K>>,
    header_flits: fn(u32) -> u32,
}

impl<K: Kind + ?Sized> Registry<K> {
    /// An empty registry; messages have a header of 40 bytes.
    pub fn new() -> Self {
        Registry { kinds: BTreeMap::new(), header_flits: |width| 320u32.div_ceil(width) }
    }

    /// With another count of header flits at a width in bits.
    pub fn with_header_flits(mut self, header_flits: fn(u32) -> u32) -> Self {
        self.header_flits = header_flits;
        self
    }

    /// Adds a kind.
    ///
    /// # Errors
    /// A kind of that name is there already.
    pub fn add(&mut self, kind: Arc<K>) -> Result<(), DuplicateKind> {
        let name = kind.name().to_owned();
        if self.kinds.contains_key(&name) {
            return Err(DuplicateKind(name));
        }
        self.kinds.insert(name, kind);
        Ok(())
    }

    /// The kind of that name.
    pub fn get(&self, name: &str) -> Option<&Arc<K>> {
        self.kinds.get(name)
    }

    /// All kinds, by name.
    pub fn kinds(&self) -> impl Iterator<Item = &Arc<K>> {
        self.kinds.values()
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.kinds.keys().map(String::as_str)
    }

    /// Flits of a message header on a network of that many bits.
    pub fn header_flits(&self, width: u32) -> u32 {
        (self.header_flits)(width)
    }
}

impl<K: Kind + ?Sized> Default for Registry<K> {
    fn default() -> Self {
        Self::new()
    }
}

/// Two kinds of the same name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the registry has a kind `{0}` already")]
pub struct DuplicateKind(pub String);
