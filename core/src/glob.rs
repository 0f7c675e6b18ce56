use crate::error::{Code, Error, quoted};
use crate::path::MAX_BYTES;

/// Globs for the files of a release (rules C1 and C2).
#[derive(Clone, Debug, Default)]
pub(crate) struct Globs {
    of_paths: Vec<String>,
    of_names: Vec<String>,
}

impl Globs {
    pub(crate) fn new(patterns: &[String]) -> Result<Self, Error> {
        let mut globs = Self::default();
        for pattern in patterns {
            check(pattern)?;
            if pattern.contains('/') {
                globs.of_paths.push(pattern.clone());
            } else {
                globs.of_names.push(pattern.clone());
            }
        }
        Ok(globs)
    }

    /// Whether a glob with a `/` matches the path or a directory above it, or one without matches a name in it.
    pub(crate) fn matches(&self, path: &str) -> bool {
        // A longer path is not a device path, and matching each of its directories would take long.
        if path.len() > MAX_BYTES {
            return false;
        }
        self.of_paths.iter().any(|glob| with_parents(path).any(|path| fast_glob::glob_match(glob, path)))
            || self.of_names.iter().any(|glob| path.split('/').any(|name| fast_glob::glob_match(glob, name)))
    }
}

fn check(pattern: &str) -> Result<(), Error> {
    let fail = |why: &str| Err(Error::new(Code::GlobInvalid, format!("{}: not a glob: {why}", quoted(pattern))));
    if pattern.is_empty() {
        return fail("it must not be empty");
    }
    // A negated glob would match nearly everything: it is also matched against each directory above a file.
    if pattern.starts_with('!') {
        return fail(r"a leading ! is not supported; write \! for the character");
    }
    if pattern.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        return fail("it must not have an empty, . or .. segment, as no device path has one");
    }
    fast_glob::validate(pattern).or_else(|error| fail(&error.to_string()))
}

fn with_parents(path: &str) -> impl Iterator<Item = &str> {
    // Empty segments are skipped: a path of slashes would have thousands of parents.
    std::iter::successors(Some(path), |path| path.rsplit_once('/').map(|(parent, _)| parent))
        .filter(|path| !path.ends_with('/'))
}
