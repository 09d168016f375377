//! What reaches everything must be meant.

use super::input::Action;
use crate::backend::redis::Client;
use crate::backend::redis::keyspace::Filter;
use crate::backend::redis::keyspace::reach::Reach;
use crate::error::{Error, Result};
use crate::request::context::Context;

/// Refuses what would reach nearly all keys, or most of them without saying what their names begin with.
/// What counts is what there is, not how the filter is spelt; `keyspace` is how many keys there are, if that
/// is known.
pub(super) async fn check(
    cx: &Context,
    client: &Client,
    filter: &Filter,
    action: Action,
    keyspace: Option<u64>,
) -> Result<()> {
    if filter.literal().is_some() {
        return Ok(());
    }
    let says_where = !filter.prefix().is_empty();
    let reach = client.reach(filter, cx.deadline).await?;
    let names_nothing = filter.type_name.is_none() && filter.names_nothing();
    if names_nothing || reach.is_nearly_all() || (!says_where && reach.is_most()) {
        return Err(refusal(action, reach, keyspace));
    }
    Ok(())
}

fn refusal(action: Action, reach: Reach, keyspace: Option<u64>) -> Error {
    let Reach { looked_at, matched, complete } = reach;
    let all = keyspace.filter(|_| !complete).unwrap_or(looked_at).max(looked_at);
    let about = u128::from(matched) * u128::from(all) / u128::from(looked_at.max(1));
    let about = u64::try_from(about).unwrap_or(all);
    let which = match (complete, reach.spares_nothing()) {
        (true, true) => format!("all {all} keys of the database"),
        (true, false) => format!("{matched} of the {all} keys of the database"),
        (false, _) => format!(
            "about {about} of the {all} keys of the database ({matched} of the {looked_at} that were \
             looked at)"
        ),
    };
    let action = action.as_str();
    let message = format!(
        "this would {action} {which}; if that is meant, send `confirm: true`, and to see which they \
         are, `dry_run: true`"
    );
    Error::not_allowed(message)
        .detail("confirm", true)
        .detail("matched", about)
        .detail("keyspace", all)
        .detail("exact", complete)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_how_many_and_how_to_confirm() {
        for (looked_at, matched, complete, keyspace, says) in [
            (3, 3, true, Some(3), "delete all 3 keys"),
            (10, 7, true, None, "delete 7 of the 10 keys"),
            (10_000, 7_500, false, Some(1_000_000), "about 750000 of the 1000000 keys"),
            (10_000, 10_000, false, None, "about 10000 of the 10000 keys"),
            (0, 0, true, Some(0), "0 of the 0 keys"),
        ] {
            let reach = Reach { looked_at, matched, complete };
            let error = refusal(Action::Delete, reach, keyspace);
            assert!(error.message().contains(says), "{error}");
            assert!(
                error.message().contains("confirm: true") && error.details()["matched"].is_u64()
            );
        }
    }
}
