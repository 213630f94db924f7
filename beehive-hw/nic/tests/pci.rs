//! A simulated device as a PCI function.

use beehive_hw::device::describe;
use beehive_hw::topology::{Design, Draft, standard};
use beehive_nic::Card;
use beehive_nic::link::{ChannelPeer, channel};
use beehive_nic::pci::{DEVICE, PciFunction, TABLE_BYTES, VECTORS, VENDOR};
use beehive_wire::description::Description;
use beehive_wire::device::{self as map, BAR_BYTES, DESCRIPTION_AT, Register, TILES_AT, fnv1a, interrupt};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::{EfdFlags, EventFd};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

/// Longer than anything takes that is not broken, in milliseconds.
const LONG: u16 = 60_000;

fn design() -> Design {
    let text = include_str!("../../../topologies/udp_echo.toml");
    Draft::from_toml("udp_echo.toml", text).unwrap().check(&standard()).unwrap()
}

/// A function with memory and bus mastering on.
fn function() -> (PciFunction, ChannelPeer) {
    let (cable, peer) = channel(64).unwrap();
    let device = Card::device(design(), &standard(), None).unwrap().link(cable);
    let function = PciFunction::spawn(device).unwrap();
    enable(&function);
    (function, peer)
}

fn enable(function: &PciFunction) {
    function.config_write(4, &6u16.to_le_bytes());
}

fn read(function: &PciFunction, at: u32) -> u32 {
    let mut word = [0; 4];
    function.bar_read(0, at.into(), &mut word);
    u32::from_le_bytes(word)
}

fn get(function: &PciFunction, register: Register) -> u32 {
    read(function, register.offset)
}

fn set(function: &PciFunction, register: Register, value: u32) {
    function.bar_write(0, register.offset.into(), &value.to_le_bytes());
}

fn config(function: &PciFunction, at: usize) -> u32 {
    let mut word = [0; 4];
    function.config_read(at, &mut word);
    u32::from_le_bytes(word)
}

/// An eventfd, and another handle to it.
fn eventfd() -> (EventFd, OwnedFd) {
    let event = EventFd::from_flags(EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC).unwrap();
    let copy = event.as_fd().try_clone_to_owned().unwrap();
    (event, copy)
}

/// Waits until it is readable, and takes the count.
fn wait(event: &EventFd, milliseconds: u16) -> Option<u64> {
    let mut fds = [PollFd::new(event.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::from(milliseconds)).unwrap();
    event.read().ok()
}

fn arp_request() -> Vec<u8> {
    let host = [0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0x01];
    let body = [&[0, 1, 8, 0, 6, 4, 0, 1][..], &host, &[10, 77, 0, 1], &[0; 6], &[10, 77, 0, 2]].concat();
    [&[0xff; 6][..], &host, &[8, 6], &body].concat()
}

#[test]
fn configuration_space_tells_what_it_is() {
    let (function, _peer) = function();
    assert_eq!(config(&function, 0), u32::from(DEVICE) << 16 | u32::from(VENDOR));
    assert_eq!(config(&function, 8) >> 8, 0x02_0000, "an Ethernet controller");
    assert_eq!(config(&function, 4) >> 20 & 1, 1, "a list of capabilities");
    let (mut at, mut found) = (config(&function, 0x34) & 0xff, vec![]);
    while at != 0 {
        let header = config(&function, at as usize);
        found.push(header & 0xff);
        at = header >> 8 & 0xff;
    }
    assert_eq!(found, [0x01, 0x11, 0x10], "power management, MSI-X, PCI Express");
    assert_eq!(config(&function, 0x50) >> 16 & 0x7ff, VECTORS as u32 - 1);
    assert_eq!(config(&function, 0x64) >> 28 & 1, 1, "the function can be reset");
    // Sizes, as software asks for them.
    for (at, bytes) in [(0x10, BAR_BYTES), (0x14, 0), (0x18, TABLE_BYTES as u32), (0x1c, 0), (0x20, 0), (0x30, 0)] {
        function.config_write(at, &[0xff; 4]);
        let size = config(&function, at);
        assert_eq!(if size == 0 { 0 } else { !(size & !15) + 1 }, bytes, "BAR at {at:#x}");
    }
    // What is read only stays, and there is nothing beyond the end.
    function.config_write(0, &[0; 4]);
    function.config_write(254, &[0xff; 8]);
    assert_eq!(config(&function, 0) as u16, VENDOR);
    assert_eq!((config(&function, 254), config(&function, usize::MAX - 2)), (0, 0));
}

#[test]
fn registers_are_behind_bar_0() {
    let (function, _peer) = function();
    assert_eq!(get(&function, map::MAGIC), map::MAGIC_VALUE);
    assert_eq!((get(&function, map::VERSION), get(&function, map::LAYOUT)), (map::VERSION_VALUE, map::LAYOUT_VALUE));
    set(&function, map::SCRATCH, 0x1234_5678);
    let mut two = [0; 8];
    function.bar_read(0, map::SCRATCH.offset.into(), &mut two);
    assert_eq!(two, [0x78, 0x56, 0x34, 0x12, 0, 0, 0, 0]);

    let bytes = get(&function, map::DESCRIPTION);
    let mut text = vec![0; bytes as usize];
    function.bar_read(0, DESCRIPTION_AT.into(), &mut text);
    assert_eq!(fnv1a(&text), get(&function, map::DESIGN));
    let description: Description = serde_json::from_slice(&text).unwrap();
    assert_eq!(description, describe(&design(), &standard()));
    // Every register that it names answers; register 0 of a tile with registers tells the kind.
    for tile in description.tiles.iter().filter(|tile| !description.registers[tile.registers].is_empty()) {
        let page = TILES_AT | u32::from(tile.at.1) << 16 | u32::from(tile.at.0) << 12;
        let count: u32 = description.registers[tile.registers].iter().map(|register| register.count).sum();
        let refused = get(&function, map::REFUSED);
        for index in 0..2 + count {
            read(&function, page + 4 * index);
        }
        assert_eq!(get(&function, map::REFUSED), refused, "registers of {}", tile.name);
        assert_eq!(read(&function, page + 4 * (2 + count)), u32::MAX, "beyond those of {}", tile.name);
        assert_eq!(get(&function, map::REFUSED), refused + 1);
    }
    // What a bus would not do.
    for at in [map::SCRATCH.offset + 1, 0x2000, BAR_BYTES - 4, BAR_BYTES, u32::MAX - 3] {
        assert_eq!(read(&function, at), u32::MAX, "{at:#x}");
    }
    let mut byte = [0];
    function.bar_read(0, 0, &mut byte);
    assert_eq!((byte, function.bar_bytes(1), function.bar_bytes(6)), ([0xff], 0, 0));
    function.bar_read(3, 0, &mut two);
    assert_eq!(two, [0xff; 8]);
    // The table is memory, its vectors are masked.
    function.bar_write(2, 13, &[1, 2, 3]);
    function.bar_read(2, 12, &mut two);
    assert_eq!(two, [1, 1, 2, 3, 0, 0, 0, 0]);
    function.bar_read(2, 16 * VECTORS as u64 + 12, &mut two);
    assert_eq!(two, [0; 8], "there are no more vectors");
}

#[test]
fn without_decode_or_power_there_are_ones() {
    let (function, _peer) = function();
    set(&function, map::SCRATCH, 7);
    for off in [|f: &PciFunction| f.config_write(4, &4u16.to_le_bytes()), |f: &PciFunction| f.config_write(0x44, &[3])]
    {
        off(&function);
        assert_eq!(get(&function, map::MAGIC), u32::MAX);
        set(&function, map::SCRATCH, 9);
        enable(&function);
        function.config_write(0x44, &[0]);
        assert_eq!(get(&function, map::SCRATCH), 7);
    }
    // Power states that it has not.
    for state in [1, 2] {
        function.config_write(0x44, &[state]);
        assert_eq!((config(&function, 0x44), get(&function, map::SCRATCH)), (0x08, 7));
    }
}

#[test]
fn interrupts_are_events() {
    let (function, _peer) = function();
    let mut events = vec![];
    for vector in 0..VECTORS {
        let (event, copy) = eventfd();
        function.set_vector(vector, Some(copy));
        events.push(event);
    }
    set(&function, map::INTERRUPT_RAISE, 1);
    assert_eq!(wait(&events[0], 50), None, "a vector that is not enabled");
    set(&function, map::INTERRUPT_ENABLE, 0b1111);
    assert_eq!(wait(&events[0], LONG), Some(1), "what happened before it was enabled");
    for (vector, event) in events.iter().enumerate() {
        set(&function, map::INTERRUPT_STATUS, u32::MAX);
        set(&function, map::INTERRUPT_RAISE, 1 << vector);
        assert_eq!(wait(event, LONG), Some(1), "vector {vector}");
        assert_eq!(get(&function, map::INTERRUPT_STATUS), 1 << vector);
    }
    assert!(events.iter().all(|event| event.read().is_err()), "one each");
    // Without bus mastering it waits.
    function.config_write(4, &2u16.to_le_bytes());
    set(&function, map::INTERRUPT_RAISE, 4);
    assert_eq!(wait(&events[2], 50), None);
    enable(&function);
    assert_eq!(wait(&events[2], LONG), Some(1));
    // Nor in a low-power state.
    function.config_write(4, &2u16.to_le_bytes());
    set(&function, map::INTERRUPT_RAISE, 4);
    function.config_write(0x44, &[3]);
    enable(&function);
    assert_eq!(wait(&events[2], 50), None);
    function.config_write(0x44, &[0]);
    assert_eq!(wait(&events[2], LONG), Some(1));
    // What waits is not for who comes next.
    function.config_write(4, &2u16.to_le_bytes());
    set(&function, map::INTERRUPT_RAISE, 4);
    assert_eq!(wait(&events[2], 50), None);
    let (next, copy) = eventfd();
    function.set_vector(2, Some(copy));
    enable(&function);
    assert_eq!(wait(&next, 50), None);
    // A vector without a target is nobody's.
    function.set_vector(3, None);
    set(&function, map::INTERRUPT_RAISE, 8);
    assert_eq!(wait(&events[3], 50), None);
}

#[test]
fn an_event_that_is_full_stops_nobody() {
    let (function, _peer) = function();
    let (done, ended) = std::sync::mpsc::channel();
    // Whoever writes to it waits until it is read.
    let event = EventFd::from_flags(EfdFlags::EFD_CLOEXEC).unwrap();
    event.write(u64::MAX - 1).unwrap();
    function.set_vector(0, Some(event.as_fd().try_clone_to_owned().unwrap()));
    std::thread::spawn(move || {
        set(&function, map::INTERRUPT_ENABLE, 1);
        set(&function, map::INTERRUPT_RAISE, 1);
        let magic = get(&function, map::MAGIC);
        function.set_vector(0, None);
        done.send(magic).unwrap();
    });
    assert_eq!(ended.recv_timeout(Duration::from_secs(60)), Ok(map::MAGIC_VALUE));
    assert_eq!(event.read(), Ok(u64::MAX - 1));
}

#[test]
fn a_reset_of_the_function_makes_it_new() {
    let (function, peer) = function();
    let answers = |function: &PciFunction| {
        peer.send(arp_request()).unwrap();
        let frame = peer.receive(Duration::from_secs(60)).unwrap().expect("an answer");
        assert_eq!(frame[12..14], [8, 6]);
        function.card().read("eth_rx", "frames").unwrap()
    };
    assert_eq!((answers(&function), answers(&function)), (1, 2));
    let (event, copy) = eventfd();
    function.set_vector(interrupt::RESET_DONE as usize, Some(copy));
    let resets: [fn(&PciFunction); 2] =
        [|function| function.reset(), |function| function.config_write(0x68, &0x8000u16.to_le_bytes())];
    for (done, reset) in (1..).zip(resets) {
        set(&function, map::SCRATCH, 5);
        // The reset before has happened, too.
        set(&function, map::INTERRUPT_STATUS, 2);
        set(&function, map::INTERRUPT_ENABLE, 2);
        reset(&function);
        assert_eq!(get(&function, map::MAGIC), u32::MAX, "memory is not decoded after a reset");
        assert_eq!(config(&function, 4) & 7, 0);
        enable(&function);
        assert_eq!((get(&function, map::RESETS), get(&function, map::SCRATCH)), (done, 0));
        assert_eq!(get(&function, map::INTERRUPT_ENABLE), 0);
        assert_eq!(answers(&function), 1);
        assert_eq!(event.read().ok(), None, "interrupts are off after a reset");
    }
    // By register, the function keeps what is its own.
    set(&function, map::SCRATCH, 5);
    set(&function, map::INTERRUPT_ENABLE, 2);
    set(&function, map::INTERRUPT_STATUS, 2);
    set(&function, map::RESET, 1);
    assert_eq!(get(&function, map::RESETS), 2, "the wrong key");
    set(&function, map::RESET, map::RESET_KEY);
    assert_eq!(wait(&event, LONG), Some(1));
    assert_eq!((get(&function, map::RESETS), get(&function, map::SCRATCH)), (3, 5));
    assert_eq!(answers(&function), 1);
}

#[test]
fn an_unplugged_function_is_ones() {
    let (function, _peer) = function();
    function.unplug();
    assert_eq!((get(&function, map::MAGIC), config(&function, 0)), (u32::MAX, u32::MAX));
    set(&function, map::SCRATCH, 1);
    function.config_write(4, &[0; 2]);
    function.reset();
    assert!(function.is_gone());
}
