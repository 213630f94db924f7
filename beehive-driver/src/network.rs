//! [`Network`]: registers of a card's tiles, over the network that the card is for.

use crate::device::check_access;
use crate::nic::remote::KIND;
use crate::{Device, DmaMapping, DmaMemory, Error, Interrupt, Nic, ResetKind, Result};
use beehive_rpc::Endpoint;
use beehive_rpc::control::{self, Key, Registers};
use beehive_wire::description::Description;
use beehive_wire::device::{BAR_BYTES, TILES_AT};
use std::io;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// The UDP port of a card's `remote_control` tile, unless its design has another.
pub const PORT: u16 = 20904;

/// How long an operation may take.
const TIMEOUT: Duration = Duration::from_secs(3);

/// A card's `remote_control` tile, asked by remote procedure calls. It has the registers of the other tiles; there is no configuration
/// space, no page of the device, no interrupt, no reset. Everybody may read; writes need the key that the card's host has given it.
///
/// Calls are made one after the other on a thread of their own, so that it does not matter whether the caller is in an asynchronous runtime.
/// Replies are not authenticated: [`beehive_rpc::control`].
#[derive(Debug)]
pub struct Network {
    address: SocketAddr,
    asks: Sender<Ask>,
}

/// An access, and where its answer goes.
#[derive(Debug)]
struct Ask {
    address: u32,
    value: Option<u32>,
    /// `None`: it was not its turn in time.
    answer: Sender<Option<Result<u32, control::Error>>>,
    /// Until when it may begin.
    until: Instant,
}

impl Network {
    /// Opens the card at this address, made of the design with this description.
    ///
    /// # Errors
    /// [`Error::Design`] if the design has no tile that answers, or is not the card's; [`Error::Timeout`]; [`Error::Io`].
    pub fn open(address: SocketAddr, key: Option<Key>, mut description: Description) -> Result<Nic> {
        let Some(tile) = description.tiles.iter().find(|tile| tile.kind == KIND) else {
            return Err(Error::Design(format!("it has no tile of kind `{KIND}`, which answers over the network")));
        };
        // Through this tile nothing of its own place is reached.
        description.host = Some(tile.at);
        Nic::open_described(Network::connect(address, key)?, description)
    }

    /// Reaches the tile at this address.
    ///
    /// # Errors
    /// [`Error::Io`] if there is no socket to be had.
    pub fn connect(address: SocketAddr, key: Option<Key>) -> Result<Network> {
        let failed = move |what: &str, source| Error::Io { what: format!("{what} for {address}"), source };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|source| failed("a runtime", source))?;
        let (asks, asked) = channel();
        let (tell, told) = channel();
        // All of it there: who calls may be in a runtime, in which no other may block.
        let work = move || {
            runtime.block_on(async {
                let endpoint = Endpoint::builder().deadline(TIMEOUT).connect(address).await;
                let endpoint = match endpoint {
                    Ok(endpoint) => endpoint,
                    Err(error) => return drop(tell.send(Err(failed("a socket", io::Error::other(error))))),
                };
                let registers = key.into_iter().fold(Registers::new(endpoint), Registers::key);
                if tell.send(Ok(())).is_ok() {
                    serve(&registers, &asked).await;
                }
            });
        };
        let thread = thread::Builder::new().name("card-network".into()).spawn(work);
        thread.map_err(|source| failed("a thread", source))?;
        told.recv().map_err(|_| Error::gone("its thread has ended"))??;
        Ok(Network { address, asks })
    }

    fn access(&self, offset: u64, value: Option<u32>) -> Result<u32> {
        check_access(0, offset, 4, 4, BAR_BYTES.into())?;
        let Some(address) = offset.checked_sub(TILES_AT.into()) else {
            let problem = "registers of the device are not to be had over the network, only those of tiles";
            return Err(Error::Bar { bar: 0, offset, bytes: 4, problem });
        };
        let access = if value.is_some() { "write" } else { "read" };
        let what = || format!("the {access} at {offset:#x} over the network (is the card at {}?)", self.address);
        let (answer, answered) = channel();
        let ask = Ask { address: address as u32, value, answer, until: Instant::now() + TIMEOUT };
        self.asks.send(ask).map_err(|_| Error::gone("its thread has ended"))?;
        // It begins within one, and the call's own deadline is another.
        match answered.recv_timeout(2 * TIMEOUT) {
            Ok(Some(Ok(value))) => Ok(value),
            Ok(Some(Err(error))) => Err(told(error, what)),
            Ok(None) => Err(Error::Timeout { what: what(), after: TIMEOUT }),
            Err(RecvTimeoutError::Timeout) => Err(Error::Timeout { what: what(), after: 2 * TIMEOUT }),
            Err(RecvTimeoutError::Disconnected) => Err(Error::gone("its thread has ended")),
        }
    }
}

/// Makes the calls; ends when nobody can ask any more. The runtime's tasks stand still while nobody asks, so late replies wait in the socket.
async fn serve(registers: &Registers, asked: &Receiver<Ask>) {
    while let Ok(Ask { address, value, answer, until }) = asked.recv() {
        // A write that waited too long behind others is none: nobody finds it done later.
        let result = match value {
            _ if Instant::now() >= until => None,
            None => Some(registers.read(address).await),
            Some(value) => Some(registers.write(address, value).await.map(|()| value)),
        };
        // Whoever asked may have given up.
        let _ = answer.send(result);
    }
}

fn told(error: control::Error, what: impl Fn() -> String) -> Error {
    match error {
        control::Error::Refused(_) => Error::Refused(what()),
        control::Error::NoKey | control::Error::Locked | control::Error::Forged | control::Error::Replayed(_) => {
            Error::Denied(error.to_string())
        }
        control::Error::Call(beehive_rpc::Error::Deadline { .. }) => Error::Timeout { what: what(), after: TIMEOUT },
        error => Error::Io { what: what(), source: io::Error::other(error) },
    }
}

impl Device for Network {
    fn timeout(&self) -> Duration {
        TIMEOUT
    }

    fn config_read(&self, offset: u16, data: &mut [u8]) -> Result<()> {
        Err(Error::Config { offset, bytes: data.len(), size: 0 })
    }

    fn config_write(&self, offset: u16, data: &[u8]) -> Result<()> {
        Err(Error::Config { offset, bytes: data.len(), size: 0 })
    }

    fn bar_bytes(&self, bar: u8) -> Result<u64> {
        Ok(if bar == 0 { BAR_BYTES.into() } else { 0 })
    }

    fn read32(&self, bar: u8, offset: u64) -> Result<u32> {
        check_access(bar, offset, 4, 4, self.bar_bytes(bar)?)?;
        self.access(offset, None)
    }

    fn write32(&self, bar: u8, offset: u64, value: u32) -> Result<()> {
        check_access(bar, offset, 4, 4, self.bar_bytes(bar)?)?;
        self.access(offset, Some(value)).map(drop)
    }

    fn read64(&self, bar: u8, offset: u64) -> Result<u64> {
        check_access(bar, offset, 8, 8, self.bar_bytes(bar)?)?;
        let low = self.access(offset, None)?;
        Ok(u64::from(self.access(offset + 4, None)?) << 32 | u64::from(low))
    }

    fn write64(&self, bar: u8, offset: u64, value: u64) -> Result<()> {
        check_access(bar, offset, 8, 8, self.bar_bytes(bar)?)?;
        self.access(offset, Some(value as u32))?;
        self.access(offset + 4, Some((value >> 32) as u32)).map(drop)
    }

    fn vectors(&self) -> Result<u32> {
        Ok(0)
    }

    fn enable_interrupts(&self, _: u32) -> Result<Vec<Interrupt>> {
        Err(Error::interrupt("there are none over the network", None))
    }

    fn disable_interrupts(&self) -> Result<()> {
        Ok(())
    }

    fn reset(&self) -> Result<ResetKind> {
        Err(Error::reset("not over the network: ask the card's host", None))
    }

    fn map_dma(&self, memory: &DmaMemory, iova: u64) -> Result<DmaMapping> {
        let problem = "the card is reached over its network, which maps no memory".into();
        Err(Error::Dma { iova, bytes: memory.bytes(), problem, source: None })
    }

    fn gone(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;

    /// A card that never answers.
    fn silent() -> (UdpSocket, SocketAddr) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        (socket, address)
    }

    #[tokio::test]
    async fn a_card_is_reached_from_within_a_runtime() {
        let (_socket, address) = silent();
        let card = Network::connect(address, None).unwrap();
        let error = card.read32(0, TILES_AT.into()).unwrap_err();
        assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    }

    #[tokio::test]
    async fn a_write_whose_turn_came_too_late_is_none() {
        let (socket, address) = silent();
        let registers = Registers::new(Endpoint::connect(address).await.unwrap()).key(Key::from_bytes([0; 16]));
        let ((asks, asked), (answer, answered)) = (channel(), channel());
        asks.send(Ask { address: 0, value: Some(1), answer, until: Instant::now() }).unwrap();
        drop(asks);
        serve(&registers, &asked).await;
        assert!(answered.recv().unwrap().is_none());
        socket.set_nonblocking(true).unwrap();
        assert!(socket.recv(&mut [0; 2000]).is_err(), "it was sent");
    }
}
