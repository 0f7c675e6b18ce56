// What the page around the component says.

import type { ListingDocument } from "../package/release-preview.js";
import type { Published } from "./engine/protocol.js";
import { TABS, type Tab, type View } from "./fragment.js";

export class Host {
  /** The server's address with a `/` at its end; null where there is none. */
  server: string | null = null;
  /** The releases that the page names itself, instead of those of the server. */
  listing: ListingDocument | null = null;
  /** Those that there are, in their order; never none. */
  tabs: readonly Tab[] = TABS;
  /** That of the component's first heading. */
  headingLevel = 1;

  /** Where the server's releases are listed; null if they are not what is shown. */
  get listingUrl(): string | null {
    return this.server === null || this.listing !== null ? null : new URL("_preview/listing.json", this.server).href;
  }

  get isListing(): boolean {
    return this.listing !== null;
  }

  /** Releases that are there without a person who gives some, as the worker takes them; null if there are none. */
  get published(): Published | null {
    return this.listing === null ? this.listingUrl : { listing: this.listing, root: this.server };
  }

  /** The view with a tab that is there, by default that of another. */
  fit(view: View, before: View): View {
    const tab = [view.tab, before.tab].find((tab) => this.tabs.includes(tab)) ?? this.tabs[0]!;
    return tab === view.tab ? view : { ...view, tab };
  }
}

/** The address of a server as it was given, with a `/` at its end. */
export function serverAt(address: string): string {
  const { origin, pathname } = new URL(address, document.baseURI);
  return origin + pathname.replace(/\/*$/, "/");
}

export const isAddress = (address: string) => URL.canParse(address, document.baseURI);

/** Those of a list of names, separated by blanks; all if it names none. */
export function tabsOf(names: string | null): readonly Tab[] {
  const known = (names ?? "").split(/\s+/).filter((name): name is Tab => TABS.includes(name as Tab));
  return known.length === 0 ? TABS : [...new Set(known)];
}
