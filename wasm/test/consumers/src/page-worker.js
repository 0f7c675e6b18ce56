const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
worker.onmessage = ({ data }) => fetch("/outcome", { method: "POST", body: JSON.stringify(data) });
