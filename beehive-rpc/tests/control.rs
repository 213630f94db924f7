//! Registers over the network, of a simulated card.
#![cfg(all(feature = "control", feature = "sim"))]

use beehive_hw::topology::standard;
use beehive_rpc::control::{Error, Key, Registers};
use beehive_rpc::sim::SimNic;
use beehive_rpc::wire::control::PORT;
use beehive_wire::registers;

const KEY: [u8; 16] = *b"0123456789abcdef";

fn card() -> SimNic {
    SimNic::spawn(include_str!("../../topologies/rpc_echo.toml"), &standard()).unwrap()
}

/// Lets the other end of the cable write, with this key.
fn unlock(nic: &SimNic, key: &[u8; 16]) {
    let write = |register: &str, value| nic.card().write("remote_control", register, value).unwrap();
    for i in 0..4 {
        write(&format!("key_{i}"), u32::from_le_bytes(key[4 * i..4 * i + 4].try_into().unwrap()));
    }
    write("source[0]", u32::from_be_bytes([10, 77, 0, 1]));
    write("writes_on", 1);
    let tile = nic.card().design().tiles.iter().find(|tile| tile.name == "remote_control").unwrap();
    nic.card().nic().write(registers::address(tile.at.x as u8, tile.at.y as u8, 1), 1).unwrap();
}

/// Address of a register of `ip_tx`: how long neighbours are kept.
fn lifetime(nic: &SimNic) -> u32 {
    let tiles = beehive_hw::topology::registers(nic.card().design(), &standard());
    let tile = tiles.into_iter().find(|tile| tile.tile == "ip_tx").unwrap();
    tile.registers.into_iter().find(|(name, ..)| name == "lifetime").unwrap().1
}

#[tokio::test]
async fn registers_are_read_by_all_and_written_by_friends() {
    let nic = card();
    let address = lifetime(&nic);
    let stranger = Registers::new(nic.endpoint(PORT).await.unwrap());
    let value = stranger.read(address).await.unwrap();
    assert_eq!(value, nic.card().read("ip_tx", "lifetime").unwrap());
    assert!(matches!(stranger.read(0xf_f000).await, Err(Error::Refused(0xf_f000))));
    assert!(matches!(stranger.write(address, 1).await, Err(Error::NoKey)));

    let friend = Registers::new(nic.endpoint(PORT).await.unwrap()).key(Key::from_bytes(KEY));
    assert!(matches!(friend.write(address, 1).await, Err(Error::Locked)));
    unlock(&nic, &KEY);
    for i in 1..20 {
        friend.write(address, value + i).await.unwrap();
        assert_eq!(nic.card().read("ip_tx", "lifetime").unwrap(), value + i);
    }
    assert!(matches!(friend.write(0xf_f000, 1).await, Err(Error::Refused(_))));

    let forger = Registers::new(nic.endpoint(PORT).await.unwrap()).key(Key::from_bytes([0; 16]));
    assert!(matches!(forger.write(address, 1).await, Err(Error::Forged)));
    assert_eq!(nic.card().read("ip_tx", "lifetime").unwrap(), value + 19);
    assert_eq!(nic.card().read("remote_control", "forged").unwrap(), 1);
}

/// Calls that are lost and repeated on the way are done once each.
#[tokio::test]
async fn on_a_bad_cable_every_write_is_done_once() {
    let text = include_str!("../../topologies/rpc_echo.toml");
    let bad = "loss=20%,dup=20%,seed=5".parse().unwrap();
    let nic = SimNic::spawn_with(text, &standard(), |card| card.impairment(bad)).unwrap();
    unlock(&nic, &KEY);
    let options = beehive_rpc::Endpoint::builder().deadline(std::time::Duration::from_secs(60));
    let friend = Registers::new(nic.connect(options, PORT).await.unwrap()).key(Key::from_bytes(KEY));
    let address = lifetime(&nic);
    for value in 1..100 {
        friend.write(address, value).await.unwrap();
        assert_eq!(nic.card().read("ip_tx", "lifetime").unwrap(), value);
    }
    assert_eq!(nic.card().read("remote_control", "writes").unwrap(), 99);
    let again = ["repeated", "replayed"].map(|name| nic.card().read("remote_control", name).unwrap());
    assert!(again[0] > 5, "{again:?}");
}
