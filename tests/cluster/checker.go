package main

import (
	"fmt"
	"time"

	as "github.com/aerospike/aerospike-client-go/v8"
)

// A plant is damage done behind the ledger's back, to one record, and what the ledger must say about it.
type plant struct {
	finding string
	do      func(l *loaded, number int)
}

var plants = []plant{
	{lost, func(l *loaded, number int) { l.client.Delete(nil, keyOf(recordSet, number)) }},
	{lost, func(l *loaded, number int) { l.rewrite(number, 1) }},
	{resurrected, func(l *loaded, number int) {
		l.load.remove(number)
		l.rewrite(number, 1)
	}},
	{late, func(l *loaded, number int) {
		key := &l.book.keys[number]
		version := key.next()
		key.settle(version, inDoubt)
		l.load.put(number)
		l.rewrite(number, version)
	}},
	{invented, func(l *loaded, number int) { l.rewrite(number, 1_000_000) }},
	{damaged, func(l *loaded, number int) {
		l.client.Put(nil, keyOf(recordSet, number), as.BinMap{"p": "torn"})
	}},
	{uneven, func(l *loaded, number int) { l.client.Add(nil, keyOf(counterSet, number), as.BinMap{"n": -1}) }},
}

func (l *loaded) rewrite(number int, version int64) {
	l.client.Put(nil, keyOf(recordSet, number), as.BinMap{"v": version, "p": payload(number, version)})
}

// runChecker proves the other scenarios' judge: without damage it finds nothing, and it finds each kind of it.
func runChecker(t *test) {
	l := t.loadedCluster(1)
	time.Sleep(time.Second)
	l.end()
	t.readsRight(l.load)
	l.client = l.connect(1)
	l.load.client = l.client
	for number := range plants {
		l.load.put(number)
		l.load.put(number)
	}
	want := counts{}
	for number, p := range plants {
		p.do(l, number)
		want[p.finding]++
	}
	got := verify(l.client, l.book, recordSet, as.MASTER).findings
	t.demand(got.String() == want.String(), "every planted damage is found, and nothing else", "%s instead of %s", got, want)
	t.recordHistory(l, time.Sleep, 3*time.Second)
	t.checkerSeesAKilledNode(l)
}

// checkerSeesAKilledNode: a single copy in memory dies with its node, and the ledger must miss every record.
func (t *test) checkerSeesAKilledNode(l *loaded) {
	l.client.Close()
	l.kill(1)
	l.start(1)
	l.waitReady(1, 20*time.Second)
	client := l.connect(1)
	defer client.Close()
	there := 0
	for i := range l.book.keys {
		if l.book.keys[i].confirmed != absent {
			there++
		}
	}
	missed := verify(client, l.book, recordSet, as.MASTER).findings[lost]
	t.demand(missed >= there-len(l.book.keys)/100 && missed > 0, "all is missed when the only copy dies", "%s",
		fmt.Sprintf("%d of %d", missed, there))
}
