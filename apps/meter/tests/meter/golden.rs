//! RFC 2697 section 3 in plain Rust, a pair of buckets for each row of a table.

use beehive_hdl::testbench::Rng;

/// Parameters: tokens are 2^-16 bytes, the rate is tokens per cycle, bursts are bytes.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    pub rate: u64,
    pub committed: u64,
    pub excess: u64,
}

impl Config {
    /// Mostly rates and bursts at which all colors come, some at the ends of their ranges.
    pub fn random(rng: &mut Rng) -> Config {
        const TOP: u64 = (1 << 24) - 1;
        if rng.one_in(6) {
            let mut any = || *rng.one_of(&[0, 1, TOP / 2, TOP - 1, TOP]);
            return Config { rate: any(), committed: any(), excess: any() };
        }
        let top = 1 << rng.within(1..=20);
        let rate = rng.within(1..=top);
        Config { rate, committed: rng.within(0..=6000), excess: rng.within(0..=6000) }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Color {
    Green,
    Yellow,
    Red,
}

/// The two buckets of a source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Buckets {
    committed: u64,
    excess: u64,
}

impl Buckets {
    /// "The token buckets C and E are initially (at time 0) full".
    pub fn full(config: Config) -> Buckets {
        Buckets { committed: config.committed << 16, excess: config.excess << 16 }
    }

    /// What so many cycles bring: into C, and what does not fit there into E.
    pub fn earn(&mut self, config: Config, cycles: u64) {
        let limits = Buckets::full(config);
        let committed = u128::from(self.committed) + u128::from(config.rate) * u128::from(cycles);
        let over = committed.saturating_sub(limits.committed.into());
        self.committed = committed.min(limits.committed.into()) as u64;
        self.excess = (u128::from(self.excess) + over).min(limits.excess.into()) as u64;
    }

    /// "When a packet of size B bytes arrives at time t".
    pub fn judge(&mut self, bytes: u64) -> Color {
        let size = bytes << 16;
        if self.committed >= size {
            self.committed -= size;
            Color::Green
        } else if self.excess >= size {
            self.excess -= size;
            Color::Yellow
        } else {
            Color::Red
        }
    }
}

struct Row {
    key: u32,
    time: u64,
    buckets: Buckets,
}

/// The table.
pub struct Golden {
    rows: Vec<Option<Row>>,
}

impl Golden {
    pub fn new(entries: u32) -> Golden {
        Golden { rows: (0..entries).map(|_| None).collect() }
    }

    /// The color of a packet, and whether its source was not in the table. Times have 48 bits.
    pub fn judge(&mut self, config: Config, key: u32, bytes: u64, time: u64) -> (Color, bool) {
        let entries = self.rows.len() as u32;
        let place = &mut self.rows[((key ^ key >> 16) % entries) as usize];
        let is_new = place.as_ref().is_none_or(|row| row.key != key);
        if is_new {
            *place = Some(Row { key, time, buckets: Buckets::full(config) });
        }
        let row = place.as_mut().expect("put there");
        let elapsed = time.wrapping_sub(row.time) % (1 << 48);
        // What came before the last one earns nothing.
        let elapsed = if elapsed >= 1 << 47 { 0 } else { elapsed };
        row.time = (row.time + elapsed) % (1 << 48);
        row.buckets.earn(config, elapsed);
        (row.buckets.judge(bytes), is_new)
    }
}

/// The RFC's rule literally, token by token: "if Tc is less than CBS, Tc is incremented by one, else if Te is less then EBS, Te is incremented by
/// one, else neither Tc nor Te is incremented".
#[test]
fn earning_is_what_the_rfc_says() {
    let mut rng = Rng::new(1);
    for _ in 0..300 {
        let mut any = |most| rng.within(0..=most);
        let config = Config { rate: any(40), committed: any(1), excess: any(1) };
        let start = Buckets { committed: any(config.committed << 16), excess: any(config.excess << 16) };
        let cycles = any(2500);
        let (mut literal, mut ours) = (start, start);
        for _ in 0..config.rate * cycles {
            if literal.committed < config.committed << 16 {
                literal.committed += 1;
            } else if literal.excess < config.excess << 16 {
                literal.excess += 1;
            }
        }
        ours.earn(config, cycles);
        assert_eq!(ours, literal, "{config:?}, {start:?}, {cycles} cycles");
    }
}
