//! The AXI4-Lite slave (ARM IHI 0022, chapter B1): registers of the device, the description, registers of the tiles.
//!
//! ```text
//!   s_axil_aw, s_axil_w --+                    +--> device page
//!   s_axil_b           <--+-- one access ------+--> description (block RAM)
//!   s_axil_ar -------->---+    at a time       +--> host_req ..> tiles
//!   s_axil_r           <--+                    +<-- host_resp <..
//! ```

use super::Text;
use crate::control::host::{Request, Response};
use beehive_hdl::prelude::*;
use beehive_wire::device as map;

/// Bits of an address in the BAR.
pub const ADDRESS_BITS: u32 = map::BAR_BYTES.trailing_zeros();

bundle! {
    /// Data of a write.
    pub struct WriteData {
        /// The register's new value.
        data: 32,
        /// Which bytes of it; only all of them can be written.
        strobes: 4,
    }
}

bundle! {
    /// Data of a read.
    pub struct ReadData {
        /// The register's value.
        data: 32,
        /// `OKAY` or `SLVERR`.
        response: 2,
    }
}

/// Response to an access that is done.
pub const OKAY: u32 = 0;
/// Response to an access that is refused, or was not answered.
pub const SLVERR: u32 = 2;

/// Parameters of [`slave`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Slave {
    /// The description, a multiple of 4 bytes.
    pub description: Text,
    /// Are there tiles with registers?
    pub tiles: bool,
}

/// The module: streams `s_axil_aw`, `s_axil_w` of [`WriteData`], `s_axil_b`, `s_axil_ar`, `s_axil_r` of [`ReadData`]; with tiles, `host_req` and
/// `host_resp`; the bus of the page (`page_*`); input `clear`; outputs `refused` and `timeout`, high for a cycle when an access ends so.
///
/// One access at a time, a write before a read. What a tile does not answer in [`map::ANSWER_CYCLES`] ends with `SLVERR`, and so do further accesses to tiles until the
/// late answer has come and been thrown away, or a reset.
#[hw]
pub fn slave(p: Slave) -> Def {
    module(p, |p| {
        let aw = Stream::<Bits>::input("s_axil_aw", ADDRESS_BITS);
        let w = Stream::<WriteData>::input("s_axil_w", ());
        let b = Sink::<Bits>::output("s_axil_b", 2);
        let ar = Stream::<Bits>::input("s_axil_ar", ADDRESS_BITS);
        let r = Sink::<ReadData>::output("s_axil_r", ());
        let clear = input("clear", 1);
        hw_enum! { enum State { Idle, Page, Fetch, Fetched, Send, Wait, Answer } }
        let state = State::reg("state", State::Idle);
        let write = reg("write", 1);
        let address = reg("address", ADDRESS_BITS);
        let data = reg("data", 32);
        let answer = reg("answer", 32);
        let failed = reg("failed", 1);

        // Only what can be an access at all gets further than here.
        let whole = wire("whole", 1);
        let takes_write = state.eq(State::Idle) & aw.valid & w.valid;
        let takes_read = state.eq(State::Idle) & ar.valid & !takes_write;
        aw.ready.set(takes_write);
        w.ready.set(takes_write);
        ar.ready.set(takes_read);
        let next_address = takes_write.mux(*aw, *ar);
        whole.set(!next_address.trunc(2).any() & (w.strobes.all() | !takes_write));
        let in_tiles = next_address.bit(ADDRESS_BITS - 1);
        let in_description = next_address.slice(16, ADDRESS_BITS - 16).eq(map::DESCRIPTION_AT >> 16);
        let in_page = !next_address.slice(12, ADDRESS_BITS - 12).any();

        output("page_access", 1).set(state.eq(State::Page));
        output("page_write", 1).set(*write);
        output("page_offset", 12).set(address.trunc(12));
        output("page_data", 32).set(*data);
        let page_answer = input("page_answer", 32);
        let page_known = input("page_known", 1);

        let words = p.description.0.chunks(4).map(|word| Value::from_bytes(32, word));
        let depth = (p.description.0.len() as u32 / 4).next_power_of_two().max(2);
        let rom = block_ram_init("description", 32, depth, words);
        let fetched = rom.read(state.eq(State::Fetch), address.slice(2, rom.addr_width()));
        let inside = address.slice(2, 14).lt(p.description.0.len() as u32 / 4);

        let refused = delay_init("refused_q", state.eq(State::Answer) & failed & write.mux(b.fire(), r.fire()), 0);
        output("refused", 1).set(refused);
        b.idle();
        r.idle();
        let timeout = wire("timed_out", 1);
        timeout.set_default(0);
        output("timeout", 1).set(delay_init("timeout_q", *timeout, 0));
        let tiles = p.tiles.then(|| Tiles::new(clear));
        if tiles.is_none() {
            clear.ignore();
        }
        switch(state, |s| {
            s.case(State::Idle, || {
                write.set(takes_write);
                address.set(next_address);
                data.set(w.data);
                answer.set(0);
                failed.set(1);
                when(takes_write | takes_read, || {
                    state.set(State::Answer);
                    when(whole & in_page, || state.set(State::Page));
                    when(whole & in_description & !takes_write, || state.set(State::Fetch));
                    if let Some(tiles) = &tiles {
                        when(whole & in_tiles & !tiles.shut, || state.set(State::Send));
                    }
                });
            });
            s.case(State::Page, || {
                answer.set(page_answer);
                failed.set(!page_known);
                state.set(State::Answer);
            });
            s.case(State::Fetch, || state.set(State::Fetched));
            s.case(State::Fetched, || {
                answer.set(inside.mux(fetched, 0));
                failed.set(!inside);
                state.set(State::Answer);
            });
            s.case(State::Send, || match &tiles {
                Some(tiles) => {
                    tiles.requests.send(Request { write: *write, addr: address.trunc(20), data: *data });
                    when(clear, || state.set(State::Answer)).elsewhen(tiles.requests.ready, || {
                        tiles.timer.set(0);
                        state.set(State::Wait);
                    });
                }
                None => state.set(State::Answer),
            });
            s.case(State::Wait, || match &tiles {
                Some(tiles) => {
                    tiles.timer.set(*tiles.timer + 1);
                    when(clear, || state.set(State::Answer))
                        .elsewhen(tiles.responses.valid, || {
                            answer.set(tiles.responses.data);
                            failed.set(tiles.responses.err);
                            state.set(State::Answer);
                        })
                        .elsewhen(tiles.timer.eq(map::ANSWER_CYCLES - 1), || {
                            timeout.set(1);
                            tiles.owed.set(1);
                            state.set(State::Answer);
                        });
                }
                None => state.set(State::Answer),
            });
            s.case(State::Answer, || {
                let response = failed.mux(lit(2, SLVERR.into()), lit(2, OKAY.into()));
                when(write, || b.send(response)).otherwise(|| {
                    r.send(ReadData { data: *answer, response });
                });
                when(b.fire() | r.fire(), || state.set(State::Idle));
            });
        });
    })
}

/// The way to the tiles.
struct Tiles {
    requests: Sink<Request>,
    responses: Stream<Response>,
    /// An answer is late.
    owed: Var,
    timer: Var,
    /// No access can be made.
    shut: Bits,
}

impl Tiles {
    #[hw]
    fn new(clear: Bits) -> Tiles {
        let requests = Sink::<Request>::output("host_req", ());
        let responses = Stream::<Response>::input("host_resp", ());
        requests.idle();
        responses.ready.set(1);
        let owed = reg_init("owed", 1, 0);
        let timer = reg("timer", map::ANSWER_CYCLES.trailing_zeros());
        // What comes late is thrown away; a reset forgets it on the other side, too.
        when(clear | owed & responses.valid, || owed.set(0));
        Tiles { requests, responses, owed, timer, shut: clear | owed }
    }
}
