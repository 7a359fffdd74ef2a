//! Buffers that are needed for a while share work areas.

use crate::size::{Needs, Shape, Size, entries};

/// What a buffer needs, or an area has.
#[derive(Clone, Debug, PartialEq)]
pub enum Room {
    /// At least so many entries, and as many as each of these names stands for.
    Entries(usize, Vec<Size>),
    /// This shape and no other: a parameter of the network is in it, with which types cannot calculate.
    Shape(Shape),
}

/// A buffer, and the steps at which it is needed, both ends counted.
#[derive(Clone, Debug)]
pub struct Interval {
    pub room: Room,
    pub begin: usize,
    pub end: usize,
}

/// The area of each buffer, in the order of their beginnings; `areas` grows as needed.
///
/// A buffer takes the smallest free area that holds it, or else makes the largest free one larger.
pub fn assign(buffers: &[Interval], areas: &mut Vec<Room>) -> Vec<usize> {
    let mut busy_until: Vec<Option<usize>> = vec![None; areas.len()];
    let mut chosen = Vec::new();
    for buffer in buffers {
        let is_free = |area: &usize| busy_until.get(*area).copied().flatten().is_none_or(|end| end < buffer.begin);
        let free = areas.iter().enumerate().filter(|(area, room)| is_free(area) && room.suits(&buffer.room));
        let fitting = free.clone().filter(|(_, room)| room.holds(&buffer.room)).min_by_key(|(_, room)| room.size());
        let area = fitting.or_else(|| free.max_by_key(|(_, room)| room.size())).map_or(areas.len(), |(area, _)| area);
        if area == areas.len() {
            areas.push(buffer.room.clone());
            busy_until.push(None);
        }
        if let (Some(room), Some(end)) = (areas.get_mut(area), busy_until.get_mut(area)) {
            room.grow(&buffer.room);
            *end = Some(buffer.end);
        }
        chosen.push(area);
    }
    chosen
}

impl Room {
    /// What a value of this shape needs.
    pub fn of(shape: Shape) -> Self {
        if shape.sizes().iter().any(|size| size.needs() > Needs::Constants) {
            return Room::Shape(shape);
        }
        match entries(shape) {
            Some(Size::Known(entries)) => Room::Entries(entries, Vec::new()),
            Some(named) => Room::Entries(0, vec![named]),
            // Inference has refused it.
            None => Room::Entries(0, Vec::new()),
        }
    }

    /// How many entries it has, unless it has a shape.
    pub fn entries(&self) -> Option<Size> {
        let Room::Entries(known, named) = self else { return None };
        let larger = |a: Size, b: &Size| match a {
            Size::Known(0) => *b,
            a => Size::derived(code!(::nnet::__private::larger(#a, #b)), &[]),
        };
        Some(named.iter().fold(Size::Known(*known), larger))
    }

    /// Whether it is as large as it is for the sake of this shape, or may be.
    pub fn may_be_for(&self, shape: Shape) -> bool {
        match (self, Room::of(shape)) {
            (Room::Entries(known, named), Room::Entries(entries, other)) if named.is_empty() => {
                *known == entries && other.is_empty()
            }
            (Room::Entries(_, named), Room::Entries(_, other)) => other.iter().any(|name| named.contains(name)),
            (mine, other) => *mine == other,
        }
    }

    /// Names may stand for large numbers.
    fn size(&self) -> (usize, usize) {
        match self {
            Room::Entries(known, named) => (named.len(), *known),
            Room::Shape(_) => (0, 0),
        }
    }

    /// Whether it can be made to hold another.
    fn suits(&self, other: &Self) -> bool {
        match (self, other) {
            (Room::Entries(..), Room::Entries(..)) => true,
            (a, b) => a == b,
        }
    }

    /// Whether there is room for another.
    pub fn holds(&self, other: &Self) -> bool {
        match (self, other) {
            (Room::Entries(a, mine), Room::Entries(b, others)) => {
                a >= b && others.iter().all(|name| mine.contains(name))
            }
            (a, b) => a == b,
        }
    }

    fn grow(&mut self, other: &Self) {
        if let (Room::Entries(a, mine), Room::Entries(b, others)) = (self, other) {
            *a = (*a).max(*b);
            let new: Vec<_> = others.iter().filter(|name| !mine.contains(name)).copied().collect();
            mine.extend(new);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(entries: usize) -> Room {
        Room::Entries(entries, Vec::new())
    }

    fn interval(entries: usize, begin: usize, end: usize) -> Interval {
        Interval { room: known(entries), begin, end }
    }

    #[test]
    fn neighbours_alternate_and_long_lives_get_their_own() {
        let mut areas = Vec::new();
        let buffers = [interval(9, 0, 1), interval(4, 1, 2), interval(5, 2, 6), interval(3, 3, 4), interval(7, 4, 5)];
        assert_eq!(assign(&buffers, &mut areas), [0, 1, 0, 1, 2]);
        assert_eq!(areas, [9, 4, 7].map(known));
    }

    #[test]
    fn the_smallest_area_that_fits_is_taken() {
        let mut areas = [10, 4, 6].map(known).to_vec();
        assert_eq!(assign(&[interval(5, 0, 0), interval(12, 1, 1)], &mut areas), [2, 0]);
        assert_eq!(areas, [12, 4, 6].map(known));
    }
}
