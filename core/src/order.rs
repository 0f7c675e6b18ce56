use std::cmp::Ordering;

/// Sorts; equal items come in any order. All types share one copy of the sorting code, which keeps a WebAssembly module
/// small; where sorting is what takes the time, in `files`, it has its own.
pub(crate) fn sort_by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let order =
        order(items.len(), &|a, b| items.get(a).zip(items.get(b)).map_or(Ordering::Equal, |(a, b)| compare(a, b)));
    arrange(order, &mut |a, b| items.swap(a, b));
}

/// Not `Copy`: for a copied number the standard library would bring sorting networks of ten times the size.
struct Index(usize);

fn order(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<Index> {
    let mut order: Vec<Index> = (0..count).map(Index).collect();
    order.sort_unstable_by(|a, b| compare(a.0, b.0));
    order
}

/// Swaps until each place has the item that `order` names for it, one cycle after the other.
fn arrange(mut order: Vec<Index>, swap: &mut dyn FnMut(usize, usize)) {
    for start in 0..order.len() {
        let mut place = start;
        while let Some(Index(from)) = order.get_mut(place).map(|index| std::mem::replace(index, Index(place)))
            && from != start
        {
            swap(place, from);
            place = from;
        }
    }
}
