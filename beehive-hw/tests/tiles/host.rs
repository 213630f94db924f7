use super::harness::*;
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::mutate::{Change, Mutant, assert_all_caught};
use beehive_hdl::testbench::{Failure, Packet, Pattern, packets_of, seeds};
use beehive_hw::control::host::{Host, host};
use beehive_wire::registers::{access, address, operation};

const COLUMNS: u64 = 5;
const ROWS: u64 = 3;

fn example() -> Def {
    host(Host { columns: COLUMNS as u32, rows: ROWS as u32 })
}

/// The test is the network: it answers each request some cycles later.
fn check(def: &Def) -> Result<(), Failure> {
    for seed in seeds(4) {
        let mut bench = open(def, seed);
        for stream in ["host_req", "ctl_in"] {
            bench.set_pattern(stream, Pattern::Always);
        }
        for _ in 0..150 {
            let (x, y) = (bench.rng().within(0..=COLUMNS), bench.rng().within(0..=ROWS));
            let (index, data) = (bench.rng().within(0..1024), bench.rng().within(0..1 << 32));
            let write = bench.rng().one_in(2);
            let odd = if bench.rng().one_in(8) { bench.rng().within(1..4) } else { 0 };
            let addr = u64::from(address(x as u8, y as u8, index as u16)) | odd;
            // No tile is outside of the mesh, at half a register, or at the host's own place.
            let good = x < COLUMNS && y < ROWS && odd == 0 && (y << 4 | x) != u64::from(HERE);
            let (asked, answered) = (bench.received("ctl_out").len(), bench.received("host_resp").len());
            let request = [(1, u64::from(write)), (20, addr), (32, data)];
            let request = request.map(|(width, value)| Value::from_u128(width, value.into()));
            bench.send("host_req", [Value::cat(&request)]);
            let mut expected = (1, 0);
            if good {
                for _ in 0..500 {
                    if bench.received("ctl_out").len() > asked {
                        break;
                    }
                    bench.tick()?;
                }
                let beats = bench.received("ctl_out")[asked..].to_vec();
                let flits = packets_of(&beats, 64).map_err(|fault| bench.failure(fault))?;
                bench.equal("requests on the network", flits.len(), 1)?;
                let get = |field: beehive_wire::Field| field.get(&flits[0].bytes);
                let what = if write { operation::WRITE } else { operation::READ };
                let got = (get(access::TO), get(access::FROM), get(access::OPERATION), get(access::INDEX));
                bench.equal("request", got, (y << 4 | x, HERE.into(), what.into(), index))?;
                bench.equal("data", get(access::DATA), data)?;
                for _ in 0..bench.rng().within(0..10) {
                    bench.tick()?;
                }
                let (refused, value) = (bench.rng().one_in(3), bench.rng().within(0..1 << 32));
                let mut answer = [0; access::LEN];
                let what = if refused { operation::REFUSED } else { operation::DONE };
                access::OPERATION.set(&mut answer, what.into());
                access::DATA.set(&mut answer, value);
                bench.send_packets("ctl_in", 64, &[Packet::new(answer)]);
                expected = (u64::from(refused), value);
            }
            for _ in 0..500 {
                if bench.received("host_resp").len() > answered {
                    break;
                }
                bench.tick()?;
            }
            (0..3).try_for_each(|_| bench.tick())?;
            let got = bench.received("host_resp")[answered..].to_vec();
            bench.equal("responses", got.len(), 1)?;
            let response = (got[0].slice(0, 1).words()[0], got[0].slice(1, 32).words()[0]);
            bench.equal("response", response, expected)?;
            let asked = bench.received("ctl_out").len() - asked;
            bench.equal("requests on the network", asked, good.into())?;
        }
    }
    Ok(())
}

#[test]
fn every_request_is_answered_once() -> Result<(), Failure> {
    check(&example())
}

#[test]
fn mutants_are_caught() {
    let mutants: &[Mutant] = &[
        ("places outside are asked", |m| m.change("good", Change::Constant(1))),
        ("refusals are not told", |m| m.change("done", Change::Constant(1))),
        ("reads are writes", |m| m.change("what", Change::Constant(1))),
        ("the request is not kept", |m| m.drop_assignment("request_data", 0)),
        ("the answer is not kept", |m| m.drop_assignment("response_data", 1)),
        ("rows are columns", |m| m.change_constant("good", 3, 5)),
    ];
    assert_all_caught(&example(), mutants, check);
}
