pub mod grid;
pub mod probe;
pub mod table;
pub mod widgets;
