//! What holds for any input.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use airwaybill::{
    Catalog, CatalogOptions, DevicePath, DstPaths, Entry, FileRecord, Manifest, ManifestFormat, ManifestOptions,
    PlanRequest, Sha1Digest, Version, VersionScheme, verify_content, verify_device,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

type Tree = BTreeMap<String, u8>;

fn version() -> impl Strategy<Value = Version> {
    "v?[0-9][0-9A-Za-z.+_-]{0,12}".prop_map(|text| Version::parse(&text, VersionScheme::Loose).unwrap())
}

/// Few names, so that two trees share some; a file is never also a directory.
fn tree() -> impl Strategy<Value = Tree> {
    btree_map("(flash|sd)/(lib/|a b/|é/)?[a-dA-D%#]{1,2}\\.(py|txt)", any::<u8>(), 1..24)
}

fn entries(version: &str, tree: &Tree) -> Vec<Entry> {
    let entry = |(path, content): (&String, &u8)| {
        let sha1 = Sha1Digest::of(&[*content]);
        Entry::File(FileRecord {
            path: format!("{version}/{path}"),
            size: u64::from(*content),
            sha1,
            mtime: None,
            sha256: None,
        })
    };
    tree.iter().map(entry).collect()
}

fn found(version: &str, tree: &Tree) -> Vec<FileRecord> {
    let record = |entry| match entry {
        Entry::File(FileRecord { path, size, sha1, .. }) => {
            FileRecord { path: path[version.len() + 1..].to_owned(), size, sha1, mtime: None, sha256: None }
        }
        other => panic!("{other:?}"),
    };
    entries(version, tree).into_iter().map(record).collect()
}

fn catalog(entries: &[Entry]) -> Catalog {
    Catalog::from_listing(entries, &CatalogOptions::default()).unwrap()
}

fn from(version: &str) -> PlanRequest {
    PlanRequest { current: Some(version.to_owned()), ..PlanRequest::default() }
}

fn render(dst_paths: DstPaths, format: ManifestFormat) -> ManifestOptions {
    ManifestOptions { base_url: "http://192.168.1.144:8000".to_owned(), dst_paths, format }
}

proptest! {
    #[test]
    fn versions_are_totally_ordered(a in version(), b in version(), c in version()) {
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        prop_assert_eq!(a.cmp(&a), Ordering::Equal);
        if a <= b && b <= c {
            prop_assert!(a <= c);
        }
        if a == b {
            prop_assert_eq!(a.cmp(&c), b.cmp(&c));
        }
    }

    #[test]
    fn a_plan_applied_to_the_old_tree_gives_the_new_one(old in tree(), new in tree()) {
        let catalog = catalog(&[entries("1.0.0", &old), entries("1.0.1", &new)].concat());
        let mut device: BTreeMap<String, (u64, Sha1Digest)> =
            found("1.0.0", &old).into_iter().map(|file| (file.path, (file.size, file.sha1))).collect();
        let plan = catalog.plan(&from("1.0.0")).unwrap();
        prop_assert_eq!(plan.is_none(), old == new);
        if let Some(plan) = plan {
            for path in &plan.delete {
                prop_assert!(device.remove(path.as_str()).is_some(), "{} was not there", path);
            }
            for file in &plan.new {
                let before = device.insert(file.path.to_string(), (file.size, file.sha1));
                prop_assert!(before.is_none(), "{} was there", file.path);
            }
            for file in &plan.update {
                let before = device.insert(file.path.to_string(), (file.size, file.sha1));
                prop_assert!(before.is_some_and(|before| before != (file.size, file.sha1)), "{} was right", file.path);
            }
        }
        let found: Vec<FileRecord> =
            device.into_iter().map(|(path, (size, sha1))| FileRecord { path, size, sha1, mtime: None, sha256: None }).collect();
        prop_assert!(verify_device(&catalog, "1.0.1", &found).unwrap().is_ok());
    }

    #[test]
    fn the_order_of_a_listing_does_not_matter(
        (listing, shuffled) in (tree(), tree()).prop_flat_map(|(old, new)| {
            let listing = [entries("1.0.0", &old), entries("1.0.1", &new), entries("docs", &old)].concat();
            (Just(listing.clone()), Just(listing).prop_shuffle())
        }),
    ) {
        let (one, other) = (catalog(&listing), catalog(&shuffled));
        prop_assert_eq!(one.plan(&from("1.0.0")).unwrap(), other.plan(&from("1.0.0")).unwrap());
        prop_assert_eq!(one.ignored(), other.ignored());
        prop_assert_eq!(one.warnings(), other.warnings());
    }

    #[test]
    fn a_parsed_manifest_rendered_again_is_the_same_bytes(
        old in tree(),
        new in tree(),
        dst_paths in prop_oneof![Just(DstPaths::Relative), Just(DstPaths::Absolute)],
        format in prop_oneof![Just(ManifestFormat::Plain), Just(ManifestFormat::Sized)],
    ) {
        let catalog = catalog(&[entries("1.0.0", &old), entries("1.0.1", &new)].concat());
        for current in ["0.9", "1.0.0"] {
            let text = catalog.manifest_json(&from(current), &render(dst_paths, format)).unwrap();
            if text != "null" {
                let manifest = Manifest::parse(text.as_bytes()).unwrap();
                prop_assert_eq!(manifest.to_json(), text);
                let found: Vec<FileRecord> = entries("1.0.1", &new)
                    .into_iter()
                    .filter_map(|entry| match entry {
                        Entry::File(record) => Some(record),
                        _ => None,
                    })
                    .collect();
                prop_assert!(verify_content(&manifest, &found).is_ok());
            }
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in vec(any::<u8>(), 0..300)) {
        let _ = Manifest::parse(&bytes);
        let _ = DevicePath::from_bytes(&bytes);
        let text = String::from_utf8_lossy(&bytes);
        let _ = Version::parse(&text, VersionScheme::Loose);
        let _ = Version::parse(&text, VersionScheme::Semver);
        let _ = Sha1Digest::parse(&text);
    }

    #[test]
    fn no_manifest_with_a_byte_changed_makes_the_parser_panic(tree in tree(), at in any::<prop::sample::Index>(), byte: u8) {
        let catalog = catalog(&entries("1.0.1", &tree));
        let options = render(DstPaths::Relative, ManifestFormat::Sized);
        let mut bytes = catalog.manifest_json(&PlanRequest::default(), &options).unwrap().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(manifest) = Manifest::parse(&bytes) {
            prop_assert_eq!(Manifest::parse(manifest.to_json().as_bytes()).unwrap(), manifest);
        }
    }

    #[test]
    fn no_listing_makes_a_catalog_panic(
        paths in vec("\\PC{0,12}|[0-9.]{1,3}/(a/|\\.\\./|/)?[a-c\\\\\\x00]{0,2}|firmware_[0-9a]{0,2}\\.(bin|hex)", 0..20),
        globs in vec("\\PC{0,6}|[*?\\[\\]{},!a/]{0,6}", 0..3),
        request in proptest::option::of("\\PC{0,6}|[0-9.]{1,4}"),
        semver: bool,
    ) {
        let entry = |(index, path): (usize, String)| match index % 4 {
            0 => Entry::Link { link: Some(path.replace('a', "b")), path },
            1 => Entry::Unread { path, unread: "permission denied".to_owned() },
            _ => Entry::File(FileRecord { path, size: index as u64, sha1: Sha1Digest::of(b""), mtime: None, sha256: None }),
        };
        let listing: Vec<Entry> = paths.into_iter().enumerate().map(entry).collect();
        let scheme = if semver { VersionScheme::Semver } else { VersionScheme::Loose };
        let options = CatalogOptions { scheme, ignore: globs.clone(), protect: globs, ..CatalogOptions::default() };
        if let Ok(catalog) = Catalog::from_listing(&listing, &options) {
            let request = PlanRequest { firmware_version: request.clone(), current: request, ..PlanRequest::default() };
            let _ = catalog.manifest_json(&request, &render(DstPaths::Absolute, ManifestFormat::Plain));
        }
    }
}
