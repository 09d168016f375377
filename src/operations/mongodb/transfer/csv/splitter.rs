//! Rows of RFC 4180 out of bytes that arrive in pieces.
//!
//! A quote within a cell that does not begin with one is text. What stands between a closing quote and
//! the end of its cell is no CSV, and neither is a quote that is never closed: both are told, since to
//! guess would lose or move what others wrote.

use memchr::{memchr, memchr3};

/// Cuts bytes into the cells of a row.
#[derive(Debug)]
pub(super) struct Splitter {
    delimiter: u8,
    state: State,
    /// Text of the cells of a row, one after the other, and where each ends.
    text: Vec<u8>,
    ends: Vec<usize>,
    /// The first cell of the row, from 1 on, that goes on after its closing quote.
    goes_on: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first cell of a row.
    Row,
    /// Before another cell.
    Cell,
    Plain,
    Quoted,
    /// After a quote in a quoted cell: it ends there, or the quote is one of two.
    Quote,
    /// The row is whole, and is let go with the next byte.
    Over,
}

impl Splitter {
    pub(super) fn new(delimiter: u8) -> Self {
        let (text, ends) = (Vec::new(), Vec::new());
        Self { delimiter, state: State::Row, text, ends, goes_on: None }
    }

    /// Takes bytes up to the end of a row; how many, and whether that is there.
    pub(super) fn read(&mut self, bytes: &[u8]) -> (usize, bool) {
        if self.state == State::Over {
            self.text.clear();
            self.ends.clear();
            (self.state, self.goes_on) = (State::Row, None);
        }
        let mut at = 0;
        loop {
            at += self.run(&bytes[at..]);
            let Some(&byte) = bytes.get(at) else { return (at, false) };
            at += 1;
            self.state = match (self.state, byte) {
                // An empty line is no row.
                (State::Row, b'\r' | b'\n') => State::Row,
                (State::Row | State::Cell, b'"') => State::Quoted,
                (State::Quoted, _) => State::Quote,
                (State::Quote, b'"') => {
                    self.text.push(b'"');
                    State::Quoted
                }
                (_, b'\r' | b'\n') => {
                    self.ends.push(self.text.len());
                    self.state = State::Over;
                    return (at, true);
                }
                (_, byte) if byte == self.delimiter => {
                    self.ends.push(self.text.len());
                    State::Cell
                }
                (state, byte) => {
                    if state == State::Quote {
                        self.goes_on.get_or_insert(self.ends.len() + 1);
                    }
                    self.text.push(byte);
                    State::Plain
                }
            };
        }
    }

    /// Takes text up to what may end it; how many bytes.
    fn run(&mut self, bytes: &[u8]) -> usize {
        let end = match self.state {
            State::Plain => memchr3(self.delimiter, b'\r', b'\n', bytes),
            State::Quoted => memchr(b'"', bytes),
            _ => Some(0),
        };
        let end = end.unwrap_or(bytes.len());
        self.text.extend_from_slice(&bytes[..end]);
        end
    }

    /// The bytes are at their end: whether a last row is there.
    pub(super) fn end(&mut self) -> bool {
        if matches!(self.state, State::Row | State::Over) {
            return false;
        }
        self.ends.push(self.text.len());
        self.state = State::Over;
        true
    }

    /// Whether a quote is open.
    pub(super) fn is_quoted(&self) -> bool {
        self.state == State::Quoted
    }

    /// The first cell of the row, from 1 on, that goes on after its closing quote.
    pub(super) fn goes_on(&self) -> Option<usize> {
        self.goes_on
    }

    /// Cells of the row.
    pub(super) fn cells(&self) -> usize {
        self.ends.len()
    }

    /// One of them; one that the row does not have is empty.
    pub(super) fn cell(&self, index: usize) -> &[u8] {
        let Some(&end) = self.ends.get(index) else { return b"" };
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.text[start..end]
    }

    /// Bytes that the row takes.
    pub(super) fn kept(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<usize>()
    }

    /// Bytes of its text.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }
}
