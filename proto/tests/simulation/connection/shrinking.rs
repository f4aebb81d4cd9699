//! The same scenarios under proptest, which finds the shortest form of one that fails and keeps its seed in
//! `shrinking.regressions` beside this file.

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use super::scenario::Scenario;
use super::world::World;

fn any_scenario() -> impl Strategy<Value = Scenario> {
    let actions = prop::collection::vec(any::<u64>(), 1..120);
    // The seed only seeds what is random; a smaller one is no simpler.
    (any::<u64>().no_shrink(), any::<u64>(), actions)
        .prop_map(|(seed, setup, actions)| Scenario::decode(seed, setup, &actions))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(debug_assertions) { 300 } else { 5_000 },
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        max_shrink_iters: 100_000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_law_holds_or_the_shortest_scenario_is_shown(scenario in any_scenario()) {
        if let Err(violation) = World::run(&scenario, None, false) {
            prop_assert!(false, "{violation}");
        }
    }
}
