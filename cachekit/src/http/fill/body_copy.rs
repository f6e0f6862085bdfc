//! The copy of a handler's body, made while the client reads it.

use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use tokio::time::timeout;

use crate::base::runtime::has_timer;
use crate::http::body::{CopiedSource, Copy};
use crate::http::semantics::storable::NotStored;
use crate::http::store_decision::Storing;

/// The copy of a body for the cache.
pub(crate) struct BodyCopy<B: Body<Data = Bytes>> {
    source: Option<CopiedSource<B>>,
    frames: Vec<Bytes>,
    size: u64,
    max: u64,
}

/// The reason why a copy ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CopyEnd {
    Complete,
    Trailers,
    Failed,
    TooLarge,
}

impl CopyEnd {
    /// Returns the reason why a body whose copy ended in this way is not stored. For a complete
    /// body, the reason is a length other than the response says.
    pub(crate) fn refusal(self) -> NotStored {
        match self {
            Self::Complete | Self::Failed => NotStored::Incomplete,
            Self::Trailers => NotStored::Trailers,
            Self::TooLarge => NotStored::TooLarge,
        }
    }
}

impl<B: Body<Data = Bytes>> BodyCopy<B> {
    pub(crate) fn new(source: CopiedSource<B>, max: u64) -> Self {
        Self {
            source: Some(source),
            frames: Vec::new(),
            size: 0,
            max,
        }
    }

    /// Copies all frames that have arrived. Returns the reason why the copy ended, if it has ended.
    pub(crate) async fn end_at_once(&mut self) -> Option<CopyEnd> {
        std::future::poll_fn(|context| match self.poll_end(context) {
            Poll::Ready(end) => Poll::Ready(Some(end)),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }

    /// Copies all frames, and returns the reason why the copy ended. Returns `None` if the copy
    /// took longer than `limit`.
    pub(crate) async fn end_within(&mut self, limit: Duration) -> Option<CopyEnd> {
        let end = std::future::poll_fn(|context| self.poll_end(context));
        if !has_timer() {
            return Some(end.await);
        }
        timeout(limit, end).await.ok()
    }

    /// Returns `true` if the body is complete, and as long as the response says.
    pub(crate) fn is_whole(&self, end: Option<CopyEnd>, storing: &Storing) -> bool {
        end == Some(CopyEnd::Complete) && storing.is_length(self.size)
    }

    /// Copies all frames that have arrived, and returns the reason why the copy ended. For a reason
    /// other than the body's end, the client reads the rest from the handler's body itself.
    fn poll_end(&mut self, context: &mut std::task::Context<'_>) -> Poll<CopyEnd> {
        let Some(source) = &mut self.source else {
            return Poll::Ready(CopyEnd::Failed);
        };
        let end = loop {
            match source.poll_frame(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => break CopyEnd::Complete,
                Poll::Ready(Some(Copy::Trailers)) => break CopyEnd::Trailers,
                Poll::Ready(Some(Copy::Failed)) => break CopyEnd::Failed,
                Poll::Ready(Some(Copy::Data(data))) => {
                    self.size = self.size.saturating_add(data.len() as u64);
                    if self.size > self.max {
                        break CopyEnd::TooLarge;
                    }
                    self.frames.push(data);
                }
            }
        };
        self.source = None;
        Poll::Ready(end)
    }

    /// Returns the body in one piece.
    pub(crate) fn into_bytes(self) -> Bytes {
        // Copied even if it is one frame, which may be a small part of a large buffer.
        let size = usize::try_from(self.size).unwrap_or(0);
        let mut whole = BytesMut::with_capacity(size);
        for frame in self.frames {
            whole.extend_from_slice(&frame);
        }
        whole.freeze()
    }
}
