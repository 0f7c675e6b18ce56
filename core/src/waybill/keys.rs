use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::documents::{DocumentFile, Documents};
use super::lines::Lines;
use super::signature::PublicKey;
use super::verdict::signers;
use super::{ENDING, MAX_BYTES, WaybillKind, check_product, head, sequence};
use crate::error::{Code, Error, quoted};

const MAX_KEYS: usize = 16;

/// Who may sign for a product: a document `keys/<n>.waybill` (rule T3).
///
/// ```
/// use airwaybill::Keys;
///
/// let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";
/// let document = format!(
///     "airwaybill 1\nproduct smart-meter\nkeys 1\nthreshold root 1\nthreshold release 1\nfloor release 0\nfloor firmware 0\n\
///     root {key} safe\nrelease {key} office\n"
/// );
/// let keys = Keys::parse(document.as_bytes())?;
/// assert_eq!((keys.number, keys.release.keys[0].comment()), (1, "office"));
/// assert_eq!(keys.render(), document);
/// # Ok::<(), airwaybill::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify), tsify(rename = "KeysDocument"))]
#[non_exhaustive]
pub struct Keys {
    /// Which devices they are for.
    pub product: String,
    /// Rises by one with each document.
    pub number: u32,
    /// Who may sign the next document.
    pub root: Role,
    /// Who may sign releases and images.
    pub release: Role,
    /// Waybills of releases with a lower sequence do not count.
    pub floor_release: u32,
    /// Waybills of images with a lower sequence do not count.
    pub floor_firmware: u32,
}

/// Keys, so many of which have to sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
pub struct Role {
    /// How many different ones of `keys`.
    pub threshold: u32,
    /// Those who may sign, as lines of `.pub` files.
    #[cfg_attr(feature = "wasm", tsify(type = "string[]"))]
    pub keys: Vec<PublicKey>,
}

/// What the first keys have, or what changes with the next ones.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "wasm", derive(tsify::Tsify))]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct KeysRequest {
    /// Keys that may sign the next document, besides those that may already.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "readonly string[] | null | undefined"))]
    pub root: Vec<PublicKey>,
    /// Keys that may sign releases, besides those that may already.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "readonly string[] | null | undefined"))]
    pub release: Vec<PublicKey>,
    /// Keys that no longer may sign anything.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "readonly string[] | null | undefined"))]
    pub remove: Vec<PublicKey>,
    /// How many root keys have to sign; without it as before, at first 1.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "number | null | undefined"))]
    #[serde(alias = "threshold_root")]
    pub threshold_root: Option<u32>,
    /// How many release keys have to sign; without it as before, at first 1.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "number | null | undefined"))]
    #[serde(alias = "threshold_release")]
    pub threshold_release: Option<u32>,
    /// Waybills with a lower sequence do not count; without it as before, at first 0.
    #[cfg_attr(feature = "wasm", tsify(optional, type = "number | null | undefined"))]
    pub floor: Option<u32>,
}

impl Keys {
    /// The first keys of a product.
    ///
    /// # Errors
    ///
    /// As [`Keys::changed`].
    pub fn first(product: &str, request: &KeysRequest) -> Result<Self, Error> {
        check_product(product)?;
        let role = || Role { threshold: 1, keys: Vec::new() };
        let (root, release) = (role(), role());
        Self { product: product.to_owned(), number: 0, root, release, floor_release: 0, floor_firmware: 0 }
            .changed(request)
    }

    /// The keys that come after these, to be signed by the roots of both.
    ///
    /// # Errors
    ///
    /// [`Code::KeyUnknown`] to remove a key that is none of these; [`Code::KeysFloor`] to remove a release key without a floor,
    /// because devices forget then which sequences they had; those of [`Keys::parse`].
    pub fn changed(&self, request: &KeysRequest) -> Result<Self, Error> {
        let is_removed = |key: &PublicKey| request.remove.iter().any(|other| other.bytes() == key.bytes());
        let is_known = |key: &&PublicKey| {
            let mut known = self.root.keys.iter().chain(&self.release.keys);
            known.any(|other| other.bytes() == key.bytes())
        };
        if let Some(unknown) = request.remove.iter().find(|key| !is_known(key)) {
            let rule = format!("none of keys {} is this one; it cannot be removed", self.number);
            return Err(Error::new(Code::KeyUnknown, format!("{}: {rule}", quoted(&unknown.to_string()))));
        }
        if let (Some(removed), None) = (self.release.keys.iter().find(|key| is_removed(key)), request.floor) {
            let rule = "devices forget their sequences with a release key that goes: give a floor";
            return Err(Error::new(Code::KeysFloor, format!("{}: {rule}", quoted(&removed.to_string()))));
        }
        let role = |before: &Role, more: &[PublicKey], threshold: Option<u32>| Role {
            threshold: threshold.unwrap_or(before.threshold),
            keys: before.keys.iter().filter(|key| !is_removed(key)).chain(more).cloned().collect(),
        };
        let next = Self {
            product: self.product.clone(),
            number: self.number.saturating_add(1),
            root: role(&self.root, &request.root, request.threshold_root),
            release: role(&self.release, &request.release, request.threshold_release),
            floor_release: request.floor.unwrap_or(self.floor_release),
            floor_firmware: request.floor.unwrap_or(self.floor_firmware),
        };
        self.check_floors(&next)?;
        // It is written, so that what breaks a rule is an error.
        Self::parse(next.render().as_bytes())
    }

    /// Reads a document, of which there is exactly one way to write it: [`Keys::render`] gives the same bytes.
    ///
    /// # Errors
    ///
    /// Those of [`Waybill::parse`](crate::Waybill::parse) and [`PublicKey::parse`]; [`Code::KeysTooMany`] over 16 keys,
    /// [`Code::KeyDuplicate`], [`Code::KeysThreshold`].
    pub fn parse(document: &[u8]) -> Result<Self, Error> {
        let mut lines = Lines::new(document, MAX_BYTES)?;
        let product = head(&mut lines)?;
        let number = sequence(&mut lines, "keys", 1)?;
        let mut root = Role { threshold: sequence(&mut lines, "threshold root", 0)?, keys: Vec::new() };
        let mut release = Role { threshold: sequence(&mut lines, "threshold release", 0)?, keys: Vec::new() };
        let floor_release = sequence(&mut lines, "floor release", 0)?;
        let floor_firmware = sequence(&mut lines, "floor firmware", 0)?;
        while let Some(line) = lines.next()? {
            let (role, text) = match line.split_once(' ') {
                // Those of the root come first.
                Some(("root", text)) if release.keys.is_empty() => (&mut root, text),
                Some(("release", text)) => (&mut release, text),
                _ => return Err(lines.unexpected(Some(line), "root or release, and a key; those of the root first")),
            };
            let key = PublicKey::parse(text).map_err(|error| lines.at(error))?;
            if role.keys.iter().any(|other| other.bytes() == key.bytes()) {
                return Err(lines.fail(Code::KeyDuplicate, &format!("{}: the same key twice", quoted(line))));
            }
            role.keys.push(key);
            if root.keys.len() + release.keys.len() > MAX_KEYS {
                return Err(lines.fail(Code::KeysTooMany, &format!("a document has at most {MAX_KEYS} keys")));
            }
        }
        root.check("root")?;
        release.check("release")?;
        Ok(Self { product, number, root, release, floor_release, floor_firmware })
    }

    /// The document.
    #[must_use]
    pub fn render(&self) -> String {
        let mut document = format!(
            "airwaybill 1\nproduct {}\nkeys {}\nthreshold root {}\nthreshold release {}\nfloor release {}\nfloor firmware {}\n",
            self.product,
            self.number,
            self.root.threshold,
            self.release.threshold,
            self.floor_release,
            self.floor_firmware
        );
        for (name, role) in [("root", &self.root), ("release", &self.release)] {
            for key in &role.keys {
                // Writing to a string does not fail.
                let _ = writeln!(document, "{name} {key}");
            }
        }
        document
    }

    /// The keys that come after these, if `document` is the next one and the root keys of both have signed it.
    ///
    /// # Errors
    ///
    /// Those of [`Keys::parse`]; [`Code::KeysSkipped`] for another number than the next one, [`Code::KeysProduct`],
    /// [`Code::KeysFloor`] for a lower floor, [`Code::KeysUnsigned`].
    pub fn next(&self, document: &[u8], signatures: &[DocumentFile<'_>]) -> Result<Self, Error> {
        let next = Self::parse(document)?;
        let fail = |code, rule: String| Err(Error::new(code, rule));
        if u64::from(next.number) != u64::from(self.number) + 1 {
            let rule = format!("keys {}: keys {} is followed by the next number alone", next.number, self.number);
            return fail(Code::KeysSkipped, rule);
        }
        if next.product != self.product {
            let rule = format!("{}: these keys are for {}", quoted(&next.product), quoted(&self.product));
            return fail(Code::KeysProduct, rule);
        }
        self.check_floors(&next)?;
        for keys in [self, &next] {
            let signed = signers(document, signatures, &keys.root.keys).keys.len();
            if signed < keys.root.needed() {
                let rule = format!(
                    "{signed} of the {} root keys needed of keys {} signed keys {}",
                    keys.root.threshold, keys.number, next.number
                );
                return fail(Code::KeysUnsigned, rule);
            }
        }
        Ok(next)
    }

    /// The newest of the keys that are there, each signed as [`Keys::next`] wants it. Without `first` the lowest ones
    /// that are there are taken as they are.
    ///
    /// # Errors
    ///
    /// [`Code::KeysMissing`] if there are none, and those of [`Keys::next`].
    pub fn newest(first: Option<Self>, documents: &[DocumentFile<'_>]) -> Result<Self, Error> {
        let by_name = Documents::of(documents);
        let read = |number: u32, keys: Option<&Self>| {
            let name = format!("keys/{number}{ENDING}");
            let document = by_name.get(&name)?;
            let read = match keys {
                None => Self::parse(document.content).and_then(|keys| keys.check_number(number)),
                Some(keys) => keys.next(document.content, &by_name.signatures_of(&name)),
            };
            Some(read.map_err(|error| error.at(&name)))
        };
        let numbers = || documents.iter().filter_map(|document| number_of(document.name));
        let mut keys = match first {
            Some(keys) => keys,
            None => numbers().min().and_then(|number| read(number, None)).unwrap_or_else(|| {
                let rule = "there is no keys/<n>.waybill here; airwaybill keys new makes the first one";
                Err(Error::new(Code::KeysMissing, rule))
            })?,
        };
        while let Some(next) = read(keys.number.saturating_add(1), Some(&keys)) {
            keys = next?;
        }
        Ok(keys)
    }

    pub(super) fn floor(&self, kind: WaybillKind) -> u32 {
        match kind {
            WaybillKind::Release => self.floor_release,
            WaybillKind::Firmware => self.floor_firmware,
        }
    }

    fn check_floors(&self, next: &Self) -> Result<(), Error> {
        for (name, was, is) in [
            ("release", self.floor_release, next.floor_release),
            ("firmware", self.floor_firmware, next.floor_firmware),
        ] {
            if is < was {
                let rule = format!("floor {name} {is}: it was {was}, and a floor never falls");
                return Err(Error::new(Code::KeysFloor, rule));
            }
        }
        Ok(())
    }

    fn check_number(self, number: u32) -> Result<Self, Error> {
        if self.number == number {
            return Ok(self);
        }
        Err(Error::new(Code::KeysSkipped, format!("it is keys {}; its name has another number", self.number)))
    }
}

/// The number in `keys/<n>.waybill`.
fn number_of(name: &str) -> Option<u32> {
    name.strip_prefix("keys/")?.strip_suffix(ENDING)?.parse().ok()
}

impl Role {
    pub(super) fn needed(&self) -> usize {
        usize::try_from(self.threshold).unwrap_or(usize::MAX)
    }

    fn check(&self, name: &str) -> Result<(), Error> {
        if (1..=self.keys.len()).contains(&self.needed()) {
            return Ok(());
        }
        let rule =
            format!("threshold {name} {}: with {} {name} keys it is 1 to that many", self.threshold, self.keys.len());
        Err(Error::new(Code::KeysThreshold, rule))
    }
}
