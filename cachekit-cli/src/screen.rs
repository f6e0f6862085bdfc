//! A terminal on which a text is drawn again and again.

use std::fmt::Write as _;

use crate::output::print;

/// Switches to the terminal's alternate screen, without a cursor and without line breaks in long
/// lines.
const BEGIN: &str = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l";
/// Undoes `BEGIN`.
const END: &str = "\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l";

/// The alternate screen of the terminal. When this value is dropped, the terminal is as it was
/// before.
#[derive(Debug)]
pub(crate) struct Screen(());

impl Screen {
    pub(crate) fn begin() -> Self {
        print(BEGIN);
        Self(())
    }

    /// Draws `text` over the text that was drawn before. Returns `false` if the output can no
    /// longer be written.
    #[expect(
        clippy::unused_self,
        reason = "a text is drawn on a screen that has begun"
    )]
    pub(crate) fn draw(&self, text: &str) -> bool {
        print(&drawn(text))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        print(END);
    }
}

/// Returns the bytes that draw `text` from the first line on. The rest of each line is cleared
/// after its end, and the rest of the screen after the last line, so that nothing flickers.
///
/// Each line begins with its position. A terminal takes a position below its last line for the last
/// line, so a text that is too long does not scroll its heading out of the screen.
fn drawn(text: &str) -> String {
    let mut drawing = String::new();
    for (line, row) in text.lines().zip(1_usize..) {
        // Writing to a string does not fail.
        let _ = write!(drawing, "\u{1b}[{row}H{line}\u{1b}[K");
    }
    drawing + "\u{1b}[J"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_leaves_nothing_of_the_one_before() {
        assert_eq!(
            drawn("a\nb\n"),
            "\u{1b}[1Ha\u{1b}[K\u{1b}[2Hb\u{1b}[K\u{1b}[J"
        );
    }

    /// A line break in the last line of a terminal scrolls.
    #[test]
    fn a_drawing_does_not_scroll() {
        let drawing = drawn(&"a\n\n".repeat(100));
        assert!(!drawing.contains(['\n', '\r']), "{drawing:?}");
    }
}
