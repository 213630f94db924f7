//! Memory behind base address registers.

use super::{Fixture, Outcome, Stop, card, cases, ensure, refused, same};
use crate::{Device, Error, map, pci};

cases! {
    card bar_0_has_room_for_the_map,
    any bar_sizes_do_not_change,
    any bars_that_are_not_there_are_refused,
    any bar_reads_nothing_beyond_its_end,
    any bar_writes_nothing_beyond_its_end,
    any bar_reads_nothing_unaligned,
    card bar_writes_nothing_unaligned,
    card bar_reads_the_last_word,
    card words_of_64_bits_are_two_of_32,
    any words_of_64_bits_are_aligned_and_inside,
    card words_in_a_row_are_the_same_as_one_by_one,
    any words_in_a_row_are_inside,
    card scratch_keeps_what_is_written,
    card all_ones_are_a_value_too,
    card registers_that_are_not_there_are_ones,
    card registers_that_are_read_only_stay,
    card memory_that_is_not_decoded_does_no_harm,
    card threads_share_a_handle,
}

/// The device, answering in memory.
fn open(fixture: &dyn Fixture) -> Result<Box<dyn Device>, Stop> {
    let device = fixture.open()?;
    pci::set_command(&*device, pci::MEMORY | pci::BUS_MASTER, 0)?;
    Ok(device)
}

fn get(device: &dyn Device, register: map::Register) -> crate::Result<u32> {
    device.read32(0, register.offset.into())
}

fn bar_0_has_room_for_the_map(fixture: &dyn Fixture) -> Outcome {
    let bytes = fixture.open()?.bar_bytes(0)?;
    ensure!(bytes >= map::BAR_BYTES.into(), "it has {bytes:#x}");
    Ok(())
}

fn bar_sizes_do_not_change(fixture: &dyn Fixture) -> Outcome {
    let sizes = |device: &dyn Device| (0..6).map(|bar| device.bar_bytes(bar)).collect::<crate::Result<Vec<_>>>();
    let before = sizes(&*fixture.open()?)?;
    same!(sizes(&*open(fixture)?)?, before);
    Ok(())
}

fn bars_that_are_not_there_are_refused(fixture: &dyn Fixture) -> Outcome {
    let device = open(fixture)?;
    for bar in [6, 7, 8, 255] {
        refused!(device.read32(bar, 0), Error::Bar { .. });
        refused!(device.write32(bar, 0, 0), Error::Bar { .. });
    }
    for bar in 1..6 {
        if device.bar_bytes(bar)? == 0 {
            refused!(device.read32(bar, 0), Error::Bar { .. });
        }
    }
    Ok(())
}

fn bar_reads_nothing_beyond_its_end(fixture: &dyn Fixture) -> Outcome {
    let device = open(fixture)?;
    let end = device.bar_bytes(0)?;
    for offset in [end, end + 4, u64::MAX - 3, 1 << 63] {
        refused!(device.read32(0, offset), Error::Bar { .. });
    }
    Ok(())
}

fn bar_writes_nothing_beyond_its_end(fixture: &dyn Fixture) -> Outcome {
    let device = open(fixture)?;
    let end = device.bar_bytes(0)?;
    for offset in [end, end + 4, u64::MAX - 3, 1 << 63] {
        refused!(device.write32(0, offset, 0), Error::Bar { .. });
    }
    Ok(())
}

fn bar_reads_nothing_unaligned(fixture: &dyn Fixture) -> Outcome {
    let device = open(fixture)?;
    for offset in 1..4 {
        refused!(device.read32(0, offset), Error::Bar { .. });
    }
    Ok(())
}

fn bar_writes_nothing_unaligned(fixture: &dyn Fixture) -> Outcome {
    let device = open(fixture)?;
    let scratch = u64::from(map::SCRATCH.offset);
    device.write32(0, scratch, 5)?;
    for offset in 1..4 {
        refused!(device.write32(0, scratch + offset, 9), Error::Bar { .. });
    }
    same!(get(&*device, map::SCRATCH)?, 5);
    Ok(())
}

fn bar_reads_the_last_word(fixture: &dyn Fixture) -> Outcome {
    let device = open(fixture)?;
    // Nothing is there, and it can be asked for.
    device.read32(0, device.bar_bytes(0)? - 4)?;
    same!(get(&*device, map::MAGIC)?, map::MAGIC_VALUE);
    Ok(())
}

fn words_of_64_bits_are_two_of_32(fixture: &dyn Fixture) -> Outcome {
    let device = open(fixture)?;
    let want = u64::from(map::VERSION_VALUE) << 32 | u64::from(map::MAGIC_VALUE);
    same!(device.read64(0, map::MAGIC.offset.into())?, want);
    device.write64(0, map::SCRATCH.offset.into(), 0xffff_ffff_1234_5678)?;
    same!(get(&*device, map::SCRATCH)?, 0x1234_5678);
    Ok(())
}

fn words_of_64_bits_are_aligned_and_inside(fixture: &dyn Fixture) -> Outcome {
    let device = open(fixture)?;
    for offset in [4, 1, device.bar_bytes(0)? - 4, device.bar_bytes(0)?, u64::MAX - 7] {
        refused!(device.read64(0, offset), Error::Bar { .. });
        refused!(device.write64(0, offset, 0), Error::Bar { .. });
    }
    Ok(())
}

fn words_in_a_row_are_the_same_as_one_by_one(fixture: &dyn Fixture) -> Outcome {
    let device = open(fixture)?;
    let mut row = [0; 6];
    device.read_words(0, 0, &mut row)?;
    for (word, register) in row.iter().zip(map::REGISTERS) {
        same!(*word, get(&*device, *register)?);
    }
    let bytes = get(&*device, map::DESCRIPTION)?;
    ensure!((4..=map::DESCRIPTION_BYTES).contains(&bytes), "a description of {bytes} bytes");
    let mut text = vec![0; bytes as usize / 4];
    device.read_words(0, map::DESCRIPTION_AT.into(), &mut text)?;
    let text: Vec<u8> = text.into_iter().flat_map(u32::to_le_bytes).collect();
    same!(map::fnv1a(&text), get(&*device, map::DESIGN)?);
    Ok(())
}

fn words_in_a_row_are_inside(fixture: &dyn Fixture) -> Outcome {
    let device = open(fixture)?;
    let end = device.bar_bytes(0)?;
    refused!(device.read_words(0, end - 4, &mut [0; 2]), Error::Bar { .. });
    refused!(device.read_words(0, 2, &mut [0; 2]), Error::Bar { .. });
    refused!(device.read_words(6, 0, &mut [0; 2]), Error::Bar { .. });
    device.read_words(0, 0, &mut [])?;
    Ok(())
}

fn scratch_keeps_what_is_written(fixture: &dyn Fixture) -> Outcome {
    let device = open(fixture)?;
    for value in (0..32).map(|bit| 1 << bit).chain([0, 0xaaaa_5555, 0x5555_aaaa]) {
        device.write32(0, map::SCRATCH.offset.into(), value)?;
        same!(get(&*device, map::SCRATCH)?, value);
    }
    Ok(())
}

fn all_ones_are_a_value_too(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    nic.set(map::SCRATCH, u32::MAX)?;
    same!(nic.get(map::SCRATCH)?, u32::MAX);
    ensure!(!nic.device().gone(), "it is gone");
    Ok(())
}

fn registers_that_are_not_there_are_ones(fixture: &dyn Fixture) -> Outcome {
    let device = open(fixture)?;
    let before = get(&*device, map::REFUSED)?;
    same!(device.read32(0, 0x2000)?, u32::MAX);
    same!(get(&*device, map::REFUSED)?, before + 1);
    Ok(())
}

fn registers_that_are_read_only_stay(fixture: &dyn Fixture) -> Outcome {
    let device = open(fixture)?;
    let before = get(&*device, map::REFUSED)?;
    device.write32(0, map::MAGIC.offset.into(), 7)?;
    same!(get(&*device, map::MAGIC)?, map::MAGIC_VALUE);
    same!(get(&*device, map::REFUSED)?, before + 1);
    Ok(())
}

fn memory_that_is_not_decoded_does_no_harm(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    let device = nic.device();
    nic.set(map::SCRATCH, 7)?;
    nic.get(map::SCRATCH)?;
    pci::set_command(device, 0, pci::MEMORY)?;
    let raw = get(device, map::MAGIC);
    ensure!(matches!(raw, Ok(u32::MAX) | Err(_)), "it reads {raw:x?}");
    let read = nic.get(map::SCRATCH);
    ensure!(read.as_ref().is_err_and(|error| !error.is_gone()), "it reads {read:x?}");
    // Lost or refused, as the transport likes.
    let _ = device.write32(0, map::SCRATCH.offset.into(), 9);
    pci::set_command(device, pci::MEMORY, 0)?;
    same!(nic.get(map::SCRATCH)?, 7);
    Ok(())
}

fn threads_share_a_handle(fixture: &dyn Fixture) -> Outcome {
    let device = open(fixture)?;
    let device = &*device;
    let work =
        |register: map::Register, value| move || (0..50).all(|_| get(device, register).is_ok_and(|v| v == value));
    let right = std::thread::scope(|scope| {
        let kinds =
            [(map::MAGIC, map::MAGIC_VALUE), (map::VERSION, map::VERSION_VALUE), (map::LAYOUT, map::LAYOUT_VALUE)];
        let threads = kinds.map(|(register, value)| scope.spawn(work(register, value)));
        threads.map(|thread| thread.join().unwrap_or(false))
    });
    same!(right, [true; 3]);
    Ok(())
}
