//! Handles that are closed leave no file and no thread behind. Alone in its process, whose files and threads it counts.

mod common;

use beehive_driver::sim::{Plain, Watched};
use beehive_driver::{Device, DmaMemory, Nic, Result, Sim, VfioUser};
use common::{Twist, serve};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// Files and threads of this process.
fn counts() -> [usize; 2] {
    ["/proc/self/fd", "/proc/self/task"].map(|folder| std::fs::read_dir(folder).unwrap().count())
}

fn use_it(device: Result<impl Device + 'static>) -> Result<()> {
    let nic = Nic::open(device?)?;
    let interrupts = nic.interrupts()?;
    nic.raise(0)?;
    interrupts[0].wait_timeout(Duration::from_secs(20))?;
    let _mapping = nic.device().map_dma(&DmaMemory::new(4096)?, 0x1000)?;
    nic.reset()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(Duration::from_millis(1), interrupts[2].wait()).await.unwrap_err() });
    drop(nic);
    assert!(runtime.block_on(interrupts[2].wait()).unwrap_err().is_gone());
    Ok(())
}

#[test]
fn handles_leave_nothing_behind() {
    let card = Arc::new(Plain::sample());
    let path = serve(card.clone(), |_, _, reply| Twist::Send(reply));
    let rounds = || {
        for _ in 0..20 {
            use_it(VfioUser::connect(&path)).unwrap();
            use_it(Ok(Sim::new(Watched::new(card.clone(), Duration::from_secs(5)).unwrap()))).unwrap();
        }
    };
    rounds();
    // The server takes its time to close.
    let settled = |most: [usize; 2]| {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(20) {
            if counts().iter().zip(most).all(|(is, most)| *is <= most) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("files and threads: {:?}, not {most:?}", counts());
    };
    thread::sleep(Duration::from_millis(200));
    let before = counts();
    rounds();
    settled(before);
    std::fs::remove_file(path).unwrap();
}
