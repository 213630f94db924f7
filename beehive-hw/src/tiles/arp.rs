//! ARP (RFC 826): answers requests for our address, learns neighbours, asks for unknown ones.
//!
//! ```text
//!   noc_in --> receive --> first 28 bytes --> check --> reply or request --> noc_out (to `eth_tx`)
//!                                               +-----> neighbour ----------> noc_out (to `ip_tx`)
//! ```
//!
//! What is not ARP for IPv4 over Ethernet, not to us, or nonsense (a sender with a group address, or with our IP address) is
//! dropped and counted. Neighbours are learned from packets to us; of packets to others the learners are told, too, who then update the neighbours
//! that they know.

use super::next_hop::{self, Next, Policy, next_hop};
use super::{NEXT_COUNTER, QUEUE_COUNTERS, act, count_drops, count_queue, forward_unless, here};
use crate::bytes::{assemble, field};
use crate::control::{Register, Registers};
use crate::noc::COORDINATE_BITS;
use crate::noc::message::{ACTION_BITS, Header, Verdict, action, receive, send};
use crate::packet::{gather, prepend_each};
use beehive_hdl::blocks::beat::len_width;
use beehive_hdl::blocks::{Beat, Cut};
use beehive_hdl::prelude::*;
use beehive_wire::{arp as wire, ethertype, message};

/// Parameters of [`arp`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Arp {
    /// Bits of the data network.
    pub width: u32,
    /// Our Ethernet address.
    pub mac: u64,
    /// Our IPv4 address.
    pub ip: u32,
    /// Places of the tiles that want to know neighbours: `ip_tx` and its like.
    pub learners: Vec<u8>,
    /// Where frames go; keys are not looked at.
    pub next: Vec<Next>,
    /// How several next hops share the load.
    pub policy: Policy,
}

/// Its registers.
pub fn registers(p: &Arp) -> Vec<Register> {
    let mut list = next_hop::registers(p.next.len() as u32).to_vec();
    list.extend([
        Register::config("mac_high", "our Ethernet address, its first two bytes"),
        Register::config("mac_low", "our Ethernet address, its last four bytes"),
        Register::config("ip", "our IPv4 address"),
        Register::table("learner", p.learners.len() as u32, "tile that is told of neighbours"),
        Register::counter("requests", "requests for our address, answered"),
        Register::counter("replies", "replies to us"),
        Register::counter("asked", "requests sent"),
        Register::counter("drop_bad", "damaged or too short packets"),
        Register::counter("drop_format", "packets that are not ARP for IPv4 over Ethernet, or of another operation"),
        Register::counter("drop_sender", "packets with a senseless sender"),
        Register::counter("drop_target", "packets to others; neighbours that are known are updated from them"),
        NEXT_COUNTER,
    ]);
    list.extend(QUEUE_COUNTERS);
    list
}

bundle! {
    /// What there is to do about a packet.
    struct Job {
        /// Send a frame: a reply or a request.
        frame: 1,
        /// It is a request.
        request: 1,
        /// Tell the learners of the other side.
        learn: 1,
        /// Only who knows it already shall learn.
        update: 1,
        mac: 48,
        ip: 32,
    }
}

/// The module: streams `noc_in`, `noc_out`, `here`, register bus.
#[hw]
pub fn arp(p: Arp) -> Def {
    module(p, |p| {
        let rx = Stream::<Beat>::input("noc_in", p.width);
        let tx = Sink::<Beat>::output("noc_out", p.width);
        let here = here();
        let mut regs = Registers::new(8, registers(p));
        count_queue(&mut regs);
        let mac_high = regs.config("mac_high", 16, p.mac >> 32);
        let mac_low = regs.config("mac_low", 32, p.mac & 0xffff_ffff);
        let mac = cat([mac_low, mac_high]);
        let ip = regs.config("ip", 32, p.ip.into());
        let learners: Vec<u64> = p.learners.iter().map(|place| (*place).into()).collect();
        let learners = regs.table("learner", 2 * COORDINATE_BITS, &learners);

        // A packet counts once it has ended without damage; all of an ARP packet lies in its head.
        let (heads, bodies) = gather(receive(rx), wire::LEN as u32);
        let kept = heads.register_slice("kept", Cut::Full);
        let (end_sink, ends) = channel::<Bits>("end", 1);
        bodies.ready.set(!bodies.last | end_sink.ready);
        end_sink.valid.set(bodies.valid & bodies.last);
        end_sink.payload.set(bodies.err);
        let whole = kept.join("whole", ends.register_slice("ended", Cut::Full));
        let ((head, header), damaged) = whole.payload;
        let decided = whole.fire();
        let get = |of| field(head.data, of);
        let is_ask = header.kind.eq(message::kind::ARP_ASK);
        let formed = get(wire::HARDWARE).eq(1)
            & get(wire::PROTOCOL).eq(ethertype::IPV4)
            & get(wire::HARDWARE_LENGTH).eq(6)
            & get(wire::PROTOCOL_LENGTH).eq(4);
        let operation = get(wire::OPERATION);
        let (sender_mac, sender_ip) = (get(wire::SENDER_MAC), get(wire::SENDER_IP));
        let group = sender_mac.bit(40) | sender_mac.eq(0);
        // Who asks from no address probes whether ours is taken (RFC 5227 section 2.1.1): answered, not learned.
        let is_request = operation.eq(1);
        let nameless = sender_ip.eq(0);
        let senseless = group | sender_ip.eq(ip) | (nameless & !is_request) | sender_ip.all();
        let bad = damaged | head.count.lt(wire::LEN as u32);
        let misformed = !(formed & (operation.eq(1) | operation.eq(2)));
        let foreign = get(wire::TARGET_IP).ne(ip);
        let reasons =
            [("drop_bad", bad), ("drop_format", misformed), ("drop_sender", senseless), ("drop_target", foreign)];
        let dropped = count_drops(&mut regs, decided & !is_ask, &reasons);
        regs.counter("requests", decided & !is_ask & !dropped & is_request);
        regs.counter("replies", decided & !is_ask & !dropped & !is_request);
        regs.counter("asked", decided & is_ask);
        let good = !is_ask & !dropped;
        // The merge of RFC 826: whoever a packet is to, it tells where its sender is.
        let update = !is_ask & !bad & !misformed & !senseless & foreign;
        let job = Job {
            frame: is_ask | (good & is_request),
            request: is_ask,
            learn: (good | update) & !nameless,
            update,
            mac: is_ask.mux(Value::ones(48), sender_mac),
            ip: is_ask.mux(header.destination_ip, sender_ip),
        };
        let jobs = whole.map::<Job>((), |_| job).register_slice("job", Cut::Full);

        // One message after the other: the learners first, so that answers to what follows the reply find their way.
        let steps = learners.len() as u32 + 1;
        let step = reg_init("step", clog2(steps + 1), 0);
        let is_frame = step.eq(steps - 1);
        let (sink, made) = channel::<(Verdict, Bits)>("made", (((), ACTION_BITS), 8 * wire::LEN as u32));
        let wanted = is_frame.mux(jobs.frame, jobs.learn);
        sink.valid.set(jobs.valid & wanted);
        let hop = next_hop(&mut regs, &p.next, p.policy, lit(16, 0), lit(8, 0), sink.fire());
        // A card without learners, which only answers, never comes to a step of theirs.
        let mut learner = learners.first().copied().unwrap_or(here);
        for (place, i) in learners.iter().zip(0..).skip(1) {
            learner = step.eq(i).mux(*place, learner);
        }
        let learner = learner;
        let news = jobs.update.mux(message::kind::KNOWN_NEIGHBOUR, lit(8, message::kind::NEIGHBOUR.into()));
        let sent = Header {
            to: is_frame.mux(hop.to, learner),
            from: here,
            kind: is_frame.mux(message::kind::DATA, news),
            mac: jobs.mac,
            ethertype: lit(16, ethertype::ARP.into()),
            source_ip: jobs.ip,
            ..Header::zero()
        };
        let packet = assemble(
            wire::LEN,
            &[
                (wire::HARDWARE, lit(16, 1)),
                (wire::PROTOCOL, lit(16, ethertype::IPV4.into())),
                (wire::HARDWARE_LENGTH, lit(8, 6)),
                (wire::PROTOCOL_LENGTH, lit(8, 4)),
                (wire::OPERATION, jobs.request.mux(lit(16, 1), lit(16, 2))),
                (wire::SENDER_MAC, mac),
                (wire::SENDER_IP, ip),
                (wire::TARGET_MAC, jobs.request.mux(0, jobs.mac)),
                (wire::TARGET_IP, jobs.ip),
            ],
        );
        let todo = is_frame.mux(forward_unless(!hop.hit), act(action::HEADER_ALONE));
        sink.payload.set(((sent, todo), packet));
        regs.counter("drop_next", sink.fire() & is_frame & !hop.hit);
        let passes = jobs.valid & (!wanted | sink.ready);
        jobs.ready.set(passes & is_frame);
        when(passes, || step.set(is_frame.mux(0, step + 1)));

        let copies = made.fork("copies", 2);
        let verdicts = copies[0].map::<Verdict>(((), ACTION_BITS), |(verdict, _)| verdict);
        // An empty packet for each, and the head before it.
        let heads = copies[1].map::<Bits>(8 * wire::LEN as u32, |(_, head)| head);
        let (empty_sink, empty) = channel::<Beat>("empty", p.width);
        empty_sink.valid.set(1);
        empty_sink.payload.set(Beat {
            data: lit(p.width, 0),
            len: lit(len_width(p.width), 0),
            last: lit(1, 1),
            err: lit(1, 0),
        });
        let bodies = prepend_each("prepend", empty, heads.register_slice("head", Cut::Full));
        let boundary = send(verdicts.register_slice("verdict", Cut::Full), bodies, tx);
        regs.finish(boundary);
    })
}
