//! The UDP/IP tiles as a whole network card, frame by frame.

mod basics;
mod cycles;
mod design;
mod frames;
mod fuzz;
mod malformed;
mod model;
mod mutate;
mod registers;
mod reset;
mod stalls;
