//! The interpreter against the oracle: lowering, inlining, simplification, order of evaluation.

use beehive_fuzz::{Hunt, Oracle, Size, compare};
use beehive_hdl::interp::Interp;

#[test]
fn interpreter_agrees_with_the_oracle() {
    let hunt = Hunt { name: "interpreter_agrees_with_the_oracle", from: 1, cases: 400, size: Size::NORMAL };
    hunt.run(|case| {
        let (mut interp, mut oracle) = (Interp::new(&case.module), Oracle::new(&case.module));
        compare(&mut interp, &mut oracle, &case.run).map_err(|d| d.to_string())
    });
}
