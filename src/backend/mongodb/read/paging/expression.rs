//! Sort keys as expressions, for a server to compute and compare.

use mongodb::bson::{Array, Bson, Document, bson, doc};

use super::key::{Group, Key, of_empty_array, step, with_paths};
use super::order::{Direction, Order};

/// An expression that is true of documents that come after the key in the order.
pub(super) fn after(order: &Order, key: &Key) -> Document {
    let (candidates, places) = with_paths(order, |group| {
        let mut names = Names::default();
        listed_of_item("$$ROOT", &group, &mut names)
    });
    let tuples = Tuples::laid_out(&places, order);
    let last: Array = key.0.iter().map(|candidate| tuples.lay_out(candidate)).collect();
    let last = match last.as_slice() {
        [one] => bson!({ "$literal": (one.clone()) }),
        _ => tuples.first_of(bson!({ "$literal": last })),
    };
    doc! { "$let": {
        "vars": { "last": last, "this": tuples.first_of(candidates) },
        "in": tuples.precedes("$$last", "$$this"),
    } }
}

/// How candidates are laid out: the fields of the order, each with its place in a tuple. Paths through
/// one field are together there, and may be apart in the order.
struct Tuples(Vec<(usize, Direction)>);

impl Tuples {
    fn laid_out(places: &[usize], order: &Order) -> Self {
        let place = |field| places.iter().position(|&other| other == field).unwrap_or_default();
        let fields = order.paths().enumerate();
        Self(fields.map(|(field, (_, direction))| (place(field), direction)).collect())
    }

    /// A candidate that is in the order of the fields, as the server's are.
    fn lay_out(&self, candidate: &Array) -> Bson {
        let mut tuple = vec![Bson::Null; candidate.len()];
        for (value, (place, _)) in candidate.iter().zip(&self.0) {
            tuple[*place] = value.clone();
        }
        Bson::Array(tuple)
    }

    /// Whether tuples compare as arrays do, going up or going down.
    fn uniform(&self) -> Option<Direction> {
        let in_place = self.0.iter().enumerate().all(|(at, (place, _))| at == *place);
        let (_, first) = *self.0.first()?;
        (in_place && self.0.iter().all(|(_, direction)| *direction == first)).then_some(first)
    }

    /// The tuple of a list that comes first.
    fn first_of(&self, list: Bson) -> Bson {
        match self.uniform() {
            Some(Direction::Up) => bson!({ "$min": list }),
            Some(Direction::Down) => bson!({ "$max": list }),
            None => {
                let none = bson!({ "$eq": ["$$value", null] });
                let better = bson!({ "$or": [none, (self.precedes("$$this", "$$value"))] });
                let chosen = bson!({ "$cond": [better, "$$this", "$$value"] });
                bson!({ "$reduce": { "input": list, "initialValue": null, "in": chosen } })
            }
        }
    }

    /// Whether one tuple comes before another.
    fn precedes(&self, one: &str, other: &str) -> Bson {
        let strictly = |direction| if direction == Direction::Up { "$lt" } else { "$gt" };
        if let Some(direction) = self.uniform() {
            return bson!({ strictly(direction): [one, other] });
        }
        let mut precedes = bson!(false);
        for &(place, direction) in self.0.iter().rev() {
            let place = i32::try_from(place).unwrap_or(i32::MAX);
            let values =
                bson!([{ "$arrayElemAt": [one, place] }, { "$arrayElemAt": [other, place] }]);
            let before = bson!({ strictly(direction): (values.clone()) });
            let tied = bson!({ "$and": [{ "$eq": values }, precedes] });
            precedes = bson!({ "$or": [before, tied] });
        }
        precedes
    }
}

/// Makes names of variables.
#[derive(Default)]
struct Names(u32);

impl Names {
    fn next(&mut self) -> String {
        self.0 += 1;
        format!("v{}", self.0)
    }
}

/// The candidates of a value, as an expression, and the places of the order that they are laid out by.
fn listed(value: Bson, group: &Group<'_>, names: &mut Names) -> (Bson, Vec<usize>) {
    let (value_name, item_name) = (names.next(), names.next());
    let (of_item, places) = listed_of_item(&format!("$${item_name}"), group, names);
    let empty = of_empty_array(group);
    let empty: Array = places
        .iter()
        .filter_map(|place| empty.iter().find(|(other, _)| other == place))
        .map(|(_, value)| value.clone())
        .collect();
    let variable = format!("$${value_name}");
    // What is no array is one with a single item.
    let items = bson!({ "$cond": [{ "$isArray": (variable.clone()) }, (variable.clone()), [(variable.clone())]] });
    let all = flat(bson!({ "$map": { "input": items, "as": item_name, "in": of_item } }));
    let chosen = bson!({ "$cond": [{ "$eq": [variable, []] }, [empty], all] });
    (bson!({ "$let": { "vars": { value_name: value }, "in": chosen } }), places)
}

fn listed_of_item(item: &str, group: &Group<'_>, names: &mut Names) -> (Bson, Vec<usize>) {
    let (here, below) = step(group);
    let values: Array = here.iter().map(|_| written_by_server(item)).collect();
    let mut found = (!here.is_empty()).then(|| bson!([values]));
    let mut places = here;
    for (name, group) in below {
        let (more, more_places) = listed(field_of(item, name), &group, names);
        found = Some(match found {
            None => more,
            Some(found) => product(found, more, names),
        });
        places.extend(more_places);
    }
    (found.unwrap_or_else(|| bson!([[]])), places)
}

/// A field of an item, or `null`: of what is no document, and above all of an array, there is none.
fn field_of(item: &str, name: &str) -> Bson {
    let field = if name.starts_with('$') {
        bson!({ "$getField": { "field": { "$literal": name }, "input": item } })
    } else {
        bson!(format!("{item}.{name}"))
    };
    let missing = bson!({ "$or": [
        { "$ne": [{ "$type": item }, "object"] },
        { "$eq": [{ "$type": (field.clone()) }, "missing"] },
    ] });
    bson!({ "$cond": [missing, null, field] })
}

/// Every tuple of one list with every tuple of the other.
fn product(one: Bson, other: Bson, names: &mut Names) -> Bson {
    let (a, b) = (names.next(), names.next());
    let pair = bson!({ "$concatArrays": [(format!("$${a}")), (format!("$${b}"))] });
    let pairs = bson!({ "$map": { "input": other, "as": b, "in": pair } });
    flat(bson!({ "$map": { "input": one, "as": a, "in": pairs } }))
}

fn flat(lists: Bson) -> Bson {
    bson!({ "$reduce": {
        "input": lists,
        "initialValue": [],
        "in": { "$concatArrays": ["$$value", "$$this"] },
    } })
}

fn written_by_server(value: &str) -> Bson {
    let kind = bson!({ "$type": value });
    bson!({ "$switch": {
        "branches": [
            { "case": { "$eq": [(kind.clone()), "undefined"] }, "then": [0] },
            { "case": { "$eq": [kind, "minKey"] }, "then": [(-1)] },
        ],
        "default": [1, value],
    } })
}
