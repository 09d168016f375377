//! How the names of headers are spelt.
//!
//! Servers hand them over in lower case, programs as they like. What decides whether a request is
//! admitted must not be overlooked for its spelling, nor be hidden behind another spelling of it.

use crate::error::{Error, Result};

/// Brings the names into lower case. What is no name is refused, and so is one that stands there in
/// two spellings with different values.
pub(super) fn settle(headers: &mut Vec<(String, String)>) -> Result<()> {
    let mut settled: Vec<(String, String)> = Vec::with_capacity(headers.len());
    for (name, value) in headers.drain(..) {
        let name = name.to_ascii_lowercase();
        if !is_name(&name) {
            let name: String = name.chars().take(100).collect();
            return Err(Error::validation(format!("{name:?} is not the name of a header")));
        }
        match settled.iter().find(|(known, _)| *known == name) {
            Some((_, same)) if *same == value => {}
            Some(_) => {
                let message = format!("the header `{name}` is given twice, with different values");
                return Err(Error::validation(message));
            }
            None => settled.push((name, value)),
        }
    }
    *headers = settled;
    Ok(())
}

/// A token of RFC 9110; HTTP/2 has names that begin with a colon.
fn is_name(name: &str) -> bool {
    let name = name.strip_prefix(':').unwrap_or(name);
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty() && name.bytes().all(token)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn settled(headers: &[(&str, &str)]) -> Option<Vec<(String, String)>> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let mut headers = headers.iter().map(own).collect();
        settle(&mut headers).ok().map(|()| headers)
    }

    proptest! {
        #[test]
        fn a_header_is_found_in_every_spelling(upper in proptest::collection::vec(any::<bool>(), 14)) {
            let spelt: String = "sec-fetch-site"
                .chars()
                .zip(upper)
                .map(|(c, upper)| if upper { c.to_ascii_uppercase() } else { c })
                .collect();
            let expected = vec![("sec-fetch-site".to_owned(), "none".to_owned())];
            prop_assert_eq!(settled(&[(&spelt, "none")]), Some(expected));
            let twice = [("sec-fetch-site", "none"), (spelt.as_str(), "cross-site")];
            prop_assert_eq!(settled(&twice), None);
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for bad in ["", ":", " host", "host ", "host:", "ho\nst", "ho\0st", "h\u{f6}st", "a b"] {
            assert_eq!(settled(&[(bad, "localhost")]), None, "{bad:?}");
        }
        assert!(
            settled(&[(":authority", "localhost"), ("x_y", ""), ("HOST", "localhost")]).is_some()
        );
    }
}
