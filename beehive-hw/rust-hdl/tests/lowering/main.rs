//! Lowered blocks: what they do, and how they read.
#![allow(missing_docs)]

mod agree;
mod blocks;
mod refused;

use beehive_rust_hdl::block;
use blocks::{grid, probe, table, widgets};

#[test]
fn probes_mean_what_they_mean_in_rust() {
    agree::with_rust(|| block((), |_| probe::Probe::default()), probe::Probe::default);
}

#[test]
fn a_table_is_the_same_everywhere() {
    agree::with_rust(|| block((), |_| table::Table::default()), table::Table::default);
}

#[test]
fn arrays_and_const_generics_are_the_same_everywhere() {
    agree::with_rust(|| block((), |_| grid::Grid::<3, 6>::default()), grid::Grid::<3, 6>::default);
}

#[test]
fn widgets_are_the_same_everywhere() {
    agree::with_rust(|| block((), |_| widgets::Widgets::default()), widgets::Widgets::default);
}
