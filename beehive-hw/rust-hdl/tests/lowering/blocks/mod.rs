pub mod grid;
pub mod probe;
pub mod table;
pub mod tcp_rx;
pub mod udp_rx;
pub mod versions;
pub mod widgets;
