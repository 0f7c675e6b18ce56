//! Runs every vector and every generated case through each binding and prints a table; any difference is a failure.
//!
//! `conformance FOLDER MICROPYTHON`: a folder with the packed npm package installed in `node`, the wheel in `python` and
//! room for a `device`; and the `MicroPython` interpreter.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs, thread};

use airwaybill_tests::guest::Guest;
use airwaybill_tests::vectors::{AREAS, Case, cases};
use airwaybill_tests::{answer, generated, pairs, wycheproof};
use serde_json::{Value, json};

/// How many differences of one binding are printed.
const SHOWN: usize = 10;

struct Binding {
    name: &'static str,
    /// Which cases it must pass.
    takes: fn(&Case) -> bool,
    /// What of an expectation it has to give.
    expects: fn(&Value) -> Value,
    engine: Engine,
}

enum Engine {
    Native,
    Wasmtime,
    /// Gets a line for each case, and gives a line for each.
    Process(Command),
    /// The device tests' own runner, which takes one area at a time.
    Device {
        interpreter: PathBuf,
        scratch: PathBuf,
    },
}

fn bindings(folder: &Path, micropython: &Path) -> [Binding; 5] {
    let scripts = tests().join("bindings");
    // A module finds packages beside itself.
    for name in ["run.mjs", "areas.mjs"] {
        fs::copy(scripts.join(name), folder.join("node").join(name)).unwrap();
    }
    let mut in_node = Command::new("node");
    in_node.arg(folder.join("node/run.mjs"));
    let mut in_python = Command::new("python3");
    in_python.env("PYTHONPATH", folder.join("python")).arg(scripts.join("run.py"));
    let in_micropython = Engine::Device { interpreter: micropython.to_owned(), scratch: folder.join("device") };
    [
        Binding { name: "native", takes: |_| true, expects: Value::clone, engine: Engine::Native },
        Binding { name: "wasmtime", takes: |_| true, expects: Value::clone, engine: Engine::Wasmtime },
        Binding {
            name: "Node",
            takes: |case| case.area != "objects",
            expects: Value::clone,
            engine: Engine::Process(in_node),
        },
        Binding { name: "Python", takes: |_| true, expects: Value::clone, engine: Engine::Process(in_python) },
        Binding { name: "MicroPython", takes: |case| case.for_devices, expects: for_device, engine: in_micropython },
    ]
}

fn tests() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Engine {
    fn answers(&mut self, cases: &[&Case]) -> Vec<String> {
        match self {
            Self::Native => {
                cases.iter().map(|case| answer(case.area.as_bytes(), case.input.to_string().as_bytes())).collect()
            }
            Self::Wasmtime => {
                let mut guest = Guest::new();
                let mut run =
                    |case: &Case| guest.run(case.area.as_bytes(), case.input.to_string().as_bytes(), u64::MAX).unwrap();
                cases.iter().map(|case| String::from_utf8(run(case)).unwrap()).collect()
            }
            Self::Process(command) => {
                let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
                let (mut input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
                let line = |case: &&Case| json!({"area": case.area, "input": case.input}).to_string() + "\n";
                let lines: String = cases.iter().map(line).collect();
                let writer = thread::spawn(move || input.write_all(lines.as_bytes()));
                let answers: Vec<String> = output.lines().map(Result::unwrap).collect();
                // One that ended early has said why on its standard error.
                let _ = writer.join().unwrap();
                child.wait().unwrap();
                answers
            }
            Self::Device { interpreter, scratch } => cases
                .chunk_by(|left, right| left.area == right.area)
                .flat_map(|cases| on_device(interpreter, scratch, cases))
                .collect(),
        }
    }
}

/// What a device says of an error is its code, and a detail of its own.
fn for_device(expected: &Value) -> Value {
    match expected {
        Value::Array(values) => values.iter().map(for_device).collect(),
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(key, _)| *key != "message");
            fields.map(|(key, value)| (key.clone(), for_device(value))).collect()
        }
        value => value.clone(),
    }
}

fn on_device(interpreter: &Path, scratch: &Path, cases: &[&Case]) -> Vec<String> {
    let _ = fs::remove_dir_all(scratch);
    fs::create_dir_all(scratch).unwrap();
    let inputs: Vec<Value> = cases.iter().map(|case| json!({"input": case.input})).collect();
    let file = scratch.join("cases.json");
    fs::write(&file, json!(inputs).to_string()).unwrap();
    let device = tests().join("../device");
    let mut command = Command::new(interpreter);
    command.args(["-X", "heapsize=8M"]).arg(device.join("tests/vectors.py")).arg(&device).arg(cases[0].area).arg(file);
    let output = command.stderr(Stdio::inherit()).output().unwrap().stdout;
    let answers: Vec<Value> = serde_json::from_slice(&output).unwrap_or_else(|_| {
        eprintln!("MicroPython: {}", String::from_utf8_lossy(&output));
        Vec::new()
    });
    answers.iter().map(Value::to_string).collect()
}

/// The binding's row: for each column passed, and all that it must pass.
fn check(binding: &mut Binding, columns: &[(&str, Vec<Case>)]) -> Vec<(usize, usize)> {
    let Binding { takes, expects, .. } = *binding;
    let cases: Vec<&Case> = columns.iter().flat_map(|(_, cases)| cases).filter(|case| takes(case)).collect();
    let mut answers = binding.engine.answers(&cases).into_iter();
    if answers.len() != cases.len() {
        eprintln!("{}: {} answers to {} cases", binding.name, answers.len(), cases.len());
    }
    let mut shown = 0;
    let mut is_met = |case: &&Case| {
        let Some(answer) = answers.next() else { return false };
        let answer = serde_json::from_str(&answer).unwrap_or_else(|_| json!(answer));
        let case = Case { expected: expects(&case.expected), ..(*case).clone() };
        let difference = case.difference(&answer);
        if let (Some(difference), 0..SHOWN) = (&difference, shown) {
            eprintln!("{}: {difference}", binding.name);
            shown += 1;
        }
        difference.is_none()
    };
    let cell = |(_, cases): &(&str, Vec<Case>)| {
        let cases: Vec<&Case> = cases.iter().filter(|case| takes(case)).collect();
        (cases.iter().filter(|case| is_met(case)).count(), cases.len())
    };
    columns.iter().map(cell).collect()
}

fn main() -> ExitCode {
    let paths: Vec<PathBuf> = env::args_os().skip(1).map(Into::into).collect();
    let [folder, micropython] = paths.as_slice() else {
        eprintln!("usage: conformance FOLDER MICROPYTHON");
        return ExitCode::FAILURE;
    };
    let mut columns: Vec<(&str, Vec<Case>)> = AREAS.map(|area| (area, cases(area).collect())).into();
    columns.push(("generated", generated::cases().collect()));
    columns.push(("pairs", pairs::cases().collect()));
    columns.push(("wycheproof", wycheproof::cases()));
    let row = |name: &str, cells: &mut dyn Iterator<Item = String>| {
        print!("{name:12}");
        cells.for_each(|cell| print!("{cell:>12}"));
        println!();
    };

    row("", &mut columns.iter().map(|(area, _)| (*area).to_owned()));
    let mut is_good = true;
    for mut binding in bindings(folder, micropython) {
        let cells = check(&mut binding, &columns);
        is_good &= cells.iter().all(|(passed, total)| passed == total);
        let shown = |(passed, total)| if total == 0 { "-".to_owned() } else { format!("{passed}/{total}") };
        row(binding.name, &mut cells.into_iter().map(shown));
    }
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
