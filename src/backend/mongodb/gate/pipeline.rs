//! Aggregation pipelines, with the pipelines inside them.

use mongodb::bson::{Bson, Document};

use super::expression::expression;
use super::stages::{only_field, update_pipeline};
use crate::backend::mongodb::names::Namespace;
use crate::error::{Error, Result};

/// What a pipeline takes to be run.
#[allow(clippy::struct_excessive_bools, reason = "four independent findings")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// It reads what belongs to the server or to other users.
    pub admin: bool,
    /// It writes, through `$out` or `$merge`.
    pub write: bool,
    /// It does not end by itself.
    pub change_stream: bool,
    /// The server's own data is its source, and not a collection.
    pub whole_database: bool,
}

/// How a stage is treated.
enum Stage {
    /// Only expressions inside.
    Plain,
    /// Makes its own input, where other pipelines have a collection.
    Source,
    /// Shows what other users do. The first of them needs no collection.
    Admin { whole_database: bool },
    /// `$facet`: every member is a pipeline.
    Facet,
    /// `$lookup` and `$graphLookup`: `from` is a collection, `pipeline` runs on it.
    Lookup,
    /// `$unionWith`: a collection, or `coll` and `pipeline`.
    Union,
    /// `$out` and `$merge`.
    Write,
    /// `$changeStream`.
    ChangeStream,
    /// `$rankFusion` and `$scoreFusion`: pipelines at `input.pipelines`.
    Fusion,
}

fn stage(name: &str) -> Option<Stage> {
    Some(match name {
        "$addFields" | "$bucket" | "$bucketAuto" | "$count" | "$densify" | "$fill" | "$group"
        | "$limit" | "$match" | "$project" | "$redact" | "$replaceRoot" | "$replaceWith"
        | "$sample" | "$set" | "$setWindowFields" | "$skip" | "$sort" | "$sortByCount"
        | "$unset" | "$unwind" | "$geoNear" | "$collStats" | "$indexStats" | "$planCacheStats"
        | "$listSearchIndexes" | "$score" | "$search" | "$searchMeta" | "$vectorSearch" => {
            Stage::Plain
        }
        "$documents" => Stage::Source,
        "$currentOp"
        | "$listClusterCatalog"
        | "$listLocalSessions"
        | "$listSampledQueries"
        | "$querySettings"
        | "$queryStats"
        | "$shardedDataDistribution" => Stage::Admin { whole_database: true },
        // It reads `config.system.sessions`.
        "$listSessions" => Stage::Admin { whole_database: false },
        "$facet" => Stage::Facet,
        "$lookup" | "$graphLookup" => Stage::Lookup,
        "$unionWith" => Stage::Union,
        "$out" | "$merge" => Stage::Write,
        "$changeStream" | "$changeStreamSplitLargeEvent" => Stage::ChangeStream,
        "$rankFusion" | "$scoreFusion" => Stage::Fusion,
        _ => return None,
    })
}

/// Checks a pipeline that runs in the database `db`, and tells what it takes.
pub fn pipeline(stages: &[Document], db: &str) -> Result<Needs> {
    let mut walk = Walk { db, needs: Needs::default() };
    walk.stages(stages.iter(), true)?;
    Ok(walk.needs)
}

/// Checks the pipeline of a view in the database `db`. Whoever may read the view runs it, so that it
/// must be one that anybody may run.
pub fn view(stages: &[Document], db: &str) -> Result<()> {
    let needs = pipeline(stages, db)?;
    let wrong = if needs.write {
        "`$out` and `$merge` can't stand in a view"
    } else if needs.change_stream {
        "a change stream can't stand in a view"
    } else if needs.whole_database {
        "the pipeline of a view must read from its collection"
    } else if needs.admin {
        "a view can't show what is for administrators"
    } else {
        return Ok(());
    };
    Err(Error::not_allowed(wrong.to_owned()))
}

struct Walk<'d> {
    db: &'d str,
    needs: Needs,
}

impl Walk<'_> {
    fn stages<'s>(
        &mut self,
        stages: impl Iterator<Item = &'s Document>,
        outermost: bool,
    ) -> Result<()> {
        for document in stages {
            let (name, value) = only_field(document)?;
            if self.needs.write {
                return Err(Error::validation("`$out` and `$merge` must be the last stage"));
            }
            // Operators that are refused are refused wherever they stand.
            expression(document)?;
            let kind = stage(name).ok_or_else(|| {
                Error::not_allowed(format!("the stage `{name}` is not on the list"))
            })?;
            match kind {
                Stage::Plain => {}
                Stage::Source => self.needs.whole_database |= outermost,
                Stage::Admin { whole_database } => {
                    self.needs.admin = true;
                    self.needs.whole_database |= whole_database && outermost;
                }
                Stage::Facet => self.facet(value)?,
                Stage::Lookup => self.lookup(value)?,
                Stage::Union => self.union(value)?,
                Stage::Fusion => self.fusion(value)?,
                Stage::ChangeStream if outermost => self.change_stream(value),
                Stage::Write if outermost => self.write(name, value)?,
                Stage::ChangeStream | Stage::Write => {
                    return Err(Error::not_allowed(format!(
                        "`{name}` can't stand inside another stage"
                    )));
                }
            }
        }
        Ok(())
    }

    fn nested(&mut self, pipeline: &Bson) -> Result<()> {
        let stages = pipeline.as_array().map(|items| items.iter().map(Bson::as_document));
        let stages: Option<Vec<&Document>> = stages.and_then(Iterator::collect);
        let stages =
            stages.ok_or_else(|| Error::validation("a pipeline must be an array of documents"))?;
        self.stages(stages.into_iter(), false)
    }

    fn facet(&mut self, value: &Bson) -> Result<()> {
        let pipelines = document("$facet", value)?;
        pipelines.values().try_for_each(|pipeline| self.nested(pipeline))
    }

    fn lookup(&mut self, value: &Bson) -> Result<()> {
        let spec = document("$lookup", value)?;
        if let Some(from) = spec.get("from") {
            self.source(from)?;
        }
        spec.get("pipeline").map_or(Ok(()), |pipeline| self.nested(pipeline))
    }

    fn union(&mut self, value: &Bson) -> Result<()> {
        let Bson::Document(spec) = value else { return self.source(value) };
        match (spec.get("db"), spec.get("coll")) {
            (None, Some(coll)) => self.source(coll)?,
            (None, None) => {}
            (Some(_), _) => self.source(value)?,
        }
        spec.get("pipeline").map_or(Ok(()), |pipeline| self.nested(pipeline))
    }

    fn fusion(&mut self, value: &Bson) -> Result<()> {
        let input = document("$rankFusion", value)?.get_document("input").ok();
        let pipelines = input.and_then(|input| input.get_document("pipelines").ok());
        let pipelines = pipelines
            .ok_or_else(|| Error::validation("`input.pipelines` must hold the pipelines"))?;
        pipelines.values().try_for_each(|pipeline| self.nested(pipeline))
    }

    fn change_stream(&mut self, value: &Bson) {
        self.needs.change_stream = true;
        let options = value.as_document();
        let cluster = options.and_then(|o| o.get_bool("allChangesForCluster").ok());
        self.needs.admin |= cluster == Some(true);
    }

    /// A collection that is read from: by name, or with a database.
    fn source(&mut self, value: &Bson) -> Result<()> {
        let from = self.namespace(value)?;
        self.needs.admin |= from.is_system();
        Ok(())
    }

    fn write(&mut self, name: &str, value: &Bson) -> Result<()> {
        let target = match value.as_document().and_then(|spec| spec.get("into")) {
            Some(into) if name == "$merge" => into,
            _ => value,
        };
        self.namespace(target)?.check_writable()?;
        self.needs.write = true;
        let matched = value.as_document().and_then(|spec| spec.get_array("whenMatched").ok());
        let Some(stages) = matched else { return Ok(()) };
        let stages: Option<Vec<Document>> =
            stages.iter().map(|stage| stage.as_document().cloned()).collect();
        let stages = stages
            .ok_or_else(|| Error::validation("`whenMatched` must be an array of documents"))?;
        update_pipeline(&stages)
    }

    fn namespace(&self, value: &Bson) -> Result<Namespace> {
        let (db, coll) = match value {
            Bson::String(coll) => (self.db, coll.as_str()),
            Bson::Document(spec) => {
                let coll = spec.get_str("coll");
                let coll = coll.map_err(|_| Error::validation("`coll` must name a collection"))?;
                let db = match spec.get("db") {
                    None => self.db,
                    Some(Bson::String(db)) => db.as_str(),
                    Some(_) => return Err(Error::validation("`db` must name a database")),
                };
                (db, coll)
            }
            _ => return Err(Error::validation("a collection is given by its name")),
        };
        if db != self.db {
            return Err(Error::not_allowed(format!(
                "a pipeline can only reach collections of its own database, not {db:?}"
            )));
        }
        Namespace::new(db, coll)
    }
}

fn document<'v>(stage: &str, value: &'v Bson) -> Result<&'v Document> {
    value.as_document().ok_or_else(|| Error::validation(format!("`{stage}` takes a document")))
}
