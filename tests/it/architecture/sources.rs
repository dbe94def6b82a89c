//! The sources of the workspace, without what the compiler does not read.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A file of Rust.
pub struct Source {
    /// From the workspace's root, such as `modules/order/src/http/place.rs`.
    pub path: String,
    pub code: String,
}

/// Every file of `src` of every package.
pub fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join("src"), &mut files);
    for module in fs::read_dir(root.join("modules")).unwrap() {
        collect(&module.unwrap().path().join("src"), &mut files);
    }
    files
        .into_iter()
        .map(|file| Source {
            code: without_comments(&fs::read_to_string(&file).unwrap()),
            path: file.strip_prefix(root).unwrap().display().to_string(),
        })
        .collect()
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn without_comments(text: &str) -> String {
    // with a space before it, so that the one in a URL is none
    let code = |line: &str| match line.trim_start().starts_with("//") {
        true => String::new(),
        false => line.split_once(" //").map_or(line, |(code, _)| code).to_owned(),
    };
    text.lines().map(|line| code(line) + "\n").collect()
}

impl Source {
    /// Of the package `modules/MODULE`.
    pub fn is_of(&self, module: &str) -> bool {
        self.path.starts_with(&format!("modules/{module}/src/"))
    }

    /// In this layer of a module: `src/LAYER.rs` or below `src/LAYER/`.
    pub fn is_in_layer(&self, layer: &str) -> bool {
        let Some((_, inside)) = self.path.strip_prefix("modules/").and_then(|path| path.split_once("/src/"))
        else {
            return false;
        };
        inside == format!("{layer}.rs") || inside.starts_with(&format!("{layer}/"))
    }

    /// Whether the code names it as a crate or module: before `::`, or in a `use`.
    pub fn names(&self, module: &str) -> bool {
        let mut in_use = false;
        let mut word = String::new();
        let mut rest = self.code.chars().peekable();
        while let Some(character) = rest.next() {
            if character.is_alphanumeric() || character == '_' {
                word.push(character);
                continue;
            }
            let followed_by_path = character == ':' && rest.peek() == Some(&':');
            if word == module && (in_use || followed_by_path) {
                return true;
            }
            match (word.as_str(), character) {
                ("use", _) => in_use = true,
                (_, ';') => in_use = false,
                _ => {}
            }
            word.clear();
        }
        false
    }
}

#[test]
fn a_module_is_named_in_a_use_or_before_a_path() {
    let names = |code: &str| Source { path: String::new(), code: without_comments(code) }.names("store");
    assert!(names("use crate::{model::Order, store};"));
    assert!(names("use crate::store::find;"));
    assert!(names("fn f() { crate::store::find() }"));
    assert!(names("let x = store::find()"));
    assert!(names("let url = \"http://x\"; store::find()"));
    assert!(!names("// use crate::store;\nfn store_problem() { let store = restore::find(); }"));
}
