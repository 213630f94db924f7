//! What a kernel of rust-hdl may not say: constructs that rust-hdl's `#[hdl_gen]` accepts and drops
//! from its tree, so that the tree means something else than the Rust beside it.

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{
    Arm, Attribute, BinOp, Error, Expr, ExprBinary, ExprCall, ExprForLoop, ExprIndex, ExprMethodCall, ItemFn, Pat,
    RangeLimits,
};

/// All that is wrong with the kernel.
pub(crate) fn check(kernel: &ItemFn) -> Vec<Error> {
    let mut reader = Reader { errors: vec![] };
    reader.visit_block(&kernel.block);
    reader.errors
}

struct Reader {
    errors: Vec<Error>,
}

impl Reader {
    fn refuse(&mut self, at: &impl ToTokens, message: &str) {
        self.errors.push(Error::new_spanned(at, format!("rust-hdl would lose this: {message}")));
    }

    /// The argument of `get_bit` and the like: sums and products of `usize`s, which are understood.
    fn position(&mut self, at: &Expr) {
        match at {
            Expr::Binary(sum) if is_arithmetic(&sum.op) => {
                self.position(&sum.left);
                self.position(&sum.right);
            }
            other => self.visit_expr(other),
        }
    }
}

impl Visit<'_> for Reader {
    fn visit_attribute(&mut self, attribute: &Attribute) {
        if attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr") {
            self.refuse(
                attribute,
                "the statement is in the hardware whatever the condition; use `if` and a `Constant`",
            );
        }
    }

    fn visit_expr_for_loop(&mut self, each: &ExprForLoop) {
        if let Expr::Range(range) = &*each.expr
            && matches!(range.limits, RangeLimits::Closed(_))
        {
            self.refuse(range, "the last turn of `..=`; write `a..b + 1`");
        }
        visit::visit_expr_for_loop(self, each);
    }

    fn visit_arm(&mut self, arm: &Arm) {
        if let Some((guard, _)) = &arm.guard {
            self.refuse(guard, "the guard; put an `if` into the arm");
        }
        if let Pat::Ident(name) = &arm.pat
            && (name.subpat.is_some() || name.ident.to_string().starts_with(char::is_lowercase))
        {
            self.refuse(name, "that the name is bound; write `_`");
        }
        visit::visit_arm(self, arm);
    }

    fn visit_expr_call(&mut self, call: &ExprCall) {
        if !is_known(call) {
            self.refuse(
                &call.func,
                "a function of that name is taken for a cast or a connection; write out what it does",
            );
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &ExprMethodCall) {
        let method = call.method.to_string();
        match call.args.first() {
            Some(at) if ["get_bit", "get_bits", "replace_bit"].contains(&method.as_str()) => {
                self.visit_expr(&call.receiver);
                self.position(at);
                call.args.iter().skip(1).for_each(|value| self.visit_expr(value));
            }
            _ => visit::visit_expr_method_call(self, call),
        }
    }

    /// Indices of arrays are numbers, computed in full.
    fn visit_expr_index(&mut self, _: &ExprIndex) {}

    fn visit_expr_binary(&mut self, pair: &ExprBinary) {
        if is_arithmetic(&pair.op) {
            if is_index(&pair.left) || is_index(&pair.right) {
                let message = "`.index()`, and with it the carry; compute in a Local that is wide enough";
                return self.refuse(pair, message);
            }
            let sized = is_sized(&pair.left) || is_sized(&pair.right);
            if sized && is_number(&pair.left) && is_number(&pair.right) {
                return self.refuse(pair, "the width of `.to_bits()`; write `bits::<N>(..)`, or use a Local");
            }
        }
        visit::visit_expr_binary(self, pair);
    }
}

fn is_arithmetic(op: &BinOp) -> bool {
    use BinOp::*;
    matches!(op, Add(_) | Sub(_) | Mul(_) | BitAnd(_) | BitOr(_) | BitXor(_) | Shl(_) | Shr(_))
}

/// What the name of a cast begins with, by rust-hdl's attribute.
const CASTS: [&str; 6] = ["bit_cast", "bits", "Bits", "signed_cast", "signed_bit_cast", "unsigned_cast"];

/// Is it a call that rust-hdl knows, or one that it refuses itself?
fn is_known(call: &ExprCall) -> bool {
    let text: String = call.func.to_token_stream().to_string().split_whitespace().collect();
    let name = text.split("::<").next().unwrap_or(&text);
    let last = text.rsplit("::").next().unwrap_or(&text);
    match name {
        cast if CASTS.contains(&cast) && cast != "Bits" => true,
        "Bits" | "Bits::from" => last == "from",
        _ if text.contains("::join") || text.contains("::link") => last == "join" || last == "link",
        _ => !CASTS.iter().any(|start| text.starts_with(start)),
    }
}

/// Is it made of an `.index()`, in parentheses or in a sum?
fn is_index(expr: &Expr) -> bool {
    match expr {
        Expr::MethodCall(call) => call.method == "index",
        Expr::Paren(inner) => is_index(&inner.expr),
        Expr::Binary(pair) => is_arithmetic(&pair.op) && (is_index(&pair.left) || is_index(&pair.right)),
        _ => false,
    }
}

/// Is it made of a number that was given a width?
fn is_sized(expr: &Expr) -> bool {
    match expr {
        Expr::MethodCall(call) => call.method == "to_bits",
        Expr::Paren(inner) => is_sized(&inner.expr),
        Expr::Unary(inner) => is_sized(&inner.expr),
        Expr::Binary(pair) => is_sized(&pair.left) || is_sized(&pair.right),
        _ => false,
    }
}

/// Is it known when the kernel is read: made of literals and loop variables alone?
fn is_number(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(_) => true,
        Expr::Path(path) => path.path.get_ident().is_some(),
        Expr::Paren(inner) => is_number(&inner.expr),
        Expr::Unary(inner) => is_number(&inner.expr),
        Expr::Binary(pair) => is_number(&pair.left) && is_number(&pair.right),
        Expr::MethodCall(call) => is_number(&call.receiver),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use syn::{ItemFn, parse_str};

    /// What is said about a kernel with this body.
    fn said(body: &str) -> Vec<String> {
        let kernel: ItemFn = parse_str(&format!("fn update(&mut self) {{ {body} }}")).expect("a function");
        check(&kernel).iter().map(ToString::to_string).collect()
    }

    #[track_caller]
    fn refused(body: &str, why: &str) {
        let said = said(body);
        assert!(said.len() == 1 && said[0].contains(why), "{body}: {said:?}");
    }

    #[track_caller]
    fn fine(body: &str) {
        assert_eq!(said(body), [""; 0], "{body}");
    }

    #[test]
    fn what_the_tree_loses_is_refused() {
        refused("for k in 0..=3 { self.y.next = self.a.val().get_bit(k); }", "the last turn of `..=`");
        refused("match self.s.val() { S::A if self.c.val() => {} _ => {} }", "the guard");
        refused("match self.i.val().index() { 0 => {} step => {} }", "the name is bound");
        refused("match self.i.val().index() { A @ 0 => {} _ => {} }", "the name is bound");
        refused("self.y.next = bits_reversed(self.a.val());", "taken for a cast");
        refused("self.y.next = bit_cast_twice::<8, 4>(self.a.val());", "taken for a cast");
        refused("self.y.next = signed_cast_of(self.a.val());", "taken for a cast");
        refused("self.y.next = Bits::<8>::mask();", "taken for a cast");
        refused("Bus::join_all(&mut self.a, &mut self.b);", "a connection");
        refused("#[cfg(test)] { self.y.next = true; }", "whatever the condition");
    }

    #[test]
    fn arithmetic_on_usize_is_refused_where_it_would_wrap() {
        refused("self.y.next = self.i.val().index() + 1 == self.j.val().index();", "the carry");
        refused("if (self.i.val().index() + k) * 2 >= 2 { }", "the carry");
        refused("self.y.next = self.a.val().get_bit((self.i.val().index() + 1) * 2);", "the carry");
        refused("self.y.next = self.a.val() >> (self.i.val().index() + 1).to_bits::<4>();", "the carry");
        fine("self.y.next = self.a.val().get_bits::<8>(self.i.val().index() * 8 + k);");
        fine("self.y.next = self.a.val().replace_bit((self.i.val() + 1).index(), self.i.val().index() == k + 1);");
        fine("self.y.next = self.lanes[self.n.val().index() + 1].val() + self.a.val();");
    }

    #[test]
    fn numbers_of_a_width_are_refused_where_they_would_not_wrap() {
        refused("if self.a.val() == k.to_bits::<4>() + 14 { }", "the width of `.to_bits()`");
        refused("self.y.next = bit_cast::<8, 4>(15_u8.to_bits::<4>() << 2);", "the width of `.to_bits()`");
        fine("self.y.next = self.a.val() + k.to_bits::<4>();");
        fine("self.y.next = self.a.val() == 3 + 4;");
    }

    #[test]
    fn what_the_tree_has_is_fine() {
        fine("for k in 0..N { self.y.next = bit_cast::<8, 4>(self.a.val()) + bits::<8>(3) + Bits::<8>::from(1); }");
        fine("match self.s.val() { State::Idle => {} LAST => {} _ => {} }");
        fine("Sender::join(&mut self.a, &mut self.b); Receiver::<T, 3>::link(&mut self.a, &mut self.b);");
        fine("self.y.next = signed_bit_cast::<8, 4>(signed_cast(unsigned_cast(self.a.val())));");
        fine("dff_setup!(self, clock, a); self.y.next.field = self.a.val() & (self.b.val() << 3);");
    }
}
