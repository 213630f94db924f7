//! One-hot helpers and balanced trees, against plain arithmetic on bits.

use super::*;
use beehive_hdl::blocks::{one_hot, reduce};
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Width {
    width: u32,
}

#[hw]
fn one_hots(p: Width) -> Def {
    module(p, |p| {
        let x = input("x", p.width);
        let lowest = one_hot::lowest_set(x);
        let highest = one_hot::highest_set(x);
        let upwards = one_hot::at_or_above(x);
        let beyond = one_hot::above(x);
        let (number, found) = one_hot::priority_encode(x);
        let again = one_hot::decode(number, p.width);
        let ones = one_hot::popcount(x);
        let single = one_hot::is_one_hot(x);
        let few = one_hot::at_most_one(x);
        for (name, value) in [
            ("lowest_set", lowest),
            ("highest_set", highest),
            ("at_or_above", upwards),
            ("above", beyond),
            ("encode", number),
            ("any", found),
            ("decode", again),
            ("popcount", ones),
            ("is_one_hot", single),
            ("at_most_one", few),
        ] {
            output(name, value.width()).set(value);
        }
    })
}

fn golden_one_hots(inputs: &[Value]) -> Vec<Value> {
    let x = &inputs[0];
    let width = x.width();
    let set: Vec<u32> = (0..width).filter(|i| x.bit(*i)).collect();
    let bits = |f: &dyn Fn(u32) -> bool| {
        let mut value = Value::zero(width);
        (0..width).filter(|i| f(*i)).for_each(|i| value.set_bit(i, true));
        value
    };
    let flag = |on: bool| Value::from_u128(1, u128::from(on));
    let (first, last) = (set.first().copied(), set.last().copied());
    let number = first.unwrap_or(0);
    vec![
        bits(&|i| Some(i) == first),
        bits(&|i| Some(i) == last),
        bits(&|i| first.is_some_and(|f| i >= f)),
        bits(&|i| first.is_some_and(|f| i > f)),
        Value::from_u128(clog2(width), u128::from(number)),
        flag(!set.is_empty()),
        bits(&|i| i == number),
        Value::from_u128(clog2(width + 1), set.len() as u128),
        flag(set.len() == 1),
        flag(set.len() <= 1),
    ]
}

#[test]
fn one_hot_helpers_are_what_their_names_say() {
    for width in [1, 2, 3, 5, 8, 33, 64, 65, 512] {
        let def = one_hots(Width { width });
        pass(over_seeds(2, |seed| against_function(&def, seed, 300, golden_one_hots)));
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Trees {
    width: u32,
    count: u32,
}

#[hw]
fn trees(p: Trees) -> Def {
    module(p, |p| {
        let values: Vec<Bits> = (0..p.count).map(|i| input(&format!("v{i}"), p.width)).collect();
        let index = input("index", clog2(p.count));
        let select = input("select", p.count);
        let total = reduce::sum(&values);
        let least = reduce::reduce(&values, reduce::min);
        let greatest = reduce::reduce(&values, reduce::max);
        let picked = reduce::pick(&values, index);
        if p.count == 1 {
            index.ignore();
        }
        let gated = one_hot::one_hot_mux(one_hot::lowest_set(select), &values);
        for (name, value) in
            [("sum", total), ("min", least), ("max", greatest), ("pick", picked), ("one_hot_mux", gated)]
        {
            output(name, value.width()).set(value);
        }
    })
}

fn golden_trees(inputs: &[Value]) -> Vec<Value> {
    let (select, rest) = inputs.split_last().expect("select");
    let (index, values) = rest.split_last().expect("index");
    let (count, width) = (values.len(), values[0].width());
    let numbers: Vec<u128> = values.iter().map(|v| u128::from(v.to_u64().expect("at most 64 bits"))).collect();
    let of = |number: u128| Value::from_u128(width, number);
    let sum_width = width + if count > 1 { clog2(count as u32) } else { 0 };
    let index = index.to_u64().expect("small") as usize;
    let chosen = (0..count).find(|i| select.bit(*i as u32));
    vec![
        Value::from_u128(sum_width, numbers.iter().sum()),
        of(*numbers.iter().min().expect("values")),
        of(*numbers.iter().max().expect("values")),
        of(numbers[index.min(count - 1)]),
        of(chosen.map_or(0, |i| numbers[i])),
    ]
}

#[test]
fn trees_give_what_a_loop_gives() {
    for (width, count) in [(1, 1), (8, 2), (16, 4), (64, 8), (7, 16)] {
        let def = trees(Trees { width, count });
        pass(over_seeds(2, |seed| against_function(&def, seed, 300, golden_trees)));
    }
    // Counts that are no powers of two: an index beyond the end picks anything.
    for (width, count) in [(16, 3), (64, 5), (9, 13)] {
        let def = trees(Trees { width, count });
        let index_width = clog2(count);
        pass(over_seeds(2, |seed| {
            let random = |rng: &mut Rng, width| match width {
                w if w == index_width => Value::from_u128(w, u128::from(rng.within(0..u64::from(count)))),
                w => rng.value(w),
            };
            against_function_of(&def, seed, 300, random, golden_trees)
        }));
    }
}

#[test]
fn refuses_bad_parameters() {
    fn pick_by(width: u32) -> Def {
        module(Width { width }, |p| {
            let values = [input("a", 4), input("b", 4), input("c", 4)];
            let index = input("index", p.width);
            output("y", 4).set(reduce::pick(&values, index));
        })
    }
    refused(|| pick_by(3), "a pick from 3 values by an index of 3 bits");
    refused(|| module((), |_| output("y", 4).set(reduce::sum(&[]))), "a reduction of no values");
    fn mux_by(width: u32) -> Def {
        module(Width { width }, |p| {
            let values = [input("a", 4), input("b", 4)];
            output("y", 4).set(one_hot::one_hot_mux(input("select", p.width), &values));
        })
    }
    refused(|| mux_by(3), "a one-hot mux of 2 values with 3 select bits");
}

#[test]
fn mutants_are_caught() {
    const ONE_HOT: &[Mutant] = &[
        ("one spreading step too short", |m| m.change_operator("filled", beehive_hdl::ir::BinOp::And)),
        ("lowest keeps them all", |m| m.change("lowest", Change::Stick { bit: 7, at: true })),
        ("one-hot without any", |m| m.change_operator("single", beehive_hdl::ir::BinOp::Or)),
        ("count off by one", |m| m.change("ones", Change::AddOne)),
    ];
    assert_all_caught(&one_hots(Width { width: 8 }), ONE_HOT, |def| {
        over_seeds(2, |seed| against_function(def, seed, 300, golden_one_hots))
    });
    const TREES: &[Mutant] = &[
        ("wrong side of a pick", |m| m.swap_arms("picked")),
        ("greatest is least", |m| m.swap_arms("greatest")),
        ("sum off by one", |m| m.change("total", Change::SubOne)),
    ];
    assert_all_caught(&trees(Trees { width: 16, count: 4 }), TREES, |def| {
        over_seeds(2, |seed| against_function(def, seed, 300, golden_trees))
    });
}
