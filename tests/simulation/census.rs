//! What has been seen: a simulation that never met a situation has said nothing about it.

use std::fmt;

use undrop::core::{Cause, Stats};

macro_rules! census {
    ($($name:ident: $what:literal,)*) => {
        #[derive(Clone, Debug, Default)]
        pub struct Census {
            pub drops: [u64; 6],
            $(pub $name: u64,)*
        }

        impl Census {
            pub fn add(&mut self, other: &Census) {
                for (mine, theirs) in self.drops.iter_mut().zip(other.drops) {
                    *mine += theirs;
                }
                $(self.$name += other.$name;)*
            }

            fn counts(&self) -> Vec<(&'static str, u64)> {
                vec![$(($what, self.$name)),*]
            }
        }
    };
}

census! {
    scenarios: "scenarios",
    steps: "steps",
    dials: "dials",
    opens: "opens",
    closes: "ends",
    errors: "unclean ends",
    taken: "messages taken",
    transmitted: "messages transmitted",
    straight: "messages sent straight to the socket",
    endings: "sockets found ending",
    waited: "messages transmitted after a wait",
    expired: "messages returned, expired",
    overflown: "messages returned, pushed out",
    returned: "messages returned at the end",
    withdrawn: "messages taken back",
    refused_full: "messages refused, queue full",
    refused_shut: "messages refused, closed",
    refused_down: "messages refused, no queue",
    arrived: "messages arrived",
    lost_in_flight: "events lost at a cut",
    pings: "heartbeats",
    probes: "probes",
    saved: "probes that saved a line",
    silent_deaths: "lines given up for their silence",
    late_timers: "late timers",
    late_probes: "late timers that probed",
    late_again: "of these, probes that were late themselves",
    late_deaths: "lines given up at the third late timer",
    dial_graces: "late timers that gave a dial more time",
    stray_timers: "stray timers",
    ghosts: "words of dead sockets",
    ghosts_of_now: "of these under the number of the last dial",
    hastened: "dials that a signal hastened",
    held_back: "signals that had to wait for their dial",
    outlasted: "signals that a wait of the user's outlasted",
    takeovers: "hanging dials taken over",
    late_takeovers: "hanging dials taken over at the third late timer",
    drawn: "ms drawn to wait",
    windows: "ms of the windows they were drawn from",
    no_wait: "losses without a wait",
    restarts: "losses with the window of a restart",
    hidden_waits: "losses with the patience of a hidden page",
    final_codes: "final close codes",
    spent: "retries that ran out",
    verdicts: "verdicts",
    stray_verdicts: "stray verdicts",
    user_closes: "closes by the user",
    close_timeouts: "closes that nobody answered",
    reconnects: "reconnects by the user",
    revivals: "of these after the end",
    gave_up: "waits given up",
    meddled: "calls from inside events",
    sleeps: "sleeps",
    healed: "lines that healed at the end",
}

impl Census {
    /// The situations that were not met.
    pub fn blind_spots(&self) -> Vec<String> {
        let mut blind: Vec<String> = self
            .drops_by_cause()
            .into_iter()
            .filter(|(_, count)| *count == 0)
            .map(|(cause, _)| format!("drops by {cause:?}"))
            .collect();
        blind.extend(self.counts().into_iter().filter(|(_, count)| *count == 0).map(|(what, _)| what.to_owned()));
        blind
    }

    pub fn drops_by_cause(&self) -> [(Cause, u64); 6] {
        CAUSES.map(|cause| (cause, self.drops[cause as usize]))
    }

    pub fn lost(&mut self, stats: &Stats) {
        for (mine, theirs) in self.drops.iter_mut().zip(stats.drops) {
            *mine += u64::from(theirs);
        }
    }
}

pub const CAUSES: [Cause; 6] =
    [Cause::Close, Cause::Heartbeat, Cause::Timeout, Cause::Url, Cause::Wake, Cause::Reconnect];

impl fmt::Display for Census {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, count) in self.counts() {
            writeln!(f, "{count:>14}  {what}")?;
        }
        for (cause, count) in self.drops_by_cause() {
            writeln!(f, "{count:>14}  drops by {cause:?}")?;
        }
        Ok(())
    }
}
