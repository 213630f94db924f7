//! Resets.

use super::{Fixture, LONG, Outcome, Stop, card, cases, ensure, same};
use crate::{ResetKind, map, pci};
use beehive_wire::description::Access;

cases! {
    card reset_says_what_it_did,
    card reset_is_counted_by_the_card,
    card reset_clears_the_scratch_register,
    card reset_leaves_memory_decoded,
    card reset_leaves_mastering_as_it_was,
    card reset_again_and_again,
    card reset_restores_configuration,
    card soft_reset_is_counted,
    card soft_reset_keeps_the_scratch_register,
    card soft_reset_interrupts,
    card soft_reset_needs_the_key,
}

fn reset_says_what_it_did(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    nic.set(map::SCRATCH, 77)?;
    let kind = nic.device().reset()?;
    same!(nic.get(map::SCRATCH)?, 0);
    // The function's own reset comes before that of its bus.
    same!(kind == ResetKind::Function, pci::has_function_reset(nic.device())?);
    Ok(())
}

fn reset_is_counted_by_the_card(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    let before = nic.get(map::RESETS)?;
    if nic.reset()? != ResetKind::Function {
        return Err(Stop::Skip("more than the function is reset here".into()));
    }
    same!(nic.get(map::RESETS)?, before.wrapping_add(1));
    Ok(())
}

fn reset_clears_the_scratch_register(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    nic.set(map::SCRATCH, 77)?;
    same!(nic.get(map::SCRATCH)?, 77);
    nic.reset()?;
    same!(nic.get(map::SCRATCH)?, 0);
    Ok(())
}

fn reset_leaves_memory_decoded(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    nic.device().reset()?;
    same!(nic.device().read32(0, map::MAGIC.offset.into())?, map::MAGIC_VALUE);
    Ok(())
}

fn reset_leaves_mastering_as_it_was(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    let device = nic.device();
    for (set, clear) in [(pci::BUS_MASTER, 0), (0, pci::BUS_MASTER)] {
        pci::set_command(device, set, clear)?;
        device.reset()?;
        same!(pci::command(device)? & (pci::BUS_MASTER | pci::MEMORY), set | pci::MEMORY);
    }
    Ok(())
}

fn reset_again_and_again(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    for _ in 0..5 {
        nic.reset()?;
        nic.is_there()?;
    }
    Ok(())
}

fn reset_restores_configuration(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    nic.reset()?;
    let description = nic.description();
    let of = |tile: &beehive_wire::description::Tile| {
        let list = &description.registers[tile.registers];
        let config = list.iter().find(|register| register.access == Access::Config && register.count == 1)?;
        Some((tile.name.clone(), config.name.clone()))
    };
    let found = description.tiles.iter().filter(|_| description.host.is_some()).find_map(of);
    let (tile, name) = found.ok_or_else(|| Stop::Skip("this design has no configuration".into()))?;
    let initial = nic.read(&tile, &name)?;
    nic.write(&tile, &name, initial ^ 1)?;
    nic.commit(&tile)?;
    same!(nic.read(&tile, &name)?, initial ^ 1);
    nic.reset()?;
    same!(nic.read(&tile, &name)?, initial);
    Ok(())
}

fn soft_reset_is_counted(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    let before = nic.get(map::RESETS)?;
    nic.soft_reset()?;
    same!(nic.get(map::RESETS)?, before.wrapping_add(1));
    Ok(())
}

fn soft_reset_keeps_the_scratch_register(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    nic.set(map::SCRATCH, 78)?;
    nic.soft_reset()?;
    same!(nic.get(map::SCRATCH)?, 78);
    Ok(())
}

fn soft_reset_interrupts(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    let interrupts = nic.interrupts()?;
    let done = &interrupts[map::interrupt::RESET_DONE as usize];
    done.take()?;
    nic.soft_reset()?;
    ensure!(done.wait_timeout(LONG)? >= 1, "it did not");
    Ok(())
}

fn soft_reset_needs_the_key(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    let before = nic.get(map::RESETS)?;
    nic.set(map::RESET, 1)?;
    nic.set(map::RESET, !map::RESET_KEY)?;
    same!(nic.get(map::RESETS)?, before);
    Ok(())
}
