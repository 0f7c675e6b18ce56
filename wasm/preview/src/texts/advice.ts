// What to do about an error, by its code.

/** Where the message alone does not say. */
export const advice: Record<string, string> = {
  release_unknown: "Choose a release from the list; it may have been removed or renamed since the link was made.",
  release_unsettled: "It is still being copied onto the server. Wait until this is done, then reload the releases.",
  version_character: "A version has only letters, digits and . + _ -.",
  version_start: "A version starts with a digit, or with v and a digit.",
  version_semver: "Choose the loose order, or write the version as 1.2.3.",
  version_pep440: "Choose the loose order, or write the version as 1.2.3.",
  base_url_invalid: "Write it as http://192.168.1.144:8000, without a query.",
  glob_invalid: "The server was started with this glob; correct it there.",
  json_invalid: "Choose the file as the server or the device wrote it.",
  field_missing: "Choose the file as the server or the device wrote it.",
  field_type: "Choose the file as the server or the device wrote it.",
  folder_not_chosen: "Drop the folder, or open the releases as a zip and check against those.",
  not_found: "Reload the releases.",
  content_gone: "Open the releases again.",
  content_changed: "Open the releases again.",
  file_changed: "It changed while the server read it. Reload the releases.",
  engine_failed: "Reload the page.",
};
