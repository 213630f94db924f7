//! Memory for the device.

use super::{Fixture, Outcome, cases, ensure, refused, same};
use crate::dma::PAGE_BYTES;
use crate::{DmaMemory, Error};

cases! {
    any memory_is_mapped_and_unmapped,
    any memory_is_mapped_twice,
    any memory_is_mapped_again_behind_an_unmapping,
    any memory_keeps_its_content,
    any mappings_are_whole_pages,
    any mappings_do_not_overlap,
    any mappings_spare_the_window_of_interrupts,
    any mappings_end_before_the_last_address,
    any mappings_outlive_their_handle,
    any memory_of_no_bytes_is_refused,
    any memory_ends_where_it_ends,
}

/// Where nothing else is.
const IOVA: u64 = 0x1000_0000;

fn memory_is_mapped_and_unmapped(fixture: &dyn Fixture) -> Outcome {
    let device = fixture.open()?;
    let mapping = device.map_dma(&DmaMemory::new(4 * PAGE_BYTES)?, IOVA)?;
    same!(mapping.iova(), IOVA);
    mapping.unmap()?;
    Ok(())
}

fn memory_is_mapped_twice(fixture: &dyn Fixture) -> Outcome {
    let (device, memory) = (fixture.open()?, DmaMemory::new(PAGE_BYTES)?);
    let _first = device.map_dma(&memory, IOVA)?;
    let second = device.map_dma(&memory, IOVA + PAGE_BYTES)?;
    second.unmap()?;
    Ok(())
}

fn memory_is_mapped_again_behind_an_unmapping(fixture: &dyn Fixture) -> Outcome {
    let (device, memory) = (fixture.open()?, DmaMemory::new(PAGE_BYTES)?);
    for _ in 0..10 {
        drop(device.map_dma(&memory, IOVA)?);
    }
    Ok(())
}

fn memory_keeps_its_content(fixture: &dyn Fixture) -> Outcome {
    let (device, memory) = (fixture.open()?, DmaMemory::new(PAGE_BYTES)?);
    memory.write(100, b"content")?;
    let mapping = device.map_dma(&memory, IOVA)?;
    let mut data = [0; 7];
    mapping.memory().read(100, &mut data)?;
    same!(&data, b"content");
    drop(mapping);
    memory.read(100, &mut data)?;
    same!(&data, b"content");
    Ok(())
}

fn mappings_are_whole_pages(fixture: &dyn Fixture) -> Outcome {
    let (device, memory) = (fixture.open()?, DmaMemory::new(1)?);
    same!(memory.bytes(), PAGE_BYTES);
    for iova in [IOVA + 1, IOVA + 64, IOVA + PAGE_BYTES / 2] {
        refused!(device.map_dma(&memory, iova), Error::Dma { .. });
    }
    Ok(())
}

fn mappings_do_not_overlap(fixture: &dyn Fixture) -> Outcome {
    let (device, memory) = (fixture.open()?, DmaMemory::new(4 * PAGE_BYTES)?);
    let _mapping = device.map_dma(&memory, IOVA)?;
    for iova in [IOVA, IOVA + PAGE_BYTES, IOVA - PAGE_BYTES] {
        refused!(device.map_dma(&memory, iova), Error::Dma { .. });
    }
    device.map_dma(&memory, IOVA + 4 * PAGE_BYTES)?.unmap()?;
    Ok(())
}

fn mappings_spare_the_window_of_interrupts(fixture: &dyn Fixture) -> Outcome {
    let (device, memory) = (fixture.open()?, DmaMemory::new(2 * PAGE_BYTES)?);
    for iova in [0xfee0_0000, 0xfeef_f000, 0xfedf_f000] {
        refused!(device.map_dma(&memory, iova), Error::Dma { .. });
    }
    Ok(())
}

fn mappings_end_before_the_last_address(fixture: &dyn Fixture) -> Outcome {
    let (device, memory) = (fixture.open()?, DmaMemory::new(2 * PAGE_BYTES)?);
    refused!(device.map_dma(&memory, u64::MAX - PAGE_BYTES + 1), Error::Dma { .. });
    Ok(())
}

fn mappings_outlive_their_handle(fixture: &dyn Fixture) -> Outcome {
    let device = fixture.open()?;
    let mapping = device.map_dma(&DmaMemory::new(PAGE_BYTES)?, IOVA)?;
    drop(device);
    mapping.memory().write(0, &[1])?;
    // They do not keep it: the device is there for the next, and its addresses are free.
    let next = fixture.open()?;
    let again = next.map_dma(mapping.memory(), IOVA)?;
    drop(mapping);
    refused!(next.map_dma(again.memory(), IOVA), Error::Dma { .. });
    again.unmap()?;
    Ok(())
}

fn memory_of_no_bytes_is_refused(_: &dyn Fixture) -> Outcome {
    for bytes in [0, u64::MAX, u64::MAX - PAGE_BYTES + 1] {
        refused!(DmaMemory::new(bytes), Error::Dma { .. });
    }
    Ok(())
}

fn memory_ends_where_it_ends(_: &dyn Fixture) -> Outcome {
    let memory = DmaMemory::new(PAGE_BYTES)?;
    memory.write(PAGE_BYTES - 1, &[1])?;
    refused!(memory.write(PAGE_BYTES, &[1]), Error::Dma { .. });
    refused!(memory.read(u64::MAX, &mut [0; 2]), Error::Dma { .. });
    let mut last = [0];
    memory.read(PAGE_BYTES - 1, &mut last)?;
    ensure!(last == [1], "it is {last:?}");
    Ok(())
}
