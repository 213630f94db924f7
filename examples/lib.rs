//! Programs to copy. What is compiled here are the snippets of the project's front page.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
