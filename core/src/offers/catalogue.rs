//! The catalogue: the items' own values as columns, so that one program judges all of them.

use crate::manifest::{InputType, Item, Offers};
use crate::rules::{Column, Data, Texts};
use crate::time::Timestamp;

/// The items of a bundle.
#[derive(Clone, Debug)]
pub(super) struct Catalogue {
    ids: Vec<String>,
    names: Vec<String>,
    /// `id`, `category`, `risk`, `price`, then the attributes, in the order of the scope.
    columns: Vec<Column>,
    /// Per item the number of its category; each item without one has a number of its own.
    categories: Vec<usize>,
    category_names: Vec<String>,
    active: Vec<(Option<Timestamp>, Option<Timestamp>)>,
}

impl Catalogue {
    pub(super) fn new(offers: &Offers) -> Self {
        let items = &offers.items;
        let ids: Vec<String> = items.iter().map(|item| item.id.clone()).collect();
        let mut names: Vec<String> = ["id", "category", "risk", "price"].map(String::from).into();
        let mut columns = vec![
            texts(items, |item| Some(&item.id)),
            texts(items, |item| item.category.as_deref()),
            numbers(items, InputType::Integer, |item| item.risk.map(|risk| risk.number() as f64)),
            numbers(items, InputType::Number, |item| item.price),
        ];
        for (name, kind) in &offers.attributes {
            let value = |item: &'_ Item| item.attributes.get(name).filter(|value| !value.is_null()).cloned();
            columns.push(match kind {
                InputType::String => {
                    texts(items, |item| item.attributes.get(name).and_then(crate::json::Value::as_str))
                }
                InputType::Boolean => {
                    let own: Vec<Option<bool>> =
                        items.iter().map(|item| value(item).and_then(|value| value.as_bool())).collect();
                    let present: Vec<bool> = own.iter().map(Option::is_some).collect();
                    let cells = own.into_iter().map(Option::unwrap_or_default).collect();
                    Column::with_presence(Data::Bool(cells), &present)
                }
                InputType::Integer => {
                    let own: Vec<Option<i64>> =
                        items.iter().map(|item| value(item).and_then(|value| value.as_i64())).collect();
                    let present: Vec<bool> = own.iter().map(Option::is_some).collect();
                    let cells = own.into_iter().map(Option::unwrap_or_default).collect();
                    Column::with_presence(Data::Int(cells), &present)
                }
                kind => numbers(items, *kind, |item| value(item).and_then(|value| value.as_f64())),
            });
            names.push(name.clone());
        }
        let date = |date: &Option<String>| date.as_deref().and_then(Timestamp::parse_date);
        let active = items.iter().map(|item| (date(&item.active_from), date(&item.active_until)));
        let (categories, category_names) = categories(items);
        Self { ids, names, columns, categories, category_names, active: active.collect() }
    }

    /// How many items there are.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn ids(&self) -> &[String] {
        &self.ids
    }

    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The number of an item's category.
    pub(super) fn category(&self, item: usize) -> usize {
        self.categories.get(item).copied().unwrap_or(usize::MAX)
    }

    /// The number of the category of this name.
    pub(super) fn category_named(&self, name: &str) -> Option<usize> {
        self.category_names.iter().position(|own| own == name)
    }

    /// Whether some item is offered at some times only.
    pub(super) fn uses_time(&self) -> bool {
        self.active.iter().any(|(from, until)| from.is_some() || until.is_some())
    }

    /// Whether an item can be offered at this time.
    pub(super) fn is_active(&self, item: usize, now: Option<Timestamp>) -> bool {
        let Some(&(from, until)) = self.active.get(item) else { return false };
        match now {
            Some(now) => from.is_none_or(|from| now >= from) && until.is_none_or(|until| now < until),
            None => from.is_none() && until.is_none(),
        }
    }

    /// Per item the numbers of these attributes; what is missing is 0.
    pub(super) fn numbers(&self, attributes: &[String]) -> Vec<Vec<f64>> {
        let column = |name: &String| {
            let place = self.names.iter().position(|own| own == name);
            place.and_then(|place| self.columns.get(place))
        };
        let columns: Vec<Option<&Column>> = attributes.iter().map(column).collect();
        let cell = |column: &Option<&Column>, item: usize| {
            let column = column.filter(|column| !column.is_null(item))?;
            match column.data() {
                Data::Bool(cells) => cells.get(item).map(|&own| f64::from(u8::from(own))),
                _ => column.number(item).ok().flatten(),
            }
        };
        (0..self.len())
            .map(|item| columns.iter().map(|column| cell(column, item).unwrap_or(0.0)).collect())
            .collect()
    }

    /// For each item whether its category is among these; for all where there is no list.
    pub(super) fn of_categories(items: &[Item], categories: Option<&[String]>) -> Vec<bool> {
        let among = |item: &Item| {
            categories.is_none_or(|all| item.category.as_ref().is_some_and(|own| all.contains(own)))
        };
        items.iter().map(among).collect()
    }
}

fn texts<'m>(items: &'m [Item], text: impl Fn(&'m Item) -> Option<&'m str>) -> Column {
    let own: Vec<Option<&str>> = items.iter().map(text).collect();
    let present: Vec<bool> = own.iter().map(Option::is_some).collect();
    let cells: Texts = own.into_iter().map(Option::unwrap_or_default).collect();
    Column::with_presence(Data::Text(cells), &present)
}

fn numbers(items: &[Item], kind: InputType, number: impl Fn(&Item) -> Option<f64>) -> Column {
    let own: Vec<Option<f64>> = items.iter().map(number).collect();
    let present: Vec<bool> = own.iter().map(Option::is_some).collect();
    let cells = own.into_iter().map(Option::unwrap_or_default);
    let data = match kind {
        InputType::Integer => Data::Int(cells.map(|number| number as i64).collect()),
        _ => Data::Double(cells.collect()),
    };
    Column::with_presence(data, &present)
}

fn categories(items: &[Item]) -> (Vec<usize>, Vec<String>) {
    let mut known: Vec<String> = Vec::new();
    let mut numbers = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        let Some(category) = &item.category else {
            // Past every number of a category that has a name.
            numbers.push(items.len() + at);
            continue;
        };
        let place = known.iter().position(|own| own == category);
        numbers.push(place.unwrap_or_else(|| {
            known.push(category.clone());
            known.len() - 1
        }));
    }
    (numbers, known)
}
