//! Random kernels: what they are, how Rust spells them, and the tree that rust-hdl makes of that.

use beehive_rust_hdl::prelude::VerilogLiteral;
use beehive_rust_hdl::prelude::ast::*;
use fastrand::Rng;

/// A typed expression of the kernel language. A width of one is a `Bit`.
#[derive(Clone, Debug)]
pub enum Expr {
    /// A signal: letter and width (`a8`, `t33`).
    Signal(char, u32),
    Not(Box<Expr>),
    /// Operator of equal widths.
    Binary(Op, Box<Expr>, Box<Expr>),
    /// Literal on the right.
    Literal(Op, Box<Expr>, u32),
    /// Literal on the left.
    Left(Op, u32, Box<Expr>),
    /// Shift by a literal.
    Shift(Op, Box<Expr>, u32),
    /// Shift by a value.
    ShiftBy(Op, Box<Expr>, Box<Expr>),
    /// `all`, `any`, `xor`.
    Reduce(&'static str, Box<Expr>),
    Bit(Box<Expr>, u32),
    /// Bit at a value's index, which is in range.
    BitAt(Box<Expr>, Box<Expr>),
    /// Bit at the loop variable plus a number.
    BitInLoop(Box<Expr>, u32),
    /// Width, first bit.
    Bits(Box<Expr>, u32, u32),
    /// The same from the loop variable times a number.
    BitsInLoop(Box<Expr>, u32, u32),
    Replace(Box<Expr>, u32, Box<Expr>),
    /// To a width, from a width.
    Cast(Box<Expr>, u32, u32),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Op {
    Add,
    Sub,
    And,
    Or,
    Xor,
    LogicalAnd,
    LogicalOr,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Shl,
    Shr,
}

impl Op {
    fn text(self) -> &'static str {
        match self {
            Op::Add => "+",
            Op::Sub => "-",
            Op::And => "&",
            Op::Or => "|",
            Op::Xor => "^",
            Op::LogicalAnd => "&&",
            Op::LogicalOr => "||",
            Op::Eq => "==",
            Op::Ne => "!=",
            Op::Lt => "<",
            Op::Le => "<=",
            Op::Gt => ">",
            Op::Ge => ">=",
            Op::Shl => "<<",
            Op::Shr => ">>",
        }
    }

    /// How tightly Rust binds it.
    fn level(self) -> u32 {
        match self {
            Op::Add | Op::Sub => 9,
            Op::Shl | Op::Shr => 8,
            Op::And => 7,
            Op::Xor => 6,
            Op::Or => 5,
            Op::LogicalAnd => 3,
            Op::LogicalOr => 2,
            _ => 4,
        }
    }

    fn tree(self) -> VerilogOp {
        match self {
            Op::Add => VerilogOp::Add,
            Op::Sub => VerilogOp::Sub,
            Op::And => VerilogOp::BitAnd,
            Op::Or => VerilogOp::BitOr,
            Op::Xor => VerilogOp::BitXor,
            Op::LogicalAnd => VerilogOp::LogicalAnd,
            Op::LogicalOr => VerilogOp::LogicalOr,
            Op::Eq => VerilogOp::Eq,
            Op::Ne => VerilogOp::Ne,
            Op::Lt => VerilogOp::Lt,
            Op::Le => VerilogOp::Le,
            Op::Gt => VerilogOp::Gt,
            Op::Ge => VerilogOp::Ge,
            Op::Shl => VerilogOp::Shl,
            Op::Shr => VerilogOp::Shr,
        }
    }
}

/// A statement.
#[derive(Clone, Debug)]
pub enum Stmt {
    /// Letter (`t`, `y`) and width of the target.
    Assign(char, u32, Expr),
    If(Expr, Vec<Stmt>, Vec<Stmt>),
    /// A match on the index of a value; patterns and the arm for all else.
    Match(Expr, Vec<(u32, Vec<Stmt>)>, Vec<Stmt>),
    /// `for k in 0..n`.
    Loop(u32, Vec<Stmt>),
}

/// Makes random kernels with signals of these widths: inputs `a` and `b`, Locals `t`, outputs `y`.
pub struct Generator {
    pub rng: Rng,
    pub widths: Vec<u32>,
    /// In a loop over three indices.
    looped: bool,
}

impl Generator {
    pub fn new(seed: u64, widths: &[u32]) -> Generator {
        Generator { rng: Rng::with_seed(seed), widths: widths.to_vec(), looped: false }
    }

    /// A whole kernel: everything is assigned first.
    pub fn kernel(&mut self, statements: u32) -> Vec<Stmt> {
        let mut out = vec![];
        for width in self.widths.clone() {
            out.push(Stmt::Assign('t', width, self.leaf_of("ab", width)));
            out.push(Stmt::Assign('y', width, self.leaf_of("ab", width)));
        }
        out.extend((0..statements).map(|_| self.statement(3)));
        out
    }

    fn block(&mut self, depth: u32) -> Vec<Stmt> {
        (0..self.rng.u32(0..3)).map(|_| self.statement(depth)).collect()
    }

    fn statement(&mut self, depth: u32) -> Stmt {
        match self.rng.u32(0..if depth > 0 { 12 } else { 6 }) {
            6..9 => Stmt::If(self.expr(1, 2), self.block(depth - 1), self.block(depth - 1)),
            9..11 => {
                let on = self.narrow();
                let all = 1 << width(&on);
                let mut patterns: Vec<u32> = (0..all).filter(|_| self.rng.bool()).collect();
                patterns.truncate(3);
                let arms = patterns.into_iter().map(|p| (p, self.block(depth - 1))).collect();
                Stmt::Match(on, arms, self.block(depth - 1))
            }
            11 if !self.looped => {
                self.looped = true;
                let body = self.block(depth - 1);
                self.looped = false;
                Stmt::Loop(3, body)
            }
            _ => {
                let width = self.any_width();
                let letter = if self.rng.bool() { 't' } else { 'y' };
                Stmt::Assign(letter, width, self.expr(width, 3))
            }
        }
    }

    fn any_width(&mut self) -> u32 {
        self.widths[self.rng.usize(0..self.widths.len())]
    }

    /// A width above one.
    fn vector(&mut self) -> u32 {
        self.widths[self.rng.usize(1..self.widths.len())]
    }

    /// A value of two to four bits.
    fn narrow(&mut self) -> Expr {
        let width = self.widths.iter().copied().find(|w| (2..=4).contains(w)).expect("a narrow width");
        self.expr(width, 1)
    }

    fn leaf_of(&mut self, letters: &str, width: u32) -> Expr {
        let letters: Vec<char> = letters.chars().collect();
        Expr::Signal(letters[self.rng.usize(0..letters.len())], width)
    }

    /// A number that fits; small ones and the greatest are frequent.
    fn number(&mut self, width: u32) -> u32 {
        let all = if width >= 31 { i32::MAX as u32 } else { (1 << width) - 1 };
        match self.rng.u32(0..4) {
            0 => all,
            1 => self.rng.u32(0..=all.min(3)),
            _ => self.rng.u32(0..=all),
        }
    }

    fn expr(&mut self, width: u32, depth: u32) -> Expr {
        if depth == 0 || self.rng.u32(0..6) == 0 {
            return self.leaf_of("abtty", width);
        }
        let boxed = |g: &mut Generator, w: u32| Box::new(g.expr(w, depth - 1));
        if width == 1 { self.condition(depth, boxed) } else { self.value(width, depth, boxed) }
    }

    fn condition(&mut self, depth: u32, boxed: impl Fn(&mut Generator, u32) -> Box<Expr>) -> Expr {
        const COMPARE: [Op; 6] = [Op::Eq, Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge];
        const LOGIC: [Op; 7] = [Op::And, Op::Or, Op::Xor, Op::LogicalAnd, Op::LogicalOr, Op::Eq, Op::Ne];
        let vector = self.vector();
        match self.rng.u32(0..9) {
            0 => Expr::Not(boxed(self, 1)),
            1 | 2 => Expr::Binary(LOGIC[self.rng.usize(0..7)], boxed(self, 1), boxed(self, 1)),
            3 | 4 => Expr::Binary(COMPARE[self.rng.usize(0..6)], boxed(self, vector), boxed(self, vector)),
            5 => Expr::Literal(COMPARE[self.rng.usize(0..6)], boxed(self, vector), self.number(vector)),
            6 => Expr::Reduce(["all", "any", "xor"][self.rng.usize(0..3)], boxed(self, vector)),
            7 if self.looped && vector > 5 => Expr::BitInLoop(boxed(self, vector), self.rng.u32(0..3)),
            7 => Expr::Bit(boxed(self, vector), self.rng.u32(0..vector)),
            _ => match self.widths.iter().copied().find(|w| *w > 1 && self.widths.contains(&(1 << *w))) {
                Some(index) => Expr::BitAt(boxed(self, 1 << index), Box::new(self.expr(index, depth.min(2) - 1))),
                None => Expr::Bit(boxed(self, vector), self.rng.u32(0..vector)),
            },
        }
    }

    fn value(&mut self, width: u32, depth: u32, boxed: impl Fn(&mut Generator, u32) -> Box<Expr>) -> Expr {
        const ARITHMETIC: [Op; 5] = [Op::Add, Op::Sub, Op::And, Op::Or, Op::Xor];
        const SHIFTS: [Op; 2] = [Op::Shl, Op::Shr];
        let op = ARITHMETIC[self.rng.usize(0..5)];
        let shift = SHIFTS[self.rng.usize(0..2)];
        let other = self.vector();
        match self.rng.u32(0..11) {
            0 => Expr::Not(boxed(self, width)),
            1..4 => Expr::Binary(op, boxed(self, width), boxed(self, width)),
            4 => Expr::Literal(op, boxed(self, width), self.number(width)),
            5 => Expr::Left(op, self.number(width), boxed(self, width)),
            6 => Expr::Shift(shift, boxed(self, width), self.rng.u32(0..width + 2)),
            7 => {
                let amount = self.widths.iter().copied().find(|w| *w > 1).unwrap_or(width);
                Expr::ShiftBy(shift, boxed(self, width), Box::new(self.expr(amount, depth - 1)))
            }
            8 if self.looped => Expr::BitsInLoop(boxed(self, other), width, self.rng.u32(0..=(other - 1) / 2)),
            8 => Expr::Bits(boxed(self, other), width, self.rng.u32(0..other)),
            9 => Expr::Replace(boxed(self, width), self.rng.u32(0..width), boxed(self, 1)),
            _ => {
                // `#[hdl_gen]` cannot read a cast of something with a loop variable.
                let looped = std::mem::replace(&mut self.looped, false);
                let inner = boxed(self, other);
                self.looped = looped;
                Expr::Cast(inner, width, other)
            }
        }
    }
}

/// Width of an expression.
pub fn width(expr: &Expr) -> u32 {
    match expr {
        Expr::Signal(_, width) => *width,
        Expr::Binary(op, a, _) | Expr::Literal(op, a, _) | Expr::Left(op, _, a) => {
            if matches!(op, Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge) { 1 } else { width(a) }
        }
        Expr::Not(a) | Expr::Shift(_, a, _) | Expr::ShiftBy(_, a, _) | Expr::Replace(a, ..) => width(a),
        Expr::Reduce(..) | Expr::Bit(..) | Expr::BitAt(..) | Expr::BitInLoop(..) => 1,
        Expr::Bits(_, width, _) | Expr::BitsInLoop(_, width, _) | Expr::Cast(_, width, _) => *width,
    }
}

/// As a person writes it: parentheses only where Rust needs them.
pub fn rust(expr: &Expr) -> String {
    spell(expr, 0)
}

/// `level`: how tightly what stands around binds.
fn spell(expr: &Expr, level: u32) -> String {
    const TIGHT: u32 = 20;
    let infix = |op: Op, a: String, b: String| {
        let text = format!("{a} {} {b}", op.text());
        if op.level() <= level { format!("({text})") } else { text }
    };
    // Comparisons do not chain; all others associate to the left.
    let left = |op: Op, a: &Expr| spell(a, if op.level() == 4 { 4 } else { op.level() - 1 });
    match expr {
        Expr::Signal(letter, width) => format!("self.{letter}{width}.val()"),
        Expr::Not(a) if level >= TIGHT => format!("(!{})", spell(a, TIGHT - 1)),
        Expr::Not(a) => format!("!{}", spell(a, TIGHT - 1)),
        Expr::Binary(op, a, b) | Expr::ShiftBy(op, a, b) => infix(*op, left(*op, a), spell(b, op.level())),
        Expr::Literal(op, a, n) | Expr::Shift(op, a, n) => infix(*op, left(*op, a), n.to_string()),
        Expr::Left(op, n, b) => infix(*op, n.to_string(), spell(b, op.level())),
        Expr::Reduce(name, a) => format!("{}.{name}()", spell(a, TIGHT)),
        Expr::Bit(a, at) => format!("{}.get_bit({at})", spell(a, TIGHT)),
        Expr::BitAt(a, at) => format!("{}.get_bit({}.index())", spell(a, TIGHT), spell(at, TIGHT)),
        Expr::BitInLoop(a, at) => format!("{}.get_bit(k + {at})", spell(a, TIGHT)),
        Expr::Bits(a, width, at) => format!("{}.get_bits::<{width}>({at})", spell(a, TIGHT)),
        Expr::BitsInLoop(a, width, by) => format!("{}.get_bits::<{width}>(k * {by})", spell(a, TIGHT)),
        Expr::Replace(a, at, bit) => format!("{}.replace_bit({at}, {})", spell(a, TIGHT), rust(bit)),
        Expr::Cast(a, to, from) => format!("bit_cast::<{to}, {from}>({})", rust(a)),
    }
}

/// The tree that `#[hdl_gen]` makes of it (without the parentheses that [`rust`] needs: they mean nothing).
pub fn tree(expr: &Expr) -> VerilogExpression {
    use VerilogExpression as T;
    let boxed = |e: &Expr| Box::new(tree(e));
    let literal = |n: u32| T::Literal(VerilogLiteral::from(n));
    let k = || Box::new(T::Signal("k".into()));
    match expr {
        Expr::Signal(letter, width) => T::Signal(format!("{letter}{width}")),
        Expr::Not(a) => T::Unary(VerilogOpUnary::Not, boxed(a)),
        Expr::Binary(op, a, b) | Expr::ShiftBy(op, a, b) => T::Binary(boxed(a), op.tree(), boxed(b)),
        Expr::Literal(op, a, n) | Expr::Shift(op, a, n) => T::Binary(boxed(a), op.tree(), Box::new(literal(*n))),
        Expr::Left(op, n, b) => T::Binary(Box::new(literal(*n)), op.tree(), boxed(b)),
        Expr::Reduce(name, a) => {
            let op = match *name {
                "all" => VerilogOpUnary::All,
                "any" => VerilogOpUnary::Any,
                _ => VerilogOpUnary::Xor,
            };
            T::Unary(op, boxed(a))
        }
        Expr::Bit(a, at) => T::Index(boxed(a), Box::new(literal(*at))),
        // Without them a sum would be one of `usize`s.
        Expr::BitAt(a, at) => T::Index(boxed(a), Box::new(T::Paren(boxed(at)))),
        Expr::BitInLoop(a, at) => T::Index(boxed(a), Box::new(T::Binary(k(), VerilogOp::Add, Box::new(literal(*at))))),
        Expr::Bits(a, width, at) => T::Slice(boxed(a), *width as usize, Box::new(literal(*at))),
        Expr::BitsInLoop(a, width, by) => {
            T::Slice(boxed(a), *width as usize, Box::new(T::Binary(k(), VerilogOp::Mul, Box::new(literal(*by)))))
        }
        Expr::Replace(a, at, bit) => T::IndexReplace(boxed(a), Box::new(literal(*at)), boxed(bit)),
        Expr::Cast(a, to, _) => T::Cast(boxed(a), *to as usize),
    }
}

/// The statements as Rust, indented by `depth` steps.
pub fn rust_block(body: &[Stmt], depth: usize) -> String {
    let indent = "    ".repeat(depth);
    let mut out = String::new();
    for stmt in body {
        match stmt {
            Stmt::Assign(letter, width, value) => {
                out += &format!("{indent}self.{letter}{width}.next = {};\n", rust(value));
            }
            Stmt::If(test, then, other) => {
                out += &format!("{indent}if {} {{\n{}{indent}}}", rust(test), rust_block(then, depth + 1));
                out += &format!(" else {{\n{}{indent}}}\n", rust_block(other, depth + 1));
            }
            Stmt::Match(on, arms, rest) => {
                out += &format!("{indent}match {}.index() {{\n", spell(on, 20));
                for (pattern, body) in arms {
                    out += &format!("{indent}    {pattern} => {{\n{}{indent}    }}\n", rust_block(body, depth + 2));
                }
                out += &format!("{indent}    _ => {{\n{}{indent}    }}\n{indent}}}\n", rust_block(rest, depth + 2));
            }
            Stmt::Loop(n, body) => {
                out += &format!("{indent}for k in 0..{n} {{\n{}{indent}}}\n", rust_block(body, depth + 1));
            }
        }
    }
    out
}

/// The statements as rust-hdl's tree.
pub fn tree_block(body: &[Stmt]) -> VerilogBlock {
    let statement = |stmt: &Stmt| match stmt {
        Stmt::Assign(letter, width, value) => {
            VerilogStatement::Assignment(VerilogExpression::Signal(format!("{letter}{width}$next")), tree(value))
        }
        Stmt::If(test, then, other) => VerilogStatement::If(VerilogConditional {
            test: tree(test),
            then: tree_block(then),
            otherwise: VerilogBlockOrConditional::Block(tree_block(other)),
        }),
        Stmt::Match(on, arms, rest) => {
            let case = |condition: String, body| VerilogCase { condition, block: tree_block(body) };
            let mut cases: Vec<_> = arms.iter().map(|(pattern, body)| case(pattern.to_string(), body)).collect();
            cases.push(case("default".into(), rest));
            VerilogStatement::Match(VerilogMatch { test: tree(on), cases })
        }
        Stmt::Loop(n, body) => VerilogStatement::Loop(VerilogLoop {
            index: "k".into(),
            from: 0u32.into(),
            to: (*n).into(),
            block: tree_block(body),
        }),
    };
    body.iter().map(statement).collect()
}
