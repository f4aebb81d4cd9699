//! What was met, so that the simulation can't go blind.

use std::fmt;

#[derive(Clone, Debug, Default)]
pub struct Census {
    pub scenarios: u64,
    pub steps: u64,
    pub up: u64,
    pub down: u64,
    pub cuts: u64,
    pub redials: u64,
    pub kills: u64,
    pub sessions: u64,
    pub resumes: u64,
    pub restores: u64,
    pub takeovers: u64,
    pub refusals: u64,
    pub pongs: u64,
    pub guest_ends: u64,
    pub host_ends: u64,
    /// Messages that came back, by their fate.
    pub returned: [u64; 4],
}

impl Census {
    pub fn add(&mut self, other: &Census) {
        self.scenarios += other.scenarios;
        self.steps += other.steps;
        self.up += other.up;
        self.down += other.down;
        self.cuts += other.cuts;
        self.redials += other.redials;
        self.kills += other.kills;
        self.sessions += other.sessions;
        self.resumes += other.resumes;
        self.restores += other.restores;
        self.takeovers += other.takeovers;
        self.refusals += other.refusals;
        self.pongs += other.pongs;
        self.guest_ends += other.guest_ends;
        self.host_ends += other.host_ends;
        for fate in 0..4 {
            self.returned[fate] += other.returned[fate];
        }
    }

    /// What never happened.
    pub fn blind_spots(&self) -> Vec<&'static str> {
        self.counts().into_iter().filter(|(count, _)| *count == 0).map(|(_, what)| what).collect()
    }

    fn counts(&self) -> [(u64, &'static str); 19] {
        let [expired, withdrawn, unsent, lost] = self.returned;
        [
            (self.scenarios, "scenarios"),
            (self.steps, "steps"),
            (self.up, "messages arrived at the host"),
            (self.down, "messages arrived at the guest"),
            (self.cuts, "lines were cut"),
            (self.redials, "lines were left for another"),
            (self.kills, "times the server was killed"),
            (self.sessions, "sessions began"),
            (self.resumes, "times a session went on"),
            (self.restores, "times it came from the store"),
            (self.takeovers, "times a second line took it over"),
            (self.refusals, "times a late resume was refused"),
            (self.pongs, "pings were answered"),
            (self.guest_ends, "times the guest ended it"),
            (self.host_ends, "times the host ended it"),
            (expired, "messages expired"),
            (withdrawn, "messages were withdrawn"),
            (unsent, "messages never left"),
            (lost, "messages were lost with their session, and given back"),
        ]
    }
}

impl fmt::Display for Census {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.counts().iter().try_for_each(|(count, what)| writeln!(formatter, "{count:>14}  {what}"))
    }
}
