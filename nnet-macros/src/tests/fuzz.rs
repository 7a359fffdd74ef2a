//! The macro cannot panic: whatever it is given, it gives Rust, with errors that say something or with none.
//!
//! Each case is made from its number alone. `NNET_FUZZ=1000000` tries so many, from `NNET_FUZZ_FIRST` on if that is given:
//! `NNET_FUZZ_FIRST=1234 NNET_FUZZ=1` repeats the case that a failure names.

mod mutate;
mod pool;

use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use pool::Pool;
use proc_macro2::{TokenStream, TokenTree};

use super::Random;
use crate::errors::Errors;
use crate::{budget, check, depth, expand, fold, infer, int8, lint, parse, plan, size};

/// Cases where nothing else is asked for.
const CASES: u64 = 3000;

/// No case takes as long as this where the macro is optimized; elsewhere the machine's load decides.
const LONGEST: Duration = if cfg!(debug_assertions) { Duration::from_secs(60) } else { Duration::from_secs(2) };

/// A case that takes longer has no end.
const ENDLESS: Duration = Duration::from_secs(120);

/// As rustc's main thread has.
const STACK: usize = 8 << 20;

/// The phase of those that nothing refuses.
const WHOLE: usize = 4;

/// How far declarations came, and the case that took longest.
#[derive(Default)]
struct Tally {
    /// Refused by parse, by check, by infer, by lint or budget; whole expansions.
    phases: [usize; 5],
    messages: usize,
    longest: (Duration, u64),
    faults: Vec<String>,
}

/// Declares what the number says.
fn declaration(pool: &Pool, case: u64) -> TokenStream {
    // The numbers of neighbours must have nothing in common.
    let mut mixed = case.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    let random = &mut Random(mixed ^ mixed >> 31);
    let trees = if random.below(8) == 0 { mutate::invented(pool, random) } else { mutate::mutant(pool, random) };
    pool::tokens(&trees)
}

/// The phase that refuses it, or [`WHOLE`].
fn phase(tokens: TokenStream) -> usize {
    let _names = size::Names::begin();
    let mut errors = Errors::default();
    if depth::check(&tokens).is_some() {
        return 0;
    }
    let declaration = parse::declaration(tokens, &mut errors);
    let Some(declaration) = declaration.filter(|_| errors.is_empty()) else { return 0 };
    let checked = check::check(declaration, &mut errors);
    if !errors.is_empty() {
        return 1;
    }
    let draft = infer::infer(checked, &mut errors);
    let Some(network) = draft.complete().filter(|_| errors.is_empty()) else { return 2 };
    lint::lint(&draft, &mut errors);
    if errors.is_empty() {
        budget::check(&network, &plan::plan(&network), &mut errors);
        let folded = fold::fold(&network);
        int8::check(folded.as_ref().map_or(&network, |folded| &folded.network), &mut errors);
    }
    if errors.is_empty() { WHOLE } else { 3 }
}

/// The messages in an expansion.
pub fn messages(expansion: &TokenStream) -> Result<Vec<String>, String> {
    let file: syn::File = syn::parse2(expansion.clone()).map_err(|error| format!("not Rust: {error}\n{expansion}"))?;
    if file.items.is_empty() {
        return Err("nothing at all".to_owned());
    }
    let mut found = Vec::new();
    collect(expansion.clone(), &mut found)?;
    Ok(found)
}

/// The text behind each `compile_error !`, however deep.
fn collect(tokens: TokenStream, found: &mut Vec<String>) -> Result<(), String> {
    let mut before = [String::new(), String::new()];
    for token in tokens {
        let text = if let TokenTree::Group(_) = token { String::new() } else { token.to_string() };
        if let TokenTree::Group(group) = token {
            if before == ["compile_error", "!"] {
                let text: syn::LitStr = syn::parse2(group.stream()).map_err(|error| format!("no message: {error}"))?;
                if text.value().trim().is_empty() {
                    return Err("an empty message".to_owned());
                }
                found.push(text.value());
            } else {
                collect(group.stream(), found)?;
            }
        }
        let [_, last] = before;
        before = [last, text];
    }
    Ok(())
}

/// Expands the case; gives the phase that refuses it, or [`WHOLE`], and the number of messages.
fn attempt(tokens: &TokenStream, took: &mut Duration) -> Result<(usize, usize), String> {
    let begin = Instant::now();
    let expansion = catch_unwind(AssertUnwindSafe(|| expand(tokens.clone()))).map_err(|_| "it panics".to_owned())?;
    *took = begin.elapsed();
    let messages = messages(&expansion)?;
    let phase = phase(tokens.clone());
    if messages.is_empty() == (phase < WHOLE) {
        return Err(format!("{} messages, but phase {phase} refuses it or none does", messages.len()));
    }
    Ok((phase, messages.len()))
}

fn run(cases: impl Iterator<Item = u64>, now: &AtomicU64) -> Tally {
    let pool = Pool::new();
    let mut tally = Tally::default();
    for case in cases {
        now.store(case, Ordering::Relaxed);
        let tokens = declaration(&pool, case);
        let mut took = Duration::ZERO;
        match attempt(&tokens, &mut took) {
            Ok((phase, messages)) => {
                tally.phases[phase] += 1;
                tally.messages += messages;
            }
            Err(why) => tally.faults.push(format!("case {case}: {why}\n{tokens}\n")),
        }
        if took > LONGEST {
            tally.faults.push(format!("case {case} takes {took:?}\n{tokens}\n"));
        }
        tally.longest = tally.longest.max((took, case));
        if tally.faults.len() > 20 {
            break;
        }
    }
    tally
}

/// The number that a variable gives.
fn asked(variable: &str, otherwise: u64) -> u64 {
    let text = std::env::var(variable).ok();
    text.map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}

/// Waits for the thread; a case that does not end ends the program, since nothing else would.
fn watch<T>(thread: &ScopedJoinHandle<T>, now: &AtomicU64) {
    let (mut case, mut since) = (u64::MAX, Instant::now());
    while !thread.is_finished() {
        std::thread::sleep(Duration::from_millis(10));
        let at = now.load(Ordering::Relaxed);
        if at != case {
            (case, since) = (at, Instant::now());
        } else if since.elapsed() > ENDLESS {
            eprintln!("case {case} does not end\n{}", declaration(&Pool::new(), case));
            std::process::exit(1);
        }
    }
}

/// The cases dealt to as many threads as the machine has.
fn run_all(first: u64, cases: u64) -> Tally {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let now: Vec<_> = (0..threads).map(|_| AtomicU64::new(u64::MAX)).collect();
    let mut tally = Tally::default();
    std::thread::scope(|scope| {
        let start = |(thread, now)| {
            let builder = std::thread::Builder::new().stack_size(STACK);
            let mine = (first + thread..first + cases).step_by(threads);
            builder.spawn_scoped(scope, move || run(mine, now)).expect("a thread")
        };
        let running: Vec<_> = (0..).zip(&now).map(start).collect();
        for (thread, now) in running.into_iter().zip(&now) {
            watch(&thread, now);
            let part = thread.join().expect("panics are caught");
            tally.messages += part.messages;
            tally.longest = tally.longest.max(part.longest);
            tally.faults.extend(part.faults);
            (0..tally.phases.len()).for_each(|phase| tally.phases[phase] += part.phases[phase]);
        }
    });
    tally
}

#[test]
fn whatever_is_written_gives_rust() {
    let (first, cases) = (asked("NNET_FUZZ_FIRST", 0), asked("NNET_FUZZ", CASES));
    let tally = run_all(first, cases);
    let [parse, check, infer, meaning, whole] = tally.phases;
    let mut report = format!(
        "fuzz: {cases} cases from {first} on; refused by parse {parse}, check {check}, infer {infer}, lint or budget {meaning}; "
    );
    write!(report, "expanded {whole}; {} messages; ", tally.messages).expect("a text");
    println!("{report}at most {:?}, case {}", tally.longest.0, tally.longest.1);
    assert!(tally.faults.is_empty(), "{} faults\n{}", tally.faults.len(), tally.faults.join("\n"));
    // Otherwise the fuzzer would test one phase alone.
    if cases >= CASES {
        let twentieth = usize::try_from(cases / 20).expect("fewer cases than memory");
        assert!([parse, check, infer].iter().all(|count| *count >= twentieth), "{report}");
        assert!(whole >= 2 * twentieth && meaning >= twentieth / 5, "{report}");
    }
}
