use beehive_hdl::dut::{Dut, DutExt};
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Bench, Failure, seeds};
use beehive_hw::device::Text;
use beehive_hw::device::axil::{ADDRESS_BITS, OKAY, SLVERR, Slave, slave};
use beehive_wire::device::{ANSWER_CYCLES, DESCRIPTION_AT, TILES_AT};

fn text() -> Vec<u8> {
    (0..100u32).map(|i| (i * 37 + 11) as u8).collect()
}

fn example() -> Def {
    slave(Slave { description: Text(text()), tiles: true })
}

fn number(width: u32, value: u32) -> Value {
    Value::from_u128(width, value.into())
}

/// The page of the test: what it answers, whether it knows the offset.
fn page_answer(offset: u64, write: bool) -> (u64, bool) {
    (offset * 0x1_2345 & 0xffff_ffff, !offset.is_multiple_of(3) && !(write && offset.is_multiple_of(5)))
}

fn page(dut: &mut dyn Dut) {
    let [offset, write, answer, known] =
        ["page_offset", "page_write", "page_answer", "page_known"].map(|name| dut.pin(name));
    let (value, knows) = page_answer(dut.get(offset), dut.get(write) == 1);
    dut.set(answer, value);
    dut.set(known, knows.into());
}

/// What the network of the test does with a request.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Network {
    Answers { err: bool, data: u32 },
    Late,
    Cleared,
}

struct Run {
    bench: Bench,
    /// Accesses of the page: offset, write, data.
    page: Vec<(u64, bool, u64)>,
    refused: u64,
    timeouts: u64,
}

impl Run {
    fn tick(&mut self) -> Result<(), Failure> {
        let Run { bench, page: accesses, refused, timeouts } = self;
        bench.tick_with(|dut| {
            page(dut);
            let get = |dut: &mut dyn Dut, name: &str| {
                let pin = dut.pin(name);
                dut.get(pin)
            };
            if get(dut, "page_access") == 1 {
                let access = (get(dut, "page_offset"), get(dut, "page_write") == 1, get(dut, "page_data"));
                accesses.push(access);
            }
            *refused += get(dut, "refused");
            *timeouts += get(dut, "timeout");
        })
    }

    fn until(&mut self, what: &str, limit: u64, mut done: impl FnMut(&mut Bench) -> bool) -> Result<(), Failure> {
        for _ in 0..limit {
            if done(&mut self.bench) {
                return Ok(());
            }
            self.tick()?;
        }
        Err(self.bench.failure(format!("{what}: not within {limit} cycles")))
    }

    /// One access: the response, and the data of a read. The network of the test does as told if it is asked.
    fn access(
        &mut self,
        address: u32,
        write: Option<(u32, u32)>,
        network: Network,
    ) -> Result<(u32, u32, bool), Failure> {
        let out = if write.is_some() { "s_axil_b" } else { "s_axil_r" };
        let answered = self.bench.received(out).len();
        let asked = self.bench.received("host_req").len();
        match write {
            Some((data, strobes)) => {
                self.bench.send("s_axil_aw", [number(ADDRESS_BITS, address)]);
                self.bench.send("s_axil_w", [Value::cat(&[number(32, data), number(4, strobes)])]);
            }
            None => self.bench.send("s_axil_ar", [number(ADDRESS_BITS, address)]),
        }
        self.until("request or response", 500, |bench| {
            bench.received("host_req").len() > asked || bench.received(out).len() > answered
        })?;
        let reached = self.bench.received("host_req").len() > asked;
        if reached {
            let request = self.bench.received("host_req")[asked].clone();
            let (writes, data) = write.map_or((0, None), |(data, _)| (1, Some(data)));
            self.bench.equal("write", request.slice(0, 1).words()[0], writes)?;
            self.bench.equal("address", request.slice(1, 20).words()[0], u64::from(address & 0xf_ffff))?;
            if let Some(data) = data {
                self.bench.equal("data", request.slice(21, 32).words()[0], data.into())?;
            }
            match network {
                Network::Answers { err, data } => self.answer(err, data),
                Network::Late => {}
                Network::Cleared => self.clear()?,
            }
        }
        self.until("response", u64::from(ANSWER_CYCLES) + 500, |bench| bench.received(out).len() > answered)?;
        for _ in 0..4 {
            self.tick()?;
        }
        let response = self.bench.received(out)[answered].clone();
        Ok(match write {
            Some(_) => (response.words()[0] as u32, 0, reached),
            None => (response.slice(32, 2).words()[0] as u32, response.slice(0, 32).words()[0] as u32, reached),
        })
    }

    fn answer(&mut self, err: bool, data: u32) {
        self.bench.send("host_resp", [Value::cat(&[number(1, err.into()), number(32, data)])]);
    }

    fn clear(&mut self) -> Result<(), Failure> {
        let clear = self.bench.dut().pin("clear");
        self.bench.dut().set(clear, 1);
        (0..16).try_for_each(|_| self.tick())?;
        self.bench.dut().set(clear, 0);
        Ok(())
    }
}

fn open(def: &Def, seed: u64) -> Run {
    let mut bench = Bench::new(beehive_sim::open(def), seed);
    bench.shuffle_patterns();
    Run { bench, page: vec![], refused: 0, timeouts: 0 }
}

fn check(def: &Def) -> Result<(), Failure> {
    let text = text();
    for seed in seeds(6) {
        let mut run = open(def, seed);
        let mut refused = 0;
        for _ in 0..250 {
            let rng = run.bench.rng();
            let region = rng.within(0..8);
            let offset = 4 * rng.within(0..1024) as u32 + if rng.one_in(8) { rng.within(1..4) as u32 } else { 0 };
            let address = match region {
                0..=2 => offset,
                3 => DESCRIPTION_AT + offset % 128,
                4 | 5 => TILES_AT | offset | (rng.within(0..256) as u32) << 12,
                6 => DESCRIPTION_AT + offset % 128 + 0x4000,
                _ => 0x1000 + offset + ((rng.within(0..15) as u32) << 12),
            };
            let write = rng.one_in(2).then(|| {
                let strobes = if rng.one_in(8) { rng.within(0..15) } else { 15 };
                (rng.within(0..1 << 32) as u32, strobes as u32)
            });
            let network = match rng.within(0..8) {
                0 => Network::Cleared,
                n => Network::Answers { err: n == 1, data: rng.within(0..1 << 32) as u32 },
            };
            let whole = address.is_multiple_of(4) && write.is_none_or(|(_, strobes)| strobes == 15);
            let at = address.wrapping_sub(DESCRIPTION_AT) as usize;
            let refusal = (false, 0);
            let tile = address >= TILES_AT && whole;
            let (okay, data) = if !whole {
                refusal
            } else if tile {
                match network {
                    Network::Answers { err, data } => (!err, data),
                    _ => refusal,
                }
            } else if address < 0x1000 {
                let (answer, known) = page_answer(address.into(), write.is_some());
                (known, answer as u32)
            } else if address >= DESCRIPTION_AT && at + 4 <= text.len() && write.is_none() {
                (true, u32::from_le_bytes(text[at..at + 4].try_into().expect("four bytes")))
            } else {
                refusal
            };
            let pages = run.page.len();
            let (response, got, reached) = run.access(address, write, network)?;
            let what = format!("{address:#x}, write {write:x?}, {network:?}");
            run.bench.equal(&format!("response to {what}"), response, if okay { OKAY } else { SLVERR })?;
            if write.is_none() && okay {
                run.bench.equal(&format!("data of {what}"), got, data)?;
            }
            run.bench.equal(&format!("a request to a tile from {what}"), reached, tile)?;
            let expected = (address < 0x1000 && whole).then(|| (address.into(), write.is_some()));
            let accesses: Vec<(u64, bool)> = run.page[pages..].iter().map(|(at, write, _)| (*at, *write)).collect();
            run.bench.equal(&format!("accesses of the page from {what}"), accesses, expected.into_iter().collect())?;
            if let (Some((data, _)), Some((_, _, got))) = (write, run.page.get(pages)) {
                run.bench.equal("data for the page", *got, data.into())?;
            }
            refused += u64::from(!okay);
            run.bench.equal("refusals told", run.refused, refused)?;
        }
    }
    Ok(())
}

/// A tile that does not answer holds up its own access alone, and its late answer is nobody else's.
fn check_silence(def: &Def) -> Result<(), Failure> {
    for cleared in [false, true] {
        let mut run = open(def, 1);
        let fine = Network::Answers { err: false, data: 7 };
        let late = run.access(TILES_AT, None, Network::Late)?;
        run.bench.equal("silence", (late.0, late.2), (SLVERR, true))?;
        run.bench.equal("time-outs", run.timeouts, 1)?;
        for _ in 0..3 {
            let next = run.access(TILES_AT + 4, None, fine)?;
            run.bench.equal("while an answer is owed", (next.0, next.2), (SLVERR, false))?;
        }
        let page = run.access(4, None, fine)?;
        run.bench.equal("the page meanwhile", page.0, OKAY)?;
        if cleared {
            run.clear()?
        } else {
            run.answer(false, 0xdead)
        }
        (0..200).try_for_each(|_| run.tick())?;
        let next = run.access(TILES_AT + 8, None, fine)?;
        run.bench.equal("after the late answer", next, (OKAY, 7, true))?;
    }
    Ok(())
}

#[test]
fn every_access_has_its_response() -> Result<(), Failure> {
    check(&example())?;
    check_silence(&example())
}

#[test]
fn without_tiles_their_registers_are_refused() -> Result<(), Failure> {
    let def = slave(Slave { description: Text(text()), tiles: false });
    let mut bench = Bench::new(beehive_sim::open(&def), 1);
    bench.send("s_axil_ar", [number(ADDRESS_BITS, TILES_AT)]);
    bench.send("s_axil_ar", [number(ADDRESS_BITS, DESCRIPTION_AT)]);
    let first = u32::from_le_bytes(text()[..4].try_into().expect("four bytes"));
    let okay = Value::cat(&[number(32, first), number(2, OKAY)]);
    bench.expect("s_axil_r", [Value::cat(&[number(32, 0), number(2, SLVERR)]), okay]);
    bench.finish(100)
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("halves of registers are accessed", |m| m.change("whole", Change::Constant(1))),
        ("the end of the description is not seen", |m| m.change("inside", Change::Constant(1))),
        ("an owed answer is another's", |m| m.drop_assignment("owed", 1)),
        ("nobody waits in vain", |m| m.change_assigned("timed_out", 1, Change::Constant(0))),
        ("refusals are not counted", |m| m.change_assigned("refused", 0, Change::Constant(0))),
        ("failures are fine", |m| m.change_assigned("failed", 3, Change::Constant(0))),
        ("data is not kept", |m| m.drop_assignment("data", 0)),
        ("writes are reads", |m| m.drop_assignment("write", 0)),
    ];
    assert_all_caught(&example(), mutants, |def| check(def).and_then(|()| check_silence(def)));
}
