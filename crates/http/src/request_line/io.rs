//! The rewriter between a socket and hyper.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::{MAX_HELD_BYTES, Refusal, RequestLineRewriter};

/// Bytes read from the socket at once while heads are looked at.
const READ_BYTES: usize = 16 * 1024;

/// How long the rest of a head may take once its first byte has come. A connection may idle between requests.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Tells a connection's [`RequestLineIo`] how a request that asked for an upgrade was answered.
#[derive(Debug, Default)]
pub struct UpgradeSwitch {
    state: Mutex<(Option<bool>, Option<Waker>)>,
}

impl UpgradeSwitch {
    /// Whether the protocol changes.
    pub fn decide(&self, upgraded: bool) {
        let waker = {
            let mut state = self.state.lock();
            state.0 = Some(upgraded);
            state.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The decision, once; the task of `context` is woken when it comes later.
    fn poll(&self, context: &Context<'_>) -> Option<bool> {
        let mut state = self.state.lock();
        let decision = state.0.take();
        if decision.is_none() {
            state.1 = Some(context.waker().clone());
        }
        decision
    }
}

/// A socket whose request lines arrive rewritten.
#[derive(Debug)]
pub struct RequestLineIo<T> {
    inner: T,
    rewriter: RequestLineRewriter,
    switch: Arc<UpgradeSwitch>,
    /// What hyper has not taken yet, from `taken` on.
    ready: Vec<u8>,
    taken: usize,
    incoming: Box<[u8]>,
    head_timeout: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl<T> RequestLineIo<T> {
    /// Wraps a socket.
    pub fn new(inner: T) -> Self {
        Self::with_head_timeout(inner, HEAD_TIMEOUT)
    }

    /// Wraps a socket on which the head of a request may take so long.
    pub fn with_head_timeout(inner: T, head_timeout: Duration) -> Self {
        Self {
            inner,
            rewriter: RequestLineRewriter::new(),
            switch: Arc::default(),
            ready: Vec::new(),
            taken: 0,
            incoming: vec![0; READ_BYTES].into_boxed_slice(),
            head_timeout,
            deadline: None,
        }
    }

    /// Where the answer to a request with [`UPGRADE_HEADER`](super::UPGRADE_HEADER) is told.
    pub fn switch(&self) -> Arc<UpgradeSwitch> {
        Arc::clone(&self.switch)
    }

    /// Refuses the head that is being collected when its time is over.
    fn poll_deadline(&mut self, context: &mut Context<'_>) {
        if !self.rewriter.is_in_head() {
            self.deadline = None;
            return;
        }
        let timeout = self.head_timeout;
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(timeout)));
        if deadline.as_mut().poll(context).is_ready() {
            self.deadline = None;
            self.rewriter.refuse(Refusal::Slow, &mut self.ready);
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for RequestLineIo<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if this.taken < this.ready.len() {
                let count = buf.remaining().min(this.ready.len() - this.taken);
                buf.put_slice(&this.ready[this.taken..this.taken + count]);
                this.taken += count;
                if this.taken == this.ready.len() {
                    this.ready.clear();
                    this.taken = 0;
                }
                return Poll::Ready(Ok(()));
            }
            if let Some(held) = this.rewriter.held() {
                if let Some(upgraded) = this.switch.poll(context) {
                    this.rewriter.decide(upgraded, &mut this.ready);
                    continue;
                }
                if held >= MAX_HELD_BYTES {
                    return Poll::Pending;
                }
            }
            let untouched = this.rewriter.untouched();
            if untouched > 0 {
                let limit = usize::try_from(untouched).unwrap_or(usize::MAX).min(buf.remaining());
                let mut part = ReadBuf::new(buf.initialize_unfilled_to(limit));
                std::task::ready!(Pin::new(&mut this.inner).poll_read(context, &mut part))?;
                let count = part.filled().len();
                buf.advance(count);
                this.rewriter.passed(count as u64);
                return Poll::Ready(Ok(()));
            }
            let mut incoming = ReadBuf::new(&mut this.incoming);
            match Pin::new(&mut this.inner).poll_read(context, &mut incoming)? {
                Poll::Ready(()) if incoming.filled().is_empty() => return Poll::Ready(Ok(())),
                Poll::Ready(()) => {
                    let count = incoming.filled().len();
                    this.rewriter.push(&this.incoming[..count], &mut this.ready);
                }
                Poll::Pending => {
                    this.poll_deadline(context);
                    if this.ready.is_empty() {
                        return Poll::Pending;
                    }
                }
            }
        }
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for RequestLineIo<T> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }
}
