//! Strings: whole, in windows of bytes, as bits; and those that are HyperLogLogs.

use redis::Value;

use super::reading::Reading;
use super::shown::{HyperLogLog, HyperLogLogEncoding};
use crate::backend::redis::wire::{Commands, Effect, failure, reply};
use crate::error::{Code, Error, Result};

/// Largest string, in bytes, that is given whole or in one window, and whose bits are counted.
pub(super) const MAX_WINDOW: u64 = 16 << 20;

/// Bits of a window, unless asked otherwise, and at most.
const DEFAULT_BITS: u64 = 1024;
const MAX_BITS: u64 = 64 << 10;

/// What each HyperLogLog begins with.
pub(super) const MAGIC: &[u8] = b"HYLL";

/// The magic of a HyperLogLog, and the byte that says how it is encoded.
const HEADER: usize = MAGIC.len() + 1;

/// Writes a string, and of a HyperLogLog what it counts.
pub(super) async fn read(reading: &mut Reading<'_, '_>, size: &Value) -> Result<()> {
    let window = reading.window;
    window.takes("string", &["offset"])?;
    let start = window.start()?;
    let count = window.count.unwrap_or(MAX_WINDOW);
    if count > MAX_WINDOW {
        let limit = MAX_WINDOW >> 20;
        let message = format!("a window of a string has at most {limit} MiB");
        return Err(Error::new(Code::PayloadTooLarge, message));
    }
    // Refused before it is read; where MEMORY is denied, the length decides below.
    if window.count.is_none()
        && reply::integer(size).is_some_and(|size| size / 2 > MAX_WINDOW.cast_signed())
    {
        return Err(too_large(None));
    }
    let mut commands = Commands::with_capacity(3);
    commands.push(Effect::Read, 1, &[b"STRLEN", reading.key]);
    push_range(&mut commands, reading.key, start, count);
    push_range(&mut commands, reading.key, 0, HEADER as u64);
    let [length, value, header] = reading.ask(&commands).await?;
    let length = reply::count(&length).unwrap_or(0);
    let bytes = reply::bytes(&value).ok_or_else(|| failure::unexpected("GETRANGE"))?;
    if window.count.is_none() && length.saturating_sub(start) > MAX_WINDOW {
        return Err(too_large(Some(length)));
    }
    let more = start + (bytes.len() as u64) < length;
    let bytes = if more { whole_characters(bytes) } else { bytes };
    let next = if more { start + bytes.len() as u64 } else { 0 };
    reading.out.key("value").text_or_bytes(bytes);
    if let Some([magic @ .., encoding]) = reply::bytes(&header)
        && magic == MAGIC
    {
        hyperloglog(reading, *encoding).await?;
    }
    reading.end(length, &next.to_string());
    Ok(())
}

/// What the server estimates, unless the bytes only look like one.
async fn hyperloglog(reading: &mut Reading<'_, '_>, encoding: u8) -> Result<()> {
    let ask = Commands::one(Effect::Read, 1, &[b"PFCOUNT", reading.key]);
    let count = match reading.client.run_one(&ask, reading.deadline).await {
        Err(error) if error.code() == Code::WrongType => return Ok(()),
        count => reading.warnings.unless_denied("hyperloglog", count)?,
    };
    let count = count.as_ref().and_then(reply::integer);
    let encoding =
        if encoding == 0 { HyperLogLogEncoding::Dense } else { HyperLogLogEncoding::Sparse };
    reading.out.member("hyperloglog", &HyperLogLog { count, encoding })
}

/// Writes a string as bits.
pub(super) async fn bits(reading: &mut Reading<'_, '_>) -> Result<()> {
    let window = reading.window;
    window.takes("bitmap", &["offset", "view"])?;
    let start = window.start()?;
    let count = window.count.unwrap_or(DEFAULT_BITS);
    if count > MAX_BITS {
        let message = format!("a window of a bitmap has at most {MAX_BITS} bits");
        return Err(Error::new(Code::PayloadTooLarge, message));
    }
    let first = start / 8;
    let last = start.saturating_add(count.max(1) - 1) / 8;
    let mut commands = Commands::with_capacity(2);
    commands.push(Effect::Read, 1, &[b"STRLEN", reading.key]);
    push_range(&mut commands, reading.key, first, last - first + 1);
    let [length, bytes] = reading.ask(&commands).await?;
    let length = reply::count(&length).unwrap_or(0);
    let bytes = reply::bytes(&bytes).ok_or_else(|| failure::unexpected("GETRANGE"))?;
    let skipped = usize::try_from(start % 8).unwrap_or(0);
    let wanted = usize::try_from(count).unwrap_or(usize::MAX);
    let bits: String = spread(bytes).skip(skipped).take(wanted).collect();
    let next = start + bits.len() as u64;
    let next = if next < length * 8 { next } else { 0 };
    reading.out.key("offset").integer(start.cast_signed());
    reading.out.key("bits").string(&bits);
    let bit_count = count_bits(reading, length).await?;
    reading.out.member("bit_count", &bit_count)?;
    reading.end(length, &next.to_string());
    Ok(())
}

/// The server counts in one go, so that a very long value is not counted.
async fn count_bits(reading: &mut Reading<'_, '_>, length: u64) -> Result<Option<i64>> {
    if length > MAX_WINDOW {
        return Ok(None);
    }
    let ask = Commands::one(Effect::Read, 1, &[b"BITCOUNT", reading.key]);
    let count = reading.client.run_one(&ask, reading.deadline).await;
    let count = reading.warnings.unless_denied("bit_count", count)?;
    Ok(count.as_ref().and_then(reply::integer))
}

fn spread(bytes: &[u8]) -> impl Iterator<Item = char> {
    bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |at| if byte >> at & 1 == 1 { '1' } else { '0' }))
}

/// Adds a read of `count` bytes, at least one.
pub(crate) fn push_range(commands: &mut Commands, key: &[u8], start: u64, count: u64) {
    let last = start.saturating_add(count.max(1) - 1);
    let range = [start.to_string(), last.to_string()];
    commands.push_about(Effect::Read, "GETRANGE", key, &range);
}

fn too_large(length: Option<u64>) -> Error {
    let limit = MAX_WINDOW >> 20;
    let size = length.map_or(String::new(), |bytes| format!(" ({} MiB)", bytes >> 20));
    Error::new(
        Code::PayloadTooLarge,
        format!(
            "the value{size} is larger than {limit} MiB; read it in windows, with `offset` and \
             `count` in bytes, or download it"
        ),
    )
}

/// A window of text must not end in the middle of a character. Bytes that are no text are kept.
pub(crate) fn whole_characters(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(e) if e.error_len().is_none() && e.valid_up_to() > 0 => &bytes[..e.valid_up_to()],
        _ => bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_of_text_ends_between_characters() {
        let text = "añ€".as_bytes();
        assert_eq!(whole_characters(&text[..2]), b"a");
        assert_eq!(whole_characters(&text[..5]), "añ".as_bytes());
        assert_eq!(whole_characters(text), text);
    }

    #[test]
    fn a_window_of_bytes_is_kept_as_it_is() {
        assert_eq!(whole_characters(&[0xff, 0xfe]), [0xff, 0xfe]);
        assert_eq!(whole_characters(&[0xe2]), [0xe2]);
    }

    #[test]
    fn the_first_bit_is_the_highest_of_the_first_byte() {
        assert_eq!(spread(&[0b1000_0001, 0b0100_0000]).collect::<String>(), "1000000101000000");
    }
}
