//! How many calls may be in flight: additive increase, multiplicative decrease (RFC 5681), in calls.

use super::Config;
use std::time::Instant;

/// How many calls may be in flight.
#[derive(Clone, Debug)]
pub struct Window {
    size: usize,
    min: usize,
    max: usize,
    /// Below it the window grows by one a reply, else by one a window of replies.
    threshold: usize,
    /// Replies since it last grew.
    replies: usize,
    cut: Option<Instant>,
}

impl Window {
    /// As configured for the beginning.
    pub fn new(config: &Config) -> Self {
        let Config { initial_window: size, min_window: min, max_window: max, .. } = *config;
        Window { size, min, max, threshold: max, replies: 0, cut: None }
    }

    /// Calls that may be in flight.
    pub fn size(&self) -> usize {
        self.size
    }

    /// A reply came while `in_flight` calls were in flight, its own among them. A window that is not used up does not grow:
    /// nothing was learnt about a larger one (RFC 7661).
    pub fn reply(&mut self, in_flight: usize) {
        if in_flight < self.size {
            return;
        }
        self.replies += 1;
        if self.size < self.threshold || self.replies >= self.size {
            self.size = (self.size + 1).min(self.max);
            self.replies = 0;
        }
    }

    /// A call is taken for lost that was sent at `sent`. Calls sent before the last cut are the same loss.
    pub fn loss(&mut self, sent: Instant, now: Instant) {
        if self.cut.is_none_or(|at| sent >= at) {
            self.threshold = (self.size / 2).max(self.min);
            self.size = self.threshold;
            self.replies = 0;
            self.cut = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn grows_when_full_and_is_halved_once_a_flight() {
        let config = Config { initial_window: 4, min_window: 2, max_window: 10, ..Config::default() };
        let mut window = Window::new(&config);
        window.reply(3);
        assert_eq!(window.size(), 4, "not used up");
        (0..99).for_each(|_| window.reply(window.size()));
        assert_eq!(window.size(), 10, "slow start up to the maximum");
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        window.loss(at(0), at(100));
        window.loss(at(1), at(101));
        assert_eq!(window.size(), 5);
        (0..5).for_each(|_| window.reply(5));
        assert_eq!(window.size(), 6, "by one a window");
        (0..5).for_each(|_| window.reply(6));
        assert_eq!(window.size(), 6);
        window.loss(at(100), at(200));
        window.loss(at(200), at(300));
        window.loss(at(300), at(400));
        assert_eq!(window.size(), 2, "not below the minimum");
    }
}
