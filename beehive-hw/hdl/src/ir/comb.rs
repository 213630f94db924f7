//! comb
