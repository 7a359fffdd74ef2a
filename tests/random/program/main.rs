//! Checks every network, and ends with 1 if one fails or if the checks were blind.

mod case;
mod check;
mod judge;
mod networks;

use check::Report;

/// Work areas of groups are on the stack before they are on the heap.
const STACK: usize = 256 << 20;

fn main() {
    let run = || {
        let mut report = Report::default();
        networks::check(&mut report);
        report
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(run).expect("a thread starts");
    let report = thread.join().expect("no check panics outside of a network");
    let Report { failed, entries, bends, doubted, large, flat } = report;
    println!("{entries} gradients, {bends} at bends; {large} of {doubted} would be found out with an error of a hundredth");
    println!("networks of small gradients only: {flat:?}");
    let is_seeing = bends * 500 <= entries && large * 4 >= doubted * 3 && flat.len() <= 5;
    if failed > 0 || !is_seeing {
        println!("{failed} networks failed");
        std::process::exit(1);
    }
}
