//! Bodies of the responses that the layer returns.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

pin_project! {
    /// The body of a response that went through the layer: a stored body, or the handler's body, as
    /// it is or while it is copied into the cache.
    ///
    /// `B` is the handler's body. No frame of that body waits for the cache.
    ///
    /// # Panics
    ///
    /// `poll_frame` panics if the handler's body panicked while it was copied.
    #[must_use = "bodies do nothing unless they are polled"]
    pub struct CacheBody<B: Body<Data = Bytes>> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProj]
    enum Kind<B: Body<Data = Bytes>> {
        /// A complete body. `None` after the body was read.
        Full { data: Option<Bytes> },
        /// The handler's body.
        Passed { #[pin] body: B },
        /// The frames of the handler's body, from the task that copies them.
        Copied { copied: Copied<B> },
    }
}

/// A part of the handler's body, on its way to the client.
enum Piece<B: Body<Data = Bytes>> {
    Frame(Result<Frame<Bytes>, B::Error>),
    /// The rest of the body, which is not copied any longer.
    Rest(Pin<Box<B>>),
    /// The end of the body.
    End,
}

/// The receiving end of a copied body.
struct Copied<B: Body<Data = Bytes>> {
    pieces: UnboundedReceiver<Piece<B>>,
    rest: Option<Pin<Box<B>>>,
    has_ended: bool,
    /// Size of the part that was not read yet, if the handler's body knows it.
    left: Option<u64>,
}

/// The handler's body while it is copied, together with the sending end of the client's copy.
///
/// The client reads the frames at its own speed, and the copy does not wait for the client. If this
/// value is dropped before the body's end, the client gets the rest from the handler's body itself.
pub(crate) struct CopiedSource<B: Body<Data = Bytes>> {
    body: Option<Pin<Box<B>>>,
    pieces: UnboundedSender<Piece<B>>,
}

impl<B: Body<Data = Bytes>> CopiedSource<B> {
    /// Polls the next frame of the handler's body, and sends the frame to the client. Returns
    /// `None` after the last frame.
    pub(crate) fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Option<Copy>> {
        // Taken out, so that a body that panics is not polled again.
        let Some(mut body) = self.body.take() else {
            return Poll::Ready(None);
        };
        let polled = body.as_mut().poll_frame(context);
        let Poll::Ready(frame) = polled else {
            self.body = Some(body);
            return Poll::Pending;
        };
        // If the client has gone away, the body is still copied into the cache.
        let Some(frame) = frame else {
            let _ = self.pieces.send(Piece::End);
            return Poll::Ready(None);
        };
        let copy = Copy::of(&frame);
        if !matches!(copy, Copy::Failed) {
            self.body = Some(body);
        }
        let _ = self.pieces.send(Piece::Frame(frame));
        Poll::Ready(Some(copy))
    }
}

impl<B: Body<Data = Bytes>> Drop for CopiedSource<B> {
    fn drop(&mut self) {
        if let Some(rest) = self.body.take() {
            let _ = self.pieces.send(Piece::Rest(rest));
        }
    }
}

/// The part of a frame that the cache keeps.
pub(crate) enum Copy {
    Data(Bytes),
    Trailers,
    Failed,
}

impl Copy {
    fn of<E>(frame: &Result<Frame<Bytes>, E>) -> Self {
        match frame {
            Ok(frame) => frame
                .data_ref()
                .map_or(Self::Trailers, |data| Self::Data(data.clone())),
            Err(_) => Self::Failed,
        }
    }
}

impl<B: Body<Data = Bytes>> CacheBody<B> {
    pub(crate) fn full(data: Bytes) -> Self {
        let data = (!data.is_empty()).then_some(data);
        Self {
            kind: Kind::Full { data },
        }
    }

    pub(crate) fn empty() -> Self {
        Self::full(Bytes::new())
    }

    pub(crate) fn passed(body: B) -> Self {
        Self {
            kind: Kind::Passed { body },
        }
    }

    /// Returns a body for the client, and the source that copies `body` into it.
    pub(crate) fn copied(body: Pin<Box<B>>) -> (Self, CopiedSource<B>) {
        let (sender, receiver) = unbounded_channel();
        let copied = Copied {
            pieces: receiver,
            rest: None,
            has_ended: false,
            left: body.size_hint().exact(),
        };
        let source = CopiedSource {
            body: Some(body),
            pieces: sender,
        };
        (
            Self {
                kind: Kind::Copied { copied },
            },
            source,
        )
    }
}

impl<B: Body<Data = Bytes>> Copied<B> {
    fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if self.rest.is_none() {
            match self.pieces.poll_recv(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Piece::End)) => self.has_ended = true,
                Poll::Ready(Some(Piece::Frame(frame))) => {
                    return Poll::Ready(Some(self.read(frame)));
                }
                // An end here would look like the end of the body.
                Poll::Ready(None) if !self.has_ended => panic!("the handler's body panicked"),
                Poll::Ready(None) => {}
                Poll::Ready(Some(Piece::Rest(rest))) => self.rest = Some(rest),
            }
        }
        match &mut self.rest {
            Some(rest) => rest.as_mut().poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    /// Records that `frame` was read.
    fn read(&mut self, frame: Result<Frame<Bytes>, B::Error>) -> Result<Frame<Bytes>, B::Error> {
        match &frame {
            Ok(frame) => {
                let size = frame.data_ref().map_or(0, |data| data.len() as u64);
                self.left = self.left.map(|left| left.saturating_sub(size));
            }
            Err(_) => self.has_ended = true,
        }
        frame
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.rest, self.left) {
            (Some(rest), _) => rest.size_hint(),
            (None, Some(left)) => SizeHint::with_exact(left),
            (None, None) => SizeHint::default(),
        }
    }
}

impl<B: Body<Data = Bytes>> Body for CacheBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().kind.project() {
            KindProj::Full { data } => Poll::Ready(data.take().map(|data| Ok(Frame::data(data)))),
            KindProj::Passed { body } => body.poll_frame(context),
            KindProj::Copied { copied } => copied.poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Full { data } => data.is_none(),
            Kind::Passed { body } => body.is_end_stream(),
            Kind::Copied { .. } => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Full { data } => {
                SizeHint::with_exact(data.as_ref().map_or(0, |data| data.len() as u64))
            }
            Kind::Passed { body } => body.size_hint(),
            Kind::Copied { copied } => copied.size_hint(),
        }
    }
}

impl<B: Body<Data = Bytes>> Default for CacheBody<B> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<B: Body<Data = Bytes>> fmt::Debug for CacheBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.kind {
            Kind::Full { .. } => "stored",
            Kind::Passed { .. } => "passed",
            Kind::Copied { .. } => "copied",
        };
        f.debug_tuple("CacheBody").field(&kind).finish()
    }
}
