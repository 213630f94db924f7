//! The end of the control network at a tile: answers requests from the tile's registers and the counters of its router.

use super::{BUS_LATENCY, CONTROL_WIDTH, ROUTER_REGISTERS};
use crate::bytes::{assemble, field};
use beehive_hdl::blocks::Beat;
use beehive_hdl::blocks::one_hot::one_hot_mux;
use beehive_hdl::prelude::*;
use beehive_wire::registers::{access, operation};

/// Parameters of [`endpoint`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Endpoint {
    /// Is there a tile with registers?
    pub tile: bool,
    /// Counters of the router, 32 bits each: inputs `counter_0`, ..., registers from [`ROUTER_REGISTERS`] on.
    pub counters: u32,
}

/// The module: streams `ctl_in`, `ctl_out` of 64-bit flits; the master's side of the register bus (`reg_*`) if there is a tile.
/// One request at a time; what is no request is dropped.
#[hw]
pub fn endpoint(p: Endpoint) -> Def {
    module(p, |p| {
        let rx = Stream::<Beat>::input("ctl_in", CONTROL_WIDTH);
        let tx = Sink::<Beat>::output("ctl_out", CONTROL_WIDTH);
        let request = reg("request", CONTROL_WIDTH);
        let busy = reg_init("busy", 1, 0);
        let wait = reg_init("wait", 3, 0);
        rx.ready.set(!busy);
        let incoming = field(rx.data, access::OPERATION);
        let known_operation = incoming.eq(operation::READ) | incoming.eq(operation::WRITE);
        let accepted = rx.fire() & known_operation;
        when(accepted, || {
            request.set(rx.data);
            busy.set(1);
            wait.set(0);
        });
        let index = field(*request, access::INDEX);
        let is_write = field(*request, access::OPERATION).eq(operation::WRITE);
        let counters: Vec<Bits> = (0..p.counters).map(|i| input(&format!("counter_{i}"), 32)).collect();
        let counter_hits: Vec<Bits> = (0..p.counters).map(|i| index.eq(ROUTER_REGISTERS + i)).collect();
        let (tile_answer, tile_known) = if p.tile {
            let starts = busy & wait.eq(0);
            output("reg_valid", 1).set(starts & index.slice(9, 3).eq(0));
            output("reg_write", 1).set(is_write);
            output("reg_index", 10).set(index.trunc(10));
            output("reg_data", 32).set(field(*request, access::DATA));
            (input("reg_answer", 32), input("reg_known", 1) & index.slice(9, 3).eq(0))
        } else {
            (lit(32, 0), lit(1, 0))
        };
        let (router_answer, router_known) = if counters.is_empty() {
            (lit(32, 0), lit(1, 0))
        } else {
            let hits = cat(counter_hits);
            (one_hot_mux(hits, &counters), hits.any() & !is_write)
        };
        let answered = wait.eq(BUS_LATENCY);
        when(busy & !answered, || wait.set(wait + 1));
        let reply = reg("reply", CONTROL_WIDTH);
        let replying = reg_init("replying", 1, 0);
        let known = tile_known | router_known;
        let value = router_known.mux(router_answer, tile_answer);
        when(busy & answered & !replying, || {
            reply.set(assemble(
                access::LEN,
                &[
                    (access::TO, field(*request, access::FROM)),
                    (access::FROM, field(*request, access::TO)),
                    (access::OPERATION, known.mux(lit(4, operation::DONE.into()), lit(4, operation::REFUSED.into()))),
                    (access::INDEX, index),
                    (access::DATA, value),
                ],
            ));
            replying.set(1);
        });
        tx.valid.set(replying);
        let bytes = u128::from(CONTROL_WIDTH / 8);
        tx.payload.set(Beat { data: *reply, len: lit(4, bytes), last: lit(1, 1), err: lit(1, 0) });
        when(tx.fire(), || {
            replying.set(0);
            busy.set(0);
        });
        for unused in [rx.len, rx.last, rx.err] {
            unused.ignore();
        }
    })
}
