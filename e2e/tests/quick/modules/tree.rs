//! A crate's modules without tests, each with the names that it imports and defines.

use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use syn::{Attribute, Item, UseTree};

/// A module's path from the crate's root.
pub(super) type Name = Vec<String>;

/// One name of a `use` declaration, with groups expanded.
#[derive(Debug, Clone)]
pub(super) struct Use {
    pub(super) path: Vec<String>,
    /// The name that it brings into scope; `None` for `*`.
    pub(super) brings: Option<String>,
    /// Whether other modules see the name.
    pub(super) is_shared: bool,
}

/// A module with its own file. Inline modules count as part of the file.
#[derive(Default)]
pub(super) struct Module {
    pub(super) children: BTreeSet<String>,
    pub(super) uses: Vec<Use>,
    pub(super) defines: BTreeSet<String>,
    pub(super) items: Vec<Item>,
}

pub(super) struct Tree(pub(super) BTreeMap<Name, Module>);

impl Tree {
    /// Reads a crate from its root file.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut tree = Self(BTreeMap::new());
        tree.file(root, &root.with_file_name(""), Vec::new())?;
        Ok(tree)
    }

    /// Reads a file; the modules that it declares are in `folder`.
    fn file(&mut self, path: &Path, folder: &Path, name: Name) -> Result<()> {
        let text = fs::read_to_string(path).with_context(|| format!("no {}", path.display()))?;
        let file = syn::parse_file(&text).with_context(|| format!("can't parse {}", path.display()))?;
        let mut module = Module::default();
        for item in file.items.into_iter().filter(|item| !is_test(attributes(item))) {
            match &item {
                Item::Mod(child) if child.content.is_none() => {
                    let child = child.ident.to_string();
                    let below = folder.join(&child);
                    let beside = below.with_extension("rs");
                    let file: PathBuf = if beside.is_file() { beside } else { below.join("mod.rs") };
                    self.file(&file, &below, [&*name, std::slice::from_ref(&child)].concat())?;
                    module.children.insert(child);
                }
                Item::Use(one) => flatten(&one.tree, &mut Vec::new(), !matches!(one.vis, syn::Visibility::Inherited), &mut module.uses),
                _ => {
                    module.defines.extend(defined(&item));
                    module.items.push(item);
                }
            }
        }
        self.0.insert(name, module);
        Ok(())
    }
}

/// `#[cfg(test)]`, and nothing more lenient.
pub(super) fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|one| one.path().is_ident("cfg") && one.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test")))
}

pub(super) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(one) => &one.attrs,
        Item::Enum(one) => &one.attrs,
        Item::Fn(one) => &one.attrs,
        Item::Impl(one) => &one.attrs,
        Item::Macro(one) => &one.attrs,
        Item::Mod(one) => &one.attrs,
        Item::Static(one) => &one.attrs,
        Item::Struct(one) => &one.attrs,
        Item::Trait(one) => &one.attrs,
        Item::Type(one) => &one.attrs,
        Item::Use(one) => &one.attrs,
        _ => &[],
    }
}

fn defined(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(one) => &one.ident,
        Item::Enum(one) => &one.ident,
        Item::Fn(one) => &one.sig.ident,
        Item::Static(one) => &one.ident,
        Item::Struct(one) => &one.ident,
        Item::Trait(one) => &one.ident,
        Item::Type(one) => &one.ident,
        _ => return None,
    };
    Some(ident.to_string())
}

fn flatten(tree: &UseTree, path: &mut Vec<String>, is_shared: bool, into: &mut Vec<Use>) {
    let mut leaf =
        |last: Option<String>, brings: Option<String>| into.push(Use { path: path.iter().cloned().chain(last).collect(), brings, is_shared });
    match tree {
        UseTree::Path(one) => {
            path.push(one.ident.to_string());
            flatten(&one.tree, path, is_shared, into);
            path.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|one| flatten(one, path, is_shared, into)),
        UseTree::Name(one) if one.ident == "self" => leaf(None, path.last().cloned()),
        UseTree::Name(one) => leaf(Some(one.ident.to_string()), Some(one.ident.to_string())),
        UseTree::Rename(one) if one.ident == "self" => leaf(None, Some(one.rename.to_string())),
        UseTree::Rename(one) => leaf(Some(one.ident.to_string()), Some(one.rename.to_string())),
        UseTree::Glob(_) => leaf(None, None),
    }
}
