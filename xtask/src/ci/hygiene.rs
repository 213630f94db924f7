//! What no file of the repository may hold, and what the book must.

use super::Outcome;
use crate::sh;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

/// Texts that betray one machine or an unfinished thought. Split, so that this file passes.
const FORBIDDEN: &[(&str, &str)] = &[
    (concat!("/ho", "me/"), "machine path"),
    (concat!("/ro", "ot/"), "machine path"),
    (concat!("/Us", "ers/"), "machine path"),
    (concat!("/wo", "rk/"), "machine path"),
    (concat!("index", "-url"), "package registry configuration"),
    (concat!("find", "-links"), "package registry configuration"),
    (concat!("replace", "-with"), "package registry configuration"),
    (concat!("artif", "actory"), "package registry host"),
    (concat!("TO", "DO"), "leftover"),
    (concat!("FIX", "ME"), "leftover"),
    // It changes the meaning of ordinary expressions: docs/rust-hdl.md.
    (concat!("generate_veri", "log("), "call of rust-hdl's own generator"),
    (concat!("<<<<", "<<<"), "conflict marker"),
    (concat!(">>>>", ">>>"), "conflict marker"),
];

/// Larger files belong elsewhere.
const MAX_BYTES: usize = 1 << 20;

/// Checks every file that git tracks or would track.
pub fn check(_: bool) -> Result<Outcome> {
    let Ok(list) = sh::read(Command::new("git").current_dir(sh::root()).args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ])) else {
        return Ok(Outcome::skipped("this is not a git checkout"));
    };
    let mut texts = BTreeMap::new();
    let mut faults = vec![];
    for name in list.split('\0').filter(|n| !n.is_empty()) {
        let path = sh::root().join(name);
        if !path.is_file() {
            continue; // deleted, not yet committed
        }
        let bytes = fs::read(&path).with_context(|| format!("cannot read {name}"))?;
        if bytes.len() > MAX_BYTES {
            faults.push(format!("{name}: larger than {MAX_BYTES} bytes"));
        }
        if let Ok(text) = String::from_utf8(bytes) {
            texts.insert(PathBuf::from(name), text);
        }
    }
    for (path, text) in &texts {
        faults.extend(text_faults(text).into_iter().map(|fault| format!("{}:{fault}", path.display())));
    }
    faults.extend(book_faults(&texts));
    faults.iter().for_each(|f| eprintln!("{f}"));
    eprintln!("{} text files looked at", texts.len());
    Ok(Outcome::single(faults.is_empty()))
}

/// Faults of one file, each with its line.
fn text_faults(text: &str) -> Vec<String> {
    let mut faults = vec![];
    for (i, line) in text.lines().enumerate() {
        let mut fault = |what: &str| faults.push(format!("{}: {what}", i + 1));
        for (forbidden, what) in FORBIDDEN {
            if line.contains(forbidden) {
                fault(&format!("{what} `{forbidden}`"));
            }
        }
        if line.ends_with([' ', '\t', '\r']) {
            fault("space at the end of the line");
        }
        if line.contains('\t') {
            fault("tab");
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        faults.push(format!("{}: no newline at the end of the file", text.lines().count()));
    }
    faults
}

/// Dead links, pages that the summary forgets, Rust snippets that no test compiles.
fn book_faults(texts: &BTreeMap<PathBuf, String>) -> Vec<String> {
    let mut faults = vec![];
    let summary = Path::new("docs/SUMMARY.md");
    let listed: Vec<PathBuf> = match texts.get(summary) {
        Some(text) => links(text).map(|link| target(summary, link)).collect(),
        None => vec![],
    };
    for (path, text) in texts.iter().filter(|(p, _)| p.extension().is_some_and(|e| e == "md")) {
        let name = path.display();
        for link in links(text).filter(|l| !l.contains("://") && !l.starts_with('#')) {
            let to = target(path, link);
            // A directory is linked by any file in it.
            if !texts.keys().any(|known| known.starts_with(&to)) {
                faults.push(format!("{name}: dead link `{link}`"));
            }
        }
        if path.starts_with("docs") && path != summary && !listed.contains(path) {
            faults.push(format!("{name}: not in docs/SUMMARY.md"));
        }
        if text.lines().any(|l| l.trim_start().starts_with("```rust")) && !is_included(texts, path) {
            faults.push(format!("{name}: no test compiles its Rust snippets (no `include_str!` names it)"));
        }
    }
    faults
}

/// Does a Rust source include the page, so that `cargo test` runs its snippets?
fn is_included(texts: &BTreeMap<PathBuf, String>, page: &Path) -> bool {
    let sources = texts.iter().filter(|(p, _)| p.extension().is_some_and(|e| e == "rs"));
    sources.into_iter().any(|(source, text)| {
        let included = text.split("include_str!(\"").skip(1).filter_map(|rest| rest.split_once('"'));
        included.into_iter().any(|(file, _)| target(source, file) == page)
    })
}

/// The targets of a Markdown text's inline links.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0))
}

/// The file that a link in `from` leads to, relative to the root.
fn target(from: &Path, link: &str) -> PathBuf {
    let link = link.split_once('#').map_or(link, |(file, _)| file);
    let mut path = from.parent().unwrap_or(Path::new("")).to_path_buf();
    for part in Path::new(link).components() {
        match part {
            Component::ParentDir => drop(path.pop()),
            Component::CurDir => {}
            part => path.push(part),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> BTreeMap<PathBuf, String> {
        files.iter().map(|(name, text)| (PathBuf::from(name), text.to_string())).collect()
    }

    #[test]
    fn faults_of_a_text_name_their_line() {
        let text = format!("fine\nsee {}x \nend", concat!("/ho", "me/"));
        let expected = [
            format!("2: machine path `{}`", concat!("/ho", "me/")),
            "2: space at the end of the line".into(),
            "3: no newline at the end of the file".into(),
        ];
        assert_eq!(text_faults(&text), expected);
        assert!(text_faults("fine\n").is_empty());
    }

    #[test]
    fn book_is_whole() {
        let good = tree(&[
            ("README.md", "[book](docs/status.md#now) and [all](docs) and [out](https://example.org/a)\n"),
            ("docs/SUMMARY.md", "- [Status](status.md)\n"),
            ("docs/status.md", "```rust\nlet a = 1;\n```\n"),
            ("docs/lib.rs", "#[doc = include_str!(\"status.md\")]"),
        ]);
        assert_eq!(book_faults(&good), Vec::<String>::new());
    }

    #[test]
    fn book_faults_are_named() {
        let bad = tree(&[("docs/SUMMARY.md", "- [Status](gone.md)\n"), ("docs/tile.md", "```rust,ignore\n```\n")]);
        let expected = [
            "docs/SUMMARY.md: dead link `gone.md`",
            "docs/tile.md: not in docs/SUMMARY.md",
            "docs/tile.md: no test compiles its Rust snippets (no `include_str!` names it)",
        ];
        assert_eq!(book_faults(&bad), expected);
    }
}
