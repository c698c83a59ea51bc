//! Which file imports from which: by `use` declarations, and by paths in code.

use super::tree::{Name, Tree, Use, attributes, is_test};
use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeMap;
use syn::visit::{self, Visit};
use syn::{ImplItem, Item, Macro};

/// Imports between modules, each with one path that shows it.
pub(super) type Imports = BTreeMap<(Name, Name), String>;

/// All imports of a crate.
pub(super) fn all(tree: &Tree) -> Imports {
    let mut imports = Imports::new();
    for (name, module) in &tree.0 {
        let mut add = |path: &[String]| {
            for target in targets(tree, name, path, 0).into_iter().filter(|target| target != name) {
                imports.entry((name.clone(), target)).or_insert_with(|| path.join("::"));
            }
        };
        // A parent that re-exports its children's items doesn't depend on them.
        let passes_on = |one: &Use| one.is_shared && targets(tree, name, &one.path, 0).iter().all(|target| target.starts_with(name));
        module.uses.iter().filter(|one| !passes_on(one)).for_each(|one| add(&one.path));
        let mut paths = Paths(Vec::new());
        module.items.iter().for_each(|item| paths.visit_item(item));
        paths.0.iter().for_each(|path| add(path));
    }
    imports
}

/// The modules that a path in a module refers to; none for other crates. Follows re-exports to the definition.
fn targets(tree: &Tree, from: &[String], path: &[String], depth: usize) -> Vec<Name> {
    let Some((first, rest)) = path.split_first().filter(|_| depth < 8) else { return Vec::new() };
    let (mut at, mut rest) = match first.as_str() {
        "crate" => (Vec::new(), rest),
        "self" => (from.to_vec(), rest),
        "super" if !from.is_empty() => (from[..from.len() - 1].to_vec(), rest),
        child if tree.0.get(from).is_some_and(|module| module.children.contains(child)) => (from.to_vec(), path),
        _ => return Vec::new(),
    };
    while let Some((next, after)) = rest.split_first() {
        if next == "super" {
            at.pop();
        } else if tree.0.get(&at).is_some_and(|module| module.children.contains(next)) {
            at.push(next.clone());
        } else {
            return passed_on(tree, &at, next, depth);
        }
        rest = after;
    }
    vec![at]
}

/// Where a module's name comes from: the module itself, or a re-export.
fn passed_on(tree: &Tree, at: &Name, name: &str, depth: usize) -> Vec<Name> {
    let Some(module) = tree.0.get(at) else { return Vec::new() };
    if module.defines.contains(name) {
        return vec![at.clone()];
    }
    if let Some(one) = module.uses.iter().find(|one| one.brings.as_deref() == Some(name)) {
        // A re-exported name from another crate counts as the module's own.
        let found = targets(tree, at, &one.path, depth + 1);
        return if found.is_empty() { vec![at.clone()] } else { found };
    }
    let globs = module.uses.iter().filter(|one| one.brings.is_none()).flat_map(|one| targets(tree, at, &one.path, depth + 1));
    let found: Vec<Name> = globs.filter(|target| tree.0.get(target).is_some_and(|module| module.defines.contains(name))).collect();
    if found.is_empty() { vec![at.clone()] } else { found }
}

/// Paths in code that begin with `crate`, `self`, `super` or any other name; only those to a module matter.
struct Paths(Vec<Vec<String>>);

impl<'ast> Visit<'ast> for Paths {
    fn visit_item(&mut self, item: &'ast Item) {
        if let Item::Use(one) = item {
            // In a function, or in an inline module.
            self.tokens(quote::ToTokens::to_token_stream(&one.tree));
        } else if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes = match item {
            ImplItem::Fn(one) => &one.attrs[..],
            ImplItem::Const(one) => &one.attrs,
            _ => &[],
        };
        if !is_test(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            self.0.push(path.segments.iter().map(|one| one.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, one: &'ast Macro) {
        self.visit_path(&one.path);
        self.tokens(one.tokens.clone());
    }
}

impl Paths {
    /// Paths in a macro's tokens, which aren't parsed as code.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Punct(sign) if sign.as_char() == ':' && !path.is_empty() => {
                    colons += 1;
                    continue;
                }
                TokenTree::Ident(word) if colons == 2 => path.push(word.to_string()),
                TokenTree::Ident(word) => self.0.push(std::mem::replace(&mut path, vec![word.to_string()])),
                TokenTree::Group(group) => {
                    self.0.push(std::mem::take(&mut path));
                    self.tokens(group.stream());
                }
                _ => self.0.push(std::mem::take(&mut path)),
            }
            colons = 0;
        }
        self.0.push(path);
        self.0.retain(|path| path.len() > 1);
    }
}
