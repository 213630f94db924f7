//! The network stack's modules with example parameters.

use crate::registry::{Entry, entry};
use beehive_hw::noc::{self, Mesh, Router, router::ALL_SIDES};
use beehive_hw::tiles::{Next, Policy, arp, eth_rx, eth_tx, icmp, ip_rx, ip_tx, udp_echo, udp_rx, udp_tx};

const MTU: u32 = 1500;
const MAC: u64 = 0x02be_e000_0001;
const IP: u32 = 0x0a4d_0002;
const POLICY: Policy = Policy::First;

fn next(keys: &[u16]) -> Vec<Next> {
    keys.iter().map(|key| Next { key: *key, to: 0x11 }).collect()
}

/// Router, mesh and tiles at 64 and 512 bits.
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
            entry("icmp", width, |width| {
                icmp::icmp(icmp::Icmp { width, mtu: MTU, ip: IP, next: next(&[0]), policy: POLICY })
            }),
        ]);
    }
    modules
}
