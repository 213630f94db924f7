//! A server in software, as RFC 5531 has it: for tests, examples, and to hold a card against.

mod checksum;
mod erasure;

use beehive_wire::Field;
use beehive_wire::rpc::{
    self, ARGUMENT_WORDS, DATA_AT, RESULT_WORDS, accept, arguments, auth_error, call, echo, mismatch, reply, results,
    rpc_mismatch,
};
pub use checksum::crc32c;
pub use erasure::combine;

/// What a program answers: words and data, or its `accept_stat`.
pub type Answer = Result<([u32; RESULT_WORDS], Vec<u8>), u32>;

type Handler = Box<dyn FnMut(u32, [u32; ARGUMENT_WORDS], &[u8]) -> Answer + Send>;

struct Program {
    number: u32,
    version: u32,
    handler: Handler,
}

/// A server with some programs.
///
/// ```
/// use beehive_rpc::model::Server;
/// use beehive_rpc::wire::accept;
///
/// let server = Server::new().program(0x2000_0001, 1, |procedure, words, data| match procedure {
///     1 => Ok(([words[0] + 1, 0, 0, 0, 0, 0, 0], data.to_vec())),
///     _ => Err(accept::PROC_UNAVAIL),
/// });
/// # drop(server);
/// ```
pub struct Server {
    programs: Vec<Program>,
    calls: u64,
}

impl Default for Server {
    fn default() -> Self {
        Server::new()
    }
}

impl Server {
    /// With the echo program.
    pub fn new() -> Self {
        Server::empty().program(echo::PROGRAM, echo::VERSION, |procedure, words, data| {
            let [a, b, c, d, e] = words;
            if procedure == echo::ECHO { Ok(([a, b, c, d, e, 0, 0], data.to_vec())) } else { Err(accept::PROC_UNAVAIL) }
        })
    }

    /// Without programs.
    pub fn empty() -> Self {
        Server { programs: Vec::new(), calls: 0 }
    }

    /// With the erasure program, too.
    #[must_use]
    pub fn with_erasure(self) -> Self {
        self.program(rpc::erasure::PROGRAM, rpc::erasure::VERSION, combine)
    }

    /// With the checksum program, too.
    #[must_use]
    pub fn with_checksum(self) -> Self {
        self.program(rpc::checksum::PROGRAM, rpc::checksum::VERSION, crc32c)
    }

    /// With another program: `handler` gets procedure, words and data, never for NULL.
    #[must_use]
    pub fn program(
        mut self,
        number: u32,
        version: u32,
        handler: impl FnMut(u32, [u32; ARGUMENT_WORDS], &[u8]) -> Answer + Send + 'static,
    ) -> Self {
        self.programs.push(Program { number, version, handler: Box::new(handler) });
        self
    }

    /// Calls that were executed, NULL among them.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// The reply to a datagram, if it is a call.
    pub fn answer(&mut self, datagram: &[u8]) -> Option<Vec<u8>> {
        let get = |field: Field| field.get(datagram) as u32;
        if datagram.len() < call::LEN || get(call::MESSAGE_TYPE) != rpc::CALL {
            return None;
        }
        let xid = get(call::XID);
        if get(call::RPC_VERSION) != rpc::RPC_VERSION {
            let mut bytes = denied(xid, rpc::RPC_MISMATCH, rpc_mismatch::LEN);
            rpc_mismatch::LOW.set(&mut bytes, rpc::RPC_VERSION.into());
            rpc_mismatch::HIGH.set(&mut bytes, rpc::RPC_VERSION.into());
            return Some(bytes);
        }
        let auth = |flavor, length| get(flavor) != rpc::AUTH_NONE || get(length) != 0;
        let bad_credential = auth(call::CREDENTIAL_FLAVOR, call::CREDENTIAL_LENGTH);
        if bad_credential || auth(call::VERIFIER_FLAVOR, call::VERIFIER_LENGTH) {
            let status = if bad_credential { rpc::AUTH_BADCRED } else { rpc::AUTH_BADVERF };
            let mut bytes = denied(xid, rpc::AUTH_ERROR, auth_error::LEN);
            auth_error::AUTH_STATUS.set(&mut bytes, status.into());
            return Some(bytes);
        }
        let number = get(call::PROGRAM);
        let versions = || self.programs.iter().filter(|p| p.number == number).map(|p| p.version);
        let (Some(low), Some(high)) = (versions().min(), versions().max()) else {
            return Some(accepted(xid, accept::PROG_UNAVAIL));
        };
        let program = self.programs.iter_mut().find(|p| p.number == number && get(call::VERSION) == p.version);
        let Some(program) = program else {
            let mut bytes = accepted(xid, accept::PROG_MISMATCH);
            bytes.resize(reply::LEN + mismatch::LEN, 0);
            mismatch::LOW.set(&mut bytes[reply::LEN..], low.into());
            mismatch::HIGH.set(&mut bytes[reply::LEN..], high.into());
            return Some(bytes);
        };
        let procedure = get(call::PROCEDURE);
        let outcome = match read_arguments(procedure, datagram) {
            Some(None) => Ok(None),
            Some(Some((words, data))) => (program.handler)(procedure, words, data).map(Some),
            None => Err(accept::GARBAGE_ARGS),
        };
        self.calls += u64::from(outcome.is_ok());
        Some(match outcome {
            Ok(None) => accepted(xid, accept::SUCCESS),
            Ok(Some((words, data))) => success(xid, words, &data),
            Err(status) => accepted(xid, status),
        })
    }
}

/// Arguments of a call: `Some(None)` for NULL, `None` if they do not fit the datagram.
fn read_arguments(procedure: u32, datagram: &[u8]) -> Option<Option<([u32; ARGUMENT_WORDS], &[u8])>> {
    if procedure == rpc::NULL {
        return (datagram.len() == call::LEN).then_some(None);
    }
    let body = &datagram[call::LEN..];
    let data = datagram.get(DATA_AT..)?;
    let length = arguments::DATA_LENGTH.get(body) as usize;
    (data.len() == length.next_multiple_of(4)).then_some(())?;
    let mut words = [0; ARGUMENT_WORDS];
    for (word, (_, field)) in words.iter_mut().zip(arguments::FIELDS) {
        *word = field.get(body) as u32;
    }
    Some(Some((words, &data[..length])))
}

fn denied(xid: u32, status: u32, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    rpc_mismatch::XID.set(&mut bytes, xid.into());
    rpc_mismatch::MESSAGE_TYPE.set(&mut bytes, rpc::REPLY.into());
    rpc_mismatch::REPLY_STATUS.set(&mut bytes, rpc::MSG_DENIED.into());
    rpc_mismatch::REJECT_STATUS.set(&mut bytes, status.into());
    bytes
}

fn accepted(xid: u32, status: u32) -> Vec<u8> {
    let mut bytes = vec![0; reply::LEN];
    reply::XID.set(&mut bytes, xid.into());
    reply::MESSAGE_TYPE.set(&mut bytes, rpc::REPLY.into());
    reply::REPLY_STATUS.set(&mut bytes, rpc::MSG_ACCEPTED.into());
    reply::ACCEPT_STATUS.set(&mut bytes, status.into());
    bytes
}

fn success(xid: u32, words: [u32; RESULT_WORDS], data: &[u8]) -> Vec<u8> {
    let mut bytes = accepted(xid, accept::SUCCESS);
    bytes.resize(DATA_AT, 0);
    let body = &mut bytes[reply::LEN..];
    for (word, (_, field)) in words.into_iter().zip(results::FIELDS) {
        field.set(body, word.into());
    }
    results::DATA_LENGTH.set(body, data.len() as u64);
    bytes.extend_from_slice(data);
    bytes.resize(DATA_AT + data.len().next_multiple_of(4), 0);
    bytes
}

#[cfg(feature = "tokio")]
pub use serving::{Running, serve, spawn};

#[cfg(feature = "tokio")]
mod serving {
    use super::Server;
    use std::io;
    use std::net::{Ipv4Addr, SocketAddr};
    use tokio::net::UdpSocket;
    use tokio::task::AbortHandle;

    /// Answers what comes to a socket, until it is dropped.
    pub async fn serve(mut server: Server, socket: UdpSocket) {
        let mut buffer = vec![0; 1 << 16];
        loop {
            // Errors are those of earlier replies that reached nobody.
            let Ok((len, from)) = socket.recv_from(&mut buffer).await else { continue };
            if let Some(reply) = server.answer(&buffer[..len]) {
                let _ = socket.send_to(&reply, from).await;
            }
        }
    }

    /// A server at a free port of this machine, in a task.
    ///
    /// # Errors
    /// If there is no such port.
    pub async fn spawn(server: Server) -> io::Result<Running> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = socket.local_addr()?;
        Ok(Running { addr, task: tokio::spawn(serve(server, socket)).abort_handle() })
    }

    /// A server in a task, which ends with this.
    #[derive(Debug)]
    pub struct Running {
        addr: SocketAddr,
        task: AbortHandle,
    }

    impl Running {
        /// Where it is.
        pub fn addr(&self) -> SocketAddr {
            self.addr
        }
    }

    impl Drop for Running {
        fn drop(&mut self) {
            self.task.abort();
        }
    }
}
