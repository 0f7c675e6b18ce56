// Which answers are still wanted: the answer to an earlier question about the same topic is dropped.

export class Turns<Topic> {
  /** What has been asked and not been answered yet. */
  readonly awaited = new Set<Topic>();
  #latest = new Map<Topic, number>();

  /** Begins a turn; what it gives says whether it is still the latest. */
  begin(topic: Topic): () => boolean {
    const turn = this.forget(topic);
    this.awaited.add(topic);
    return () => this.#latest.get(topic) === turn;
  }

  /** Drops pending answers on this topic. */
  forget(topic: Topic): number {
    const turn = (this.#latest.get(topic) ?? 0) + 1;
    this.#latest.set(topic, turn);
    this.awaited.delete(topic);
    return turn;
  }
}
