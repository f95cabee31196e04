//! Puts, gets, operates on, batch-reads, and scans twenty records through the official Rust client.

use aerospike::query::PartitionFilter;
use aerospike::{
    as_bin, as_key, operations, BatchOperation, BatchPolicy, BatchReadPolicy, Bins, Client,
    ClientPolicy, Key, QueryPolicy, ReadPolicy, Record, Statement, Value, WritePolicy,
};
use futures::StreamExt;

const NAMESPACE: &str = "test";
const SET: &str = "smoke_rust";
const RECORDS: i64 = 20;

#[tokio::main]
async fn main() {
    let port = std::env::args().nth(1).expect("the port");
    let client = Client::new(&ClientPolicy::default(), &format!("127.0.0.1:{port}"))
        .await
        .expect("connect");
    let keys = put(&client).await;
    get(&client, &keys[7]).await;
    operate(&client, &keys[7]).await;
    batch(&client, &keys).await;
    scan(&client).await;
    client.close().await.expect("close");
    println!("smoke rust: ok");
}

async fn put(client: &Client) -> Vec<Key> {
    let mut keys = Vec::new();
    for i in 0..RECORDS {
        let key = as_key!(NAMESPACE, SET, i);
        let bins = [as_bin!("n", i), as_bin!("s", text(i))];
        client.put(&WritePolicy::default(), &key, &bins).await.expect("put");
        keys.push(key);
    }
    keys
}

async fn get(client: &Client, key: &Key) {
    let record = client.get(&ReadPolicy::default(), key, Bins::All).await.expect("get");
    expect_bins(&record, 7, &text(7));
}

async fn operate(client: &Client, key: &Key) {
    let (add, tail) = (as_bin!("n", 5), as_bin!("s", "!"));
    let ops = [operations::add(&add), operations::append(&tail), operations::get()];
    let record = client.operate(&WritePolicy::default(), key, &ops).await.expect("operate");
    expect_bins(&record, 12, &(text(7) + "!"));
}

async fn batch(client: &Client, keys: &[Key]) {
    let policy = BatchReadPolicy::default();
    let mut rows: Vec<_> =
        keys.iter().map(|key| BatchOperation::read(&policy, key.clone(), Bins::All)).collect();
    client.batch(&BatchPolicy::default(), &mut rows).await.expect("batch");
    for (i, row) in rows.iter().enumerate() {
        let record = row.batch_record().record.as_ref().expect("batch row");
        let n = if i == 7 { 12 } else { i as i64 };
        assert_eq!(record.bins["n"], Value::from(n), "batch");
    }
}

async fn scan(client: &Client) {
    let statement = Statement::new(NAMESPACE, SET, Bins::All);
    let results = client
        .query(&QueryPolicy::default(), PartitionFilter::all(), statement)
        .await
        .expect("scan");
    let mut stream = results.into_stream();
    let mut seen = 0;
    while let Some(row) = stream.next().await {
        row.expect("scan row");
        seen += 1;
    }
    assert_eq!(seen, RECORDS, "scan");
}

fn expect_bins(record: &Record, n: i64, s: &str) {
    assert_eq!(record.bins["n"], Value::from(n));
    assert_eq!(record.bins["s"], Value::from(s));
}

fn text(i: i64) -> String {
    format!("text {i}")
}
