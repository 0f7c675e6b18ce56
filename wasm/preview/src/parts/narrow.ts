import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Whether the window is as narrow as a phone's, as the styles have it; its host is rendered again when that changes. */
export class Narrow implements ReactiveController {
  #query = matchMedia("(max-width: 559px)");

  constructor(private host: ReactiveControllerHost) {
    host.addController(this);
  }

  get matches(): boolean {
    return this.#query.matches;
  }

  hostConnected(): void {
    this.#query.addEventListener("change", this.#changed);
  }

  hostDisconnected(): void {
    this.#query.removeEventListener("change", this.#changed);
  }

  #changed = () => this.host.requestUpdate();
}
