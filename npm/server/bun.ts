// `undrop/server/bun`: sessions on the server of Bun.
