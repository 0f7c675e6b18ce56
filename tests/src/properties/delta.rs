//! Rules X1, X4 and X5b. An input is where the old file ends, in two bytes, that file, and a new file or a patch before compression.

use airwaybill::{apply_patch, make_patch};
use serde_json::Value;

use crate::Content;
use crate::vectors::cases;

pub(super) fn seeds() -> Vec<Vec<u8>> {
    cases("delta").filter_map(|case| seed(&case.input)).filter(|seed| seed.len() < 5_000).collect()
}

fn seed(input: &Value) -> Option<Vec<u8>> {
    let content = |value: &Value| serde_json::from_value::<Content>(value.clone()).ok()?.bytes().ok();
    let case = input.get("make").or_else(|| input.get("apply"))?;
    let (old, rest) = (content(&case["old"])?, content(case.get("new").or_else(|| case.get("patch"))?)?);
    Some([&u16::try_from(old.len()).ok()?.to_le_bytes(), &*old, &*rest].concat())
}

pub(super) fn check(data: &[u8]) {
    let Some((end, files)) = data.split_first_chunk() else { return };
    let (old, rest) = files.split_at(usize::from(u16::from_le_bytes(*end)).min(files.len()));

    let patch = make_patch(old, rest).unwrap();
    assert_eq!(apply_patch(old, &patch).unwrap(), rest);
    assert_eq!(make_patch(old, rest).unwrap(), patch);
    // The stream's checksum is over what is in it, and its end is that of the patch.
    for damaged in [&patch[..patch.len() - 1], &[&*patch, b"\0"].concat()] {
        assert!(apply_patch(old, damaged).is_err());
    }
    for patch in [rest, &stored(rest)] {
        match apply_patch(old, patch) {
            Ok(new) => assert!(new.len() <= rest.len() * 1032),
            Err(error) => {
                let code = error.code().as_str();
                assert!(code.starts_with("patch_") || code == "size_too_big", "{error}");
            }
        }
    }
}

/// A zlib stream that is not compressed, of up to 64 KB.
fn stored(content: &[u8]) -> Vec<u8> {
    let content = &content[..content.len().min(0xffff)];
    let size = u16::try_from(content.len()).unwrap();
    let (a, b) = content.iter().fold((1, 0), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    [&[0x28, 0x15, 1][..], &size.to_le_bytes(), &(!size).to_le_bytes(), content, &(b << 16 | a).to_be_bytes()].concat()
}
