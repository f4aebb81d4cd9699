//! Has a scenario happen, judges each step, and sees that in the end, when peace has come, nothing is left undone.

use super::book::Book;
use super::census::Census;
use super::guest::Guest;
use super::law::{Crime, Law, Verdict};
use super::network::{Event, Network, Way};
use super::scenario::{Act, Scenario};
use super::server::Server;
use super::subject::Breach;

/// More than this can't happen in any scenario: who still has something to do then is never done.
const ENOUGH: usize = 200_000;

pub struct World {
    net: Network,
    guest: Guest,
    server: Server,
    /// By the way that their messages go.
    books: [Book; 2],
    census: Census,
}

impl World {
    pub fn run(scenario: &Scenario, breach: Option<Breach>, tell: bool) -> Result<Census, Crime> {
        let net = Network::new(scenario.weather, scenario.seed ^ 0x5e55_1011);
        let guest = Guest::new(&net, breach);
        let mut world =
            Self { net, guest, server: Server::new(breach), books: Default::default(), census: Census::default() };
        for (index, (at, _)) in scenario.script.iter().enumerate() {
            world.net.at(*at, Event::Act(index));
        }
        world.net.at(0, Event::Dial);
        for _ in 0..ENOUGH {
            let Some(event) = world.net.next() else {
                world.close()?;
                return Ok(world.count());
            };
            if tell {
                println!("{:>7} ms {event:?}", world.net.now);
            }
            world.step(event, scenario)?;
        }
        Crime::new(Law::I4, world.net.now, "there is no end to it")
    }

    fn step(&mut self, event: Event, scenario: &Scenario) -> Verdict {
        let Self { net, guest, server, books, .. } = self;
        self.census.steps += 1;
        match event {
            Event::Act(index) => {
                let Some((_, act)) = scenario.script.get(index) else { return Ok(()) };
                self.act(*act)
            }
            Event::Dial => {
                let is_up = server.is_up(net.now);
                guest.dial(net, is_up);
                Ok(())
            }
            Event::Opened(line) => {
                if !net.lines[line].host_left {
                    guest.opened(net, books, line)?;
                }
                Ok(())
            }
            Event::Arrives(line, Way::Up) => server.arrives(net, books, line),
            Event::Arrives(line, Way::Down) => guest.arrives(net, books, line),
            Event::Noticed(line, Way::Up) => server.noticed(net, books, line),
            Event::Noticed(line, Way::Down) | Event::Goodbye(line) => guest.lose(net, books, line),
            Event::Patience(line) => guest.lose_patience(net, books, line),
            Event::GuestTimer => guest.timer(net, books),
            Event::GuestTook(sessions, number) => guest.take(net, books, sessions, number),
            Event::HostTimer(session) => server.timer(net, books, session),
            Event::Stored(session, starts, number) => server.stored(net, books, session, starts, number),
            Event::Evict(session, since) => server.evict(net, books, session, since),
        }
    }

    fn act(&mut self, act: Act) -> Verdict {
        let Self { net, guest, server, books, census, .. } = self;
        match act {
            Act::GuestSends(count) => (0..count).try_for_each(|_| guest.send(net, books)),
            Act::HostSends(count) => (0..count).try_for_each(|_| server.send(net, books)),
            Act::GuestWithdraws => guest.withdraw(net, books),
            Act::HostWithdraws => server.withdraw(net, books),
            Act::GuestPings => {
                guest.ping(net);
                Ok(())
            }
            Act::HostPings => {
                server.ping(net);
                Ok(())
            }
            Act::Cut => {
                let cut = guest.line().is_some_and(|line| net.cut(line));
                census.cuts += u64::from(cut);
                Ok(())
            }
            Act::Redial => match guest.line() {
                Some(line) => {
                    census.redials += 1;
                    guest.lose(net, books, line)
                }
                None => Ok(()),
            },
            Act::Kill => {
                census.kills += 1;
                server.kill(net, books)
            }
            Act::GuestEnds => {
                census.guest_ends += 1;
                guest.finish(net, books)
            }
            Act::HostEnds => {
                census.host_ends += 1;
                server.finish(net, books)
            }
        }
    }

    fn close(&self) -> Verdict {
        self.guest.close(self.net.now)?;
        self.server.close(self.net.now)?;
        self.books.iter().try_for_each(|book| book.close(self.net.now))
    }

    fn count(mut self) -> Census {
        self.census.scenarios = 1;
        self.census.sessions = u64::from(self.guest.sessions);
        self.census.resumes = u64::from(self.guest.resumes);
        self.census.restores = u64::from(self.server.restores);
        self.census.takeovers = u64::from(self.server.takeovers);
        self.census.refusals = u64::from(self.server.refusals);
        self.census.pongs = u64::from(self.guest.pongs + self.server.pongs);
        let [up, down] = &self.books;
        self.census.up = up.delivered;
        self.census.down = down.delivered;
        for fate in 0..4 {
            self.census.returned[fate] = up.returned[fate] + down.returned[fate];
        }
        self.census
    }
}
