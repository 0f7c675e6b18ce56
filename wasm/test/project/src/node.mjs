import { Catalog, Hasher, Version } from "airwaybill";

const hasher = new Hasher();
hasher.update(Buffer.from("abc"));
const catalog = Catalog.fromListing([{ path: "1.0.0/flash/main.py", size: 3, sha1: hasher.finish() }]);
console.log(JSON.stringify({ plan: catalog.plan(), order: new Version("1.0.2").compare(new Version("1.0.10")) }));
