//! Broken drivers and broken stores: the real one but for a single defect, which must be caught by the law that it breaks.

use super::world::Scenario;
use crate::law::Law;
use crate::twins::twins;

twins! {
    Scenario::from_seed {
        a_server_that_acknowledges_before_it_is_stored: AcknowledgesTooEarly by I10,
        a_server_that_sends_before_it_is_stored: SendsTooEarly by I5,
        a_server_that_answers_a_commit_before_it_is_stored: CommitsTooEarly by I10,
        a_server_that_says_over_after_a_fence: SaysThatItIsOver by I10,
        a_server_that_forgets_commits_after_a_fence: ForgetsItsCommits by I6,
        a_server_that_hears_late_answers: HearsLateAnswers by I5 | I6 | I10,
        a_server_that_hands_out_a_message_again: ReceivesAgain by I5 | I10,
        a_server_that_resumes_without_the_store: DoesNotAskTheStore by I5 | I10,
        a_server_that_looks_at_counts_after_it_has_attached: LeavesFirst by Protocol,
        a_server_that_ignores_a_fence: IgnoresThatItIsFenced by I5 | I10,
        a_server_that_resumes_when_it_is_fenced: ResumesWhenFenced by I5,
        a_server_that_acknowledges_when_it_is_fenced: AcknowledgesWhenFenced by I10,
        a_server_that_loses_deliveries: LosesDeliveries by I6,
        a_server_that_does_not_repair: DoesNotRepair by I5 | I10,
        a_server_that_repairs_without_what_it_received: RepairsInPart by I5,
        a_server_that_never_readmits: NeverReadmits by I4,
        a_server_that_never_asks_again: NeverAsksAgain by I4,
        a_server_that_reads_without_room: ReadsWithoutRoom by I7,
        a_server_that_forgets_its_timer: ForgetsTheTimer by I4,
        a_server_that_never_looks_for_what_was_forwarded: NeverLooksForForwarded by I4,
        a_server_that_keeps_its_slot: KeepsItsSlot by I4,
        a_server_that_keeps_what_is_undelivered: KeepsWhatIsUndelivered by I6,
        a_store_that_writes_in_part: WritesInPart by I5 | I10,
        a_store_that_forgets_a_write: ForgetsAWrite by I5 | I10,
        a_store_that_claims_without_a_fence: ClaimsWithoutAFence by I4 | I10,
        a_store_that_ignores_its_fence: IgnoresTheFence by I10,
        a_store_that_counts_its_fences: CountsItsFences by I10,
        a_store_that_repeats_a_write: RepeatsAWrite by I5 | I10,
        a_store_that_trims_too_much: TrimsTooMuch by I5 | Protocol,
        a_store_that_claims_what_can_not_be: ClaimsWhatCanNotBe by I5 | Protocol,
        a_store_that_forgets_who_was_answered: ForgetsWhoWasAnswered by I5 | I6,
        a_server_that_forgets_who_was_answered: ResumesWhomItHasNotAnswered by I5 | I6,
        a_store_that_accepts_gaps: AcceptsGaps by I5 | I10,
        a_store_that_serves_what_is_left: ServesWhatIsLeft by I5 | Protocol,
        a_store_that_keeps_what_was_forwarded: KeepsWhatWasForwarded by I4 | I5,
        a_server_that_ignores_that_it_is_revoked: IgnoresThatItIsRevoked by I5 | I10,
        a_store_that_serves_what_is_revoked: ServesWhatIsRevoked by I5 | I10,
        a_server_that_stays_throttled: StaysThrottled by I4,
        a_server_that_reads_when_it_is_throttled: ReadsWhenThrottled by I7,
        a_store_that_expires_too_early: ExpiresTooEarly by I5,
    }
}
