//! Declarations that must not compile, each with the message that its author reads.

#[test]
fn errors() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
