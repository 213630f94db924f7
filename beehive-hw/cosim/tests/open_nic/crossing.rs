//! The clock crossing of AXI4-Lite by itself: any two clocks, a slave that takes its time.

use super::board::{Access, Answer, Clocks, Master, get, set};
use super::{foreign, plugin, tools};
use beehive_cosim::{Options, Source, Verilated, verilate_all};
use beehive_hdl::dut::Dut;
use beehive_hdl::testbench::{Rng, seeds};

const MODULE: &str = "beehive_axil_crossing";

/// The slave: what it does is told by address and data alone.
#[derive(Default)]
struct Slave {
    write: Option<(u64, Option<u64>)>,
    read: Option<u64>,
    /// Accesses, as they came in.
    seen: Vec<Access>,
    /// An answer is being offered.
    answers: bool,
}

fn answer(access: Access) -> Answer {
    let mixed = access.address.wrapping_mul(0x9e37_79b9) ^ access.data;
    Answer { response: mixed & 3, data: if access.write { 0 } else { mixed.wrapping_mul(0x85eb_ca6b) & 0xffff_ffff } }
}

struct Bench<'a> {
    dut: &'a mut Verilated,
    rng: Rng,
    master: Master,
    slave: Slave,
    /// Cycles in which the master may not begin.
    reset: u32,
}

impl Bench<'_> {
    fn look(&mut self, clock: &str) {
        let dut: &mut dyn Dut = self.dut;
        if clock == "s_clk" {
            return self.master.look(dut);
        }
        let mut fires = |channel: &str| {
            get(dut, &format!("m_axil_{channel}valid")) == 1 && get(dut, &format!("m_axil_{channel}ready")) == 1
        };
        let [aw, w, ar, b, r] = ["aw", "w", "ar", "b", "r"].map(&mut fires);
        let slave = &mut self.slave;
        if aw {
            slave.write = Some((get(dut, "m_axil_awaddr"), slave.write.and_then(|(_, data)| data)));
        }
        if w {
            let data = get(dut, "m_axil_wdata");
            let address = slave.write.map_or(u64::MAX, |(address, _)| address);
            slave.write = Some((address, Some(data)));
        }
        if ar {
            slave.read = Some(get(dut, "m_axil_araddr"));
        }
        if let Some((address, Some(data))) = slave.write
            && b
        {
            slave.seen.push(Access { write: true, address, data });
            slave.write = None;
        }
        if let Some(address) = slave.read
            && r
        {
            slave.seen.push(Access { write: false, address, data: 0 });
            slave.read = None;
        }
    }

    fn drive(&mut self, clock: &str) {
        let (dut, rng): (&mut dyn Dut, _) = (self.dut, &mut self.rng);
        if clock == "s_clk" {
            return self.master.drive(dut, rng);
        }
        self.reset = self.reset.saturating_sub(1);
        set(dut, "m_rst", u64::from(self.reset > 0));
        let slave = &mut self.slave;
        // It may take data ahead of the address.
        let write = slave.write;
        set(dut, "m_axil_awready", (write.is_none_or(|(address, _)| address == u64::MAX) && rng.one_in(2)).into());
        set(dut, "m_axil_wready", (write.is_none_or(|(_, data)| data.is_none()) && rng.one_in(2)).into());
        set(dut, "m_axil_arready", (slave.read.is_none() && rng.one_in(2)).into());
        let whole =
            write.and_then(|(address, data)| Some((address, data?))).filter(|(address, _)| *address != u64::MAX);
        let write = whole.map(|(address, data)| Access { write: true, address, data });
        let read = slave.read.map(|address| Access { write: false, address, data: 0 });
        slave.answers = (write.is_some() || read.is_some()) && (slave.answers || rng.one_in(3));
        set(dut, "m_axil_bvalid", (slave.answers && write.is_some()).into());
        set(dut, "m_axil_rvalid", (slave.answers && read.is_some()).into());
        // What means nothing is anything.
        let [b, r] = [write, read]
            .map(|access| access.map_or(Answer { response: rng.within(0..4), data: rng.within(0..1 << 32) }, answer));
        set(dut, "m_axil_bresp", b.response);
        set(dut, "m_axil_rresp", r.response);
        set(dut, "m_axil_rdata", r.data);
    }
}

/// Random accesses over random clocks: each reaches the slave once, in order, and its answer comes back.
fn check(dut: &mut Verilated, seed: u64) -> Result<(), String> {
    dut.restart();
    let mut rng = Rng::new(seed);
    let period = |rng: &mut Rng| 2 * rng.within(1..=6) * rng.within(100..2000);
    let periods = if seed == 1 {
        [("s_clk", 8000), ("m_clk", 4000)]
    } else {
        ["s_clk", "m_clk"].map(|name| (name, period(&mut rng)))
    };
    let mut clocks = Clocks::new(&periods, &mut rng);
    let accesses: Vec<Access> = (0..60)
        .map(|_| {
            let write = rng.one_in(2);
            Access { write, address: rng.within(0..1 << 20), data: if write { rng.within(0..1 << 32) } else { 0 } }
        })
        .collect();
    let mut master = Master::default();
    master.accesses.extend(&accesses);
    let mut bench = Bench { dut, rng, master, slave: Slave::default(), reset: 3 };
    set(bench.dut, "m_rst", 1);
    let mut edges = 0;
    while !bench.master.is_done() || edges < 100 {
        clocks.edge(&mut bench, |bench| bench.dut, Bench::look, Bench::drive);
        edges += 1;
        let told = |what: &str| format!("seed {seed}, {periods:?}, edge {edges}: {what}");
        if let Some(fault) = &bench.master.fault {
            return Err(told(fault));
        }
        if edges == 1_000_000 {
            return Err(told("no end"));
        }
    }
    let wanted: Vec<Answer> = accesses.iter().copied().map(answer).collect();
    let same = bench.slave.seen == accesses && bench.master.answers == wanted;
    let count = (bench.slave.seen.len(), bench.master.answers.len());
    if same { Ok(()) } else { Err(format!("seed {seed}, {periods:?}: other accesses or answers, {count:?} of them")) }
}

/// The crossing, with a text replaced.
fn source(change: Option<(&str, &str)>) -> Source {
    let axil = ["awvalid", "awaddr", "awready", "wvalid", "wdata", "wready", "bvalid", "bresp", "bready"];
    let axil = axil.into_iter().chain(["arvalid", "araddr", "arready", "rvalid", "rdata", "rresp", "rready"]);
    let mut ports = vec![("s_clk".into(), true, 1), ("m_clk".into(), true, 1), ("m_rst".into(), true, 1)];
    for name in axil {
        let width = match &name[name.len() - 4..] {
            "addr" => 20,
            "data" => 32,
            "resp" => 2,
            _ => 1,
        };
        let answer = name.starts_with('b') || name.starts_with('r');
        let by_master = name.ends_with("ready") == answer;
        ports.push((format!("s_axil_{name}"), by_master, width));
        ports.push((format!("m_axil_{name}"), !by_master, width));
    }
    let mut files = plugin().shell_modules();
    files.retain(|(name, _)| name == MODULE || name == "beehive_sync");
    let text = &mut files.last_mut().expect("the crossing").1;
    if let Some((from, to)) = change {
        assert!(text.contains(from), "{from}");
        *text = text.replacen(from, to, 1);
    }
    Source { module: foreign(MODULE, ports), files }
}

#[test]
fn accesses_cross_between_any_clocks_and_mutants_are_caught() {
    let mutants = [
        ("an answer is not waited for", "if (answer_here == request) begin", "begin"),
        ("a request is not told", "request <= !request;", "request <= request;"),
        ("the address is offered again", "if (m_axil_awready) m_axil_awvalid <= 1'b0;", ""),
        ("the answer is told at once", "busy && (write ? m_axil_bvalid : m_axil_rvalid)", "busy"),
        ("responses of writes are those of reads", "write ? m_axil_bresp : m_axil_rresp", "m_axil_rresp"),
        (
            "data do not wait for the address",
            "(s_axil_awvalid && s_axil_wvalid) || s_axil_arvalid",
            "s_axil_awvalid || s_axil_arvalid",
        ),
        ("an address does not stand still", "assign m_axil_araddr = address;", "assign m_axil_araddr = s_axil_araddr;"),
        ("a reset leaves an answer", "answer         <= 1'b0;", "answer         <= 1'b1;"),
    ];
    let mut sources = vec![source(None)];
    sources.extend(mutants.iter().map(|(_, from, to)| source(Some((from, to)))));
    let Some(tools) = tools("the clock crossing of the OpenNIC plugin") else { return };
    let mut models = verilate_all(&tools, &sources, Options::TEST).expect("models");
    for seed in seeds(40) {
        check(&mut models[0], seed).unwrap_or_else(|fault| panic!("{fault}"));
    }
    for ((what, ..), model) in mutants.iter().zip(&mut models[1..]) {
        assert!((1..=10).any(|seed| check(model, seed).is_err()), "not caught: {what}");
    }
}
