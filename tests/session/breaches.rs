//! Ends and owners that were broken on purpose: each is the real one but for a single breach, and each must be caught by
//! the law that it breaks. A simulation that lets one pass proves nothing.

use super::law::{Crime, Law};
use super::scenario::Scenario;
use super::subject::Breach;
use super::world::World;

macro_rules! each_is_caught {
    ($($name:ident: $breach:ident by $($law:ident)|+,)*) => {
        $(
            #[test]
            fn $name() {
                let (seed, crime) = first_crime(Breach::$breach);
                println!("{:<26} caught in scenario {seed:>4}: {crime}", stringify!($breach));
                assert!(matches!(crime.law, $(Law::$law)|+), "{crime}");
            }
        )*
    };
}

each_is_caught! {
    an_end_that_hears_the_older_line: HearsTheOlderLine by I5,
    an_end_that_forgets_what_was_lost: ForgetsWhatWasLost by I5,
    an_end_that_repeats_what_arrived: RepeatsWhatArrived by I5 | I6,
    an_end_that_loses_a_message: LosesAMessage by I5,
    an_end_that_doubles_a_message: DoublesAMessage by I5,
    an_end_that_swaps_two_messages: SwapsTwoMessages by I5,
    an_end_that_counts_control_frames: CountsControlFrames by Receipts,
    an_end_that_forgets_the_escape: ForgetsTheEscape by Peace,
    an_end_that_acknowledges_the_future: AcknowledgesTheFuture by Receipts,
    an_end_that_acknowledges_never: AcknowledgesNever by Receipts,
    an_end_that_acknowledges_twice: AcknowledgesTwice by Receipts,
    an_end_that_forgets_the_timer: ForgetsTheTimer by I4,
    an_end_that_greets_before_all_is_taken: GreetsBeforeAllIsTaken by Receipts,
    an_end_that_speaks_before_it_is_answered: SpeaksBeforeItIsAnswered by Peace,
    an_end_that_never_greets_again: NeverGreetsAgain by I4,
    an_end_that_answers_another_ping: AnswersAnotherPing by Peace,
    an_end_that_hides_what_was_lost: HidesWhatWasLost by I6,
    an_end_that_returns_twice: ReturnsTwice by I6,
    an_end_that_denies_that_a_message_left: DeniesThatItLeft by I6,
    an_end_that_withdraws_what_has_left: WithdrawsWhatHasLeft by I6,
    an_end_that_expires_too_early: ExpiresTooEarly by I6,
    an_end_that_says_delivered_at_once: DeliversAtOnce by I6,
    an_end_that_ignores_its_bounds: IgnoresItsBounds by I7,
    an_end_that_refuses_too_early: RefusesTooEarly by I7,
    a_server_that_takes_before_it_has_stored: TakesBeforeItIsStored by I6,
    a_server_that_sends_before_it_has_stored: SendsBeforeItIsStored by I5 | I6,
    a_server_that_stores_what_came_back: StoresWhatCameBack by I5 | I6,
    a_store_that_forgets_its_fence: ForgetsItsFence by I5,
}

/// The first scenario that finds it out, and how.
fn first_crime(breach: Breach) -> (u64, Crime) {
    let found = (0..20_000).find_map(|seed| {
        let crime = World::run(&Scenario::from_seed(seed), Some(breach), false).err()?;
        Some((seed, crime))
    });
    found.unwrap_or_else(|| panic!("{breach:?} was not noticed"))
}
