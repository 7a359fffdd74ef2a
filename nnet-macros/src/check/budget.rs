//! The limits of a budget: names and units become numbers.

use nnet_core::network::Measure;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Ident, Lit};

use super::arguments::nonzero;
use crate::ast::{self, Parameters};
use crate::errors::Errors;
use crate::nearest::unknown;
use crate::size::Size;
use crate::table::thousands;

const KIBI: usize = 1024;
/// Names of multiples of a byte.
const BYTES: [(&str, usize); 7] = [
    ("B", 1),
    ("kB", 1000),
    ("KiB", KIBI),
    ("MB", 1_000_000),
    ("MiB", KIBI * KIBI),
    ("GB", 1_000_000_000),
    ("GiB", KIBI * KIBI * KIBI),
];
/// What is written for units of memory without care, in small letters, and the units that may be meant.
const CARELESS: [(&[&str], &[&str]); 7] = [
    (&["b", "byte", "bytes"], &["B"]),
    (&["k", "kb", "kilobyte", "kilobytes"], &["kB", "KiB"]),
    (&["m", "mb", "megabyte", "megabytes"], &["MB", "MiB"]),
    (&["g", "gb", "gigabyte", "gigabytes"], &["GB", "GiB"]),
    (&["ki", "kib", "kibibyte", "kibibytes"], &["KiB"]),
    (&["mi", "mib", "mebibyte", "mebibytes"], &["MiB"]),
    (&["gi", "gib", "gibibyte", "gibibytes"], &["GiB"]),
];
/// Words that others have for what is limited.
const OTHER_WORDS: [(&str, &str); 10] = [
    ("rom", "flash"),
    ("weights", "flash"),
    ("sram", "ram"),
    ("memory", "ram"),
    ("params", "parameters"),
    ("flops", "macs"),
    ("ops", "macs"),
    ("training", "training_ram"),
    ("in_place", "in_place_training_ram"),
    ("tape", "in_place_training_ram"),
];
/// Names of multiples of a count.
const COUNTS: [(&str, usize); 3] = [("k", 1000), ("M", 1_000_000), ("G", 1_000_000_000)];

/// A limit that is understood.
#[derive(Clone)]
pub struct Limit {
    pub measure: Measure,
    pub value: usize,
    /// As a person would write it: `24 KiB`, `420,000`.
    pub written: String,
    /// All of it.
    pub tokens: TokenStream,
}

/// Where an error is, and what it says.
type Refusal = (TokenStream, String);

pub fn check(budget: Option<ast::Budget>, network: &Ident, parameters: &Parameters, errors: &mut Errors) -> Vec<Limit> {
    let Some(ast::Budget { limits: written, parentheses }) = budget else { return Vec::new() };
    if let Some(parameter) = parameters.0.first() {
        let message = format!(
            "budget: the figures of this network depend on `{parameter}`, a parameter; compare them where it has a \
             value, as in `const _: () = assert!({network}::<{}>::MACS <= 420_000);`",
            vec!["8"; parameters.0.len()].join(", ")
        );
        errors.at(parentheses, message);
        return Vec::new();
    }
    if written.is_empty() {
        errors.at(parentheses, "budget: expected at least one limit, as in `budget(ram = 24 KiB)`");
    }
    let mut limits: Vec<Limit> = Vec::new();
    for limit in &written {
        match self::limit(limit) {
            Ok(found) if limits.iter().any(|limit| limit.measure == found.measure) => {
                let name = &limit.name;
                errors.over(name, format_args!("budget: `{name}` is limited twice; remove one"));
            }
            Ok(found) => limits.push(found),
            Err((place, message)) => errors.over(place, format_args!("budget: {message}")),
        }
    }
    limits
}

fn limit(limit: &ast::Limit) -> Result<Limit, Refusal> {
    let name = limit.name.to_string();
    let Some(measure) = Measure::ALL.into_iter().find(|measure| measure.key() == name) else {
        let keys = Measure::ALL.map(Measure::key);
        let message = match OTHER_WORDS.iter().find(|(word, _)| name.eq_ignore_ascii_case(word)) {
            Some((_, key)) => {
                format!("unknown limit `{name}` (did you mean `{key}`?), expected one of {}", keys.join(", "))
            }
            None => unknown("limit", &name, &keys),
        };
        return Err((limit.name.to_token_stream(), message));
    };
    if limit.value.is_empty() {
        return Err((limit.name.to_token_stream(), format!("{name} needs a limit: `{name} = ..`")));
    }
    let (number, unit, place) = number_and_unit(measure, &limit.value)?;
    let refuse = |why: String| (limit.value.clone(), format!("{name} {why}"));
    let factor = if unit.is_empty() { 1 } else { factor(measure, &unit).map_err(|why| (place, why))? };
    let written = format!("{}{}{unit}", grouped(&number), if unit.is_empty() { "" } else { " " });
    let value = product(&number, factor).map_err(|fault| match fault {
        Fault::TooLarge => refuse(format!("is too large: {written}")),
        Fault::NotWhole if measure.is_bytes() => refuse(format!("must be a whole number of bytes, found {written}")),
        Fault::NotWhole => refuse(format!("must be a whole number, found {written}")),
    })?;
    nonzero(Size::Known(value)).map_err(refuse)?;
    Ok(Limit { measure, value, written, tokens: limit.tokens.clone() })
}

/// The digits of a number with its point, and the unit behind it, perhaps none, with its place.
fn number_and_unit(measure: Measure, value: &TokenStream) -> Result<(String, String, TokenStream), Refusal> {
    let name = measure.key();
    let example = if measure.is_bytes() { "24 KiB" } else { "420_000" };
    let found = value.to_string().replace("- ", "-");
    let refuse = |why: &str| Err((value.clone(), format!("{name} {why}, as in `{name} = {example}`; found `{found}`")));
    let tokens = plain(value);
    let (literal, unit) = match tokens.as_slice() {
        [TokenTree::Punct(minus), ..] if minus.as_char() == '-' => return refuse("must be positive"),
        [TokenTree::Literal(literal)] => (literal, None),
        [TokenTree::Literal(literal), TokenTree::Ident(unit)] => (literal, Some(unit)),
        _ => return refuse("must be one number, perhaps with a unit"),
    };
    let (digits, suffix) = match Lit::new(literal.clone()) {
        Lit::Int(number) => (number.base10_digits().to_owned(), number.suffix().to_owned()),
        Lit::Float(number) => (number.base10_digits().to_owned(), number.suffix().to_owned()),
        Lit::Str(_) => return refuse("must be a number without quotes"),
        _ => return refuse("must be one number, perhaps with a unit"),
    };
    if digits.contains(['e', 'E']) {
        return refuse("must be a number without an exponent");
    }
    match unit {
        Some(_) if !suffix.is_empty() => refuse("must have one unit"),
        Some(unit) => Ok((digits, unit.to_string(), unit.to_token_stream())),
        None => Ok((digits, suffix, literal.to_token_stream())),
    }
}

/// The tokens without the invisible groups of a macro's argument.
fn plain(tokens: &TokenStream) -> Vec<TokenTree> {
    let flat = tokens.clone().into_iter().flat_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => plain(&group.stream()),
        token => vec![token],
    });
    flat.collect()
}

/// What a unit stands for, or why it is none.
fn factor(measure: Measure, unit: &str) -> Result<usize, String> {
    let units: &[(&str, usize)] = if measure.is_bytes() { &BYTES } else { &COUNTS };
    if let Some((_, factor)) = units.iter().find(|(name, _)| *name == unit) {
        return Ok(*factor);
    }
    let (name, all) = (measure.key(), units.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "));
    let careless = unit.to_lowercase();
    let meant =
        CARELESS.iter().find(|(words, _)| words.contains(&careless.as_str())).map_or(&[][..], |(_, meant)| meant);
    if measure.is_bytes() {
        let meant: Vec<_> = BYTES.iter().filter(|(name, _)| meant.contains(name)).map(described).collect();
        let meant = if meant.is_empty() { String::new() } else { format!(" (did you mean {}?)", meant.join(" or ")) };
        return Err(format!("unknown unit `{unit}`{meant}, expected one of {all}"));
    }
    let count = format!("{name} is a count: a number alone, or with one of {all}");
    Err(match COUNTS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)) {
        Some((name, _)) => format!("unknown unit `{unit}` (did you mean `{name}`?); {count}"),
        None if meant.is_empty() => format!("unknown unit `{unit}`; {count}"),
        None => format!("`{unit}` is a unit of memory, but {count}"),
    })
}

/// `` `KiB` = 1,024 bytes ``
fn described((name, factor): &(&str, usize)) -> String {
    format!("`{name}` = {} byte{}", thousands(*factor), if *factor == 1 { "" } else { "s" })
}

/// Why a product is no limit.
enum Fault {
    TooLarge,
    NotWhole,
}

/// Digits, perhaps with a point, times a factor.
fn product(digits: &str, factor: usize) -> Result<usize, Fault> {
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let part = part.trim_end_matches('0');
    let times = |digits: &str| {
        let number = if digits.is_empty() { Some(0) } else { digits.parse::<u128>().ok() };
        number.and_then(|number| number.checked_mul(factor as u128)).ok_or(Fault::TooLarge)
    };
    // As many places as a whole product can have: no factor is divided by 10 or 2 more often.
    let Ok(places @ 0..=30) = u32::try_from(part.len()) else { return Err(Fault::NotWhole) };
    // At most 10³⁰.
    let scale = 10_u128.pow(places);
    let part = times(part).map_err(|_| Fault::NotWhole)?;
    if part % scale != 0 {
        return Err(Fault::NotWhole);
    }
    let sum = times(whole)?.checked_add(part / scale);
    sum.and_then(|sum| usize::try_from(sum).ok()).ok_or(Fault::TooLarge)
}

/// `420000.5` → `420,000.5`
fn grouped(digits: &str) -> String {
    let (whole, part) =
        digits.split_once('.').map_or((digits, ""), |(whole, part)| (whole, part.trim_end_matches('0')));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), thousands);
    if part.is_empty() { whole } else { format!("{whole}.{part}") }
}

#[cfg(test)]
mod tests {
    use crate::tests::{messages, network};

    fn value(limit: &str) -> (usize, String) {
        let network = network(&format!("struct N: [2] -> [2] {{ Relu }} budget({limit});"));
        (network.budget[0].value, network.budget[0].written.clone())
    }

    #[test]
    fn units_and_what_they_stand_for() {
        for (limit, want, written) in [
            ("ram = 24", 24, "24"),
            ("ram = 24_000 B", 24_000, "24,000 B"),
            ("ram = 24 KiB", 24_576, "24 KiB"),
            ("ram = 24KiB", 24_576, "24 KiB"),
            ("ram = 1.50 KiB", 1536, "1.5 KiB"),
            ("ram = 0.5KiB", 512, "0.5 KiB"),
            ("flash = 24 kB", 24_000, "24 kB"),
            ("flash = 2 MiB", 2_097_152, "2 MiB"),
            ("flash = 2 MB", 2_000_000, "2 MB"),
            ("training_ram = 1 GiB", 1_073_741_824, "1 GiB"),
            ("training_ram = 1 GB", 1_000_000_000, "1 GB"),
            ("macs = 420_000", 420_000, "420,000"),
            ("macs = 420 k", 420_000, "420 k"),
            ("macs = 1.2M", 1_200_000, "1.2 M"),
            ("parameters = 3 G", 3_000_000_000, "3 G"),
            ("parameters = 0x10", 16, "16"),
        ] {
            assert_eq!(value(limit), (want, written.to_owned()), "{limit}");
        }
    }

    fn refusal(limits: &str) -> String {
        let messages = messages(&format!("struct N: [2] -> [2] {{ Relu }} budget({limits});"));
        assert_eq!(messages.len(), 1, "{limits}: {messages:?}");
        messages[0].clone()
    }

    #[test]
    fn what_is_no_limit() {
        for (limits, want) in [
            ("ram = 0", "budget: ram is 0, but must be at least 1"),
            ("ram = 1.3 KiB", "budget: ram must be a whole number of bytes, found 1.3 KiB"),
            (
                "ram = 1.0000000000000000000000000000000000001",
                "budget: ram must be a whole number of bytes, found 1.0000000000000000000000000000000000001",
            ),
            ("ram = 99999999999999999999", "budget: ram is too large: 99999999999999999999"),
            ("ram = 99999999999999 GiB", "budget: ram is too large: 99,999,999,999,999 GiB"),
            ("macs = 1.5", "budget: macs must be a whole number, found 1.5"),
            ("ram = -3", "budget: ram must be positive, as in `ram = 24 KiB`; found `-3`"),
            ("macs = \"3\"", "budget: macs must be a number without quotes, as in `macs = 420_000`; found `\"3\"`"),
            ("macs = 1e3", "budget: macs must be a number without an exponent, as in `macs = 420_000`; found `1e3`"),
            ("ram = 3KiB B", "budget: ram must have one unit, as in `ram = 24 KiB`; found `3KiB B`"),
            (
                "rom = 3",
                "budget: unknown limit `rom` (did you mean `flash`?), expected one of ram, flash, macs, parameters, training_ram, \
                 in_place_training_ram",
            ),
            (
                "Ram = 3",
                "budget: unknown limit `Ram` (did you mean `ram`?), expected one of ram, flash, macs, parameters, training_ram, \
                 in_place_training_ram",
            ),
            (
                "speed = 3",
                "budget: unknown limit `speed`, expected one of ram, flash, macs, parameters, training_ram, \
                 in_place_training_ram",
            ),
            ("ram = 3, ram = 3", "budget: `ram` is limited twice; remove one"),
            (
                "ram = 3 kb",
                "budget: unknown unit `kb` (did you mean `kB` = 1,000 bytes or `KiB` = 1,024 bytes?), expected one of B, kB, KiB, MB, MiB, GB, GiB",
            ),
            (
                "ram = 3 M",
                "budget: unknown unit `M` (did you mean `MB` = 1,000,000 bytes or `MiB` = 1,048,576 bytes?), expected one of B, kB, KiB, MB, MiB, GB, GiB",
            ),
            (
                "ram = 3 Kib",
                "budget: unknown unit `Kib` (did you mean `KiB` = 1,024 bytes?), expected one of B, kB, KiB, MB, MiB, GB, GiB",
            ),
            (
                "ram = 3 bytes",
                "budget: unknown unit `bytes` (did you mean `B` = 1 byte?), expected one of B, kB, KiB, MB, MiB, GB, GiB",
            ),
            ("ram = 3 words", "budget: unknown unit `words`, expected one of B, kB, KiB, MB, MiB, GB, GiB"),
            (
                "macs = 3 KiB",
                "budget: `KiB` is a unit of memory, but macs is a count: a number alone, or with one of k, M, G",
            ),
            (
                "macs = 3 K",
                "budget: unknown unit `K` (did you mean `k`?); macs is a count: a number alone, or with one of k, M, G",
            ),
            ("macs = 3 x", "budget: unknown unit `x`; macs is a count: a number alone, or with one of k, M, G"),
        ] {
            assert_eq!(refusal(limits), want, "{limits}");
        }
    }
}
