//! The network stack's modules with example parameters.

use crate::registry::{Entry, entry};
use beehive_hdl::prelude::Def;
use beehive_hw::device::axil::{Slave, slave};
use beehive_hw::device::frames::{Guard, receive_guard, send_guard};
use beehive_hw::device::page::{Page, page};
use beehive_hw::device::whole::{Whole, whole};
use beehive_hw::device::{Text, generate_axis};
use beehive_hw::noc::{self, Mesh, Router, router::ALL_SIDES};
use beehive_hw::tiles::Layer;
use beehive_hw::tiles::packet_source::PacketSource;
use beehive_hw::tiles::remote_control::RemoteControl;
use beehive_hw::tiles::{Next, Policy, arp, eth_rx, eth_tx, icmp, ip_rx, ip_tx, rpc_echo, udp_echo, udp_rx, udp_tx};
use beehive_hw::tiles::{header_log, load_balancer, packet_sink, packet_source, relay, remote_control};
use beehive_hw::topology::{Draft, standard};

const MTU: u32 = 1500;
const MAC: u64 = 0x02be_e000_0001;
const IP: u32 = 0x0a4d_0002;
const POLICY: Policy = Policy::First;

pub(crate) fn next(keys: &[u16]) -> Vec<Next> {
    keys.iter().map(|key| Next { key: *key, to: 0x11 }).collect()
}

/// The shipped UDP echo card, as a device with the port names of the AXI standards.
fn card(width: u32) -> Def {
    let text = include_str!("../../../topologies/udp_echo.toml").replace("width = 512", &format!("width = {width}"));
    let registry = standard();
    let design = Draft::from_toml("udp_echo.toml", &text).and_then(|draft| draft.check(&registry));
    let design = design.unwrap_or_else(|problems| panic!("a shipped topology is sound: {problems}"));
    generate_axis(&design, &registry).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Router, mesh, tiles, and a whole card at 64 and 512 bits.
pub fn modules() -> Vec<Entry> {
    let mut modules = vec![];
    for width in [64, 512] {
        modules.extend([
            entry("noc_router", width, |width| {
                noc::router(Router { width, depth: 16, sides: ALL_SIDES, counters: false })
            }),
            entry("noc_mesh", width, |width| noc::mesh(Mesh { columns: 2, rows: 2, width, depth: 16, counters: true })),
            entry("noc_queue", width, |width| noc::queue::queue(noc::queue::Queue { width, depth: 64, admit: 25 })),
            entry("eth_rx", width, |width| {
                eth_rx::eth_rx(eth_rx::EthRx {
                    width,
                    mtu: MTU,
                    mac: MAC,
                    next: next(&[0x0800, 0x0806]),
                    policy: POLICY,
                })
            }),
            entry("ip_rx", width, |width| {
                ip_rx::ip_rx(ip_rx::IpRx { width, ip: IP, prefix: 24, next: next(&[1, 17]), policy: POLICY })
            }),
            entry("udp_rx", width, |width| {
                udp_rx::udp_rx(udp_rx::UdpRx { width, next: next(&[7, 9]), policy: POLICY })
            }),
            entry("udp_echo", width, |width| {
                udp_echo::udp_echo(udp_echo::UdpEcho { width, next: next(&[0]), policy: POLICY })
            }),
            entry("rpc_echo", width, |width| {
                rpc_echo::rpc_echo(rpc_echo::RpcEcho { width, next: next(&[0]), policy: POLICY })
            }),
            entry("remote_control", width, |width| {
                remote_control::remote_control(RemoteControl {
                    width,
                    columns: 4,
                    rows: 4,
                    own: 0x11,
                    host: 0x33,
                    next: next(&[0]),
                    policy: POLICY,
                })
            }),
            entry("udp_tx", width, |width| {
                udp_tx::udp_tx(udp_tx::UdpTx { width, mtu: MTU, next: next(&[0]), policy: POLICY })
            }),
            entry("ip_tx", width, |width| {
                let (gateway, arp) = (0, 0x10);
                ip_tx::ip_tx(ip_tx::IpTx { width, ip: IP, prefix: 24, gateway, arp, next: next(&[0]), policy: POLICY })
            }),
            entry("eth_tx", width, |width| eth_tx::eth_tx(eth_tx::EthTx { width, mac: MAC })),
            entry("arp", width, |width| {
                let learners = vec![0x12];
                arp::arp(arp::Arp { width, mac: MAC, ip: IP, learners, next: next(&[0]), policy: POLICY })
            }),
            entry("packet_source", width, |width| {
                packet_source::packet_source(PacketSource {
                    width,
                    layer: Layer::Ip,
                    length: 64,
                    gap: 0,
                    count: 0,
                    ips: (IP - 1, IP),
                    ports: (5000, 7),
                    flows: 16,
                    enable: true,
                    next: next(&[0]),
                    policy: POLICY,
                })
            }),
            entry("packet_sink", width, |width| packet_sink::packet_sink(packet_sink::PacketSink { width, rate: 1 })),
            entry("relay", width, |width| {
                relay::relay(relay::Relay { width, depth: 0, next: next(&[0]), policy: POLICY })
            }),
            entry("header_log", width, |width| {
                header_log::header_log(header_log::HeaderLog { width, entries: 64, next: next(&[0]), policy: POLICY })
            }),
            entry("load_balancer", width, |width| {
                let (next, policy) = (next(&[0, 0]), Policy::FlowHash);
                load_balancer::load_balancer(load_balancer::LoadBalancer { width, layer: Layer::Ip, next, policy })
            }),
            entry("receive_guard", width, |width| receive_guard(Guard { width })),
            entry("send_guard", width, |width| send_guard(Guard { width })),
            entry("whole_frames", width, |width| whole(Whole { width, most: MTU + 14 })),
            entry("card", width, card),
            entry("icmp", width, |width| {
                icmp::icmp(icmp::Icmp { width, mtu: MTU, ip: IP, next: next(&[0]), policy: POLICY })
            }),
        ]);
    }
    modules.extend([
        entry("device_page", 0, |_| page(Page { description: 64, design: 0x1234_5678 })),
        entry("axil_slave", 0, |_| slave(Slave { description: Text(vec![b' '; 64]), tiles: true })),
    ]);
    modules
}
