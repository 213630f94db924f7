//! The text file: TOML to [`Draft`]. Every section is read on its own, so each may have its error.

use crate::design::{Key, Policy};
use crate::draft::{AddressDraft, ChainDraft, Draft, InterposeDraft, MatchDraft, TileDraft};
use crate::error::{At, Collector, Place, Problems, did_you_mean};
use crate::kind::Value;
use crate::mesh::Coordinate;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// A topology. The first lines name the network card, then come its tiles and the chains that
/// messages take through them.
#[derive(JsonSchema)]
#[schemars(rename = "topology", deny_unknown_fields)]
#[allow(dead_code, reason = "describes the file to schemars; sections are read one by one")]
pub(crate) struct File {
    design: DesignSection,
    address: Option<AddressSection>,
    #[schemars(length(min = 1))]
    tile: Vec<TileSection>,
    #[schemars(length(min = 1))]
    chain: Vec<ChainSection>,
    r#match: Option<Vec<MatchSection>>,
    interpose: Option<Vec<InterposeSection>>,
}

const SECTIONS: [&str; 6] = ["design", "address", "tile", "chain", "match", "interpose"];

/// The network card as a whole.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DesignSection {
    /// Name of the network card, an identifier.
    #[schemars(with = "String", regex(pattern = "^[a-z][a-z0-9_]*$"))]
    name: Spanned<String>,
    /// Bits of the data network: 64, 128, 256 or 512 (the default).
    #[schemars(with = "Option<u32>", extend("enum" = [64, 128, 256, 512]))]
    width: Option<Spanned<u32>>,
    /// Columns and rows of the mesh, at most 16 each; chosen by the tool if not given.
    #[schemars(with = "Option<[Side; 2]>")]
    mesh: Option<Spanned<(u32, u32)>>,
    /// Bytes of the largest IP packet, 1500 by default.
    #[schemars(with = "Option<u32>", range(min = 68, max = 9000))]
    mtu: Option<Spanned<u32>>,
}

/// Columns or rows.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "describes the file to schemars")]
struct Side(#[schemars(range(min = 1, max = 16))] u32);

/// Initial values of the address tables, which can be changed at run time.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddressSection {
    /// Unicast MAC address, such as `02:be:e0:00:00:01`.
    #[schemars(with = "String", regex(pattern = "^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$"))]
    mac: Spanned<String>,
    /// IPv4 address and network prefix, such as `10.77.0.2/24`.
    #[schemars(with = "String", regex(pattern = "^[0-9.]+/[0-9]+$"))]
    ip: Spanned<String>,
    /// IPv4 address of the gateway to other networks.
    #[schemars(with = "Option<String>")]
    gateway: Option<Spanned<String>>,
}

/// A tile.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TileSection {
    /// Name, an identifier.
    #[schemars(with = "String", regex(pattern = "^[a-z][a-z0-9_]*$"))]
    name: Spanned<String>,
    /// Kind; the name without trailing digits if not given.
    #[schemars(with = "Option<String>")]
    kind: Option<Spanned<String>>,
    /// Column and row; for replicas a list of them. Chosen by the tool if not given.
    #[schemars(with = "Option<Position>")]
    at: Option<Spanned<Position>>,
    /// How many of this tile share its work.
    #[schemars(with = "Option<u32>", range(min = 1, max = 256))]
    replicas: Option<Spanned<u32>>,
    /// How senders choose among the replicas.
    #[schemars(with = "Option<Choice>")]
    policy: Option<Spanned<Choice>>,
    /// Flits of the tail-drop queue before the tile's input; 0 for none.
    #[schemars(with = "Option<u32>")]
    queue: Option<Spanned<u32>>,
    /// Flits of the lossless buffer before the tile's input.
    #[schemars(with = "Option<u32>")]
    buffer: Option<Spanned<u32>>,
    /// Parameters of the kind.
    #[serde(default)]
    #[schemars(with = "Option<BTreeMap<String, Scalar>>")]
    params: BTreeMap<Spanned<String>, Spanned<Scalar>>,
}

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected [column, row], or a list of them, one for each replica")]
enum Position {
    One((u32, u32)),
    Many(Vec<(u32, u32)>),
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Choice {
    FlowHash,
    RoundRobin,
}

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected an integer, true, false or a text")]
enum Scalar {
    Int(i64),
    Flag(bool),
    Text(String),
}

/// Who sends to whom: a path through tiles.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChainSection {
    /// Names of tiles, such as `eth_rx -> arp -> eth_tx`; `echo.1` is one replica of `echo`.
    #[schemars(with = "String", regex(pattern = "->"))]
    path: Spanned<String>,
    /// Bytes of the largest payload; the MTU if not given.
    #[schemars(with = "Option<u32>", range(min = 1, max = 65535))]
    max_message: Option<Spanned<u32>>,
    /// Messages under way at most; the kind of the first tile must promise to keep it.
    #[schemars(with = "Option<u32>", range(min = 1))]
    window: Option<Spanned<u32>>,
}

/// What selects a next hop, instead of the kind's default.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MatchSection {
    /// The tile whose table it is.
    #[schemars(with = "String")]
    from: Spanned<String>,
    /// The tile it leads to.
    #[schemars(with = "String")]
    to: Spanned<String>,
    /// UDP or TCP destination port, or a list of them.
    #[schemars(with = "Option<OneOrMore<u16>>")]
    port: Option<Spanned<OneOrMore<u16>>>,
    /// Protocol number of IPv4, or a list of them.
    #[schemars(with = "Option<OneOrMore<u8>>")]
    protocol: Option<Spanned<OneOrMore<u8>>>,
    /// Ethernet type, or a list of them.
    #[schemars(with = "Option<OneOrMore<u16>>")]
    ethertype: Option<Spanned<OneOrMore<u16>>>,
}

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a number that fits, or a list of such")]
enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}

impl<T: Copy> OneOrMore<T> {
    fn into_vec(self) -> Vec<T> {
        match self {
            OneOrMore::One(value) => vec![value],
            OneOrMore::More(values) => values,
        }
    }
}

/// Puts a tile into a connection without touching either side.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InterposeSection {
    /// The tile to put in.
    #[schemars(with = "String")]
    tile: Spanned<String>,
    /// The connection, such as `ip_rx -> udp_rx`.
    #[schemars(with = "String", regex(pattern = "->"))]
    between: Spanned<String>,
}

impl Draft {
    /// Reads a topology; `file` is the name errors give.
    ///
    /// # Errors
    /// All that is not TOML, or not a section, key or type that topologies have.
    pub fn from_toml(file: &str, text: &str) -> Result<Draft, Problems> {
        Reader::new(file, text).read(text)
    }

    /// Reads a topology from a file.
    ///
    /// # Errors
    /// The file cannot be read, or as [`from_toml`](Draft::from_toml).
    pub fn from_file(path: impl AsRef<Path>) -> Result<Draft, Problems> {
        let path = path.as_ref();
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            let mut problems = Collector::default();
            let place = Place { file: file.as_str().into(), line: 1 };
            problems.add(&place, format!("cannot be read: {error}"), "check the path");
            problems.finish(()).unwrap_err()
        })?;
        Draft::from_toml(&file, &text)
    }
}

/// Turns positions in the text into lines and gathers errors.
struct Reader {
    file: Arc<str>,
    line_starts: Vec<usize>,
    problems: Collector,
}

impl Reader {
    fn new(file: &str, text: &str) -> Self {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Reader { file: file.into(), line_starts, problems: Collector::default() }
    }

    fn place(&self, position: usize) -> Place {
        let line = self.line_starts.partition_point(|start| *start <= position) as u32;
        Place { file: self.file.clone(), line }
    }

    fn at<T>(&self, value: Spanned<T>) -> At<T> {
        At { place: self.place(value.span().start), value: value.into_inner() }
    }

    fn error(&mut self, error: &toml::de::Error, position: usize) {
        let place = self.place(error.span().map_or(position, |span| span.start));
        let message = error.message().trim().replace('\n', "; ");
        self.problems.add(&place, message, "docs/topology.md lists the sections and their keys");
    }

    /// Reads a section, or notes what is wrong with it.
    fn section<T: DeserializeOwned>(&mut self, value: Spanned<DeValue<'_>>) -> Option<T> {
        let position = value.span().start;
        T::deserialize(ValueDeserializer::from(value)).map_err(|error| self.error(&error, position)).ok()
    }

    /// Reads each of the sections of a name.
    fn sections<T: DeserializeOwned>(&mut self, name: &str, value: Option<Spanned<DeValue<'_>>>) -> Vec<T> {
        let Some(value) = value else { return Vec::new() };
        let place = self.place(value.span().start);
        match value.into_inner() {
            DeValue::Array(values) => values.into_iter().filter_map(|value| self.section(value)).collect(),
            _ => {
                self.problems.add(&place, format!("`{name}` is not a list"), format!("write `[[{name}]]`"));
                Vec::new()
            }
        }
    }

    fn read(mut self, text: &str) -> Result<Draft, Problems> {
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            self.error(error, 0);
        }
        let mut sections: BTreeMap<String, Spanned<DeValue<'_>>> = BTreeMap::new();
        for (key, value) in table.into_inner() {
            let name: &str = key.get_ref().as_ref();
            if SECTIONS.contains(&name) {
                sections.insert(name.to_owned(), value);
            } else {
                let place = self.place(key.span().start);
                self.problems.add(&place, format!("unknown section `{name}`"), did_you_mean(name, SECTIONS));
            }
        }
        let has_design = sections.contains_key("design");
        let design: Option<DesignSection> = sections.remove("design").and_then(|value| self.section(value));
        let address: Option<AddressSection> = sections.remove("address").and_then(|value| self.section(value));
        let tiles: Vec<TileSection> = self.sections("tile", sections.remove("tile"));
        let chains: Vec<ChainSection> = self.sections("chain", sections.remove("chain"));
        let matches: Vec<MatchSection> = self.sections("match", sections.remove("match"));
        let interposes: Vec<InterposeSection> = self.sections("interpose", sections.remove("interpose"));
        if !has_design && errors.is_empty() {
            let place = self.place(0);
            self.problems.add(
                &place,
                "the section `[design]` is missing",
                "begin with `[design]` and `name = \"...\"`",
            );
        }

        let start = self.place(0);
        let default = |value| At { value, place: start.clone() };
        let draft = design.map(|design| Draft {
            name: self.at(design.name),
            width: design.width.map_or_else(|| default(Draft::DEFAULT_WIDTH), |width| self.at(width)),
            mesh: design.mesh.map(|mesh| self.at(mesh)),
            mtu: design.mtu.map_or_else(|| default(Draft::DEFAULT_MTU), |mtu| self.at(mtu)),
            address: address.map(|address| AddressDraft {
                mac: self.at(address.mac),
                ip: self.at(address.ip),
                gateway: address.gateway.map(|gateway| self.at(gateway)),
            }),
            tiles: tiles.into_iter().map(|tile| self.tile(tile)).collect(),
            chains: chains.into_iter().map(|chain| self.chain(chain)).collect(),
            matches: matches.into_iter().map(|entry| self.entry(entry)).collect(),
            interposes: interposes
                .into_iter()
                .map(|entry| InterposeDraft { tile: self.at(entry.tile), between: self.at(entry.between) })
                .collect(),
        });
        self.problems.finish(draft).map(|draft| draft.expect("a design without problems"))
    }

    fn tile(&self, tile: TileSection) -> TileDraft {
        let policy = |choice| match choice {
            Choice::FlowHash => Policy::FlowHash,
            Choice::RoundRobin => Policy::RoundRobin,
        };
        let positions = |position| match position {
            Position::One(one) => vec![one],
            Position::Many(many) => many,
        };
        let value = |scalar| match scalar {
            Scalar::Int(value) => Value::Int(value),
            Scalar::Flag(value) => Value::Flag(value),
            Scalar::Text(value) => Value::Text(value),
        };
        TileDraft {
            name: self.at(tile.name),
            kind: tile.kind.map(|kind| self.at(kind)),
            at: tile.at.map(|at| {
                let At { value, place } = self.at(at);
                At { value: positions(value).into_iter().map(|(x, y)| Coordinate { x, y }).collect(), place }
            }),
            replicas: tile.replicas.map(|count| self.at(count)),
            policy: tile.policy.map(|choice| {
                let At { value, place } = self.at(choice);
                At { value: policy(value), place }
            }),
            queue: tile.queue.map(|flits| self.at(flits)),
            buffer: tile.buffer.map(|flits| self.at(flits)),
            params: tile
                .params
                .into_iter()
                .map(|(name, scalar)| {
                    let place = self.place(name.span().start);
                    (name.into_inner(), At { value: value(scalar.into_inner()), place })
                })
                .collect(),
        }
    }

    fn chain(&self, chain: ChainSection) -> ChainDraft {
        ChainDraft {
            path: self.at(chain.path),
            max_message: chain.max_message.map(|bytes| self.at(bytes)),
            window: chain.window.map(|messages| self.at(messages)),
        }
    }

    fn entry(&self, entry: MatchSection) -> MatchDraft {
        let place = self.place(entry.from.span().start);
        let mut keys = Vec::new();
        let mut add = |place: Place, key| keys.push(At { value: key, place });
        if let Some(ports) = entry.port {
            let place = self.place(ports.span().start);
            ports.into_inner().into_vec().into_iter().for_each(|port| add(place.clone(), Key::Port(port)));
        }
        if let Some(protocols) = entry.protocol {
            let place = self.place(protocols.span().start);
            protocols.into_inner().into_vec().into_iter().for_each(|number| add(place.clone(), Key::Protocol(number)));
        }
        if let Some(types) = entry.ethertype {
            let place = self.place(types.span().start);
            types.into_inner().into_vec().into_iter().for_each(|number| add(place.clone(), Key::Ethertype(number)));
        }
        MatchDraft { from: self.at(entry.from), to: self.at(entry.to), keys, place }
    }
}
