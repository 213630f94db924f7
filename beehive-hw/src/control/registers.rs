//! Registers of a tile.
//!
//! The bus: inputs `reg_valid`, `reg_write`, `reg_index` (10 bits), `reg_data`; outputs `reg_answer` (32) and `reg_known`, three cycles
//! later. Register 0 tells the kind of tile, register 1 commits.
//!
//! Configuration takes effect as a whole: writes go to shadows, which read back at once, and a write to `commit`
//! copies all shadows at the next boundary between messages. `commit` reads as one until that has happened.

use beehive_hdl::prelude::*;

/// What can be done with a register.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Access {
    /// Counts events, around the end of 32 bits.
    Counter,
    /// Tells something about the state.
    Status,
    /// Read and written, in effect after a commit.
    Config,
    /// Does something when written; reads as zero.
    Command,
}

/// Registers of one name.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Register {
    /// Its name.
    pub name: &'static str,
    /// How many of them follow each other.
    pub count: u32,
    /// What can be done with it.
    pub access: Access,
    /// What it is, in a sentence.
    pub about: &'static str,
}

impl Register {
    /// A counter.
    pub const fn counter(name: &'static str, about: &'static str) -> Register {
        Register { name, count: 1, access: Access::Counter, about }
    }

    /// Configuration.
    pub const fn config(name: &'static str, about: &'static str) -> Register {
        Register { name, count: 1, access: Access::Config, about }
    }

    /// A table of configuration.
    pub const fn table(name: &'static str, count: u32, about: &'static str) -> Register {
        Register { name, count, access: Access::Config, about }
    }

    /// A command.
    pub const fn command(name: &'static str, about: &'static str) -> Register {
        Register { name, count: 1, access: Access::Command, about }
    }

    /// State.
    pub const fn status(name: &'static str, about: &'static str) -> Register {
        Register { name, count: 1, access: Access::Status, about }
    }
}

/// Index of the register that tells the kind of tile.
pub const KIND: u32 = 0;
/// Index of the register that commits.
pub const COMMIT: u32 = 1;
/// Index of a tile's first own register.
pub const FIRST: u32 = 2;

/// Index of each register: name, position within the name, index.
pub fn indices(list: &[Register]) -> impl Iterator<Item = (&Register, u32, u32)> {
    let mut at = FIRST;
    list.iter().flat_map(move |register| {
        let first = at;
        at += register.count;
        (0..register.count).map(move |i| (register, i, first + i))
    })
}

/// The registers of a tile under construction: each of a list is made once, and [`finish`](Registers::finish) closes it.
pub struct Registers {
    list: Vec<Register>,
    write: Bits,
    index: Bits,
    data: Bits,
    /// A commit was asked for.
    commit: Var,
    /// Shadows are copied at this edge.
    commits: Var,
    /// Index and value that it reads as.
    reads: Vec<(u32, Bits)>,
    writable: Vec<u32>,
}

impl Registers {
    /// Makes the ports of the bus. `kind` is told by register 0.
    #[hw]
    #[track_caller]
    pub fn new(kind: u32, list: Vec<Register>) -> Registers {
        // Registered, for the bus runs across the tile.
        let valid = delay_init("reg_valid_q", input("reg_valid", 1), 0);
        let write_q = delay("reg_write_q", input("reg_write", 1));
        let index = delay("reg_index_q", input("reg_index", 10));
        let data = delay("reg_data_q", input("reg_data", 32));
        let commit = reg_init("commit", 1, 0);
        let reg_write = valid & write_q;
        when(reg_write & index.eq(COMMIT), || commit.set(1));
        let reads = vec![(KIND, lit(32, kind.into())), (COMMIT, (*commit).zext(32))];
        let commits = wire("commits", 1);
        Registers { list, write: reg_write, index, data, commit, commits, reads, writable: vec![COMMIT] }
    }

    /// Index of the `i`th register of this name.
    #[track_caller]
    fn index(&self, name: &str, i: u32) -> u32 {
        let found = indices(&self.list).find(|(register, at, _)| register.name == name && *at == i);
        require(found.is_some(), || format!("register `{name}[{i}]` is not in the list"), "list it");
        found.map_or(FIRST, |(_, _, index)| index)
    }

    /// This index is written at this edge.
    #[track_caller]
    fn written(&self, index: u32) -> Bits {
        self.write & self.index.eq(index)
    }

    /// A counter of the cycles in which `event` (1 bit) is one.
    #[track_caller]
    pub fn counter(&mut self, name: &str, event: Bits) {
        let index = self.index(name, 0);
        // The event is registered: counting must not lengthen any path.
        let event = delay_init(&format!("{name}_event"), event, 0);
        let count = reg_init(&format!("{name}_count"), 32, 0);
        when(event, || count.set(count + 1));
        self.reads.push((index, *count));
    }

    /// State of up to 32 bits.
    #[track_caller]
    pub fn status(&mut self, name: &str, value: Bits) {
        let index = self.index(name, 0);
        self.reads.push((index, value.zext(32)));
    }

    /// Configuration of `width` bits (up to 32): what is in effect.
    #[track_caller]
    pub fn config(&mut self, name: &str, width: u32, initial: u64) -> Bits {
        self.table(name, width, &[initial])[0]
    }

    /// A table of configuration, one entry per initial value.
    #[track_caller]
    pub fn table(&mut self, name: &str, width: u32, initial: &[u64]) -> Vec<Bits> {
        let mut active = vec![];
        for (i, &initial) in (0..).zip(initial) {
            let index = self.index(name, i);
            let label = if initial_len(&self.list, name) > 1 { format!("{name}_{i}") } else { name.to_string() };
            let shadow = reg_init(&format!("{label}_shadow"), width, Value::from_u128(width, initial.into()));
            let value = reg_init(&label, width, Value::from_u128(width, initial.into()));
            let written = self.written(index);
            when(written, || shadow.set(self.data.trunc(width)));
            when(self.commits, || value.set(shadow));
            self.reads.push((index, (*shadow).zext(32)));
            self.writable.push(index);
            active.push(*value);
        }
        active
    }

    /// High for a cycle when the register is written, with the data written.
    #[track_caller]
    pub fn command(&mut self, name: &str) -> (Bits, Bits) {
        let index = self.index(name, 0);
        self.reads.push((index, lit(32, 0)));
        self.writable.push(index);
        (self.written(index), self.data)
    }

    /// Closes the registers; configuration is committed where `boundary` (1 bit) is one: between messages.
    #[hw]
    #[track_caller]
    pub fn finish(self, boundary: Bits) {
        for (register, _, index) in indices(&self.list) {
            let made = self.reads.iter().any(|(made, _)| *made == index);
            require(made, || format!("register `{}` is listed and not made", register.name), "make it or unlist it");
        }
        self.commits.drive(self.commit & boundary);
        when(self.commits, || self.commit.set(0));
        // Chosen in one cycle, fetched in the next.
        let hit = cat(self.reads.iter().map(|(index, _)| self.index.eq(*index)));
        let hit_q = delay("reg_hit_q", hit);
        let values: Vec<Bits> = self.reads.iter().map(|(_, value)| *value).collect();
        let picked = beehive_hdl::blocks::one_hot::one_hot_mux(hit_q, &values);
        let writable = cat(self.writable.iter().map(|index| self.index.eq(*index))).any();
        output("reg_answer", 32).set(delay("reg_answer_q", picked));
        let known = delay("reg_found_q", self.write.mux(writable, hit.any()));
        output("reg_known", 1).set(delay("reg_known_q", known));
    }
}

fn initial_len(list: &[Register], name: &str) -> u32 {
    list.iter().find(|register| register.name == name).map_or(1, |register| register.count)
}
