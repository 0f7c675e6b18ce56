//! Firmware images.

use super::image::chip_name;
use super::{CheckRequest, ExpectedFirmware, Finding, Level, Peek, Peeks};
use crate::catalog::{Catalog, Firmware};
use crate::error::{Code, quoted};
use crate::version::Version;

/// The image that devices get, and those below: what they run.
pub(super) fn wanted(catalog: &Catalog) -> impl Iterator<Item = String> {
    catalog.firmware().iter().map(|image| image.path.clone())
}

pub(super) fn check(catalog: &Catalog, request: &CheckRequest, peeks: &Peeks<'_>, findings: &mut Vec<Finding>) {
    let Some(image) = catalog.firmware().last() else { return };
    let peek = |image: &Firmware| peeks.get(&image.path);
    findings.extend(content(image, peek(image), request.settings.firmware));
    let chip = |image| peek(image)?.image.as_ref().map(|header| header.chip);
    if let Some(own) = chip(image) {
        let mut others = catalog.firmware().iter().rev().skip(1);
        findings.extend(others.find_map(|other| other_chip(&image.path, own, &other.path, chip(other)?)));
    }
    findings.extend(same(catalog));
    findings.extend(versions(catalog, image));
}

/// What keeps every device from taking it.
fn content(image: &Firmware, peek: Option<&Peek>, expected: ExpectedFirmware) -> Option<Finding> {
    let error =
        |code, message: &str, advice: &str| Some(Finding::new((Level::Error, code), &image.path, message, advice));
    if image.path.ends_with(".hex") {
        return error(Code::FirmwareHex, "no device takes a .hex image over the air", "deliver the .bin");
    }
    if image.size == 0 {
        return error(Code::FirmwareEmpty, "it has no bytes", "copy it again");
    }
    let peek = peek?;
    let start = String::from_utf8_lossy(&peek.head).trim_start().to_ascii_lowercase();
    if start.starts_with("<!doctype html") || start.starts_with("<html") {
        return error(Code::FirmwarePage, "an HTML page, not an image", "download the image itself");
    }
    if start.starts_with("version https://git-lfs.github.com/spec/") {
        return error(Code::FirmwarePointer, "a Git LFS pointer, not an image", "git lfs pull, then copy it again");
    }
    if expected == ExpectedFirmware::Any {
        return None;
    }
    if peek.partition_table {
        let message = "it is an image of a whole flash: boot loader, partition table and application";
        return error(
            Code::FirmwareFlash,
            message,
            "deliver the application's image, the one for updates over the air",
        );
    }
    let Some(header) = &peek.image else {
        let message = "not an ESP32 image: the first byte is not 0xE9";
        return error(
            Code::FirmwareNotEsp,
            message,
            "copy the right file, or say that any firmware is right: firmware = \"any\"",
        );
    };
    if !header.is_whole {
        return error(Code::FirmwareCut, "it ends before its segments do, or has none", "copy it again");
    }
    if !header.is_intact {
        return error(Code::FirmwareDigest, "its checksum, or the SHA-256 at its end, is wrong", "copy it again");
    }
    if chip_name(header.chip).is_none() {
        let message = format!("its chip number {} is not that of an ESP32", header.chip);
        return error(Code::FirmwareChip, &message, "build it for the devices' chip");
    }
    None
}

fn other_chip(path: &str, chip: u16, other: &str, chip_of_other: u16) -> Option<Finding> {
    let name = |chip| chip_name(chip).map_or_else(|| format!("chip {chip}"), str::to_owned);
    (chip != chip_of_other).then(|| {
        let message = format!("it is for {}, and {} for {}", name(chip), quoted(other), name(chip_of_other));
        let advice = "serve devices of different chips from directories of their own";
        Finding::new((Level::Warning, Code::FirmwareChip), path, &message, advice)
    })
}

fn same(catalog: &Catalog) -> Option<Finding> {
    let (image, others) = catalog.firmware().split_last()?;
    let other = others.iter().rev().find(|other| (other.size, other.sha1) == (image.size, image.sha1))?;
    let message = format!("it has the same content as {}", quoted(&other.path));
    Some(Finding::new((Level::Warning, Code::FirmwareSame), &image.path, &message, "was the wrong file copied?"))
}

/// Only where images have the releases' versions: firmware may have versions of its own.
fn versions(catalog: &Catalog, image: &Firmware) -> Option<Finding> {
    let highest = catalog.releases().last()?.version();
    let has_image = |version: &Version| catalog.firmware().iter().any(|image| image.version == *version);
    if !catalog.releases().iter().any(|release| has_image(release.version())) {
        return None;
    }
    if image.version > *highest {
        let message = format!("it is newer than every release, the highest of which is {highest}");
        return Some(Finding::new((Level::Hint, Code::FirmwareNewer), &image.path, &message, "is a release missing?"));
    }
    (!has_image(highest)).then(|| {
        let message = format!("it has no firmware image, as others have; devices get {}", quoted(&image.path));
        Finding::new((Level::Hint, Code::FirmwareMissing), highest.as_str(), &message, "is an image missing?")
    })
}
