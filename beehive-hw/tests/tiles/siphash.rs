use super::harness::*;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Failure, seeds};
use beehive_hw::control::siphash::siphash;
use siphasher::sip::SipHasher24;
use std::hash::Hasher;

fn hash(key: &[u8; 16], message: &[u8]) -> u64 {
    let mut hasher = SipHasher24::new_with_key(key);
    hasher.write(message);
    hasher.finish()
}

fn check(def: &Def) -> Result<(), Failure> {
    for seed in seeds(4) {
        let mut bench = open(def, seed);
        for _ in 0..40 {
            let (key, message) = (bench.rng().bytes(16), bench.rng().bytes(16));
            bench.send("s_axis", [Value::from_bytes(256, &[&key[..], &message].concat())]);
            let key = key.try_into().expect("sixteen bytes");
            bench.expect("m_axis", [Value::from_u128(64, hash(&key, &message).into())]);
        }
        bench.finish(100_000)?;
    }
    Ok(())
}

#[test]
fn the_model_is_that_of_the_paper() {
    // Appendix A: the key is 00 to 0f, the message 00 to 0e.
    let key = std::array::from_fn(|i| i as u8);
    let message: Vec<u8> = (0..15).collect();
    assert_eq!(hash(&key, &message), 0xa129_ca61_49be_45e5);
}

#[test]
fn random_messages_have_their_hash() -> Result<(), Failure> {
    check(&siphash())
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("carries are lost", |m| m.drop_assignment("carry_0", 0)),
        ("a round is missing", |m| m.change_condition("phase", 4, Change::Constant(1))),
        ("halves are alike", |m| m.change("odd", Change::Constant(0))),
        ("the second word is the first", |m| m.drop_assignment("second", 0)),
        ("the end is not marked", |m| m.drop_assignment("v2", 4)),
    ];
    assert_all_caught(&siphash(), mutants, check);
}
