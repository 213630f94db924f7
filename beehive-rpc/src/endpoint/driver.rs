//! The task of an endpoint: gives the core time, datagrams and calls, and takes datagrams and ends of calls from it.

use super::Shared;
use super::meters::Meters;
use crate::core::{CallId, Client, Completion};
use crate::{Call, Error, Reply, Transport};
use bytes::Bytes;
use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::time::{Instant, Sleep, sleep_until};
use tracing::Span;

/// What handles tell the task.
pub(super) enum Command {
    /// A call.
    Call(Call, Waiter),
    /// Somebody does not wait any longer.
    Cancelled,
}

/// Who waits for a call.
pub(super) struct Waiter {
    pub(super) answer: oneshot::Sender<Result<Reply, Error>>,
    pub(super) permit: OwnedSemaphorePermit,
    pub(super) span: Span,
}

/// Datagrams received in one turn before the rest has its turn.
const TURN: usize = 64;

/// How long not to receive after a turn of errors alone.
const PAUSE: Duration = Duration::from_millis(10);

/// The task. It ends when no handle and no call is left.
pub(super) struct Driver<T> {
    client: Client,
    transport: T,
    shared: Arc<Shared>,
    inbox: mpsc::UnboundedReceiver<Command>,
    waiters: HashMap<CallId, Waiter>,
    /// Permits there are, given away or not.
    permits: usize,
    /// A datagram that the transport did not take yet.
    blocked: Option<Bytes>,
    timer: Pin<Box<Sleep>>,
    /// What the transport said since the last datagram that came.
    failure: Option<Arc<io::Error>>,
    errors: u64,
    /// Not to receive before.
    pause: Option<Instant>,
    meters: Meters,
}

impl<T: Transport> Driver<T> {
    pub(super) fn new(
        client: Client,
        transport: T,
        shared: Arc<Shared>,
        inbox: mpsc::UnboundedReceiver<Command>,
    ) -> Self {
        Driver {
            permits: client.capacity(),
            meters: Meters::new(&shared.peer),
            timer: Box::pin(sleep_until(Instant::now())),
            waiters: HashMap::new(),
            blocked: None,
            failure: None,
            errors: 0,
            pause: None,
            client,
            transport,
            shared,
            inbox,
        }
    }

    /// Takes commands; whether there may be more later.
    fn take_commands(&mut self, cx: &mut Context<'_>, now: Instant) -> bool {
        let mut cancelled = false;
        let open = loop {
            match self.inbox.poll_recv(cx) {
                Poll::Ready(Some(Command::Call(call, waiter))) => self.submit(now, call, waiter),
                Poll::Ready(Some(Command::Cancelled)) => cancelled = true,
                Poll::Ready(None) => break false,
                Poll::Pending => break true,
            }
        };
        if cancelled {
            let gone = |(&id, waiter): (&CallId, &Waiter)| waiter.answer.is_closed().then_some(id);
            let ids: Vec<CallId> = self.waiters.iter().filter_map(gone).collect();
            for id in ids {
                self.client.cancel(now.into_std(), id);
            }
        }
        open
    }

    fn submit(&mut self, now: Instant, call: Call, waiter: Waiter) {
        match self.client.submit(now.into_std(), call) {
            Ok(id) => {
                waiter.span.record("xid", tracing::field::display(id));
                self.waiters.insert(id, waiter);
            }
            Err(error) => {
                tracing::debug!(parent: &waiter.span, %error, "refused");
                let _ = waiter.answer.send(Err(error));
                self.give_back(waiter.permit);
            }
        }
    }

    fn receive(&mut self, cx: &mut Context<'_>, now: Instant) {
        if self.pause.is_some_and(|until| now < until) {
            return;
        }
        self.pause = None;
        let mut good = 0;
        for _ in 0..TURN {
            match self.transport.poll_receive(cx) {
                Poll::Ready(Ok(datagram)) => {
                    good += 1;
                    self.failure = None;
                    self.client.receive(now.into_std(), datagram);
                }
                Poll::Ready(Err(error)) => self.failed(error),
                Poll::Pending => return,
            }
        }
        match good {
            // An error that does not go away must not keep a processor busy.
            0 => self.pause = Some(now + PAUSE),
            _ => cx.waker().wake_by_ref(),
        }
    }

    fn transmit(&mut self, cx: &mut Context<'_>, now: Instant) {
        while let Some(datagram) = self.blocked.take().or_else(|| self.client.poll_transmit(now.into_std())) {
            match self.transport.poll_send(cx, &datagram) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => self.failed(error),
                Poll::Pending => {
                    self.blocked = Some(datagram);
                    return;
                }
            }
        }
    }

    fn failed(&mut self, error: io::Error) {
        self.errors += 1;
        tracing::debug!(peer = self.shared.peer, %error, "transport");
        self.failure = Some(Arc::new(error));
    }

    /// Tells callers how their calls ended.
    fn finish(&mut self) {
        let mut stats = self.client.stats();
        stats.transport_errors = self.errors;
        self.meters.update(&stats);
        *self.shared.stats.lock().unwrap_or_else(PoisonError::into_inner) = stats;
        while let Some(Completion { id, mut result, attempts, elapsed }) = self.client.poll_completion() {
            let Some(Waiter { answer, permit, span }) = self.waiters.remove(&id) else { continue };
            if let Err(Error::Deadline { cause, .. }) = &mut result {
                cause.clone_from(&self.failure);
            }
            match &result {
                Ok(reply) => {
                    self.meters.latency(elapsed);
                    let (place, cycles) = (reply.place, reply.cycles);
                    tracing::debug!(parent: &span, attempts, ?elapsed, place, cycles, "answered");
                }
                Err(error) => tracing::debug!(parent: &span, attempts, ?elapsed, %error, "failed"),
            }
            let _ = answer.send(result);
            self.give_back(permit);
        }
        // Permits follow the window. What cannot be taken now is when it comes back.
        let wanted = self.client.capacity();
        if wanted > self.permits {
            self.shared.permits.add_permits(wanted - self.permits);
            self.permits = wanted;
        } else {
            self.permits -= self.shared.permits.forget_permits(self.permits - wanted);
        }
    }

    fn give_back(&mut self, permit: OwnedSemaphorePermit) {
        if self.permits > self.client.capacity() {
            permit.forget();
            self.permits -= 1;
        }
    }

    /// Sets the timer; whether it has expired.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> bool {
        let client = self.client.next_timeout().map(Instant::from_std);
        let Some(next) = [client, self.pause].into_iter().flatten().min() else { return false };
        // A timer that is early is not worth setting anew.
        if next < self.timer.deadline() || self.timer.is_elapsed() {
            self.timer.as_mut().reset(next);
        }
        self.timer.as_mut().poll(cx).is_ready()
    }
}

impl<T: Transport> Future for Driver<T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let driver = self.get_mut();
        loop {
            let now = Instant::now();
            let open = driver.take_commands(cx, now);
            driver.receive(cx, now);
            driver.client.handle_timeout(now.into_std());
            driver.transmit(cx, now);
            driver.finish();
            if !open {
                return Poll::Ready(());
            }
            if !driver.poll_timer(cx) {
                return Poll::Pending;
            }
        }
    }
}
