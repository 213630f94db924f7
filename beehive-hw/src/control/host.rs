//! The host's port onto the control network.

use super::CONTROL_WIDTH;
use crate::bytes::{assemble, field};
use crate::noc::COORDINATE_BITS;
use beehive_hdl::blocks::Beat;
use beehive_hdl::prelude::*;
use beehive_wire::registers::{access, operation};

bundle! {
    /// A request of the host.
    pub struct Request {
        /// Write, or read.
        write: 1,
        /// Address of a register, laid out as [`beehive_wire::registers`] says.
        addr: 20,
        /// What to write.
        data: 32,
    }
}

bundle! {
    /// The answer.
    pub struct Response {
        /// There is no such register, or it cannot be written.
        err: 1,
        /// What was read.
        data: 32,
    }
}

/// Parameters of [`host`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Host {
    /// Of the mesh.
    pub columns: u32,
    /// Of the mesh.
    pub rows: u32,
}

/// The module: streams `host_req` of [`Request`], `host_resp` of [`Response`], `ctl_in` and `ctl_out` of 64-bit flits, its place `here`. One
/// request at a time. An address outside of the mesh, of the host's own place, or not of a whole register, is refused at once.
#[hw]
pub fn host(p: Host) -> Def {
    module(p, |p| {
        let requests = Stream::<Request>::input("host_req", ());
        let responses = Sink::<Response>::output("host_resp", ());
        let rx = Stream::<Beat>::input("ctl_in", CONTROL_WIDTH);
        let tx = Sink::<Beat>::output("ctl_out", CONTROL_WIDTH);
        let here = input("here", 2 * COORDINATE_BITS);
        hw_enum! { enum State { Idle, Send, Wait, Answer } }
        let state = State::reg("state", State::Idle);
        let request = Request::reg("request");
        let response = Response::reg("response");
        let x = requests.addr.slice(12, COORDINATE_BITS);
        let y = requests.addr.slice(16, COORDINATE_BITS);
        let inside = |at: Bits, size: u32| if size == 1 << COORDINATE_BITS { lit(1, 1) } else { at.lt(size) };
        // Nobody would answer at the host's own place.
        let own = requests.addr.slice(12, 2 * COORDINATE_BITS).eq(here);
        let good = inside(x, p.columns) & inside(y, p.rows) & !own & !requests.addr.trunc(2).any();

        requests.ready.set(state.eq(State::Idle));
        tx.idle();
        responses.idle();
        // Answers that nobody waits for do not clog the network.
        rx.ready.set(1);
        switch(state, |s| {
            s.case(State::Idle, || {
                when(requests.valid, || {
                    request.set(requests.payload);
                    response.set(Response { err: lit(1, 1), data: lit(32, 0) });
                    state.set(State::Answer);
                    when(good, || state.set(State::Send));
                });
            });
            s.case(State::Send, || {
                let what = request.write.mux(lit(4, operation::WRITE.into()), lit(4, operation::READ.into()));
                let data = assemble(
                    access::LEN,
                    &[
                        (access::TO, request.addr.slice(12, 2 * COORDINATE_BITS)),
                        (access::FROM, here),
                        (access::OPERATION, what),
                        (access::INDEX, request.addr.slice(2, 10).zext(12)),
                        (access::DATA, *request.data),
                    ],
                );
                let bytes = u128::from(CONTROL_WIDTH / 8);
                tx.send(Beat { data, len: lit(4, bytes), last: lit(1, 1), err: lit(1, 0) });
                when(tx.ready, || state.set(State::Wait));
            });
            s.case(State::Wait, || {
                when(rx.valid, || {
                    let done = field(rx.data, access::OPERATION).eq(operation::DONE);
                    response.set(Response { err: !done, data: field(rx.data, access::DATA) });
                    state.set(State::Answer);
                });
            });
            s.case(State::Answer, || {
                responses.send(response.get());
                when(responses.ready, || state.set(State::Idle));
            });
        });
        for unused in [rx.len, rx.last, rx.err] {
            unused.ignore();
        }
    })
}
