//! The chapters of the book. Every Rust snippet in them is compiled and run by `cargo test`.
#![forbid(unsafe_code)]

use beehive_hdl::prelude::{elaborate, module};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct FrontPage;

#[doc = include_str!("language.md")]
pub mod language {}

#[doc = include_str!("rust-hdl.md")]
pub mod rust_hdl {}

#[doc = include_str!("error-catalogue.md")]
pub mod error_catalogue {}

#[doc = include_str!("rpc.md")]
pub mod rpc {}

#[doc = include_str!("offload.md")]
pub mod offload {}

#[doc = include_str!("driver.md")]
pub mod driver {}

#[doc = include_str!("checksum.md")]
pub mod checksum {}

/// Builds a module from a snippet.
///
/// # Panics
/// If the snippet has elaboration errors.
pub fn builds(body: impl Fn() + 'static) {
    if let Err(errors) = elaborate(|| module((), move |_| body())) {
        panic!("{errors}");
    }
}

/// Builds a module from a snippet that must fail, the first error being `code`.
///
/// # Panics
/// If it does not fail or fails otherwise.
pub fn fails(code: &str, body: impl Fn() + 'static) {
    match elaborate(|| module((), move |_| body())) {
        Ok(def) => panic!("`{}` was built: expected {code}", def.name),
        Err(errors) => assert_eq!(errors.0[0].code.number(), code, "{errors}"),
    }
}

#[cfg(test)]
mod tests {
    use beehive_hdl::error::Code;

    /// Whoever adds an error describes it.
    #[test]
    fn the_catalogue_is_complete() {
        let text = include_str!("error-catalogue.md");
        for code in Code::ALL {
            let heading = format!("## {}: {}", code.number(), code.title());
            assert!(text.contains(&heading), "docs/error-catalogue.md lacks `{heading}`");
            assert!(
                text.contains(&format!("fails(\"{}\"", code.number())),
                "docs/error-catalogue.md has no example of {}",
                code.number()
            );
        }
    }
}
