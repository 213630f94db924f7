//! The network-on-chip under random traffic and random back-pressure, at 64 and 512 bits.

mod mesh;
mod message;
mod queue;
mod router;
mod traffic;
