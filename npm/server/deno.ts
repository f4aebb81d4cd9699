// `undrop/server/deno`: sessions on the server of Deno.
