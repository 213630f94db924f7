//! The ways of a call's bytes through the server.

use beehive_hdl::blocks::Beat;
use beehive_hdl::bundle::BundleVars;
use beehive_hdl::prelude::*;
use beehive_wire::rpc::DATA_AT;

/// The beats of `stream` for which `keep` is one; takes the others.
#[track_caller]
pub(super) fn only<T: Bundle>(stream: Stream<T>, name: &str, keep: Bits) -> Stream<T> {
    let (sink, kept) = channel::<T>(name, stream.shape());
    sink.valid.set(stream.valid & keep);
    BundleVars::set(sink.payload, stream.payload);
    stream.ready.set(!keep | sink.ready);
    kept
}

/// The packets without their first 64 bytes, which are whole beats. What has no more leaves an empty packet.
#[hw]
#[track_caller]
pub(super) fn data(bodies: Stream<Beat>) -> Stream<Beat> {
    let beats = 8 * DATA_AT as u32 / bodies.shape();
    let at = reg_init("data_at", clog2(beats + 1), 0);
    let in_data = at.eq(beats);
    let passes = in_data | bodies.last;
    let (sink, data) = channel::<Beat>("data", bodies.shape());
    sink.valid.set(bodies.valid & passes);
    sink.payload.set(Beat { len: in_data.mux(bodies.len, 0), ..bodies.payload });
    bodies.ready.set(!passes | sink.ready);
    let next = in_data.mux(*at, at + 1);
    when(bodies.fire(), || at.set(bodies.last.mux(0, next)));
    data
}

/// The packets of `data` that go to the application, and of all that get a reply, whether they are damaged: once they have ended. `routes`
/// says of each packet whether it gets a reply, and whether it goes to the application.
#[hw]
#[track_caller]
pub(super) fn route(data: Stream<Beat>, routes: Stream<(Bits, Bits)>) -> (Stream<Beat>, Stream<Bits>) {
    let (replied, applied) = routes.payload;
    let (application, to_application) = channel::<Beat>("application", data.shape());
    let (end, ends) = channel::<Bits>("end", 1);
    // The end is told before the application takes it, for that may wait for the reply, which waits for the end.
    let told = reg_init("end_told", 1, 0);
    let tells = data.last & replied & !*told;
    let open = routes.valid & (!tells | end.ready);
    application.valid.set(data.valid & applied & open);
    application.payload.set(data.payload);
    end.valid.set(data.valid & routes.valid & tells);
    end.payload.set(data.err);
    data.ready.set(open & (!applied | application.ready));
    routes.ready.set(data.fire() & data.last);
    when(data.fire(), || told.set(0)).elsewhen(end.fire(), || told.set(1));
    (to_application, ends.fifo("ends", super::PENDING))
}
