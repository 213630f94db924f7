//! A picture of a design: the mesh, the tiles, the chains in colours, the load of links.

use crate::design::{Connection, Design};
use crate::mesh::{Coordinate, Direction, Link, route};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Load of a link of the data network: 0 is idle, 1 a flit in every cycle.
pub type Load = BTreeMap<Link, f64>;

/// Side of a tile and distance of two, in pixels.
const TILE: f64 = 92.0;
const PITCH: f64 = 168.0;
const MARGIN: f64 = 40.0;
/// Distance of parallel lines.
const GAP: f64 = 5.0;

/// Colours of the chains, then from the start again (Okabe and Ito: told apart by the colour-blind, too).
const COLOURS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444"];

/// Draws a design as SVG.
///
/// A link with a load is as broad and as red as its load is high, and says it in percent. Chains run
/// beside each other; a dot is where one starts, an arrow head where a message arrives.
pub fn draw(design: &Design, load: &Load) -> String {
    let names: Vec<String> = design.chains.iter().map(|chain| chain_name(design, &chain.path)).collect();
    let width = 2.0 * MARGIN + f64::from(design.columns) * PITCH - (PITCH - TILE);
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0) as f64;
    let width = width.max(2.0 * MARGIN + 30.0 + 7.5 * longest);
    let legend = MARGIN + 50.0 + f64::from(design.rows) * PITCH - (PITCH - TILE);
    let height = legend + 20.0 * names.len() as f64 + 10.0;

    let mut svg = Svg(String::new());
    svg.line(format_args!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="sans-serif">"#
    ));
    svg.line(format_args!("<title>{}</title>", escape(&design.name)));
    svg.line(format_args!(r##"<rect width="100%" height="100%" fill="#ffffff"/>"##));
    let text = format!("{}: {} x {}, {} bits", design.name, design.columns, design.rows, design.width);
    svg.text(MARGIN, 24.0, "start", "16", &text);
    mesh(&mut svg, design);
    loads(&mut svg, load);
    chains(&mut svg, design);
    tiles(&mut svg, design);
    for (index, name) in names.iter().enumerate() {
        let y = legend + 20.0 * index as f64;
        svg.line(format_args!(
            r#"<line x1="{MARGIN}" y1="{}" x2="{}" y2="{}" stroke="{}" stroke-width="3"/>"#,
            y - 4.0,
            MARGIN + 22.0,
            y - 4.0,
            COLOURS[index % COLOURS.len()]
        ));
        svg.text(MARGIN + 30.0, y, "start", "13", name);
    }
    svg.line(format_args!("</svg>"));
    svg.0
}

struct Svg(String);

impl Svg {
    fn line(&mut self, line: std::fmt::Arguments) {
        writeln!(self.0, "{line}").expect("a string takes all");
    }

    fn text(&mut self, x: f64, y: f64, anchor: &str, size: &str, text: &str) {
        let text = escape(text);
        self.line(format_args!(
            r##"<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="{size}" fill="#222222">{text}</text>"##
        ));
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Middle of a tile.
fn middle(at: Coordinate) -> (f64, f64) {
    let position = |index: u32| MARGIN + TILE / 2.0 + f64::from(index) * PITCH;
    (position(at.x), position(at.y))
}

/// The lines between all neighbours.
fn mesh(svg: &mut Svg, design: &Design) {
    for (y, x) in (0..design.rows).flat_map(|y| (0..design.columns).map(move |x| (y, x))) {
        let from = Coordinate { x, y };
        let neighbours = [Coordinate { x: x + 1, y }, Coordinate { x, y: y + 1 }];
        for to in neighbours.into_iter().filter(|to| to.x < design.columns && to.y < design.rows) {
            let ((x1, y1), (x2, y2)) = (middle(from), middle(to));
            svg.line(format_args!(
                r##"<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="#e4e4e4" stroke-width="34"/>"##
            ));
        }
    }
}

/// How far to the right of the middle line, seen in the direction of travel, a link is drawn.
fn beside(towards: Direction, distance: f64) -> (f64, f64) {
    match towards {
        Direction::East => (0.0, distance),
        Direction::West => (0.0, -distance),
        Direction::South => (-distance, 0.0),
        Direction::North => (distance, 0.0),
    }
}

fn loads(svg: &mut Svg, load: &Load) {
    for (link, load) in load.iter().filter(|(_, load)| **load > 0.0) {
        let load = load.min(1.0);
        let (dx, dy) = beside(link.towards, 8.5);
        let ((x1, y1), (x2, y2)) = (middle(link.from), middle(link.to()));
        let (x1, y1, x2, y2) = (x1 + dx, y1 + dy, x2 + dx, y2 + dy);
        let (breadth, green) = (3.0 + 13.0 * load, (210.0 * (1.0 - load)) as u8);
        svg.line(format_args!(
            r##"<line class="load" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="#ff{green:02x}50" stroke-opacity="0.6" stroke-width="{breadth:.1}"/>"##
        ));
        let (tx, ty) = beside(link.towards, 22.0);
        svg.text((x1 + x2) / 2.0 + tx, (y1 + y2) / 2.0 + ty + 4.0, "middle", "11", &format!("{:.0}%", load * 100.0));
    }
}

/// Every arrow of every chain along its links, each chain on its own track.
fn chains(svg: &mut Svg, design: &Design) {
    for (index, chain) in design.chains.iter().enumerate() {
        let colour = COLOURS[index % COLOURS.len()];
        let track = 3.0 + GAP * (index % COLOURS.len()) as f64 * 0.6;
        for &tile in &chain.path[0] {
            let (x, y) = middle(design.tiles[tile].at);
            let (x, y) = (x - TILE / 2.0 + 8.0 + GAP * 2.0 * (index % COLOURS.len()) as f64, y + TILE / 2.0 + 8.0);
            svg.line(format_args!(r#"<circle cx="{x}" cy="{y}" r="4" fill="{colour}"/>"#));
        }
        for pair in chain.path.windows(2) {
            for connection in pair[0].iter().flat_map(|&from| pair[1].iter().map(move |&to| Connection { from, to })) {
                let (from, to) = (design.tiles[connection.from].at, design.tiles[connection.to].at);
                let links = route(from, to);
                let mut points: Vec<(f64, f64)> = Vec::new();
                for (number, link) in links.iter().enumerate() {
                    let (dx, dy) = beside(link.towards, track);
                    let ((x1, y1), (x2, y2)) = (middle(link.from), middle(link.to()));
                    points.push((x1 + dx, y1 + dy));
                    points.push((x2 + dx, y2 + dy));
                    // The ends lie at the border of the tiles, where they can be seen.
                    let (ux, uy) = ((x2 - x1) / PITCH, (y2 - y1) / PITCH);
                    let end = points.len();
                    if number == 0 {
                        points[end - 2].0 += ux * TILE / 2.0;
                        points[end - 2].1 += uy * TILE / 2.0;
                    }
                    if number + 1 == links.len() {
                        points[end - 1].0 -= ux * (TILE / 2.0 + 2.0);
                        points[end - 1].1 -= uy * (TILE / 2.0 + 2.0);
                        arrow_head(svg, points[end - 1], (ux, uy), colour);
                    }
                }
                let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
                svg.line(format_args!(
                    r#"<polyline class="chain" points="{}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round"/>"#,
                    points.join(" ")
                ));
            }
        }
    }
}

fn arrow_head(svg: &mut Svg, (x, y): (f64, f64), (ux, uy): (f64, f64), colour: &str) {
    let back = |side: f64| (x - 9.0 * ux - side * 4.0 * uy, y - 9.0 * uy + side * 4.0 * ux);
    let ((ax, ay), (bx, by)) = (back(1.0), back(-1.0));
    svg.line(format_args!(r#"<polygon points="{x:.1},{y:.1} {ax:.1},{ay:.1} {bx:.1},{by:.1}" fill="{colour}"/>"#));
}

fn tiles(svg: &mut Svg, design: &Design) {
    for (y, x) in (0..design.rows).flat_map(|y| (0..design.columns).map(move |x| (y, x))) {
        let at = Coordinate { x, y };
        let (cx, cy) = middle(at);
        let Some(tile) = design.tile_at(at).map(|tile| &design.tiles[tile]) else {
            svg.line(format_args!(r##"<circle cx="{cx}" cy="{cy}" r="10" fill="#ffffff" stroke="#bbbbbb"/>"##));
            continue;
        };
        let (left, top) = (cx - TILE / 2.0, cy - TILE / 2.0);
        svg.line(format_args!(
            r##"<rect class="tile" x="{left}" y="{top}" width="{TILE}" height="{TILE}" rx="8" fill="#f7f7f2" fill-opacity="0.95" stroke="#555555"/>"##
        ));
        let size = if tile.name.len() > 11 { "10" } else { "14" };
        svg.text(cx, cy - 6.0, "middle", size, &tile.name);
        if tile.kind != tile.name {
            svg.text(cx, cy + 12.0, "middle", "10", &tile.kind);
        }
        svg.text(cx, cy + 36.0, "middle", "10", &at.to_string());
        let depth = match (tile.queue, tile.buffer) {
            (0, 0) => continue,
            (0, buffer) => format!("buffer {buffer}"),
            (queue, _) => format!("queue {queue}"),
        };
        svg.text(cx, cy + 24.0, "middle", "9", &depth);
    }
}

fn chain_name(design: &Design, path: &[Vec<usize>]) -> String {
    let stop = |tiles: &Vec<usize>| match tiles.as_slice() {
        [tile] => design.tiles[*tile].name.clone(),
        [tile, ..] => {
            let name = &design.tiles[*tile].name;
            format!("{}.*", name.split('.').next().unwrap_or(name))
        }
        [] => String::new(),
    };
    path.iter().map(stop).collect::<Vec<_>>().join(" -> ")
}
