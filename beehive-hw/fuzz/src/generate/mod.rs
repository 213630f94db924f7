//! Modules from a tape, through the public construction API: what comes out is what users can build.
//!
//! The generator keeps a pool of values and takes one step per record: it makes a value from some
//! of the pool, declares a signal, opens a block. At the end everything that nothing has read
//! becomes an output, so that no fault can hide.
//!
//! ```text
//!   records: [input] [add] [reg] [when [assign] [end]] ..   pool: i0 i1 sum r0 ..
//! ```
//!
//! Combinational loops are avoided by construction. Each value carries the set of wires it reads;
//! a wire is never given a value (or assigned under a condition) from which the wire can be reached.

mod finish;
mod parts;
mod pool;
mod statements;
mod values;

use crate::rng::mix;
use crate::tape::{FIELDS, Record, Step, Tape};
use beehive_hdl::prelude::*;
use pool::{Pool, Reads};
use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::Arc;

/// Widest value that is made.
pub const MAX_WIDTH: u32 = 600;

/// Builds the modules of a tape and gives the top.
///
/// # Errors
/// If the construction API refuses them or panics, which is a mistake of the generator or of the
/// API: every tape is a valid case.
pub fn build(tape: &Tape) -> Result<Def, String> {
    let top = Part { hash: tape.hash(), modules: tape.modules.clone().into(), part: tape.modules.len().max(1) - 1 };
    // A thread of its own has a construction session of its own, which ends with it.
    let built = std::thread::spawn(move || elaborate(|| netlist(top))).join();
    built.map_err(|payload| crate::hunt::panic_text(&*payload))?.map_err(|errors| errors.to_string())
}

/// Parameters of a generated module.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Part {
    hash: u64,
    modules: Arc<[Vec<Record>]>,
    part: usize,
}

/// Makes the name `netlist_<hash>_<part>`, unique among all cases.
impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({:08x}, {})", self.hash as u32, self.part)
    }
}

fn netlist(part: Part) -> Def {
    module(part, |part| Gen::new(part).run())
}

hw_enum! {
    /// A dense enum.
    enum Phase { Idle, Run, Done, Wait }
}

hw_enum! {
    /// A sparse one, wider than it need be.
    enum Kind: 9 { Data = 0, Ack = 5, Probe = 9, Last = 300 }
}

/// The choices of one step: the fields of its record, then (if the last is not zero) numbers derived from it.
struct Choices {
    fields: [u32; FIELDS],
    taken: usize,
}

impl Choices {
    fn new(fields: [u32; FIELDS]) -> Choices {
        Choices { fields, taken: 0 }
    }

    fn next(&mut self) -> u32 {
        self.taken += 1;
        match (self.fields.get(self.taken - 1), self.fields[FIELDS - 1]) {
            (Some(field), _) => *field,
            (None, 0) => 0,
            (None, seed) => mix(u64::from(seed) << 16 | self.taken as u64) as u32,
        }
    }

    /// A number below `n`; 0 is the simplest.
    fn below(&mut self, n: usize) -> usize {
        self.next() as usize % n
    }

    /// True once in `n`, never for a zero.
    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }
}

/// Something that can be assigned.
struct Target {
    var: Var,
    /// Its place among the wires; `None` for a register.
    wire: Option<usize>,
    /// May be assigned: a wire that is read before it is driven may not yet.
    open: bool,
    assigned: bool,
}

/// A write port, treated as one wire.
struct Port {
    port: WritePort,
    wire: usize,
    addr_width: u32,
    width: u32,
    lanes: Option<u32>,
    addr: pool::Signal,
}

struct Gen {
    part: Part,
    records: std::vec::IntoIter<Record>,
    pool: Pool,
    /// No value is wider, to have modules of narrow values only.
    widest: u32,
    inputs: Vec<pool::Signal>,
    targets: Vec<Target>,
    ports: Vec<Port>,
    luts: Vec<Mem>,
    memories: usize,
    instances: usize,
    outputs: usize,
    checks: usize,
    /// Targets of wires that are read but not driven yet.
    forward: VecDeque<usize>,
    /// What the conditions around the current block read.
    path: Vec<Reads>,
    /// Per open block: what is assigned as a whole.
    full: Vec<HashSet<Whole>>,
    /// Steps that wait for the outermost block.
    later: Vec<Record>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Whole {
    Target(usize),
    Port(usize),
}

/// Deepest nesting of blocks.
const MAX_DEPTH: usize = 5;

impl Gen {
    fn new(part: &Part) -> Gen {
        Gen {
            part: part.clone(),
            records: part.modules.get(part.part).cloned().unwrap_or_default().into_iter(),
            pool: Pool::default(),
            widest: MAX_WIDTH,
            inputs: vec![],
            targets: vec![],
            ports: vec![],
            luts: vec![],
            memories: 0,
            instances: 0,
            outputs: 0,
            checks: 0,
            forward: VecDeque::new(),
            path: vec![],
            full: vec![HashSet::new()],
            later: vec![],
        }
    }

    fn run(mut self) {
        let head = self.records.next().map_or([0; FIELDS], |r| r.fields);
        let mut c = Choices::new(head);
        self.widest = [8, 64, 64, 130, MAX_WIDTH, MAX_WIDTH][c.below(6)];
        for _ in 0..2 + c.below(3) {
            self.input(&mut c);
        }
        while let Some(record) = self.records.next() {
            self.step(record);
            for record in std::mem::take(&mut self.later) {
                self.step(record);
            }
        }
        self.finish(Choices::new(head));
    }

    fn is_outermost(&self) -> bool {
        self.full.len() == 1
    }

    fn step(&mut self, record: Record) {
        let c = &mut Choices::new(record.fields);
        let declares = matches!(record.step, Step::Input | Step::Drive | Step::Memory | Step::Instance | Step::Wire);
        if declares && !self.is_outermost() {
            self.later.push(record);
            return;
        }
        match record.step {
            Step::End => {}
            Step::Input => self.input(c),
            Step::Constant => self.constant(c),
            Step::Unary => self.unary(c),
            Step::Logic => self.logic(c),
            Step::Arith => self.arith(c),
            Step::Compare => self.compare(c),
            Step::Shift => self.shift(c),
            Step::Mux => self.mux(c),
            Step::Bits => self.bits(c),
            Step::Cat => self.cat(c),
            Step::Chain => self.chain(c),
            Step::Reg => self.reg(c),
            Step::Wire => self.wire(c),
            Step::Forward => self.forward(c),
            Step::Drive => self.drive(c),
            Step::Assign => self.assign(c),
            Step::When => self.when(c),
            Step::Switch => self.switch(c),
            Step::Memory => self.memory(c),
            Step::Peek => self.peek(c),
            Step::Write => self.write(c),
            Step::Instance => self.instance(c),
            Step::Check => self.check(c),
        }
    }
}
