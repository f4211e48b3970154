import express from 'express';
import pg from 'pg';
import { listen } from '../../src/http/server.ts';
import { uuidV7 } from '../../src/uuid-v7.ts';

/**
 * The yardstick: Express and pg with nothing around them, doing the least SQL that the same request needs on the same
 * tables, prepared: one autocommitted statement to create, get and match; to patch, which must read what it changes, lock
 * and update in a transaction. No authentication, no tenancy, no validation, no log, no rules, no groups.
 */
const {
  BENCH_DATABASE_URL: connectionString,
  BENCH_ORGANIZATION: organization,
  BENCH_CONNECTION: connection,
} = process.env;
const pool = new pg.Pool({ connectionString, max: 10 });
const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.use(express.json({ type: ['application/json', 'application/scim+json'] }));

const insert = `
  insert into directory_users (organization_id, connection_id, directory_user_id, user_name, external_id, active, attributes)
  values ($1, $2, $3, $4, $5, $6, $7)
  returning directory_user_id, user_name, external_id, active, attributes, version, created_at, last_modified_at`;
const columns =
  'directory_user_id, user_name, external_id, active, attributes, version, created_at, last_modified_at';
const byId = `select ${columns} from directory_users where organization_id = $1 and directory_user_id = $2`;
const byName = `select ${columns} from directory_users
  where organization_id = $1 and connection_id = $2 and user_name_key = lower($3) and deleted_at is null`;
const lock = `${byId} for update`;
const update = `
  update directory_users set attributes = $3, version = version + 1, last_modified_at = now()
  where organization_id = $1 and directory_user_id = $2
  returning ${columns}`;

app.post('/Users', async (request, response) => {
  const { userName, externalId = null, active = true, schemas: _, ...attributes } = request.body;
  const values = [
    organization,
    connection,
    uuidV7(),
    userName,
    externalId,
    active,
    JSON.stringify(attributes),
  ];
  const { rows } = await pool.query({ name: 'insert', text: insert, values });
  response.status(201).json(rows[0]);
});
app.get('/Users/:id', async (request, response) => {
  const { rows } = await pool.query({ name: 'by-id', text: byId, values: [organization, request.params.id] });
  response.json(rows[0]);
});
app.get('/Users', async (request, response) => {
  const name = /"(.*)"/.exec(String(request.query['filter']))?.[1];
  const { rows } = await pool.query({
    name: 'by-name',
    text: byName,
    values: [organization, connection, name],
  });
  response.json({ totalResults: rows.length, Resources: rows });
});
app.patch('/Users/:id', async (request, response) => {
  const { path, value } = request.body.Operations[0];
  const client = await pool.connect();
  try {
    await client.query('begin');
    const found = await client.query({ name: 'lock', text: lock, values: [organization, request.params.id] });
    const attributes = JSON.stringify({ ...found.rows[0].attributes, [path]: value });
    const values = [organization, request.params.id, attributes];
    const { rows } = await client.query({ name: 'update', text: update, values });
    await client.query('commit');
    response.json(rows[0]);
  } finally {
    client.release();
  }
});

const { port } = await listen(app, { host: '127.0.0.1', port: 0 });
console.log(`bare ${port}`);
