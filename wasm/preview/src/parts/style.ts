import { css } from "lit";

/** Colours and sizes, inherited by all parts. */
export const tokens = css`
  :host {
    color-scheme: light dark;
    --page: light-dark(#f3f5f6, #13171a);
    --panel: light-dark(#ffffff, #1b2024);
    --sunken: light-dark(#f7f9fa, #161a1e);
    --line: light-dark(#d6dce1, #323a41);
    --strong-line: light-dark(#7d8993, #71808d);
    --text: light-dark(#182026, #e6eaed);
    --soft: light-dark(#52606b, #a2adb7);
    --accent: light-dark(#0a6670, #5cc8cf);
    --on-accent: light-dark(#ffffff, #0c1416);
    --accent-soft: light-dark(#e0f1f2, #183236);
    --delete: light-dark(#ab2217, #ff9c92);
    --new: light-dark(#146a36, #78d595);
    --update: light-dark(#865000, #ecb964);
    --flash: light-dark(#65399b, #c8aaf3);
    --same: light-dark(#52606b, #a2adb7);
    --delete-soft: light-dark(#fdeceb, #3a1f1d);
    --new-soft: light-dark(#e5f5ea, #172f1f);
    --update-soft: light-dark(#fdf1dd, #352811);
    --flash-soft: light-dark(#f1e9fb, #2c2140);
    --heat: light-dark(#f0a35e, #8a4712);
    --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
    --radius: 8px;
    font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
    color: var(--text);
    background: var(--page);
    display: block;
    min-width: 0;
  }
  @media print {
    :host {
      color-scheme: light;
      print-color-adjust: exact;
      background: none;
    }
  }
`;

/** Styles of controls, panels and texts, for every part. */
export const shared = css`
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  :host {
    min-width: 0;
  }
  [hidden] {
    display: none !important;
  }
  h2 {
    font-size: 1rem;
    font-weight: 650;
    margin: 0;
    letter-spacing: 0.005em;
  }
  p {
    margin: 0;
  }
  code,
  .mono {
    font-family: var(--mono);
    font-size: 0.93em;
  }
  .soft {
    color: var(--soft);
  }
  .small {
    font-size: 0.86rem;
  }
  .number {
    font-variant-numeric: tabular-nums;
  }
  .panel {
    background: var(--panel);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    padding: 14px 16px;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: center;
  }
  .delete {
    color: var(--delete);
  }
  .new,
  .right {
    color: var(--new);
  }
  .update {
    color: var(--update);
  }
  .flash {
    color: var(--flash);
  }
  .same,
  .protected {
    color: var(--same);
  }
  button,
  input,
  select {
    font: inherit;
    color: inherit;
  }
  button {
    background: var(--panel);
    border: 1px solid var(--strong-line);
    border-radius: 6px;
    padding: 5px 11px;
    min-height: 32px;
    cursor: pointer;
  }
  button:hover:not(:disabled) {
    background: var(--accent-soft);
  }
  button.main {
    background: var(--accent);
    border-color: var(--accent);
    color: var(--on-accent);
    font-weight: 600;
  }
  button.main:hover:not(:disabled) {
    background: color-mix(in oklab, var(--accent) 88%, var(--text));
  }
  button:disabled {
    opacity: 0.55;
    cursor: default;
  }
  button.plain {
    border-color: transparent;
    background: none;
    color: var(--accent);
    padding: 2px 4px;
    min-height: 24px;
    text-decoration: underline;
    text-underline-offset: 2px;
  }
  input:not([type="checkbox"], [type="radio"], [type="file"]),
  select {
    background: var(--panel);
    border: 1px solid var(--strong-line);
    border-radius: 6px;
    padding: 4px 8px;
    min-height: 32px;
    width: 100%;
    min-width: 0;
  }
  input[type="checkbox"],
  input[type="radio"] {
    accent-color: var(--accent);
    margin: 0;
    width: 16px;
    height: 16px;
    flex: none;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  .label {
    display: block;
    font-size: 0.82rem;
    font-weight: 600;
    color: var(--soft);
    margin-bottom: 3px;
  }
  .label:has(+ .term) {
    display: inline-block;
    margin-bottom: 0;
  }
  /* A question mark, which is no text. */
  .term {
    display: inline-grid;
    place-items: center;
    width: 18px;
    height: 18px;
    margin-left: 4px;
    color: var(--accent);
    text-decoration: none;
  }
  .term::before {
    content: "?";
    width: 16px;
    border: 1px solid currentColor;
    border-radius: 50%;
    font: 700 11px/14px system-ui, sans-serif;
    text-align: center;
  }
  .term:hover::before {
    background: var(--accent-soft);
  }
  .choice {
    display: flex;
    gap: 7px;
    align-items: center;
    padding: 3px 0;
  }
  fieldset {
    border: 0;
    padding: 0;
    margin: 0;
    min-width: 0;
  }
  legend {
    padding: 0;
  }
  .notice {
    border-left: 3px solid var(--update);
    background: var(--update-soft);
    border-radius: 0 6px 6px 0;
    padding: 8px 12px;
    overflow-wrap: anywhere;
  }
  .notice.bad {
    border-color: var(--delete);
    background: var(--delete-soft);
  }
  .notice.good {
    border-color: var(--new);
    background: var(--new-soft);
  }
  /* A newer answer is awaited; a short wait goes unseen. */
  [aria-busy="true"] {
    opacity: 0.6;
    transition: opacity 0s 0.15s;
  }
  .candidate {
    display: inline-block;
    margin-left: 0.2em;
    padding: 0 7px;
    border-radius: 10px;
    background: var(--flash-soft);
    color: var(--flash);
    font: 600 0.78rem/1.5 system-ui, sans-serif;
    vertical-align: 1px;
    white-space: nowrap;
  }
  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    margin: -1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  /* For fingers, whatever a part says. */
  @media (max-width: 559px), (pointer: coarse) {
    button,
    button.plain,
    summary,
    .choice,
    input:not([type="checkbox"], [type="radio"], [type="file"]),
    select {
      min-width: 44px;
      min-height: 44px !important;
    }
    summary {
      padding-block: 11px;
    }
    .choice {
      padding: 0;
    }
    /* As large, without taking more room. */
    .term {
      width: 44px;
      height: 44px;
      margin: -13px -13px -13px -9px;
    }
  }
  @media print {
    button,
    input,
    select,
    .choice,
    .screen {
      display: none !important;
    }
    .panel {
      border-color: transparent;
      padding: 0;
      margin-bottom: 14px;
    }
    /* What scrolls is there as a whole. */
    .scrolling,
    .scrolling > * {
      max-height: none !important;
      height: auto !important;
      overflow: visible !important;
    }
    .item,
    .line {
      height: auto !important;
      break-inside: avoid;
    }
  }
`;
