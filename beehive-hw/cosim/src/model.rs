//! The one place with `unsafe`: a compiled model behind its C interface.
//!
//! The interface is made by `shim.cpp` and [`c_interface`]; both change together.

use crate::run::Error;
use beehive_hdl::ir::{Dir, Module};
use beehive_hdl::value::words;
use libloading::Library;
use std::ffi::{c_char, c_uint, c_ulong, c_void};
use std::fmt::Write;
use std::path::Path;
use std::ptr::NonNull;

/// The part of the shared object's C++ that knows the ports of the model with class `class`.
pub(crate) fn c_interface(class: &str, module: &Module) -> String {
    let (mut pokes, mut peeks) = (String::new(), String::new());
    for (i, port) in module.ports.iter().enumerate() {
        let field = format!("static_cast<Model<{class}>*>(m)->top.{}", field(&port.name));
        if port.dir == Dir::In {
            writeln!(pokes, "    case {i}: std::memcpy(&{field}, words, sizeof {field}); break;").expect("to a string");
        }
        writeln!(peeks, "    case {i}: std::memcpy(words, &{field}, sizeof {field}); break;").expect("to a string");
    }
    format!(
        "BEEHIVE_MODEL({class})\n\
         extern \"C\" void {class}_poke(void* m, unsigned port, const QData* words) {{\n    switch (port) {{\n{pokes}    }}\n}}\n\
         extern \"C\" void {class}_peek(void* m, unsigned port, QData* words) {{\n    switch (port) {{\n{peeks}    }}\n}}\n"
    )
}

/// How Verilator spells the name of a port in C++.
fn field(name: &str) -> String {
    let mut rest = name;
    let mut out = String::new();
    while let Some(at) = rest.find("__") {
        out.push_str(&rest[..at]);
        out.push_str("___05F");
        rest = &rest[at + 2..];
    }
    out + rest
}

/// The functions of one model's class.
#[derive(Clone, Copy)]
pub(crate) struct Class {
    new: unsafe extern "C" fn() -> *mut c_void,
    delete: unsafe extern "C" fn(*mut c_void),
    eval: unsafe extern "C" fn(*mut c_void, bool, bool) -> c_uint,
    message: unsafe extern "C" fn(*mut c_void, *mut c_char, c_ulong) -> c_ulong,
    poke: unsafe extern "C" fn(*mut c_void, c_uint, *const u64),
    peek: unsafe extern "C" fn(*mut c_void, c_uint, *mut u64),
}

impl Class {
    /// Opens a shared object and looks up the given classes. It is never closed again: the run-time
    /// library inside has thread-local state.
    pub fn load(path: &Path, names: &[String]) -> Result<Vec<Class>, Error> {
        let fail = |e: libloading::Error| Error::Load(format!("cannot load {}: {e}", path.display()));
        // SAFETY: the object was compiled by `verilate_all`; its initializers only set up Verilator's run-time library.
        let library = unsafe { Library::new(path) }.map_err(fail)?;
        let library: &'static Library = Box::leak(Box::new(library));
        let class = |name: &String| {
            // SAFETY: `shim.cpp` and `c_interface` define these functions with exactly these types.
            unsafe {
                Ok(Class {
                    new: *library.get(format!("{name}_new").as_bytes())?,
                    delete: *library.get(format!("{name}_delete").as_bytes())?,
                    eval: *library.get(format!("{name}_eval").as_bytes())?,
                    message: *library.get(format!("{name}_message").as_bytes())?,
                    poke: *library.get(format!("{name}_poke").as_bytes())?,
                    peek: *library.get(format!("{name}_peek").as_bytes())?,
                })
            }
        };
        names.iter().map(class).collect::<Result<_, _>>().map_err(fail)
    }
}

/// An instance of a compiled model.
pub(crate) struct Model {
    class: Class,
    raw: NonNull<c_void>,
    /// Per port: its width in words, and whether it is an input.
    ports: Vec<(usize, bool)>,
}

// SAFETY: a model has a `VerilatedContext` of its own and shares nothing with other models; the
// thread-local list of messages is set and cleared within one `eval`.
unsafe impl Send for Model {}

impl Model {
    /// A fresh one of a class that was made for `module`.
    pub fn new(class: Class, module: &Module) -> Model {
        // SAFETY: takes no arguments; gives an owned model or ends the process for want of memory.
        let raw = NonNull::new(unsafe { (class.new)() }).expect("operator new gives no null");
        let ports = module.ports.iter().map(|p| (words(p.width), p.dir == Dir::In)).collect();
        Model { class, raw, ports }
    }

    /// Sets the clock and reset pins and evaluates; gives how many messages wait.
    pub fn eval(&mut self, clk: bool, rst: bool) -> u32 {
        // SAFETY: `raw` is ours and alive.
        unsafe { (self.class.eval)(self.raw.as_ptr(), clk, rst) }
    }

    /// The oldest waiting message. There must be one.
    pub fn message(&mut self) -> String {
        let mut text = [0u8; 1024];
        // SAFETY: `raw` is ours and alive; at most `text.len()` bytes are written.
        let n = unsafe { (self.class.message)(self.raw.as_ptr(), text.as_mut_ptr().cast(), text.len() as c_ulong) };
        String::from_utf8_lossy(&text[..n as usize]).into_owned()
    }

    /// Sets an input. Bits above its width must be zero.
    pub fn poke(&mut self, port: usize, words: &[u64]) {
        let (len, input) = self.ports[port];
        assert!(input && words.len() >= len, "port {port}: not an input, or too few words");
        // SAFETY: `raw` is ours and alive; the port is an input and its field no larger than `len` words.
        unsafe { (self.class.poke)(self.raw.as_ptr(), port as c_uint, words.as_ptr()) }
    }

    /// Reads a port; what its field does not reach of the last word is zero.
    pub fn peek(&self, port: usize, words: &mut [u64]) {
        let words = &mut words[..self.ports[port].0];
        words.fill(0);
        // SAFETY: `raw` is ours and alive; the port exists and its field is no larger than `words`.
        unsafe { (self.class.peek)(self.raw.as_ptr(), port as c_uint, words.as_mut_ptr()) }
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        // SAFETY: `raw` is ours and alive, and nobody uses it after this.
        unsafe { (self.class.delete)(self.raw.as_ptr()) }
    }
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn double_underscores_are_spelled_out() {
        assert_eq!(field("s_axis_data"), "s_axis_data");
        assert_eq!(field("a__b"), "a___05Fb");
    }
}
