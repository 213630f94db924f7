//! The echo design, placed by hand.

use beehive_hdl::prelude::*;
use beehive_hw::noc::place;
use beehive_hw::noc::queue::Queue;
use beehive_hw::tiles::{Next, Policy, arp, eth_rx, eth_tx, icmp, ip_rx, ip_tx, udp_echo, udp_rx, udp_tx};
use beehive_hw::top::{Slot, Top, Waiting, top};

pub const MAC: u64 = 0x02be_e000_0001;
pub const IP: [u8; 4] = [10, 77, 0, 2];
pub const ECHO_PORT: u16 = 7;

const ETH_RX: (u32, u32) = (0, 0);
const IP_RX: (u32, u32) = (1, 0);
const UDP_RX: (u32, u32) = (2, 0);
const ECHO: (u32, u32) = (3, 0);
const UDP_TX: (u32, u32) = (3, 1);
const IP_TX: (u32, u32) = (2, 1);
const ETH_TX: (u32, u32) = (1, 1);
const ARP: (u32, u32) = (0, 1);
const ICMP: (u32, u32) = (4, 0);
pub const HOST: (u32, u32) = (4, 1);

fn to((x, y): (u32, u32)) -> u8 {
    place(x, y) as u8
}

pub fn echo(width: u32, mtu: u32, counters: bool) -> Def {
    let next = vec![Next { key: 0, to: to(UDP_TX) }];
    with_application(width, mtu, counters, udp_echo::udp_echo(udp_echo::UdpEcho { width, next, policy: Policy::First }))
}

/// The design with another tile in place of the echo.
pub fn with_application(width: u32, mtu: u32, counters: bool, application: Def) -> Def {
    let ip = u32::from_be_bytes(IP);
    let policy = Policy::First;
    let next = |to| vec![Next { key: 0, to }];
    let flits = |bytes: u32| 1 + (8 * bytes).div_ceil(width).max(8 * 40 / width);
    let queue = |bytes: u32| {
        let admit = flits(bytes);
        Some(Waiting::Queue(Queue { width, depth: (2 * admit).next_power_of_two(), admit }))
    };
    let slot = |name: &str, at, tile, queue| Slot { name: name.into(), at, tile, waiting: queue };
    let arp_next = vec![Next { key: 0x0800, to: to(IP_RX) }, Next { key: 0x0806, to: to(ARP) }];
    let ip_next = vec![Next { key: 17, to: to(UDP_RX) }, Next { key: 1, to: to(ICMP) }];
    top(Top {
        name: "echo".into(),
        columns: 5,
        rows: 2,
        width,
        depth: 16,
        counters,
        host: Some(HOST),
        slots: vec![
            slot(
                "eth_rx",
                ETH_RX,
                eth_rx::eth_rx(eth_rx::EthRx { width, mtu, mac: MAC, next: arp_next, policy }),
                None,
            ),
            slot("ip_rx", IP_RX, ip_rx::ip_rx(ip_rx::IpRx { width, ip, prefix: 24, next: ip_next, policy }), None),
            slot(
                "udp_rx",
                UDP_RX,
                udp_rx::udp_rx(udp_rx::UdpRx { width, next: vec![Next { key: ECHO_PORT, to: to(ECHO) }], policy }),
                None,
            ),
            slot("echo", ECHO, application, queue(mtu)),
            slot("udp_tx", UDP_TX, udp_tx::udp_tx(udp_tx::UdpTx { width, mtu, next: next(to(IP_TX)), policy }), None),
            slot(
                "ip_tx",
                IP_TX,
                ip_tx::ip_tx(ip_tx::IpTx {
                    width,
                    ip,
                    prefix: 24,
                    gateway: u32::from_be_bytes([10, 77, 0, 1]),
                    arp: to(ARP),
                    next: next(to(ETH_TX)),
                    policy,
                }),
                None,
            ),
            slot("eth_tx", ETH_TX, eth_tx::eth_tx(eth_tx::EthTx { width, mac: MAC }), None),
            slot(
                "arp",
                ARP,
                arp::arp(arp::Arp { width, mac: MAC, ip, learners: vec![to(IP_TX)], next: next(to(ETH_TX)), policy }),
                queue(64),
            ),
            slot("icmp", ICMP, icmp::icmp(icmp::Icmp { width, mtu, ip, next: next(to(IP_TX)), policy }), queue(mtu)),
        ],
    })
}

/// A tile of the design: its name, its place, its registers.
pub type Listed = (&'static str, (u32, u32), Vec<beehive_hw::control::Register>);

/// The tiles of the design.
pub fn lists(width: u32, mtu: u32) -> Vec<Listed> {
    let policy = Policy::First;
    let one = || vec![Next { key: 0, to: 0 }];
    let two = || vec![Next { key: 0, to: 0 }; 2];
    vec![
        ("eth_rx", ETH_RX, eth_rx::registers(&eth_rx::EthRx { width, mtu, mac: MAC, next: two(), policy })),
        ("ip_rx", IP_RX, ip_rx::registers(&ip_rx::IpRx { width, ip: 0, prefix: 24, next: two(), policy })),
        ("udp_rx", UDP_RX, udp_rx::registers(&udp_rx::UdpRx { width, next: one(), policy })),
        ("echo", ECHO, udp_echo::registers(&udp_echo::UdpEcho { width, next: one(), policy })),
        ("udp_tx", UDP_TX, udp_tx::registers(&udp_tx::UdpTx { width, mtu, next: one(), policy })),
        (
            "ip_tx",
            IP_TX,
            ip_tx::registers(&ip_tx::IpTx { width, ip: 0, prefix: 24, gateway: 0, arp: 0, next: one(), policy }),
        ),
        ("eth_tx", ETH_TX, eth_tx::registers(&eth_tx::EthTx { width, mac: MAC })),
        ("arp", ARP, arp::registers(&arp::Arp { width, mac: MAC, ip: 0, learners: vec![0], next: one(), policy })),
        ("icmp", ICMP, icmp::registers(&icmp::Icmp { width, mtu, ip: 0, next: one(), policy })),
    ]
}
