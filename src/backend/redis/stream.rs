//! Pages of streams.

use redis::Value;

use super::commands::{Commands, Effect};
use super::read::{Subject, Window, write_end};
use super::{cursor, failure, reply, value};
use crate::error::{Error, Result};
use crate::json::Writer;

/// Writes `entries` as `{ id, fields: [[name, value], …] }`: a name may occur more than once.
pub(super) async fn read(subject: &Subject<'_>, window: &Window, out: &mut Writer) -> Result<()> {
    if window.offset.is_some() {
        return Err(Error::validation("streams have no offsets; use `cursor`"));
    }
    let from = match window.cursor.as_deref() {
        None | Some(cursor::END) => "-".to_owned(),
        Some(last) => after(last)?,
    };
    let count = window.elements()?;
    let count_text = count.to_string();
    let mut commands = Commands::with_capacity(2);
    commands.push(Effect::Read, 1, &[b"XLEN", subject.key]);
    let args = [b"XRANGE", subject.key, from.as_bytes(), b"+", b"COUNT", count_text.as_bytes()];
    commands.push(Effect::Read, 1, &args);
    let [length, page] = subject.ask(&commands).await?;
    let length = reply::integer(&length).unwrap_or(0).cast_unsigned();
    let page = reply::elements(page).ok_or_else(|| failure::unexpected("XRANGE"))?;
    let full = page.len() as u64 >= count;
    let mut last = cursor::END.to_owned();
    out.raw(b",\"entries\":[");
    let mut first = true;
    for entry in page {
        let Some([id, fields]) =
            reply::elements(entry).and_then(|e| <[Value; 2]>::try_from(e).ok())
        else {
            return Err(failure::unexpected("XRANGE"));
        };
        let id = reply::text(&id).ok_or_else(|| failure::unexpected("XRANGE"))?;
        out.comma(&mut first);
        out.raw(b"{\"id\":");
        out.string(&id);
        out.raw(b",\"fields\":[");
        let mut first = true;
        for pair in reply::elements(fields).unwrap_or_default().chunks_exact(2) {
            out.comma(&mut first);
            value::list(out, pair);
        }
        out.raw(b"]}");
        last = id;
    }
    out.raw(b"]");
    write_end(out, length, if full { &last } else { cursor::END });
    Ok(())
}

/// The smallest id greater than `id`. Servers before 6.2 know no exclusive ranges.
pub(super) fn after(id: &str) -> Result<String> {
    let parts = || -> Option<(u64, u64)> {
        let (ms, sequence) = id.split_once('-')?;
        Some((ms.parse().ok()?, sequence.parse().ok()?))
    };
    let (ms, sequence) =
        parts().ok_or_else(|| Error::validation("`cursor` is not the id of a stream entry"))?;
    Ok(match (ms.checked_add(1), sequence.checked_add(1)) {
        (_, Some(sequence)) => format!("{ms}-{sequence}"),
        (Some(ms), None) => format!("{ms}-0"),
        // The greatest id there is: asking from it on gives it again, and then no more.
        (None, None) => id.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_begins_behind_the_last_entry() {
        assert_eq!(after("5-0").unwrap(), "5-1");
        assert_eq!(after("5-18446744073709551615").unwrap(), "6-0");
        assert!(after("5").is_err() && after("a-b").is_err());
    }
}
