//! [`Connection`]: a request and its reply, over a UNIX socket, in bounded time.

use super::protocol::{ERROR, Header, REPLY, TYPE};
use crate::{Error, Presence, Result};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketAddrUnix, SocketFlags, SocketType,
    connect, sendmsg, socket_with,
};
use std::io::{self, ErrorKind, IoSlice, Read};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};
use zerocopy::{FromBytes, IntoBytes};

/// The most bytes of a reply behind its header.
pub(super) const MAX_PAYLOAD: usize = 8192;
/// The most files beside a message.
pub(super) const MAX_FDS: usize = 16;
const HEADER: usize = size_of::<Header>();

/// A connection on which one request at a time is under way. Whoever breaks the protocol or is late is cut off: the rest of a late reply could be
/// taken for another.
pub(super) struct Connection {
    stream: UnixStream,
    timeout: Duration,
    next_id: u16,
    output: Vec<u8>,
    input: Box<[u8]>,
    /// Why nothing goes any more.
    closed: Option<String>,
    /// The same for those who do not wait for their turn.
    presence: Presence,
}

impl Connection {
    /// Connects. A server with a full queue is waited for.
    pub(super) fn connect(path: &Path, timeout: Duration) -> Result<Connection> {
        let refused =
            |hint: &str, source: io::Error| Error::Permission { path: path.into(), hint: hint.into(), source };
        let open = |error: Errno| refused("no socket: raise the limit of open files", error.into());
        let address =
            SocketAddrUnix::new(path).map_err(|error| refused("that is no path of a socket", error.into()))?;
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None).map_err(open)?;
        let start = Instant::now();
        while let Err(error) = connect(&socket, &address) {
            let hint = match error {
                Errno::AGAIN | Errno::INTR if start.elapsed() < timeout => {
                    thread::sleep(Duration::from_millis(1));
                    continue;
                }
                Errno::AGAIN => return Err(Error::Timeout { what: "connecting".into(), after: timeout }),
                Errno::NOENT => "there is no socket: start the server (`beehive sim --vfio-user`)",
                Errno::CONNREFUSED => "nobody serves this socket: start the server again",
                Errno::ACCESS | Errno::PERM => "let your user or group write to the socket",
                _ => "this is no socket of a vfio-user server",
            };
            return Err(refused(hint, error.into()));
        }
        let stream = UnixStream::from(socket);
        let timed = stream.set_nonblocking(false).and_then(|()| {
            stream.set_read_timeout(Some(timeout))?;
            stream.set_write_timeout(Some(timeout))
        });
        timed.map_err(|source| Error::Io { what: "setting up the socket".into(), source })?;
        let input = vec![0; HEADER + MAX_PAYLOAD].into();
        Ok(Connection {
            stream,
            timeout,
            next_id: 0,
            output: vec![],
            input,
            closed: None,
            presence: Presence::default(),
        })
    }

    /// Tells whether anything is possible any more.
    pub(super) fn presence(&self) -> Presence {
        self.presence.clone()
    }

    /// A file that tells when the server hangs up.
    pub(super) fn hangs_up(&self) -> io::Result<OwnedFd> {
        self.stream.as_fd().try_clone_to_owned()
    }

    /// Sends a request and waits for its reply, whose payload it gives: one of a length in `length`.
    pub(super) fn call(
        &mut self,
        what: &'static str,
        command: u16,
        payload: &[&[u8]],
        fds: &[BorrowedFd<'_>],
        length: std::ops::RangeInclusive<usize>,
    ) -> Result<&[u8]> {
        if let Some(why) = &self.closed {
            return Err(Error::gone(why.as_str()));
        }
        if self.presence.gone() {
            return Err(Error::gone("the server has ended, or wants the device back"));
        }
        let id = self.next_id;
        self.next_id = id.wrapping_add(1);
        let size = HEADER + payload.iter().map(|part| part.len()).sum::<usize>();
        let header = Header { id, command, size: size as u32, flags: 0, error: 0 };
        self.output.clear();
        self.output.extend_from_slice(header.as_bytes());
        payload.iter().for_each(|part| self.output.extend_from_slice(part));
        let exchanged = self.send(what, fds).and_then(|()| self.receive(what));
        let reply = match exchanged {
            Ok(reply) => check(reply, id, command, &length),
            Err(error) => Err(error),
        };
        match reply {
            Ok(Header { flags, error, .. }) if flags & ERROR != 0 => {
                let source = match error {
                    1..=4095 => io::Error::from_raw_os_error(error as i32),
                    _ => io::Error::other("the server refuses and does not say why"),
                };
                Err(Error::Io { what: what.into(), source })
            }
            Ok(header) => Ok(&self.input[HEADER..header.size as usize]),
            Err(error) => {
                self.close(&error);
                Err(error)
            }
        }
    }

    /// Cuts the server off.
    pub(super) fn close(&mut self, error: &Error) {
        tracing::warn!(%error, "the connection to the device is closed");
        self.closed.get_or_insert_with(|| error.to_string());
        self.presence.end();
        // Fails only where the server has done so already.
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    fn failed(&self, what: &str, error: io::Error) -> Error {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Error::Timeout { what: what.into(), after: self.timeout },
            _ => Error::Gone { why: format!("{what}: the server has closed the connection"), source: Some(error) },
        }
    }

    fn send(&mut self, what: &str, fds: &[BorrowedFd<'_>]) -> Result<()> {
        let (start, mut sent) = (Instant::now(), 0);
        while sent < self.output.len() {
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
            let mut control = SendAncillaryBuffer::new(&mut space);
            // Files go with the first byte.
            if sent == 0 && !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
                return Err(Error::interrupt(format!("{} files in a message of {MAX_FDS}", fds.len()), None));
            }
            let rest = [IoSlice::new(&self.output[sent..])];
            match sendmsg(&self.stream, &rest, &mut control, SendFlags::NOSIGNAL) {
                Ok(bytes) => sent += bytes,
                Err(Errno::INTR) => {}
                Err(error) => return Err(self.failed(what, error.into())),
            }
            if sent < self.output.len() && start.elapsed() >= self.timeout {
                return Err(self.failed(what, ErrorKind::TimedOut.into()));
            }
        }
        Ok(())
    }

    /// A whole message. Files that come with it are not taken, so the system closes them.
    fn receive(&mut self, what: &str) -> Result<(Header, usize)> {
        let (start, mut have) = (Instant::now(), 0);
        let mut shortened = false;
        let received = loop {
            match (&self.stream).read(&mut self.input[have..]) {
                Ok(0) => break Err(self.failed(what, ErrorKind::UnexpectedEof.into())),
                Ok(bytes) => have += bytes,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => break Err(self.failed(what, error)),
            }
            if let Ok((header, _)) = Header::read_from_prefix(&self.input[..have]) {
                let size = header.size as usize;
                if !(HEADER..=self.input.len()).contains(&size) {
                    break Err(Error::Protocol(format!("{what}: a message of {size} bytes")));
                }
                if have >= size {
                    break Ok((header, have));
                }
            }
            // A server that sends byte by byte has no more time than others.
            let left = self.timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                break Err(self.failed(what, ErrorKind::TimedOut.into()));
            }
            if left < self.timeout - self.timeout / 8 {
                shortened = true;
                if let Err(error) = self.stream.set_read_timeout(Some(left)) {
                    break Err(self.failed(what, error));
                }
            }
        };
        if shortened && let Err(error) = self.stream.set_read_timeout(Some(self.timeout)) {
            return Err(self.failed(what, error));
        }
        received
    }
}

/// Is this the reply to that request?
fn check(
    (header, have): (Header, usize),
    id: u16,
    command: u16,
    length: &std::ops::RangeInclusive<usize>,
) -> Result<Header> {
    let payload = header.size as usize - HEADER;
    let failed = header.flags & ERROR != 0;
    let problem = if header.flags & TYPE != REPLY {
        format!("message type {} instead of a reply", header.flags & TYPE)
    } else if header.id != id || header.command != command {
        format!("a reply to message {} ({}) instead of {id} ({command})", header.id, header.command)
    } else if have > header.size as usize {
        "more bytes than a reply".into()
    } else if failed && payload > 0 {
        format!("an error with {payload} bytes")
    } else if !failed && !length.contains(&payload) {
        format!("a reply to command {command} of {payload} bytes")
    } else {
        return Ok(header);
    };
    Err(Error::Protocol(problem))
}
