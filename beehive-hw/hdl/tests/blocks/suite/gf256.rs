//! GF(2^8) against long multiplication and division of polynomials.

use super::*;
use beehive_hdl::blocks::gf256;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};

/// Schoolbook: the full product over GF(2), then the remainder by 0x11D.
fn golden(a: u8, b: u8) -> u8 {
    let mut product = (0..8).filter(|i| b >> i & 1 != 0).fold(0u32, |sum, i| sum ^ u32::from(a) << i);
    for degree in (8..16).rev() {
        if product >> degree & 1 != 0 {
            product ^= 0x11d << (degree - 8);
        }
    }
    product as u8
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Lanes {
    width: u32,
}

#[hw]
fn scaler(p: Lanes) -> Def {
    module(p, |p| {
        let (coef, data) = (input("coef", 8), input("data", p.width));
        let scaled = gf256::scale(coef, data);
        output("product", p.width).set(scaled);
    })
}

fn golden_scale(inputs: &[Value]) -> Vec<Value> {
    let coef = inputs[0].words()[0] as u8;
    let bytes: Vec<u8> = inputs[1].to_bytes().into_iter().map(|byte| golden(coef, byte)).collect();
    vec![Value::from_bytes(inputs[1].width(), &bytes)]
}

#[hw]
fn multiplier(p: ()) -> Def {
    module(p, |_| {
        let (a, b) = (input("a", 8), input("b", 8));
        output("product", 8).set(gf256::multiply(a, b));
    })
}

#[test]
fn multiplies_every_pair() {
    let mut bench = bench(&multiplier(()), 1);
    let (a, b, product) = (bench.dut().pin("a"), bench.dut().pin("b"), bench.dut().pin("product"));
    for x in 0..=255u8 {
        for y in 0..=255u8 {
            bench.dut().set(a, u64::from(x));
            bench.dut().set(b, u64::from(y));
            assert_eq!(bench.dut().get(product), u64::from(golden(x, y)), "{x} * {y}");
        }
    }
}

#[test]
fn scales_every_lane() {
    for width in WIDTHS.into_iter().chain([8, 24, 136]) {
        pass(over_seeds(2, |seed| against_function(&scaler(Lanes { width }), seed, 300, golden_scale)));
    }
}

#[test]
fn refuses_bad_parameters() {
    refused(|| scaler(Lanes { width: 12 }), "GF(2^8) lanes of 12 bits");
    fn wide() -> Def {
        module((), |_| output("y", 16).set(gf256::scale(input("c", 9), input("d", 16))))
    }
    refused(wide, "a GF(2^8) coefficient of 9 bits");
}

#[test]
fn mutants_are_caught() {
    const MUTANTS: &[Mutant] = &[
        ("another polynomial", |m| m.change_constant("next", 0x1d, 0x1b)),
        ("a bit of the coefficient left out", |m| m.change("coef", Change::Stick { bit: 7, at: false })),
        ("lanes run into each other", |m| m.change_operator("picked_3", beehive_hdl::ir::BinOp::Or)),
        ("a term is or-ed", |m| m.change_operator("scaled", beehive_hdl::ir::BinOp::Or)),
    ];
    assert_all_caught(&scaler(Lanes { width: 512 }), MUTANTS, |def| {
        over_seeds(2, |seed| against_function(def, seed, 300, golden_scale))
    });
}
