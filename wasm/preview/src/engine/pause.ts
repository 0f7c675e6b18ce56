// Long work in slices, so that other questions get their answers meanwhile.

const SLICE_MILLISECONDS = 12;

const { port1, port2 } = new MessageChannel();
const waiting: (() => void)[] = [];
port1.onmessage = () => waiting.shift()?.();

/** Begins a slice; what it gives says whether the slice was long enough, and then lets waiting messages in. */
export function slices(): () => Promise<boolean> {
  let began = performance.now();
  return async () => {
    if (performance.now() - began < SLICE_MILLISECONDS) return false;
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      port2.postMessage(null);
    });
    began = performance.now();
    return true;
  };
}
