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
	l.load.user = goUser{l.client}
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
	t.checkerMeasuresGaps(l)
	t.checkerSeesAKilledNode(l)
}

// checkerMeasuresGaps: a node that is paused for a second is a gap of a second, to the client and to a direct writer.
func (t *test) checkerMeasuresGaps(l *loaded) {
	const away = time.Second
	keys := l.masterOf(1, "probe", t.probes)
	measured := startProbes(l.client, keys)
	time.Sleep(100 * time.Millisecond)
	l.pause(1)
	go func() {
		time.Sleep(away)
		l.resume(1)
	}()
	accepted := accept(l.addresses([]int{1}), keys, 10*time.Second)
	time.Sleep(away / 2)
	measured.stop()
	t.say("paused %v: gap %.3f s, accepted after %.3f s", away, measured.worst.Seconds(), accepted.worst.Seconds())
	t.demand(measured.worst >= away && measured.worst < 3*away, "a pause is a gap", "%v", measured.worst)
	t.demand(accepted.never == 0 && accepted.worst > away-rawTimeout && accepted.worst < 3*away,
		"a pause delays acceptance", "%v, %d never", accepted.worst, accepted.never)
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
