//! What the tests of the command share: the binary, folders, capture files.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The command under test.
pub fn beehive() -> Command {
    Command::new(env!("CARGO_BIN_EXE_beehive"))
}

/// A file of the repository.
pub fn repository(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file)
}

/// The shipped echo card.
pub fn udp_echo() -> PathBuf {
    repository("topologies/udp_echo.toml")
}

/// The shipped card with remote procedure calls.
pub fn rpc_echo() -> PathBuf {
    repository("topologies/rpc_echo.toml")
}

/// An empty folder of one's own that vanishes with this.
pub struct Folder(pub PathBuf);

impl Folder {
    /// `name` must be the test's alone.
    pub fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("beehive-cli-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A file in it with this text.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.file(name);
        std::fs::write(&path, text).expect("a file");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What a failed test leaves behind is there to be looked at.
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

/// Standard output of a command that succeeded.
#[track_caller]
pub fn succeeds(command: &mut Command) -> String {
    let output = command.output().expect("a program");
    let (out, err) = texts(&output);
    assert!(output.status.success(), "{command:?}: {}\n{out}{err}", output.status);
    out
}

/// Exit code and standard error of a command that failed and printed nothing on standard output.
#[track_caller]
pub fn fails(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().expect("a program");
    let (out, err) = texts(&output);
    assert!(!output.status.success() && out.is_empty(), "{command:?}: {}\n{out}{err}", output.status);
    (output.status.code(), err)
}

/// Standard output and standard error.
pub fn texts(output: &Output) -> (String, String) {
    (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A capture file (pcap 2.4, Ethernet, little-endian) of these frames.
pub fn capture_of(frames: &[Vec<u8>]) -> Vec<u8> {
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0];
    for (second, frame) in (0u32..).zip(frames) {
        let length = (frame.len() as u32).to_le_bytes();
        file.extend([second.to_le_bytes(), [0; 4], length, length].concat());
        file.extend(frame);
    }
    file
}

/// The frames of a capture file.
pub fn frames_of(file: &[u8]) -> Vec<Vec<u8>> {
    let number = if file[0] == 0xa1 { u32::from_be_bytes } else { u32::from_le_bytes };
    let mut frames = vec![];
    let mut rest = &file[24..];
    while !rest.is_empty() {
        let length = number(rest[8..12].try_into().expect("four bytes")) as usize;
        frames.push(rest[16..16 + length].to_vec());
        rest = &rest[16 + length..];
    }
    frames
}

/// Bytes from hexadecimal digits, with blanks anywhere.
pub fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}
