//! Devices that lie: about capabilities, sizes, their description; with ones, errors and silence at any access.
//!
//! Nothing may panic, no access may leave what the device says of itself, every operation ends, and the handle is usable or gone behind it.
//! `BEEHIVE_SEED=7 cargo test -p beehive-driver --test hostile` replays a seed.

use beehive_driver::sim::{Backend, Plain, Sim, Watched};
use beehive_driver::{Device, DmaMemory, Error, Nic, Result, map, pci};
use beehive_wire::description::{Access, Description, Register, Tile};
use fastrand::Rng;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Time of an operation.
const SHORT: Duration = Duration::from_millis(5);
/// Longer than anything takes that is bounded.
const LONG: Duration = Duration::from_secs(30);

/// What happens from some access on.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Lives,
    Ones,
    Zeros,
    Errors(io::ErrorKind),
    NoDevice,
    Hangs,
    /// One bit in so many reads is wrong.
    Flips(u32),
}

struct Liar {
    plain: Plain,
    rng: Mutex<Rng>,
    fate: Fate,
    /// When it begins.
    at: u64,
    accesses: AtomicU64,
    bar_0: u64,
    config: Vec<(u16, u8)>,
    registers: Vec<(u32, u32)>,
    deaf: bool,
    honest: AtomicBool,
    /// An access beyond what it said.
    outside: AtomicBool,
}

impl Liar {
    fn new(seed: u64) -> Liar {
        let mut rng = Rng::with_seed(seed);
        let at = rng.u64(..400);
        let fate = match rng.u32(..10) {
            0 => Fate::Ones,
            1 => Fate::Zeros,
            2 => Fate::Errors(
                *rng.choice(&[io::ErrorKind::TimedOut, io::ErrorKind::Other, io::ErrorKind::NotConnected]).unwrap(),
            ),
            3 => Fate::NoDevice,
            4 if seed.is_multiple_of(8) => Fate::Hangs,
            5 => Fate::Flips(rng.u32(2..200)),
            _ => Fate::Lives,
        };
        let plain = if rng.bool() { Plain::sample() } else { Plain::new(&description(&mut rng)) };
        let bar_0 = match rng.u32(..8) {
            0 => *rng.choice(&[0, 4, 0x48, 0x1000, 0x1_0000, u64::from(map::BAR_BYTES) - 4]).unwrap(),
            1 => u64::MAX,
            _ => map::BAR_BYTES.into(),
        };
        let mut config = vec![];
        if rng.u32(..4) == 0 {
            // Of the header that is walked, and of the capabilities.
            (0..rng.usize(1..8)).for_each(|_| config.push((rng.u16(0x40..0x100), rng.u8(..))));
            (0..rng.usize(..2))
                .for_each(|_| config.push((*rng.choice(&[0x34u16, 0x06, 0x0e, 0, 2]).unwrap(), rng.u8(..))));
            (0..rng.usize(..3))
                .for_each(|_| config.push((*rng.choice(&[0x41u16, 0x51, 0x61]).unwrap(), rng.u8(..) & 0xfc)));
        }
        let mut registers = vec![];
        if rng.u32(..4) == 0 {
            let values = [0, 1, 3, 4, 0x1_0000, 0x1_0004, u32::MAX, rng.u32(..), rng.u32(..4096)];
            let offset = 4 * rng.u32(..19);
            registers.push((offset, *rng.choice(&values).unwrap()));
        }
        let deaf = rng.u32(..8) == 0;
        Liar {
            plain,
            rng: Mutex::new(rng),
            fate,
            at,
            accesses: AtomicU64::new(0),
            bar_0,
            config,
            registers,
            deaf,
            honest: AtomicBool::new(false),
            outside: AtomicBool::new(false),
        }
    }

    /// What this access meets.
    fn meet(&self, data: Option<&mut [u8]>) -> io::Result<()> {
        if self.accesses.fetch_add(1, Relaxed) < self.at || self.honest.load(Relaxed) {
            return Ok(());
        }
        match (self.fate, data) {
            (Fate::Errors(kind), _) => Err(kind.into()),
            (Fate::NoDevice, _) => Err(io::Error::from_raw_os_error(19)),
            (Fate::Hangs, _) => loop {
                thread::park();
            },
            (Fate::Ones, Some(data)) => {
                data.fill(0xff);
                Ok(())
            }
            (Fate::Zeros, Some(data)) => {
                data.fill(0);
                Ok(())
            }
            (Fate::Flips(among), Some(data)) if !data.is_empty() => {
                let mut rng = self.rng.lock().unwrap();
                if rng.u32(..among) == 0 {
                    let at = rng.usize(..data.len());
                    data[at] ^= 1 << rng.u32(..8);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn check(&self, offset: u64, bytes: usize, size: u64) -> bool {
        let inside = offset.checked_add(bytes as u64).is_some_and(|end| end <= size);
        self.outside.fetch_or(!inside, Relaxed);
        inside
    }

    fn lies(&self) -> bool {
        !self.honest.load(Relaxed)
    }
}

impl Backend for Liar {
    fn config_read(&self, offset: u16, data: &mut [u8]) -> io::Result<()> {
        if !self.check(offset.into(), data.len(), 256) {
            return Ok(());
        }
        self.plain.config_read(offset, data)?;
        for (at, byte) in self.config.iter().filter(|_| self.lies()) {
            if let Some(place) = at.checked_sub(offset).and_then(|i| data.get_mut(usize::from(i))) {
                *place = *byte;
            }
        }
        self.meet(Some(data))
    }

    fn config_write(&self, offset: u16, data: &[u8]) -> io::Result<()> {
        self.meet(None)?;
        if self.check(offset.into(), data.len(), 256) { self.plain.config_write(offset, data) } else { Ok(()) }
    }

    fn bar_bytes(&self, bar: u8) -> u64 {
        if bar == 0 && self.lies() { self.bar_0 } else { self.plain.bar_bytes(bar) }
    }

    fn bar_read(&self, bar: u8, offset: u64, data: &mut [u8]) -> io::Result<()> {
        if self.check(offset, data.len(), self.bar_bytes(bar))
            && offset + data.len() as u64 <= self.plain.bar_bytes(bar)
        {
            self.plain.bar_read(bar, offset, data)?;
        }
        for (at, value) in self.registers.iter().filter(|_| self.lies()) {
            if u64::from(*at) == offset && data.len() >= 4 && bar == 0 {
                data[..4].copy_from_slice(&value.to_le_bytes());
            }
        }
        self.meet(Some(data))
    }

    fn bar_write(&self, bar: u8, offset: u64, data: &[u8]) -> io::Result<()> {
        self.meet(None)?;
        let inside = self.check(offset, data.len(), self.bar_bytes(bar));
        if inside && offset + data.len() as u64 <= self.plain.bar_bytes(bar) && !(self.deaf && self.lies()) {
            self.plain.bar_write(bar, offset, data)?;
        }
        Ok(())
    }

    fn set_vector(&self, vector: u32, target: Option<OwnedFd>) -> io::Result<()> {
        self.meet(None)?;
        self.plain.set_vector(vector, target)
    }

    fn reset(&self) -> io::Result<()> {
        self.meet(None)?;
        if self.deaf && self.lies() { Ok(()) } else { self.plain.reset() }
    }
}

/// A description in which something is wrong, or nothing; its hash is right.
fn description(rng: &mut Rng) -> Description {
    let register =
        |name: &str, count| Register { name: name.into(), count, access: Access::Config, about: "about".into() };
    let mut description = Description {
        design: "liar".into(),
        width: 512,
        columns: 3,
        rows: 2,
        mtu: 1500,
        host: Some((0, 0)),
        tiles: (0..3u8).map(|x| Tile { name: format!("t{x}"), kind: "k".into(), at: (x, 1), registers: 0 }).collect(),
        chains: vec![],
        registers: vec![vec![register("a", 1), register("b", 3)]],
        place: vec!["flits".into()],
    };
    // What the honest part of the card cannot be made of is made wrong in `lying_descriptions_are_refused`.
    match rng.u32(..4) {
        0 => description.tiles[1].name = "t0".into(),
        1 => description.registers[0][1].name = "a".into(),
        2 => description.host = None,
        _ => {}
    }
    description
}

/// Everything that a program does with a card.
fn use_it(nic: &Nic, rng: &mut Rng) -> Result<()> {
    let names: Vec<String> = nic.description().tiles.iter().map(|tile| tile.name.clone()).collect();
    for _ in 0..30 {
        let tile = &names[rng.usize(..names.len())];
        match rng.u32(..14) {
            0 => drop(nic.snapshot()?),
            1 => drop(nic.reset()),
            2 => drop(nic.soft_reset()),
            3 => drop(nic.read(tile, "a")),
            4 => drop(nic.write(tile, "entry[1]", rng.u32(..))),
            5 => drop(nic.commit(tile)),
            6 => drop(nic.write_table(tile, "b", &[1, 2, 3])),
            7 => drop(nic.interrupts()),
            8 => drop(nic.raise(rng.u32(..5))),
            9 => drop(nic.get(map::SCRATCH)),
            10 => drop(nic.device().map_dma(&DmaMemory::new(4096)?, 4096 * rng.u64(..8))),
            11 => drop(nic.device().read64(rng.u8(..), rng.u64(..))),
            12 => drop(pci::msi_x(nic.device())),
            _ => nic.is_there()?,
        }
    }
    Ok(())
}

fn seeds(count: u64) -> Vec<u64> {
    let seeds = match std::env::var("BEEHIVE_SEED") {
        Ok(seed) => vec![seed.parse().expect("a seed is a number")],
        Err(_) => (0..count).collect(),
    };
    println!("seeds {} to {}", seeds[0], seeds[seeds.len() - 1]);
    seeds
}

/// Says which seed it was when a test panics.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("BEEHIVE_SEED={}", self.0);
        }
    }
}

#[test]
fn devices_that_lie_harm_nobody() {
    let (mut opened, mut refused) = (0, 0);
    for seed in seeds(1000) {
        let _told = Seed(seed);
        let liar = Arc::new(Liar::new(seed));
        let start = Instant::now();
        let hangs = matches!(liar.fate, Fate::Hangs);
        let device: Box<dyn Device> = if hangs {
            Box::new(Sim::new(Watched::new(liar.clone(), SHORT).unwrap()).with_timeout(SHORT))
        } else {
            Box::new(Sim::new(liar.clone()).with_timeout(SHORT))
        };
        let nic = Nic::open(device);
        match &nic {
            Ok(nic) => {
                opened += 1;
                let _ = use_it(nic, &mut Rng::with_seed(seed));
                // The device tells the truth again: the handle is usable behind a reset, or it is closed for good.
                liar.honest.store(true, Relaxed);
                if liar.bar_0 == u64::from(map::BAR_BYTES) && !nic.device().gone() {
                    let again = nic.reset().and_then(|_| nic.is_there());
                    assert!(again.is_ok(), "{again:?} after {:?}", liar.fate);
                }
            }
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty());
            }
        }
        drop(nic);
        assert!(!liar.outside.load(Relaxed), "an access beyond what the device has");
        assert!(start.elapsed() < LONG, "it took {:?}", start.elapsed());
    }
    println!("{opened} opened, {refused} refused");
    assert!(
        std::env::var("BEEHIVE_SEED").is_ok() || opened > 100 && refused > 100,
        "the liars are too good or too bad"
    );
}

#[test]
fn an_honest_device_opens() {
    let mut liar = Liar::new(0);
    (liar.fate, liar.bar_0, liar.deaf) = (Fate::Lives, map::BAR_BYTES.into(), false);
    (liar.config, liar.registers, liar.plain) = (vec![], vec![], Plain::sample());
    let nic = Nic::open(Sim::new(liar)).unwrap();
    nic.reset().unwrap();
    assert_eq!(nic.snapshot().unwrap().tiles.len(), 1);
}

/// Dies at every access that opening and using it makes, in every way.
#[test]
fn devices_that_die_at_any_access_are_told() {
    let fates = [
        Fate::Ones,
        Fate::Zeros,
        Fate::NoDevice,
        Fate::Errors(io::ErrorKind::TimedOut),
        Fate::Errors(io::ErrorKind::Other),
    ];
    for fate in fates {
        let mut at = 0;
        loop {
            let mut liar = Liar::new(0);
            (liar.fate, liar.bar_0, liar.deaf, liar.at) = (fate, map::BAR_BYTES.into(), false, at);
            (liar.config, liar.registers, liar.plain) = (vec![], vec![], Plain::sample());
            let liar = Arc::new(liar);
            let work = Nic::open(Sim::new(liar.clone()).with_timeout(SHORT)).and_then(|nic| {
                nic.write_table("table", "entry", &[1, 2])?;
                nic.read("table", "word")?;
                nic.reset()?;
                nic.soft_reset()?;
                // The last that is read tells whether it is there.
                nic.is_there()
            });
            let died = liar.accesses.load(Relaxed) > at;
            assert!(!liar.outside.load(Relaxed));
            match (&work, fate) {
                // The last access may have been its last.
                (Ok(()), _) => assert!(!died || liar.accesses.load(Relaxed) <= at + 8, "{fate:?} at {at} is not seen"),
                (Err(error), Fate::NoDevice) => assert!(error.is_gone(), "{fate:?} at {at}: {error:?}"),
                (Err(error), Fate::Ones) => assert!(
                    error.is_gone() || matches!(error, Error::BadCapability { .. }),
                    "{fate:?} at {at}: {error:?}"
                ),
                _ => {}
            }
            if !died {
                break;
            }
            at += 1;
        }
        println!("{fate:?}: at each of {at} accesses");
        assert!(at > 100);
    }
}

#[test]
fn a_device_that_hangs_is_waited_for_once() {
    let mut liar = Liar::new(0);
    (liar.fate, liar.bar_0, liar.at) = (Fate::Hangs, map::BAR_BYTES.into(), 0);
    (liar.config, liar.registers, liar.plain, liar.deaf) = (vec![], vec![], Plain::sample(), false);
    liar.at = 1000;
    let nic = Nic::open(Sim::new(Watched::new(liar, Duration::from_secs(2)).unwrap())).unwrap();
    let interrupts = nic.interrupts().unwrap();
    let first = (0..2000).find_map(|_| nic.get(map::SCRATCH).err()).unwrap();
    assert!(matches!(first, Error::Timeout { .. }), "{first:?}");
    // Whoever waits is told, even if nobody uses it any more.
    let waited = interrupts[0].wait_timeout(LONG);
    assert!(waited.as_ref().is_err_and(Error::is_gone), "{waited:?}");
    let start = Instant::now();
    for _ in 0..100_000 {
        assert!(nic.get(map::SCRATCH).unwrap_err().is_gone());
    }
    assert!(nic.device().gone() && start.elapsed() < LONG);
}

/// Capabilities: pointers of every kind.
#[test]
fn capabilities_that_lie_are_told_with_their_offset() {
    let walk = |lies: &[(u16, u8)]| {
        let mut liar = Liar::new(0);
        (liar.fate, liar.bar_0, liar.plain) = (Fate::Lives, map::BAR_BYTES.into(), Plain::sample());
        (liar.config, liar.registers, liar.deaf) = (lies.to_vec(), vec![], false);
        let device = Sim::new(liar);
        let all = pci::capabilities(&device).collect::<Result<Vec<_>>>();
        let opened = Nic::open(device).map(drop);
        assert_eq!(all.is_ok(), opened.is_ok(), "{opened:?}");
        all.map(|all| all.len())
    };
    let bad = |lies: &[(u16, u8)], at: u16| match walk(lies).unwrap_err() {
        Error::BadCapability { offset, .. } => assert_eq!(offset, at, "{lies:x?}"),
        other => panic!("{lies:x?}: {other:?}"),
    };
    assert_eq!(walk(&[]).unwrap(), 3);
    assert_eq!(walk(&[(0x34, 0)]).unwrap(), 0);
    assert_eq!(walk(&[(0x06, 0)]).unwrap(), 0, "no list");
    assert_eq!(walk(&[(0x41, 0)]).unwrap(), 1);
    bad(&[(0x34, 0x3c)], 0x34);
    bad(&[(0x34, 0x42)], 0x34);
    bad(&[(0x34, 0xff)], 0x34);
    bad(&[(0x41, 0x40)], 0x41);
    bad(&[(0x51, 0x40)], 0x51);
    bad(&[(0x61, 0x50)], 0x61);
    bad(&[(0x41, 4)], 0x41);
    bad(&[(0x50, 0xff)], 0x50);
    // The longest list: every place there is, and then a loop.
    let long: Vec<(u16, u8)> = (0x40..0xfc)
        .step_by(4)
        .flat_map(|at| [(at, 9), (at + 1, at as u8 + 4)])
        .chain([(0xfc, 9), (0xfd, 0)])
        .collect();
    assert_eq!(walk(&long).unwrap(), 48);
    let looped: Vec<_> = long.iter().copied().filter(|lie| lie.0 != 0xfd).chain([(0xfd, 0x80)]).collect();
    bad(&looped, 0xfd);
    // One that is cut by the end, of a kind that is looked into.
    let cut: Vec<_> = long.into_iter().filter(|lie| lie.0 != 0xf8).chain([(0xf8, pci::MSI_X)]).collect();
    let mut liar = Liar::new(0);
    (liar.fate, liar.bar_0, liar.config) = (Fate::Lives, map::BAR_BYTES.into(), cut);
    let error = pci::msi_x(&Sim::new(liar)).unwrap_err();
    assert!(matches!(error, Error::BadCapability { offset: 0xf8, .. }), "{error:?}");
}

/// Wrong in every way, with the right hash.
#[test]
fn lying_descriptions_are_refused() {
    let sample = || {
        let nic = Nic::open(Sim::new(Plain::sample())).unwrap();
        serde_json::to_value(nic.description()).unwrap()
    };
    type Change = fn(&mut serde_json::Value);
    let changes: [Change; 20] = [
        |d| d["columns"] = 0.into(),
        |d| d["columns"] = 17.into(),
        |d| d["rows"] = 255.into(),
        |d| d["rows"] = 256.into(),
        |d| d["host"] = serde_json::json!([9, 9]),
        |d| d["tiles"][0]["at"] = serde_json::json!([200, 200]),
        |d| d["tiles"][1]["registers"] = 2.into(),
        |d| d["tiles"][1]["registers"] = u64::MAX.into(),
        |d| d["tiles"][1]["name"] = "host".into(),
        |d| d["registers"][1][0]["count"] = 0.into(),
        |d| d["registers"][1][0]["count"] = 1023.into(),
        |d| d["registers"][1][2]["count"] = u32::MAX.into(),
        |d| d["registers"][1][1]["name"] = "counter".into(),
        |d| d["place"] = vec!["x"; 513].into(),
        |d| d["place"][0] = "\u{1b}]0;owned\u{7}".into(),
        |d| d["tiles"][1]["at"] = serde_json::json!([0, 0]),
        |d| d["tiles"][1]["name"] = "x".repeat(65).into(),
        |d| d["tiles"][1]["kind"] = "\u{1b}[2J".into(),
        |d| d["design"] = "a\nb".into(),
        |d| d["registers"][1][0]["about"] = "x".repeat(513).into(),
    ];
    let open = |text: Vec<u8>| Nic::open(Sim::new(Described(Plain::sample(), text)));
    assert!(open(serde_json::to_vec(&sample()).unwrap()).is_ok());
    for (number, change) in changes.iter().enumerate() {
        let mut value = sample();
        change(&mut value);
        let error = open(serde_json::to_vec(&value).unwrap()).unwrap_err();
        assert!(matches!(error, Error::Description(_)), "{number}: {error:?}");
    }
    for text in [&b""[..], b"{}  ", b"null", &[0xff; 64], &[b'['; 0x1_0000], &[b'x'; 0x1_0004]] {
        let error = open(text.to_vec()).unwrap_err();
        assert!(matches!(error, Error::Description(_)), "{error:?}");
    }
}

/// A card with another description.
struct Described(Plain, Vec<u8>);

impl Described {
    fn text(&self) -> Vec<u8> {
        let mut text = self.1.clone();
        text.resize(text.len().next_multiple_of(4), b' ');
        text
    }
}

impl Backend for Described {
    fn config_read(&self, offset: u16, data: &mut [u8]) -> io::Result<()> {
        self.0.config_read(offset, data)
    }
    fn config_write(&self, offset: u16, data: &[u8]) -> io::Result<()> {
        self.0.config_write(offset, data)
    }
    fn bar_bytes(&self, bar: u8) -> u64 {
        self.0.bar_bytes(bar)
    }
    fn bar_read(&self, bar: u8, offset: u64, data: &mut [u8]) -> io::Result<()> {
        let text = self.text();
        if offset == u64::from(map::DESIGN.offset) {
            data.copy_from_slice(&map::fnv1a(&text).to_le_bytes());
        } else if offset == u64::from(map::DESCRIPTION.offset) {
            data.copy_from_slice(&(text.len() as u32).to_le_bytes());
        } else if let Some(at) = offset.checked_sub(map::DESCRIPTION_AT.into()).filter(|at| *at < text.len() as u64) {
            data.copy_from_slice(&text[at as usize..at as usize + 4]);
        } else {
            self.0.bar_read(bar, offset, data)?;
        }
        Ok(())
    }
    fn bar_write(&self, bar: u8, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.bar_write(bar, offset, data)
    }
    fn set_vector(&self, vector: u32, target: Option<OwnedFd>) -> io::Result<()> {
        self.0.set_vector(vector, target)
    }
    fn reset(&self) -> io::Result<()> {
        self.0.reset()
    }
}

#[test]
fn other_maps_are_refused_with_both_versions() {
    let open = |register, value| {
        let plain = Plain::sample();
        plain.set(register, value);
        Nic::open(Sim::new(plain)).unwrap_err()
    };
    let error = open(map::VERSION, 0x0002_0003);
    assert!(error.to_string().contains("1.0 (") && error.to_string().contains("2.3 ("), "{error}");
    let error = open(map::LAYOUT, 0x1234_5678);
    assert!(error.to_string().contains("12345678"), "{error}");
    assert!(matches!(error, Error::Layout { want, got } if want.version == got.version));
    assert!(matches!(open(map::MAGIC, 0), Error::NotACard { .. }));
    assert!(matches!(open(map::DESIGN, 0), Error::Description(_)));
    // A minor version more is fine.
    let plain = Plain::sample();
    plain.set(map::VERSION, map::VERSION_VALUE + 1);
    Nic::open(Sim::new(plain)).unwrap();
}
