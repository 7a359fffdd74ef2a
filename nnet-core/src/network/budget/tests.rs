use super::*;

const SHARES: &[Share] = &[
    Share { name: "a", what: "Linear(2)", figure: 6, cure: "" },
    Share { name: "größer", what: "Linear(1_000)", figure: 3000, cure: "fewer features" },
    Share { name: "relu_2", what: "Relu", figure: 0, cure: "" },
    Share { name: "c", what: "Linear(2)", figure: 6, cure: "" },
    Share { name: "d", what: "Linear(1)", figure: 1, cure: "" },
    Share { name: "e", what: "Linear(1)", figure: 1, cure: "" },
    Share { name: "f", what: "Linear(1)", figure: 1, cure: "" },
];
const CLAIM: Claim = Claim {
    network: "Net",
    measure: Measure::Parameters,
    figure: 3015,
    limit: 3000,
    written: "3 k",
    decided: "",
    shares: SHARES,
};

#[test]
fn the_largest_share_decides() {
    let text = complaint(&CLAIM).expect("15 too many");
    let want = "budget: Net has 3,015 parameters, 15 more than 3 k; `größer` has the largest share: 3,000, 100 %; \
        make `größer` smaller: fewer features\n\n\
        parameters of Net\n\
        → größer  Linear(1_000)  3,000  100 %\n  \
          a       Linear(2)          6    0 %\n  \
          c       Linear(2)          6    0 %\n  \
          d       Linear(1)          1    0 %\n  \
          e       Linear(1)          1    0 %\n  \
          … 1 more …\n  \
          total                  3,015\n  \
          budget                 3,000";
    assert_eq!(text.as_str(), want);
}

#[test]
fn a_figure_at_its_limit_is_within() {
    assert!(complaint(&Claim { limit: 3015, ..CLAIM }).is_none());
    assert!(complaint(&Claim { limit: 3014, ..CLAIM }).is_some());
    check_budget(true, &Claim { limit: 3015, ..CLAIM });
    check_budget(false, &CLAIM);
}

#[test]
fn what_is_known_better_is_said_instead() {
    let text = complaint(&Claim { measure: Measure::Ram, decided: "`pool` decides it", ..CLAIM });
    let text = text.expect("15 too many");
    let begin = "budget: Net needs 3,015 bytes of RAM to predict, 15 more than 3 k; `pool` decides it; make";
    assert!(text.as_str().starts_with(begin), "{}", text.as_str());
}

#[test]
fn numbers_have_commas_and_widths() {
    for (number, want) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_000_070, "1,000,070")] {
        let mut text = Text::<16>::new();
        text.thousands(number);
        assert_eq!((text.as_str(), thousands_width(number)), (want, want.len()));
    }
    assert_eq!([percent(1, 3), percent(2, 3), percent(usize::MAX, usize::MAX)], [33, 67, 100]);
}
