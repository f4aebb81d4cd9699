use super::RoundTrip;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn the_first_round_trip_is_the_shortest_so_far() {
    let mut trip = RoundTrip::default();
    trip.measured(30);
    assert_eq!(trip, RoundTrip { count: 1, last: 30, min: 30, sum: 30 });
}

#[test]
fn a_mean_can_be_had_from_the_sum() {
    let mut trip = RoundTrip::default();
    for took in [30, 10, 50] {
        trip.measured(took);
    }
    assert_eq!(trip, RoundTrip { count: 3, last: 50, min: 10, sum: 90 });
}
