//! Names that may be meant by a misspelt one, by Levenshtein's distance.

use std::vec::Vec;

/// The one of `names` that `name` is most likely meant by, if it is at most a third of it away.
pub fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    // Names from a file may be many and long; a hint is not worth more than this.
    const MOST: usize = 1000;
    let near = |other: &&str| other.len().abs_diff(name.len()) <= name.len() / 3;
    let candidates = names.take(MOST).filter(near);
    let measured = candidates.map(|other| (distance(name.as_bytes(), other.as_bytes()), other));
    measured.min().filter(|(distance, _)| *distance <= name.len() / 3).map(|(_, other)| other)
}

/// The `most` of `names` that are most similar to `name`, the most similar first; each once.
pub fn most_similar<'n>(name: &str, names: impl Iterator<Item = &'n str>, most: usize) -> Vec<&'n str> {
    let mut similar: Vec<&str> = Vec::new();
    for other in names {
        if !similar.contains(&other) {
            similar.push(other);
        }
    }
    // Stable: equals stay in the order of the declaration.
    similar.sort_by_cached_key(|other| distance(name.as_bytes(), other.as_bytes()));
    similar.truncate(most);
    similar
}

/// Levenshtein's distance: insertions, deletions and replacements from `a` to `b`.
fn distance(a: &[u8], b: &[u8]) -> usize {
    // row[j] is the distance from the bytes of `a` so far to the first j of `b`.
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, a) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_close_by_is_found_and_a_far_one_is_not() {
        assert_eq!(distance(b"kitten", b"sitting"), 3);
        let nearest = |name, names: &[&'static str]| nearest(name, names.iter().copied());
        assert_eq!(nearest("fc1.weight", &["conv.weight", "fc1.weights", "fc1.bias"]), Some("fc1.weights"));
        assert_eq!(nearest("fc1.weight", &["features.0.kernel", ""]), None);
        assert_eq!(nearest("a", &[]), None);
    }

    #[test]
    fn similar_names_come_in_order_and_once() {
        let names = ["conv1", "conv1.weight", "conv1", "conv1.bias", "fc", "conv2"];
        assert_eq!(most_similar("conv3", names.into_iter(), 3), ["conv1", "conv2", "fc"]);
        assert_eq!(most_similar("conv3", [].into_iter(), 3), [""; 0]);
    }
}
