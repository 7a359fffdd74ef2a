//! Random tokens, and changes of declarations: some rough, some that leave most of a declaration right.

use proc_macro2::{Delimiter, Ident, Literal, Span, TokenTree};

use super::super::Random;
use super::pool::{Pool, Tree};

/// Numbers that stand in place of others.
const NUMBERS: [u64; 20] =
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 32, 100, 9_999, 100_000, u32::MAX as u64, i64::MAX as u64, u64::MAX];

/// Layers that stand in each other's place.
const ALIKE: [&str; 12] = [
    "Relu",
    "Tanh",
    "Softplus",
    "LogSoftmax",
    "BatchNorm",
    "LayerNorm",
    "PRelu",
    "Dropout",
    "Gelu",
    "Selu",
    "Sigmoid",
    "Softmax",
];

/// Names, of which the macro makes others.
const NAMES: [&str; 9] = ["a", "b", "fc", "conv", "area_a", "tape", "relu_1", "Flatten", "output_gradient"];

const DELIMITERS: [Delimiter; 5] =
    [Delimiter::Parenthesis, Delimiter::Brace, Delimiter::Brace, Delimiter::Bracket, Delimiter::None];

/// A declaration that is made of nothing but chance, perhaps with the header of one.
pub fn invented(pool: &Pool, random: &mut Random) -> Vec<Tree> {
    let mut declaration = Vec::new();
    if random.below(4) > 0 {
        let header: proc_macro2::TokenStream = "pub struct Net: [2, 8, 8] -> [4]".parse().expect("tokens");
        declaration = super::pool::trees(header);
        declaration.push(Tree::Group(Delimiter::Brace, stream(pool, random, 3)));
    }
    declaration.extend(stream(pool, random, 3));
    declaration
}

/// Words, with commas between some of them, and groups of words.
fn stream(pool: &Pool, random: &mut Random, depth: usize) -> Vec<Tree> {
    let mut found = Vec::new();
    for _ in 0..random.below(7) {
        if depth > 0 && random.below(4) == 0 {
            let delimiter = DELIMITERS[random.below(DELIMITERS.len())];
            found.push(Tree::Group(delimiter, stream(pool, random, depth - 1)));
        } else {
            found.extend(pool.word(random));
        }
        if random.below(2) == 0 {
            found.push(comma());
        }
    }
    found
}

/// A declaration of the pool with some changes.
pub fn mutant(pool: &Pool, random: &mut Random) -> Vec<Tree> {
    if random.below(8) < 5 {
        let mut declaration = pool.right_declaration(random).clone();
        (0..=random.below(3)).for_each(|_| gentle(&mut declaration, random));
        declaration
    } else {
        let mut declaration = pool.declaration(random).clone();
        (0..=random.below(4)).for_each(|_| rough(&mut declaration, pool, random));
        declaration
    }
}

fn comma() -> Tree {
    Tree::Token(proc_macro2::Punct::new(',', proc_macro2::Spacing::Alone).into())
}

/// Whole layers and arguments move, a number or a name changes.
fn gentle(declaration: &mut Vec<Tree>, random: &mut Random) {
    match random.below(8) {
        0 => renumber(declaration, random),
        1 => rename(declaration, random),
        5.. => exchange(declaration, random),
        action => {
            let list = list(declaration, random);
            let mut items: Vec<Vec<Tree>> = list.split(is_comma).map(<[Tree]>::to_vec).collect();
            let (one, other) = (random.below(items.len()), random.below(items.len()));
            match action {
                2 => _ = items.remove(one),
                3 => items.insert(other, items[one].clone()),
                _ => items.swap(one, other),
            }
            *list = items.join(&comma());
        }
    }
}

fn is_comma(tree: &Tree) -> bool {
    matches!(tree, Tree::Token(TokenTree::Punct(mark)) if mark.as_char() == ',')
}

fn rough(declaration: &mut Vec<Tree>, pool: &Pool, random: &mut Random) {
    let action = random.below(11);
    if action == 0 {
        return renumber(declaration, random);
    }
    let mut other = pool.declaration(random).clone();
    let foreign = piece(list(&mut other, random), random);
    let list = list(declaration, random);
    let (from, to) = range(list.len(), random);
    match action {
        1 | 2 => _ = list.drain(from..to),
        3 => _ = list.splice(from..to, pool.word(random)),
        4 => _ = list.splice(from..from, pool.word(random)),
        5 => _ = list.splice(from..from, foreign),
        6 => _ = list.splice(from..to, foreign),
        7 => _ = list.splice(to..to, list[from..to].to_vec()),
        8 if from < to => list.swap(from, to - 1),
        9 => {
            let inside: Vec<_> = list.drain(from..to).collect();
            list.insert(from, Tree::Group(DELIMITERS[random.below(DELIMITERS.len())], inside));
        }
        _ => unwrap(list, from),
    }
}

/// Removes the delimiters of the group that stands there.
fn unwrap(list: &mut Vec<Tree>, at: usize) {
    if let Some(Tree::Group(_, inside)) = list.get(at) {
        let inside = inside.clone();
        list.splice(at..=at, inside);
    }
}

fn range(length: usize, random: &mut Random) -> (usize, usize) {
    let from = random.below(length + 1);
    (from, (from + random.below(4)).min(length))
}

fn piece(list: &[Tree], random: &mut Random) -> Vec<Tree> {
    let from = random.below(list.len() + 1);
    list[from..].iter().take(1 + random.below(8)).cloned().collect()
}

/// One of all lists of tokens, long ones sooner.
fn list<'a>(declaration: &'a mut Vec<Tree>, random: &mut Random) -> &'a mut Vec<Tree> {
    let mut nth = random.below(places(declaration));
    nth_list(declaration, &mut nth).expect("so many places there are")
}

fn places(list: &[Tree]) -> usize {
    let inside = |tree: &Tree| if let Tree::Group(_, inside) = tree { places(inside) } else { 0 };
    list.len() + 1 + list.iter().map(inside).sum::<usize>()
}

fn nth_list<'a>(list: &'a mut Vec<Tree>, nth: &mut usize) -> Option<&'a mut Vec<Tree>> {
    if *nth <= list.len() {
        return Some(list);
    }
    *nth -= list.len() + 1;
    let groups = list.iter_mut().filter_map(|tree| if let Tree::Group(_, inside) = tree { Some(inside) } else { None });
    for inside in groups {
        if let Some(found) = nth_list(inside, nth) {
            return Some(found);
        }
    }
    None
}

/// Changes one of the integers.
fn renumber(declaration: &mut [Tree], random: &mut Random) {
    let number = Literal::u64_unsuffixed(NUMBERS[random.below(NUMBERS.len())]);
    replace(
        declaration,
        random,
        number.into(),
        |token| matches!(token, TokenTree::Literal(literal) if literal.to_string().parse::<u64>().is_ok()),
    );
}

/// Changes one of the identifiers.
fn rename(declaration: &mut [Tree], random: &mut Random) {
    let name = Ident::new(NAMES[random.below(NAMES.len())], Span::call_site());
    replace(declaration, random, name.into(), |token| matches!(token, TokenTree::Ident(_)));
}

/// Changes a layer to one that gives what it takes too.
fn exchange(declaration: &mut [Tree], random: &mut Random) {
    let name = Ident::new(ALIKE[random.below(ALIKE.len())], Span::call_site());
    replace(
        declaration,
        random,
        name.into(),
        |token| matches!(token, TokenTree::Ident(name) if ALIKE.iter().any(|alike| name == alike)),
    );
}

fn replace(declaration: &mut [Tree], random: &mut Random, token: TokenTree, fits: fn(&TokenTree) -> bool) {
    let mut all = Vec::new();
    leaves(declaration, &mut all);
    all.retain(|token| fits(token));
    if !all.is_empty() {
        let at = random.below(all.len());
        *all[at] = token;
    }
}

fn leaves<'a>(list: &'a mut [Tree], all: &mut Vec<&'a mut TokenTree>) {
    for tree in list {
        match tree {
            Tree::Token(token) => all.push(token),
            Tree::Group(_, inside) => leaves(inside, all),
        }
    }
}
