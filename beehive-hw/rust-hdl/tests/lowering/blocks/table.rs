//! A state machine with a table: struct in a RAM, enums, a stream in and out.

use beehive_rust_hdl::prelude::*;

#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum State {
    Idle,
    Look,
    Answer,
}

#[derive(LogicStruct, Copy, Clone, Debug, Default, PartialEq)]
pub struct Row {
    pub used: Bit,
    pub key: Bits<8>,
    pub count: Bits<16>,
}

#[derive(LogicBlock)]
pub struct Table {
    pub clock: Signal<In, Clock>,
    pub s_valid: Signal<In, Bit>,
    pub s_ready: Signal<Out, Bit>,
    pub s_data: Signal<In, Bits<8>>,
    pub m_valid: Signal<Out, Bit>,
    pub m_ready: Signal<In, Bit>,
    pub m: Signal<Out, Row>,
    state: DFF<State>,
    key: DFF<Bits<8>>,
    row: DFF<Row>,
    ram: RAM<Row, 4>,
    next: Signal<Local, Row>,
    hit: Signal<Local, Bit>,
    step: Constant<Bits<16>>,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            s_valid: Default::default(),
            s_ready: Default::default(),
            s_data: Default::default(),
            m_valid: Default::default(),
            m_ready: Default::default(),
            m: Default::default(),
            state: Default::default(),
            key: Default::default(),
            row: Default::default(),
            ram: Default::default(),
            next: Default::default(),
            hit: Default::default(),
            step: Constant::new(3.into()),
        }
    }
}

impl Logic for Table {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, state, key, row);
        self.ram.read_clock.next = self.clock.val();
        self.ram.write_clock.next = self.clock.val();
        self.ram.read_address.next = self.s_data.val().get_bits::<4>(0);
        self.ram.write_address.next = self.key.q.val().get_bits::<4>(0);
        self.hit.next = self.ram.read_data.val().used & (self.ram.read_data.val().key == self.key.q.val());
        self.next.next = self.ram.read_data.val();
        if self.hit.val() {
            self.next.next.count = self.ram.read_data.val().count + self.step.val();
        } else {
            self.next.next.used = true;
            self.next.next.key = self.key.q.val();
            self.next.next.count = 1.into();
        }
        self.ram.write_data.next = self.next.val();
        self.ram.write_enable.next = false;
        self.s_ready.next = false;
        self.m_valid.next = false;
        self.m.next = self.row.q.val();
        match self.state.q.val() {
            State::Idle => {
                self.s_ready.next = true;
                if self.s_valid.val() {
                    self.key.d.next = self.s_data.val();
                    self.state.d.next = State::Look;
                }
            }
            State::Look => {
                self.ram.write_enable.next = true;
                self.row.d.next = self.next.val();
                self.state.d.next = State::Answer;
            }
            State::Answer => {
                self.m_valid.next = true;
                if self.m_ready.val() {
                    self.state.d.next = State::Idle;
                }
            }
        }
    }
}

crate::agree::drive!(Table, clock; s_valid s_data m_ready);
