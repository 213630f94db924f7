//! A device behind a socket, seen by the client of the crate `vfio_user`.

use beehive_hw::topology::{Draft, standard};
use beehive_nic::Card;
use beehive_nic::pci::{DEVICE, PciFunction, VECTORS, VENDOR, VfioUserServer};
use beehive_wire::device::{self as map, BAR_BYTES};
use nix::sys::eventfd::{EfdFlags, EventFd};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use vfio_bindings::bindings::vfio::*;
use vfio_user::Client;

fn socket(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("beehive-vfio-user-{}-{name}", std::process::id()))
}

fn serve(name: &str) -> (Arc<PciFunction>, VfioUserServer) {
    let text = include_str!("../../../topologies/udp_echo.toml");
    let design = Draft::from_toml("udp_echo.toml", text).unwrap().check(&standard()).unwrap();
    let function = PciFunction::spawn(Card::device(design, &standard(), None).unwrap()).unwrap();
    let function = Arc::new(function);
    let server = VfioUserServer::spawn(function.clone(), socket(name)).unwrap();
    (function, server)
}

fn read(client: &mut Client, region: u32, offset: u64) -> u32 {
    let mut word = [0; 4];
    client.region_read(region, offset, &mut word).unwrap();
    u32::from_le_bytes(word)
}

fn write(client: &mut Client, register: map::Register, value: u32) {
    client.region_write(VFIO_PCI_BAR0_REGION_INDEX, register.offset.into(), &value.to_le_bytes()).unwrap();
}

#[test]
fn a_client_finds_registers_interrupts_and_reset() {
    let (function, server) = serve("client");
    let mut client = Client::new(server.path()).unwrap();
    let bar = VFIO_PCI_BAR0_REGION_INDEX;
    assert_eq!(client.region(bar).map(|region| region.size), Some(BAR_BYTES.into()));
    let id = read(&mut client, VFIO_PCI_CONFIG_REGION_INDEX, 0);
    assert_eq!(id, u32::from(DEVICE) << 16 | u32::from(VENDOR));
    client.region_write(VFIO_PCI_CONFIG_REGION_INDEX, 4, &[6, 0]).unwrap();
    assert_eq!(read(&mut client, bar, map::MAGIC.offset.into()), map::MAGIC_VALUE);
    write(&mut client, map::SCRATCH, 77);
    assert_eq!(read(&mut client, bar, map::SCRATCH.offset.into()), 77);

    let info = client.get_irq_info(VFIO_PCI_MSIX_IRQ_INDEX).unwrap();
    assert_eq!(info.count, VECTORS as u32);
    let events: Vec<EventFd> = (0..VECTORS).map(|_| EventFd::from_flags(EfdFlags::EFD_CLOEXEC).unwrap()).collect();
    let fds: Vec<i32> = events.iter().map(|event| std::os::fd::AsFd::as_fd(event).as_raw_fd()).collect();
    let flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
    client.set_irqs(VFIO_PCI_MSIX_IRQ_INDEX, flags, 0, VECTORS as u32, &fds).unwrap();
    write(&mut client, map::INTERRUPT_ENABLE, 0xf);
    for (vector, event) in events.iter().enumerate() {
        write(&mut client, map::INTERRUPT_RAISE, 1 << vector);
        assert_eq!(event.read(), Ok(1), "vector {vector}");
    }
    // One of them is sent no more.
    client.set_irqs(VFIO_PCI_MSIX_IRQ_INDEX, flags, 1, 1, &[]).unwrap();
    write(&mut client, map::INTERRUPT_RAISE, 0b110);
    assert_eq!(events[2].read(), Ok(1));
    events[1].write(5).unwrap();
    assert_eq!(events[1].read(), Ok(5), "nothing but this");
    client.reset().unwrap();
    client.region_write(VFIO_PCI_CONFIG_REGION_INDEX, 4, &[6, 0]).unwrap();
    assert_eq!(read(&mut client, bar, map::SCRATCH.offset.into()), 0);
    assert_eq!(read(&mut client, bar, map::RESETS.offset.into()), 1);

    // Told that it goes.
    client.set_irqs(VFIO_PCI_REQ_IRQ_INDEX, flags, 0, 1, &fds[..1]).unwrap();
    function.unplug();
    assert_eq!(events[0].read(), Ok(1));
    assert_eq!(read(&mut client, bar, 0), u32::MAX);
}

/// The crate's client waits for all of a reply, also where it is an error.
#[test]
fn what_ends_beyond_its_region_is_refused() {
    let (_function, server) = serve("beyond");
    let mut stream = UnixStream::connect(server.path()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut access = |command: u16, region: u32, offset: u64, count: u32| {
        let length = 32 + if command == WRITE { count } else { 0 };
        let mut message = [1u16, command].map(u16::to_le_bytes).concat();
        message.extend([length, 0, 0].map(u32::to_le_bytes).concat());
        message.extend(offset.to_le_bytes());
        message.extend([region, count].map(u32::to_le_bytes).concat());
        // In the command register: answers in memory, may interrupt.
        message.resize(length as usize, 0x56);
        stream.write_all(&message).unwrap();
        let mut header = [0; 16];
        stream.read_exact(&mut header).unwrap();
        let length = u32::from_le_bytes(header[4..8].try_into().unwrap());
        let mut rest = vec![0; length as usize - header.len()];
        stream.read_exact(&mut rest).unwrap();
        // Its data, where it is no error.
        (header[8] & 0x20 == 0).then(|| rest.split_off(16))
    };
    const READ: u16 = 9;
    const WRITE: u16 = 10;
    let (config, bar, table) = (VFIO_PCI_CONFIG_REGION_INDEX, VFIO_PCI_BAR0_REGION_INDEX, VFIO_PCI_BAR2_REGION_INDEX);
    let end = u64::from(BAR_BYTES);
    for (region, offset) in [(config, 4093), (bar, end - 3), (bar, end), (bar, u64::MAX - 1), (table, 0x1000), (1, 0)] {
        assert_eq!(access(READ, region, offset, 4), None, "read of {region} at {offset:#x}");
        assert_eq!(access(WRITE, region, offset, 4), None, "write of {region} at {offset:#x}");
    }
    assert_eq!(access(READ, bar, 0, u32::MAX), None);
    assert_eq!(access(READ, config, 0, 2), Some(VENDOR.to_le_bytes().to_vec()));
    // The pending bits are read only, the table is not.
    access(WRITE, config, 4, 1).unwrap();
    access(WRITE, table, 0x7fc, 12).unwrap();
    assert_eq!(access(READ, table, 0x7fc, 12), Some([[0x56; 4], [0; 4], [0; 4]].concat()));
}

#[test]
fn after_a_client_comes_the_next_and_malformed_ones_harm_nobody() {
    let (_function, server) = serve("next");
    for message in [&b""[..], b"nonsense, and too long to be a header of the protocol", &[0, 0, 1, 0, 16, 0, 0, 0]] {
        let mut stream = UnixStream::connect(server.path()).unwrap();
        stream.write_all(message).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut rest = vec![];
        // Closed or answered with an error, as the crate likes.
        let _ = stream.read_to_end(&mut rest);
    }
    for _ in 0..3 {
        let mut client = Client::new(server.path()).unwrap();
        client.region_write(VFIO_PCI_CONFIG_REGION_INDEX, 4, &[6, 0]).unwrap();
        assert_eq!(read(&mut client, VFIO_PCI_BAR0_REGION_INDEX, 0), map::MAGIC_VALUE);
    }
    let path = server.path().to_owned();
    assert!(VfioUserServer::spawn(serve("other").0, &path).is_err(), "a socket that is there");
    drop(server);
    assert!(!path.exists());
}
