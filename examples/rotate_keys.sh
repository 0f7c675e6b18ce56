#!/bin/sh
# Shows how keys change: in a copy of releases/, with keys made for it, a laptop takes the place of the office.
# docs/KEYS.md explains each step.
set -eu
cd "$(dirname "$0")"
place=$(mktemp -d)
trap 'rm -r "$place"' EXIT
mkdir "$place/releases"
cp -r releases/1.0.? releases/firmware_* "$place/releases"
rm -f "$place"/releases/*.waybill*
cd "$place"
for name in root office laptop; do ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$name"; done

set -x
airwaybill keys new releases --product smart-meter --root root.pub --release office.pub
airwaybill sign releases 1.0.0 1.0.1 --key office
airwaybill keys rotate releases --remove office.pub --release laptop.pub --floor 5
airwaybill sign releases keys --key root
airwaybill sign releases 1.0.1 --key laptop
airwaybill verify releases --keys releases/keys/2.waybill || test $? = 1
