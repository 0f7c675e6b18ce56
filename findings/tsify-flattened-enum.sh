#!/usr/bin/env bash
# tsify 0.5.8: a struct with a flattened enum (`#[serde(flatten)]`) gets a TypeScript declaration that TypeScript refuses.
#
# serde writes such a struct as one object: its own fields and those of the variant. tsify declares it as `interface Parcel extends Content`, where
# `Content` is a union type, which an interface cannot extend (TS2312, "An interface can only extend an object type or intersection of
# object types with statically known members"). The build of the module says nothing; its .d.ts breaks the first time that a
# compiler reads it without skipLibCheck. A type alias, `{ … } & Content`, would be right. With the variant in a field of its own, or
# a flattened struct, the declaration holds.
#
# Source: tsify-macros writes an interface for each struct with named fields, and puts all flattened types into its `extends`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cargo init -q --name finding --vcs none
cat >> Cargo.toml <<'TOML'
serde = { version = "=1.0.228", features = ["derive"] }
tsify = { version = "=0.5.8", default-features = false, features = ["js"] }
wasm-bindgen = "0.2"
TOML
cat > src/main.rs <<'RUST'
use serde::Serialize;
use tsify::Tsify;

#[derive(Serialize, Tsify)]
#[serde(rename_all = "lowercase")]
enum Content {
    Letter(u32),
    Box { width: u32 },
}

#[derive(Serialize, Tsify)]
struct Address {
    street: String,
}

#[derive(Serialize, Tsify)]
struct Parcel {
    weight: u32,
    #[serde(flatten)]
    content: Content,
}

#[derive(Serialize, Tsify)]
struct Card {
    stamp: u32,
    #[serde(flatten)]
    address: Address,
}

fn main() {
    for declaration in [Content::DECL, Address::DECL, if wants_enum() { Parcel::DECL } else { Card::DECL }] {
        println!("{declaration}");
    }
}

fn wants_enum() -> bool {
    std::env::args().nth(1).as_deref() == Some("enum")
}
RUST
cargo build -q 2> /dev/null
target/debug/finding enum > enum.ts
target/debug/finding struct > struct.ts

npm init -y > /dev/null
npm install --silent --no-audit --no-fund typescript@5.9.3
says() { npx tsc --noEmit --strict "$1" || true; }
cat enum.ts
flattened_enum=$(says enum.ts)
flattened_struct=$(says struct.ts)
echo "with a flattened enum: $flattened_enum"
echo "with a flattened struct: ${flattened_struct:-no error}"
grep -q 'interface Parcel extends Content' enum.ts
case "$flattened_enum" in *TS2312*) ;; *) echo "expected TS2312" >&2; exit 1 ;; esac
test -z "$flattened_struct"
