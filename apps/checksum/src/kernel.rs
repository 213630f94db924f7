//! The engine in rust-hdl: [`Crc32c`].

use crate::gf2::{self, Rows};
use beehive_rust_hdl::prelude::*;
use num_bigint::BigUint;
use std::array::from_fn;

/// Rows of a matrix over GF(2), to take the parity of.
fn masks<const N: usize>(rows: &Rows) -> [Constant<Bits<N>>; 32] {
    from_fn(|i| Constant::new(BigUint::from_bytes_le(&rows[i]).into()))
}

/// What is asked of a packet.
#[derive(LogicStruct, Copy, Clone, Debug, Default, PartialEq)]
pub struct Task {
    /// The checksum of what comes before it; 0 where nothing does.
    pub so_far: Bits<32>,
    /// Bytes at its end that do not count; they are in its last beat.
    pub padding: Bits<2>,
}

/// CRC-32C of packets in beats of `W` bits, whose count of bytes takes `L` bits.
#[allow(non_snake_case)]
#[derive(LogicBlock)]
pub struct Crc32c<const W: usize, const L: usize> {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// There is a task.
    pub tasks_valid: Signal<In, Bit>,
    /// It is taken.
    pub tasks_ready: Signal<Out, Bit>,
    /// What it is.
    pub tasks: Signal<In, Task>,
    /// There is a beat.
    pub bytes_valid: Signal<In, Bit>,
    /// It is taken.
    pub bytes_ready: Signal<Out, Bit>,
    /// Its bytes, the first least significant; meaningless beyond `bytes_len`.
    pub bytes_data: Signal<In, Bits<W>>,
    /// Valid bytes.
    pub bytes_len: Signal<In, Bits<L>>,
    /// The last beat of its packet.
    pub bytes_last: Signal<In, Bit>,
    /// There is a checksum.
    pub sum_valid: Signal<Out, Bit>,
    /// It is taken.
    pub sum_ready: Signal<In, Bit>,
    /// What it is.
    pub sum_data: Signal<Out, Bits<32>>,
    moves: Signal<Local, Bit>,
    taken: Signal<Local, Bit>,
    starts: Signal<Local, Bit>,
    pad: Signal<Local, Bits<2>>,
    count: Signal<Local, Bits<L>>,
    end: Signal<Local, Bits<10>>,
    masked: Signal<Local, Bits<W>>,
    inside: DFF<Bit>,
    padding: DFF<Bits<2>>,
    // The text with the checksum so far, and zeros behind its end.
    text: DFF<Bits<W>>,
    text_there: DFF<Bit>,
    text_first: DFF<Bit>,
    text_last: DFF<Bit>,
    text_surplus: DFF<Bits<L>>,
    // What the beat does to a state of zero.
    absorb: [Constant<Bits<W>>; 32],
    absorbed: Signal<Local, Bits<32>>,
    part: DFF<Bits<32>>,
    part_there: DFF<Bit>,
    part_first: DFF<Bit>,
    part_last: DFF<Bit>,
    part_surplus: DFF<Bits<L>>,
    // The state behind the beat.
    advance: [Constant<Bits<32>>; 32],
    advanced: Signal<Local, Bits<32>>,
    before: Signal<Local, Bits<32>>,
    state: DFF<Bits<32>>,
    // The same at the end of a packet, where it stays until the next.
    ended: DFF<Bits<32>>,
    there: DFF<Bit>,
    surplus: DFF<Bits<L>>,
    // The state before the zeros: 1, 2, 4, .. of them are taken back.
    undo: [[Constant<Bits<32>>; 32]; L],
    earlier: [Signal<Local, Bits<32>>; L],
    undone: [DFF<Bits<32>>; L],
    undone_there: [DFF<Bit>; L],
    undone_surplus: [DFF<Bits<L>>; L],
    ones: Constant<Bits<W>>,
    bytes: Constant<Bits<L>>,
    L: Constant<Bits<8>>,
}

impl<const W: usize, const L: usize> Default for Crc32c<W, L> {
    fn default() -> Self {
        Crc32c {
            clock: Default::default(),
            tasks_valid: Default::default(),
            tasks_ready: Default::default(),
            tasks: Default::default(),
            bytes_valid: Default::default(),
            bytes_ready: Default::default(),
            bytes_data: Default::default(),
            bytes_len: Default::default(),
            bytes_last: Default::default(),
            sum_valid: Default::default(),
            sum_ready: Default::default(),
            sum_data: Default::default(),
            moves: Default::default(),
            taken: Default::default(),
            starts: Default::default(),
            pad: Default::default(),
            count: Default::default(),
            end: Default::default(),
            masked: Default::default(),
            inside: Default::default(),
            padding: Default::default(),
            text: Default::default(),
            text_there: Default::default(),
            text_first: Default::default(),
            text_last: Default::default(),
            text_surplus: Default::default(),
            absorb: masks(&gf2::absorb(W as u32)),
            absorbed: Default::default(),
            part: Default::default(),
            part_there: Default::default(),
            part_first: Default::default(),
            part_last: Default::default(),
            part_surplus: Default::default(),
            advance: masks(&gf2::advance(W as u32)),
            advanced: Default::default(),
            before: Default::default(),
            state: Default::default(),
            ended: Default::default(),
            there: Default::default(),
            surplus: Default::default(),
            undo: from_fn(|i| masks(&gf2::undo(1 << i))),
            earlier: from_fn(|_| Default::default()),
            undone: from_fn(|_| Default::default()),
            undone_there: from_fn(|_| Default::default()),
            undone_surplus: from_fn(|_| Default::default()),
            ones: Constant::new(BigUint::from_bytes_le(&vec![0xff; W / 8]).into()),
            bytes: Constant::new((W as u64 / 8).into()),
            L: Constant::new((L as u64).into()),
        }
    }
}

impl<const W: usize, const L: usize> Logic for Crc32c<W, L> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, inside, padding, text, text_there, text_first, text_last, text_surplus);
        dff_setup!(self, clock, part, part_there, part_first, part_last, part_surplus, state, ended, there, surplus);
        for i in 0..L {
            self.undone[i].clock.next = self.clock.val();
            self.undone[i].d.next = self.undone[i].q.val();
            self.undone_there[i].clock.next = self.clock.val();
            self.undone_there[i].d.next = self.undone_there[i].q.val();
            self.undone_surplus[i].clock.next = self.clock.val();
            self.undone_surplus[i].d.next = self.undone_surplus[i].q.val();
        }

        // Everything waits for whoever takes the checksums; a packet's first beat waits for its task.
        self.moves.next = !self.undone_there[L - 1].q.val() | self.sum_ready.val();
        self.starts.next = !self.inside.q.val();
        self.bytes_ready.next = self.moves.val() & (self.inside.q.val() | self.tasks_valid.val());
        self.tasks_ready.next = self.moves.val() & self.starts.val() & self.bytes_valid.val();
        self.taken.next = self.bytes_valid.val() & self.bytes_ready.val();

        self.pad.next = self.padding.q.val();
        if self.starts.val() {
            self.pad.next = self.tasks.val().padding;
        }
        self.count.next = self.bytes_len.val();
        if self.bytes_last.val() {
            self.count.next = self.bytes_len.val() - bit_cast::<L, 2>(self.pad.val());
        }
        self.end.next = bit_cast::<10, L>(self.count.val()) << 3;
        self.masked.next = self.bytes_data.val() & !(self.ones.val() << self.end.val());
        if self.starts.val() {
            self.masked.next = self.masked.val() ^ bit_cast::<W, 32>(!self.tasks.val().so_far);
        }
        if self.taken.val() {
            self.inside.d.next = !self.bytes_last.val();
            self.padding.d.next = self.pad.val();
            self.text.d.next = self.masked.val();
            self.text_first.d.next = self.starts.val();
            self.text_last.d.next = self.bytes_last.val();
            self.text_surplus.d.next = self.bytes.val() - self.count.val();
        }

        self.absorbed.next = 0.into();
        self.advanced.next = 0.into();
        for i in 0..32 {
            self.absorbed.next = self.absorbed.val().replace_bit(i, (self.text.q.val() & self.absorb[i].val()).xor());
            self.advanced.next = self.advanced.val().replace_bit(i, (self.state.q.val() & self.advance[i].val()).xor());
        }
        if self.moves.val() & self.text_there.q.val() {
            self.part.d.next = self.absorbed.val();
            self.part_first.d.next = self.text_first.q.val();
            self.part_last.d.next = self.text_last.q.val();
            self.part_surplus.d.next = self.text_surplus.q.val();
        }

        self.before.next = self.advanced.val();
        if self.part_first.q.val() {
            self.before.next = 0.into();
        }
        if self.moves.val() & self.part_there.q.val() {
            self.state.d.next = self.part.q.val() ^ self.before.val();
            if self.part_last.q.val() {
                self.ended.d.next = self.part.q.val() ^ self.before.val();
                self.surplus.d.next = self.part_surplus.q.val();
            }
        }

        self.earlier[0].next = 0.into();
        for i in 0..32 {
            self.earlier[0].next =
                self.earlier[0].val().replace_bit(i, (self.ended.q.val() & self.undo[0][i].val()).xor());
        }
        if self.moves.val() & self.there.q.val() {
            self.undone[0].d.next = self.ended.q.val();
            if self.surplus.q.val().get_bit(0) {
                self.undone[0].d.next = self.earlier[0].val();
            }
            self.undone_surplus[0].d.next = self.surplus.q.val();
        }
        for i in 1..L {
            self.earlier[i].next = 0.into();
            for k in 0..32 {
                self.earlier[i].next =
                    self.earlier[i].val().replace_bit(k, (self.undone[i - 1].q.val() & self.undo[i][k].val()).xor());
            }
            if self.moves.val() & self.undone_there[i - 1].q.val() {
                self.undone[i].d.next = self.undone[i - 1].q.val();
                if self.undone_surplus[i - 1].q.val().get_bit(i) {
                    self.undone[i].d.next = self.earlier[i].val();
                }
                self.undone_surplus[i].d.next = self.undone_surplus[i - 1].q.val();
            }
        }

        if self.moves.val() {
            self.text_there.d.next = self.taken.val();
            self.part_there.d.next = self.text_there.q.val();
            self.there.d.next = self.part_there.q.val() & self.part_last.q.val();
            self.undone_there[0].d.next = self.there.q.val();
            for i in 1..L {
                self.undone_there[i].d.next = self.undone_there[i - 1].q.val();
            }
        }
        self.sum_valid.next = self.undone_there[L - 1].q.val();
        self.sum_data.next = !self.undone[L - 1].q.val();
    }
}
