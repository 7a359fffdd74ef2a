//! Buffers that are needed for a while share work areas.

/// A buffer, and the steps at which it is needed, both ends counted.
#[derive(Clone, Copy, Debug)]
pub struct Interval {
    pub entries: usize,
    pub begin: usize,
    pub end: usize,
}

/// The area of each buffer, in the order of their beginnings; `areas` grows as needed.
///
/// A buffer takes the smallest free area that holds it, or else makes the largest free one larger.
pub fn assign(buffers: &[Interval], areas: &mut Vec<usize>) -> Vec<usize> {
    let mut busy_until: Vec<Option<usize>> = vec![None; areas.len()];
    let mut chosen = Vec::new();
    for buffer in buffers {
        let is_free = |area: &usize| busy_until.get(*area).copied().flatten().is_none_or(|end| end < buffer.begin);
        let free: Vec<_> = (0..areas.len()).filter(is_free).collect();
        let size = |area: &usize| areas.get(*area).copied().unwrap_or_default();
        let fitting = free.iter().filter(|area| size(area) >= buffer.entries).min_by_key(|area| size(area));
        let area = fitting.or_else(|| free.iter().max_by_key(|area| size(area))).copied().unwrap_or(areas.len());
        if area == areas.len() {
            areas.push(0);
            busy_until.push(None);
        }
        if let (Some(size), Some(end)) = (areas.get_mut(area), busy_until.get_mut(area)) {
            *size = buffer.entries.max(*size);
            *end = Some(buffer.end);
        }
        chosen.push(area);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(entries: usize, begin: usize, end: usize) -> Interval {
        Interval { entries, begin, end }
    }

    #[test]
    fn neighbours_alternate_and_long_lives_get_their_own() {
        let mut areas = Vec::new();
        let buffers = [interval(9, 0, 1), interval(4, 1, 2), interval(5, 2, 6), interval(3, 3, 4), interval(7, 4, 5)];
        assert_eq!(assign(&buffers, &mut areas), [0, 1, 0, 1, 2]);
        assert_eq!(areas, [9, 4, 7]);
    }

    #[test]
    fn the_smallest_area_that_fits_is_taken() {
        let mut areas = vec![10, 4, 6];
        assert_eq!(assign(&[interval(5, 0, 0), interval(12, 1, 1)], &mut areas), [2, 0]);
        assert_eq!(areas, [12, 4, 6]);
    }
}
