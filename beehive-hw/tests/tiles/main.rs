//! Each tile and each block alone: random traffic x random back-pressure x widths, against models written from the RFCs.

mod harness;
mod rfc;

mod gather;
mod pad;
mod prepend;
mod siphash;
mod store;
mod sum;
mod trim;

mod endpoint;
mod host;
mod registers;

mod arp;
mod eth_rx;
mod eth_tx;
mod icmp;
mod ip_rx;
mod ip_tx;
mod next_hop;
mod udp_echo;
mod udp_rx;
mod udp_tx;

mod header_log;
mod load_balancer;
mod packet_sink;
mod packet_source;
mod relay;
mod replicas;
