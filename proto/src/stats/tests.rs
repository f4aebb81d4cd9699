use super::RoundTrip;

#[test]
fn the_first_round_trip_is_the_shortest_so_far() {
    let mut trip = RoundTrip::default();
    trip.add(30);
    assert_eq!(trip, RoundTrip { count: 1, last: 30, min: 30, sum: 30 });
}

#[test]
fn the_sum_of_all_round_trips_gives_their_mean() {
    let mut trip = RoundTrip::default();
    for took in [30, 10, 50] {
        trip.add(took);
    }
    assert_eq!(trip, RoundTrip { count: 3, last: 50, min: 10, sum: 90 });
}
