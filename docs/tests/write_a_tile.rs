//! The tile of the chapter "Write a tile in ten minutes". Every Rust snippet of the chapter is a
//! piece of this file, to the letter: the last test sees to that.

use beehive_hdl::blocks::{Beat, Cut};
use beehive_hdl::prelude::*;
use beehive_hdl::testbench::{Bench, Failure, Packet, seeds};

/// Parameters of [`limit`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Limit {
    /// Bits per beat, a multiple of 8.
    pub width: u32,
    /// Packets of more bytes are marked.
    pub bytes: u32,
}

/// Marks packets that are too long with `err`.
#[hw]
pub fn limit(p: Limit) -> Def {
    module(p, |p| {
        require((1..0xffff).contains(&p.bytes), || format!("limit of {} bytes", p.bytes), "give 1 to 65534");
        let rx = Stream::<Beat>::input("s_axis", p.width);
        let tx = Sink::<Beat>::output("m_axis", p.width);

        let seen = reg_init("seen", 16, 0); // bytes of this packet in earlier beats
        let sum = seen.zext(17) + rx.len.zext(17);
        let total = sum.msb().mux(0xffff, sum.trunc(16)); // stays at the top, never wraps
        let too_long = total.gt(p.bytes);
        when(rx.fire(), || seen.set(rx.last.mux(0, total)));

        let marked = rx.map(p.width, |beat| Beat { err: beat.err | too_long, ..beat });
        marked.register_slice("out", Cut::Full).to(tx);
    })
}

/// What the tile does to a packet, from its definition.
fn expected(packet: &Packet, limit: usize) -> Packet {
    Packet { err: packet.err | (packet.bytes.len() > limit), ..packet.clone() }
}

fn check(def: &Def, width: u32) -> Result<(), Failure> {
    for seed in seeds(4) {
        let mut bench = Bench::new(beehive_sim::open(def), seed);
        bench.shuffle_patterns(); // random traffic, random back-pressure
        let lengths = |i: u32| if i < 30 { 1..=200 } else { 98..=103 };
        let packets: Vec<Packet> = (0..60).map(|i| Packet::random(bench.rng(), lengths(i))).collect();
        let answers: Vec<Packet> = packets.iter().map(|p| expected(p, 100)).collect();
        bench.send_packets("s_axis", width, &packets);
        bench.expect_packets("m_axis", width, &answers);
        bench.finish(100_000)?;
    }
    Ok(())
}

#[test]
fn long_packets_are_marked() -> Result<(), Failure> {
    for width in [64, 512] {
        check(&limit(Limit { width, bytes: 100 }), width)?;
    }
    Ok(())
}

#[test]
fn a_silly_limit_is_refused() {
    let errors = elaborate(|| limit(Limit { width: 64, bytes: 0 })).expect_err("no limit");
    assert!(errors.to_string().contains("limit of 0 bytes"), "{errors}");
}

#[test]
fn the_test_would_notice() {
    use beehive_hdl::ir::BinOp;
    use beehive_hdl::testbench::mutate::{Mutant, assert_all_caught};

    let mutants: &[Mutant] = &[
        ("one byte too many passes", |m| m.change_constant("too_long", 100, 101)),
        ("nothing is counted", |m| m.drop_assignment("seen", 0)),
        ("the count runs backwards", |m| m.change_operator("sum", BinOp::Sub)),
    ];
    assert_all_caught(&limit(Limit { width: 64, bytes: 100 }), mutants, |def| check(def, 64));
}

#[test]
fn waves() -> Result<(), Box<dyn std::error::Error>> {
    use beehive_hdl::dut::{Dut, DutExt};
    use beehive_sim::{Simulator, TextWave, TraceOptions, Traced};

    let def = limit(Limit { width: 64, bytes: 10 });
    let dut = Simulator::new().trace(true).build(&def)?; // every named value, not only ports
    let dut = TextWave::select(dut, 6, &["s_axis_valid", "s_axis_last", "seen", "too_long", "m_axis_err"])?;
    let file = std::env::temp_dir().join("limit.fst");
    let mut dut = Traced::new(dut, &file, TraceOptions::new())?;
    for (name, value) in [("s_axis_valid", 1), ("s_axis_len", 8), ("m_axis_ready", 1)] {
        let pin = dut.pin(name);
        dut.set(pin, value);
    }
    for last in [0, 1, 0, 0, 1] {
        let pin = dut.pin("s_axis_last");
        dut.set(pin, last);
        dut.step();
    }
    let wave = dut.finish()?; // completes the file
    println!("{wave}");
    assert!(file.metadata()?.len() > 0);
    Ok(())
}

#[test]
fn emit() -> std::io::Result<()> {
    use beehive_hdl::emit::{EmitOptions, files};

    let def = limit(Limit { width: 64, bytes: 1500 });
    let dir = std::env::temp_dir().join("limit_sv");
    std::fs::create_dir_all(&dir)?;
    for (module, text) in files(&def, &EmitOptions::default()) {
        std::fs::write(dir.join(format!("{module}.sv")), text)?;
    }
    Ok(())
}

/// Passes packets of up to 65535 bytes on, and tells the length of each.
#[hw]
pub fn measure(width: u32) -> Def {
    module(width, |&width| {
        let rx = Stream::<Beat>::input("s_axis", width);
        let tx = Sink::<Beat>::output("m_axis", width);
        let lengths = Sink::<Bits>::output("lengths", 16);

        let copies = rx.fork("copies", 2); // every beat to both, each when it is ready
        copies[0].to(tx);

        let (sum, sums) = channel::<Bits>("sum", 16); // both ends of a stream inside of the module
        sums.fifo("waiting", 4).to(lengths);

        let beat = copies[1];
        let seen = reg_init("seen", 16, 0);
        let total = seen + beat.len.zext(16);
        beat.ready.set(!beat.last | sum.ready); // the last beat needs a place for the length
        when(beat.fire(), || seen.set(beat.last.mux(0, total)));
        sum.idle(); // nothing, unless ...
        when(beat.valid & beat.last, || sum.send(total)); // ... a packet ends
    })
}

#[test]
fn lengths_are_told() -> Result<(), Failure> {
    for (width, seed) in [64, 512].into_iter().flat_map(|width| seeds(4).into_iter().map(move |seed| (width, seed))) {
        let mut bench = Bench::new(beehive_sim::open(&measure(width)), seed);
        bench.shuffle_patterns();
        let packets: Vec<Packet> = (0..60).map(|_| Packet::random(bench.rng(), 0..=200)).collect();
        bench.send_packets("s_axis", width, &packets);
        bench.expect_packets("m_axis", width, &packets);
        bench.expect("lengths", packets.iter().map(|p| Value::from_u128(16, p.bytes.len() as u128)));
        bench.finish(100_000)?;
    }
    Ok(())
}

/// The chapter shows nothing that does not run.
#[test]
fn the_chapter_quotes_this_file() {
    let source = include_str!("write_a_tile.rs");
    let chapter = include_str!("../write-a-tile.md");
    let snippets: Vec<&str> = chapter.split("```rust\n").skip(1).filter_map(|s| s.split("```").next()).collect();
    assert!(snippets.len() >= 6, "the chapter has lost its snippets");
    for snippet in snippets {
        assert!(
            source.contains(snippet.trim_end()),
            "docs/write-a-tile.md shows what docs/tests/write_a_tile.rs lacks:\n{snippet}"
        );
    }
}
