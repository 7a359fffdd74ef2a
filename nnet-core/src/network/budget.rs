//! A declared budget: limits on figures of a network, and what is said where one is exceeded.
//!
//! The text is made in one place: `network!` asks for it where it knows all sizes, rustc where it alone knows some.

use crate::text::{Text, columns};

/// What a limit of `budget(..)` is on; memory is that of `f32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Measure {
    /// `ram`: [`Network::INFERENCE_BYTES`](super::Network::INFERENCE_BYTES).
    Ram,
    /// `flash`: [`Network::WEIGHT_BYTES`](super::Network::WEIGHT_BYTES).
    Flash,
    /// `macs`: [`Network::MACS`](super::Network::MACS).
    Macs,
    /// `parameters`: [`Network::PARAMETER_COUNT`](super::Network::PARAMETER_COUNT).
    Parameters,
    /// `training_ram`: [`Differentiable::TRAINING_BYTES`](super::Differentiable::TRAINING_BYTES).
    TrainingRam,
    /// `in_place_training_ram`:
    /// [`Differentiable::IN_PLACE_TRAINING_BYTES`](super::Differentiable::IN_PLACE_TRAINING_BYTES).
    InPlaceTrainingRam,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Ram, Self::Flash, Self::Macs, Self::Parameters, Self::TrainingRam, Self::InPlaceTrainingRam];

    /// The word for it in `budget(..)`.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Ram => "ram",
            Self::Flash => "flash",
            Self::Macs => "macs",
            Self::Parameters => "parameters",
            Self::TrainingRam => "training_ram",
            Self::InPlaceTrainingRam => "in_place_training_ram",
        }
    }

    /// What stands behind a figure: ` bytes`, or nothing for a plain count.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        if self.is_bytes() { " bytes" } else { "" }
    }

    /// Whether it is measured in bytes.
    #[must_use]
    pub const fn is_bytes(self) -> bool {
        !matches!(self, Self::Macs | Self::Parameters)
    }

    /// What a network does with so many: `needs 61,706 ..`.
    const fn verb(self) -> &'static str {
        if let Self::Parameters = self { " has " } else { " needs " }
    }

    /// What stands behind the figure of a whole network.
    const fn object(self) -> &'static str {
        match self {
            Self::Ram => " bytes of RAM to predict",
            Self::Flash => " bytes of flash for its weights",
            Self::Macs => " multiply-accumulates to predict",
            Self::Parameters => " parameters",
            Self::TrainingRam => " bytes of RAM to train, its weights not counted",
            Self::InPlaceTrainingRam => " bytes of RAM to train in place, its weights not counted",
        }
    }

    /// What the table of shares begins with, before the network's name.
    const fn title(self) -> &'static str {
        match self {
            Self::Ram => "work areas, each as large as the largest value in it, of ",
            Self::Flash => "bytes of weights of ",
            Self::Macs => "multiply-accumulates of ",
            Self::Parameters => "parameters of ",
            Self::TrainingRam => "bytes to train, work areas at the largest value in them, of ",
            Self::InPlaceTrainingRam => "bytes to train in place, work areas at the largest value in them, of ",
        }
    }
}

/// A limit of a network's budget, and what it limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What is limited.
    pub measure: Measure,
    /// The most that it may be.
    pub limit: usize,
    /// What it is, with `f32`.
    pub figure: usize,
}

/// A part of a figure.
pub struct Share<'a> {
    /// The layer that it is due to.
    pub name: &'a str,
    /// The layer's declaration, or what of the layer it is.
    pub what: &'a str,
    /// How much it is.
    pub figure: usize,
    /// What makes it smaller, if something does.
    pub cure: &'a str,
}

/// A figure with its limit.
pub struct Claim<'a> {
    /// The network's name.
    pub network: &'a str,
    /// What is limited.
    pub measure: Measure,
    /// What it is.
    pub figure: usize,
    /// The most that it may be.
    pub limit: usize,
    /// The limit as it is declared: `24 KiB`.
    pub written: &'a str,
    /// What decides the figure, if it is known better than from the shares.
    pub decided: &'a str,
    /// What the figure is the sum of.
    pub shares: &'a [Share<'a>],
}

/// What is said of a claim that does not hold; longer ones are cut off.
pub type Complaint = Text<4096>;

/// At most this many shares are shown; the small ones say little.
const SHOWN: usize = 5;

/// Compares a figure with its limit, unless `is_sound` says that it follows from another mistake.
///
/// # Panics
///
/// If it is over the limit, which at compile time is an error.
#[track_caller]
pub const fn check_budget(is_sound: bool, claim: &Claim) {
    if is_sound && let Some(complaint) = complaint(claim) {
        panic!("{}", complaint.as_str());
    }
}

/// What is wrong with a figure, if it is over its limit: by how much, who decides it, the largest shares.
#[must_use]
pub const fn complaint(claim: &Claim) -> Option<Complaint> {
    let Claim { network, measure, figure, limit, written, decided, shares } = *claim;
    if figure <= limit {
        return None;
    }
    let mut text = Text::new();
    text.push("budget: ");
    text.push(network);
    text.push(measure.verb());
    text.thousands(figure);
    text.push(measure.object());
    text.push(", ");
    text.thousands(figure - limit);
    text.push(" more than ");
    text.push(written);
    if let Some(largest) = next_largest(shares, None) {
        text.push("; ");
        if decided.is_empty() {
            push_largest(&mut text, measure, &shares[largest], figure);
        } else {
            text.push(decided);
        }
        if !shares[largest].cure.is_empty() {
            text.push("; make `");
            text.push(shares[largest].name);
            text.push("` smaller: ");
            text.push(shares[largest].cure);
        }
        push_table(&mut text, claim);
    }
    Some(text)
}

/// `` `fc1` has the largest share: 48,120, 78 % ``
const fn push_largest<const N: usize>(text: &mut Text<N>, measure: Measure, share: &Share, figure: usize) {
    text.push("`");
    text.push(share.name);
    text.push("` has the largest share: ");
    text.thousands(share.figure);
    text.push(measure.unit());
    text.push(", ");
    text.number(percent(share.figure, figure));
    text.push(" %");
}

/// The largest shares, the rest, their sum and the limit, in columns.
const fn push_table<const N: usize>(text: &mut Text<N>, claim: &Claim) {
    let Claim { network, measure, figure, limit, shares, .. } = *claim;
    let (mut names, mut whats, mut figures) = (columns("budget"), 0, thousands_width(figure));
    if thousands_width(limit) > figures {
        figures = thousands_width(limit);
    }
    let (mut shown, mut last) = (0, None);
    while shown < SHOWN
        && let Some(at) = next_largest(shares, last)
    {
        names = max(names, columns(shares[at].name));
        whats = max(whats, columns(shares[at].what));
        (shown, last) = (shown + 1, Some(at));
    }
    text.push("\n\n");
    text.push(measure.title());
    text.push(network);
    let (mut row, mut at) = (0, next_largest(shares, None));
    while row < shown
        && let Some(share) = at
    {
        let Share { name, what, figure: part, .. } = shares[share];
        text.push(if row == 0 { "\n→ " } else { "\n  " });
        push_left(text, name, names);
        push_left(text, what, whats);
        push_right(text, part, figures);
        text.push(match percent(part, figure) {
            0..10 => "    ",
            10..100 => "   ",
            _ => "  ",
        });
        text.number(percent(part, figure));
        text.push(" %");
        (row, at) = (row + 1, next_largest(shares, Some(share)));
    }
    if let Some(rest) = count_after(shares, last) {
        text.push("\n  … ");
        text.number(rest);
        text.push(" more …");
    }
    text.push("\n  ");
    push_left(text, "total", names);
    push_left(text, "", whats);
    push_right(text, figure, figures);
    text.push("\n  ");
    push_left(text, "budget", names);
    push_left(text, "", whats);
    push_right(text, limit, figures);
}

/// The largest share that is not above `last`, nor `last` itself, nor before it among equal ones; shares of 0 are none.
const fn next_largest(shares: &[Share], last: Option<usize>) -> Option<usize> {
    let mut found: Option<usize> = None;
    let mut i = 0;
    while i < shares.len() {
        if is_after(shares, i, last)
            && match found {
                Some(best) => shares[i].figure > shares[best].figure,
                None => true,
            }
        {
            found = Some(i);
        }
        i += 1;
    }
    found
}

/// Whether share `i` comes behind `last` in the order of their sizes.
const fn is_after(shares: &[Share], i: usize, last: Option<usize>) -> bool {
    let figure = shares[i].figure;
    figure > 0
        && match last {
            Some(last) => figure < shares[last].figure || (figure == shares[last].figure && i > last),
            None => true,
        }
}

/// How many shares come behind `last`, if there are any.
const fn count_after(shares: &[Share], last: Option<usize>) -> Option<usize> {
    let (mut count, mut i) = (0, 0);
    while i < shares.len() {
        if is_after(shares, i, last) {
            count += 1;
        }
        i += 1;
    }
    if count == 0 { None } else { Some(count) }
}

/// `part` of `whole` in percent, rounded.
const fn percent(part: usize, whole: usize) -> usize {
    // In 128 bits no count of bytes overflows; the quotient is about 100.
    ((part as u128 * 100 + whole as u128 / 2) / whole as u128) as usize
}

const fn max(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// The letters of `61,706`.
const fn thousands_width(number: usize) -> usize {
    let (mut digits, mut rest) = (1, number / 10);
    while rest > 0 {
        (digits, rest) = (digits + 1, rest / 10);
    }
    digits + (digits - 1) / 3
}

/// Text aligned to the left, and a gap, unless the whole column is empty.
const fn push_left<const N: usize>(text: &mut Text<N>, cell: &str, width: usize) {
    text.push(cell).blanks(if width == 0 { 0 } else { width - columns(cell) + 2 });
}

/// A number aligned to the right.
const fn push_right<const N: usize>(text: &mut Text<N>, number: usize, width: usize) {
    text.blanks(width - thousands_width(number)).thousands(number);
}

#[cfg(test)]
mod tests;
