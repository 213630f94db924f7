//! Comparing the CPU time of several things on one machine, fairly.
//!
//! They run in turn, `a b a b a b`, after one unmeasured run each, so that a change of clock speed
//! or load hits all of them. CPU time of the process, not wall time: others use the machine, too.

use anyhow::{Result, ensure};
use beehive_hdl::dut::Dut;
use beehive_hdl::ir::Dir;
use beehive_hdl::value::words;
use rustix::time::{ClockId, clock_gettime};

/// Measured runs of each.
pub const RUNS: usize = 9;

/// CPU seconds of each run of one contestant.
#[derive(Clone, Default, Debug)]
pub struct Times(Vec<f64>);

impl Times {
    /// The middle run; of an even number, the faster of the two in the middle.
    ///
    /// # Panics
    /// If there was none.
    pub fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[(sorted.len() - 1) / 2]
    }
}

/// CPU seconds that this process has used.
pub fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// Runs the contestants in turn, `runs` times each after an unmeasured one.
///
/// # Errors
/// Those of the contestants.
pub fn alternate(runs: usize, contestants: &mut [&mut dyn FnMut() -> Result<()>]) -> Result<Vec<Times>> {
    let mut times = vec![Times::default(); contestants.len()];
    for run in 0..=runs {
        for (contestant, times) in contestants.iter_mut().zip(&mut times) {
            let start = cpu_seconds();
            contestant()?;
            let time = cpu_seconds() - start;
            if run > 0 {
                times.0.push(time);
            }
        }
    }
    Ok(times)
}

/// The outcome of a race, in simulated cycles per CPU second.
#[derive(Clone, Copy, Debug)]
pub struct Race {
    /// Ours.
    pub ours: f64,
    /// The other.
    pub peer: f64,
}

impl Race {
    /// How many times as fast as the peer?
    pub fn ratio(self) -> f64 {
        self.ours / self.peer
    }
}

/// Both run the same module for `cycles` cycles with the inputs that `set` gives them.
///
/// # Errors
/// If their outputs differ after any run: a simulator that is wrong has no speed.
pub fn race(ours: &mut dyn Dut, peer: &mut dyn Dut, cycles: u64, set: &dyn Fn(&mut dyn Dut)) -> Result<Race> {
    let mut ends: [Vec<Vec<u64>>; 2] = Default::default();
    let [our_ends, peer_ends] = &mut ends;
    let mut ours = || {
        our_ends.push(run(ours, cycles, set));
        Ok(())
    };
    let mut peer = || {
        peer_ends.push(run(peer, cycles, set));
        Ok(())
    };
    let times = alternate(RUNS, &mut [&mut ours, &mut peer])?;
    ensure!(ends[0] == ends[1], "the two simulators disagree after {cycles} cycles: this is no benchmark");
    let speed = |times: &Times| cycles as f64 / times.median();
    Ok(Race { ours: speed(&times[0]), peer: speed(&times[1]) })
}

/// From power-up through reset; gives the outputs at the end.
fn run(dut: &mut dyn Dut, cycles: u64, set: &dyn Fn(&mut dyn Dut)) -> Vec<u64> {
    dut.restart();
    set(dut);
    for cycle in 0..cycles {
        dut.set_reset(cycle < 2);
        dut.step();
    }
    let module = dut.module().clone();
    let mut outputs = vec![];
    for (i, port) in module.ports.iter().enumerate().filter(|(_, p)| p.dir == Dir::Out) {
        let mut value = vec![0; words(port.width)];
        dut.peek(i, &mut value);
        outputs.extend(value);
    }
    outputs
}

#[cfg(test)]
mod tests {
    use super::*;
    use beehive_hdl::interp::Interp;
    use beehive_hdl::prelude::*;
    use std::cell::RefCell;

    fn counter(step: u32) -> Def {
        module(step, |step| {
            let count = reg_init("count", 32, 0);
            count.set(*count + u128::from(*step));
            output("value", 32).set(count);
        })
    }

    #[test]
    fn contestants_take_turns_and_the_first_run_does_not_count() {
        let order = RefCell::new(String::new());
        let mut a = || {
            order.borrow_mut().push('a');
            Ok(())
        };
        let mut b = || {
            order.borrow_mut().push('b');
            Ok(())
        };
        let times = alternate(3, &mut [&mut a, &mut b]).unwrap();
        assert_eq!(*order.borrow(), "abababab");
        assert_eq!([times[0].0.len(), times[1].0.len()], [3, 3]);
        assert_eq!(Times(vec![9.0, 1.0, 2.0]).median(), 2.0);
    }

    #[test]
    fn simulators_that_disagree_have_no_speed() {
        let [one, two] = [1, 2].map(|step| Interp::new(&elaborate(|| counter(step)).unwrap()));
        let (mut same, mut one, mut two) = (Interp::new(one.module()), one, two);
        assert!(race(&mut one, &mut same, 1000, &|_| ()).is_ok_and(|race| race.ratio() > 0.0));
        let error = race(&mut one, &mut two, 1000, &|_| ()).unwrap_err();
        assert_eq!(error.to_string(), "the two simulators disagree after 1000 cycles: this is no benchmark");
    }
}
