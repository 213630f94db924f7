//! The other side of the wire for benchmarks: frames, beats, a client with a window.

use anyhow::{Context, Result, bail};
use beehive_hdl::blocks::beat::len_width;
use beehive_hdl::value::Value;
use beehive_wire::{arp, checksum, ethernet, ethertype, ipv4, protocol, udp};
use std::net::{Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

/// Addresses of the shipped cards, and of their neighbour here.
const CARD_MAC: u64 = 0x02be_e000_0001;
const CARD_IP: u64 = 0x0a4d_0002;
const OUR_MAC: u64 = 0x02aa_0000_0001;
const OUR_IP: u64 = 0x0a4d_0001;

/// The beats of a frame: data, len, last, err.
pub fn frame_beats(frame: &[u8], width: u32) -> Vec<[Value; 4]> {
    let bytes = width as usize / 8;
    let count = frame.len().div_ceil(bytes);
    let beat = |(i, chunk): (usize, &[u8])| {
        let len = Value::from_u128(len_width(width), chunk.len() as u128);
        [Value::from_bytes(width, chunk), len, Value::from_u128(1, u128::from(i + 1 == count)), Value::zero(1)]
    };
    frame.chunks(bytes).enumerate().map(beat).collect()
}

fn header(destination: u64, kind: u16) -> Vec<u8> {
    let mut bytes = vec![0; ethernet::LEN];
    ethernet::DESTINATION.set(&mut bytes, destination);
    ethernet::SOURCE.set(&mut bytes, OUR_MAC);
    ethernet::ETHERTYPE.set(&mut bytes, kind.into());
    bytes
}

/// A datagram of so many bytes to the echo port.
pub fn echo_request(payload: usize) -> Vec<u8> {
    let data: Vec<u8> = (0..payload).map(|i| i as u8).collect();
    datagram(7, &data)
}

/// A datagram to this port of the card, without UDP checksum.
pub fn datagram(port: u16, data: &[u8]) -> Vec<u8> {
    let mut ip = vec![0; ipv4::LEN];
    ipv4::VERSION.set(&mut ip, 4);
    ipv4::HEADER_WORDS.set(&mut ip, 5);
    ipv4::TOTAL_LENGTH.set(&mut ip, (ipv4::LEN + udp::LEN + data.len()) as u64);
    ipv4::TIME_TO_LIVE.set(&mut ip, 64);
    ipv4::PROTOCOL.set(&mut ip, protocol::UDP.into());
    ipv4::SOURCE.set(&mut ip, OUR_IP);
    ipv4::DESTINATION.set(&mut ip, CARD_IP);
    let sum = checksum(&ip);
    ipv4::CHECKSUM.set(&mut ip, sum.into());
    let mut datagram = vec![0; udp::LEN];
    udp::SOURCE_PORT.set(&mut datagram, 5000);
    udp::DESTINATION_PORT.set(&mut datagram, port.into());
    udp::LENGTH.set(&mut datagram, (udp::LEN + data.len()) as u64);
    header(CARD_MAC, ethertype::IPV4).into_iter().chain(ip).chain(datagram).chain(data.iter().copied()).collect()
}

/// What a host does.
pub enum Client {}

impl Client {
    /// "Who has the card's address? Tell me."
    pub fn arp_request() -> Vec<u8> {
        let mut packet = vec![0; arp::LEN];
        arp::HARDWARE.set(&mut packet, 1);
        arp::PROTOCOL.set(&mut packet, ethertype::IPV4.into());
        arp::HARDWARE_LENGTH.set(&mut packet, 6);
        arp::PROTOCOL_LENGTH.set(&mut packet, 4);
        arp::OPERATION.set(&mut packet, 1);
        arp::SENDER_MAC.set(&mut packet, OUR_MAC);
        arp::SENDER_IP.set(&mut packet, OUR_IP);
        arp::TARGET_IP.set(&mut packet, CARD_IP);
        [header(0xffff_ffff_ffff, ethertype::ARP), packet].concat()
    }

    /// Round trips a second of datagrams of `bytes` with `window` under way, over `seconds`; a lost one is replaced after 0.2 s.
    pub fn windowed_echo(ip: Ipv4Addr, port: u16, bytes: usize, window: u64, seconds: f64) -> Result<f64> {
        let socket = UdpSocket::bind("0.0.0.0:0").context("no socket")?;
        socket.connect((ip, port)).context("the card is not reachable")?;
        socket.set_read_timeout(Some(Duration::from_millis(200)))?;
        let mut datagram = vec![7; bytes];
        let (mut sent, mut received, mut silent) = (0u64, 0u64, 0);
        let started = Instant::now();
        let mut send = |sent: &mut u64| {
            datagram[..8].copy_from_slice(&sent.to_be_bytes());
            *sent += 1;
            socket.send(&datagram)
        };
        for _ in 0..window {
            send(&mut sent)?;
        }
        let mut answer = vec![0; bytes + 1];
        while started.elapsed().as_secs_f64() < seconds {
            match socket.recv(&mut answer) {
                Ok(length) if length == bytes => {
                    (received, silent) = (received + 1, 0);
                    send(&mut sent)?;
                }
                Ok(length) => bail!("an answer of {length} bytes to {bytes}"),
                Err(_) => {
                    silent += 1;
                    if silent > 10 {
                        bail!("the card at {ip} does not answer");
                    }
                    for _ in 0..window {
                        send(&mut sent)?;
                    }
                }
            }
        }
        Ok(received as f64 / started.elapsed().as_secs_f64())
    }
}
