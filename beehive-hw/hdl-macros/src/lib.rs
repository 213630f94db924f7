//! Attributes of the hardware front-ends: `#[hw]` of `beehive-hdl`, `#[hdl_gen]` of `beehive-rust-hdl`.

mod kernel;

use proc_macro::TokenStream;
use quote::quote;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ItemFn, Local, Pat, parse_macro_input, parse_quote};

/// Names every hardware value that a `let` of the function binds after its variable, so that the
/// emitted Verilog and the waveforms carry the names of the Rust source.
///
/// Works inside nested closures (`when(.., || { let sum = a + b; .. })`), for tuple patterns
/// (`let (sum, carry) = ..`), bundles, arrays and vectors of values (`word_0`, `word_1`, ...). A
/// `let` of anything else is left alone. A name that is taken gets a number: `sum_2`.
///
/// It takes no arguments and changes nothing but names.
#[proc_macro_attribute]
pub fn hw(_: TokenStream, item: TokenStream) -> TokenStream {
    let mut function = parse_macro_input!(item as ItemFn);
    NameLets.visit_item_fn_mut(&mut function);
    quote!(#function).into()
}

/// Reads the kernel of a rust-hdl block before rust-hdl's attribute of the same name does, and
/// refuses what that would drop without a word: `..=`, guards, names that are bound in patterns,
/// functions whose names begin as those of casts do, `cfg`, and arithmetic on `.index()` or
/// `.to_bits()` where their types matter. It changes nothing.
///
/// It takes no arguments; it is part of the prelude of `beehive-rust-hdl`.
#[proc_macro_attribute]
pub fn hdl_gen(_: TokenStream, item: TokenStream) -> TokenStream {
    let original = proc_macro2::TokenStream::from(item.clone());
    let errors = kernel::check(&parse_macro_input!(item as ItemFn));
    let errors = errors.iter().map(syn::Error::to_compile_error);
    quote!(#(#errors)* #[::beehive_rust_hdl::upstream::hdl_gen] #original).into()
}

struct NameLets;

impl VisitMut for NameLets {
    fn visit_local_mut(&mut self, local: &mut Local) {
        visit_mut::visit_local_mut(self, local);
        let names = match &local.pat {
            Pat::Ident(p) if p.by_ref.is_none() => vec![Some(p.ident.to_string())],
            Pat::Type(t) => match &*t.pat {
                Pat::Ident(p) if p.by_ref.is_none() => vec![Some(p.ident.to_string())],
                _ => return,
            },
            Pat::Tuple(t) => t
                .elems
                .iter()
                .map(|p| match p {
                    Pat::Ident(p) if p.by_ref.is_none() => Some(p.ident.to_string()),
                    _ => None,
                })
                .collect(),
            _ => return,
        };
        let Some(init) = &mut local.init else { return };
        if init.diverge.is_some() || matches!(*init.expr, Expr::Reference(_) | Expr::Closure(_)) {
            return;
        }
        let (value, is_tuple) = (&init.expr, matches!(local.pat, Pat::Tuple(_)));
        let calls = names.iter().enumerate().filter_map(|(i, name)| {
            let name = name.as_ref()?;
            let field = syn::Index::from(i);
            Some(if is_tuple {
                quote!((&value.#field).name_by_let(#name);)
            } else {
                quote!((&value).name_by_let(#name);)
            })
        });
        // The annotated type goes along: `collect()` and the like need it to infer theirs.
        let annotation = match &local.pat {
            Pat::Type(t) => {
                let ty = &t.ty;
                quote!(: #ty)
            }
            _ => quote!(),
        };
        *init.expr = parse_quote!({
            let value #annotation = #value;
            {
                #[allow(unused_imports)]
                use ::beehive_hdl::naming::{NameByLet as _, NothingToName as _};
                #(#calls)*
            }
            value
        });
    }
}
