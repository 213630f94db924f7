//! The part of the statement tree that one process needs.

use super::forms::Forms;
use crate::ir::{NodeId, Select, Stmt};
use std::collections::HashSet;

/// The statements of `body` whose assignments and checks `keep` wants, without branches that do
/// nothing and without conditions that are constant.
pub(super) fn prune(forms: &Forms, body: &[Stmt], keep: &dyn Fn(&Stmt) -> bool) -> Vec<Stmt> {
    let mut out = vec![];
    for stmt in body {
        match stmt {
            Stmt::Assign { target, select, value, default, loc } => {
                if let Some(select) = simple_select(forms, *target, select).filter(|_| keep(stmt)) {
                    let value = forms.get(*value);
                    out.push(Stmt::Assign { target: *target, select, value, default: *default, loc });
                }
            }
            Stmt::If { arms, otherwise, loc } => {
                let mut kept = vec![];
                let mut rest = otherwise.as_deref();
                for (cond, block) in arms {
                    let cond = forms.get(*cond);
                    match forms.constant(cond).map(|value| !value.is_zero()) {
                        Some(false) => {}
                        Some(true) => {
                            rest = Some(block);
                            break;
                        }
                        None => kept.push((cond, prune(forms, block, keep))),
                    }
                }
                let rest = rest.map_or(vec![], |block| prune(forms, block, keep));
                if rest.is_empty() {
                    let used = kept.iter().rposition(|(_, block)| !block.is_empty()).map_or(0, |last| last + 1);
                    kept.truncate(used);
                }
                if kept.is_empty() {
                    out.extend(rest);
                } else {
                    let otherwise = (!rest.is_empty()).then_some(rest);
                    out.push(Stmt::If { arms: kept, otherwise, loc });
                }
            }
            Stmt::Switch { on, arms, default, loc } => {
                let on = forms.get(*on);
                if let Some(value) = forms.constant(on) {
                    let arm = arms.iter().find(|(labels, _)| labels.iter().any(|l| forms.constant(*l) == Some(value)));
                    let chosen = arm.map(|(_, block)| block).or(default.as_ref());
                    out.extend(chosen.map_or(vec![], |block| prune(forms, block, keep)));
                    continue;
                }
                let complete = covers_all(forms, on, arms);
                let mut kept: Vec<(Vec<NodeId>, Vec<Stmt>)> = vec![];
                for (labels, block) in arms {
                    let labels: Vec<NodeId> = labels.iter().copied().filter(|l| forms.allows(on, *l)).collect();
                    if !labels.is_empty() {
                        kept.push((labels, prune(forms, block, keep)));
                    }
                }
                let mut rest = match default {
                    Some(block) if !complete => prune(forms, block, keep),
                    _ => vec![],
                };
                // Tools do not see that the labels left are all there can be.
                if complete && !covers_all(forms, on, &kept) {
                    rest = kept.pop().map_or(vec![], |(_, block)| block);
                }
                if rest.is_empty() {
                    kept.retain(|(_, block)| !block.is_empty());
                }
                if !kept.is_empty() {
                    let default = (!rest.is_empty()).then_some(rest);
                    out.push(Stmt::Switch { on, arms: kept, default, loc });
                } else {
                    out.extend(rest);
                }
            }
            Stmt::Check(_) => out.extend(keep(stmt).then(|| stmt.clone())),
        }
    }
    out
}

/// Is there a label for every value?
pub(super) fn covers_all(forms: &Forms, on: NodeId, arms: &[(Vec<NodeId>, Vec<Stmt>)]) -> bool {
    let labels: HashSet<_> = arms.iter().flat_map(|(labels, _)| labels).filter_map(|l| forms.constant(*l)).collect();
    forms.width(on) < 32 && labels.len() as u64 == 1 << forms.width(on)
}

/// With a constant index made a range, and a range of everything made `All`; `None` if it selects nothing.
fn simple_select(forms: &Forms, target: NodeId, select: &Select) -> Option<Select> {
    let all = forms.width(target);
    match select {
        Select::Range { lo: 0, width } if *width == all => Some(Select::All),
        Select::Bit(index) => {
            let index = forms.get(*index);
            match forms.constant(index) {
                None => Some(Select::Bit(index)),
                Some(value) => value
                    .to_u64()
                    .filter(|lo| *lo < u64::from(all))
                    .map(|lo| if all == 1 { Select::All } else { Select::Range { lo: lo as u32, width: 1 } }),
            }
        }
        select => Some(select.clone()),
    }
}
