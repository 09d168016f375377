//! What reaches every document must be meant.

mod naming;

use std::time::Duration;

use mongodb::bson::{Document, doc};

use self::naming::{is_empty, name_one_each, named_ids};
use super::input::Write;
use crate::backend::mongodb::{Call, Count, Namespace, Reading, Selection};
use crate::error::{Code, Error, Result};

/// How long looking for documents that are spared may take.
const BUDGET: Duration = Duration::from_secs(2);

/// Filters that a server is asked for together.
const TOGETHER: usize = 200;

/// Refuses writes that would, together, reach all that the collection has, unless each says which
/// documents it means. What counts is what there is, not how the filters are spelt.
pub(super) async fn check(call: &Call<'_>, namespace: &Namespace, writes: &[Write]) -> Result<()> {
    let (index, all) = match Reach::of(writes) {
        Reach::Named => return Ok(()),
        Reach::Everything { index } => (index, true),
        Reach::Described(described) => {
            (described.index, described.reaches_all(call, namespace).await?)
        }
    };
    if all { Err(refusal(call, namespace).await.detail("index", index)) } else { Ok(()) }
}

/// What writes reach.
enum Reach<'w> {
    /// Documents that the caller names.
    Named,
    /// A filter asks for nothing.
    Everything {
        index: usize,
    },
    Described(Described<'w>),
}

/// Writes of which only the server can say what they reach.
#[derive(Default)]
struct Described<'w> {
    /// The first of them.
    index: usize,
    /// Writes to all that match.
    many: Vec<&'w Selection>,
    /// Writes to one that matches.
    one: Vec<&'w Selection>,
    /// Documents that others name.
    ids: Document,
}

impl<'w> Reach<'w> {
    fn of(writes: &'w [Write]) -> Self {
        let (mut index, mut ids) = (None, Vec::new());
        let mut described = Described::default();
        let selections = writes.iter().enumerate();
        for (at, selection) in selections.filter_map(|(at, write)| Some((at, write.selection()?))) {
            if selection.many && is_empty(&selection.filter) {
                return Self::Everything { index: at };
            }
            let named = named_ids(&selection.filter).filter(|_| !selection.reading.is_collated());
            if let Some(named) = named {
                ids.extend(named);
                continue;
            }
            index.get_or_insert(at);
            let list = if selection.many { &mut described.many } else { &mut described.one };
            list.push(selection);
        }
        let one = described.one.iter().map(|selection| &selection.filter);
        match index {
            Some(index) if !(described.many.is_empty() && name_one_each(one)) => {
                described.index = index;
                described.ids = doc! { "_id": { "$in": ids } };
                Self::Described(described)
            }
            _ => Self::Named,
        }
    }
}

impl Described<'_> {
    /// Whether there are documents, and none that is spared. What can't be found out counts as all.
    async fn reaches_all(&self, call: &Call<'_>, namespace: &Namespace) -> Result<bool> {
        let spared = match self.spare(call, namespace).await {
            // What asks for words or for what is near can't be turned round: it is counted.
            Err(error) if error.code() == Code::DbQueryError => match self.only() {
                Some(only) => return Ok(matches_all(call, namespace, only).await),
                None => false,
            },
            // Nor can one who may write and not read be told.
            Err(error) if matches!(error.code(), Code::DbTimeout | Code::PermissionDenied) => {
                return Ok(true);
            }
            spared => spared?,
        };
        Ok(!spared && call.within(BUDGET).has_more(namespace, Document::new(), None, 0).await?)
    }

    /// Whether documents are left: more than the writes to one can take of those that no other write
    /// reaches, or one that no filter matches.
    async fn spare(&self, call: &Call<'_>, namespace: &Namespace) -> Result<bool> {
        let many = || self.many.iter().copied();
        let all = || many().chain(self.one.iter().copied());
        Ok(self.spared_by(many(), self.one.len(), call, namespace).await?
            || (!self.one.is_empty() && self.spared_by(all(), 0, call, namespace).await?))
    }

    /// Whether more documents than `beside` are there that none of these, and no list of ids, matches.
    async fn spared_by(
        &self,
        selections: impl Iterator<Item = &Selection> + Clone,
        beside: usize,
        call: &Call<'_>,
        namespace: &Namespace,
    ) -> Result<bool> {
        let reading = selections.clone().next().map(|selection| &selection.reading);
        let filters = selections.clone().map(|selection| selection.filter.clone());
        let filters: Vec<Document> = filters.take(TOGETHER).chain([self.ids.clone()]).collect();
        // Text can be compared by one set of rules at a time.
        let differs =
            |one: &Selection| reading.is_some_and(|first| !first.collates_like(&one.reading));
        if filters.len() > TOGETHER || selections.clone().any(differs) {
            return Ok(false);
        }
        let none_of_them = doc! { "$nor": filters };
        call.within(BUDGET).has_more(namespace, none_of_them, reading, beside).await
    }

    /// The write, if there is no other and it may reach many.
    fn only(&self) -> Option<&Selection> {
        let named = self.ids.get_document("_id").and_then(|ids| ids.get_array("$in"));
        let alone = self.one.is_empty() && named.is_ok_and(Vec::is_empty);
        self.many.first().copied().filter(|_| alone && self.many.len() == 1)
    }
}

async fn matches_all(call: &Call<'_>, namespace: &Namespace, selection: &Selection) -> bool {
    let (filter, reading) = (selection.filter.clone(), selection.reading.clone());
    let matched = call.count_within(namespace, filter, reading, BUDGET).await;
    match (matched.value, count(call, namespace).await.value) {
        (Some(0), _) => false,
        (Some(matched), Some(all)) => matched >= all,
        _ => true,
    }
}

async fn count(call: &Call<'_>, namespace: &Namespace) -> Count {
    call.count_within(namespace, Document::new(), Reading::default(), BUDGET).await
}

async fn refusal(call: &Call<'_>, namespace: &Namespace) -> Error {
    let all = count(call, namespace).await.value;
    let how_many = all.map_or_else(String::new, |count| format!(", which has {count}"));
    let message = format!(
        "this would or may reach every document of {namespace}{how_many}; send `confirm: true` to do that, or \
         `dry_run: true` to see how many it is"
    );
    Error::not_allowed(message).detail("confirm", true).detail("matched", all)
}
