//! SystemVerilog.
