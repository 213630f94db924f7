//! A server whose process has no file left serves on when it has one again. Alone in its process, whose limit it lowers.

use beehive_hw::topology::{Draft, standard};
use beehive_nic::Card;
use beehive_nic::pci::{PciFunction, VfioUserServer};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

#[test]
fn out_of_files_is_no_end() {
    let text = include_str!("../../../topologies/udp_echo.toml");
    let design = Draft::from_toml("udp_echo.toml", text).unwrap().check(&standard()).unwrap();
    let function = PciFunction::spawn(Card::device(design, &standard(), None).unwrap()).unwrap();
    let path = std::env::temp_dir().join(format!("beehive-out-of-files-{}", std::process::id()));
    let server = VfioUserServer::spawn(Arc::new(function), path).unwrap();
    // A command that does not exist has an answer.
    let ask = || {
        let mut stream = UnixStream::connect(server.path()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(&[1, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).unwrap();
        stream.read_exact(&mut [0; 16]).map(|()| stream)
    };
    let client = ask().expect("an answer");
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, 3, hard).unwrap();
    drop(client);
    // Time to fail; if it is too short, nothing is tested, and nothing fails.
    std::thread::sleep(Duration::from_millis(500));
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
    ask().expect("an answer to the next client");
}
