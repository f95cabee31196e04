// Puts, gets, operates on, batch-reads, and scans twenty records through the official Go client.
package main

import (
	"fmt"
	"log"
	"os"
	"strconv"

	as "github.com/aerospike/aerospike-client-go/v8"
)

const (
	namespace = "test"
	set       = "smoke_go"
	records   = 20
)

func main() {
	log.SetFlags(0)
	port, err := strconv.Atoi(os.Args[1])
	check("port", err)
	client, connectErr := as.NewClient("127.0.0.1", port)
	check("connect", connectErr)
	defer client.Close()

	keys := put(client)
	get(client, keys[7])
	operate(client, keys[7])
	batch(client, keys)
	scan(client)
	fmt.Println("smoke go: ok")
}

func put(client *as.Client) []*as.Key {
	keys := make([]*as.Key, records)
	for i := range keys {
		key, err := as.NewKey(namespace, set, i)
		check("key", err)
		check("put", client.Put(nil, key, as.BinMap{"n": i, "s": text(i)}))
		keys[i] = key
	}
	return keys
}

func get(client *as.Client, key *as.Key) {
	record, err := client.Get(nil, key)
	check("get", err)
	want("get", record.Bins["n"], 7)
	want("get", record.Bins["s"], text(7))
}

func operate(client *as.Client, key *as.Key) {
	record, err := client.Operate(nil, key, as.AddOp(as.NewBin("n", 5)), as.AppendOp(as.NewBin("s", "!")), as.GetOp())
	check("operate", err)
	want("operate", record.Bins["n"], 12)
	want("operate", record.Bins["s"], text(7)+"!")
}

func batch(client *as.Client, keys []*as.Key) {
	found, err := client.BatchGet(nil, keys)
	check("batch", err)
	for i, record := range found {
		if record == nil {
			log.Fatalf("batch: record %d is missing", i)
		}
		if i != 7 {
			want("batch", record.Bins["n"], i)
		}
	}
}

func scan(client *as.Client) {
	results, err := client.ScanAll(nil, namespace, set)
	check("scan", err)
	seen := 0
	for result := range results.Results() {
		check("scan", result.Err)
		seen++
	}
	want("scan", seen, records)
}

func text(i int) string { return fmt.Sprintf("text %d", i) }

func check(what string, err error) {
	if err != nil {
		log.Fatalf("%s: %v", what, err)
	}
}

func want(what string, got, wanted any) {
	if got != wanted {
		log.Fatalf("%s: got %v, want %v", what, got, wanted)
	}
}
