//! The entry: a Rust type to a module.

use crate::build::{Place, give_up_if};
use crate::collect::{Block, collect};
use crate::error::Problem;
use crate::sub::lower;
use beehive_hdl::build::{Def, module_of};
use rust_hdl_core::block::Block as HdlBlock;
use std::any::{Any, type_name};
use std::fmt::Debug;
use std::panic::Location;

/// Stack for making a block: signals of many bits are arrays of `bool` within the struct.
const STACK: usize = 256 << 20;

/// Lowers the block that `make` makes of `params` to a module; equal blocks of one name are one
/// module. To be called inside of [`elaborate`](beehive_hdl::build::elaborate).
///
/// The module is named after the block's Rust type, its generic arguments and the parameters:
/// `Crc32c<64>` makes `crc32c_64`. Its ports are the block's signals; the fields of a struct are
/// ports of their own, as are those of an interface: `pub m: Signal<Out, Beat>` makes `m_data`,
/// `m_last`. With `m_valid` and `m_ready` beside it, `instance(..).stream("m", shape)` and
/// `.feed("m", stream)` bind them to the streams of the builder.
///
/// The block's clock becomes the module's `clk`; every register takes its initial value at `rst`.
///
/// Errors, all found as [`Errors`](beehive_hdl::error::Errors) of the elaboration, name block,
/// signal and construct: what is not assigned on every path (a latch), a second or gated clock,
/// literals that do not fit, names that a kernel cannot know, foreign Verilog, and panics of rust-hdl
/// or of `make`.
///
/// # Panics
/// Outside of `elaborate`, with the whole list of errors, if there are any.
#[track_caller]
pub fn block<P, B>(params: P, make: fn(&P) -> B) -> Def
where
    P: Debug + Sync,
    B: HdlBlock,
{
    let loc = Location::caller();
    let (path, generics) = type_words(type_name::<B>());
    let (base, shown) = (snake(&path), format!("{generics}{params:?}"));
    let found = describe(&params, make);
    let key = (base.clone(), shown.clone(), format!("{found:?}"));
    module_of(&base, &shown, loc, key, |_| match found {
        Ok(block) => lower(&block, &Place { path, base: base.clone(), loc }),
        Err(problem) => give_up_if(vec![problem], &path),
    })
}

/// Makes the block and collects what it is, on a stack that is large enough.
fn describe<P: Sync, B: HdlBlock>(params: &P, make: fn(&P) -> B) -> Result<Block, Problem> {
    let made = std::thread::scope(|threads| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        let run = || {
            let block = Box::new(make(params));
            collect(&*block)
        };
        thread.spawn_scoped(threads, run).map(|handle| handle.join())
    });
    let help = "a block is a struct with `#[derive(LogicBlock)]`";
    match made {
        Ok(Ok(Some(block))) => Ok(block),
        Ok(Ok(None)) => Err(Problem::new("it is no block", help)),
        Ok(Err(panic)) => Err(Problem::new(format!("making it panicked: {}", text(&*panic)), "see the message")),
        Err(error) => Err(Problem::new(format!("no thread to make it: {error}"), "free some memory")),
    }
}

/// What a panic said.
fn text(panic: &dyn Any) -> String {
    let known = panic.downcast_ref::<&str>().map(|s| s.to_string());
    known.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "(no text)".to_string())
}

/// `a::Fifo<a::Bits<8>, 4>` to `Fifo` and `<Bits<8>, 4> `.
fn type_words(name: &str) -> (String, String) {
    let mut out = String::new();
    let mut word = String::new();
    for c in name.chars() {
        match c {
            ':' => word.clear(),
            c if c.is_alphanumeric() || c == '_' => word.push(c),
            c => {
                out.push_str(&std::mem::take(&mut word));
                out.push(c);
            }
        }
    }
    out.push_str(&word);
    match out.find('<') {
        Some(at) => (out[..at].to_string(), format!("{} ", &out[at..])),
        None => (out, String::new()),
    }
}

/// `Crc32c` to `crc32c`, `UdpRx` to `udp_rx`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    let mut lower = false;
    for c in name.chars() {
        if c.is_uppercase() && lower {
            out.push('_');
        }
        lower = c.is_lowercase() || c.is_ascii_digit();
        out.extend(c.to_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{snake, type_words};

    #[test]
    fn modules_are_named_after_types() {
        assert_eq!(type_words("a::b::Counter"), ("Counter".into(), "".into()));
        assert_eq!(type_words("a::Fifo<c::Bits<8>, 4>"), ("Fifo".into(), "<Bits<8>, 4> ".into()));
        assert_eq!(snake("UdpRx"), "udp_rx");
        assert_eq!(snake("Crc32c"), "crc32c");
        assert_eq!(snake("FIFOLogic"), "fifologic");
    }
}
