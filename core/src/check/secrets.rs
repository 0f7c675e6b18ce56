//! What should not go out to every device.

use super::{Check, Level};
use crate::error::Code;
use crate::left_out;

impl Check<'_> {
    pub(super) fn secrets(&mut self) {
        let paths = self.fetched_in(self.meant());
        for path in &paths {
            let name = path.rsplit('/').next().unwrap_or_default();
            if matches!(name, "secrets.py" | ".env") {
                let message = "by its name it has secrets, and every device gets the same";
                let advice = "ignore it (--ignore secrets.py --ignore .env), or accept it";
                self.report((Level::Warning, Code::SecretFile), path, message, advice);
            }
            let text = self.peek_now(path).and_then(|peek| peek.text.as_ref());
            if text.is_some_and(|text| text.has_private_key) {
                let message = "it has a private key, which anyone who can download the release gets";
                self.report((Level::Warning, Code::SecretKey), path, message, "remove it and create a new one");
            }
            if text.is_some_and(|text| text.has_url_secret) {
                let message = "it has a URL with a password or a token";
                self.report((Level::Warning, Code::SecretUrl), path, message, "remove it and create a new one");
            }
        }
        let is_new =
            |path: &str| self.meant().iter().any(|step| step.base.is_none_or(|base| base.file(path).is_none()));
        let included: Vec<&str> = paths
            .iter()
            .copied()
            .filter(|path| left_out::names(path).any(|name| left_out::is_left_out(name.as_bytes())) && is_new(path))
            .collect();
        for path in included {
            let message = "it goes out for the first time, under a name that is ignored by default";
            self.report((Level::Warning, Code::NameIncluded), path, message, "ignore it if no device needs it");
        }
    }
}
