// node node.cjs FOLDER CLIENT URL SQL: the rows as JSON, values as texts.
const path = require("path");
const [folder, client, url, sql] = process.argv.slice(2);
const load = (name) => require(path.join(folder, "node_modules", name));
const text = (value) => (value === null ? null : String(value));

async function withPg(ask) {
  const { Client } = load("pg");
  const connection = new Client({ connectionString: url });
  await connection.connect();
  try {
    return await ask(connection);
  } finally {
    await connection.end();
  }
}

async function withPostgres(ask) {
  const connection = load("postgres")(url, { max: 1, onnotice: () => {} });
  try {
    return await ask(connection);
  } finally {
    await connection.end();
  }
}

const ways = {
  pg: () =>
    withPg(async (c) => (await c.query({ text: sql, rowMode: "array" })).rows),
  pg_prepared: () =>
    withPg(async (c) => {
      const query = { name: "named", text: sql, rowMode: "array" };
      await c.query(query);
      return (await c.query(query)).rows;
    }),
  pg_cursor: () =>
    withPg(async (c) => {
      const Cursor = load("pg-cursor");
      const cursor = c.query(new Cursor(sql, [], { rowMode: "array" }));
      const rows = [];
      for (;;) {
        const some = await cursor.read(7);
        if (!some.length) return rows;
        rows.push(...some);
      }
    }),
  postgres: () => withPostgres(async (c) => await c.unsafe(sql).values()),
  postgres_cursor: () =>
    withPostgres(async (c) => {
      const rows = [];
      for await (const some of c.unsafe(sql, [], { prepare: true }).cursor(7)) {
        rows.push(...some.map((row) => Object.values(row)));
      }
      return rows;
    }),
};

ways[client]().then(
  (rows) => console.log(JSON.stringify(rows.map((row) => row.map(text)))),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
