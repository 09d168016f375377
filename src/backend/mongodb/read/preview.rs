//! What the stages of a pipeline do, shown on a sample.

use std::sync::LazyLock;

use mongodb::bson::{Document, doc};

use crate::backend::WordList;

/// How a stage is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The stage's name.
    pub stage: String,
    /// The pipeline up to this stage, on a sample; `None` for a stage that writes.
    pub pipeline: Option<Vec<Document>>,
    /// Why its result on a sample differs from that on everything.
    pub misleading: Option<String>,
}

/// A pipeline, stage by stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// The sample is what this many stages give at first. Those that must stand first, and what can
    /// use an index, stand before it.
    pub sampled_after: usize,
    /// The pipeline that gives the sample.
    pub sample: Vec<Document>,
    /// The stages.
    pub steps: Vec<Step>,
}

impl Preview {
    /// Shows a pipeline that has passed the gate on `size` documents.
    pub fn of(stages: &[Document], size: u32) -> Self {
        let sampled_after = sampled_after(stages);
        let limit = doc! { "$limit": i64::from(size) };
        let up_to = |end: usize| {
            let at = sampled_after.min(end);
            [&stages[..at], std::slice::from_ref(&limit), &stages[at..end]].concat()
        };
        let mut doubted: Option<usize> = None;
        let steps = stages.iter().enumerate().map(|(index, document)| {
            let stage = document.keys().next().cloned().unwrap_or_default();
            let writes = matches!(stage.as_str(), "$out" | "$merge");
            let misleading = match (doubt(&stage), doubted) {
                _ if index < sampled_after || writes => None,
                (Some(why), _) => {
                    doubted = doubted.or(Some(index));
                    Some(why.to_owned())
                }
                (None, Some(earlier)) => Some(format!("it is fed by stage {earlier}")),
                (None, None) => None,
            };
            let pipeline = (!writes).then(|| up_to(index + 1));
            Step { stage, pipeline, misleading }
        });
        let steps = steps.collect();
        Self { sampled_after, sample: up_to(sampled_after), steps }
    }
}

/// How many stages stand before the sample: one that makes its own input or must be the first, and
/// filters, because a filter that finds little would find nothing in a sample.
fn sampled_after(stages: &[Document]) -> usize {
    let name = |stage: &Document| stage.keys().next().cloned().unwrap_or_default();
    let first = stages.first().is_some_and(|stage| FIRST.has(&name(stage)));
    let rest = stages.iter().skip(usize::from(first));
    usize::from(first) + rest.take_while(|stage| name(stage) == "$match").count()
}

/// Stages that must be the first of a pipeline.
static FIRST: LazyLock<WordList> = LazyLock::new(|| {
    WordList::of(&["$collStats $documents $geoNear $indexStats $listSearchIndexes $listSessions \
         $planCacheStats $rankFusion $sample $scoreFusion $search $searchMeta $vectorSearch"])
});

/// Why the result of a stage on a sample is not a sample of its result.
fn doubt(stage: &str) -> Option<&'static str> {
    Some(match stage {
        "$bucket" | "$bucketAuto" | "$count" | "$group" | "$sortByCount" => {
            "it counts and sums up the sample alone"
        }
        "$sort" => "what comes first in the sample need not come first of all",
        "$skip" => "it passes over documents of the sample",
        "$sample" => "it takes from the sample alone",
        "$setWindowFields" | "$densify" | "$fill" => {
            "what stands before and after a document is not all in the sample"
        }
        "$facet" => "its pipelines see the sample alone",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(stages: &[Document]) -> Preview {
        Preview::of(stages, 50)
    }

    #[test]
    fn each_stage_is_shown_with_those_before_it_on_a_sample() {
        let stages = [doc! { "$unwind": "$a" }, doc! { "$project": { "a": 1 } }];
        let preview = shown(&stages);
        assert_eq!(preview.sampled_after, 0);
        let limit = doc! { "$limit": 50_i64 };
        assert_eq!(preview.sample, std::slice::from_ref(&limit));
        let first = vec![limit.clone(), stages[0].clone()];
        assert_eq!(preview.steps[0].pipeline, Some(first));
        let second = vec![limit, stages[0].clone(), stages[1].clone()];
        assert_eq!(preview.steps[1].pipeline, Some(second));
        assert!(preview.steps.iter().all(|step| step.misleading.is_none()));
    }

    #[test]
    fn what_must_be_first_stays_first_and_filters_see_everything() {
        let stages = [
            doc! { "$geoNear": { "near": [0, 0], "distanceField": "d" } },
            doc! { "$match": { "a": 1 } },
            doc! { "$set": { "b": 1 } },
        ];
        let preview = shown(&stages);
        assert_eq!(preview.sampled_after, 2);
        let limit = doc! { "$limit": 50_i64 };
        let first = vec![stages[0].clone(), limit.clone()];
        assert_eq!(preview.steps[0].pipeline, Some(first));
        let last = vec![stages[0].clone(), stages[1].clone(), limit, stages[2].clone()];
        assert_eq!(preview.steps[2].pipeline, Some(last));
    }

    #[test]
    fn a_stage_that_writes_is_never_run() {
        let stages = [doc! { "$group": { "_id": "$a" } }, doc! { "$merge": { "into": "c" } }];
        let preview = shown(&stages);
        assert_eq!(preview.steps[1].pipeline, None);
        let run = preview.steps.iter().filter_map(|step| step.pipeline.as_ref()).flatten();
        assert!(run.flat_map(Document::keys).all(|stage| stage != "$merge"));
    }

    #[test]
    fn what_a_sample_misleads_about_is_told_for_all_that_follows() {
        let stages = [
            doc! { "$group": { "_id": "$a" } },
            doc! { "$project": { "b": 1 } },
            doc! { "$count": "n" },
        ];
        let told: Vec<_> = shown(&stages).steps.into_iter().map(|step| step.misleading).collect();
        assert!(told[0].as_ref().unwrap().contains("sums up"));
        assert_eq!(told[1].as_deref(), Some("it is fed by stage 0"));
        assert!(told[2].as_ref().unwrap().contains("sums up"));
    }
}
