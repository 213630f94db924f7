//! Small hardware to plug into the simulated card.
#![allow(dead_code)]

use beehive_hdl::blocks::Beat;
use beehive_hdl::bundle;
use beehive_hdl::prelude::*;

bundle! {
    /// A register access.
    pub struct HostRequest() {
        /// Write, not read.
        write: 1,
        /// The register.
        addr: 20,
        /// What to write.
        data: 32,
    }
}

bundle! {
    /// Its result.
    pub struct HostResponse() {
        /// No such register.
        err: 1,
        /// What was read.
        data: 32,
    }
}

/// Sends back what it gets, through two FIFOs.
#[hw]
pub fn loopback(width: u32) -> Def {
    module(width, |&width| {
        let rx = Stream::<Beat>::input("mac_rx", width);
        rx.fifo("in", 1024).fifo("out", 16).to(Sink::output("mac_tx", width));
    })
}

/// Sends back what it gets, except that the first byte of a beat is an order: 0xee sets `err`, 0xbb makes the length
/// impossible, 0xcc takes `last` away.
#[hw]
pub fn mangle(width: u32) -> Def {
    module(width, |&width| {
        let rx = Stream::<Beat>::input("mac_rx", width);
        let mangled = rx.map(width, |beat| {
            let order = beat.data.slice(0, 8);
            Beat {
                err: beat.err | order.eq(0xee),
                len: order.eq(0xbb).mux(!beat.len, beat.len),
                last: beat.last & order.ne(0xcc),
                ..beat
            }
        });
        mangled.fifo("out", 64).to(Sink::output("mac_tx", width));
    })
}

/// Registers: four at 0x0, one at 0x10 that counts how often 1 was written to it. 0x14 answers after 5000
/// cycles only. All others do not exist.
/// Frames go round as in [`loopback`].
#[hw]
pub fn registers(width: u32) -> Def {
    module(width, |&width| {
        let rx = Stream::<Beat>::input("mac_rx", width);
        rx.fifo("frames", 256).to(Sink::output("mac_tx", width));

        let requests = Stream::<HostRequest>::input("host_req", ());
        let (answer, answers) = channel::<HostResponse>("answer", ());
        answers.fifo("answers", 4).to(Sink::output("host_resp", ()));

        let stall = reg_init("stall", 13, 5000);
        let slow = requests.valid & requests.addr.eq(0x14) & stall.ne(0);
        when(slow, || stall.set(stall - 1));
        when(requests.fire(), || stall.set(5000));
        let ticks = reg_init("ticks", 32, 0);
        let (value, known) = (wire("value", 32), wire("known", 1));
        value.set_default(0);
        known.set_default(0);
        for i in 0..4 {
            let register = reg_init(&format!("r{i}"), 32, 0);
            when(requests.addr.eq(4 * i), || {
                value.set(register);
                known.set(1);
                when(requests.fire() & requests.write, || register.set(requests.data));
            });
        }
        when(requests.addr.eq(0x10), || {
            value.set(ticks);
            known.set(1);
            when(requests.fire() & requests.write & requests.data.eq(1), || ticks.set(ticks + 1));
        });
        when(requests.addr.eq(0x14), || {
            value.set(0x5107);
            known.set(1);
        });
        requests.ready.set(answer.ready & !slow);
        answer.idle();
        when(requests.valid & !slow, || answer.send(HostResponse { err: !known.get(), data: value.get() }));
    })
}

/// The address of [`responder`].
pub const MAC: [u8; 6] = [2, 0xbe, 0xe1, 0, 0, 2];

/// Answers ARP requests for any address, pings, and UDP datagrams (with themselves). Everything else leaves as a damaged frame. All it
/// needs to see is in the first 64 bytes, and checksums survive, so it looks at one beat of 512 bits.
#[hw]
pub fn responder() -> Def {
    module((), |_: &()| {
        let rx = Stream::<Beat>::input("mac_rx", 512);
        let first = reg_init("first", 1, 1);
        let hopeless = reg_init("hopeless", 1, 0);
        let byte = |i: u32| rx.data.slice(8 * i, 8);
        let bytes = |from: u32, to: u32| rx.data.slice(8 * from, 8 * (to - from));

        let ip = byte(12).eq(8) & byte(13).eq(0) & byte(14).eq(0x45);
        let udp = ip & byte(23).eq(17);
        let ping = ip & byte(23).eq(1) & byte(34).eq(8);
        let arp = byte(12).eq(8) & byte(13).eq(6) & byte(21).eq(1);

        let own = cat(MAC.map(|b| lit(8, u128::from(b))));
        let ethernet = [bytes(6, 12), own, bytes(12, 14)];
        let swapped = [bytes(14, 26), bytes(30, 34), bytes(26, 30)];
        let udp_ports = [bytes(36, 38), bytes(34, 36), bytes(38, 64)];
        // Type 8 becomes 0, so the one's complement sum grows by 0x800.
        let sum = cat([byte(37), byte(36)]).zext(17) + lit(17, 0x800);
        let sum = sum.trunc(16) + sum.msb().zext(16);
        let pong = [lit(8, 0), byte(35), sum.slice(8, 8), sum.slice(0, 8), bytes(38, 64)];
        let arp_reply = [bytes(14, 21), lit(8, 2), own, bytes(38, 42), bytes(22, 32), bytes(42, 64)];

        let all = |parts: [&[Bits]; 3]| cat(parts.concat());
        let udp_beat = all([&ethernet, &swapped, &udp_ports]);
        let pong_beat = all([&ethernet, &swapped, &pong]);
        let arp_beat = all([&ethernet, &arp_reply, &[]]);
        let answer = udp.mux(udp_beat, ping.mux(pong_beat, arp_beat));
        let lost = first.mux(!(udp | ping | arp), hopeless);
        when(rx.fire(), || {
            first.set(rx.last);
            hopeless.set(lost);
        });
        let data = first.mux(answer, rx.data);
        let answered = rx.map(512, |beat| Beat { data, err: beat.err | lost, ..beat });
        answered.fifo("out", 1024).to(Sink::output("mac_tx", 512));
    })
}
