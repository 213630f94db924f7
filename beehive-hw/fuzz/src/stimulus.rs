//! Inputs of a run: busy, sparse and idle phases, reset pulses, inputs that change twice in a cycle.

use crate::rng::Rng;
use beehive_hdl::ir::{Dir, Module};
use beehive_hdl::value::{Value, words};

/// Input ports and what they are set to.
pub type Pokes = Vec<(usize, Value)>;

/// What happens before one clock edge.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cycle {
    /// Is reset high?
    pub reset: bool,
    /// Inputs that change, are looked through, and change again: nothing may remember them.
    pub before: Option<Pokes>,
    /// Inputs that change; the others are held.
    pub pokes: Pokes,
    /// Is nobody looking at the outputs in this cycle? (What is not looked at may be left out.)
    pub unseen: bool,
}

/// The inputs of a run of that many cycles, which starts with none to two cycles of reset.
pub fn stimulus(module: &Module, seed: u32, cycles: u32) -> Vec<Cycle> {
    let mut rng = Rng::new(u64::from(seed));
    let inputs: Vec<(usize, u32)> =
        module.ports.iter().enumerate().filter(|(_, p)| p.dir == Dir::In).map(|(i, p)| (i, p.width)).collect();
    let first_resets = rng.below(3) as u32;
    let (mut phase, mut left) = (0, 0);
    let mut run = vec![];
    for cycle in 0..cycles {
        if left == 0 {
            (phase, left) = (rng.below(4), 1 + rng.below(25));
        }
        left -= 1;
        let pulse = rng.one_in(48);
        let pokes = match phase {
            _ if cycle == 0 => some(&mut rng, &inputs, 1),
            0 => some(&mut rng, &inputs, 1),
            1 => some(&mut rng, &inputs, 2),
            2 => some(&mut rng, &inputs, 8),
            _ => vec![],
        };
        let before = (!pokes.is_empty() && rng.one_in(8)).then(|| some(&mut rng, &inputs, 2));
        run.push(Cycle { reset: cycle < first_resets || pulse, before, pokes, unseen: rng.one_in(8) });
    }
    run
}

/// New values for one in `n` inputs.
fn some(rng: &mut Rng, inputs: &[(usize, u32)], n: usize) -> Pokes {
    let chosen: Vec<(usize, u32)> = inputs.iter().copied().filter(|_| rng.one_in(n)).collect();
    chosen.into_iter().map(|(port, width)| (port, value(rng, width))).collect()
}

fn value(rng: &mut Rng, width: u32) -> Value {
    match rng.below(8) {
        0 => Value::zero(width),
        1 => Value::ones(width),
        2 => Value::from_words(width, &[rng.below(8) as u64]),
        3 => {
            let mut value = Value::zero(width);
            value.set_bit(rng.below(width as usize) as u32, true);
            value
        }
        4 => {
            let mut value = Value::ones(width);
            value.set_bit(width - 1 - rng.below(width.min(2) as usize) as u32, false);
            value
        }
        _ => Value::from_words(width, &(0..words(width)).map(|_| rng.next_u64()).collect::<Vec<_>>()),
    }
}
