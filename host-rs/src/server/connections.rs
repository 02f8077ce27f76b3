//! Connections: how many there may be, and how long a client may take to send a head or to read an answer.
//!
//! A server that waits for whoever is slow can be held with a few hundred sockets and no traffic. Each
//! wait for a client therefore has an end: a head by [`Settings::head_ms`], a body by
//! [`Settings::deadline_ms`], an answer that nobody reads by [`Settings::answer_ms`].

use std::future::Future;
use std::io::{Error, ErrorKind, Result};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::Sleep;

use super::settings::Settings;

/// Bytes of a request's line and headers; a longer head is answered with 431.
const HEAD_BYTES: usize = 32 << 10;
/// After the system had no socket to give.
const PAUSE: Duration = Duration::from_millis(200);

/// Answers connections until `stop` turns true, then waits until those under way have ended.
pub(super) async fn accept(
    listener: TcpListener,
    routes: Router,
    settings: &Settings,
    mut stop: watch::Receiver<bool>,
) {
    let count = u32::try_from(settings.connections).unwrap_or(u32::MAX).max(1);
    let places = Arc::new(Semaphore::new(count as usize));
    let answer = Duration::from_millis(settings.answer_ms);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(settings.head_ms))
        .max_header_size(HEAD_BYTES);
    loop {
        // One place per connection: where all are taken, new ones wait in the system's queue.
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            _ = stop.wait_for(|stopped| *stopped) => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => Patient { stream, limit: answer, waiting: None },
            Err(error) => {
                // A client that is gone again is its own affair; a want of sockets passes.
                if !matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) {
                    tracing::warn!(%error, "no connection could be taken");
                    tokio::time::sleep(PAUSE).await;
                }
                continue;
            }
        };
        let served = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes.clone()));
        let mut stop = stop.clone();
        tokio::spawn(async move {
            let _place = place;
            let mut served = pin!(served);
            let stopped = async { drop(stop.wait_for(|stopped| *stopped).await) };
            let ended = tokio::select! {
                ended = served.as_mut() => ended,
                () = stopped => {
                    served.as_mut().graceful_shutdown();
                    served.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    // All places are back when the last connection has ended.
    let _ = places.acquire_many(count).await;
}

/// A stream whose writes end where the other side reads nothing for `limit`.
struct Patient {
    stream: TcpStream,
    limit: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    /// Passes the outcome of a write on, or ends it where it has waited for too long.
    fn bound<T>(&mut self, outcome: Poll<Result<T>>, context: &mut Context<'_>) -> Poll<Result<T>> {
        if outcome.is_ready() {
            self.waiting = None;
            return outcome;
        }
        let limit = self.limit;
        let sleep = self.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        match sleep.as_mut().poll(context) {
            Poll::Ready(()) => {
                Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "the client reads no answer")))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, from: &[u8]) -> Poll<Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, from);
        self.bound(outcome, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[std::io::IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, from);
        self.bound(outcome, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
