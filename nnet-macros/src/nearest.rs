//! Messages for names that nothing has: the candidates, and the one most like what was written.

/// ``unknown layer `Conv2D` (did you mean `Conv2d`?), expected one of …``
pub fn unknown(what: &str, found: &str, candidates: &[&str]) -> String {
    let expected = match candidates {
        [only] if nearest(found, &[*only]).is_some() => {
            return format!("unknown {what} `{found}`{}", suggestion(found, candidates));
        }
        [only] => format!("expected `{only}`"),
        several => format!("expected one of {}", several.join(", ")),
    };
    format!("unknown {what} `{found}`{}, {expected}", suggestion(found, candidates))
}

/// `` (did you mean `Conv2d`?)``, or nothing if no candidate is near.
pub fn suggestion(found: &str, candidates: &[&str]) -> String {
    nearest(found, candidates).map_or_else(String::new, |name| format!(" (did you mean `{name}`?)"))
}

/// The candidate with the fewest edits to `found`, if those are at most a third of its letters, rounded up.
pub fn nearest<'a>(found: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let found = found.to_lowercase();
    let limit = found.chars().count().div_ceil(3);
    let distances = candidates.iter().map(|name| (distance(&found, &name.to_lowercase()), *name));
    distances.filter(|&(edits, _)| edits <= limit).min_by_key(|&(edits, _)| edits).map(|(_, name)| name)
}

/// How many characters must be inserted, removed or replaced to turn `a` into `b` (Levenshtein, 1966).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    // row[j] is the distance from the characters of `a` so far to the first j of `b`.
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (&to, &above) in b.iter().zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(from != to)).min(left + 1).min(above + 1);
            diagonal = above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_by_hand() {
        for (a, b, edits) in
            [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2)]
        {
            assert_eq!(distance(a, b), edits, "{a} {b}");
            assert_eq!(distance(b, a), edits, "{b} {a}");
        }
    }

    #[test]
    fn suggests_only_what_is_near() {
        let layers = ["Conv2d", "Linear", "Relu"];
        assert_eq!(nearest("ReLU", &layers), Some("Relu"));
        assert_eq!(nearest("Linar", &layers), Some("Linear"));
        assert_eq!(nearest("Transformer", &layers), None);
        assert_eq!(
            unknown("layer", "Conv2D", &layers),
            "unknown layer `Conv2D` (did you mean `Conv2d`?), expected one of Conv2d, Linear, Relu"
        );
    }
}
