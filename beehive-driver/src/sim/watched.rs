//! [`Watched`]: a backend that may hang, on a thread of its own.

use super::Backend;
use crate::lock;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

type Job<B> = Box<dyn FnOnce(&B) -> io::Result<Vec<u8>> + Send>;

/// A backend whose operations run on a thread and have a time to end in. The first that does not is an error of the kind `TimedOut`, everything behind
/// it finds the device gone; the thread stays with the operation that does not end.
#[derive(Debug)]
pub struct Watched<B> {
    backend: Arc<B>,
    timeout: Duration,
    hung: AtomicBool,
    worker: Mutex<Worker<B>>,
}

#[derive(Debug)]
struct Worker<B> {
    jobs: Sender<Job<B>>,
    results: Receiver<io::Result<Vec<u8>>>,
}

impl<B: Backend + 'static> Watched<B> {
    /// Gives every operation this time.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn new(backend: B, timeout: Duration) -> io::Result<Watched<B>> {
        let backend = Arc::new(backend);
        let ((jobs, inbox), (outbox, results)) = (channel::<Job<B>>(), channel());
        let worked = backend.clone();
        let work = move || {
            for job in inbox {
                if outbox.send(job(&worked)).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("watched".into()).spawn(work)?;
        Ok(Watched { backend, timeout, hung: AtomicBool::new(false), worker: Mutex::new(Worker { jobs, results }) })
    }

    fn run(&self, job: impl FnOnce(&B) -> io::Result<Vec<u8>> + Send + 'static) -> io::Result<Vec<u8>> {
        let worker = lock(&self.worker);
        if self.gone() {
            return Err(io::ErrorKind::NotConnected.into());
        }
        let result = match worker.jobs.send(Box::new(job)) {
            Ok(()) => worker.results.recv_timeout(self.timeout),
            Err(_) => Err(RecvTimeoutError::Disconnected),
        };
        result.unwrap_or_else(|error| {
            self.hung.store(true, Ordering::Release);
            Err(match error {
                RecvTimeoutError::Timeout => io::ErrorKind::TimedOut.into(),
                // The thread ended in a panic.
                RecvTimeoutError::Disconnected => io::ErrorKind::NotConnected.into(),
            })
        })
    }
}

impl<B: Backend + 'static> Backend for Watched<B> {
    fn config_bytes(&self) -> u64 {
        self.backend.config_bytes()
    }

    fn config_read(&self, offset: u16, data: &mut [u8]) -> io::Result<()> {
        let mut copy = data.to_vec();
        let done = self.run(move |backend| backend.config_read(offset, &mut copy).map(|()| copy))?;
        data.copy_from_slice(&done);
        Ok(())
    }

    fn config_write(&self, offset: u16, data: &[u8]) -> io::Result<()> {
        let data = data.to_vec();
        self.run(move |backend| backend.config_write(offset, &data).map(|()| data)).map(drop)
    }

    fn bar_bytes(&self, bar: u8) -> u64 {
        self.backend.bar_bytes(bar)
    }

    fn bar_read(&self, bar: u8, offset: u64, data: &mut [u8]) -> io::Result<()> {
        let mut copy = data.to_vec();
        let done = self.run(move |backend| backend.bar_read(bar, offset, &mut copy).map(|()| copy))?;
        data.copy_from_slice(&done);
        Ok(())
    }

    fn bar_write(&self, bar: u8, offset: u64, data: &[u8]) -> io::Result<()> {
        let data = data.to_vec();
        self.run(move |backend| backend.bar_write(bar, offset, &data).map(|()| data)).map(drop)
    }

    fn set_vector(&self, vector: u32, target: Option<OwnedFd>) -> io::Result<()> {
        self.run(move |backend| backend.set_vector(vector, target).map(|()| vec![])).map(drop)
    }

    fn reset(&self) -> io::Result<()> {
        self.run(|backend| backend.reset().map(|()| vec![])).map(drop)
    }

    fn gone(&self) -> bool {
        self.hung.load(Ordering::Acquire) || self.backend.gone()
    }
}
