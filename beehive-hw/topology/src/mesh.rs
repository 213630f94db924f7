//! Coordinates of the mesh and the way a message takes through it: first along x, then along y.
//!
//! ```text
//!   (0,0) --east--> (1,0) --> (2,0)        x grows east, y grows south
//!     |                         |
//!   south                       v          (0,0) to (2,1): two links east, one south
//!     v
//!   (0,1)           (1,1)     (2,1)
//! ```

use serde::Serialize;
use std::fmt;

/// The mesh has at most this many columns and as many rows.
pub const MAX_SIDE: u32 = 16;

/// Position of a router and its tile; (0, 0) is top left.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Coordinate {
    /// Column, grows east.
    pub x: u32,
    /// Row, grows south.
    pub y: u32,
}

impl Coordinate {
    /// Column `x`, row `y`.
    pub fn new(x: u32, y: u32) -> Self {
        Coordinate { x, y }
    }

    /// Links between the two.
    pub fn distance(self, other: Coordinate) -> u32 {
        self.x.abs_diff(other.x) + self.y.abs_diff(other.y)
    }

    /// The neighbour in a direction, if the coordinates do not become negative.
    fn step(self, towards: Direction) -> Option<Coordinate> {
        let Coordinate { x, y } = self;
        Some(match towards {
            Direction::North => Coordinate { x, y: y.checked_sub(1)? },
            Direction::South => Coordinate { x, y: y + 1 },
            Direction::East => Coordinate { x: x + 1, y },
            Direction::West => Coordinate { x: x.checked_sub(1)?, y },
        })
    }
}

impl fmt::Display for Coordinate {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "({},{})", self.x, self.y)
    }
}

/// Side of a router at which a link leaves.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub enum Direction {
    /// Towards y - 1.
    North,
    /// Towards y + 1.
    South,
    /// Towards x + 1.
    East,
    /// Towards x - 1.
    West,
}

impl Direction {
    /// All four.
    pub const ALL: [Direction; 4] = [Direction::North, Direction::South, Direction::East, Direction::West];
}

/// A link from a router to its neighbour, with the input FIFO at its end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Link {
    /// The router it leaves.
    pub from: Coordinate,
    /// The side it leaves at.
    pub towards: Direction,
}

impl Link {
    /// The router it arrives at.
    ///
    /// # Panics
    /// If it leaves the mesh at the north or west border.
    pub fn to(self) -> Coordinate {
        self.from.step(self.towards).expect("a link inside the mesh")
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}->{}", self.from, self.to())
    }
}

/// The links from one router to another in the order of travel: along x, then along y.
pub fn route(from: Coordinate, to: Coordinate) -> Vec<Link> {
    let mut at = from;
    let mut links = Vec::with_capacity(from.distance(to) as usize);
    while at != to {
        let towards = match (at.x.cmp(&to.x), at.y.cmp(&to.y)) {
            (std::cmp::Ordering::Less, _) => Direction::East,
            (std::cmp::Ordering::Greater, _) => Direction::West,
            (_, std::cmp::Ordering::Less) => Direction::South,
            _ => Direction::North,
        };
        let link = Link { from: at, towards };
        links.push(link);
        at = link.to();
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_travel_along_x_first() {
        let links: Vec<String> =
            route(Coordinate::new(2, 0), Coordinate::new(1, 2)).iter().map(Link::to_string).collect();
        assert_eq!(links, ["(2,0)->(1,0)", "(1,0)->(1,1)", "(1,1)->(1,2)"]);
        assert!(route(Coordinate::new(3, 3), Coordinate::new(3, 3)).is_empty());
    }
}
