//! Every widget that a tile may want, side by side.

use beehive_rust_hdl::prelude::*;

#[derive(LogicState, Copy, Clone, Debug, PartialEq)]
pub enum Color {
    Red,
    Green,
    Blue,
}

declare_sync_fifo!(Fifo, Bits<8>, 8, 2);

#[derive(LogicBlock)]
pub struct Widgets {
    pub clock: Signal<In, Clock>,
    pub data: Signal<In, Bits<8>>,
    pub write: Signal<In, Bit>,
    pub read: Signal<In, Bit>,
    pub fifo_data: Signal<Out, Bits<8>>,
    pub fifo_empty: Signal<Out, Bit>,
    pub fifo_full: Signal<Out, Bit>,
    pub fifo_flags: Signal<Out, Bits<8>>,
    pub register_data: Signal<Out, Bits<8>>,
    pub register_empty: Signal<Out, Bit>,
    pub with_init: Signal<Out, Bits<8>>,
    pub edged: Signal<Out, Bits<8>>,
    pub rom_data: Signal<Out, Bits<8>>,
    pub sync_data: Signal<Out, Bits<8>>,
    pub strobe_out: Signal<Out, Bit>,
    pub shot_out: Signal<Out, Bit>,
    pub edge_out: Signal<Out, Bit>,
    pub delayed: Signal<Out, Bits<8>>,
    pub is_blue: Signal<Out, Bit>,
    fifo: Fifo,
    one: RegisterFIFO<Bits<8>>,
    dff: DFFWithInit<Bits<8>>,
    edge_dff: EdgeDFF<Bits<8>>,
    rom: ROM<Bits<8>, 4>,
    sync: SyncROM<Bits<8>, 4>,
    strobe: Strobe<32>,
    shot: Shot<32>,
    edge_detector: EdgeDetector,
    delay: DelayLine<Bits<8>, 8, 3>,
    color: DFF<Color>,
}

use rust_hdl_widgets::edge_ff::EdgeDFF;

impl Default for Widgets {
    fn default() -> Self {
        let squares = || (0..11_u64).map(|i| Bits::<8>::from(i * i));
        Self {
            clock: Default::default(),
            data: Default::default(),
            write: Default::default(),
            read: Default::default(),
            fifo_data: Default::default(),
            fifo_empty: Default::default(),
            fifo_full: Default::default(),
            fifo_flags: Default::default(),
            register_data: Default::default(),
            register_empty: Default::default(),
            with_init: Default::default(),
            edged: Default::default(),
            rom_data: Default::default(),
            sync_data: Default::default(),
            strobe_out: Default::default(),
            shot_out: Default::default(),
            edge_out: Default::default(),
            delayed: Default::default(),
            is_blue: Default::default(),
            fifo: Default::default(),
            one: Default::default(),
            dff: DFFWithInit::new(0x5a.into()),
            edge_dff: EdgeDFF::new(0x77.into()),
            rom: squares().into(),
            sync: squares().into(),
            strobe: Strobe::new(1_000, 100.0),
            shot: Shot::new(1_000, std::time::Duration::from_millis(7)),
            edge_detector: EdgeDetector::new(true),
            delay: Default::default(),
            color: Default::default(),
        }
    }
}

impl Logic for Widgets {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, fifo, one, dff, sync, strobe, shot, edge_detector, delay);
        dff_setup!(self, clock, color);
        self.edge_dff.clk.next = self.clock.val();
        self.fifo.data_in.next = self.data.val();
        self.fifo.write.next = self.write.val();
        self.fifo.read.next = self.read.val();
        self.fifo_data.next = self.fifo.data_out.val();
        self.fifo_empty.next = self.fifo.empty.val();
        self.fifo_full.next = self.fifo.full.val();
        self.fifo_flags.next = 0.into();
        if self.fifo.almost_empty.val() {
            self.fifo_flags.next = self.fifo_flags.val() | 1;
        }
        if self.fifo.almost_full.val() {
            self.fifo_flags.next = self.fifo_flags.val() | 2;
        }
        if self.fifo.overflow.val() {
            self.fifo_flags.next = self.fifo_flags.val() | 4;
        }
        if self.fifo.underflow.val() {
            self.fifo_flags.next = self.fifo_flags.val() | 8;
        }
        self.one.data_in.next = self.data.val();
        self.one.write.next = self.write.val() & !self.one.full.val();
        self.one.read.next = self.read.val() & !self.one.empty.val();
        self.register_data.next = self.one.data_out.val();
        self.register_empty.next = self.one.empty.val();
        self.dff.d.next = self.dff.q.val() + self.data.val();
        self.with_init.next = self.dff.q.val();
        self.edge_dff.d.next = self.edge_dff.q.val() ^ self.data.val();
        self.edged.next = self.edge_dff.q.val();
        self.rom.address.next = self.data.val().get_bits::<4>(0);
        self.rom_data.next = self.rom.data.val();
        self.sync.address.next = self.data.val().get_bits::<4>(4);
        self.sync_data.next = self.sync.data.val();
        self.strobe.enable.next = self.write.val();
        self.strobe_out.next = self.strobe.strobe.val();
        self.shot.trigger.next = self.read.val();
        self.shot_out.next = self.shot.active.val();
        self.edge_detector.input_signal.next = self.write.val();
        self.edge_out.next = self.edge_detector.edge_signal.val();
        self.delay.data_in.next = self.data.val();
        self.delay.delay.next = self.data.val().get_bits::<3>(2);
        self.delayed.next = self.delay.data_out.val();
        if self.write.val() {
            match self.color.q.val() {
                Color::Red => self.color.d.next = Color::Green,
                Color::Green => self.color.d.next = Color::Blue,
                Color::Blue => self.color.d.next = Color::Red,
            }
        }
        self.is_blue.next = self.color.q.val() == Color::Blue;
    }
}

crate::agree::drive!(Widgets, clock; data write read);
