//! A card that is taken away.

use super::{Fixture, Outcome, Stop, bounded, card, cases, ensure, same};
use crate::{DmaMemory, Nic, map, pci};
use std::thread;
use std::time::{Duration, Instant};

cases! {
    card removal_is_told,
    card removal_ends_reads_with_gone,
    card removal_ends_resets_with_gone,
    card removal_ends_waiting_with_gone,
    card removal_ends_everything_in_time,
    card removal_refuses_the_next_handle,
    card removal_leaves_interrupts_readable,
    card removal_is_over_when_the_card_is_back,
}

/// Opens the card, takes it away, does this, brings it back.
fn without(fixture: &dyn Fixture, work: impl FnOnce(Nic) -> Outcome) -> Outcome {
    let nic = card(fixture)?;
    fixture.unplug().map_err(Stop::Skip)?;
    let outcome = work(nic);
    fixture.plug();
    outcome
}

fn removal_is_told(fixture: &dyn Fixture) -> Outcome {
    without(fixture, |nic| {
        let start = Instant::now();
        // A socket that is closed is found by using it.
        while !nic.device().gone() && nic.is_there().is_ok() {
            ensure!(start.elapsed() < nic.device().timeout(), "it is not");
            thread::sleep(Duration::from_millis(1));
        }
        ensure!(nic.device().gone() || nic.is_there().is_err_and(|error| error.is_gone()), "it is not");
        Ok(())
    })
}

fn removal_ends_reads_with_gone(fixture: &dyn Fixture) -> Outcome {
    without(fixture, |nic| {
        for _ in 0..3 {
            let read = bounded(nic.device(), || nic.get(map::SCRATCH))?;
            ensure!(read.as_ref().is_err_and(|error| error.is_gone()), "it is {read:?}");
        }
        Ok(())
    })
}

fn removal_ends_resets_with_gone(fixture: &dyn Fixture) -> Outcome {
    without(fixture, |nic| {
        let reset = bounded(nic.device(), || nic.soft_reset())?;
        ensure!(reset.as_ref().is_err_and(|error| error.is_gone()), "it is {reset:?}");
        let reset = bounded(nic.device(), || nic.reset())?;
        ensure!(reset.as_ref().is_err_and(|error| error.is_gone()), "it is {reset:?}");
        Ok(())
    })
}

fn removal_ends_waiting_with_gone(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    let interrupts = nic.interrupts()?;
    // The handle has to find out that the card is gone: by itself, or by using it.
    let waited = thread::scope(|scope| {
        let waits = scope.spawn(|| interrupts[0].wait_timeout(super::LONG));
        thread::sleep(Duration::from_millis(10));
        if let Err(why) = fixture.unplug() {
            nic.raise(0)?;
            return Err(Stop::Skip(why));
        }
        let start = Instant::now();
        while !nic.device().gone() && nic.is_there().is_ok() && start.elapsed() < nic.device().timeout() {
            thread::sleep(Duration::from_millis(1));
        }
        waits.join().map_err(|_| Stop::Fail("it panicked".into()))
    });
    drop(nic);
    fixture.plug();
    let waited = waited?;
    ensure!(waited.as_ref().is_err_and(|error| error.is_gone()), "it is {waited:?}");
    Ok(())
}

fn removal_ends_everything_in_time(fixture: &dyn Fixture) -> Outcome {
    without(fixture, |nic| {
        let device = nic.device();
        bounded(device, || {
            // Ones or an error: whatever it is, it comes.
            let _ = (device.read32(0, 0), device.write32(0, 0x28, 1), device.read64(0, 0), device.write64(0, 0x28, 1));
            let _ = (device.config_read(0, &mut [0; 4]), device.config_write(4, &[6]), device.reset());
            let _ = (device.enable_interrupts(1), device.disable_interrupts(), pci::msi_x(device));
            let _ = (DmaMemory::new(4096).and_then(|memory| device.map_dma(&memory, 0)), nic.snapshot());
            let _ = nic.commit(&nic.description().tiles[0].name);
        })
    })
}

fn removal_refuses_the_next_handle(fixture: &dyn Fixture) -> Outcome {
    without(fixture, |nic| {
        drop(nic);
        let opened = fixture.open().and_then(Nic::open);
        ensure!(opened.is_err(), "it opens");
        Ok(())
    })
}

fn removal_leaves_interrupts_readable(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    let interrupts = nic.interrupts()?;
    nic.raise(0)?;
    nic.get(map::INTERRUPT_STATUS)?;
    interrupts[0].wait_timeout(super::LONG)?;
    fixture.unplug().map_err(Stop::Skip)?;
    let left = interrupts.iter().map(|interrupt| interrupt.take()).collect::<crate::Result<Vec<_>>>();
    drop(nic);
    fixture.plug();
    same!(left?[0], 0);
    Ok(())
}

fn removal_is_over_when_the_card_is_back(fixture: &dyn Fixture) -> Outcome {
    without(fixture, |nic| {
        drop(nic);
        Ok(())
    })?;
    card(fixture)?.is_there()?;
    Ok(())
}
