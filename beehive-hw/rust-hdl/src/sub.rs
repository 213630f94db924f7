//! Sub-blocks: widgets become registers and memories of the module, all others instances.

use crate::build::{Place, build, give_up_if};
use crate::collect::{Block, Code};
use crate::error::Problem;
use crate::expr::shown;
use crate::flow::Flow;
use crate::scope::Scope;
use crate::tree::PartId;
use crate::widget::{Widget, recognise};
use beehive_hdl::build::{
    Bits, Def, Inst, Mem, Named, Var, block_ram_init, cat, instance, lut_ram_init, module_of, reg_init, when, wire,
};
use beehive_hdl::value::Value;

/// A part that is not assigned by the kernel.
#[derive(Clone)]
pub(crate) enum Source {
    Value(Bits),
    /// A field of a memory's word: the word, its first bit, and how it is called.
    Field {
        word: Bits,
        lo: u32,
        width: u32,
        name: String,
    },
}

impl Source {
    pub fn get(&self) -> Bits {
        match self {
            Source::Value(bits) => *bits,
            Source::Field { word, lo, width, name } => word.slice(*lo, *width).named(name),
        }
    }
}

/// A register, or the register of a struct's field.
pub(crate) struct Register {
    reg: Var,
    d: PartId,
    q: PartId,
    /// Something reads `d`: it is a wire.
    wired: bool,
}

/// What became of a sub-block, with the inputs that must still be connected.
pub(crate) enum Child {
    Registers(Vec<Register>),
    /// Memory, inputs of its write port: address, data, enable; wires that drive read addresses.
    Memory {
        mem: Mem,
        write: Option<(PartId, Vec<PartId>, PartId)>,
        reads: Vec<(PartId, Var)>,
    },
    Instance(Inst, Vec<(PartId, String)>),
}

impl Child {
    /// Inputs whose assignments go to a signal that is there already.
    pub fn direct(&self) -> Vec<(PartId, Var)> {
        match self {
            Child::Registers(list) => list.iter().filter(|r| !r.wired).map(|r| (r.d, r.reg)).collect(),
            Child::Memory { reads, .. } => reads.clone(),
            Child::Instance(..) => vec![],
        }
    }

    /// `d` and `q` of registers whose `d` is assigned directly.
    pub fn registers(&self) -> Vec<(PartId, PartId)> {
        match self {
            Child::Registers(list) => list.iter().filter(|r| !r.wired).map(|r| (r.d, r.q)).collect(),
            _ => vec![],
        }
    }

    /// Connects what is left; `value` gives the value of an input.
    pub fn finish(&self, value: &mut dyn FnMut(PartId) -> Bits) {
        match self {
            Child::Registers(list) => list.iter().filter(|r| r.wired).for_each(|r| r.reg.set(value(r.d))),
            Child::Memory { mem, write, .. } => {
                if let Some((address, data, enable)) = write {
                    let port = mem.write_port();
                    let (address, enable) = (value(*address), value(*enable));
                    let data = cat(data.iter().map(|id| value(*id)));
                    when(enable, || port.write(address, data));
                }
            }
            Child::Instance(inst, inputs) => {
                for (id, port) in inputs {
                    inst.connect(port, value(*id));
                }
            }
        }
    }
}

/// Puts the sub-blocks of one block in their places.
pub(crate) struct Site<'a> {
    pub scope: &'a Scope<'a>,
    pub flow: &'a Flow,
    pub place: &'a Place,
    /// Modules so far: name, contents.
    pub made: Vec<(String, String, Def)>,
}

impl Site<'_> {
    /// Places `child`, whose ports are these parts; returns where its outputs come from.
    pub fn place(&mut self, child: &Block, inputs: &[PartId], outputs: &[PartId]) -> (Child, Vec<Source>) {
        match recognise(child) {
            Some(Widget::Register(init)) => self.registers(inputs, outputs, &init),
            Some(Widget::Ram { width, contents }) => self.ram(child, inputs, outputs, width, contents),
            Some(Widget::Rom { width, contents, clocked }) => {
                self.rom(child, inputs, outputs, width, contents, clocked)
            }
            None => self.instance(child, inputs, outputs),
        }
    }

    fn registers(&mut self, inputs: &[PartId], outputs: &[PartId], init: &Value) -> (Child, Vec<Source>) {
        let (mut lo, mut list, mut sources) = (0, vec![], vec![]);
        for (d, q) in inputs.iter().zip(outputs) {
            let part = &self.scope.parts[*q];
            // `count_q` is the register `count`, `flow_q_state` the register `flow_state`.
            let d_name = &self.scope.parts[*d].name;
            let same = part.name.bytes().zip(d_name.bytes()).take_while(|(a, b)| a == b).count();
            let name = format!("{}{}", part.name[..same].trim_end_matches('_'), &part.name[same + 1..]);
            let reg = reg_init(&name, part.width, init.slice(lo, part.width));
            lo += part.width;
            list.push(Register { reg, d: *d, q: *q, wired: self.flow.read.contains(d) });
            sources.push(Source::Value(*reg));
        }
        (Child::Registers(list), sources)
    }

    /// The word's fields.
    fn word(&self, word: Bits, outputs: &[PartId]) -> Vec<Source> {
        let mut lo = 0;
        let field = |id: &PartId| {
            let part = &self.scope.parts[*id];
            lo += part.width;
            let name = part.name.clone();
            Source::Field { word, lo: lo - part.width, width: part.width, name }
        };
        if let [_] = outputs { vec![Source::Value(word)] } else { outputs.iter().map(field).collect() }
    }

    fn ram(
        &self,
        child: &Block,
        inputs: &[PartId],
        outputs: &[PartId],
        width: u32,
        contents: Vec<Value>,
    ) -> (Child, Vec<Source>) {
        // Inputs: read address, write address, fields of the data, write enable.
        let [read, address, data @ .., enable] = inputs else { return (Child::Registers(vec![]), vec![]) };
        let depth = 1 << self.scope.parts[*read].width;
        let mem = block_ram_init(&shown(&child.name).replace('.', "_"), width, depth, contents);
        let at = wire(&self.scope.parts[*read].name, self.scope.parts[*read].width);
        let word = mem.read(1, at);
        let write = Some((*address, data.to_vec(), *enable));
        (Child::Memory { mem, write, reads: vec![(*read, at)] }, self.word(word, outputs))
    }

    fn rom(
        &self,
        child: &Block,
        inputs: &[PartId],
        outputs: &[PartId],
        width: u32,
        contents: Vec<Value>,
        clocked: bool,
    ) -> (Child, Vec<Source>) {
        let [read] = inputs else { return (Child::Registers(vec![]), vec![]) };
        let name = shown(&child.name).replace('.', "_");
        let at = wire(&self.scope.parts[*read].name, self.scope.parts[*read].width);
        let depth = 1 << at.width();
        let (mem, word) = if clocked {
            let mem = block_ram_init(&name, width, depth, contents);
            (mem, mem.read(1, at))
        } else {
            let mem = lut_ram_init(&name, width, depth, contents);
            (mem, mem.peek(at))
        };
        (Child::Memory { mem, write: None, reads: vec![(*read, at)] }, self.word(word, outputs))
    }

    fn instance(&mut self, child: &Block, inputs: &[PartId], outputs: &[PartId]) -> (Child, Vec<Source>) {
        let def = self.module(child);
        let inst = instance(&child.name.replace('$', "_"), &def);
        let port = |id: &PartId| {
            let prefix = child.name.len() + 1;
            self.scope.parts[*id].name[prefix..].to_string()
        };
        let sources = outputs.iter().map(|id| Source::Value(inst.out(&port(id)))).collect();
        let inputs = inputs.iter().map(|id| (*id, port(id))).collect();
        (Child::Instance(inst, inputs), sources)
    }

    /// The module of a sub-block: equal ones are one.
    fn module(&mut self, child: &Block) -> Def {
        let Place { path, base, loc } = self.place;
        let contents = format!("{:?}{:?}{:?}", child.signals, child.children, child.code);
        let field = child.name.split('$').filter(|word| !word.starts_with(|c: char| c.is_ascii_digit()));
        let wish = format!("{base}_{}", field.collect::<Vec<_>>().join("_"));
        if let Some((.., def)) = self.made.iter().find(|m| m.0 == wish && m.1 == contents) {
            return def.clone();
        }
        let number = self.made.iter().filter(|m| m.0 == wish).count() + 1;
        let base = if number == 1 { wish.clone() } else { format!("{wish}_{number}") };
        let place = Place { path: format!("{path}.{}", shown(&child.name)), base: base.clone(), loc };
        let def = module_of(&base, "", loc, (base.clone(), contents.clone()), |_| lower(child, &place));
        self.made.push((wish, contents, def.clone()));
        def
    }
}

/// Builds the module under construction from a block that is no widget.
pub(crate) fn lower(block: &Block, place: &Place) {
    let problem = match &block.code {
        Code::Kernel(tree) => return build(block, tree, place),
        Code::Custom(_) => Problem::new(
            "its function is Verilog text",
            "write it as a kernel (`#[hdl_gen]`), or in the builder; of the widgets DFF, EdgeDFF, DFFWithInit, RAM, \
             ROM and SyncROM are known",
        ),
        Code::Foreign(name) => {
            Problem::new(format!("it wraps foreign Verilog ({name})"), "instantiate that outside of the lowered block")
        }
        Code::Missing => Problem::new("it has no kernel", "put `#[hdl_gen]` before `fn update`"),
    };
    give_up_if(vec![problem], &place.path);
}
