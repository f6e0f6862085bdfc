//! Bodies of responses, frame by frame.

use std::fmt;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::unconstrained;

/// The failure of a service or of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken(pub(crate) &'static str);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Broken {}

/// The failure at which a body panics.
const PANICS: &str = "the body panics";

/// The body of a handler's response: the frames that a test sends. Like axum's, it is not `Sync`.
#[derive(Debug)]
pub(crate) struct Body {
    frames: UnboundedReceiver<Result<Frame<Bytes>, Broken>>,
    not_sync: std::marker::PhantomData<std::cell::Cell<()>>,
}

/// The sending end of a body. The body ends when it is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Sender(UnboundedSender<Result<Frame<Bytes>, Broken>>);

/// Returns a body whose frames are sent later.
pub(crate) fn open() -> (Sender, Body) {
    let (sender, frames) = unbounded_channel();
    let not_sync = std::marker::PhantomData;
    (Sender(sender), Body { frames, not_sync })
}

/// Returns a complete body of one frame.
pub(crate) fn full(text: impl Into<Bytes>) -> Body {
    let (sender, body) = open();
    sender.data(text);
    body
}

/// Returns a complete body of so many frames.
pub(crate) fn pieces(pieces: impl IntoIterator<Item = Bytes>) -> Body {
    let (sender, body) = open();
    for piece in pieces {
        sender.data(piece);
    }
    body
}

impl Sender {
    pub(crate) fn data(&self, data: impl Into<Bytes>) {
        drop(self.0.send(Ok(Frame::data(data.into()))));
    }

    pub(crate) fn trailers(&self, trailers: HeaderMap) {
        drop(self.0.send(Ok(Frame::trailers(trailers))));
    }

    pub(crate) fn fail(&self, why: &'static str) {
        drop(self.0.send(Err(Broken(why))));
    }

    /// Makes the body panic.
    pub(crate) fn panic(&self) {
        self.fail(PANICS);
    }

    /// Returns `true` if nobody will read the body any longer.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.0.is_closed()
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        // A task that has done much at once would be told to wait though a frame is there.
        let polled = pin!(unconstrained(self.frames.recv())).poll(context);
        if let Poll::Ready(Some(Err(Broken(why)))) = &polled {
            assert_ne!(*why, PANICS);
        }
        polled
    }
}
