use super::{Beat, Heartbeat, Pulse};
use crate::core::{Cause, Millis};

const HEARTBEAT: Heartbeat = Heartbeat { interval: 25_000, timeout: 10_000 };

fn listening() -> Pulse {
    Pulse::new(HEARTBEAT, Millis(0))
}

/// Asked at 25,000, to be answered until 35,000.
fn asked() -> Pulse {
    let mut pulse = listening();
    assert_eq!(pulse.handle_timeout(Millis(25_000)), Beat::Ask);
    pulse
}

/// Asked at 1,000, to be answered until 3,000.
fn probing() -> Pulse {
    let mut pulse = listening();
    assert_eq!(pulse.probe(Millis(1_000)), Beat::Ask);
    pulse
}

mod listening {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;
    #[test]
    fn a_silent_line_is_asked_after_the_interval() {
        let mut pulse = listening();
        assert_eq!(pulse.deadline(), Millis(25_000));
        assert_eq!(pulse.handle_timeout(Millis(24_999)), Beat::Nothing);
        assert_eq!(pulse.handle_timeout(Millis(25_000)), Beat::Ask);
        assert_eq!(pulse.deadline(), Millis(35_000));
    }

    #[test]
    fn traffic_saves_a_ping_and_moves_no_timer() {
        let mut pulse = listening();
        pulse.hear();
        assert_eq!(pulse.deadline(), Millis(25_000));
        assert_eq!(pulse.handle_timeout(Millis(25_000)), Beat::Nothing);
        assert_eq!(pulse.deadline(), Millis(50_000));
    }

    #[test]
    fn a_late_timer_probes() {
        let mut pulse = listening();
        assert_eq!(pulse.handle_timeout(Millis(90_000)), Beat::Ask);
        assert_eq!(pulse.deadline(), Millis(92_000));
        assert_eq!(pulse.handle_timeout(Millis(92_000)), Beat::Dead(Cause::Wake));
    }

    #[test]
    fn a_dead_line_is_asked_at_the_second_look_after_its_last_message() {
        let mut pulse = listening();
        pulse.hear();
        assert_eq!(pulse.handle_timeout(Millis(25_000)), Beat::Nothing);
        assert_eq!(pulse.handle_timeout(Millis(50_000)), Beat::Ask);
        assert_eq!(pulse.handle_timeout(Millis(60_000)), Beat::Dead(Cause::Heartbeat));
    }

    #[test]
    fn a_reply_that_nobody_asked_for_measures_nothing() {
        assert_eq!(listening().hear_reply(Millis(5)), None);
    }
}

mod asked {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;
    #[test]
    fn a_reply_is_measured_and_the_interval_begins_anew() {
        let mut pulse = asked();
        assert_eq!(pulse.hear_reply(Millis(25_040)), Some(40));
        assert_eq!(pulse.deadline(), Millis(50_040));
    }

    #[test]
    fn any_traffic_proves_life_and_the_interval_begins_anew_when_the_time_to_answer_is_over() {
        let mut pulse = asked();
        pulse.hear();
        assert_eq!(pulse.deadline(), Millis(35_000));
        assert_eq!(pulse.handle_timeout(Millis(35_000)), Beat::Nothing);
        assert_eq!(pulse.deadline(), Millis(60_000));
    }

    #[test]
    fn traffic_from_before_the_question_proves_nothing() {
        let mut pulse = listening();
        pulse.hear();
        pulse.probe(Millis(10));
        assert_eq!(pulse.handle_timeout(Millis(2_010)), Beat::Dead(Cause::Wake));
    }

    #[test]
    fn silence_until_the_deadline_is_death() {
        assert_eq!(asked().handle_timeout(Millis(34_999)), Beat::Nothing);
        assert_eq!(asked().handle_timeout(Millis(35_000)), Beat::Dead(Cause::Heartbeat));
        assert_eq!(asked().handle_timeout(Millis(36_000)), Beat::Dead(Cause::Heartbeat));
    }

    #[test]
    fn a_late_timer_that_finds_an_answer_asks_nothing() {
        let mut pulse = asked();
        pulse.hear();
        assert_eq!(pulse.handle_timeout(Millis(90_000)), Beat::Nothing);
    }

    #[test]
    fn its_answer_is_not_taken_for_that_of_a_probe() {
        let mut pulse = asked();
        assert_eq!(pulse.probe(Millis(34_000)), Beat::Ask);
        assert_eq!([34_010, 34_020].map(|now| pulse.hear_reply(Millis(now))), [None, None]);
        assert_eq!(pulse.handle_timeout(Millis(36_000)), Beat::Nothing);
    }

    #[test]
    fn a_late_timer_probes_before_it_kills() {
        let mut pulse = asked();
        assert_eq!(pulse.handle_timeout(Millis(36_001)), Beat::Ask);
        assert_eq!(pulse.handle_timeout(Millis(38_000)), Beat::Nothing);
        assert_eq!(pulse.handle_timeout(Millis(38_001)), Beat::Dead(Cause::Wake));
    }
}

mod probing {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;
    #[test]
    fn further_doubts_do_not_put_it_off() {
        let mut pulse = probing();
        assert_eq!(pulse.probe(Millis(2_900)), Beat::Nothing);
        assert_eq!(pulse.deadline(), Millis(3_000));
    }

    #[test]
    fn silence_is_death() {
        assert_eq!(probing().handle_timeout(Millis(3_000)), Beat::Dead(Cause::Wake));
    }

    #[test]
    fn a_late_timer_probes_again_before_it_kills() {
        let mut pulse = probing();
        assert_eq!(pulse.handle_timeout(Millis(4_001)), Beat::Ask);
        assert_eq!(pulse.handle_timeout(Millis(6_000)), Beat::Nothing);
        assert_eq!(pulse.handle_timeout(Millis(6_001)), Beat::Dead(Cause::Wake));
    }

    #[test]
    fn where_every_timer_is_late_three_probes_are_enough() {
        let mut pulse = probing();
        let minutes = [60_000, 120_000, 180_000];
        let beats = minutes.map(|now| pulse.handle_timeout(Millis(now)));
        assert_eq!(beats, [Beat::Ask, Beat::Ask, Beat::Dead(Cause::Wake)]);
    }

    #[test]
    fn each_answer_renews_the_patience() {
        let mut pulse = probing();
        for minute in 1..10 {
            let now = Millis(minute * 60_000);
            assert_eq!(pulse.handle_timeout(now), Beat::Ask);
            pulse.hear();
            assert_eq!(pulse.handle_timeout(now + 30_000), Beat::Nothing);
        }
    }

    #[test]
    fn an_answer_brings_the_rhythm_back_and_measures_nothing() {
        let mut pulse = probing();
        assert_eq!(pulse.hear_reply(Millis(1_100)), None);
        assert_eq!(pulse.handle_timeout(Millis(3_000)), Beat::Nothing);
        assert_eq!(pulse.deadline(), Millis(28_000));
    }
}
