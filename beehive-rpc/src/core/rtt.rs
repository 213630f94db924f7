//! Round-trip time and the retransmission timer: RFC 6298.

use super::Config;
use std::time::{Duration, Instant};

/// Granularity of the clock, G of RFC 6298: that of timers, not of the clock that measures.
const GRANULARITY: Duration = Duration::from_millis(1);

/// Estimate of the round-trip time.
#[derive(Clone, Debug)]
pub struct Rtt {
    /// SRTT and RTTVAR, from the first measurement on.
    estimate: Option<(Duration, Duration)>,
    initial: Duration,
    min: Duration,
    max: Duration,
    /// How often the timer is doubled, and when it last was.
    backoff: u32,
    backed_off: Option<Instant>,
}

impl Rtt {
    /// Without a measurement.
    pub fn new(config: &Config) -> Self {
        let Config { initial_rto: initial, min_rto: min, max_rto: max, .. } = *config;
        Rtt { estimate: None, initial, min, max, backoff: 0, backed_off: None }
    }

    /// SRTT: the smoothed round-trip time.
    pub fn smoothed(&self) -> Option<Duration> {
        self.estimate.map(|(srtt, _)| srtt)
    }

    /// RTO: the timer of a call that was sent `attempts` times (at least once), this one included.
    pub fn timer(&self, attempts: u32) -> Duration {
        let base = self.estimate.map_or(self.initial, |(srtt, var)| srtt + GRANULARITY.max(4 * var));
        // Rule 5.5; a call that was lost before waits longer even if others were answered since.
        let doublings = self.backoff.max(attempts.saturating_sub(1)).min(30);
        base.max(self.min).saturating_mul(1 << doublings).min(self.max)
    }

    /// A reply came after `rtt` to a call that was sent once: Karn's rule, section 3, is the caller's.
    pub fn sample(&mut self, rtt: Duration) {
        self.estimate = Some(match self.estimate {
            // Rule 2.2.
            None => (rtt, rtt / 2),
            // Rule 2.3 with alpha 1/8, beta 1/4.
            Some((srtt, var)) => ((7 * srtt + rtt) / 8, (3 * var + srtt.abs_diff(rtt)) / 4),
        });
        self.backoff = 0;
    }

    /// The timer of a call expired that was sent at `sent`. Calls that were sent before the last doubling tell nothing new.
    pub fn expired(&mut self, sent: Instant, now: Instant) {
        if self.backed_off.is_none_or(|at| sent >= at) {
            self.backoff = (self.backoff + 1).min(30);
            self.backed_off = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(value: f64) -> Duration {
        Duration::from_secs_f64(value / 1000.0)
    }

    fn rtt() -> Rtt {
        let config = Config { initial_rto: ms(1000.0), min_rto: ms(5.0), max_rto: ms(60_000.0), ..Config::default() };
        Rtt::new(&config)
    }

    /// By hand: R = 100: SRTT 100, RTTVAR 50, RTO 100 + 200. R' = 60: RTTVAR 3/4 50 + 1/4 40 = 47.5,
    /// SRTT 7/8 100 + 1/8 60 = 95, RTO 95 + 190 = 285. R' = 95: RTTVAR 35.625, SRTT 95, RTO 237.5.
    #[test]
    fn rfc6298_s2_estimates() {
        let mut rtt = rtt();
        assert_eq!((rtt.timer(1), rtt.smoothed()), (ms(1000.0), None));
        for (sample, srtt, rto) in [(100.0, 100.0, 300.0), (60.0, 95.0, 285.0), (95.0, 95.0, 237.5)] {
            rtt.sample(ms(sample));
            assert_eq!((rtt.smoothed(), rtt.timer(1)), (Some(ms(srtt)), ms(rto)));
        }
    }

    /// RTTVAR of a constant round trip decays by 3/4 until G = 1 ms counts.
    #[test]
    fn rfc6298_s2_3_granularity_bounds_from_below() {
        let mut rtt = rtt();
        (0..100).for_each(|_| rtt.sample(ms(8.0)));
        assert_eq!(rtt.timer(1), ms(9.0));
        (0..200).for_each(|_| rtt.sample(ms(0.1)));
        assert_eq!(rtt.timer(1), ms(5.0), "2.4: at least the minimum");
    }

    #[test]
    fn rfc6298_s5_5_doubles_and_s5_7_ends_with_a_sample() {
        let (mut rtt, start) = (rtt(), Instant::now());
        rtt.sample(ms(100.0));
        rtt.expired(start, start + ms(300.0));
        assert_eq!(rtt.timer(1), ms(600.0));
        // Another of the same flight.
        rtt.expired(start + ms(10.0), start + ms(310.0));
        assert_eq!(rtt.timer(1), ms(600.0));
        rtt.expired(start + ms(300.0), start + ms(900.0));
        assert_eq!(rtt.timer(1), ms(1200.0));
        assert_eq!(rtt.timer(4), ms(2400.0), "its own retransmissions count");
        rtt.sample(ms(100.0));
        // RTTVAR 3/4 50 = 37.5.
        assert_eq!(rtt.timer(1), ms(250.0));
        (0..99).for_each(|i| rtt.expired(start + ms(1e6 * f64::from(i)), start + ms(1e6 * f64::from(i))));
        assert_eq!(rtt.timer(u32::MAX), ms(60_000.0), "2.5: at most the maximum");
    }
}
