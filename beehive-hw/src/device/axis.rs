//! A device with the port names of the AXI standards, for the shell of a board.
//!
//! ```text
//!   s_axis_t*  (frames of the MAC)  --> device --> m_axis_t*
//!   s_axil_*   (registers)         <-->        --> irq, a pulse per vector
//! ```
//!
//! AXI4-Stream (ARM IHI 0051) with `tkeep` and, as `tuser`, the error of a frame, valid with `tlast`; no gaps in `tkeep`, no beat that is not full before the last. Frames have no check
//! sequence. `s_axis_tready` is never low for long, and a MAC that cannot wait need not look at it. AXI4-Lite (ARM IHI 0022) of 32 bits.

use super::Part;
use super::axil::{ADDRESS_BITS, ReadData, WriteData};
use beehive_hdl::blocks::{Beat, Cut, beat::len_width};
use beehive_hdl::emit::{EmitOptions, files};
use beehive_hdl::prelude::*;

/// Attributes by which Vivado's block designs know that the clock and the reset are those of the interfaces (UG994, "Inferring Control Signals in a RTL
/// Module"); the interfaces themselves it knows by the names of their ports. Other tools pass over attributes.
const ATTRIBUTES: [(&str, &str, &str); 2] = [
    ("clk", "clock:1.0 clk CLK", "ASSOCIATED_BUSIF s_axis:m_axis:s_axil, ASSOCIATED_RESET rst"),
    ("rst", "reset:1.0 rst RST", "POLARITY ACTIVE_HIGH"),
];

/// The SystemVerilog of an [`axis`], as pairs of module name and text, the top last and with attributes for Vivado.
///
/// # Panics
/// If `shell` is no [`axis`].
pub fn modules(shell: &Def) -> Vec<(String, String)> {
    let mut modules = files(shell, &EmitOptions::default());
    let (_, top) = modules.last_mut().expect("a top");
    for (port, info, parameter) in ATTRIBUTES {
        let declared = format!("  input  logic {port},\n");
        assert!(top.contains(&declared), "a shell has a port `{port}`");
        let attributes = format!(
            "  (* X_INTERFACE_INFO = \"xilinx.com:signal:{info}\" *)\n  (* X_INTERFACE_PARAMETER = \"{parameter}\" *)\n"
        );
        *top = top.replacen(&declared, &(attributes + &declared), 1);
    }
    modules
}

/// Parameters of [`axis`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Axis {
    /// The device, with both streams of the MAC.
    pub device: Part,
    /// Bits of the MAC's streams.
    pub width: u32,
}

/// The module.
#[hw]
pub fn axis(p: Axis) -> Def {
    module(p, |p| {
        let device = instance("device", &p.device.0);
        let ports = &p.device.0;
        let has = |name: &str| ports.streams.iter().any(|stream| stream.name == name);
        require(
            has("mac_rx") && has("mac_tx"),
            || format!("`{}` has no MAC", ports.name),
            "give a design with tiles for both sides of the MAC",
        );
        device.feed("mac_rx", received(p.width).register_slice("receive", Cut::Full));
        sent(p.width, device.stream::<Beat>("mac_tx", p.width).register_slice("send", Cut::Full));
        registers(&device, ADDRESS_BITS, |address| address);
        device.connect("flr", input("flr", 1)).connect("unsent", lit(1, 0));
        let interrupts = device.out("interrupts");
        output("irq", interrupts.width()).set(interrupts);
    })
}

/// The stream `s_axis` as beats.
#[hw]
pub(super) fn received(width: u32) -> Stream<Beat> {
    let bytes = width / 8;
    let (sink, stream) = channel::<Beat>("received", width);
    let valid = input("s_axis_tvalid", 1);
    let keep = input("s_axis_tkeep", bytes);
    let last = input("s_axis_tlast", 1);
    output("s_axis_tready", 1).set(sink.ready);
    // One bit where the ones of a proper `tkeep` end.
    let end = keep & !keep.shift_right(lit(1, 1));
    let numbers =
        (0..bytes).map(|i| mux(end.bit(i), lit(len_width(width), u128::from(i) + 1), lit(len_width(width), 0)));
    let len = numbers.reduce(|a, b| a | b).unwrap_or_else(|| lit(len_width(width), 0));
    let gaps = (keep & (keep + 1)).any();
    let odd = (gaps | !keep.bit(0) | !last & !keep.all()).named("odd");
    // A frame with a beat that cannot be is damaged.
    let damaged = reg_init("damaged", 1, 0);
    sink.valid.set(valid);
    let err = damaged | odd | input("s_axis_tuser", 1);
    sink.payload.set(Beat { data: input("s_axis_tdata", width), len, last, err });
    when(sink.fire(), || damaged.set(!last & (damaged | odd)));
    stream
}

/// Beats as the stream `m_axis`.
#[hw]
fn sent(width: u32, beats: Stream<Beat>) {
    output("m_axis_tdata", width).set(beats.data);
    output("m_axis_tkeep", width / 8).set(beats.byte_enables());
    output("m_axis_tlast", 1).set(beats.last);
    output("m_axis_tuser", 1).set(beats.err & beats.last);
    output("m_axis_tvalid", 1).set(beats.valid);
    beats.ready.set(input("m_axis_tready", 1));
}

/// The interface `s_axil`: addresses of `bits` bits, and what they are in the device's map.
pub(super) fn registers(device: &Inst, bits: u32, place: impl Fn(Bits) -> Bits) {
    for channel in ["aw", "ar"] {
        let (sink, stream) = beehive_hdl::stream::channel::<Bits>(channel, ADDRESS_BITS);
        sink.valid.set(input(&format!("s_axil_{channel}valid"), 1));
        sink.payload.set(place(input(&format!("s_axil_{channel}addr"), bits)));
        input(&format!("s_axil_{channel}prot"), 3).ignore();
        output(&format!("s_axil_{channel}ready"), 1).set(sink.ready);
        device.feed(&format!("s_axil_{channel}"), stream);
    }
    let (sink, stream) = channel::<WriteData>("w", ());
    sink.valid.set(input("s_axil_wvalid", 1));
    sink.payload.set(WriteData { data: input("s_axil_wdata", 32), strobes: input("s_axil_wstrb", 4) });
    output("s_axil_wready", 1).set(sink.ready);
    device.feed("s_axil_w", stream);
    let b = device.stream::<Bits>("s_axil_b", 2);
    output("s_axil_bvalid", 1).set(b.valid);
    output("s_axil_bresp", 2).set(*b);
    b.ready.set(input("s_axil_bready", 1));
    let r = device.stream::<ReadData>("s_axil_r", ());
    output("s_axil_rvalid", 1).set(r.valid);
    output("s_axil_rdata", 32).set(r.data);
    output("s_axil_rresp", 2).set(r.response);
    r.ready.set(input("s_axil_rready", 1));
}
