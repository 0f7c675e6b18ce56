//! SHA-1: text, refusals, known digests.

use airwaybill::{Code, Hasher, Sha1Digest};

#[track_caller]
fn refused(text: &str) {
    assert_eq!(Sha1Digest::parse(text).unwrap_err().code(), Code::DigestInvalid, "{text:?}");
}

#[test]
fn text_and_back() {
    for text in ["0000000000000000000000000000000000000000", "c2c218c1f2345543525c6ca8350a4c2d146c1843"] {
        assert_eq!(Sha1Digest::parse(text).unwrap().to_string(), text);
    }
}

#[test]
fn anything_but_40_lower_case_hex_digits_is_refused() {
    refused("");
    refused("c2c218c1f2345543525c6ca8350a4c2d146c184");
    refused("c2c218c1f2345543525c6ca8350a4c2d146c18433");
    refused("C2C218C1F2345543525C6CA8350A4C2D146C1843");
    refused("g2c218c1f2345543525c6ca8350a4c2d146c1843");
    refused("c2c218c1f2345543525c6ca8350a4c2d146c18é");
}

// FIPS 180-4 examples.
#[test]
fn known_digests() {
    let million = vec![b'a'; 1_000_000];
    for (content, digest) in [
        (&b"abc"[..], "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
        (&million, "34aa973cd4c4daa4f61eeb2bdbad27316534016f"),
    ] {
        assert_eq!(Sha1Digest::of(content).to_string(), digest);
        for piece in [1, 63, 64, 65] {
            let mut hasher = Hasher::new();
            content.chunks(piece).for_each(|piece| hasher.update(piece));
            assert_eq!(hasher.finish().to_string(), digest, "in pieces of {piece}");
        }
    }
}
