//! Machine code: Cranelift's module, compiled functions as typed pointers.

use super::design::Design;
use super::emit::Pool;
use super::program::{Program, Target};
use super::{Error, Options};
use cranelift_codegen::ir::AbiParam;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{Context, isa};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_jit::{BranchProtection, JITBuilder, JITMemoryKind, JITMemoryProvider, JITModule};
use cranelift_module::{FuncId, Module as _, ModuleError, ModuleResult, default_libcall_names};
use std::io;

/// A settle or probe function: takes the state block.
pub(super) type Settle = unsafe extern "C" fn(*mut u64);
/// A step function: takes the state block, gives [`super::program::STEP_DIRTY`] and so on.
pub(super) type Step = unsafe extern "C" fn(*mut u64) -> u64;

/// Functions of a unit.
pub(super) struct Functions {
    /// Per group.
    pub settle: Vec<Settle>,
    pub step: Step,
    pub probe: Settle,
}

/// Compiled code. The function pointers are good as long as it lives.
pub(super) struct Code {
    module: Option<JITModule>,
    /// Constants that the code points to.
    _pool: Pool,
    /// Per unit; `None` if it has nothing to run.
    pub units: Vec<Option<Functions>>,
    /// Machine code in bytes.
    pub size: usize,
}

impl Drop for Code {
    fn drop(&mut self) {
        if let Some(module) = self.module.take() {
            // SAFETY: nothing runs the code now, and its function pointers live in `self` and in the
            // machine that owns `self`.
            unsafe { module.free_memory() }
        }
    }
}

/// A host that gives no executable memory, for tests of the fallback.
struct Refuse;

impl JITMemoryProvider for Refuse {
    fn allocate(&mut self, _: usize, _: u64, _: JITMemoryKind) -> io::Result<*mut u8> {
        Err(io::Error::new(io::ErrorKind::PermissionDenied, "executable memory refused"))
    }
    unsafe fn free_memory(&mut self) {}
    fn finalize(&mut self, _: BranchProtection) -> ModuleResult<()> {
        Ok(())
    }
}

impl From<ModuleError> for Error {
    fn from(error: ModuleError) -> Error {
        // The alternate form of compilation errors prints the whole function.
        Error::Code(error.to_string())
    }
}

impl Code {
    pub fn new(design: &Design, programs: &[Option<Program>], options: &Options) -> Result<Code, Error> {
        let host = |e: &dyn std::fmt::Display| Error::Host(e.to_string());
        let mut flags = settings::builder();
        let verify = if cfg!(debug_assertions) { "true" } else { "false" };
        for (key, value) in
            [("opt_level", "speed"), ("is_pic", "false"), ("enable_verifier", verify), ("enable_probestack", "false")]
        {
            flags.set(key, value).map_err(|e| host(&e))?;
        }
        let isa = cranelift_native::builder().map_err(|e| host(&e))?;
        let isa = isa.finish(settings::Flags::new(flags)).map_err(|e| host(&e))?;
        if isa.pointer_bytes() != 8 || isa.endianness() != cranelift_codegen::ir::Endianness::Little {
            return Err(Error::Host("the simulator needs a little-endian 64-bit host".into()));
        }
        let mut builder = JITBuilder::with_isa(isa, default_libcall_names());
        if options.refuse_memory {
            builder.memory_provider(Box::new(Refuse));
        }
        let module = JITModule::new(builder);
        let mut code = Code { module: Some(module), _pool: Pool::default(), units: vec![], size: 0 };
        let mut compiler = Compiler {
            context: Context::new(),
            builder: FunctionBuilderContext::new(),
            module: code.module.as_mut().expect("just made"),
            size: 0,
            pool: Pool::default(),
        };
        let mut ids = vec![];
        for (unit, program) in design.units.iter().zip(programs) {
            let Some(program) = program else {
                ids.push(None);
                continue;
            };
            let mut settle = vec![];
            for group in 0..program.groups.len() {
                settle.push(compiler.define(false, |b, target| program.settle(unit, group, b, target))?);
            }
            let step = compiler.define(true, |b, target| program.step(unit, b, target))?;
            let probe = compiler.define(false, |b, target| program.probe(unit, b, target))?;
            ids.push(Some((settle, step, probe)));
        }
        compiler.module.finalize_definitions()?;
        let Compiler { size, pool, .. } = compiler;
        (code.size, code._pool) = (size, pool);
        let module = code.module.as_ref().expect("just made");
        for unit in ids {
            code.units.push(unit.map(|(settle, step, probe)| Functions {
                settle: settle.into_iter().map(|id| settle_pointer(module, id)).collect(),
                step: step_pointer(module, step),
                probe: settle_pointer(module, probe),
            }));
        }
        Ok(code)
    }
}

fn settle_pointer(module: &JITModule, id: FuncId) -> Settle {
    // SAFETY: `define(false, ..)` gave the function this signature.
    unsafe { std::mem::transmute::<*const u8, Settle>(module.get_finalized_function(id)) }
}

fn step_pointer(module: &JITModule, id: FuncId) -> Step {
    // SAFETY: `define(true, ..)` gave the function this signature.
    unsafe { std::mem::transmute::<*const u8, Step>(module.get_finalized_function(id)) }
}

struct Compiler<'m> {
    context: Context,
    builder: FunctionBuilderContext,
    module: &'m mut JITModule,
    size: usize,
    pool: Pool,
}

impl Compiler<'_> {
    /// Compiles a function of the state block, which `build` fills.
    fn define(&mut self, returns: bool, build: impl FnOnce(FunctionBuilder, &mut Target)) -> Result<FuncId, Error> {
        let config: isa::TargetFrontendConfig = self.module.target_config();
        self.context.func.signature = self.module.make_signature();
        self.context.func.signature.params.push(AbiParam::new(I64));
        if returns {
            self.context.func.signature.returns.push(AbiParam::new(I64));
        }
        let b = FunctionBuilder::new(&mut self.context.func, &mut self.builder);
        let mut target = Target { config, pool: &mut self.pool };
        build(b, &mut target);
        let id = self.module.declare_anonymous_function(&self.context.func.signature)?;
        self.module.define_function(id, &mut self.context)?;
        self.size += self.context.compiled_code().map_or(0, |c| c.code_buffer().len());
        self.module.clear_context(&mut self.context);
        Ok(id)
    }
}
