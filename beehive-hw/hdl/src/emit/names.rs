//! Legal, unique identifiers.

use std::collections::HashSet;

/// Is `name` a word that SystemVerilog, C++ (in which Verilator writes its models) or a tool keeps
/// for itself? Such a name cannot be a port or a module; other things get a number.
pub fn is_keyword(name: &str) -> bool {
    keywords().any(|word| word == name)
}

/// The names taken in a module.
#[derive(Default)]
pub(super) struct Names {
    taken: HashSet<String>,
}

impl Names {
    pub fn new() -> Names {
        Names { taken: keywords().map(String::from).collect() }
    }

    /// Takes a name that cannot be changed.
    pub fn reserve(&mut self, name: &str) {
        self.taken.insert(name.to_string());
    }

    /// Takes `wish` or, if it is taken or a keyword, `wish_2`, `wish_3`, ...
    pub fn claim(&mut self, wish: &str) -> String {
        self.claim_beside(wish, &Names::default())
    }

    /// The same, with a name that `others` has not taken either.
    pub fn claim_beside(&mut self, wish: &str, others: &Names) -> String {
        let wish = legal(wish);
        let mut name = wish.clone();
        let mut number = 2;
        while others.taken.contains(&name) || !self.taken.insert(name.clone()) {
            name = format!("{wish}_{number}");
            number += 1;
        }
        name
    }
}

/// What a module is called in the text.
pub(crate) fn module_name(name: &str) -> String {
    if is_keyword(name) { format!("{name}_") } else { legal(name) }
}

/// Letters, digits and underscores, not starting with a digit.
fn legal(name: &str) -> String {
    let raw = name.strip_prefix("r#").unwrap_or(name);
    let mut out: String = raw.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if !out.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        out.insert(0, '_');
    }
    out
}

fn keywords() -> impl Iterator<Item = &'static str> {
    SYSTEMVERILOG.split_ascii_whitespace().chain(TOOLS.split_ascii_whitespace())
}

/// IEEE 1800-2017, table B.1.
const SYSTEMVERILOG: &str = "
    accept_on alias always always_comb always_ff always_latch and assert assign assume automatic before
    begin bind bins binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle checker class
    clocking cmos config const constraint context continue cover covergroup coverpoint cross deassign
    default defparam design disable dist do edge else end endcase endchecker endclass endclocking endconfig
    endfunction endgenerate endgroup endinterface endmodule endpackage endprimitive endprogram endproperty
    endsequence endspecify endtable endtask enum event eventually expect export extends extern final
    first_match for force foreach forever fork forkjoin function generate genvar global highz0 highz1 if iff
    ifnone ignore_bins illegal_bins implements implies import incdir include initial inout input inside
    instance int integer interconnect interface intersect join join_any join_none large let liblist library
    local localparam logic longint macromodule matches medium modport module nand negedge nettype new
    nexttime nmos nor noshowcancelled not notif0 notif1 null or output package packed parameter pmos posedge
    primitive priority program property protected pull0 pull1 pulldown pullup pulsestyle_ondetect
    pulsestyle_onevent pure rand randc randcase randsequence rcmos real realtime ref reg reject_on release
    repeat restrict return rnmos rpmos rtran rtranif0 rtranif1 s_always s_eventually s_nexttime s_until
    s_until_with scalared sequence shortint shortreal showcancelled signed small soft solve specify
    specparam static string strong strong0 strong1 struct super supply0 supply1 sync_accept_on
    sync_reject_on table tagged task this throughout time timeprecision timeunit tran tranif0 tranif1 tri
    tri0 tri1 triand trior trireg type typedef union unique unique0 unsigned until until_with untyped use
    uwire var vectored virtual void wait wait_order wand weak weak0 weak1 while wildcard wire with within
    wor xnor xor
";

/// Words of C++ and SystemC that Verilator warns about (SYMRSVDWORD), and names that Verilator or
/// iverilog keep for themselves.
const TOOLS: &str = "
    NULL TOP abort alignas alignof and_eq asm atomic_cancel atomic_commit atomic_noexcept auto bit_vector
    bitand bitor bool catch cdecl char char16_t char32_t char8_t co_await co_return co_yield compl concept
    const_cast const_iterator const_reference consteval constexpr constinit decltype delete deque double
    dynamic_cast exit explicit false far float free friend goto huge inline int16_t int32_t int64_t int8_t
    interrupt iterator list long mailbox main malloc map multimap multiset mutable namespace near noexcept
    not_eq nullptr operator override pascal private process public reference reflexpr register
    reinterpret_cast requires sc_clock sc_in sc_inout sc_out sc_signal semaphore sensitive sensitive_neg
    sensitive_pos set short sizeof static_assert static_cast std switch synchronized template thread_local
    throw transaction_safe transaction_safe_dynamic true try type_info typeid typename uint16_t uint32_t
    uint64_t uint8_t using vector volatile wchar_t wreal xor_eq
";
