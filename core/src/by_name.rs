use std::collections::BTreeMap;

/// A list whose items are found by name; of several with one name, the last.
pub(crate) struct ByName<'a, T> {
    items: &'a [T],
    places: BTreeMap<&'a str, usize>,
}

impl<'a, T> ByName<'a, T> {
    pub(crate) fn new(items: &'a [T], name: impl Fn(&'a T) -> &'a str) -> Self {
        Self { items, places: places_of(&mut items.iter().map(name)) }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a T> {
        self.items.get(*self.places.get(name)?)
    }
}

/// One for lists of all types: see `order`.
fn places_of<'a>(names: &mut dyn Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut places = BTreeMap::new();
    places.extend(names.enumerate().map(|(place, name)| (name, place)));
    places
}
