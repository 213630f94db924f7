//! `when` and `switch`.

use super::bits::condition;
use super::session::{report, with};
use super::{Bits, ToBits};
use crate::error::Code;
use crate::ir::{Loc, NodeId, Op, Stmt};
use crate::value::Value;
use std::collections::HashMap;
use std::panic::Location;

/// Runs `f` in a statement block of its own.
fn block<R>(f: impl FnOnce() -> R) -> Vec<Stmt> {
    let open = Block::open();
    f();
    open.close()
}

/// An open statement block; a panic inside closes it, too, should somebody catch it.
struct Block;

impl Block {
    fn open() -> Block {
        with(|b| b.blocks.push(vec![]));
        Block
    }

    fn close(self) -> Vec<Stmt> {
        std::mem::forget(self);
        with(|b| b.blocks.pop()).unwrap_or_default()
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        with(|b| b.blocks.pop());
    }
}

/// An open if-chain: goes on with [`elsewhen`](When::elsewhen) or ends with [`otherwise`](When::otherwise).
pub struct When {
    /// Which statement it is: open blocks around it, index in its block, first condition, place.
    depth: usize,
    index: usize,
    cond: NodeId,
    loc: Loc,
    /// Nodes of the module when it was made.
    nodes: usize,
}

/// The assignments made in `f` execute where `cond` (1 bit) is one.
///
/// ```
/// # use beehive_hdl::prelude::*;
/// # let def = elaborate(|| module((), |_| {
/// let (load, step) = (input("load", 1), input("step", 1));
/// let count = reg_init("count", 8, 0);
/// when(load, || count.set(100)).elsewhen(step, || count.set(count + 1));
/// # output("q", 8).set(count);
/// # })).unwrap();
/// ```
#[track_caller]
pub fn when<R>(cond: impl ToBits, f: impl FnOnce() -> R) -> When {
    let loc = Location::caller();
    let cond = condition(cond);
    let body = block(f);
    with(|b| {
        let depth = b.blocks.len();
        let nodes = b.module.nodes.len();
        let block = b.block();
        block.push(Stmt::If { arms: vec![(cond, body)], otherwise: None, loc });
        When { depth, index: block.len() - 1, cond, loc, nodes }
    })
}

impl When {
    /// Where no condition before held and `cond` does.
    #[track_caller]
    pub fn elsewhen<R>(self, cond: impl ToBits, f: impl FnOnce() -> R) -> When {
        let cond = condition(cond);
        let body = block(f);
        self.extend(Location::caller(), |arms, _| arms.push((cond, body)));
        self
    }

    /// Where no condition before held.
    #[track_caller]
    pub fn otherwise<R>(self, f: impl FnOnce() -> R) {
        let body = block(f);
        self.extend(Location::caller(), |_, otherwise| *otherwise = Some(body));
    }

    fn extend(&self, loc: Loc, f: impl FnOnce(&mut Vec<(NodeId, Vec<Stmt>)>, &mut Option<Vec<Stmt>>)) {
        let placed = with(|b| {
            let here = b.blocks.len() == self.depth;
            // The next condition may have made signals of its own (a `delay`), which nothing before assigns.
            let own = |stmt: &Stmt| matches!(stmt, Stmt::Assign { target, .. } if target.index() >= self.nodes);
            let block = b.block();
            let follows = block.get(self.index + 1..).is_some_and(|rest| rest.iter().all(own));
            match block.get_mut(self.index) {
                Some(Stmt::If { arms, otherwise, loc })
                    if here && follows && arms[0].0 == self.cond && std::ptr::eq(*loc, self.loc) =>
                {
                    f(arms, otherwise);
                    true
                }
                _ => false,
            }
        });
        if !placed {
            let message = "`elsewhen` or `otherwise` does not follow its `when` directly".to_string();
            report(Code::MisplacedElse, loc, message, vec![], "chain it: `when(..).elsewhen(..).otherwise(..)`");
        }
    }
}

fn place() -> (usize, u32) {
    with(|b| (b.blocks.len(), b.uid))
}

/// The cases of one [`switch`].
pub struct Switch {
    on: Bits,
    /// Open blocks around it, and its module.
    place: (usize, u32),
    arms: Vec<(Vec<NodeId>, Vec<Stmt>)>,
    seen: HashMap<Value, Loc>,
    default: Option<Vec<Stmt>>,
}

/// Executes the case that equals `on`.
///
/// ```
/// # use beehive_hdl::prelude::*;
/// # let def = elaborate(|| module((), |_| {
/// let (op, a) = (input("op", 2), input("a", 8));
/// let y = output("y", 8);
/// switch(op, |s| {
///     s.case(0, || y.set(a));
///     s.cases([1, 2], || y.set(a + 1));
///     s.default(|| y.set(0));
/// });
/// # })).unwrap();
/// ```
#[track_caller]
pub fn switch(on: impl ToBits, f: impl FnOnce(&mut Switch)) {
    let loc = Location::caller();
    let on = on.to_bits(None);
    let on = if on.check_module(loc) { on } else { with(|b| b.stand_in(on.width, loc)) };
    let mut cases = Switch { on, place: place(), arms: vec![], seen: HashMap::new(), default: None };
    f(&mut cases);
    with(|b| b.block().push(Stmt::Switch { on: on.id, arms: cases.arms, default: cases.default, loc }));
}

impl Switch {
    /// One case: a literal, a `hw_enum!` value or a constant.
    #[track_caller]
    pub fn case<R>(&mut self, value: impl ToBits, f: impl FnOnce() -> R) {
        let loc = Location::caller();
        self.check_place(loc);
        let labels = self.label(value, loc);
        let body = block(f);
        self.push(labels.into_iter().collect(), body);
    }

    /// Several cases with one block.
    #[track_caller]
    pub fn cases<T: ToBits, R>(&mut self, values: impl IntoIterator<Item = T>, f: impl FnOnce() -> R) {
        let loc = Location::caller();
        self.check_place(loc);
        let mut labels = vec![];
        for value in values {
            labels.extend(self.label(value, loc));
        }
        let body = block(f);
        self.push(labels, body);
    }

    /// If no case was equal.
    #[track_caller]
    pub fn default<R>(&mut self, f: impl FnOnce() -> R) {
        self.check_place(Location::caller());
        if self.default.is_some() {
            let message = "this `switch` has a default already".to_string();
            report(Code::BadCase, Location::caller(), message, vec![], "keep one of them");
        }
        self.default = Some(block(f));
    }

    /// A case belongs to its `switch` alone: what stands around it inside would be lost.
    fn check_place(&self, loc: Loc) {
        if place() != self.place {
            let message = "a case stands inside another `when` or `switch`".to_string();
            report(Code::BadCase, loc, message, vec![], "put the condition into the case: `s.case(v, || when(..))`");
        }
    }

    fn push(&mut self, labels: Vec<NodeId>, body: Vec<Stmt>) {
        if !labels.is_empty() {
            self.arms.push((labels, body));
        }
    }

    #[track_caller]
    fn label(&mut self, value: impl ToBits, loc: Loc) -> Option<NodeId> {
        let bits = value.to_bits(Some(self.on.width));
        if !bits.check_module(loc) {
            return None;
        }
        if bits.width != self.on.width {
            let message = format!("case {} of a switch on {}", bits.describe(), self.on.describe());
            report(Code::WidthMismatch, loc, message, self.on.note(), "a case is as wide as what is switched on");
            bits.touch();
            return None;
        }
        let value = with(|b| match &b.module.node(bits.id).op {
            Op::Const(value, _) => Ok(Some(value.clone())),
            Op::DontCare => Ok(None), // stands in for a literal that was refused already
            _ => Err(()),
        });
        let (message, notes, help) = match value {
            Ok(None) => return None,
            Ok(Some(value)) => match self.seen.insert(value.clone(), loc) {
                None => return Some(bits.id),
                Some(first) => {
                    let notes = vec![(first, "it first stands here".to_string())];
                    (format!("case {value:?} of {} stands twice", self.on.describe()), notes, "remove one of them")
                }
            },
            Err(()) => {
                let message = format!("case {} is not a constant", bits.describe());
                (message, bits.note(), "use `when(on.eq(value), ..)` for a variable")
            }
        };
        report(Code::BadCase, loc, message, notes, help);
        bits.touch();
        None
    }
}
