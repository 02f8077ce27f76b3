//! The lines of the file: a head and a section per tree, each of `key=value` lines.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::authoring::convert::{malformed, unsupported};
use crate::error::{Error, Result};

/// Lines that belong together.
pub(super) struct Section<'t> {
    /// Number of the first line.
    line: usize,
    /// The number of the tree; none for the head.
    tree: Option<usize>,
    values: BTreeMap<&'t str, (usize, &'t str)>,
}

/// The head and the trees.
pub(super) fn sections(text: &str) -> Result<(Section<'_>, Vec<Section<'_>>)> {
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim_end()));
    if lines.next().is_none_or(|(_, line)| line != "tree") {
        return Err(malformed(
            "line 1: must be \"tree\", as in the text file that LightGBM's booster.save_model writes",
        ));
    }
    let mut head = Section { line: 1, tree: None, values: BTreeMap::new() };
    let mut trees: Vec<Section<'_>> = Vec::new();
    let mut ended = false;
    for (number, line) in lines {
        if line == "end of trees" {
            ended = true;
            break;
        }
        if line.is_empty() {
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        if key == "Tree" {
            trees.push(Section { line: number, tree: Some(trees.len()), values: BTreeMap::new() });
            continue;
        }
        let section = trees.last_mut().unwrap_or(&mut head);
        if section.values.insert(key, (number, value)).is_some() {
            let shown: String = key.chars().take(40).collect();
            return Err(malformed(format!("line {number}: \"{shown}\" is given twice")));
        }
    }
    if !ended {
        return Err(malformed("the line \"end of trees\" is missing: the file is cut short"));
    }
    match head.get("version") {
        Some("v2" | "v3" | "v4") => Ok((head, trees)),
        Some(_) => Err(unsupported("only versions v2 to v4 of the file are known here")),
        None => Err(head.wrong("version", "is missing")),
    }
}

impl<'t> Section<'t> {
    pub(super) fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    pub(super) fn get(&self, key: &str) -> Option<&'t str> {
        self.values.get(key).map(|(_, value)| *value)
    }

    /// How errors name the section.
    pub(super) fn place(&self) -> String {
        match self.tree {
            Some(tree) => format!("tree {tree} (line {})", self.line),
            None => "head".to_owned(),
        }
    }

    /// An error about a line.
    pub(super) fn wrong(&self, key: &str, message: &str) -> Error {
        let line = self.values.get(key).map_or(self.line, |(line, _)| *line);
        malformed(format!("line {line}: {key} {message}"))
    }

    pub(super) fn number<T: FromStr>(&self, key: &str) -> Result<T> {
        let value = self.get(key).ok_or_else(|| self.wrong(key, "is missing"))?;
        value.trim().parse().map_err(|_| self.wrong(key, "must be a whole number"))
    }

    /// Exactly `count` numbers.
    pub(super) fn list<T: FromStr>(&self, key: &str, count: usize) -> Result<Vec<T>> {
        let value = self.get(key).ok_or_else(|| self.wrong(key, "is missing"))?;
        let numbers: Option<Vec<T>> = value.split_ascii_whitespace().map(|word| word.parse().ok()).collect();
        let numbers = numbers.ok_or_else(|| self.wrong(key, "must be numbers with a space between them"))?;
        if numbers.len() != count {
            return Err(self.wrong(key, &format!("has {} numbers, must have {count}", numbers.len())));
        }
        Ok(numbers)
    }
}
