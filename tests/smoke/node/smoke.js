// Puts, gets, operates on, batch-reads, and scans twenty records through the official Node.js client.
'use strict'

const assert = require('node:assert')
const Aerospike = require('aerospike')

const NAMESPACE = 'test'
const SET = 'smoke_node'
const RECORDS = 20

const text = (i) => `text ${i}`

async function put (client) {
  const keys = []
  for (let i = 0; i < RECORDS; i++) {
    keys.push(new Aerospike.Key(NAMESPACE, SET, i))
    await client.put(keys[i], { n: i, s: text(i) })
  }
  return keys
}

async function get (client, key) {
  assert.deepStrictEqual((await client.get(key)).bins, { n: 7, s: text(7) })
}

async function operate (client, key) {
  const op = Aerospike.operations
  const record = await client.operate(key, [op.incr('n', 5), op.append('s', '!'), op.read('n'), op.read('s')])
  assert.deepStrictEqual(record.bins, { n: 12, s: text(7) + '!' })
}

async function batch (client, keys) {
  const found = await client.batchRead(keys.map((key) => ({ key, readAllBins: true })))
  found.forEach((row, i) => assert.strictEqual(row.record.bins.n, i === 7 ? 12 : i))
}

async function scan (client) {
  let seen = 0
  await new Promise((resolve, reject) => {
    const stream = client.scan(NAMESPACE, SET).foreach()
    stream.on('data', () => seen++)
    stream.on('error', reject)
    stream.on('end', resolve)
  })
  assert.strictEqual(seen, RECORDS)
}

async function main () {
  const client = await Aerospike.connect({ hosts: [{ addr: '127.0.0.1', port: Number(process.argv[2]) }] })
  try {
    const keys = await put(client)
    await get(client, keys[7])
    await operate(client, keys[7])
    await batch(client, keys)
    await scan(client)
  } finally {
    client.close()
  }
  console.log('smoke node: ok')
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
