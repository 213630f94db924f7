//! [`Simulator`]: which simulator runs a module, and how.

use crate::fault::Fault;
use beehive_hdl::dut::Dut;
use beehive_hdl::interp::Interp;
use beehive_hdl::ir::Module;
use std::sync::Arc;

/// What runs the module.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Backend {
    /// The JIT, or the interpreter (with a warning) where the JIT cannot run: no feature `jit`,
    /// unknown processor, executable memory refused.
    #[default]
    Auto,
    /// Machine code; an error where that is impossible.
    Jit,
    /// The reference: about a tenth of the speed, no `unsafe`.
    Interpreter,
}

/// The JIT cannot run the module here.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the JIT cannot run module `{module}`: {reason}")]
pub struct BuildError {
    /// Name of the module.
    pub module: String,
    /// What is in the way.
    pub reason: String,
}

/// Runs `module` on the fastest simulator that works here.
///
/// # Panics
/// If the module has a combinational loop; [`elaborate`](beehive_hdl::build::elaborate) never gives such a module.
pub fn open(module: &Arc<Module>) -> Box<dyn Dut> {
    Simulator::new().build(module).unwrap_or_else(|e| panic!("{e}"))
}

/// Makes a [`Dut`] of a module; a builder of options.
///
/// ```
/// # use beehive_hdl::prelude::*;
/// # let module = elaborate(|| module((), |_: &()| output("one", 1).set(1)))?;
/// use beehive_sim::{Backend, Simulator};
/// let dut = Simulator::new().backend(Backend::Interpreter).trace(true).build(&module)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Simulator {
    backend: Backend,
    gating: bool,
    trace: bool,
    checks: bool,
    inline_limit: usize,
    worth_a_branch: usize,
    fault: Option<Fault>,
    refuse_memory: bool,
}

impl Default for Simulator {
    fn default() -> Simulator {
        Simulator::new()
    }
}

impl Simulator {
    /// The default limit of [`Simulator::inline_limit`].
    pub const INLINE_LIMIT: usize = 100;

    /// The default of [`Simulator::worth_a_branch`]: a branch that is mispredicted costs about as
    /// much as this many instructions.
    pub const WORTH_A_BRANCH: usize = 40;

    /// Everything as [`open`] has it.
    pub fn new() -> Simulator {
        Simulator {
            backend: Backend::Auto,
            gating: true,
            trace: false,
            checks: true,
            inline_limit: Self::INLINE_LIMIT,
            worth_a_branch: Self::WORTH_A_BRANCH,
            fault: None,
            refuse_memory: false,
        }
    }

    /// What runs the module.
    pub fn backend(mut self, backend: Backend) -> Simulator {
        self.backend = backend;
        self
    }

    /// Shall instances in which nothing changes be skipped? On by default; costs a few percent in a
    /// design that is busy everywhere. The interpreter has no such thing.
    pub fn gating(mut self, on: bool) -> Simulator {
        self.gating = on;
        self
    }

    /// Shall [`Dut::signals`] list every named value and not ports only? Costs time when signals
    /// are looked at, and some logic that would otherwise be left out.
    pub fn trace(mut self, on: bool) -> Simulator {
        self.trace = on;
        self
    }

    /// Shall assertions and cover points be looked at? On by default; without them the JIT's
    /// [`Dut::report`] stays empty and runs are faster. The interpreter always looks.
    pub fn checks(mut self, on: bool) -> Simulator {
        self.checks = on;
        self
    }

    /// A module of at most this many operations and statements, with everything below it, becomes
    /// part of the code of the module around it; a larger one is compiled once, however many
    /// instances it has, and can sleep by itself. 0 keeps every module apart, `usize::MAX` none.
    pub fn inline_limit(mut self, limit: usize) -> Simulator {
        self.inline_limit = limit;
        self
    }

    /// Muxes with one condition become a branch if that spares at least about this many
    /// instructions; otherwise both sides are computed.
    pub fn worth_a_branch(mut self, instructions: usize) -> Simulator {
        self.worth_a_branch = instructions;
        self
    }

    /// Compiles wrongly, so that tests can prove that they notice.
    #[doc(hidden)]
    pub fn plant(mut self, fault: Fault) -> Simulator {
        self.fault = Some(fault);
        self
    }

    /// Behaves as on a host that refuses executable memory.
    #[doc(hidden)]
    pub fn refuse_executable_memory(mut self, on: bool) -> Simulator {
        self.refuse_memory = on;
        self
    }

    /// Makes the module ready to run, at power-up.
    ///
    /// # Errors
    /// With [`Backend::Jit`], if machine code cannot be made or run here.
    ///
    /// # Panics
    /// If the module has a combinational loop; [`elaborate`](beehive_hdl::build::elaborate) never gives such a module.
    pub fn build(&self, module: &Arc<Module>) -> Result<Box<dyn Dut>, BuildError> {
        if self.backend == Backend::Interpreter {
            return Ok(self.interpret(module));
        }
        match self.compile(module) {
            Err(reason) if self.backend == Backend::Auto => {
                tracing::warn!(module = module.name, reason, "no JIT: falling back to the interpreter");
                Ok(self.interpret(module))
            }
            Err(reason) => Err(BuildError { module: module.name.clone(), reason }),
            Ok(dut) => Ok(dut),
        }
    }

    fn interpret(&self, module: &Arc<Module>) -> Box<dyn Dut> {
        Box::new(if self.trace { Interp::traced(module) } else { Interp::new(module) })
    }

    #[cfg(feature = "jit")]
    fn compile(&self, module: &Arc<Module>) -> Result<Box<dyn Dut>, String> {
        let options = crate::jit::Options {
            inline_limit: self.inline_limit,
            worth_a_branch: self.worth_a_branch,
            gating: self.gating,
            trace: self.trace,
            checks: self.checks,
            fault: self.fault,
            refuse_memory: self.refuse_memory,
        };
        let jit = crate::jit::Jit::new(module, &options).map_err(|e| e.to_string())?;
        tracing::debug!(module = module.name, bytes = jit.code_size(), "compiled");
        Ok(Box::new(jit))
    }

    #[cfg(not(feature = "jit"))]
    fn compile(&self, _: &Arc<Module>) -> Result<Box<dyn Dut>, String> {
        Err("built without the feature `jit`".to_string())
    }
}
