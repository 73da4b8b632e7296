//! What must not compile: no step of the ladder of trust can be skipped, and no proof can be made by hand.

#[test]
#[cfg_attr(
    feature = "vendored",
    ignore = "would build OpenSSL once more: `make second-opinion` runs it with the system's"
)]
fn no_step_of_the_ladder_of_trust_can_be_skipped() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
