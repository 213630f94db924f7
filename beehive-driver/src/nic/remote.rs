//! Writes over the network: who may, with which key.

use super::Nic;
use crate::{Error, Result};
use std::net::Ipv4Addr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The kind of the tiles that take calls for registers.
pub const KIND: &str = "remote_control";
/// The words of a key.
const KEY: [&str; 4] = ["key_0", "key_1", "key_2", "key_3"];

/// Writes are numbered by the clock, in nanoseconds. One that starts in the past would let old ones be repeated: before 2020 nobody has set it.
fn now() -> Result<u64> {
    const SET: Duration = Duration::from_secs(50 * 365 * 24 * 60 * 60);
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(now) if now > SET => Ok(now.as_nanos() as u64),
        _ => Err(Error::Register("this machine's clock is not set: writes are numbered by it, so set it first".into())),
    }
}

impl Nic {
    /// Lets these addresses, and no others, write registers over the network with this key, until a reset or
    /// [`forbid_writes`](Self::forbid_writes). Writes recorded before now cannot be repeated; a client whose clock is behind this machine's has to
    /// wait until it is past now. All tiles of the kind `remote_control` are told.
    ///
    /// # Errors
    /// [`Error::Register`] if there is no such tile, it has no room for so many addresses, or there is none; [`Error::Denied`] over the network; as [`write`](Self::write) and
    /// [`commit`](Self::commit); [`Error::Register`] if this machine's clock is not set. Writes are turned off then, as far as the card answers.
    pub fn allow_writes(&self, key: [u8; 16], sources: &[Ipv4Addr]) -> Result<()> {
        if sources.is_empty() || sources.iter().any(Ipv4Addr::is_unspecified) {
            return Err(Error::Register("writes come from one address at least, and not from 0.0.0.0".into()));
        }
        let now = now()?;
        self.forbid_writes()?;
        self.give(key, now, sources).inspect_err(|_| {
            // Some of it may be done. The first error tells more than what undoing it meets.
            let _ = self.forbid_writes();
        })
    }

    fn give(&self, key: [u8; 16], now: u64, sources: &[Ipv4Addr]) -> Result<()> {
        let (words, _) = key.as_chunks::<4>();
        for tile in self.remote_controls()? {
            let room = self.register(tile, "source")?.count as usize;
            if sources.len() > room {
                let problem =
                    format!("tile `{tile}` takes writes from {room} addresses at most, not {}", sources.len());
                return Err(Error::Register(problem));
            }
            for (name, word) in KEY.iter().zip(words) {
                self.write(tile, name, u32::from_le_bytes(*word))?;
            }
            self.write(tile, "number_high", (now >> 32) as u32)?;
            self.write(tile, "number_low", now as u32)?;
            let mut listed = vec![0; room];
            listed.iter_mut().zip(sources).for_each(|(word, address)| *word = u32::from(*address));
            self.write_table(tile, "source", &listed)?;
            self.write(tile, "writes_on", 1)?;
            self.commit(tile)?;
        }
        Ok(())
    }

    /// Lets nobody write registers over the network.
    ///
    /// # Errors
    /// [`Error::Register`] if no tile takes calls for registers; [`Error::Denied`] over the network; as [`write`](Self::write) and [`commit`](Self::commit).
    pub fn forbid_writes(&self) -> Result<()> {
        self.remote_controls()?.into_iter().try_for_each(|tile| {
            self.write(tile, "writes_on", 0)?;
            self.commit(tile)
        })
    }

    fn remote_controls(&self) -> Result<Vec<&str>> {
        if !self.has_page {
            return Err(Error::Denied(
                "who writes over the network is told by the card's host, not over the network".into(),
            ));
        }
        let tiles = self.description.tiles.iter().filter(|tile| tile.kind == KIND);
        let names: Vec<&str> = tiles.map(|tile| tile.name.as_str()).collect();
        match names.is_empty() {
            true => Err(Error::Register(format!(
                "nobody writes over the network: the card has no tile of the kind `{KIND}`"
            ))),
            false => Ok(names),
        }
    }
}
