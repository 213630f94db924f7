//! The reset pair between any two clocks.

use super::board::{Clocks, get, set};
use super::{foreign, plugin, tools};
use beehive_cosim::{Options, Source, Verilated, verilate_all};
use beehive_hdl::dut::Dut;
use beehive_hdl::testbench::{Rng, seeds};
use beehive_wire::device::RESET_CYCLES;

const MODULE: &str = "beehive_reset";

struct Bench<'a> {
    dut: &'a mut Verilated,
    /// The next edge of the shell's clock asks for a reset.
    pull: bool,
    /// Requests so far, and whether the last one is done.
    asked: u32,
    done: bool,
    /// Cycles of the card with `rst` or `flr` since the last request, and since they ended.
    resets: u32,
    since: u32,
    fault: Option<&'static str>,
}

impl Bench<'_> {
    fn look(&mut self, clock: &str) {
        if clock == "m_clk" {
            let [rst, flr] = ["m_rst", "m_flr"].map(|port| get(self.dut, port) == 1);
            if self.asked == 0 && !rst {
                self.fault = Some("the card runs before the shell has reset it");
            }
            if self.asked > 1 && rst {
                self.fault = Some("a later request resets more than the function");
            }
            self.resets += u32::from(rst || flr);
            self.since = if rst || flr { 0 } else { self.since + 1 };
            return;
        }
        let done = get(self.dut, "s_done") == 1;
        let asks = get(self.dut, "s_rstn") == 0;
        if done && !self.done {
            if self.asked == 0 || self.resets == 0 {
                self.fault = Some("it is done, and nothing was reset");
            }
            if self.asked > 1 && self.since < RESET_CYCLES {
                self.fault = Some("it is done before the card is ready");
            }
        }
        self.done = done;
        if asks {
            (self.asked, self.resets, self.done) = (self.asked + 1, 0, false);
        }
    }

    fn drive(&mut self, clock: &str) {
        if clock == "s_clk" {
            if get(self.dut, "s_rstn") == 0 && get(self.dut, "s_done") == 1 {
                self.fault = Some("it is done before it has begun");
            }
            set(self.dut, "s_rstn", u64::from(!self.pull));
            self.pull = false;
        }
    }
}

fn check(dut: &mut Verilated, seed: u64) -> Result<(), String> {
    dut.restart();
    let mut rng = Rng::new(seed);
    let periods = ["s_clk", "m_clk"].map(|name| (name, 2 * rng.within(1..=6) * rng.within(100..2000)));
    let mut clocks = Clocks::new(&periods, &mut rng);
    let mut bench = Bench { dut, pull: false, asked: 0, done: false, resets: 0, since: 0, fault: None };
    set(bench.dut, "s_rstn", 1);
    for round in 0..5 {
        let pause = rng.within(20..600);
        for edge in 0..100_000u32 {
            clocks.edge(&mut bench, |bench| bench.dut, Bench::look, Bench::drive);
            if let Some(fault) = bench.fault {
                return Err(format!("seed {seed}, {periods:?}, round {round}: {fault}"));
            }
            if u64::from(edge) == pause {
                bench.pull = true;
            }
            if u64::from(edge) > pause && bench.asked > round && bench.done {
                break;
            }
        }
        if bench.asked != round + 1 || !bench.done {
            return Err(format!("seed {seed}, {periods:?}, round {round}: no end"));
        }
    }
    Ok(())
}

fn source(change: Option<(&str, &str)>) -> Source {
    let ports =
        [("s_clk", true), ("s_rstn", true), ("s_done", false), ("m_clk", true), ("m_rst", false), ("m_flr", false)];
    let ports = ports.map(|(name, input)| (name.into(), input, 1)).into();
    let mut files = plugin().shell_modules();
    files.retain(|(name, _)| name == MODULE || name == "beehive_sync");
    let text = &mut files.last_mut().expect("the reset").1;
    if let Some((from, to)) = change {
        assert!(text.contains(from), "{from}");
        *text = text.replacen(from, to, 1);
    }
    Source { module: foreign(MODULE, ports), files }
}

#[test]
fn resets_cross_between_any_clocks_and_mutants_are_caught() {
    let mutants = [
        ("the card runs at once", "m_rst <= !up;", "m_rst <= 1'b0;"),
        ("the card never runs", "up   <= 1'b1;", "up   <= 1'b0;"),
        ("later requests do nothing", "m_flr <= up && asked", "m_flr <= 1'b0 && asked"),
        ("it is done at once", "cycle != 6'd63", "cycle < 6'd10"),
        ("a request is not held", "if (told_here) ask", "ask"),
        ("it is done for good", "done <= 1'b0;", "done <= done;"),
        ("it is done without a request", "seen && !told_here", "!told_here"),
        ("it never ends", "told <= 1'b1;", "told <= 1'b0;"),
    ];
    let mut sources = vec![source(None)];
    sources.extend(mutants.iter().map(|(_, from, to)| source(Some((from, to)))));
    let Some(tools) = tools("the reset pair of the OpenNIC plugin") else { return };
    let mut models = verilate_all(&tools, &sources, Options::TEST).expect("models");
    for seed in seeds(40) {
        check(&mut models[0], seed).unwrap_or_else(|fault| panic!("{fault}"));
    }
    for ((what, ..), model) in mutants.iter().zip(&mut models[1..]) {
        assert!((1..=10).any(|seed| check(model, seed).is_err()), "not caught: {what}");
    }
}
