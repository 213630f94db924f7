//! The kinds that a network card is made of.

use super::super::generate::CONTROL;
use super::super::{Key, Keys, Mac, Shape, Site};
use super::fits::{always, kinds as sends_to, only_remote_control, takes_nothing};
use super::{Plain, QUEUE};
use crate::tiles::{arp, eth_rx, eth_tx, icmp, ip_rx, ip_tx, remote_control, rpc_echo, udp_echo, udp_rx, udp_tx};
use beehive_wire::{ethertype, protocol};

fn eth_rx_parameters(site: &Site) -> eth_rx::EthRx {
    let (width, mtu, mac) = (site.width(), site.mtu(), site.mac());
    eth_rx::EthRx { width, mtu, mac, next: site.next(), policy: site.policy() }
}

fn ip_rx_parameters(site: &Site) -> ip_rx::IpRx {
    let (width, ip, prefix) = (site.width(), site.ip(), site.prefix());
    ip_rx::IpRx { width, ip, prefix, next: site.next(), policy: site.policy() }
}

fn udp_rx_parameters(site: &Site) -> udp_rx::UdpRx {
    udp_rx::UdpRx { width: site.width(), next: site.next(), policy: site.policy() }
}

fn echo_parameters(site: &Site) -> udp_echo::UdpEcho {
    udp_echo::UdpEcho { width: site.width(), next: site.next(), policy: site.policy() }
}

fn rpc_echo_parameters(site: &Site) -> rpc_echo::RpcEcho {
    rpc_echo::RpcEcho { width: site.width(), next: site.next(), policy: site.policy() }
}

fn remote_control_parameters(site: &Site) -> remote_control::RemoteControl {
    // A design without the host's port is refused.
    let host = site.design.control.unwrap_or(0);
    remote_control::RemoteControl {
        width: site.width(),
        columns: site.design.columns,
        rows: site.design.rows,
        own: site.place(),
        host: site.place_of(host),
        next: site.next(),
        policy: site.policy(),
    }
}

fn udp_tx_parameters(site: &Site) -> udp_tx::UdpTx {
    udp_tx::UdpTx { width: site.width(), mtu: site.mtu(), next: site.next(), policy: site.policy() }
}

fn ip_tx_parameters(site: &Site) -> ip_tx::IpTx {
    ip_tx::IpTx {
        width: site.width(),
        ip: site.ip(),
        prefix: site.prefix(),
        gateway: site.gateway(),
        // A card without ARP reaches nobody but all: what is asked for is lost, and counted.
        arp: site.places_of_kind("arp").first().copied().unwrap_or(0xff),
        next: site.next_of_kind("eth_tx"),
        policy: site.policy(),
    }
}

fn eth_tx_parameters(site: &Site) -> eth_tx::EthTx {
    eth_tx::EthTx { width: site.width(), mac: site.mac() }
}

fn arp_parameters(site: &Site) -> arp::Arp {
    arp::Arp {
        width: site.width(),
        mac: site.mac(),
        ip: site.ip(),
        learners: site.places_of_kind("ip_tx"),
        next: site.next_of_kind("eth_tx"),
        policy: site.policy(),
    }
}

fn icmp_parameters(site: &Site) -> icmp::Icmp {
    icmp::Icmp { width: site.width(), mtu: site.mtu(), ip: site.ip(), next: site.next(), policy: site.policy() }
}

/// All of them.
pub(super) fn kinds() -> Vec<Plain> {
    vec![
        Plain {
            name: "eth_rx",
            about: "Ethernet receive: address filter, next hop by Ethertype",
            shape: || Shape::new(Keys::Ethertype).mac(Mac::Rx),
            build: |site| eth_rx::eth_rx(eth_rx_parameters(site)),
            registers: |site| eth_rx::registers(&eth_rx_parameters(site)),
            fits: takes_nothing,
        },
        Plain {
            name: "ip_rx",
            about: "IPv4 receive: checks and strips headers, next hop by protocol",
            shape: || Shape::new(Keys::Protocol).selected_by(Key::Ethertype(ethertype::IPV4)),
            build: |site| ip_rx::ip_rx(ip_rx_parameters(site)),
            registers: |site| ip_rx::registers(&ip_rx_parameters(site)),
            fits: always,
        },
        Plain {
            name: "udp_rx",
            about: "UDP receive: checks and strips headers, next hop by port",
            shape: || Shape::new(Keys::Port).selected_by(Key::Protocol(protocol::UDP)),
            build: |site| udp_rx::udp_rx(udp_rx_parameters(site)),
            registers: |site| udp_rx::registers(&udp_rx_parameters(site)),
            fits: always,
        },
        Plain {
            name: "echo",
            about: "UDP echo: sends datagrams back",
            shape: || Shape::new(Keys::Any).with_queue(QUEUE),
            build: |site| udp_echo::udp_echo(echo_parameters(site)),
            registers: |site| udp_echo::registers(&echo_parameters(site)),
            fits: always,
        },
        Plain {
            name: "rpc_echo",
            about: "echo by remote procedure call: program 0x20bee001",
            shape: || Shape::new(Keys::Any).with_queue(QUEUE),
            build: |site| rpc_echo::rpc_echo(rpc_echo_parameters(site)),
            registers: |site| rpc_echo::registers(&rpc_echo_parameters(site)),
            fits: always,
        },
        Plain {
            name: "remote_control",
            about: "registers by remote procedure call: program 0x20bee004",
            shape: || Shape::new(Keys::Any).with_queue(QUEUE),
            build: |site| remote_control::remote_control(remote_control_parameters(site)),
            registers: |site| remote_control::registers(&remote_control_parameters(site)),
            fits: only_remote_control,
        },
        Plain {
            name: "udp_tx",
            about: "UDP transmit: makes headers",
            shape: || Shape::new(Keys::Any),
            build: |site| udp_tx::udp_tx(udp_tx_parameters(site)),
            registers: |site| udp_tx::registers(&udp_tx_parameters(site)),
            fits: always,
        },
        Plain {
            name: "ip_tx",
            about: "IPv4 transmit: makes headers, finds neighbours",
            shape: || Shape::new(Keys::Kind).selected_by(Key::Kind("ip_tx".into())),
            build: |site| ip_tx::ip_tx(ip_tx_parameters(site)),
            registers: |site| ip_tx::registers(&ip_tx_parameters(site)),
            fits: |site| sends_to(site, "eth_tx", "arp"),
        },
        Plain {
            name: "eth_tx",
            about: "Ethernet transmit: makes headers, pads",
            shape: || Shape::new(Keys::Nothing).mac(Mac::Tx).selected_by(Key::Kind("eth_tx".into())),
            build: |site| eth_tx::eth_tx(eth_tx_parameters(site)),
            registers: |site| eth_tx::registers(&eth_tx_parameters(site)),
            fits: always,
        },
        Plain {
            name: "arp",
            about: "ARP: answers, learns, asks",
            shape: || {
                let shape = Shape::new(Keys::Kind).selected_by(Key::Ethertype(ethertype::ARP));
                shape.selected_by(Key::Kind("arp".into())).with_queue(QUEUE)
            },
            build: |site| arp::arp(arp_parameters(site)),
            registers: |site| arp::registers(&arp_parameters(site)),
            fits: |site| sends_to(site, "eth_tx", "ip_tx"),
        },
        Plain {
            name: "icmp",
            about: "ICMP echo: answers pings",
            shape: || Shape::new(Keys::Any).selected_by(Key::Protocol(protocol::ICMP)).with_queue(QUEUE),
            build: |site| icmp::icmp(icmp_parameters(site)),
            registers: |site| icmp::registers(&icmp_parameters(site)),
            fits: always,
        },
        Plain {
            name: CONTROL,
            about: "the host's port onto the control network",
            shape: || Shape::new(Keys::Nothing).controlling(),
            build: |_| unreachable!("the generator builds the host's port itself"),
            registers: |_| vec![],
            fits: takes_nothing,
        },
    ]
}
