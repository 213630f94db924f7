//! The policy in rust-hdl: [`Meter`], a state machine with a table.

use beehive_rust_hdl::prelude::*;

#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum State {
    Clear,
    Idle,
    Look,
    Earn,
    Fill,
    Spill,
    Judge,
    Tell,
}

#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum Color {
    Green,
    Yellow,
    Red,
}

/// A packet to judge.
#[derive(LogicStruct, Copy, Clone, Debug, Default, PartialEq)]
pub struct Ask {
    pub key: Bits<32>,
    pub length: Bits<17>,
    pub time: Bits<48>,
}

/// What becomes of it.
#[derive(LogicStruct, Copy, Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    pub color: Color,
    pub is_new: Bit,
}

/// What is known of a source: tokens are 2^-16 bytes.
#[derive(LogicStruct, Copy, Clone, Debug, Default, PartialEq)]
pub struct Row {
    pub used: Bit,
    pub key: Bits<32>,
    pub time: Bits<48>,
    pub committed: Bits<40>,
    pub excess: Bits<40>,
}

/// The policy with a table of 2^`N` rows.
#[derive(LogicBlock)]
pub struct Meter<const N: usize> {
    pub clock: Signal<In, Clock>,
    pub asks_valid: Signal<In, Bit>,
    pub asks_ready: Signal<Out, Bit>,
    pub asks: Signal<In, Ask>,
    pub verdicts_valid: Signal<Out, Bit>,
    pub verdicts_ready: Signal<In, Bit>,
    pub verdicts: Signal<Out, Verdict>,
    pub rate: Signal<In, Bits<24>>,
    pub committed_burst: Signal<In, Bits<24>>,
    pub excess_burst: Signal<In, Bits<24>>,
    state: DFF<State>,
    sweep: DFF<Bits<N>>,
    ask: DFF<Ask>,
    verdict: DFF<Verdict>,
    // The source's row while it is worked on; when its source was seen last.
    committed: DFF<Bits<40>>,
    excess: DFF<Bits<40>>,
    time: DFF<Bits<48>>,
    // What is left of the product of elapsed time and rate, and the sum so far: 41 bits fill both buckets.
    elapsed: DFF<Bits<48>>,
    addend: DFF<Bits<43>>,
    earned: DFF<Bits<43>>,
    rows: RAM<Row, N>,
    wanted: Signal<Local, Bits<32>>,
    folded: Signal<Local, Bits<32>>,
    known: Signal<Local, Bit>,
    since: Signal<Local, Bits<48>>,
    is_late: Signal<Local, Bit>,
    enough: Signal<Local, Bit>,
    committed_limit: Signal<Local, Bits<40>>,
    excess_limit: Signal<Local, Bits<40>>,
    filled: Signal<Local, Bits<43>>,
    spilled: Signal<Local, Bits<43>>,
    overflows: Signal<Local, Bit>,
    size: Signal<Local, Bits<40>>,
    is_green: Signal<Local, Bit>,
    is_yellow: Signal<Local, Bit>,
    write: Signal<Local, Bit>,
    row: Signal<Local, Row>,
    no_row: Constant<Row>,
}

impl<const N: usize> Default for Meter<N> {
    fn default() -> Self {
        Meter {
            clock: Default::default(),
            asks_valid: Default::default(),
            asks_ready: Default::default(),
            asks: Default::default(),
            verdicts_valid: Default::default(),
            verdicts_ready: Default::default(),
            verdicts: Default::default(),
            rate: Default::default(),
            committed_burst: Default::default(),
            excess_burst: Default::default(),
            state: Default::default(),
            sweep: Default::default(),
            ask: Default::default(),
            verdict: Default::default(),
            committed: Default::default(),
            excess: Default::default(),
            time: Default::default(),
            elapsed: Default::default(),
            addend: Default::default(),
            earned: Default::default(),
            rows: Default::default(),
            wanted: Default::default(),
            folded: Default::default(),
            known: Default::default(),
            since: Default::default(),
            is_late: Default::default(),
            enough: Default::default(),
            committed_limit: Default::default(),
            excess_limit: Default::default(),
            filled: Default::default(),
            spilled: Default::default(),
            overflows: Default::default(),
            size: Default::default(),
            is_green: Default::default(),
            is_yellow: Default::default(),
            write: Default::default(),
            row: Default::default(),
            no_row: Constant::new(Row::default()),
        }
    }
}

impl<const N: usize> Logic for Meter<N> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, state, sweep, ask, verdict, committed, excess, time, elapsed, addend, earned);
        self.rows.read_clock.next = self.clock.val();
        self.rows.write_clock.next = self.clock.val();
        self.asks_ready.next = false;
        self.verdicts_valid.next = false;
        self.verdicts.next = self.verdict.q.val();

        // The row: looked up with the key that comes, written with the one that is there.
        self.wanted.next = self.asks.val().key ^ (self.asks.val().key >> 16);
        self.folded.next = self.ask.q.val().key ^ (self.ask.q.val().key >> 16);
        self.rows.read_address.next = self.wanted.val().get_bits::<N>(0);
        self.rows.write_address.next = self.folded.val().get_bits::<N>(0);
        self.write.next = false;
        self.row.next.used = true;
        self.row.next.key = self.ask.q.val().key;
        self.row.next.time = self.time.q.val();
        self.row.next.committed = self.committed.q.val();
        self.row.next.excess = self.excess.q.val();

        self.known.next = self.rows.read_data.val().used & (self.rows.read_data.val().key == self.ask.q.val().key);
        self.since.next = self.ask.q.val().time - self.rows.read_data.val().time;
        self.is_late.next = self.since.val().get_bit(47);
        self.enough.next = self.earned.q.val().get_bits::<2>(41).any();
        self.committed_limit.next = bit_cast::<40, 24>(self.committed_burst.val()) << 16;
        self.excess_limit.next = bit_cast::<40, 24>(self.excess_burst.val()) << 16;
        self.filled.next = bit_cast::<43, 40>(self.committed.q.val()) + self.earned.q.val();
        self.spilled.next = bit_cast::<43, 40>(self.excess.q.val()) + self.earned.q.val();
        self.overflows.next = self.filled.val() > bit_cast::<43, 40>(self.committed_limit.val());
        self.size.next = bit_cast::<40, 17>(self.ask.q.val().length) << 16;
        self.is_green.next = self.committed.q.val() >= self.size.val();
        self.is_yellow.next = self.excess.q.val() >= self.size.val();

        match self.state.q.val() {
            State::Clear => {
                self.write.next = true;
                self.rows.write_address.next = self.sweep.q.val();
                self.row.next = self.no_row.val();
                self.sweep.d.next = self.sweep.q.val() + 1;
                if self.sweep.q.val().all() {
                    self.state.d.next = State::Idle;
                }
            }
            State::Idle => {
                self.asks_ready.next = true;
                if self.asks_valid.val() {
                    self.ask.d.next = self.asks.val();
                    self.state.d.next = State::Look;
                }
            }
            State::Look => {
                self.time.d.next = self.ask.q.val().time;
                self.elapsed.d.next = 0.into();
                self.committed.d.next = self.committed_limit.val();
                self.excess.d.next = self.excess_limit.val();
                if self.known.val() {
                    self.committed.d.next = self.rows.read_data.val().committed;
                    self.excess.d.next = self.rows.read_data.val().excess;
                    if self.is_late.val() {
                        self.time.d.next = self.rows.read_data.val().time;
                    } else {
                        self.elapsed.d.next = self.since.val();
                    }
                }
                self.verdict.d.next.is_new = !self.known.val();
                self.earned.d.next = 0.into();
                self.addend.d.next = bit_cast::<43, 24>(self.rate.val());
                self.state.d.next = State::Earn;
            }
            State::Earn => {
                if self.enough.val() | !self.elapsed.q.val().any() {
                    self.state.d.next = State::Fill;
                } else {
                    if self.elapsed.q.val().get_bit(0) {
                        self.earned.d.next = self.earned.q.val() + self.addend.q.val();
                    }
                    // Once it fills the buckets alone it need not grow.
                    if !self.addend.q.val().get_bit(41) {
                        self.addend.d.next = self.addend.q.val() << 1;
                    }
                    self.elapsed.d.next = self.elapsed.q.val() >> 1;
                }
            }
            State::Fill => {
                if self.overflows.val() {
                    self.committed.d.next = self.committed_limit.val();
                    self.earned.d.next = self.filled.val() - bit_cast::<43, 40>(self.committed_limit.val());
                } else {
                    self.committed.d.next = bit_cast::<40, 43>(self.filled.val());
                    self.earned.d.next = 0.into();
                }
                self.state.d.next = State::Spill;
            }
            State::Spill => {
                if self.spilled.val() > bit_cast::<43, 40>(self.excess_limit.val()) {
                    self.excess.d.next = self.excess_limit.val();
                } else {
                    self.excess.d.next = bit_cast::<40, 43>(self.spilled.val());
                }
                self.state.d.next = State::Judge;
            }
            State::Judge => {
                self.write.next = true;
                if self.is_green.val() {
                    self.verdict.d.next.color = Color::Green;
                    self.row.next.committed = self.committed.q.val() - self.size.val();
                } else if self.is_yellow.val() {
                    self.verdict.d.next.color = Color::Yellow;
                    self.row.next.excess = self.excess.q.val() - self.size.val();
                } else {
                    self.verdict.d.next.color = Color::Red;
                }
                self.state.d.next = State::Tell;
            }
            State::Tell => {
                self.verdicts_valid.next = true;
                if self.verdicts_ready.val() {
                    self.state.d.next = State::Idle;
                }
            }
        }
        self.rows.write_enable.next = self.write.val();
        self.rows.write_data.next = self.row.val();
    }
}
