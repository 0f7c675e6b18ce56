import { scene } from "./scene.js";

const tell = (outcome: unknown) => fetch("/outcome", { method: "POST", body: JSON.stringify(outcome) });

try {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const fromWorker = new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
  await tell({ page: await scene(), worker: await fromWorker });
} catch (error) {
  await tell({ error: String(error) });
}
