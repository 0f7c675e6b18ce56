//! Changes an input so that a fuzzer gets past the reader of JSON, and far into the engine.

use airwaybill::Sha1Digest;
use serde_json::{Value, json};

use crate::dice::Dice;
use crate::hostile::{collect_leaves, with_wrong_bytes, wrong_value};
use crate::properties::Target;

/// Changes inputs of one target.
pub struct Mutator {
    target: &'static Target,
    seeds: Vec<Vec<u8>>,
}

impl Mutator {
    /// Reads the vectors: pieces of other inputs go into the changed one.
    #[must_use]
    pub fn new(target: &'static Target) -> Self {
        Self { target, seeds: (target.seeds)() }
    }

    /// `data` with something changed, the same for the same `seed`.
    #[must_use]
    pub fn changed(&self, data: &[u8], seed: u64) -> Vec<u8> {
        let mut dice = Dice::new(seed);
        self.changed_by(data, seed, &mut |bytes| with_wrong_bytes(&mut dice, bytes))
    }

    /// Likewise, where `change` changes the bytes of a string, or of input that is not JSON.
    pub fn changed_by(&self, data: &[u8], seed: u64, change: &mut dyn FnMut(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
        let mut dice = Dice::new(seed);
        match serde_json::from_slice(data) {
            Ok(mut value) if self.target.is_json && dice.chance(95) => {
                for _ in 0..=dice.below(3) {
                    self.change_value(&mut dice, &mut value, change);
                }
                value.to_string().into()
            }
            _ => change(data.to_vec()),
        }
    }

    fn change_value(&self, dice: &mut Dice, value: &mut Value, change: &mut dyn FnMut(Vec<u8>) -> Vec<u8>) {
        match dice.below(10) {
            0 => self.graft(dice, value),
            1..4 => rearrange(dice, value),
            _ => self.change_leaf(dice, value, change),
        }
    }

    /// Takes a field over from a vector.
    fn graft(&self, dice: &mut Dice, value: &mut Value) {
        let other = &self.seeds[dice.below(self.seeds.len())];
        if let (Value::Object(map), Ok(Value::Object(other))) = (value, serde_json::from_slice(other)) {
            let chosen = dice.below(other.len().max(1));
            map.extend(other.into_iter().nth(chosen));
        }
    }

    fn change_leaf(&self, dice: &mut Dice, value: &mut Value, change: &mut dyn FnMut(Vec<u8>) -> Vec<u8>) {
        let mut leaves = Vec::new();
        collect_leaves(value, &mut leaves);
        if leaves.is_empty() {
            return;
        }
        let other = leaves[dice.below(leaves.len())].clone();
        let chosen = dice.below(leaves.len());
        let leaf = leaves.swap_remove(chosen);
        *leaf = match leaf {
            // What has a digest's form is one, or all would end there.
            Value::String(text) if Sha1Digest::parse(text).is_ok() && dice.chance(95) => digest(dice),
            Value::String(text) => match serde_json::from_str(text) {
                Ok(mut document @ Value::Object(_)) => {
                    self.change_value(dice, &mut document, change);
                    json!(document.to_string())
                }
                _ if dice.chance(20) => other,
                _ if dice.chance(10) => wrong_value(dice, leaf),
                _ => json!(String::from_utf8_lossy(&change(std::mem::take(text).into()))),
            },
            _ if dice.chance(50) => json!(dice.below(4)),
            _ => wrong_value(dice, leaf),
        };
    }
}

/// One of few, so that two files can have the same.
fn digest(dice: &mut Dice) -> Value {
    json!(Sha1Digest::of(&[dice.next().to_le_bytes()[0] % 4]))
}

/// Removes, repeats or moves an item of a list, or removes a field.
fn rearrange(dice: &mut Dice, value: &mut Value) {
    match some_holder(dice, value) {
        Value::Array(items) if !items.is_empty() => {
            let (at, other) = (dice.below(items.len()), dice.below(items.len()));
            match dice.below(4) {
                0 => drop(items.remove(at)),
                1 => items.swap(at, other),
                _ => items.insert(at, items[other].clone()),
            }
        }
        Value::Object(map) if !map.is_empty() => {
            let key = map.keys().nth(dice.below(map.len())).cloned();
            key.and_then(|key| map.shift_remove(&key));
        }
        _ => {}
    }
}

/// The value itself or a list or object in it.
fn some_holder<'a>(dice: &mut Dice, value: &'a mut Value) -> &'a mut Value {
    let is_holder = |value: &Value| value.is_array() || value.is_object();
    let count = match value {
        Value::Array(items) => items.iter().filter(|item| is_holder(item)).count(),
        Value::Object(map) => map.values().filter(|item| is_holder(item)).count(),
        _ => 0,
    };
    if count == 0 || dice.chance(30) {
        return value;
    }
    let chosen = dice.below(count);
    let within: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().filter(|item| is_holder(item)).collect(),
        Value::Object(map) => map.values_mut().filter(|item| is_holder(item)).collect(),
        _ => Vec::new(),
    };
    some_holder(dice, within.into_iter().nth(chosen).unwrap())
}
