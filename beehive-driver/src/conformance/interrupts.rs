//! Interrupts.

use super::{Fixture, LONG, Outcome, SHORT, card, cases, ensure, refused, same};
use crate::{Error, Interrupt, map, pci};
use map::interrupt::VECTORS;

cases! {
    card vectors_are_those_of_the_card,
    card vectors_agree_with_msi_x,
    any more_vectors_than_there_are_are_refused,
    card fewer_vectors_than_there_are_do,
    card each_vector_has_an_eventfd_of_its_own,
    card each_interrupt_is_counted,
    card nothing_happens_by_itself,
    card vectors_that_are_masked_wait,
    card vectors_that_are_disabled_are_silent,
    card interrupts_are_disabled_twice,
    card interrupts_are_enabled_again,
    card interrupts_need_bus_mastering,
    card interrupts_show_in_the_status,
    card interrupts_outlive_a_reset,
    card interrupts_are_enabled_by_the_next_handle,
    card interrupts_are_awaited,
    card interrupts_that_happened_are_awaited,
    card vectors_that_are_not_there_are_not_raised,
    any waiting_ends_with_the_handle,
}

/// Without those that happened before.
fn quiet(interrupts: &[Interrupt]) -> crate::Result<()> {
    interrupts.iter().try_for_each(|interrupt| interrupt.take().map(drop))
}

/// An open card with all interrupts on, and none on the way.
fn start(fixture: &dyn Fixture) -> Result<(crate::Nic, Vec<Interrupt>), super::Stop> {
    let nic = card(fixture)?;
    nic.set(map::INTERRUPT_ENABLE, 0)?;
    nic.reset()?;
    let interrupts = nic.interrupts()?;
    nic.set(map::INTERRUPT_STATUS, u32::MAX)?;
    nic.get(map::INTERRUPT_STATUS)?;
    std::thread::sleep(SHORT);
    quiet(&interrupts)?;
    Ok((nic, interrupts))
}

fn vectors_are_those_of_the_card(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    same!(nic.device().vectors()?, VECTORS);
    same!(nic.get(map::VECTORS)?, VECTORS);
    Ok(())
}

fn vectors_agree_with_msi_x(fixture: &dyn Fixture) -> Outcome {
    let device = fixture.open()?;
    same!(pci::msi_x(&*device)?.map(|msi_x| msi_x.vectors), Some(device.vectors()?));
    Ok(())
}

fn more_vectors_than_there_are_are_refused(fixture: &dyn Fixture) -> Outcome {
    let device = fixture.open()?;
    for count in [device.vectors()? + 1, 4096, u32::MAX] {
        refused!(device.enable_interrupts(count), Error::Interrupt { .. });
    }
    Ok(())
}

fn fewer_vectors_than_there_are_do(fixture: &dyn Fixture) -> Outcome {
    let (nic, all) = start(fixture)?;
    let first = nic.device().enable_interrupts(1)?;
    nic.raise(1)?;
    nic.raise(0)?;
    same!(first[0].wait_timeout(LONG)?, 1);
    same!(all[1].take()?, 0);
    Ok(())
}

fn each_vector_has_an_eventfd_of_its_own(fixture: &dyn Fixture) -> Outcome {
    let (nic, interrupts) = start(fixture)?;
    same!(interrupts.len(), VECTORS as usize);
    for (vector, interrupt) in (0..).zip(&interrupts) {
        nic.raise(vector)?;
        same!(interrupt.wait_timeout(LONG)?, 1);
        for (other, silent) in interrupts.iter().enumerate() {
            ensure!(silent.take()? == 0, "vector {vector} told {other}");
        }
    }
    Ok(())
}

fn each_interrupt_is_counted(fixture: &dyn Fixture) -> Outcome {
    let (nic, interrupts) = start(fixture)?;
    let mut count = 0;
    for _ in 0..3 {
        nic.raise(0)?;
        count += interrupts[0].wait_timeout(LONG)?;
    }
    same!(count, 3);
    same!(interrupts[0].take()?, 0);
    Ok(())
}

fn nothing_happens_by_itself(fixture: &dyn Fixture) -> Outcome {
    let (_nic, interrupts) = start(fixture)?;
    for interrupt in &interrupts {
        refused!(interrupt.wait_timeout(SHORT), Error::Timeout { .. });
    }
    Ok(())
}

fn vectors_that_are_masked_wait(fixture: &dyn Fixture) -> Outcome {
    let (nic, interrupts) = start(fixture)?;
    nic.set(map::INTERRUPT_ENABLE, 0b1110)?;
    nic.raise(0)?;
    refused!(interrupts[0].wait_timeout(SHORT), Error::Timeout { .. });
    same!(nic.get(map::INTERRUPT_STATUS)? & 1, 1);
    nic.set(map::INTERRUPT_ENABLE, 0b1111)?;
    same!(interrupts[0].wait_timeout(LONG)?, 1);
    Ok(())
}

fn vectors_that_are_disabled_are_silent(fixture: &dyn Fixture) -> Outcome {
    let (nic, interrupts) = start(fixture)?;
    nic.device().disable_interrupts()?;
    nic.raise(0)?;
    refused!(interrupts[0].wait_timeout(SHORT), Error::Timeout { .. });
    Ok(())
}

fn interrupts_are_disabled_twice(fixture: &dyn Fixture) -> Outcome {
    let device = fixture.open()?;
    device.disable_interrupts()?;
    device.disable_interrupts()?;
    Ok(())
}

fn interrupts_are_enabled_again(fixture: &dyn Fixture) -> Outcome {
    let (nic, before) = start(fixture)?;
    let after = nic.interrupts()?;
    nic.raise(2)?;
    same!(after[2].wait_timeout(LONG)?, 1);
    same!(before[2].take()?, 0);
    Ok(())
}

fn interrupts_need_bus_mastering(fixture: &dyn Fixture) -> Outcome {
    let (nic, interrupts) = start(fixture)?;
    pci::set_command(nic.device(), 0, pci::BUS_MASTER)?;
    nic.raise(0)?;
    refused!(interrupts[0].wait_timeout(SHORT), Error::Timeout { .. });
    pci::set_command(nic.device(), pci::BUS_MASTER, 0)?;
    quiet(&interrupts)?;
    std::thread::sleep(SHORT);
    quiet(&interrupts)?;
    nic.raise(0)?;
    same!(interrupts[0].wait_timeout(LONG)?, 1);
    Ok(())
}

fn interrupts_show_in_the_status(fixture: &dyn Fixture) -> Outcome {
    let (nic, _interrupts) = start(fixture)?;
    nic.raise(0)?;
    nic.raise(3)?;
    same!(nic.get(map::INTERRUPT_STATUS)?, 0b1001);
    nic.set(map::INTERRUPT_STATUS, 0b0001)?;
    same!(nic.get(map::INTERRUPT_STATUS)?, 0b1000);
    nic.set(map::INTERRUPT_STATUS, u32::MAX)?;
    same!(nic.get(map::INTERRUPT_STATUS)?, 0);
    Ok(())
}

fn interrupts_outlive_a_reset(fixture: &dyn Fixture) -> Outcome {
    let (nic, interrupts) = start(fixture)?;
    nic.reset()?;
    same!(nic.get(map::INTERRUPT_ENABLE)?, 0);
    // That it was reset.
    same!(nic.get(map::INTERRUPT_STATUS)?, 1 << map::interrupt::RESET_DONE);
    nic.set(map::INTERRUPT_STATUS, u32::MAX)?;
    nic.set(map::INTERRUPT_ENABLE, 1)?;
    quiet(&interrupts)?;
    nic.raise(0)?;
    same!(interrupts[0].wait_timeout(LONG)?, 1);
    Ok(())
}

fn interrupts_are_enabled_by_the_next_handle(fixture: &dyn Fixture) -> Outcome {
    let (nic, old) = start(fixture)?;
    drop(nic);
    let (nic, new) = start(fixture)?;
    nic.raise(1)?;
    same!(new[1].wait_timeout(LONG)?, 1);
    same!(old[1].take()?, 0);
    Ok(())
}

#[cfg(feature = "tokio")]
fn runtime() -> Result<tokio::runtime::Runtime, super::Stop> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
    runtime.map_err(|error| super::Stop::Fail(error.to_string()))
}

#[cfg(feature = "tokio")]
fn interrupts_are_awaited(fixture: &dyn Fixture) -> Outcome {
    let (nic, mut interrupts) = start(fixture)?;
    let last = interrupts.pop().ok_or_else(|| super::Stop::Fail("no vectors".into()))?;
    let waited = runtime()?.block_on(async {
        let waiting = tokio::spawn(async move { last.wait().await });
        // It waits already.
        tokio::task::yield_now().await;
        nic.raise(VECTORS - 1)?;
        waiting.await.unwrap_or(Ok(0))
    })?;
    same!(waited, 1);
    Ok(())
}

#[cfg(feature = "tokio")]
fn interrupts_that_happened_are_awaited(fixture: &dyn Fixture) -> Outcome {
    let (nic, interrupts) = start(fixture)?;
    let waited = runtime()?.block_on(async {
        let mut counts = [0; 2];
        for _ in 0..2 {
            nic.raise(0)?;
            nic.raise(1)?;
            for (count, interrupt) in counts.iter_mut().zip(&interrupts) {
                *count += interrupt.wait().await?;
            }
        }
        Ok::<_, Error>(counts)
    })?;
    same!(waited, [2, 2]);
    Ok(())
}

#[cfg(not(feature = "tokio"))]
fn interrupts_are_awaited(_: &dyn Fixture) -> Outcome {
    Err(super::Stop::Skip("built without tokio".into()))
}

#[cfg(not(feature = "tokio"))]
fn interrupts_that_happened_are_awaited(_: &dyn Fixture) -> Outcome {
    Err(super::Stop::Skip("built without tokio".into()))
}

fn vectors_that_are_not_there_are_not_raised(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    refused!(nic.raise(VECTORS), Error::Interrupt { .. });
    refused!(nic.raise(u32::MAX), Error::Interrupt { .. });
    Ok(())
}

fn waiting_ends_with_the_handle(fixture: &dyn Fixture) -> Outcome {
    let device = fixture.open()?;
    let interrupt = device.enable_interrupts(1)?.remove(0);
    let waited = std::thread::scope(|scope| {
        let waits = scope.spawn(|| interrupt.wait_timeout(LONG));
        drop(device);
        waits.join().unwrap_or(Ok(0))
    });
    refused!(waited, Error::Gone { .. });
    Ok(())
}
