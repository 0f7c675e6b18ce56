import { css } from "lit";

/** Heights of rows and of their head, as the styles below have them; of rows in two lines on narrow screens. */
export const HEIGHTS = { wide: { row: 30, head: 34 }, narrow: { row: 52, head: 45 } } as const;

export const filesStyle = css`
  :host {
    display: block;
  }
  .tools {
    margin-bottom: 10px;
    justify-content: space-between;
  }
  input[type="search"] {
    flex: 1 1 180px;
    max-width: 360px;
  }
  .kinds button {
    padding: 3px 10px;
    min-height: 30px;
    border-radius: 16px;
  }
  .forms {
    display: flex;
  }
  .forms button {
    min-height: 30px;
    padding: 3px 12px;
    border-radius: 6px 0 0 6px;
  }
  .forms button + button {
    border-left: 0;
    border-radius: 0 6px 6px 0;
  }
  .tools button[aria-pressed="true"] {
    background: var(--accent-soft);
    border-color: var(--accent);
  }
  .kinds .sign {
    font-family: var(--mono);
    font-weight: 700;
  }
  .grid {
    overflow: auto;
    max-height: 60vh;
    border: 1px solid var(--line);
    border-radius: 6px;
    background: var(--panel);
  }
  .grid:focus-visible {
    outline-offset: -2px;
  }
  .line {
    display: grid;
    grid-template-columns: 122px minmax(0, 1fr) 92px 96px;
    align-items: center;
  }
  .head {
    position: sticky;
    top: 0;
    z-index: 1;
    height: 34px;
    background: var(--sunken);
    border-bottom: 1px solid var(--line);
  }
  .head button {
    border: 0;
    background: none;
    width: 100%;
    padding: 4px 10px;
    text-align: inherit;
    font-weight: 600;
    font-size: 0.86rem;
    border-radius: 0;
    white-space: nowrap;
  }
  .head button:focus-visible {
    outline-offset: -2px;
  }
  .item {
    height: 30px;
    cursor: pointer;
    border-bottom: 1px solid color-mix(in oklab, var(--line) 55%, transparent);
  }
  .item:hover {
    background: var(--sunken);
  }
  .item[aria-selected="true"] {
    background: var(--accent-soft);
  }
  @media (forced-colors: active) {
    .tools button[aria-pressed="true"] {
      border-color: Highlight;
      outline: 1px solid Highlight;
    }
    .item[aria-selected="true"] {
      outline: 2px solid Highlight;
      outline-offset: -2px;
    }
  }
  .grid:focus-visible .item.active {
    outline: 2px solid var(--accent);
    outline-offset: -2px;
  }
  .item > span {
    padding: 0 10px;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .size,
  .change {
    text-align: right;
    font-variant-numeric: tabular-nums;
  }
  .sign {
    display: inline-block;
    width: 1.4ch;
    font-family: var(--mono);
    font-weight: 700;
  }
  .item .path {
    display: flex;
    gap: 14px;
  }
  .where {
    display: flex;
    flex: 0 1 auto;
    min-width: 0;
    padding-left: calc((var(--level) - 1) * 18px);
    font-family: var(--mono);
    font-size: 0.93em;
  }
  .treegrid .where::before {
    content: "";
    flex: none;
    width: 18px;
  }
  .treegrid [aria-expanded] .where::before {
    content: "▸";
    color: var(--soft);
  }
  .treegrid [aria-expanded="true"] .where::before {
    content: "▾";
  }
  [aria-expanded] .name {
    font-weight: 600;
  }
  .directory,
  .name,
  .about {
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .directory {
    color: var(--soft);
    flex: 0 1000 auto;
    min-width: 2ch;
  }
  .name {
    flex: 0 1 auto;
  }
  .about {
    flex: 0 100 auto;
    font-size: 0.93em;
  }
  .about > span {
    margin-right: 0.7em;
  }
  .none {
    padding: 18px;
    text-align: center;
  }
  @media (max-width: 559px) {
    .tools button,
    input[type="search"] {
      min-height: 44px !important;
      max-width: none;
    }
    .kinds button {
      border-radius: 22px;
    }
    .head {
      display: flex;
      height: 45px;
    }
    .head > span {
      flex: 1 1 auto;
    }
    .rest {
      display: none;
    }
    .head button {
      min-height: 44px;
      padding: 4px 8px;
    }
    .item {
      height: 52px;
      grid-template: "path path path path" 1fr "kind about size change" 1fr / auto minmax(0, 1fr) auto auto;
      padding: 3px 0;
    }
    .item .path {
      display: contents;
    }
    .item > span,
    .about {
      padding: 0 8px;
    }
    .where {
      grid-area: path;
      margin: 0 8px;
      padding-left: calc((var(--level) - 1) * 12px);
    }
    .about {
      grid-area: about;
    }
    .about > span {
      margin-right: 0.4em;
    }
    .kind {
      grid-area: kind;
    }
    .size {
      grid-area: size;
      min-width: 64px;
    }
    .change {
      grid-area: change;
      min-width: 66px;
    }
    .item .kind,
    .item .size,
    .item .change,
    .about {
      font-size: 0.86rem;
    }
  }
  @media print {
    .head button {
      display: block !important;
    }
    .item .path {
      display: block;
    }
    .item > span,
    .directory,
    .name,
    .about {
      overflow: visible;
      white-space: normal;
      overflow-wrap: anywhere;
    }
  }
`;
