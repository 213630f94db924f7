//! The card: names, tables, snapshots.

use super::{Fixture, Outcome, Stop, card, cases, ensure, refused, same};
use crate::{Error, Nic, Snapshot, map};
use beehive_wire::description::{Access, Register, Tile};

cases! {
    card card_is_there,
    card card_is_opened_again_and_again,
    card card_of_another_number_is_refused,
    card description_names_its_tiles,
    card registers_by_name_all_answer,
    card registers_of_tables_are_counted,
    card names_that_are_not_there_are_told,
    card indices_that_are_not_there_are_told,
    card counters_cannot_be_written,
    card device_registers_that_are_read_only_are_refused,
    card configuration_counts_after_a_commit,
    card tables_are_written_and_read,
    card tables_that_are_too_long_are_refused,
    card commits_of_nobody_are_refused,
    card cycles_do_not_go_back,
    card snapshot_has_every_tile,
    card snapshot_is_the_same_as_json,
    card logs_of_nobody_are_refused,
}

/// The first tile and register like this.
fn find(nic: &Nic, wanted: fn(&Register) -> bool) -> Result<(&Tile, &Register), Stop> {
    let description = nic.description();
    let tiles = description.tiles.iter().filter(|_| description.host.is_some());
    let mut all =
        tiles.flat_map(|tile| description.registers[tile.registers].iter().map(move |register| (tile, register)));
    all.find(|(_, register)| wanted(register)).ok_or_else(|| Stop::Skip("this design has no such register".into()))
}

fn card_is_there(fixture: &dyn Fixture) -> Outcome {
    Ok(card(fixture)?.is_there()?)
}

fn card_is_opened_again_and_again(fixture: &dyn Fixture) -> Outcome {
    for _ in 0..3 {
        card(fixture)?;
    }
    Ok(())
}

fn card_of_another_number_is_refused(fixture: &dyn Fixture) -> Outcome {
    refused!(Nic::open_as(fixture.open()?, (0x8086, 0x100e)), Error::NotACard { .. });
    Ok(())
}

fn description_names_its_tiles(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    let description = nic.description();
    ensure!(!description.design.is_empty() && !description.tiles.is_empty(), "it is empty");
    ensure!(description.tiles.iter().all(|tile| !tile.name.is_empty() && !tile.kind.is_empty()), "a tile has no name");
    Ok(())
}

fn registers_by_name_all_answer(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    let refused = nic.get(map::REFUSED)?;
    for tile in nic.description().tiles.iter().filter(|_| nic.description().host.is_some()) {
        for register in &nic.description().registers[tile.registers] {
            nic.read(&tile.name, &register.name)?;
        }
    }
    same!(nic.get(map::REFUSED)?, refused);
    Ok(())
}

fn registers_of_tables_are_counted(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    let (tile, table) = find(&nic, |register| register.count > 1)?;
    let all = nic.read_table(&tile.name, &table.name)?;
    same!(all.len(), table.count as usize);
    for (i, value) in all.iter().enumerate() {
        same!(nic.read(&tile.name, &format!("{}[{i}]", table.name))?, *value);
    }
    Ok(())
}

fn names_that_are_not_there_are_told(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    let (tile, register) = find(&nic, |_| true)?;
    let text = |result: crate::Result<u32>| result.err().map(|error| error.to_string()).unwrap_or_default();
    let nobody = text(nic.read("nobody", "nothing"));
    ensure!(nobody.contains("nobody") && nobody.contains(&tile.name), "it says {nobody:?}");
    let nothing = text(nic.read(&tile.name, "nothing"));
    ensure!(nothing.contains("nothing") && nothing.contains(&register.name), "it says {nothing:?}");
    Ok(())
}

fn indices_that_are_not_there_are_told(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    let (tile, table) = find(&nic, |register| register.count > 1)?;
    for index in [table.count.to_string(), "-1".into(), "4294967296".into(), String::new(), "x".into()] {
        refused!(nic.read(&tile.name, &format!("{}[{index}]", table.name)), Error::Register(_));
    }
    Ok(())
}

fn counters_cannot_be_written(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    let (tile, counter) = find(&nic, |register| register.access == Access::Counter)?;
    let refused = nic.get(map::REFUSED)?;
    refused!(nic.write(&tile.name, &counter.name, 1), Error::Register(_));
    same!(nic.get(map::REFUSED)?, refused);
    Ok(())
}

fn device_registers_that_are_read_only_are_refused(fixture: &dyn Fixture) -> Outcome {
    refused!(card(fixture)?.set(map::MAGIC, 1), Error::Register(_));
    Ok(())
}

fn configuration_counts_after_a_commit(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    let (tile, config) = find(&nic, |register| register.access == Access::Config && register.count == 1)?;
    let before = nic.read(&tile.name, &config.name)?;
    for value in [before ^ 1, before] {
        nic.write(&tile.name, &config.name, value)?;
        nic.commit(&tile.name)?;
        same!(nic.read(&tile.name, &config.name)?, value);
    }
    Ok(())
}

fn tables_are_written_and_read(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    let (tile, table) = find(&nic, |register| register.access == Access::Config && register.count > 1)?;
    let before = nic.read_table(&tile.name, &table.name)?;
    let other: Vec<u32> = before.iter().map(|value| value ^ 1).collect();
    for values in [other, before] {
        nic.write_table(&tile.name, &table.name, &values)?;
        same!(nic.read_table(&tile.name, &table.name)?, values);
    }
    Ok(())
}

fn tables_that_are_too_long_are_refused(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    let (tile, table) = find(&nic, |register| register.access == Access::Config && register.count > 1)?;
    let values = vec![0; table.count as usize + 1];
    refused!(nic.write_table(&tile.name, &table.name, &values), Error::Register(_));
    Ok(())
}

fn commits_of_nobody_are_refused(fixture: &dyn Fixture) -> Outcome {
    refused!(card(fixture)?.commit("nobody"), Error::Register(_));
    Ok(())
}

fn cycles_do_not_go_back(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    let mut last = 0;
    for _ in 0..20 {
        let now = nic.cycles()?;
        ensure!(now >= last, "{now} after {last}");
        last = now;
    }
    Ok(())
}

fn snapshot_has_every_tile(fixture: &dyn Fixture) -> Outcome {
    let nic = card(fixture)?;
    let snapshot = nic.snapshot()?;
    let description = nic.description();
    same!(snapshot.design, description.design);
    let (tile, register) = find(&nic, |register| register.access == Access::Config && register.count == 1)?;
    same!(snapshot.register(&tile.name, &register.name), Some(nic.read(&tile.name, &register.name)?));
    for tile in description.tiles.iter().filter(|_| description.host.is_some()) {
        let of = description.registers[tile.registers].iter().filter(|register| register.access != Access::Command);
        let want: u32 = of.map(|register| register.count).sum();
        let found = snapshot.tiles.iter().find(|of| of.name == tile.name).map_or(0, |of| of.registers.len());
        ensure!(found == want as usize, "tile {} has {found} of {want}", tile.name);
    }
    Ok(())
}

fn snapshot_is_the_same_as_json(fixture: &dyn Fixture) -> Outcome {
    let snapshot = card(fixture)?.snapshot()?;
    let wrong = |error: serde_json::Error| Stop::Fail(error.to_string());
    let text = serde_json::to_string(&snapshot).map_err(wrong)?;
    let again: Snapshot = serde_json::from_str(&text).map_err(wrong)?;
    ensure!(again == snapshot, "it is not");
    Ok(())
}

fn logs_of_nobody_are_refused(fixture: &dyn Fixture) -> Outcome {
    refused!(card(fixture)?.logs("nobody", 1), Error::Register(_));
    Ok(())
}
