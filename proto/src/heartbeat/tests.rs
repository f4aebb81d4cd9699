use super::{Check, Heartbeat, Monitor};
use crate::{Cause, Millis};

const HEARTBEAT: Heartbeat = Heartbeat { interval: 25_000, timeout: 10_000 };

fn listening() -> Monitor {
    Monitor::new(HEARTBEAT, Millis(0))
}

/// Pinged at 25,000, to be answered until 35,000.
fn pinged() -> Monitor {
    let mut monitor = listening();
    assert_eq!(monitor.handle_timeout(Millis(25_000)), Check::Ping);
    monitor
}

/// Pinged at 1,000, to be answered until 3,000.
fn probing() -> Monitor {
    let mut monitor = listening();
    assert_eq!(monitor.probe(Millis(1_000)), Check::Ping);
    monitor
}

mod listening {
    use super::*;

    #[test]
    fn a_silent_connection_is_pinged_after_the_interval() {
        let mut monitor = listening();
        assert_eq!(monitor.deadline(), Millis(25_000));
        assert_eq!(monitor.handle_timeout(Millis(24_999)), Check::Nothing);
        assert_eq!(monitor.handle_timeout(Millis(25_000)), Check::Ping);
        assert_eq!(monitor.deadline(), Millis(35_000));
    }

    #[test]
    fn traffic_saves_a_ping_and_moves_no_timer() {
        let mut monitor = listening();
        monitor.hear();
        assert_eq!(monitor.deadline(), Millis(25_000));
        assert_eq!(monitor.handle_timeout(Millis(25_000)), Check::Nothing);
        assert_eq!(monitor.deadline(), Millis(50_000));
    }

    #[test]
    fn a_late_timer_probes() {
        let mut monitor = listening();
        assert_eq!(monitor.handle_timeout(Millis(90_000)), Check::Ping);
        assert_eq!(monitor.deadline(), Millis(92_000));
        assert_eq!(monitor.handle_timeout(Millis(92_000)), Check::Dead(Cause::Wake));
    }

    #[test]
    fn a_dead_connection_is_pinged_at_the_second_check_after_its_last_message() {
        let mut monitor = listening();
        monitor.hear();
        assert_eq!(monitor.handle_timeout(Millis(25_000)), Check::Nothing);
        assert_eq!(monitor.handle_timeout(Millis(50_000)), Check::Ping);
        assert_eq!(monitor.handle_timeout(Millis(60_000)), Check::Dead(Cause::Heartbeat));
    }

    #[test]
    fn a_pong_without_a_ping_measures_nothing() {
        assert_eq!(listening().hear_pong(Millis(5)), None);
    }
}

mod pinged {
    use super::*;

    #[test]
    fn a_pong_is_measured_and_the_interval_begins_anew() {
        let mut monitor = pinged();
        assert_eq!(monitor.hear_pong(Millis(25_040)), Some(40));
        assert_eq!(monitor.deadline(), Millis(50_040));
    }

    #[test]
    fn any_traffic_proves_life_and_the_interval_begins_anew_at_the_deadline() {
        let mut monitor = pinged();
        monitor.hear();
        assert_eq!(monitor.deadline(), Millis(35_000));
        assert_eq!(monitor.handle_timeout(Millis(35_000)), Check::Nothing);
        assert_eq!(monitor.deadline(), Millis(60_000));
    }

    #[test]
    fn traffic_from_before_the_ping_proves_nothing() {
        let mut monitor = listening();
        monitor.hear();
        monitor.probe(Millis(10));
        assert_eq!(monitor.handle_timeout(Millis(2_010)), Check::Dead(Cause::Wake));
    }

    #[test]
    fn silence_until_the_deadline_means_dead() {
        assert_eq!(pinged().handle_timeout(Millis(34_999)), Check::Nothing);
        assert_eq!(pinged().handle_timeout(Millis(35_000)), Check::Dead(Cause::Heartbeat));
        assert_eq!(pinged().handle_timeout(Millis(36_000)), Check::Dead(Cause::Heartbeat));
    }

    #[test]
    fn a_late_timer_that_finds_an_answer_pings_nobody() {
        let mut monitor = pinged();
        monitor.hear();
        assert_eq!(monitor.handle_timeout(Millis(90_000)), Check::Nothing);
    }

    #[test]
    fn the_pong_of_a_ping_is_not_taken_for_that_of_a_probe() {
        let mut monitor = pinged();
        assert_eq!(monitor.probe(Millis(34_000)), Check::Ping);
        assert_eq!([34_010, 34_020].map(|now| monitor.hear_pong(Millis(now))), [None, None]);
        assert_eq!(monitor.handle_timeout(Millis(36_000)), Check::Nothing);
    }

    #[test]
    fn a_late_timer_probes_before_it_kills() {
        let mut monitor = pinged();
        assert_eq!(monitor.handle_timeout(Millis(36_001)), Check::Ping);
        assert_eq!(monitor.handle_timeout(Millis(38_000)), Check::Nothing);
        assert_eq!(monitor.handle_timeout(Millis(38_001)), Check::Dead(Cause::Wake));
    }
}

mod probing {
    use super::*;

    #[test]
    fn a_second_probe_does_not_move_the_deadline_of_the_first() {
        let mut monitor = probing();
        assert_eq!(monitor.probe(Millis(2_900)), Check::Nothing);
        assert_eq!(monitor.deadline(), Millis(3_000));
    }

    #[test]
    fn silence_after_a_probe_means_dead() {
        assert_eq!(probing().handle_timeout(Millis(3_000)), Check::Dead(Cause::Wake));
    }

    #[test]
    fn a_late_timer_probes_again_before_it_kills() {
        let mut monitor = probing();
        assert_eq!(monitor.handle_timeout(Millis(4_001)), Check::Ping);
        assert_eq!(monitor.handle_timeout(Millis(6_000)), Check::Nothing);
        assert_eq!(monitor.handle_timeout(Millis(6_001)), Check::Dead(Cause::Wake));
    }

    #[test]
    fn where_every_timer_is_late_three_probes_are_enough() {
        let mut monitor = probing();
        let minutes = [60_000, 120_000, 180_000];
        let checks = minutes.map(|now| monitor.handle_timeout(Millis(now)));
        assert_eq!(checks, [Check::Ping, Check::Ping, Check::Dead(Cause::Wake)]);
    }

    #[test]
    fn each_answer_allows_for_two_late_timers_again() {
        let mut monitor = probing();
        for minute in 1..10 {
            let now = Millis(minute * 60_000);
            assert_eq!(monitor.handle_timeout(now), Check::Ping);
            monitor.hear();
            assert_eq!(monitor.handle_timeout(now + 30_000), Check::Nothing);
        }
    }

    #[test]
    fn an_answer_to_a_probe_restores_the_interval_and_measures_nothing() {
        let mut monitor = probing();
        assert_eq!(monitor.hear_pong(Millis(1_100)), None);
        assert_eq!(monitor.handle_timeout(Millis(3_000)), Check::Nothing);
        assert_eq!(monitor.deadline(), Millis(28_000));
    }
}
