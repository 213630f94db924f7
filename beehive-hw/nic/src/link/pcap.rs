//! Capture files: frames come out of one and go into another. Classic pcap, Ethernet, time in micro- or nanoseconds.

use super::{Link, Receive};
use crate::lock;
use pcap_file::pcap::{PcapHeader, PcapPacket, PcapReader, PcapWriter};
use pcap_file::{DataLink, PcapError, TsResolution};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

/// When the frames of a capture go in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Pace {
    /// As fast as they are taken.
    #[default]
    AtOnce,
    /// As they were captured: the first at once.
    AsCaptured,
    /// One in every period.
    Every(Duration),
}

/// Why there is no capture file.
#[derive(Debug, thiserror::Error)]
pub enum PcapLinkError {
    /// The file cannot be opened or made.
    #[error("{}: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Not a classic capture file.
    #[error("{}: not a classic pcap file: {source} (convert pcapng with `editcap -F pcap`)", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Why.
        source: PcapError,
    },
    /// A capture of something else than Ethernet.
    #[error("{}: frames of type {found:?}, but the card speaks Ethernet", path.display())]
    NotEthernet {
        /// The file.
        path: PathBuf,
        /// What it has.
        found: DataLink,
    },
}

/// A capture being written: nanoseconds, wall-clock time.
pub(crate) struct Writer {
    file: PcapWriter<Buffer>,
    buffer: Buffer,
    path: PathBuf,
}

/// The file's buffer, in our hands, too: `PcapWriter` cannot be asked to flush.
#[derive(Clone)]
struct Buffer(Arc<Mutex<BufWriter<File>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.0).write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        lock(&self.0).flush()
    }
}

/// Makes a capture file.
pub(crate) fn create(path: &Path) -> Result<Writer, PcapLinkError> {
    let open = |source| PcapLinkError::Open { path: path.into(), source };
    let buffer = Buffer(Arc::new(Mutex::new(BufWriter::new(File::create(path).map_err(open)?))));
    let header = PcapHeader {
        datalink: DataLink::ETHERNET,
        ts_resolution: TsResolution::NanoSecond,
        snaplen: 1 << 18,
        ..PcapHeader::default()
    };
    let file = PcapWriter::with_header(buffer.clone(), header);
    let file = file.map_err(|source| PcapLinkError::Format { path: path.into(), source })?;
    Ok(Writer { file, buffer, path: path.into() })
}

impl Writer {
    /// Adds a frame, as of now.
    pub(crate) fn write(&mut self, frame: &[u8]) -> io::Result<()> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let length = u32::try_from(frame.len()).map_err(io::Error::other)?;
        let written = self.file.write_packet(&PcapPacket::new(now, length, frame));
        written.map(drop).map_err(|e| self.named(e))
    }

    /// Everything written so far is in the file.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        let flushed = self.buffer.flush();
        flushed.map_err(|e| self.named(e))
    }

    fn named(&self, error: impl std::fmt::Display) -> io::Error {
        io::Error::other(format!("{}: {error}", self.path.display()))
    }
}

/// Capture files as a link.
///
/// It [ends](Receive::Ended) with the input file, or at once where there is none.
pub struct Pcap {
    input: Option<Input>,
    output: Option<Writer>,
    description: String,
}

struct Input {
    reader: PcapReader<BufReader<File>>,
    pace: Pace,
    /// The next frame and its time in the capture.
    next: Option<(Duration, Vec<u8>)>,
    /// When it is due; `None` before the first look.
    due: Option<Instant>,
    path: PathBuf,
}

impl Pcap {
    /// Frames come from `input`, at that pace, and go to `output`; either may be missing.
    ///
    /// # Errors
    /// If a file cannot be opened or made, or the input is no Ethernet capture.
    pub fn open(input: Option<&Path>, pace: Pace, output: Option<&Path>) -> Result<Pcap, PcapLinkError> {
        let name = |path: Option<&Path>| path.map_or("nothing".to_string(), |p| p.display().to_string());
        let description = format!("capture files: {} in, {} out", name(input), name(output));
        let input = input.map(|path| Input::open(path, pace)).transpose()?;
        let output = output.map(create).transpose()?;
        Ok(Pcap { input, output, description })
    }
}

impl Input {
    fn open(path: &Path, pace: Pace) -> Result<Input, PcapLinkError> {
        let file = File::open(path).map_err(|source| PcapLinkError::Open { path: path.into(), source })?;
        let reader = PcapReader::new(BufReader::new(file));
        let reader = reader.map_err(|source| PcapLinkError::Format { path: path.into(), source })?;
        let found = reader.header().datalink;
        if found != DataLink::ETHERNET {
            return Err(PcapLinkError::NotEthernet { path: path.into(), found });
        }
        Ok(Input { reader, pace, next: None, due: None, path: path.into() })
    }

    /// Reads the next frame into `next` and finds out when it is due. `before`: time of the last one in the capture.
    fn advance(&mut self, before: Option<Duration>) -> io::Result<()> {
        self.next = match self.reader.next_packet() {
            Some(Ok(packet)) => Some((packet.timestamp, packet.data.into_owned())),
            Some(Err(e)) => return Err(io::Error::other(format!("{}: {e}", self.path.display()))),
            None => None,
        };
        let gap = match (self.pace, before, &self.next) {
            (Pace::Every(period), Some(_), _) => period,
            (Pace::AsCaptured, Some(before), Some((time, _))) => time.saturating_sub(before),
            _ => Duration::ZERO,
        };
        self.due = Some(self.due.unwrap_or_else(Instant::now) + gap);
        Ok(())
    }
}

impl Link for Pcap {
    fn receive(&mut self, frame: &mut Vec<u8>) -> io::Result<Receive> {
        frame.clear();
        let Some(input) = &mut self.input else { return Ok(Receive::Ended) };
        if input.due.is_none() {
            input.advance(None)?;
        }
        let Some((time, _)) = &input.next else { return Ok(Receive::Ended) };
        if input.pace != Pace::AtOnce && input.due.is_some_and(|due| due > Instant::now()) {
            return Ok(Receive::Empty);
        }
        let time = *time;
        if let Some((_, bytes)) = input.next.take() {
            *frame = bytes;
        }
        input.advance(Some(time))?;
        Ok(Receive::Frame)
    }

    fn send(&mut self, frame: &[u8]) -> io::Result<bool> {
        match &mut self.output {
            Some(writer) => writer.write(frame).map(|()| true),
            None => Ok(false),
        }
    }

    fn readable(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn next_frame(&self) -> Option<Instant> {
        self.input.as_ref().filter(|input| input.next.is_some()).and_then(|input| input.due)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.as_mut().map_or(Ok(()), Writer::flush)
    }

    fn describe(&self) -> String {
        self.description.clone()
    }
}
