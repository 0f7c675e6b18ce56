// What the links are.

export const links = {
  wifi: {
    name: "WiFi, from a van",
    about: "2.4 GHz at some distance; a MicroPython board reads about 250 kB/s and opens a connection for each file",
  },
  nbiot: { name: "NB-IoT", about: "Cat NB1 downlink, one tone; each request waits for the network to grant it" },
  lora: { name: "LoRa DR5", about: "SF7, 125 kHz: 5.47 kbit/s on air, of which European rules leave a gateway 1 % in most channels" },
};
