//! A server of vfio-user written by hand, with a card of plain memory behind it: what it answers can be twisted.

use beehive_driver::sim::{Backend, Plain};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use std::io::{IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// What becomes of a reply.
#[derive(Clone, Debug)]
#[allow(dead_code)]
pub enum Twist {
    /// This is sent.
    Send(Vec<u8>),
    /// This is sent, and the connection closed.
    Close(Vec<u8>),
    /// The device is wanted back, and this is sent.
    Want(Vec<u8>),
    /// Byte by byte, so long apart.
    Drip(Vec<u8>, Duration),
    /// Nothing is sent, now and ever.
    Silence,
}

/// Path of a socket that nobody else has.
pub fn socket() -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("beehive-driver-{}-{number}", std::process::id()))
}

/// Serves `card` to everybody who connects, on threads of their own; `twist` gets the number of the message on its connection, its command and the right reply.
pub fn serve(card: Arc<Plain>, twist: impl Fn(usize, u16, Vec<u8>) -> Twist + Send + Sync + 'static) -> PathBuf {
    let path = socket();
    let listener = UnixListener::bind(&path).unwrap();
    let twist = Arc::new(twist);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (card, twist) = (card.clone(), twist.clone());
            thread::spawn(move || client(stream, &card, &*twist));
        }
    });
    path
}

fn client(mut stream: UnixStream, card: &Plain, twist: &dyn Fn(usize, u16, Vec<u8>) -> Twist) -> Option<()> {
    let mut request = None;
    for number in 0.. {
        let (header, fds) = receive(&stream)?;
        let word = |at| u32::from_ne_bytes(header[at..at + 4].try_into().unwrap());
        let command = u16::from_ne_bytes([header[2], header[3]]);
        let mut payload = vec![0; word(4) as usize - 16];
        stream.read_exact(&mut payload).ok()?;
        let body = answer(card, command, &payload, fds, &mut request);
        let size = (16 + body.len() as u32).to_ne_bytes();
        let reply = [&header[..4], &size, &1u32.to_ne_bytes(), &[0; 4], &body].concat();
        match twist(number, command, reply) {
            Twist::Send(reply) => stream.write_all(&reply).ok()?,
            Twist::Close(reply) => {
                stream.write_all(&reply).ok()?;
                return None;
            }
            Twist::Want(reply) => {
                rustix::io::write(request.as_ref()?, &1u64.to_ne_bytes()).ok()?;
                stream.write_all(&reply).ok()?;
            }
            Twist::Drip(reply, pause) => {
                for byte in reply {
                    stream.write_all(&[byte]).ok()?;
                    thread::sleep(pause);
                }
            }
            Twist::Silence => drop(stream.read_to_end(&mut vec![])),
        }
    }
    None
}

/// A header, and the files that come with it.
fn receive(stream: &UnixStream) -> Option<([u8; 16], Vec<OwnedFd>)> {
    let mut header = [0; 16];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(16))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let got = recvmsg(stream, &mut [IoSliceMut::new(&mut header)], &mut control, RecvFlags::WAITALL).ok()?;
    let mut fds = vec![];
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(more) = message {
            fds.extend(more);
        }
    }
    (got.bytes == 16).then_some((header, fds))
}

/// The payload of the right reply; `request` is the eventfd to ask for the device with.
fn answer(card: &Plain, command: u16, payload: &[u8], mut fds: Vec<OwnedFd>, request: &mut Option<OwnedFd>) -> Vec<u8> {
    let word = |at: usize| u32::from_ne_bytes(payload[at..at + 4].try_into().unwrap());
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_ne_bytes()).collect::<Vec<u8>>();
    match command {
        1 => [&[0; 4], &b"{\"capabilities\":{\"max_msg_fds\":8}}\0"[..]].concat(),
        4 => words(&[16, 3, 9, 5]),
        5 => {
            let index = word(8);
            let bytes = if index == 7 { 256 } else { card.bar_bytes(index as u8) };
            [words(&[32, 3, index, 0]), bytes.to_ne_bytes().to_vec(), vec![0; 8]].concat()
        }
        7 => words(&[16, 1, word(8), if word(8) == 2 { 4 } else { 1 }]),
        8 => {
            if word(8) == 4 {
                *request = fds.pop();
            } else if word(8) == 2 {
                let none = fds.is_empty();
                (word(12)..).zip(fds).for_each(|(vector, fd)| card.set_vector(vector, Some(fd)).unwrap());
                (0..4).filter(|_| none).for_each(|vector| card.set_vector(vector, None).unwrap());
            }
            vec![]
        }
        9 | 10 => {
            let (offset, region) = (u64::from_ne_bytes(payload[..8].try_into().unwrap()), word(8));
            let mut data = vec![0; word(12) as usize];
            match (command, region) {
                (9, 7) => card.config_read(offset as u16, &mut data).unwrap(),
                (9, bar) => card.bar_read(bar as u8, offset, &mut data).unwrap(),
                (_, 7) => card.config_write(offset as u16, &payload[16..]).unwrap(),
                (_, bar) => card.bar_write(bar as u8, offset, &payload[16..]).unwrap(),
            }
            if command == 9 { [&payload[..16], &data].concat() } else { payload[..16].to_vec() }
        }
        3 => payload.to_vec(),
        13 => {
            card.reset().unwrap();
            vec![]
        }
        _ => vec![],
    }
}
