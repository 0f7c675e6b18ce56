//! `airwaybill-bindgen MODULE.wasm FOLDER`: writes the JavaScript and the types that belong to a built module.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use airwaybill::Code;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let (Some(module), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("usage: airwaybill-bindgen MODULE.wasm FOLDER".into());
    };
    Bindgen::new()
        .input_path(module)
        .out_name("engine")
        .bundler(true)?
        .typescript(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(&folder)?;
    write_codes(&folder)?;
    Ok(())
}

/// The type of `code`, from the engine's own list.
fn write_codes(folder: &Path) -> std::io::Result<()> {
    let codes: Vec<String> = Code::ALL.iter().map(|code| format!("  | \"{code}\"")).collect();
    let types = format!(
        "/** Every reason the engine gives; a code never changes. */\nexport type Code =\n{};\n",
        codes.join("\n")
    );
    fs::write(folder.join("codes.d.ts"), types)
}
