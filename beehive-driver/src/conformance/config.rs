//! Configuration space and capabilities.

use super::{Fixture, Outcome, cases, ensure, refused, same};
use crate::{Device, Error, pci};

cases! {
    card config_tells_vendor_and_device,
    card config_tells_an_ethernet_controller,
    any config_has_a_header_of_type_0,
    any config_reads_of_all_widths_agree,
    any config_reads_across_words,
    any config_reads_nothing_beyond_its_end,
    any config_reads_nothing_across_its_end,
    any config_writes_nothing_beyond_its_end,
    any config_identity_cannot_be_written,
    any config_command_switches_memory_and_mastering,
    any config_command_is_written_bytewise,
    any capabilities_end,
    any capabilities_stand_behind_the_header,
    card capabilities_have_power_management,
    card capabilities_have_msi_x,
    card capabilities_have_pci_express,
    card capabilities_have_the_reset_of_the_function,
    any capabilities_have_nothing_unknown,
    card msi_x_table_is_inside_of_its_bar,
}

fn read<const N: usize>(device: &dyn Device, offset: u16) -> crate::Result<[u8; N]> {
    let mut data = [0; N];
    device.config_read(offset, &mut data).map(|()| data)
}

fn config_tells_vendor_and_device(fixture: &dyn Fixture) -> Outcome {
    let identity = pci::identity(&*fixture.open()?)?;
    same!((identity.vendor, identity.device), crate::nic::VENDOR_AND_DEVICE);
    Ok(())
}

fn config_tells_an_ethernet_controller(fixture: &dyn Fixture) -> Outcome {
    same!(pci::identity(&*fixture.open()?)?.class, 0x02_0000);
    Ok(())
}

fn config_has_a_header_of_type_0(fixture: &dyn Fixture) -> Outcome {
    same!(read::<1>(&*fixture.open()?, 0x0e)?[0] & 0x7f, 0);
    Ok(())
}

fn config_reads_of_all_widths_agree(fixture: &dyn Fixture) -> Outcome {
    let device = fixture.open()?;
    for word in (0..64).step_by(4) {
        let whole = read::<4>(&*device, word)?;
        let halves = [read::<2>(&*device, word)?, read::<2>(&*device, word + 2)?].concat();
        same!(halves[..], whole[..]);
        for (at, byte) in (word..).zip(whole) {
            same!(read::<1>(&*device, at)?, [byte]);
        }
    }
    Ok(())
}

fn config_reads_across_words(fixture: &dyn Fixture) -> Outcome {
    let device = fixture.open()?;
    let (all, part) = (read::<64>(&*device, 0)?, read::<7>(&*device, 5)?);
    same!(part[..], all[5..12]);
    Ok(())
}

fn config_reads_nothing_beyond_its_end(fixture: &dyn Fixture) -> Outcome {
    let device = fixture.open()?;
    refused!(read::<4>(&*device, 0x1000), Error::Config { .. });
    refused!(read::<1>(&*device, u16::MAX), Error::Config { .. });
    Ok(())
}

fn config_reads_nothing_across_its_end(fixture: &dyn Fixture) -> Outcome {
    let device = fixture.open()?;
    refused!(read::<8>(&*device, 0xffc), Error::Config { .. });
    refused!(read::<4097>(&*device, 0), Error::Config { .. });
    Ok(())
}

fn config_writes_nothing_beyond_its_end(fixture: &dyn Fixture) -> Outcome {
    let device = fixture.open()?;
    refused!(device.config_write(0x1000, &[0]), Error::Config { .. });
    refused!(device.config_write(0xffe, &[0; 4]), Error::Config { .. });
    Ok(())
}

fn config_identity_cannot_be_written(fixture: &dyn Fixture) -> Outcome {
    let device = fixture.open()?;
    let before = read::<4>(&*device, 0)?;
    // Refused or ignored, as the transport likes.
    let _ = device.config_write(0, &[0; 4]);
    same!(read::<4>(&*device, 0)?, before);
    Ok(())
}

fn config_command_switches_memory_and_mastering(fixture: &dyn Fixture) -> Outcome {
    let device = fixture.open()?;
    let both = pci::MEMORY | pci::BUS_MASTER;
    for (set, clear, is) in [(both, 0, both), (0, pci::BUS_MASTER, pci::MEMORY), (both, 0, both)] {
        pci::set_command(&*device, set, clear)?;
        same!(pci::command(&*device)? & both, is);
    }
    Ok(())
}

fn config_command_is_written_bytewise(fixture: &dyn Fixture) -> Outcome {
    let device = fixture.open()?;
    device.config_write(4, &[(pci::MEMORY | pci::BUS_MASTER) as u8])?;
    same!(pci::command(&*device)? & 6, 6);
    device.config_write(4, &[pci::MEMORY as u8])?;
    same!(pci::command(&*device)? & 6, pci::MEMORY);
    Ok(())
}

fn capabilities_end(fixture: &dyn Fixture) -> Outcome {
    let device = fixture.open()?;
    let all = pci::capabilities(&*device).collect::<crate::Result<Vec<_>>>()?;
    ensure!((1..=48).contains(&all.len()), "there are {}", all.len());
    Ok(())
}

fn capabilities_stand_behind_the_header(fixture: &dyn Fixture) -> Outcome {
    for capability in pci::capabilities(&*fixture.open()?) {
        let offset = capability?.offset;
        ensure!((0x40..0x100).contains(&offset) && offset.is_multiple_of(4), "one is at {offset:#x}");
    }
    Ok(())
}

fn capabilities_have_power_management(fixture: &dyn Fixture) -> Outcome {
    ensure!(pci::find(&*fixture.open()?, pci::POWER_MANAGEMENT, 8)?.is_some(), "they have not");
    Ok(())
}

fn capabilities_have_msi_x(fixture: &dyn Fixture) -> Outcome {
    ensure!(pci::find(&*fixture.open()?, pci::MSI_X, 12)?.is_some(), "they have not");
    Ok(())
}

fn capabilities_have_pci_express(fixture: &dyn Fixture) -> Outcome {
    ensure!(pci::find(&*fixture.open()?, pci::EXPRESS, 12)?.is_some(), "they have not");
    Ok(())
}

fn capabilities_have_the_reset_of_the_function(fixture: &dyn Fixture) -> Outcome {
    ensure!(pci::has_function_reset(&*fixture.open()?)?, "they have not");
    Ok(())
}

fn capabilities_have_nothing_unknown(fixture: &dyn Fixture) -> Outcome {
    same!(pci::find(&*fixture.open()?, 0xfe, 4)?, None);
    Ok(())
}

fn msi_x_table_is_inside_of_its_bar(fixture: &dyn Fixture) -> Outcome {
    let device = fixture.open()?;
    let found = pci::msi_x(&*device)?;
    ensure!(found.is_some_and(|msi_x| (1..=2048).contains(&msi_x.vectors)), "it is {found:?}");
    Ok(())
}
