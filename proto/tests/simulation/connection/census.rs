//! What a connection with a queue has met.

use undrop_proto::Stats;

use crate::census::census;

census! {
    Census {
        scenarios: "scenarios",
        steps: "steps",
        attempts: "attempts",
        opens: "connections opened",
        closes: "connections closed",
        closes_by_user: "of these, closed by the user",
        errors: "of these, with an error",
        authentications: "times the user was to authenticate",
        accepted: "messages accepted",
        transmitted: "messages transmitted",
        bypassed: "messages sent straight to the socket",
        endings: "sockets found ending",
        waited: "messages transmitted after a wait",
        sent: "messages settled, sent",
        expired: "messages settled, expired",
        overflown: "messages settled, overflow",
        closed: "messages settled, closed",
        withdrawn: "messages withdrawn",
        texts: "texts accepted",
        counts: "times the queue was counted",
        refused_full: "messages refused, queue full",
        refused_closed: "messages refused, closed",
        refused_not_open: "messages refused, no queue",
        arrived: "messages arrived",
        lost_under_way: "events lost at a cut",
        pings: "heartbeats",
        probes: "probes",
        saved: "probes that saved a connection",
        silent_deaths: "connections given up for their silence",
        late_timers: "late timers",
        late_probes: "late timers that probed",
        late_again: "of these, probes that were late themselves",
        late_deaths: "connections given up at the third late timer",
        attempt_graces: "late timers that gave an attempt more time",
        stray_timers: "stray timers",
        stale: "events of abandoned sockets",
        stale_of_now: "of these, under the number of the last attempt",
        hastened: "attempts that a signal brought forward",
        held_back: "signals that had to wait for their attempt",
        outlasted: "signals that a delay of the user outlasted",
        takeovers: "hanging attempts given up",
        late_takeovers: "hanging attempts given up at the third late timer",
        drawn: "ms drawn to wait",
        windows: "ms of the windows they were drawn from",
        no_wait: "drops without a wait",
        restarts: "drops with the window of a restart",
        hidden_waits: "drops with the wait of a hidden page",
        final_codes: "final close codes",
        spent: "limits reached",
        decisions: "decisions",
        stray_decisions: "stray decisions",
        beyond_limit: "decisions beyond the limit",
        user_closes: "closes by the user",
        close_timeouts: "closes that nobody answered",
        closes_of_suspects: "closes that waited for no answer of a suspect",
        reconnects: "reconnects by the user",
        revivals: "of these after the close",
        gave_up: "waits given up",
        acted_in_events: "calls from within events",
        sleeps: "sleeps",
        recovered: "connections that recovered at the end",
        dropped_by_close: "drops by close",
        dropped_by_heartbeat: "drops by heartbeat",
        dropped_by_timeout: "drops by timeout",
        dropped_by_url: "drops by url",
        dropped_by_authenticate: "drops by authenticate",
        dropped_by_wake: "drops by wake",
        dropped_by_reconnect: "drops by reconnect",
    }
}

impl Census {
    pub fn dropped(&mut self, before: &Stats, after: &Stats) {
        let counts = [
            &mut self.dropped_by_close,
            &mut self.dropped_by_heartbeat,
            &mut self.dropped_by_timeout,
            &mut self.dropped_by_url,
            &mut self.dropped_by_authenticate,
            &mut self.dropped_by_wake,
            &mut self.dropped_by_reconnect,
        ];
        for (count, (before, after)) in counts.into_iter().zip(before.drops.iter().zip(after.drops)) {
            *count += u64::from(after - before);
        }
    }
}
